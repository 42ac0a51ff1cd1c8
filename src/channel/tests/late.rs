//! A sleeper and a waker that have missed each other, as they can with asymmetric fences: the late look wakes the sleeper.
//!
//! A miss is made by hand: while another thread acts, the sleeper's bell does not say that it sleeps. That must be done before the late
//! look. On a machine that is busy it may come after; then it is done again.

use super::*;
use crate::channel::receiving::Receives;
use crate::queue::{Kind, Sleeper, Wake as _};
use crate::wait::Bell;
use std::pin::Pin;

/// How often a miss is made. A thread would have to be stopped for milliseconds each time.
const TRIES: u32 = 50;

/// Acts while the bell is silent.
fn unheard(bell: &Bell, act: impl FnOnce()) {
    let asleep = bell.word.swap(0, Ordering::SeqCst);
    act();
    assert_eq!(bell.word.swap(asleep, Ordering::SeqCst), 0, "nothing has rung it");
}

/// Returns whether it is so soon.
fn soon(so: impl Fn() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(1);
    while !so() && Instant::now() < until {
        thread::yield_now();
    }
    so()
}

/// Returns whether it is so soon, and not at once: a thread that had registered and did not sleep yet when it was missed looks at once.
fn soon_but_late(so: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    soon(so) && since.elapsed() > Duration::from_millis(2)
}

/// Waits until a thread has registered there, and a moment more, in which it falls asleep.
fn sleeps_at(bell: &Bell) {
    eventually("it sleeps", || bell.sleeper() == Some(Kind::Thread));
    let since = Instant::now();
    while since.elapsed() < Duration::from_micros(300) {
        thread::yield_now();
    }
}

/// A receiver and a sender in one process.
fn alone<C: Receives>(terms: &Terms) -> (Receiving<C>, Sending) {
    let host = control::host(8, 8, terms, None).unwrap();
    (Receiving::new(Arc::clone(&host)), Sending::new(host))
}

fn terms(kind: control::ChannelKind) -> Terms {
    Terms { capacity: 1, kind, ..Terms::default() }
}

fn poll<F: Future>(future: Pin<&mut F>, flag: &Arc<Flag>) -> Poll<F::Output> {
    flag.0.store(0, Ordering::Release);
    future.poll(&mut Context::from_waker(&Waker::from(flag.clone())))
}

fn a_receiving_task_is_woken<C: Receives>(terms: &Terms, send: fn(&Sending, u64)) -> bool {
    let flag = Arc::new(Flag::default());
    (0..TRIES).any(|number| {
        let (mut receiving, sending) = alone::<C>(terms);
        let waker = Waker::from(flag.clone());
        let mut cx = Context::from_waker(&waker);
        flag.0.store(0, Ordering::Release);
        assert!(receiving.poll_take(&mut cx, one::<_, u64>).is_pending());
        let endpoint = receiving.endpoint.clone();
        unheard(endpoint.receiver_bell(), || send(&sending, number.into()));
        let is_woken = soon(|| flag.0.load(Ordering::Acquire) != 0);
        assert_eq!(receiving.poll_take(&mut cx, one::<_, u64>), Poll::Ready(Some(number.into())));
        is_woken
    })
}

#[test]
fn a_receiving_task_that_was_missed_is_woken_late() {
    let bounded = terms(control::ChannelKind::Bounded);
    let send = |sending: &Sending, value| assert_eq!(sending.try_send(&[value]), Ok(1));
    assert!(a_receiving_task_is_woken::<ring::Consumer>(&bounded, send));
    let unbounded = terms(control::ChannelKind::Unbounded);
    let send = |sending: &Sending, value: u64| assert!(sending.send_unbounded(&[value]).is_ok());
    assert!(a_receiving_task_is_woken::<table::Consumer>(&unbounded, send));
}

