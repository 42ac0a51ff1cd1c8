//! Two ends in one process whose memory is written over: the channel ends with a reason, and no sleeper sleeps on; and what the
//! receiver finds at an end that a death has brought. What a real process does to real others is `tests/faults/corrupted_memory/`.

use super::receiving::one;
use super::*;
use crate::control::{self, Terms};
use crate::queue::ring::words::{Line, Waiter};
use crate::queue::ring::{Claimed, Rank};
use crate::sync::{AtomicU32, AtomicU64, Ordering, lock};
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Wake, Waker};
use std::thread;

mod late;

/// A receiver, and a sender that has joined as another process would.
fn joined() -> (BoundedReceiving, Sending) {
    let terms = Terms { capacity: 2, end_with_last: true, ..Terms::default() };
    let host = control::host(8, 8, &terms, None).unwrap();
    let own = Sending::new(Arc::clone(&host));
    let descriptor = control::sender_into_fd(&host).unwrap();
    let guest = Sending::new(control::sender_from_fd(descriptor, 8, 8, &terms).unwrap());
    drop(own);
    (BoundedReceiving::new(host), guest)
}

/// A sender in the receiver's process.
fn sender_beside(receiving: &BoundedReceiving) -> Sending {
    let endpoint = &receiving.endpoint;
    endpoint.add_handle();
    endpoint.queue().common().add_strong(endpoint.me());
    Sending::new(Arc::clone(endpoint))
}

fn claim(endpoint: &Endpoint) -> &AtomicU64 {
    &endpoint.ring().view.words.claim
}

/// Far more is claimed than there is room for.
fn spoil(endpoint: &Endpoint) {
    claim(endpoint).fetch_add(100 << 32, Ordering::Relaxed);
}

fn eventually(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < until, "never: {what}");
        thread::yield_now();
    }
}

#[derive(Default)]
struct Flag(AtomicU32);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(1, Ordering::Relaxed);
    }
}

/// Shows W67, T39.
#[test]
fn a_channel_written_over_is_closed_for_all_and_says_why() {
    let (mut receiving, sending) = joined();
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let mut closed = pin!(sending.closed());
    assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!((receiving.corruption(), sending.endpoint.corruption()), (None, None));
    spoil(&receiving.endpoint);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Claim));
    assert_eq!(sending.endpoint.corruption(), Some(Corruption::Claim));
    assert!(sending.is_closed());
    eventually("the task that waits for the close is woken", || flag.0.load(Ordering::Relaxed) == 1);
    // The reason stays, also if the words are made to fit again.
    claim(&receiving.endpoint).fetch_sub(100 << 32, Ordering::Relaxed);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Claim));
    assert_eq!(sending.endpoint.corruption(), Some(Corruption::Claim));
}

/// Shows T40.
#[test]
fn a_sender_that_finds_nonsense_wakes_a_silenced_receiver() {
    let (mut receiving, sending) = joined();
    thread::scope(|scope| {
        let bell = &sending.endpoint.ring().view.common.header.receiver_bell;
        let receives = scope.spawn(move || {
            let took = receiving.blocking_take(None, one::<_, u64>);
            (took, receiving.corruption())
        });
        eventually("it sleeps", || bell.word.load(Ordering::Relaxed) & 1 == 1);
        bell.word.store(0, Ordering::Relaxed);
        spoil(&sending.endpoint);
        assert_eq!(sending.try_send(&[1u64]), Err(Unsent::Closed));
        assert_eq!(receives.join().unwrap(), (Taken::End, Some(Corruption::Claim)));
    });
}

/// Shows T41.
#[test]
fn the_stream_ends_with_the_last_sender_despite_ruined_counts() {
    let (mut receiving, sending) = joined();
    thread::scope(|scope| {
        let view = *sending.endpoint.ring().view;
        let host = Arc::clone(&receiving.endpoint);
        let receives = scope.spawn(move || receiving.blocking_take(None, one::<_, u64>));
        let bell = &view.common.header.receiver_bell;
        eventually("it sleeps", || bell.word.load(Ordering::Relaxed) & 1 == 1);
        bell.word.store(0, Ordering::Relaxed);
        view.common.members.iter().for_each(|member| member.strong.store(7, Ordering::Relaxed));
        drop(sending);
        assert_eq!(receives.join().unwrap(), Taken::End);
        drop(host);
    });
}

