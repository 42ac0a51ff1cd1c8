//! Receipts that wait for a limited time: of tasks on a clock that the test moves, of threads on the system's.

use std::task::Context;
use std::time::{Duration, Instant as RealInstant};

use shmpsc::error::RecvTimeoutError;
use tokio::{runtime::Builder, time::Instant};

use super::{
    Receiver, Sends, channel,
    with::{ended, holding},
};
use crate::{
    HOUR,
    adapter::{Blocked, REFUSAL, Task, block_on, caught, cost, finishes, on_one_thread, on_paused_clock},
};

#[test]
fn recv_timeout_receives_at_once_what_is_there() {
    on_paused_clock(|| async {
        let (_tx, mut rx) = holding(2, 2);
        let begun = Instant::now();
        assert_eq!(Task::new(rx.recv_timeout(HOUR)).must_finish(), Ok(0));
        assert_eq!(rx.recv_timeout(Duration::ZERO).await, Ok(1), "a timeout of zero is one look");
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
}

#[test]
fn recv_timeout_gives_up_when_time_is_up_and_not_before() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        for limit in [Duration::ZERO, Duration::from_millis(7), HOUR] {
            let begun = Instant::now();
            assert_eq!(rx.recv_timeout(limit).await, Err(RecvTimeoutError::Timeout));
            assert!((limit..=limit + Duration::from_millis(2)).contains(&begun.elapsed()));
        }
        tx.send_now(1).unwrap();
        assert_eq!(rx.recv_timeout(HOUR).await, Ok(1), "the channel is as before");
    });
}

#[test]
fn recv_timeout_receives_what_comes_in_time() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = tokio::spawn(async move {
            tokio::time::sleep(HOUR / 2).await;
            tx.send_in_task(1).await
        });
        let begun = Instant::now();
        assert_eq!(rx.recv_timeout(HOUR).await, Ok(1));
        assert!((HOUR / 2..HOUR).contains(&begun.elapsed()));
        sending.await.unwrap().unwrap();
    });
}

#[test]
fn a_timeout_that_comes_due_together_with_a_value_receives_it() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut receipt = Task::waiting(rx.recv_timeout(Duration::from_millis(10)));
        tokio::time::advance(Duration::from_millis(20)).await;
        tx.send_now(1).unwrap();
        assert_eq!(receipt.must_finish(), Ok(1));
    });
}

#[test]
fn a_receive_that_times_out_or_is_cancelled_takes_nothing() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        assert_eq!(rx.recv_timeout(HOUR).await, Err(RecvTimeoutError::Timeout));
        tx.send_now(1).unwrap();
        assert_eq!(rx.len(), 1);
        assert_eq!(rx.recv_timeout(HOUR).await, Ok(1));
        let woken = Task::waiting(rx.recv_timeout(HOUR));
        tx.send_now(2).unwrap();
        assert!(woken.is_woken());
        drop(woken);
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

#[test]
fn the_time_of_a_receipt_runs_from_its_first_poll() {
    on_paused_clock(|| async {
        let (_tx, mut rx) = channel::<u64>(1);
        let receipt = rx.recv_timeout(Duration::from_millis(100));
        tokio::time::advance(HOUR).await;
        let begun = Instant::now();
        assert_eq!(receipt.await, Err(RecvTimeoutError::Timeout));
        assert!(begun.elapsed() >= Duration::from_millis(100));
    });
}

#[test]
fn the_longest_timeout_of_a_receipt_is_accepted() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut receipt = Task::waiting(rx.recv_timeout(Duration::MAX));
        tx.send_now(1).unwrap();
        assert_eq!(receipt.must_finish(), Ok(1));
    });
}

