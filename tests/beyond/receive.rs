//! Receiving beyond tokio: `peek` in all its forms, and receipts that wait for a limited time.

use std::{
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::channel as told_by,
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant as RealInstant},
};

use shmpsc::{
    Options, Receiver, Sender, channel, connect,
    error::{RecvTimeoutError, TryRecvError, TrySendError},
};
use tokio::{runtime::Builder, time::Instant};

use crate::{
    adapter::{
        Blocked, Task, Wakes, block_on, budget_left, caught, finishes, in_fresh_task, on_one_thread,
        on_paused_clock,
    },
    people::{
        Value, eventually,
        how::{How, Runner, when_it_waits},
        patience, room, start, tell, wait_for_parent,
    },
};

const HOUR: Duration = Duration::from_secs(3600);
const REFUSAL: &str = "Cannot block the current thread from within a runtime. \
                       This happens because a function attempted to block the current thread \
                       while the thread is being used to drive asynchronous tasks.";

fn holding(values: u64, capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    (0..values).for_each(|value| tx.try_send(value).unwrap());
    (tx, rx)
}

/// A receiver whose stream has ended.
fn ended() -> Receiver<u64> {
    channel(1).1
}

/// Every way to look without waiting for long.
fn peek_in_each_way(rx: &mut Receiver<u64>) -> [Option<u64>; 4] {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(polled) = rx.poll_peek(&mut cx) else { panic!("a value or the end is there") };
    [rx.try_peek().ok(), rx.blocking_peek(), block_on(rx.peek()), polled]
}

// Peeking.

#[test]
fn a_peek_copies_the_next_value_and_leaves_it() {
    finishes(|| {
        let (tx, mut rx) = holding(2, 2);
        for value in 0..2 {
            for _ in 0..3 {
                assert_eq!(peek_in_each_way(&mut rx), [Some(value); 4]);
                assert_eq!(
                    (rx.len(), rx.capacity(), tx.capacity()),
                    (2 - value as usize, value as usize, value as usize)
                );
            }
            assert_eq!(tx.try_send(9).is_err(), value == 0, "a peek makes no room");
            if value == 1 {
                assert_eq!(rx.try_peek(), Ok(1), "what came after it stands behind it");
            }
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert_eq!((rx.try_recv(), rx.try_peek()), (Ok(9), Err(TryRecvError::Empty)));
    });
}

#[test]
fn every_kind_of_receipt_begins_with_the_peeked_value() {
    type Receive = fn(&mut Receiver<u64>) -> Vec<u64>;
    fn collected(receive: impl FnOnce(&mut Vec<u64>) -> usize) -> Vec<u64> {
        let mut values = Vec::new();
        assert_eq!(receive(&mut values), values.len());
        values
    }
    fn ready<R>(polled: Poll<R>) -> R {
        let Poll::Ready(result) = polled else { panic!("it waits") };
        result
    }
    let kinds: [Receive; 10] = [
        |rx| vec![rx.try_recv().unwrap()],
        |rx| vec![rx.blocking_recv().unwrap()],
        |rx| vec![block_on(rx.recv()).unwrap()],
        |rx| vec![ready(rx.poll_recv(&mut Context::from_waker(Waker::noop()))).unwrap()],
        |rx| vec![rx.blocking_recv_timeout(HOUR).unwrap()],
        |rx| vec![rx.blocking_recv_timeout(Duration::ZERO).unwrap()],
        |rx| collected(|values| rx.try_recv_many(values, 9).unwrap()),
        |rx| collected(|values| rx.blocking_recv_many(values, 9)),
        |rx| collected(|values| block_on(rx.recv_many(values, 9))),
        |rx| collected(|values| ready(rx.poll_recv_many(&mut Context::from_waker(Waker::noop()), values, 9))),
    ];
    finishes(move || {
        for receive in kinds {
            let (_tx, mut rx) = holding(3, 3);
            assert_eq!(rx.try_peek(), Ok(0));
            let mut values = receive(&mut rx);
            values.extend(std::iter::from_fn(|| rx.try_recv().ok()));
            assert_eq!(values, [0, 1, 2]);
            assert_eq!(rx.capacity(), 3);
        }
    });
}

#[test]
fn a_peek_waits_until_a_value_comes() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut peek = Task::waiting(rx.peek());
        tx.try_send(1).unwrap();
        assert!(peek.is_woken());
        assert_eq!(peek.must_finish(), Some(1));
        drop(peek);
        assert_eq!(rx.recv().await, Some(1));
    });
}

