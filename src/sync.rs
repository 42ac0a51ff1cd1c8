//! The seam to the model checker: every atomic word and fence of the crate comes from here.
//!
//! It is not a place for orderings or protocols; those stand in [`crate::queue`]. Beside the words, the one way to take a
//! mutex.
//!
//! Under `--cfg shmpsc_loom` the names below are loom's, which explores every interleaving and every value a
//! weakly ordered load may see. The flag has a name of its own because tokio and crossbeam read plain `loom`.

#![allow(unsafe_code)]

#[cfg(not(shmpsc_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(not(shmpsc_loom))]
pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};

#[cfg(shmpsc_loom)]
pub(crate) use checked::{AtomicU32, AtomicU64};
#[cfg(all(test, shmpsc_loom))]
pub(crate) use checked::{killed_at_write, stopped_at_write};
#[cfg(shmpsc_loom)]
pub(crate) use loom::{
    sync::{Condvar, Mutex, MutexGuard, atomic::Ordering},
    thread::yield_now as spin_loop,
};

/// Loom's words, on which a thread can be killed or stopped before any one of its writes.
#[cfg(shmpsc_loom)]
#[cfg_attr(not(test), expect(dead_code, reason = "models kill and stop"))]
mod checked {
    use super::Ordering;
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::rc::Rc;

    /// What happens to a thread at a write.
    enum Fate {
        Killed,
        Stopped(Rc<dyn Fn()>),
    }

    thread_local! {
        /// The threads that do not come past a certain write, and how many each has before it. All threads of a model are
        /// one of the system's.
        static FATES: RefCell<Vec<(loom::thread::ThreadId, usize, Fate)>> = const { RefCell::new(Vec::new()) };
    }

    struct Killed;

    /// Runs `act` until it is to make its write number `last`, counted from 0 and with exchanges that fail. Returns whether it was
    /// killed there; false if it came to its end.
    pub(crate) fn killed_at_write(last: usize, act: impl FnOnce()) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| meet(last, Fate::Killed, act)));
        match outcome {
            Ok(has_met) => has_met,
            Err(end) if end.is::<Killed>() => true,
            Err(failure) => resume_unwind(failure),
        }
    }

    /// Runs `act`, and `stop` before its write number `last`. Returns whether it came there.
    pub(crate) fn stopped_at_write(last: usize, stop: impl Fn() + 'static, act: impl FnOnce()) -> bool {
        meet(last, Fate::Stopped(Rc::new(stop)), act)
    }

    /// Returns whether `act` met its fate, if it comes to its end.
    fn meet(last: usize, fate: Fate, act: impl FnOnce()) -> bool {
        let me = loom::thread::current().id();
        FATES.with_borrow_mut(|fates| fates.push((me, last, fate)));
        act();
        take_fate(|_| true).is_none()
    }

    /// Takes this thread's fate away, if it has one and `is_due` says so of the number of writes that are left.
    fn take_fate(is_due: impl FnOnce(&mut usize) -> bool) -> Option<Fate> {
        FATES.with_borrow_mut(|fates| {
            if fates.is_empty() {
                return None;
            }
            let me = loom::thread::current().id();
            let place = fates.iter().position(|(thread, ..)| *thread == me)?;
            is_due(&mut fates[place].1).then(|| fates.swap_remove(place).2)
        })
    }

    fn before_write() {
        let fate = take_fate(|left| match left.checked_sub(1) {
            Some(less) => {
                *left = less;
                false
            }
            None => true,
        });
        match fate {
            None => {}
            Some(Fate::Killed) => resume_unwind(Box::new(Killed)),
            Some(Fate::Stopped(stop)) => stop(),
        }
    }

    macro_rules! word {
        ($Word:ident, $number:ty) => {
            #[derive(Default, Debug)]
            pub(crate) struct $Word(loom::sync::atomic::$Word);

            impl $Word {
                #[track_caller]
                pub fn new(value: $number) -> $Word {
                    $Word(loom::sync::atomic::$Word::new(value))
                }

                #[track_caller]
                pub fn load(&self, order: Ordering) -> $number {
                    self.0.load(order)
                }
            }

            word! { $Word, $number =>
                store(value: $number) -> ();
                fetch_add(value: $number) -> $number;
                fetch_sub(value: $number) -> $number;
                fetch_or(value: $number) -> $number;
                fetch_and(value: $number) -> $number;
            }

            impl $Word {
                #[track_caller]
                pub fn compare_exchange(
                    &self,
                    seen: $number,
                    to: $number,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$number, $number> {
                    before_write();
                    self.0.compare_exchange(seen, to, success, failure)
                }

                #[track_caller]
                pub fn compare_exchange_weak(
                    &self,
                    seen: $number,
                    to: $number,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$number, $number> {
                    before_write();
                    self.0.compare_exchange_weak(seen, to, success, failure)
                }
            }
        };
        ($Word:ident, $number:ty => $($name:ident($value:ident: $what:ty) -> $answer:ty;)*) => {
            #[allow(dead_code, reason = "one list for both widths")]
            impl $Word {
                $(#[track_caller]
                pub fn $name(&self, $value: $what, order: Ordering) -> $answer {
                    before_write();
                    self.0.$name($value, order)
                })*
            }
        };
    }

    word!(AtomicU32, u32);
    word!(AtomicU64, u64);
}

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

/// Keeps the compiler from moving accesses across it; the processor may move them. The checker knows no such fence: there it does
/// nothing.
#[inline(always)]
pub(crate) fn compiler_fence() {
    #[cfg(not(shmpsc_loom))]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Returns where words lie, for instructions that are written out. `None` if an access is more than one of memory: the checker's words
/// are no plain ones, and Miri knows no instructions.
#[inline(always)]
pub(crate) fn memory_of(words: &[AtomicU64]) -> Option<*mut u8> {
    // The words may be written through it, for they are atomics.
    (!cfg!(any(miri, shmpsc_loom))).then_some(words.as_ptr().cast_mut().cast())
}

/// Locks, also after a panic elsewhere: nothing that a mutex of this crate guards is left half done by one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Gives what a mutex guards to its owner, without its lock, likewise.
#[cfg(not(shmpsc_loom))]
pub(crate) fn owned<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
}
