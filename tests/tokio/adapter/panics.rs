//! Catching an expected panic with its message and place. Other threads' panics are printed as always.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// What tokio says where a thread that drives tasks would block.
pub const REFUSAL: &str = "Cannot block the current thread from within a runtime. \
                           This happens because a function attempted to block the current thread \
                           while the thread is being used to drive asynchronous tasks.";

/// What a panic said, and where it says it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panic {
    pub message: String,
    pub file: String,
    pub line: u32,
}

thread_local! {
    /// `Some` while this thread expects a panic.
    static EXPECTED: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Runs `body`, which must panic, in this thread.
#[track_caller]
pub fn caught<T>(body: impl FnOnce() -> T) -> Panic {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let expected = EXPECTED.with_borrow_mut(|slot| {
                let Some(slot) = slot else { return false };
                let place = info.location().expect("a panic has a place");
                #[expect(clippy::incompatible_msrv, reason = "the tests have the version of the workspace")]
                let message = info.payload_as_str().unwrap_or_default().to_owned();
                *slot = Panic { message, file: place.file().to_owned(), line: place.line() };
                true
            });
            if !expected {
                usual(info);
            }
        }));
    });
    EXPECTED.set(Some(Panic::default()));
    let result = panic::catch_unwind(AssertUnwindSafe(|| drop(body())));
    let seen = EXPECTED.take().unwrap_or_default();
    assert!(result.is_err(), "no panic where one must come");
    seen
}
