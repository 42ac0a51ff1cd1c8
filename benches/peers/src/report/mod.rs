//! What a run's results look like: tables, goals, plots, and the documents that hold them.

pub(crate) mod documents;
mod goals;
mod plots;
pub(crate) mod tables;
