//! Bodies for what comes next, permits and weak handles: judged by tokio now, run on this crate when it has them.

mod permits;
mod permits_close;
mod permits_line;
mod weak;
