//! stand-in
/// Options
pub struct Options;
