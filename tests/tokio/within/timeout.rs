//! How waiting with a limit tells the time, and where it finds its clock. Within one process: the clock that
//! the test moves, or takes away, is the caller's.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::adapter::{Task, block_on, caught, finishes, on_paused_clock};
use crate::mpsc::channel;
use crate::mpsc::error::{SendTimeoutError, TryRecvError};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn send_timeout_returns_the_value_at_its_time_and_not_before() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let begun = Instant::now();
        assert_eq!(tx.send_timeout(2, HOUR).await, Err(SendTimeoutError::Timeout(2)));
        assert!(begun.elapsed() >= HOUR && begun.elapsed() <= HOUR + Duration::from_millis(2));
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!((rx.try_recv(), rx.capacity()), (Err(TryRecvError::Empty), 1));
    });
}

#[test]
fn a_timeout_that_comes_due_together_with_room_sends() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let mut send = Task::waiting(tx.send_timeout(2, Duration::from_millis(10)));
        tokio::time::advance(Duration::from_millis(20)).await;
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(send.must_finish(), Ok(()));
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

#[test]
fn time_runs_from_the_first_poll() {
    on_paused_clock(|| async {
        let (tx, _rx) = channel::<u64>(1);
        tx.try_send(1).unwrap();
        let send = tx.send_timeout(2, Duration::from_millis(100));
        tokio::time::advance(HOUR).await;
        let begun = Instant::now();
        assert_eq!(send.await, Err(SendTimeoutError::Timeout(2)));
        assert!(begun.elapsed() >= Duration::from_millis(100));
    });
}

#[test]
fn many_timeouts_in_the_line_run_out_each_in_its_time() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(0).unwrap();
        let begun = Instant::now();
        let waiting: Vec<_> = (1..=20)
            .map(|step| {
                let tx = tx.clone();
                tokio::spawn(async move {
                    let limit = Duration::from_millis(step * 10);
                    assert_eq!(tx.send_timeout(step, limit).await, Err(SendTimeoutError::Timeout(step)));
                    assert!(begun.elapsed() >= limit && begun.elapsed() <= limit + Duration::from_millis(2));
                })
            })
            .collect();
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(rx.try_recv(), Ok(0));
        assert_eq!(rx.capacity(), 1);
    });
}

#[test]
fn outside_a_runtime_send_timeout_panics_at_its_first_poll() {
    finishes(|| {
        let (tx, rx) = channel::<u64>(1);
        let send = tx.send_timeout(1, HOUR);
        let panic = caught(|| block_on(send));
        let text = "there is no reactor running, must be called from the context of a Tokio 1.x runtime";
        assert_eq!(panic.message, text);
        assert_eq!((rx.len(), rx.capacity()), (0, 1));
    });
}

#[test]
fn in_a_runtime_without_a_clock_send_timeout_panics() {
    finishes(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let (tx, rx) = channel::<u64>(1);
        let panic = caught(|| runtime.block_on(tx.send_timeout(1, HOUR)));
        let text = "A Tokio 1.x context was found, but timers are disabled. \
                    Call `enable_time` on the runtime builder to enable timers.";
        assert_eq!(panic.message, text);
        assert_eq!((rx.len(), rx.capacity()), (0, 1));
    });
}

#[test]
fn a_runtime_with_a_clock_and_nothing_else_is_enough() {
    finishes(|| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (tx, mut rx) = channel::<u64>(1);
            assert_eq!(tx.send_timeout(1, HOUR).await, Ok(()));
            let brief = Duration::from_millis(1);
            assert_eq!(tx.send_timeout(2, brief).await, Err(SendTimeoutError::Timeout(2)));
            assert_eq!(rx.recv().await, Some(1));
        });
    });
}

#[test]
fn send_timeout_waits_in_the_line_and_leaves_it_at_its_time() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.try_send(0).unwrap();
        let mut first = Task::waiting(tx.send(1));
        let mut brief = Task::waiting(tx.send_timeout(2, Duration::from_millis(50)));
        let mut last = Task::waiting(tx.send(3));
        assert_eq!(rx.try_recv(), Ok(0));
        first.must_finish().unwrap();
        brief.must_wait();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(brief.is_woken());
        brief.must_finish().unwrap_err();
        assert_eq!(rx.try_recv(), Ok(1));
        last.must_finish().unwrap();
        assert_eq!(rx.try_recv(), Ok(3));
    });
}
