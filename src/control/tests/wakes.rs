//! Wakes between the processes of a channel, also from members whose messages are not read.

use super::*;
use crate::control::CatchPanics;
use crate::queue::ring::Permits;
use crate::sync::AtomicU32;
use crate::wait::{Next, Stand, Wakeable};

#[test]
fn wakes_find_their_way() {
    let host = alone();
    let [a, b] = two_guests(&host);
    let waiter = |of: &Arc<Endpoint>| Sleeper::Waiter { record: 0, owner: of.me() };
    let all = [&host, &a, &b].map(Ear::of);
    let quiet = || {
        all.iter().for_each(Ear::hear);
        assert!(!all.iter().any(Ear::rings), "there was no ring");
    };
    quiet();
    for (from, sleeper, to) in [
        (&a, Sleeper::Receiver, 0),
        (&host, waiter(&a), 1),
        (&a, waiter(&host), 0),
        (&a, waiter(&b), 2),
        (&b, waiter(&a), 1),
    ] {
        from.wake(sleeper, Kind::Task);
        eventually("it rings", || all[to].rings());
        quiet();
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicU32);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn of_two_tasks_with_one_record_both_are_woken() {
    let host = alone();
    let place = host.ring().enter(host.me(), 1).unwrap();
    let counts: [Arc<Count>; 2] = Default::default();
    // A peer has freed the record in between, so a second task has taken it.
    for count in &counts {
        host.sleepers().put(place, None, &std::task::Waker::from(count.clone()));
    }
    host.wake(Sleeper::Waiter { record: place.record, owner: host.me() }, Kind::Task);
    assert!(counts.iter().all(|count| count.0.load(Ordering::Relaxed) == 1));
}

#[test]
fn of_two_tasks_with_one_record_both_learn_of_the_end() {
    let host = alone();
    let [guest, _] = two_guests(&host);
    let place = guest.ring().enter(guest.me(), 1).unwrap();
    let counts: [Arc<Count>; 2] = Default::default();
    for count in &counts {
        guest.sleepers().put(place, None, &std::task::Waker::from(count.clone()));
    }
    close(&host);
    eventually("both are woken", || {
        guest.hear();
        counts.iter().all(|count| count.0.load(Ordering::Relaxed) == 1)
    });
}

/// Shows T36.
#[test]
fn a_guest_unheard_for_lack_of_memory_is_heard_later() {
    let host = alone();
    let [a, b] = two_guests(&host);
    let lifeline = host.host.as_ref().unwrap().roster().member(a.me()).unwrap().lifeline.clone();
    let ear = Ear::of(&b);
    let tries = || starving::TRIES.load(Ordering::Relaxed);
    let since = Instant::now();
    starving::AT.store(lifeline.as_raw_fd() as u32, Ordering::Relaxed);
    a.wake(Sleeper::Waiter { record: 0, owner: b.me() }, Kind::Task);
    eventually("it is tried again", || tries() >= 3);
    let (tries, passed) = (tries(), since.elapsed());
    assert!(tries <= 1 + passed.div_duration_f32(PAUSE) as u32, "{tries} tries in {passed:?}");
    assert!(!ear.rings());
    starving::AT.store(0, Ordering::Relaxed);
    eventually("it is heard", || ear.rings());
}

/// What it says is heard no more; its wakes reach the tasks of another guest all the same.
fn wakes_though_unheard(breaks: impl FnOnce(&Arc<Endpoint>, &Member)) {
    let host = alone();
    let [a, b] = two_guests(&host);
    let member = host.host.as_ref().unwrap().roster().member(a.me()).unwrap();
    let ear = Ear::of(&b);
    breaks(&a, &member);
    eventually("the host has noticed it", || !member.is_listened_to());
    for _ in 0..3 {
        a.wake(Sleeper::Waiter { record: 0, owner: b.me() }, Kind::Task);
        eventually("it rings", || ear.rings());
        ear.hear();
    }
    assert!(!a.ring().is_closed(), "it does not think that the host is gone");
}

#[test]
fn a_guest_with_a_broken_connection_wakes_tasks_of_others() {
    wakes_though_unheard(|_, member| {
        // Only in this direction: it is not to think that the host is gone.
        let copy = UnixStream::from(member.lifeline.try_clone().unwrap());
        copy.shutdown(std::net::Shutdown::Read).unwrap();
    });
}

/// Shows T51.
#[test]
fn a_guest_that_spoke_nonsense_still_wakes_tasks_of_others() {
    wakes_though_unheard(|a, _| a.guest.get().unwrap().say_nonsense());
}

/// Shows W3.
#[test]
fn a_guest_that_died_about_to_say_whom_to_wake_has_woken_it() {
    let host = alone();
    let [a, b] = two_guests(&host);
    let ear = Ear::of(&b);
    host.segment().view().common().members[usize::from(b.me())].relay.store(1, Ordering::Relaxed);
    assert!(!ear.rings());
    depart(&host, a.me());
    assert!(ear.rings());
}

#[test]
fn more_wakes_than_a_socket_holds_are_not_lost() {
    let host = alone();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    let ear = Ear::of(&guest);
    let wake = || host.wake(Sleeper::Waiter { record: 0, owner: guest.me() }, Kind::Task);
    for _ in 0..3 {
        (0..2000).for_each(|_| wake());
        assert!(ear.rings());
        ear.hear();
        assert!(!ear.rings(), "all was heard at once");
        wake();
        assert!(ear.rings(), "and the next is news again");
        ear.hear();
    }
    drop(guest);
}

/// A sending task with this waker.
struct Task<'a>(&'a std::task::Waker);

