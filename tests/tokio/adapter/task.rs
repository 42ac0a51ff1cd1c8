//! A future polled by hand, with a waker that counts. No runtime: nothing here polls by itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that counts how often it was woken.
#[derive(Default)]
pub struct Wakes(AtomicUsize);

impl Wakes {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn count(&self) -> usize {
        crate::place::settle();
        self.0.load(Ordering::SeqCst)
    }

    /// How many wakers somebody keeps, beside the one who asks.
    pub fn kept(self: &Arc<Self>) -> usize {
        crate::place::settle();
        Arc::strong_count(self) - 1
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that does something at its first wake: call back into the channel, drop a handle, panic.
pub struct Acting(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Acting {
    pub fn waker(act: impl FnOnce() + Send + 'static) -> Waker {
        Waker::from(Arc::new(Self(Mutex::new(Some(Box::new(act))))))
    }
}

impl Wake for Acting {
    fn wake(self: Arc<Self>) {
        let act = self.0.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}

/// Polls a borrowed future once, for `wakes`.
pub fn poll_with<F: Future>(future: Pin<&mut F>, wakes: &Arc<Wakes>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

/// A future with its own counting waker. Dropping it cancels the future.
pub struct Task<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

impl<F: Future> Task<F> {
    pub fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Wakes::new() }
    }

    /// A task that was polled once and found to wait.
    #[track_caller]
    pub fn waiting(future: F) -> Self {
        let mut task = Self::new(future);
        task.must_wait();
        task
    }

    pub fn poll(&mut self) -> Poll<F::Output> {
        poll_with(self.future.as_mut(), &self.wakes)
    }

    /// Polls with another waker than the task's own.
    pub fn poll_for(&mut self, waker: &Waker) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls once all wakes that are due have come, so that the next one is for something new.
    #[track_caller]
    pub fn must_wait(&mut self) {
        crate::place::settle();
        assert!(self.poll().is_pending(), "finished where it must wait");
    }

    #[track_caller]
    pub fn must_finish(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("waits where it must finish"),
        }
    }

    /// How often the task was woken, over its whole life.
    pub fn wakes(&self) -> usize {
        self.wakes.count()
    }

    pub fn is_woken(&self) -> bool {
        self.wakes() > 0
    }

    /// How many wakers of this task the channel still keeps.
    pub fn wakers_kept(&self) -> usize {
        self.wakes.kept()
    }

    /// The counter, to look at after the task is gone.
    pub fn counter(&self) -> Arc<Wakes> {
        self.wakes.clone()
    }
}
