//! What the benches have in common: paired rounds, medians, tables, child processes, and the bare ring that is the yardstick.
//!
//! It is not a statistics package and compares nothing with a stored past: every figure of a run was taken in that run.

// Each bench uses its part.
#[allow(dead_code)]
pub(crate) mod args;
#[allow(dead_code)]
pub(crate) mod child;
#[allow(dead_code)]
pub(crate) mod cores;
#[allow(dead_code)]
pub(crate) mod goal;
pub(crate) mod machine;
#[allow(dead_code)]
pub(crate) mod quantiles;
#[allow(dead_code)]
pub(crate) mod ring;
#[allow(dead_code)]
pub(crate) mod rounds;
#[allow(dead_code)]
pub(crate) mod shared_memory;
#[allow(dead_code)]
pub(crate) mod spread;
#[allow(dead_code)]
pub(crate) mod table;
#[allow(dead_code)]
pub(crate) mod value;
