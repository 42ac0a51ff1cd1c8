//! Wakers that misbehave: what they do must stay with their own task. How good ones are treated is in `parity/`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

/// Panics when it wakes.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("on purpose");
    }
}

#[derive(Default)]
struct Notes(AtomicBool);

impl Wake for Notes {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Keeps something as long as the waker is kept, as the waker of a simple executor keeps its task.
struct Keeps<T>(#[allow(dead_code, reason = "it is there to be dropped")] Mutex<T>);

impl<T: Send> Wake for Keeps<T> {
    fn wake(self: Arc<Self>) {}
}

fn is_pending<F: Future>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_pending()
}

/// Fails instead of hanging.
fn finishes(body: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        body();
        tell.send(()).expect("somebody waits");
    });
    match told.recv_timeout(Duration::from_secs(20)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => thread.join().expect("no panic"),
    }
}

#[test]
fn a_senders_panicking_waker_hides_no_other_and_loses_no_value() {
    let (tx, mut rx) = shmpsc::channel::<u64>(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let notes = Arc::new(Notes::default());
    let (mut first, mut second) = (Box::pin(tx.send(2)), Box::pin(tx.send(3)));
    assert!(is_pending(first.as_mut(), &Arc::new(Panics).into()));
    assert!(is_pending(second.as_mut(), &notes.clone().into()));
    let mut values = Vec::new();
    let took = catch_unwind(AssertUnwindSafe(|| rx.try_recv_many(&mut values, 2)));
    assert_eq!(took.ok(), Some(Ok(2)));
    assert!(notes.0.load(Ordering::SeqCst), "both have room now");
}

#[test]
fn a_panicking_waker_at_the_close_hides_no_other() {
    let (tx, mut rx) = shmpsc::channel::<u64>(1);
    let notes: Vec<_> = (0..8).map(|_| Arc::new(Notes::default())).collect();
    let mut closed: Vec<_> = (0..9).map(|_| Box::pin(tx.closed())).collect();
    assert!(is_pending(closed[8].as_mut(), &Arc::new(Panics).into()));
    for (closed, notes) in closed.iter_mut().zip(&notes) {
        assert!(is_pending(closed.as_mut(), &notes.clone().into()));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| rx.close())).is_err(), "as with tokio");
    assert!(notes.iter().all(|notes| notes.0.load(Ordering::SeqCst)));
}

#[test]
fn the_last_waker_of_a_task_may_take_the_task_with_it() {
    finishes(|| {
        let (tx, _rx) = shmpsc::channel::<u64>(1);
        tx.try_send(0).unwrap();
        let mut send = Box::pin(tx.send(1));
        for _ in 0..3 {
            let (theirs, noop) = (tx.clone(), Waker::noop());
            let mut kept = Box::pin(async move { theirs.send(2).await });
            assert!(is_pending(kept.as_mut(), noop));
            // Only the waker keeps that other task, and the next turn replaces the waker.
            assert!(is_pending(send.as_mut(), &Arc::new(Keeps(Mutex::new(kept))).into()));
        }
        let mut closed = Box::pin(tx.closed());
        for _ in 0..3 {
            let theirs = tx.clone();
            let mut kept = Box::pin(async move { theirs.closed().await });
            assert!(is_pending(kept.as_mut(), Waker::noop()));
            assert!(is_pending(closed.as_mut(), &Arc::new(Keeps(Mutex::new(kept))).into()));
        }
    });
}