impl Wakeable for Task<'_> {
    const KIND: Kind = Kind::Task;

    fn waker(&mut self) -> std::task::Waker {
        self.0.clone()
    }

    fn prepare(&mut self, _: crate::queue::ring::Place) {}
}

/// A host whose senders fill the line, so that one more waits in the backlog. A guest has all the capacity.
fn with_a_backlog(waker: &std::task::Waker) -> (Arc<Endpoint>, Arc<Endpoint>, u32) {
    let capacity = 5000;
    let host = host(SIZE, ALIGN, &Terms { capacity: capacity as usize, ..terms() }, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    assert!(matches!(
        Permits(capacity).ask(&guest.producer(), Rank::Newcomer, &*guest),
        Claimed::Granted(())
    ));
    while host.ring().enter(host.me(), 1).is_some() {}
    let (backlog, mut stand) = (&host.sleepers().backlog, Stand::Nowhere);
    let next = backlog.next(&host.producer(), &mut stand, Permits(1), &mut Task(waker), &CatchPanics(&host));
    assert!(matches!(next, Next::SleepInBacklog));
    (host, guest, capacity)
}

#[test]
fn a_backlog_is_told_of_what_its_benefactor_gave_before_it_left() {
    let count = Arc::new(Count::default());
    let (host, guest, capacity) = with_a_backlog(&std::task::Waker::from(count.clone()));
    // The guest rings its bell, which is not heard before it is gone.
    guest.producer().give_back(capacity, &*guest);
    depart(&host, guest.me());
    eventually("the backlog is told", || count.0.load(Ordering::Relaxed) == 1);
    std::mem::forget(guest);
}

struct Panics;

impl std::task::Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

#[test]
fn a_backlog_is_told_though_a_waker_of_the_line_panics() {
    let count = Arc::new(Count::default());
    let (host, guest, capacity) = with_a_backlog(&std::task::Waker::from(count.clone()));
    host.sleepers().put_receiver(&std::task::Waker::from(Arc::new(Panics)));
    guest.producer().give_back(capacity, &*guest);
    host.hear();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_thread_that_hears_for_an_answer_passes_wakes_on() {
    let host = alone();
    let [guest, _] = two_guests(&host);
    let place = guest.ring().enter(guest.me(), 1).unwrap();
    let count = Arc::new(Count::default());
    guest.sleepers().put(place, None, &std::task::Waker::from(count.clone()));
    host.wake(Sleeper::Waiter { record: place.record, owner: guest.me() }, Kind::Task);
    let connection = guest.guest.get().unwrap();
    connection.lack_memory_once();
    let _ = connection.invite(PAUSE, || guest.hear());
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}
