//! What tokio's channel and the wrappers beside it do and this crate does not, by choice: each stands in `docs/limits.md` with its
//! reason.

mod channel;
mod wrappers;
