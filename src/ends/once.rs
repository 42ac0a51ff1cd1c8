//! The futures of calls that give a value, or give it back. Each is to its user what the future of an `async fn` is.
//!
//! An `async fn` makes its output, then moves it into the `Poll` that it returns, and its future has room for each argument
//! twice. That is much for a value as large as the stack: here the output is made where the caller wants it, and an argument is
//! kept once.

use pin_project_lite::pin_project;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Makes a future of `poll`, which is called with `inner` until it is ready. Polled again after that, the future panics.
pub(crate) fn once<F, R>(
    inner: F,
    poll: impl FnMut(Pin<&mut F>, &mut Context<'_>) -> Poll<R>,
) -> impl Future<Output = R> {
    Once { inner, poll, is_over: false, pinned: PhantomPinned }
}

pin_project! {
    struct Once<F, P> {
        #[pin]
        inner: F,
        poll: P,
        is_over: bool,
        // The future of an `async fn` is not `Unpin`.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<F, R, P: FnMut(Pin<&mut F>, &mut Context<'_>) -> Poll<R>> Future for Once<F, P> {
    type Output = R;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let once = self.project();
        assert!(!*once.is_over, "a future was polled again after it had finished");
        let polled = (once.poll)(once.inner, cx);
        *once.is_over = matches!(polled, Poll::Ready(_));
        polled
    }
}
