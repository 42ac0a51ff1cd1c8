//! One body per behaviour, its name the behaviour in a sentence. The channel is `crate::mpsc`, whichever it is.

mod blocking;
mod budget;
mod capacity;
mod close;
mod closed;
mod construct;
mod counts;
mod errors;
mod line;
mod order;
mod permits;
mod permits_close;
mod permits_line;
mod recv;
mod recv_many;
mod send;
mod signatures;
mod timeout;
mod traits;
mod wakers;
mod weak;
