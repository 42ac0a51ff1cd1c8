//! The small harness of the benches: paired rounds, medians and a table.
//!
//! It is not a statistics package and compares nothing with a stored past: every figure of a run was taken in that run.

pub(crate) mod args;
pub(crate) mod machine;
pub(crate) mod rounds;
pub(crate) mod spread;
pub(crate) mod table;
