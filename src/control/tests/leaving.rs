//! What a goodbye, or the end of a process, leaves of it and of the channel.

use super::*;
use crate::queue::Consume as _;

#[test]
fn a_sender_comes_and_goes() {
    let bound = bind(&terms());
    assert_eq!(bound.host.ring().common().strong_count(), 0);
    assert!(!bound.host.ring().common().has_ended(), "the open name stands for senders to come");
    let guest = bound.connect().unwrap();
    assert_ne!(guest.me(), bound.host.me());
    assert_eq!(guest.id(), bound.host.id());
    assert!(bound.host.is_host() && !guest.is_host());
    assert_eq!(bound.host.ring().common().strong_count(), 1);
    let number = guest.me();
    drop(guest);
    eventually("its handle counts as dropped", || bound.host.ring().common().strong_count() == 0);
    eventually("it is proved gone", || bound.host.is_dead(number));
    assert!(!bound.host.ring().common().has_ended());
    close(&bound.host);
    assert!(bound.host.ring().common().has_ended());
    assert!(matches!(bound.connect(), Err(OpenError::NoReceiver { .. })));
}

/// Shows W112.
#[test]
fn thousands_come_one_after_the_other() {
    let bound = bind(&Terms { members: 2, ..terms() });
    let mut full = 0;
    for _ in 0..2000 {
        loop {
            match bound.connect() {
                Ok(guest) => break drop_sender(guest),
                Err(OpenError::TooManyProcesses { members: 2, .. }) => full += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    eventually("the last has left", || bound.host.ring().common().strong_count() == 0);
    // The number of a guest that said goodbye is free a moment later.
    println!("found it taken {full} times");
}

/// Joins as soon as a number is free.
fn connect_once_there_is_a_number(bound: &Bound) -> Arc<Endpoint> {
    let mut guest = None;
    eventually("a number is free", || {
        let found = bound.connect();
        assert!(matches!(found, Ok(_) | Err(OpenError::TooManyProcesses { .. })), "{:?}", found.err());
        guest = found.ok();
        guest.is_some()
    });
    guest.expect("it is there")
}

fn send_one(guest: &Endpoint, value: u64) {
    let claimed = guest.producer().claim(Rank::Newcomer, 1, guest);
    let Claimed::Granted(span) = claimed else { panic!("{claimed:?}") };
    guest.producer().publish(span, &[[value; 2]], guest);
}

#[test]
fn senders_that_sent_and_left_keep_no_number() {
    let bound = bind(&Terms { members: 3, capacity: 40, ..terms() });
    for value in 0..40u64 {
        let guest = connect_once_there_is_a_number(&bound);
        send_one(&guest, value);
        drop_sender(guest);
    }
    let mut consumer = Consumer::new(&bound.host.ring());
    for value in 0..40u64 {
        assert_eq!(
            consumer.receive(&bound.host.ring(), Consumer::copy, &*bound.host),
            Taken::Value([value; 2])
        );
    }
}

#[test]
fn a_process_that_died_within_a_send_keeps_its_number() {
    let bound = bind(&Terms { members: 3, capacity: 8, ..terms() });
    let [dying, leaving] = [(); 2].map(|()| bound.connect().unwrap());
    let [dead, left] = [&dying, &leaving].map(|guest| guest.me());
    send_one(&leaving, 1);
    assert!(matches!(dying.producer().claim(Rank::Newcomer, 1, &*dying), Claimed::Granted(_)));
    send_one(&leaving, 2);
    depart(&bound.host, dead);
    drop_sender(leaving);
    let next = connect_once_there_is_a_number(&bound);
    assert_eq!(next.me(), left);
    let error = bound.connect().err().expect("two places are taken, and one is kept");
    assert!(matches!(error, OpenError::TooManyProcesses { members: 3, leaving: 1, .. }), "{error}");
    assert!(error.to_string().contains("ended in the middle of a send"), "{error}");
    // Once the receiver has passed it, nothing is left of it.
    let mut consumer = Consumer::new(&bound.host.ring());
    for value in 1..=2u64 {
        assert_eq!(
            consumer.receive(&bound.host.ring(), Consumer::copy, &*bound.host),
            Taken::Value([value; 2])
        );
    }
    assert_eq!(connect_once_there_is_a_number(&bound).me(), dead);
}

#[test]
fn a_stopped_send_in_quarantine_keeps_its_number() {
    let bound = bind(&Terms { members: 3, capacity: 8, ..terms() });
    let [stopped, leaving] = [(); 2].map(|()| bound.connect().unwrap());
    let number = stopped.me();
    assert!(matches!(stopped.producer().claim(Rank::Newcomer, 1, &*stopped), Claimed::Granted(_)));
    send_one(&leaving, 1);
    let mut consumer = Consumer::new(&bound.host.ring());
    let queue = bound.host.ring();
    assert_eq!(consumer.receive(&queue, Consumer::copy, &*bound.host), Taken::Value([1u64; 2]));
    assert!(consumer.has_stalled());
    // A value is queued under each number, so that none is passed.
    send_one(&stopped, 2);
    send_one(&leaving, 3);
    let left = leaving.me();
    depart(&bound.host, number);
    drop_sender(leaving);
    let next = connect_once_there_is_a_number(&bound);
    assert_eq!(next.me(), left);
    assert!(matches!(bound.connect(), Err(OpenError::TooManyProcesses { members: 3, leaving: 1, .. })));
    assert_eq!(consumer.receive(&queue, Consumer::copy, &*bound.host), Taken::Value([2u64; 2]));
    assert!(!consumer.has_stalled());
    assert_eq!(connect_once_there_is_a_number(&bound).me(), number);
}

#[test]
fn the_host_leaves_and_its_guests_know() {
    let bound = bind(&terms());
    let guest = bound.connect().unwrap();
    assert!(!guest.ring().is_closed());
    drop(bound.host);
    eventually("the guest sees it closed", || guest.ring().is_closed());
    assert_eq!(std::fs::read_dir(bound._dir.path()).unwrap().count(), 0);
}

#[test]
fn a_guest_that_is_hung_up_on_ends_and_closes_nothing() {
    let bound = bind(&terms());
    let (guest, other) = (bound.connect().unwrap(), bound.connect().unwrap());
    guest.guest.get().unwrap().break_connection();
    eventually("it has ended", || guest.is_over());
    assert!(!guest.ring().is_closed() && !other.is_over() && !bound.host.is_over());
    assert!(matches!(sender_into_fd(&guest), Err(OpenError::Closed { .. })));
    drop_sender(guest);
    eventually("its handle is gone", || bound.host.ring().common().strong_count() == 1);
    drop_sender(bound.connect().unwrap());
    assert!(!other.ring().is_closed());
}

const HOSTS: &str = "SHMPSC_HOSTS_AT";

/// Is the receiver's process until it is killed. Only if a parent asks.
#[test]
fn role_of_one_who_hosts() {
    let Some(path) = std::env::var_os(HOSTS) else { return };
    let _host = host(SIZE, ALIGN, &terms(), Some(path.as_ref())).unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Shows W114.
#[test]
fn the_end_of_a_host_that_hung_up_before_closes_the_channel() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "control::tests::leaving::role_of_one_who_hosts", "--test-threads=1"])
        .env(HOSTS, &path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    eventually("it hosts", || connect(&path, SIZE, ALIGN, &terms()).is_ok());
    let guest = connect(&path, SIZE, ALIGN, &terms()).unwrap();
    guest.guest.get().unwrap().break_connection();
    eventually("its end is over", || guest.is_over());
    assert!(!guest.ring().is_closed());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the channel is closed", || guest.ring().is_closed());
}

#[test]
fn the_last_sender_ends_it_if_asked_for() {
    let bound = bind(&Terms { end_with_last: true, ..terms() });
    let first = bound.connect().unwrap();
    let second = bound.connect().unwrap();
    drop_sender(first);
    assert!(!bound.host.ring().common().has_ended());
    drop_sender(second);
    assert!(bound.host.ring().common().has_ended());
    assert!(matches!(bound.connect(), Err(OpenError::Ended { .. })));
}

/// Of two senders one does something and dies. Its departure comes no further than the beginning, while another thread ends the
/// other sender, with which the stream ends.
fn ends_while_one_leaves(does: impl FnOnce(&Producer<'_>, &Endpoint)) -> (Arc<Endpoint>, [Arc<Endpoint>; 2]) {
    let host = alone();
    let [a, b] = two_guests(&host);
    drop_own_sender(&host);
    does(&a.producer(), &a);
    assert!(begin_departure(&host, a.me()).is_some());
    depart(&host, b.me());
    assert!(host.ring().common().has_ended());
    (host, [a, b])
}

#[test]
fn a_leaver_is_dead_before_its_handles_are_cleared_for_another() {
    let (host, _guests) = ends_while_one_leaves(|producer, wake| {
        let claimed = producer.claim(Rank::Newcomer, 1, wake);
        assert!(matches!(claimed, Claimed::Granted(_)));
    });
    let mut consumer = Consumer::new(&host.ring());
    assert_eq!(consumer.take(&host.ring(), &*host), Taken::End);
    assert_eq!(consumer.nonsense(), None, "it is passed");
}

#[test]
fn what_a_leaver_held_is_given_back_before_its_handles_clear() {
    let (host, _guests) = ends_while_one_leaves(|producer, wake| {
        assert_eq!(Permits(1).ask(producer, Rank::Newcomer, wake), Claimed::Granted(()));
    });
    assert_eq!(host.ring().free_capacity() as i64, host.ring().capacity(), "at the end");
}

#[test]
fn the_name_counts_no_more_once_a_sender_came_despite_its_count() {
    let bound = bind(&Terms { end_with_last: true, ..terms() });
    bound.host.ring().view.common.members[0].strong.store(7, Ordering::Relaxed);
    let guest = bound.connect().unwrap();
    guest.ring().common().drop_strong(guest.me(), &*guest);
    assert!(guest.ring().common().has_ended());
}

/// Does something when it is woken.
struct Act<F>(F);

impl<F: Fn() + Send + Sync> std::task::Wake for Act<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Shows W115.
#[test]
fn a_number_is_given_again_only_after_its_process_is_repaired() {
    let host = host(SIZE, ALIGN, &Terms { members: 2, ..terms() }, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    // A task waits in the line, and has been given room that it was not told of. The repair tells it, in its middle; there
    // the task ends a permit operation for which recovery may have waited, and asks for a sender to be sent.
    let made = Arc::new(std::sync::Mutex::new(Vec::new()));
    let waker = {
        let (host, made) = (Arc::downgrade(&host), made.clone());
        std::task::Waker::from(Arc::new(Act(move || {
            let host = host.upgrade().unwrap();
            wake_recovery(&host);
            lock(&made).push(sender_into_fd(&host));
        })))
    };
    let queue = host.ring();
    let place = queue.enter(host.me(), 1).unwrap();
    host.sleepers().put(place, None, &waker);
    queue.register_waiter(place, Kind::Task);
    drop(guest);
    eventually("the task was woken", || !lock(&made).is_empty());
    eventually("it was repaired", || !host.host.as_ref().unwrap().roster().is_leaving());
    let mut made = lock(&made);
    assert!(
        matches!(made[..], [Err(OpenError::TooManyProcesses { members: 2, leaving: 1, .. })]),
        "{made:?}"
    );
    made.push(sender_into_fd(&host));
    assert!(made[1].is_ok());
    assert_eq!(host.ring().common().strong_count(), 2, "nobody took away the handle of the next one");
}
