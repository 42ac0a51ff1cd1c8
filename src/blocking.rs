//! The one rule of blocking calls: never in a thread that drives async tasks. Nothing blocks here.

use tokio::runtime::Handle;
use tokio::sync::RwLock;

/// Panics, with tokio's words and the caller's place, in a thread that is driving tokio tasks.
///
/// Allowed are threads outside a runtime, `spawn_blocking`, `block_in_place`, a mere `Handle::enter`, and other
/// executors, exactly as with tokio's channel: it is tokio's own check, made by a lock that is always free.
#[track_caller]
#[inline]
pub(crate) fn refuse_in_async_context() {
    static FREE: RwLock<()> = RwLock::const_new(());
    // Most threads that block know no runtime; finding that out is cheaper than the check.
    if Handle::try_current().is_ok() {
        drop(FREE.blocking_read());
    }
}