#[test]
fn recv_timeout_says_disconnected_at_once() {
    on_paused_clock(|| async {
        let begun = Instant::now();
        assert_eq!(ended().recv_timeout(HOUR).await, Err(RecvTimeoutError::Disconnected));
        assert_eq!(ended().recv_timeout(Duration::ZERO).await, Err(RecvTimeoutError::Disconnected));
        let (tx, mut rx) = channel::<u64>(1);
        let mut receipt = Task::waiting(rx.recv_timeout(HOUR));
        drop(tx);
        assert!(receipt.is_woken());
        assert_eq!(receipt.must_finish(), Err(RecvTimeoutError::Disconnected));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
}

#[test]
fn without_a_clock_recv_timeout_panics_though_a_value_is_there() {
    finishes(|| {
        let (_tx, mut rx) = holding(1, 1);
        let panic = caught(|| block_on(rx.recv_timeout(HOUR)));
        let text = "there is no reactor running, must be called from the context of a Tokio 1.x runtime";
        assert_eq!(panic.message, text);
        let runtime = Builder::new_current_thread().build().unwrap();
        let panic = caught(|| runtime.block_on(rx.recv_timeout(HOUR)));
        assert!(panic.message.contains("timers are disabled"), "{}", panic.message);
        assert_eq!(rx.try_recv(), Ok(0));
    });
}

#[test]
fn a_ready_recv_timeout_costs_one_unit_and_a_waiting_one_none() {
    let timed = |mut rx: Receiver<u64>| {
        move |cx: &mut Context<'_>| assert!(Task::new(rx.recv_timeout(HOUR)).poll_for(cx.waker()).is_ready())
    };
    let (_tx, rx) = holding(1, 1);
    assert_eq!(cost(timed(rx)), 1);
    assert_eq!(cost(timed(ended())), 1);
    let waiting = cost(|cx| {
        let (_tx, mut rx) = channel::<u64>(1);
        for _ in 0..500 {
            assert!(Task::new(rx.recv_timeout(HOUR)).poll_for(cx.waker()).is_pending());
        }
    });
    assert_eq!(waiting, 0);
}

#[test]
fn a_blocking_timeout_of_zero_is_one_look() {
    finishes(|| {
        let (tx, mut rx) = holding(1, 1);
        assert_eq!(rx.blocking_recv_timeout(Duration::ZERO), Ok(0));
        assert_eq!(rx.blocking_recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        drop(tx);
        assert_eq!(rx.blocking_recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Disconnected));
    });
}

#[test]
fn blocking_recv_timeout_gives_up_at_its_time_and_not_before() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        for limit in [Duration::from_nanos(1), Duration::from_micros(300), Duration::from_millis(20)] {
            let begun = RealInstant::now();
            assert_eq!(rx.blocking_recv_timeout(limit), Err(RecvTimeoutError::Timeout));
            assert!(begun.elapsed() >= limit);
        }
        tx.send_now(1).unwrap();
        assert_eq!(rx.blocking_recv_timeout(HOUR), Ok(1), "the channel is as before");
    });
}

#[test]
fn blocking_recv_timeout_sleeps_until_a_value_or_the_end_comes() {
    // The third is the longest that most clocks can add to the present; the last is too long for any.
    for limit in [HOUR, 1_000_000 * HOUR, Duration::from_secs(i64::MAX as u64 - (1 << 40)), Duration::MAX] {
        finishes(move || {
            let (tx, mut rx) = channel::<u64>(1);
            let receiving = Blocked::asleep_in(move || (rx.blocking_recv_timeout(limit), rx));
            tx.send_now(1).unwrap();
            let (received, mut rx) = receiving.returned();
            assert_eq!(received, Ok(1));
            let receiving = Blocked::asleep_in(move || rx.blocking_recv_timeout(limit));
            drop(tx);
            assert_eq!(receiving.returned(), Err(RecvTimeoutError::Disconnected));
        });
    }
}

#[test]
fn a_blocking_timeout_is_refused_where_tasks_run() {
    on_one_thread(|| async {
        let (_tx, mut rx) = holding(1, 1);
        let (panic, line) = (caught(|| rx.blocking_recv_timeout(Duration::ZERO)), line!());
        assert_eq!((panic.message.as_str(), panic.file.as_str(), panic.line), (REFUSAL, file!(), line));
        assert_eq!(rx.try_recv(), Ok(0));
    });
}

#[test]
fn the_error_of_a_timeout_says_what_happened() {
    fn is_an_error<E: std::error::Error + Copy + Send + Sync + 'static>(error: E) -> (String, String) {
        (error.to_string(), format!("{error:?}"))
    }
    let text = |text: &str, name: &str| (text.to_owned(), name.to_owned());
    let timeout = is_an_error(RecvTimeoutError::Timeout);
    assert_eq!(timeout, text("timed out waiting on receive operation", "Timeout"));
    let disconnected = is_an_error(RecvTimeoutError::Disconnected);
    assert_eq!(disconnected, text("receiving on a closed channel", "Disconnected"));
    assert_eq!(format!("{:>30}", RecvTimeoutError::Disconnected), " receiving on a closed channel");
    assert_eq!(size_of::<Result<(), RecvTimeoutError>>(), 1);
}

#[test]
fn both_timeouts_have_one_signature() {
    fn gives<R>(_: impl Future<Output = R> + Send) {}
    let _: fn(&mut Receiver<u64>, Duration) -> Result<u64, RecvTimeoutError> =
        Receiver::blocking_recv_timeout;
    gives::<Result<u64, RecvTimeoutError>>(channel::<u64>(1).1.recv_timeout(HOUR));
}