/// Shows T44.
#[test]
fn a_position_that_no_living_process_claimed_delays_no_end() {
    let (mut receiving, sending) = joined();
    // By the receiver's own number, which has no sender.
    let me = u64::from(receiving.endpoint.me());
    let forged = (claim(&receiving.endpoint).load(Ordering::Relaxed) + (1 << 32)) | (me << 2);
    claim(&receiving.endpoint).store(forged, Ordering::Relaxed);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::Empty, "a send may be under way");
    drop(sending);
    assert_eq!(receiving.blocking_take(None, one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Claim));
}

/// Shows T43.
#[test]
fn a_position_claimed_under_a_number_that_nobody_has_is_passed() {
    // The second one is no number of this channel at all.
    for number in [200, 900] {
        let (mut receiving, sending) = joined();
        let seen = claim(&receiving.endpoint).load(Ordering::Relaxed);
        let forged = (seen + (1 << 32)) & !(1023 << 2) | (number << 2);
        claim(&receiving.endpoint).store(forged, Ordering::Relaxed);
        assert_eq!(sending.try_send(&[5u64]), Ok(1));
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(5));
        assert_eq!(receiving.corruption(), None);
        assert_eq!(receiving.endpoint.free_capacity(), 2, "no sender is waited for");
    }
}

/// Shows T45.
#[test]
fn a_closed_channel_that_was_written_open_again_stays_closed() {
    let (mut receiving, sending) = joined();
    let own = receiving.endpoint.producer().claim(Rank::Newcomer, 1, &*receiving.endpoint);
    assert!(matches!(own, Claimed::Granted(_)), "so that the stream has not ended");
    receiving.close();
    claim(&receiving.endpoint).fetch_and(!1, Ordering::Relaxed);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Open));
    assert!(sending.is_closed());
}

/// Shows T42.
#[test]
fn a_sleeping_sender_learns_the_end_despite_a_ruined_line() {
    let (receiving, sending) = joined();
    assert_eq!(sending.try_send(&[1u64, 2]), Ok(2));
    thread::scope(|scope| {
        let sends = scope.spawn(|| sending.blocking_send(&[3u64], None));
        let view = *sending.endpoint.ring().view;
        let line = &view.words.read_mostly.line;
        eventually("it stands in the line", || sending.endpoint.ring().needs_before(Rank::Newcomer, 0) > 0);
        line.store(0, Ordering::Relaxed);
        view.bells.iter().for_each(|bell| bell.deregister());
        drop(receiving);
        assert_eq!(sends.join().unwrap(), Err(NoRoom::Closed));
    });
}

/// A thread of the joined sender that sleeps before a full channel, and whose bell says that it does not. It gives the sender
/// back, so that its leaving wakes no thread.
fn silenced(sending: Sending) -> thread::JoinHandle<(Result<usize, NoRoom>, Sending)> {
    let endpoint = Arc::clone(&sending.endpoint);
    let (tell, told) = mpsc::channel();
    let sends = thread::spawn(move || {
        tell.send(std::fs::read_link("/proc/thread-self").unwrap()).unwrap();
        (sending.blocking_send(&[3u64], None), sending)
    });
    let stat = std::path::Path::new("/proc").join(told.recv().unwrap()).join("stat");
    let view = endpoint.ring().view;
    let is_asleep = || {
        view.bells.iter().any(|bell| bell.word.load(Ordering::Relaxed) & 1 == 1)
            // In the kernel: a thread that has yet to go there finds another bell, and rings true again.
            && std::fs::read_to_string(&stat).unwrap().contains(") S ")
    };
    eventually("it sleeps", is_asleep);
    view.bells.iter().for_each(|bell| bell.deregister());
    sends
}

