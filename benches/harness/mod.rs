//! The small harness of the benches: paired rounds, medians, a table, and child processes.
//!
//! It is not a statistics package and compares nothing with a stored past: every figure of a run was taken in that run.

pub(crate) mod args;
#[allow(dead_code, reason = "each bench uses its part, and one has no other process")]
pub(crate) mod child;
pub(crate) mod machine;
pub(crate) mod rounds;
pub(crate) mod spread;
pub(crate) mod table;
