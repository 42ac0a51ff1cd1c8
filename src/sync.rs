//! The seam to the model checker: every atomic word and fence of the crate comes from here.
//!
//! It is not a place for orderings or protocols; those stand in [`crate::queue`]. Beside the words, the one way to take a
//! mutex.
//!
//! Under `--cfg shmpsc_loom` the names below are loom's, which explores every interleaving and every value a
//! weakly ordered load may see. The flag has a name of its own because tokio and crossbeam read plain `loom`.

#![allow(unsafe_code)]

#[cfg(not(shmpsc_loom))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};

#[cfg(shmpsc_loom)]
pub(crate) use loom::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    thread::yield_now as spin_loop,
};

/// A sequentially consistent fence.
#[inline(always)]
pub(crate) fn full_fence() {
    // On x86-64 the compiler's choice, `mfence`, also waits for loads and weakly ordered stores, which nothing here
    // has. A locked instruction on the thread's own stack orders all that these atomics need, for half the time.
    #[cfg(all(target_arch = "x86_64", not(any(miri, shmpsc_loom))))]
    // SAFETY: it adds zero to the word on top of the stack, which is this thread's. To the compiler it is an access to
    // any memory, so nothing is moved across it.
    unsafe {
        core::arch::asm!("lock or dword ptr [rsp], 0", options(nostack));
    }
    #[cfg(all(not(shmpsc_loom), any(miri, not(target_arch = "x86_64"))))]
    core::sync::atomic::fence(Ordering::SeqCst);
    #[cfg(shmpsc_loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Locks, also after a panic elsewhere: nothing that a mutex of this crate guards is left half done by one.
#[cfg(not(shmpsc_loom))]
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