#[test]
fn a_blocking_peek_sleeps_until_a_value_comes() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let peeking = Blocked::asleep_in(move || (rx.blocking_peek(), rx));
        tx.try_send(1).unwrap();
        let (peeked, mut rx) = peeking.returned();
        assert_eq!((peeked, rx.len(), rx.try_recv()), (Some(1), 1, Ok(1)));
    });
}

#[test]
fn a_cancelled_peek_loses_nothing() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        drop(Task::waiting(rx.peek()));
        let woken = Task::waiting(rx.peek());
        tx.try_send(1).unwrap();
        assert!(woken.is_woken());
        drop(woken);
        tx.try_send(2).unwrap();
        let mut finished = Task::new(rx.peek());
        assert_eq!(finished.must_finish(), Some(1));
        drop(finished);
        assert_eq!((rx.recv().await, rx.recv().await), (Some(1), Some(2)));
    });
}

#[test]
fn a_peek_and_a_receipt_share_the_one_waker() {
    let (tx, mut rx) = channel::<u64>(1);
    let [first, second, third] = [(); 3].map(|()| Wakes::new());
    assert!(rx.poll_peek(&mut Context::from_waker(&first.clone().into())).is_pending());
    assert!(rx.poll_recv(&mut Context::from_waker(&second.clone().into())).is_pending());
    assert!(rx.poll_peek(&mut Context::from_waker(&third.clone().into())).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!([first, second, third].map(|wakes| wakes.count()), [0, 0, 1]);
}

#[test]
fn a_peek_finds_what_is_left_after_a_close_and_then_the_end() {
    finishes(|| {
        let (tx, mut rx) = holding(2, 2);
        rx.close();
        drop(tx);
        for value in 0..2 {
            assert_eq!(peek_in_each_way(&mut rx), [Some(value); 4]);
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert_eq!(peek_in_each_way(&mut rx), [None; 4]);
        assert_eq!(rx.try_peek(), Err(TryRecvError::Disconnected));
    });
}

#[test]
fn a_waiting_peek_learns_of_the_end() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        let mut peek = Task::waiting(rx.peek());
        drop(tx);
        assert!(peek.is_woken());
        assert_eq!(peek.must_finish(), None);
        let (tx, mut rx) = channel::<u64>(1);
        let peeking = Blocked::asleep_in(move || rx.blocking_peek());
        drop(tx);
        assert_eq!(peeking.returned(), None);
    });
}

#[test]
fn a_peeked_value_is_dropped_with_the_receiver_and_its_capacity_comes_back() {
    let (tx, mut rx) = holding(3, 3);
    assert_eq!(rx.try_peek(), Ok(0));
    drop(rx);
    assert_eq!((tx.len(), tx.capacity()), (0, 3));
}

#[test]
fn a_peeked_value_goes_with_a_receiver_that_is_handed_over() {
    let (_tx, mut rx) = holding(2, 2);
    assert_eq!(rx.try_peek(), Ok(0));
    let mut rx = Receiver::<u64>::from_fd(rx.into_fd().unwrap()).unwrap();
    assert_eq!((rx.try_peek(), rx.try_recv(), rx.try_recv()), (Ok(0), Ok(0), Ok(1)));
}

#[test]
fn values_without_a_size_can_be_peeked() {
    let (tx, mut rx) = channel::<()>(1);
    assert_eq!(rx.try_peek(), Err(TryRecvError::Empty));
    tx.try_send(()).unwrap();
    assert_eq!((rx.try_peek(), tx.try_send(())), (Ok(()), Err(TrySendError::Full(()))));
    assert_eq!((rx.try_recv(), rx.try_peek()), (Ok(()), Err(TryRecvError::Empty)));
}