#[test]
fn a_receiving_thread_that_was_missed_wakes_late() {
    let is_woken = (0..TRIES).any(|number| {
        let (mut receiving, sending) = alone::<ring::Consumer>(&terms(control::ChannelKind::Bounded));
        let endpoint = receiving.endpoint.clone();
        let bell = endpoint.receiver_bell();
        let waits = thread::spawn(move || receiving.blocking_take(Some(Duration::from_secs(60)), one));
        sleeps_at(bell);
        unheard(bell, || assert_eq!(sending.try_send(&[u64::from(number)]), Ok(1)));
        let is_woken = soon_but_late(|| waits.is_finished());
        // It may have looked late before.
        bell.bump();
        endpoint.wake(Sleeper::Receiver, Kind::Thread);
        assert_eq!(waits.join().unwrap(), Taken::Value(u64::from(number)));
        is_woken
    });
    assert!(is_woken);
}

#[test]
fn a_sending_thread_that_was_missed_wakes_late() {
    let is_woken = (0..TRIES).any(|_| {
        let (mut receiving, sending) = alone::<ring::Consumer>(&terms(control::ChannelKind::Bounded));
        assert_eq!(sending.try_send(&[1u64]), Ok(1));
        let endpoint = receiving.endpoint.clone();
        let bell = &endpoint.ring().view.bells[0];
        let waits = thread::spawn(move || sending.blocking_send(&[2u64], Some(Duration::from_secs(60))));
        sleeps_at(bell);
        unheard(bell, || assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1)));
        let is_woken = soon_but_late(|| waits.is_finished());
        bell.bump();
        endpoint.wake(Sleeper::Waiter { record: 0, owner: endpoint.me() }, Kind::Thread);
        assert_eq!(waits.join().unwrap(), Ok(1));
        is_woken
    });
    assert!(is_woken);
}

#[test]
fn a_sending_task_that_was_missed_is_woken_late() {
    let flag = Arc::new(Flag::default());
    let is_woken = (0..TRIES).any(|_| {
        let (mut receiving, sending) = alone::<ring::Consumer>(&terms(control::ChannelKind::Bounded));
        assert_eq!(sending.try_send(&[1u64]), Ok(1));
        let endpoint = receiving.endpoint.clone();
        let mut waiting = pin!(sending.send(&[2u64]));
        assert!(poll(waiting.as_mut(), &flag).is_pending());
        let bell = &endpoint.ring().view.bells[0];
        unheard(bell, || assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1)));
        let is_woken = soon(|| flag.0.load(Ordering::Acquire) != 0);
        assert!(matches!(poll(waiting.as_mut(), &flag), Poll::Ready(Some(1))));
        is_woken
    });
    assert!(is_woken);
}

/// What it wants in the backlog, the line leaves over: the waiters in the line have gone, one after the other.
#[test]
fn a_backlog_that_was_missed_is_woken_late() {
    let flag = Arc::new(Flag::default());
    let is_woken = (0..TRIES).any(|_| {
        let (mut receiving, sending) = alone::<ring::Consumer>(&Terms { capacity: 3, ..Terms::default() });
        assert_eq!(sending.try_send(&[1u64, 2, 3]), Ok(3));
        let endpoint = receiving.endpoint.clone();
        // All records, also the one of this process; the line waits for no capacity.
        let ring = endpoint.ring();
        let records = ring.view.geometry.line as usize + 1;
        let places: Vec<_> = (0..records).map(|_| ring.enter(endpoint.me(), 0).unwrap()).collect();
        let mut waiting = pin!(sending.send(&[4u64]));
        assert!(poll(waiting.as_mut(), &flag).is_pending());
        unheard(ring.backlog_bell(endpoint.me()), || {
            assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1));
        });
        let is_woken = soon(|| flag.0.load(Ordering::Acquire) != 0);
        assert!(poll(waiting.as_mut(), &flag).is_ready());
        places.into_iter().for_each(|place| ring.vacate(place));
        is_woken
    });
    assert!(is_woken);
}