/// Shows T46.
#[test]
fn a_silenced_sender_wakes_though_closed_was_written_open() {
    let (mut receiving, sending) = joined();
    let own = receiving.endpoint.producer().claim(Rank::Newcomer, 1, &*receiving.endpoint);
    assert!(matches!(own, Claimed::Granted(_)), "so that the stream has not ended");
    assert_eq!(sending.try_send(&[1u64]), Ok(1));
    receiving.close();
    claim(&receiving.endpoint).fetch_and(!1, Ordering::Relaxed);
    let sends = silenced(sending);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Open));
    eventually("it wakes", || sends.is_finished());
    assert_eq!(sends.join().unwrap().0, Err(NoRoom::Closed));
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("on purpose");
    }
}

/// Shows T46.
#[test]
fn a_silenced_sender_wakes_at_the_end_though_a_waker_panics() {
    let (mut receiving, sending) = joined();
    assert_eq!(sending.try_send(&[1u64, 2]), Ok(2));
    receiving.endpoint.sleepers().put_closed(None, &Waker::from(Arc::new(Panics)));
    let sends = silenced(sending);
    spoil(&receiving.endpoint);
    // The first two are where they were, and are taken.
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1));
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(2));
    let take = std::panic::AssertUnwindSafe(|| receiving.try_take(one::<_, u64>));
    assert!(std::panic::catch_unwind(take).is_err(), "the waker's");
    eventually("it wakes", || sends.is_finished());
    assert_eq!(sends.join().unwrap().0, Err(NoRoom::Closed));
}

#[test]
fn a_closed_channel_stays_closed_though_a_waker_panicked() {
    let (mut receiving, sending) = joined();
    receiving.endpoint.sleepers().put_closed(None, &Waker::from(Arc::new(Panics)));
    let close = std::panic::AssertUnwindSafe(|| receiving.close());
    assert!(std::panic::catch_unwind(close).is_err(), "the waker's");
    claim(&receiving.endpoint).fetch_and(!1, Ordering::Relaxed);
    assert_eq!(receiving.try_take(one::<_, u64>), Taken::End);
    assert_eq!(receiving.corruption(), Some(Corruption::Open));
    assert!(sending.is_closed());
}

/// A receiving task that looks as soon as it is woken, in the waker, and then says how much capacity is free.
struct Looks {
    receiving: Mutex<BoundedReceiving>,
    found: mpsc::Sender<usize>,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut receiving = lock(&self.receiving);
        if receiving.poll_take(&mut Context::from_waker(&waker), one::<_, u64>) == Poll::Ready(None) {
            self.found.send(receiving.endpoint.free_capacity()).unwrap();
        }
    }
}

/// Shows W29.
#[test]
fn the_capacity_is_whole_after_a_death_in_a_permit_operation() {
    let (receiving, sending) = joined();
    assert_eq!(sending.try_reserve(1), Ok(()));
    let member = &sending.endpoint.ring().view.common.members[usize::from(sending.endpoint.me())];
    // The lowest field counts what is under way: it dies in another operation, and with a handle that it does not drop.
    member.account.fetch_add(1, Ordering::Relaxed);
    member.strong.fetch_add(1, Ordering::Relaxed);
    let (found, finds) = mpsc::channel();
    Arc::new(Looks { receiving: Mutex::new(receiving), found }).wake();
    drop(sending);
    assert_eq!(finds.recv(), Ok(2));
}

