//! Trials of any length: `processes` makes short ones, `endurance` long ones. It is not a test.

pub mod cycles;
pub mod line;
pub mod permits;
