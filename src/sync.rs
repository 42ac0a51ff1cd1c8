//! The seam to the model checker: every atomic word and fence of the crate comes from here.
//!
//! It is not a place for orderings or protocols; those stand in [`crate::queue`].
//!
//! Under `--cfg shmpsc_loom` the names below are loom's, which explores every interleaving and every value a
//! weakly ordered load may see. The flag has a name of its own because tokio and crossbeam read plain `loom`.

#[cfg(not(shmpsc_loom))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence},
};

#[cfg(shmpsc_loom)]
pub(crate) use loom::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering, fence},
    thread::yield_now as spin_loop,
};