// The cost of a turn.

const UNITS: usize = 128;

/// How many units `act` spends in a fresh task.
#[track_caller]
fn cost<T>(act: impl FnOnce(&mut Context<'_>) -> T + Send + 'static) -> usize {
    in_fresh_task(|cx| {
        act(cx);
        UNITS - budget_left(cx)
    })
}

#[test]
fn a_ready_peek_or_receipt_with_a_timeout_costs_one_unit() {
    assert_eq!(cost(|cx| assert_eq!(holding(1, 1).1.poll_peek(cx), Poll::Ready(Some(0)))), 1);
    assert_eq!(cost(|cx| assert!(Task::new(holding(1, 1).1.peek()).poll_for(cx.waker()).is_ready())), 1);
    assert_eq!(cost(|cx| assert_eq!(ended().poll_peek(cx), Poll::Ready(None))), 1);
    let timed = |mut rx: Receiver<u64>| {
        move |cx: &mut Context<'_>| assert!(Task::new(rx.recv_timeout(HOUR)).poll_for(cx.waker()).is_ready())
    };
    let (_tx, rx) = holding(1, 1);
    assert_eq!(cost(timed(rx)), 1);
    assert_eq!(cost(timed(ended())), 1);
}

#[test]
fn what_has_to_wait_costs_nothing() {
    assert_eq!(
        cost(|cx| {
            let (_tx, mut rx) = channel::<u64>(1);
            for _ in 0..500 {
                assert!(rx.poll_peek(cx).is_pending());
                assert!(Task::new(rx.recv_timeout(HOUR)).poll_for(cx.waker()).is_pending());
            }
        }),
        0
    );
}

#[test]
fn a_task_that_only_peeks_gives_way() {
    let peeks = in_fresh_task(|cx| {
        let (_tx, mut rx) = holding(1, 1);
        (0..1000).take_while(|_| rx.poll_peek(cx).is_ready()).count()
    });
    assert_eq!(peeks, UNITS);
}

// Receiving with a timeout, on a clock that the test moves.

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
        tx.try_send(1).unwrap();
        assert_eq!(rx.recv_timeout(HOUR).await, Ok(1), "the channel is as before");
    });
}

#[test]
fn recv_timeout_receives_what_comes_in_time() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = tokio::spawn(async move {
            tokio::time::sleep(HOUR / 2).await;
            tx.send(1).await
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
        tx.try_send(1).unwrap();
        assert_eq!(receipt.must_finish(), Ok(1));
    });
}

#[test]
fn a_receipt_whose_time_is_up_or_that_is_cancelled_takes_nothing() {
    on_paused_clock(|| async {
        let (tx, mut rx) = channel::<u64>(2);
        assert_eq!(rx.recv_timeout(HOUR).await, Err(RecvTimeoutError::Timeout));
        tx.try_send(1).unwrap();
        assert_eq!(rx.len(), 1);
        assert_eq!(rx.recv_timeout(HOUR).await, Ok(1));
        let woken = Task::waiting(rx.recv_timeout(HOUR));
        tx.try_send(2).unwrap();
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
        tx.try_send(1).unwrap();
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

// The same for threads, on the system's clock.

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
fn blocking_recv_timeout_gives_up_when_time_is_up_and_not_before() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(1);
        for limit in [Duration::from_nanos(1), Duration::from_micros(300), Duration::from_millis(20)] {
            let begun = RealInstant::now();
            assert_eq!(rx.blocking_recv_timeout(limit), Err(RecvTimeoutError::Timeout));
            assert!(begun.elapsed() >= limit);
        }
        tx.try_send(1).unwrap();
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
            tx.try_send(1).unwrap();
            let (received, mut rx) = receiving.returned();
            assert_eq!(received, Ok(1));
            let receiving = Blocked::asleep_in(move || rx.blocking_recv_timeout(limit));
            drop(tx);
            assert_eq!(receiving.returned(), Err(RecvTimeoutError::Disconnected));
        });
    }
}