/// All records of the line are taken by a number that no process has, and no bit says so; the line is marked. With
/// a sender behind it, in its process's backlog, `act` comes to its end.
fn with_records_without_bits(act: impl FnOnce(BoundedReceiving) + Send + 'static) {
    let (receiving, _guest) = joined();
    let own = sender_beside(&receiving);
    let queue = own.endpoint.ring();
    assert_eq!(own.try_send(&[0u64; 2]), Ok(2));
    for word in queue.view.waiters {
        word.store(Waiter::coming(1000, 1).0, Ordering::Relaxed);
    }
    queue.view.words.read_mostly.line.fetch_or(Line(0).with_waiting(1).0, Ordering::Relaxed);
    let mut reserve = pin!(own.reserve(2));
    assert!(reserve.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        act(receiving);
        tell.send(()).unwrap();
    });
    told.recv_timeout(Duration::from_secs(20)).expect("it comes to an end");
}

#[test]
fn records_without_bits_hold_up_no_receipt() {
    with_records_without_bits(|mut receiving| {
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(0));
    });
}

#[test]
fn records_without_bits_hold_up_no_close() {
    with_records_without_bits(|mut receiving| receiving.close());
}

#[test]
fn a_task_of_a_local_set_that_moves_to_another_runtime_is_woken() {
    let (mut receiving, sending) = joined();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let local = tokio::task::LocalSet::new();
    let task = local
        .spawn_local(async move { std::future::poll_fn(|cx| receiving.poll_take(cx, one::<_, u64>)).await });
    first.block_on(local.run_until(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }));
    let received = second.block_on(local.run_until(async {
        let sender = thread::spawn(move || {
            assert_eq!(sending.try_send(&[7u64]), Ok(1));
            sending
        });
        let received = tokio::time::timeout(Duration::from_secs(20), task).await;
        drop(sender.join());
        received
    }));
    assert_eq!(received.expect("it is woken").unwrap(), Some(7));
}

#[test]
fn a_task_polled_in_vain_stays_registered_until_it_is_rung() {
    let (mut receiving, sending) = joined();
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let mut poll = || {
        receiving.poll_take(&mut Context::from_waker(&waker), one::<_, u64>).map(|received| received.unwrap())
    };
    let bell = || sending.endpoint.receiver_bell().word.load(Ordering::Relaxed);
    assert!(poll().is_pending());
    let registered = bell();
    assert!(poll().is_pending());
    assert_eq!(bell(), registered, "it has not registered anew");
    assert!(sending.try_send(&[7_u64]).is_ok());
    eventually("it is woken", || flag.0.load(Ordering::Relaxed) == 1);
    assert_eq!(poll(), Poll::Ready(7));
    assert!(poll().is_pending());
    assert_ne!(bell(), registered);
}

#[test]
fn a_handle_is_gone_though_the_receivers_waker_panics() {
    let host = control::host(8, 8, &Terms { end_with_last: true, ..Terms::default() }, None).unwrap();
    let before = host.handles();
    host.add_handle();
    let own = Sending::new(Arc::clone(&host));
    let mut receiving = BoundedReceiving::new(host);
    let waker = Waker::from(Arc::new(Panics));
    assert!(receiving.poll_take(&mut Context::from_waker(&waker), one::<_, u64>).is_pending());
    assert_eq!(receiving.endpoint.handles(), before + 1);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(own))).is_err());
    assert_eq!(receiving.endpoint.handles(), before);
}

/// It looks at everything before it yields, for it may not be polled again.
#[test]
fn a_poll_that_may_yield_finds_the_end_of_the_stream() {
    let (mut receiving, sending) = joined();
    let waker = Waker::from(Arc::new(Flag::default()));
    let mut cx = Context::from_waker(&waker);
    // Short waits, until yields have paid twice.
    let mut paid = 0;
    for value in 0..10_000_u64 {
        assert!(receiving.poll_take(&mut cx, one::<_, u64>).is_pending());
        paid = if receiving.endpoint.receiver_bell().sleeper().is_none() { paid + 1 } else { 0 };
        assert_eq!(sending.try_send(&[value]), Ok(1));
        assert_eq!(receiving.poll_take(&mut cx, one::<_, u64>), Poll::Ready(Some(value)));
        if paid == 2 {
            break;
        }
    }
    drop(sending);
    assert_eq!(receiving.poll_take(&mut cx, one::<_, u64>), Poll::Ready(None));
}