#[test]
fn blocking_calls_are_refused_where_tasks_run() {
    on_one_thread(|| async {
        let (_tx, mut rx) = holding(1, 1);
        let refused = [
            (caught(|| rx.blocking_peek()), line!()),
            (caught(|| rx.blocking_recv_timeout(Duration::ZERO)), line!()),
        ];
        for (panic, line) in refused {
            assert_eq!((panic.message.as_str(), panic.file.as_str(), panic.line), (REFUSAL, file!(), line));
        }
        assert_eq!(rx.try_recv(), Ok(0));
    });
}

// The names.

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
fn the_signatures_are_those_of_their_kind() {
    fn gives<R>(_: impl Future<Output = R> + Send) {}
    let _: fn(&mut Receiver<u64>) -> Result<u64, TryRecvError> = Receiver::try_peek;
    let _: fn(&mut Receiver<u64>) -> Option<u64> = Receiver::blocking_peek;
    let _: fn(&mut Receiver<u64>, &mut Context<'_>) -> Poll<Option<u64>> = Receiver::poll_peek;
    let _: fn(&mut Receiver<u64>, Duration) -> Result<u64, RecvTimeoutError> =
        Receiver::blocking_recv_timeout;
    let (_tx, mut rx) = channel::<u64>(1);
    gives::<Option<u64>>(rx.peek());
    gives::<Result<u64, RecvTimeoutError>>(rx.recv_timeout(HOUR));
}

// With senders in other processes.

/// Role: sends one value each time the parent says so.
pub fn sends_when_told(path: &Path) {
    let sender = connect::<Value>(path).unwrap();
    for n in 0.. {
        tell("ready");
        wait_for_parent();
        sender.blocking_send([n, n]).unwrap();
    }
}

/// Role: sends in batches until it is told to stop, then tells how many values that were. It never stands in the line.
pub fn sends_on(who: u64, batch: u64, path: &Path) {
    let sender = connect::<Value>(path).unwrap();
    tell("in");
    wait_for_parent();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_parent();
            is_over.store(true, Relaxed);
        });
        let mut sent = 0;
        while !is_over.load(Relaxed) {
            let values: Vec<Value> = (sent..sent + batch).map(|n| [who, n]).collect();
            match sender.try_send_many(&values) {
                Ok(some) => sent += some as u64,
                Err(_) => thread::yield_now(),
            }
        }
        tell(sent);
    });
}

#[test]
fn a_peek_is_woken_by_another_process() {
    let _patience = patience(Duration::from_secs(180));
    for how in How::ALL {
        let room = room();
        let mut receiver = Options::new().capacity(4).bind::<Value>(room.name()).unwrap();
        let runner = Runner::new(how);
        let mut child = start("sends-when-told", &room.name());
        for n in 0..10 {
            assert_eq!(child.hear(), "ready");
            let peeked;
            (receiver, peeked) = if how == How::Blocking {
                let peeking = Blocked::asleep_in(move || {
                    let peeked = receiver.blocking_peek();
                    (receiver, peeked)
                });
                child.say();
                peeking.returned()
            } else {
                let (tell, told) = told_by();
                let go = thread::spawn(move || {
                    told.recv().unwrap();
                    child.say();
                    child
                });
                let peeked = runner.run(async move {
                    let peeked = when_it_waits(receiver.peek(), || tell.send(()).unwrap()).await;
                    (receiver, peeked)
                });
                child = go.join().unwrap();
                peeked
            };
            assert_eq!(peeked, Some([n, n]));
            assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok([n, n]), Err(TryRecvError::Empty)));
        }
    }
}

#[test]
fn the_peeked_value_of_a_sender_that_was_killed_is_received() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut child = start("sends-when-told", &room.name());
    assert_eq!(child.hear(), "ready");
    child.say();
    assert_eq!(receiver.blocking_peek(), Some([0, 0]));
    child.kill();
    eventually("its death is known", || receiver.sender_strong_count() == 0);
    assert_eq!((receiver.blocking_peek(), receiver.blocking_recv()), (Some([0, 0]), Some([0, 0])));
    assert_eq!(receiver.blocking_peek(), None);
}

#[test]
fn a_blocking_timeout_runs_out_or_ends_with_what_another_process_does() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
    let mut child = start("sends-when-told", &room.name());
    for n in 0..20 {
        assert_eq!(child.hear(), "ready");
        let (begun, limit) = (RealInstant::now(), Duration::from_millis(n % 3));
        assert_eq!(receiver.blocking_recv_timeout(limit), Err(RecvTimeoutError::Timeout));
        assert!(begun.elapsed() >= limit);
        let receiving = Blocked::asleep_in(move || (receiver.blocking_recv_timeout(HOUR), receiver));
        child.say();
        let (received, back) = receiving.returned();
        assert_eq!(received, Ok([n, n]));
        receiver = back;
    }
    let receiving = Blocked::asleep_in(move || receiver.blocking_recv_timeout(HOUR));
    child.kill();
    assert_eq!(receiving.returned(), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_tasks_timeout_runs_out_or_ends_with_what_another_process_does() {
    let _patience = patience(Duration::from_secs(180));
    for how in [How::CurrentThread, How::MultiThread] {
        let room = room();
        let mut receiver =
            Options::new().capacity(4).end_with_last_sender().bind::<Value>(room.name()).unwrap();
        let mut child = start("sends-when-told", &room.name());
        Runner::new(how).run(async move {
            for n in 0..20 {
                assert_eq!(child.hear(), "ready");
                let limit = Duration::from_millis(n % 3);
                assert_eq!(receiver.recv_timeout(limit).await, Err(RecvTimeoutError::Timeout));
                let received = when_it_waits(receiver.recv_timeout(HOUR), || child.say()).await;
                assert_eq!(received, Ok([n, n]));
            }
            let ended = when_it_waits(receiver.recv_timeout(HOUR), || child.kill()).await;
            assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
        });
    }
}

#[test]
fn what_is_peeked_is_received_next_although_a_stopped_sender_goes_on() {
    let _patience = patience(Duration::from_secs(180));
    let room = room();
    let mut receiver = Options::new().capacity(4096).bind::<Value>(room.name()).unwrap();
    let ours = connect::<Value>(&room.name()).unwrap();
    let mut person = start("sends-on 0 60", &room.name());
    assert_eq!(person.hear(), "in");
    person.say();
    let mut next = [0; 2];
    let mut enter = |[who, n]: Value| {
        let next = &mut next[who as usize];
        assert_eq!(n, *next, "from {who}: none lost, none twice, in order");
        *next += 1;
    };
    let mut values = Vec::new();
    for round in 0..300 {
        let is_stopped = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                person.stop();
                is_stopped.store(true, Relaxed);
            });
            while !is_stopped.load(Relaxed) {
                let _ = receiver.try_recv_many(&mut values, 4096);
                values.drain(..).for_each(&mut enter);
            }
        });
        while let Ok(value) = receiver.try_recv() {
            enter(value);
        }
        // It may be in the middle of a send. Its late values would go before ours, were it not peeked before they come.
        ours.try_send([1, round]).unwrap();
        assert_eq!(receiver.try_peek(), Ok([1, round]));
        person.go_on();
        eventually("more comes from it", || ours.len() > 100);
        assert_eq!(receiver.try_peek(), Ok([1, round]));
        if round % 2 == 0 {
            values.push(receiver.try_recv().unwrap());
        } else {
            receiver.try_recv_many(&mut values, 10).unwrap();
        }
        assert_eq!(values[0], [1, round]);
        values.drain(..).for_each(&mut enter);
    }
    person.say();
    let sent = person.hear().parse::<u64>().unwrap();
    person.end();
    while let Ok(value) = receiver.try_recv() {
        enter(value);
    }
    assert_eq!(next, [sent, 300]);
}
