//! Two ends in one process: everything but the death of one, which `tests/` shows with real processes.

use std::{
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Endpoint, Terms, connect, host,
    identity::IS_OLD_KERNEL,
    member::starving,
    porter::{PAUSE, Porter},
    receiver_from_fd, receiver_into_fd, sender_from_fd, sender_into_fd,
    wire::{Code, Facts, Hello, Message, Refusal, Want},
};
use crate::{
    error::OpenError,
    layout,
    queue::{self, Claimed, Consumer, Kind, Peers, Producer, Sleeper, Spot, Took, Wake},
    sync::{Ordering, lock},
    sys::{
        listener::{self, Listener},
        place::Place,
        socket::{self, Incoming},
    },
    wait::Hear,
};

const SIZE: usize = 16;
const ALIGN: usize = 8;

fn terms() -> Terms {
    Terms { capacity: 4, members: 4, ..Terms::default() }
}

struct Bound {
    _dir: tempfile::TempDir,
    path: PathBuf,
    host: Arc<Endpoint>,
}

fn bind(terms: &Terms) -> Bound {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed");
    let host = host(SIZE, ALIGN, terms, Some(&path)).unwrap();
    Bound { _dir: dir, path, host }
}

impl Bound {
    fn connect(&self) -> Result<Arc<Endpoint>, OpenError> {
        connect(&self.path, SIZE, ALIGN, &terms())
    }
}

/// Ends a sender's last handle and its process's end, as its drop would.
fn drop_sender(endpoint: Arc<Endpoint>) {
    endpoint.queue().drop_strong(endpoint.me(), &*endpoint);
    drop(endpoint);
}

/// Drops the sender that who makes a channel without a name has.
fn drop_own_sender(host: &Endpoint) {
    host.queue().drop_strong(host.me(), host);
    host.drop_handle();
}

/// Until it is so. The porter's work has no other sign.
#[track_caller]
fn eventually(what: &str, so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}

fn hello(size: u32) -> Vec<u8> {
    let facts = Facts { layout: layout::VERSION, size, align: 8, word: 64, tag: String::new() };
    Message::Hello(Hello { want: Want::Sender, facts }).encode()
}

fn raw_connect(bound: &Bound) -> OwnedFd {
    listener::connect(&bound.path, Instant::now() + Duration::from_secs(5)).unwrap()
}

/// The answer to a hello, said again if that is asked for: see `on_an_older_kernel_one_is_looked_at_twice`.
fn answer(socket: &OwnedFd) -> Option<Message> {
    match next(socket) {
        Some(Message::Again) => {
            socket::send(socket, &hello(16), &[]).unwrap();
            answer(socket)
        }
        other => other,
    }
}

fn next(socket: &OwnedFd) -> Option<Message> {
    let mut buffer = [0; 4096];
    loop {
        match socket::receive(socket, &mut buffer).unwrap() {
            Incoming::Message(message) => return Some(Message::decode(&buffer[..message.len]).unwrap()),
            Incoming::HungUp => return None,
            Incoming::Nothing => assert!(socket::wait_readable(socket, None).unwrap()),
        }
    }
}

#[test]
fn a_sender_comes_and_goes() {
    let bound = bind(&terms());
    assert_eq!(bound.host.queue().strong_count(), 0);
    assert!(!bound.host.queue().has_ended(), "the open name stands for senders to come");
    let guest = bound.connect().unwrap();
    assert_ne!(guest.me(), bound.host.me());
    assert_eq!(guest.id(), bound.host.id());
    assert!(bound.host.is_host() && !guest.is_host());
    assert_eq!(bound.host.queue().strong_count(), 1);
    let number = guest.me();
    drop(guest);
    eventually("its handle counts as dropped", || bound.host.queue().strong_count() == 0);
    eventually("it is proved gone", || bound.host.is_dead(number));
    assert!(!bound.host.queue().has_ended());
    bound.host.close();
    assert!(bound.host.queue().has_ended());
    assert!(matches!(bound.connect(), Err(OpenError::NobodyThere { .. })));
}

#[test]
fn thousands_come_one_after_the_other() {
    let bound = bind(&Terms { members: 2, ..terms() });
    let mut full = 0;
    for _ in 0..2000 {
        loop {
            match bound.connect() {
                Ok(guest) => break drop_sender(guest),
                Err(OpenError::RosterFull { members: 2, .. }) => full += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    eventually("the last has left", || bound.host.queue().strong_count() == 0);
    // The place of one who said goodbye is free a moment later.
    println!("found it taken {full} times");
}

#[test]
fn refusals_name_both_sides() {
    let bound = bind(&Terms { members: 2, tag: "frame/1".into(), ..terms() });
    let with = |size, tag: &str| {
        connect(&bound.path, size, ALIGN, &Terms { tag: tag.into(), ..terms() }).err().map(|e| e.to_string())
    };
    assert_eq!(
        with(24, "frame/1").unwrap(),
        "the value type here (24 bytes aligned to 8 tagged \"frame/1\") is not the value type there (16 bytes aligned to \
         8 tagged \"frame/1\")"
    );
    assert_eq!(
        with(16, "frame/2").unwrap(),
        "the value type here (16 bytes aligned to 8 tagged \"frame/2\") is not the value type there (16 bytes aligned to \
         8 tagged \"frame/1\")"
    );
    let guest = connect(&bound.path, SIZE, ALIGN, &Terms { tag: "frame/1".into(), ..terms() }).unwrap();
    assert_eq!(with(16, "frame/1").unwrap(), "all 2 places for processes in the channel are taken");
    assert_eq!(
        host(SIZE, ALIGN, &terms(), Some(&bound.path)).err().unwrap().to_string(),
        format!("another receiver already listens at {}", bound.path.display())
    );
    drop(guest);
}

#[test]
fn another_version_is_refused_in_words_it_understands() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    let mut packet = hello(16);
    packet[4] = 77;
    socket::send(&socket, &packet, &[]).unwrap();
    let Some(Message::Refuse(refusal)) = answer(&socket) else { panic!() };
    assert_eq!(refusal.code, super::wire::Code::WrongVersion);
    assert_eq!(refusal.facts.layout, layout::VERSION);
    assert_eq!(answer(&socket), None);
}

#[test]
fn nonsense_is_refused_and_hurts_nobody_else() {
    let bound = bind(&terms());
    let silent = raw_connect(&bound);
    let guest = bound.connect().unwrap();
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0], &[0xff; 255], &[0; 5000], &hello(16)[..95]] {
        let socket = raw_connect(&bound);
        socket::send(&socket, nonsense, &[]).unwrap();
        assert!(matches!(answer(&socket), Some(Message::Refuse(_))));
        assert_eq!(answer(&socket), None);
    }
    // One that joins and then talks nonsense keeps its place, for its process lives; but it is not heard any more.
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    assert_eq!(bound.host.queue().strong_count(), 2);
    socket::send(&socket, &hello(16), &[]).unwrap();
    // It may have been told so already.
    let more = socket::send(&socket, &Message::Invite { request: 1 }.encode(), &[]);
    assert!(more.is_ok() || more.is_err_and(|error| socket::is_gone(&error)));
    drop_sender(bound.connect().unwrap());
    assert_eq!(bound.host.queue().strong_count(), 2);
    drop((silent, guest));
}

#[test]
fn one_who_gives_up_half_way_leaves_no_trace() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    socket::send(&socket, &Message::Goodbye.encode(), &[]).unwrap();
    drop(socket);
    drop(raw_connect(&bound));
    // Whoever comes next is served after them.
    drop_sender(bound.connect().unwrap());
    eventually("nobody is counted", || bound.host.queue().strong_count() == 0);
}

#[test]
fn on_an_older_kernel_one_is_looked_at_twice() {
    // Other tests that run meanwhile go the same way, and must not notice.
    IS_OLD_KERNEL.store(1, Ordering::Relaxed);
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert_eq!(next(&socket), Some(Message::Again));
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    let guest = bound.connect().unwrap();
    let further = sender_from_fd(sender_into_fd(&guest).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    IS_OLD_KERNEL.store(0, Ordering::Relaxed);
    assert_eq!(bound.host.queue().strong_count(), 3);
    drop((guest, further));
}

#[test]
fn unasked_descriptors_are_not_taken() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    let gift = socket::pair().unwrap().0;
    // A newer kernel refuses to send them; on an older one they are dropped.
    if socket::send(&socket, &hello(16), &[gift.as_fd()]).is_ok() {
        assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    }
    drop_sender(bound.connect().unwrap());
}

#[test]
fn the_silent_one_is_sent_away_after_the_deadline() {
    let bound = bind(&Terms { deadline: Duration::from_millis(50), ..terms() });
    let silent = raw_connect(&bound);
    assert_eq!(answer(&silent), None);
}

#[test]
fn a_host_that_never_answers_is_given_up() {
    let (ours, theirs) = socket::pair().unwrap();
    let short = Terms { deadline: Duration::from_millis(30), ..terms() };
    let error = sender_from_fd(theirs, SIZE, ALIGN, &short).err().unwrap();
    assert_eq!(error.to_string(), "the other process did not answer within 30ms");
    // It said goodbye, in case the host had counted it.
    assert!(matches!(answer(&ours), Some(Message::Hello(_))));
    assert_eq!(answer(&ours), Some(Message::Goodbye));
}

#[test]
fn one_who_was_let_in_before_the_receiver_went_off_is_sent_back_to_the_door() {
    let bound = bind(&terms());
    let caller = raw_connect(&bound);
    let waiting = || lock(&bound.host.host.as_ref().unwrap().waiting).len();
    eventually("it was let in", || waiting() == 1);
    let descriptor = receiver_into_fd(&bound.host).unwrap();
    assert!(socket::send(&caller, &hello(16), &[]).is_err_and(|error| socket::is_gone(&error)));
    assert_eq!(next(&caller), None, "not a word of a channel that is closed");
    let joins = std::thread::spawn({
        let path = bound.path.clone();
        move || connect(&path, SIZE, ALIGN, &terms())
    });
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    let guest = joins.join().unwrap().unwrap();
    assert_eq!(guest.id(), host.id());
}

/// Somebody at a name who does with each caller what comes next.
fn at_a_name(callers: impl IntoIterator<Item = Option<Message>>) -> Result<Arc<Endpoint>, OpenError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed");
    let listener = Listener::bind(&Place::new(&path).unwrap(), 0o600).unwrap();
    std::thread::scope(|scope| {
        let joins = scope.spawn(|| connect(&path, SIZE, ALIGN, &terms()));
        for answer in callers {
            assert!(
                socket::wait_readable(&listener, Some(Instant::now() + Duration::from_secs(20))).unwrap()
            );
            let caller = listener.accept().unwrap().unwrap();
            if let Some(answer) = answer {
                assert!(matches!(next(&caller), Some(Message::Hello(_))));
                socket::send(&caller, &answer.encode(), &[]).unwrap();
            }
        }
        joins.join().unwrap()
    })
}

fn refusal(code: Code) -> Message {
    let Message::Hello(Hello { facts, .. }) = Message::decode(&hello(16)).unwrap() else { panic!() };
    let none = 0;
    Message::Refuse(Refusal {
        code,
        facts,
        members: none,
        leaving: none,
        host_uid: none,
        host_gid: none,
        peer_uid: none,
        peer_gid: none,
    })
}

#[test]
fn one_who_is_sent_away_without_an_answer_calls_again_a_few_times() {
    let joined = at_a_name([None, Some(refusal(Code::UnderWay)), None, Some(refusal(Code::Ended))]);
    assert!(matches!(joined, Err(OpenError::Ended)));
    let joined = at_a_name([None, None, None, None]);
    assert!(matches!(joined, Err(OpenError::HungUp)));
    let joined = at_a_name([Some(refusal(Code::Closed))]);
    assert!(matches!(joined, Err(OpenError::Closed)));
}

#[test]
fn the_host_leaves_and_its_guests_know() {
    let bound = bind(&terms());
    let guest = bound.connect().unwrap();
    assert!(!guest.queue().is_closed());
    drop(bound.host);
    eventually("the guest sees it closed", || guest.queue().is_closed());
    assert_eq!(std::fs::read_dir(bound._dir.path()).unwrap().count(), 0);
}

#[test]
fn the_last_sender_ends_it_if_asked_for() {
    let bound = bind(&Terms { end_with_last: true, ..terms() });
    let first = bound.connect().unwrap();
    let second = bound.connect().unwrap();
    drop_sender(first);
    assert!(!bound.host.queue().has_ended());
    drop_sender(second);
    assert!(bound.host.queue().has_ended());
    assert!(matches!(bound.connect(), Err(OpenError::Ended)));
}

/// A channel without a name, with one sender counted.
fn alone() -> Arc<Endpoint> {
    host(SIZE, ALIGN, &terms(), None).unwrap()
}

#[test]
fn a_sender_travels_as_a_descriptor() {
    let host = alone();
    assert!(host.bell_fd().is_none());
    let descriptor = sender_into_fd(&host).unwrap();
    assert!(host.bell_fd().is_some());
    assert_eq!(host.queue().strong_count(), 2);
    let guest = sender_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    assert_eq!(host.queue().strong_count(), 2);
    // And on from there.
    let second = sender_into_fd(&guest).unwrap();
    assert_eq!(host.queue().strong_count(), 3);
    let further = sender_from_fd(second, SIZE, ALIGN, &terms()).unwrap();
    assert_ne!(further.me(), guest.me());
    drop_sender(guest);
    drop_sender(further);
    eventually("both have left", || host.queue().strong_count() == 1);
}

#[test]
fn a_sender_lost_on_its_way_counts_as_dropped() {
    let host = alone();
    let descriptor = sender_into_fd(&host).unwrap();
    host.queue().drop_strong(host.me(), &*host);
    assert!(!host.queue().has_ended());
    drop(descriptor);
    eventually("the stream ends", || host.queue().has_ended());
}

#[test]
fn the_wrong_end_is_refused() {
    let host = alone();
    let descriptor = sender_into_fd(&host).unwrap();
    let error = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).err().unwrap();
    assert!(matches!(error, OpenError::WrongEnd), "{error}");
    eventually("its sender is dropped", || host.queue().strong_count() == 1);
    let error = sender_from_fd(std::fs::File::open("/dev/null").unwrap().into(), SIZE, ALIGN, &terms());
    assert!(matches!(error, Err(OpenError::BadMessage { .. })));
}

#[test]
fn the_receiver_travels_and_the_giver_becomes_a_guest() {
    let giver = alone();
    let descriptor = receiver_into_fd(&giver).unwrap();
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    eventually("the giver knows", || !giver.is_host());
    assert!(host.is_host());
    assert_eq!(host.queue().strong_count(), 1);
    // The giver's sender can be handed on, now through the new host; and the giver can leave.
    let further = sender_from_fd(sender_into_fd(&giver).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    assert_eq!(host.queue().strong_count(), 2);
    assert!(!host.is_dead(giver.me()) && !host.is_dead(further.me()));
    drop_sender(giver);
    drop_sender(further);
    eventually("the stream ends", || host.queue().has_ended());
}

#[test]
fn the_receiver_travels_twice_with_its_name() {
    let bound = bind(&terms());
    let (path, dir) = (bound.path.clone(), bound._dir);
    let first = receiver_from_fd(receiver_into_fd(&bound.host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    eventually("the giver knows", || !bound.host.is_host());
    drop(bound.host);
    eventually("it has left", || first.is_dead(1));
    let second = receiver_from_fd(receiver_into_fd(&first).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    drop(first);
    let guest = connect(&path, SIZE, ALIGN, &terms()).unwrap();
    assert_eq!(second.queue().strong_count(), 1);
    assert!(matches!(host(SIZE, ALIGN, &terms(), Some(&path)), Err(OpenError::NameInUse { .. })));
    drop(second);
    eventually("it is closed", || guest.queue().is_closed());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_receiver_stays_once_somebody_has_joined() {
    let host = alone();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::Joined { members: 1 }), "{error}");
    drop(guest);
}

/// As if a permit operation of this process were under way.
fn is_in_the_middle(endpoint: &Endpoint) {
    endpoint.queue().view.members[usize::from(endpoint.me())].account.store(1, Ordering::Relaxed);
}

#[test]
fn the_receiver_stays_at_once_though_one_that_died_waits_for_one_that_is_stopped() {
    let host = alone();
    let [dies, stops] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    is_in_the_middle(&dies);
    is_in_the_middle(&stops);
    drop(dies);
    let roster = || host.host.as_ref().unwrap().roster();
    eventually("it has left", || roster().others() == 1);
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::Joined { members: 1 }), "{error}");
    assert!(roster().is_leaving());
    drop(stops);
    eventually("with the other one it is repaired", || !roster().is_leaving());
}

#[test]
fn the_receiver_stays_if_nonsense_in_the_memory_keeps_a_repair_from_its_end() {
    let host = host(SIZE, ALIGN, &Terms { deadline: Duration::from_millis(20), ..terms() }, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    is_in_the_middle(&host);
    is_in_the_middle(&guest);
    drop(guest);
    eventually("it has left", || host.host.as_ref().unwrap().roster().others() == 0);
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::TimedOut { .. }), "{error}");
}

#[test]
fn a_repair_that_waits_for_the_giver_of_the_receiver_hears_of_what_it_did_on_the_way() {
    let giver = alone();
    let descriptor = receiver_into_fd(&giver).unwrap();
    // The porter needs this to make a guest of the giver.
    let roster = giver.host.as_ref().unwrap().roster();
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    let account = |number: u16| &host.queue().view.members[usize::from(number)].account;
    is_in_the_middle(&giver);
    let dead = 4;
    account(dead).store(1, Ordering::Relaxed);
    lock(&host.host.as_ref().unwrap().recovery).add(&host.queue(), dead);
    host.go_on_with_recovery();
    account(giver.me()).store(0, Ordering::Relaxed);
    giver.wake_recovery();
    assert_eq!(account(dead).load(Ordering::Relaxed), 1, "it waits");
    drop(roster);
    eventually("it goes on", || account(dead).load(Ordering::Relaxed) == 0);
}

#[test]
fn a_receiver_lost_on_its_way_counts_as_dropped() {
    let bound = bind(&terms());
    drop(receiver_into_fd(&bound.host).unwrap());
    eventually("it is closed", || bound.host.queue().is_closed());
    eventually("its name is gone", || !bound.path.exists());
}

#[test]
fn wakes_find_their_way() {
    let host = alone();
    let [a, b] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    let rings =
        |endpoint: &Arc<Endpoint>| socket::wait_readable(endpoint.bell_fd().unwrap(), Some(Instant::now()));
    let waiter = |of: &Arc<Endpoint>| Sleeper::Waiter { cell: 0, owner: of.me() };
    let all = [&host, &a, &b];
    let quiet = || {
        all.iter().for_each(|endpoint| endpoint.hear());
        assert!(all.iter().all(|endpoint| !rings(endpoint).unwrap()), "nobody rang");
    };
    quiet();
    for (from, sleeper, to) in [
        (&a, Sleeper::Receiver, &host),
        (&host, waiter(&a), &a),
        (&a, waiter(&host), &host),
        (&a, waiter(&b), &b),
        (&b, waiter(&a), &a),
    ] {
        from.wake(sleeper, Kind::Task);
        eventually("it rings", || rings(to).unwrap());
        quiet();
    }
    a.wake(Sleeper::Overflow, Kind::Task);
    eventually("all others ring", || rings(&host).unwrap() && rings(&b).unwrap());
}

#[test]
fn a_guest_that_cannot_be_heard_for_lack_of_memory_is_heard_later_and_without_haste() {
    let host = alone();
    let [a, b] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    let lifeline = host.host.as_ref().unwrap().roster().member(a.me()).unwrap().lifeline.clone();
    b.hear();
    let rings = || socket::wait_readable(b.bell_fd().unwrap(), Some(Instant::now())).unwrap();
    let tries = || starving::TRIES.load(Ordering::Relaxed);
    let since = Instant::now();
    starving::AT.store(lifeline.as_raw_fd() as u32, Ordering::Relaxed);
    a.wake(Sleeper::Waiter { cell: 0, owner: b.me() }, Kind::Task);
    eventually("it is tried again", || tries() >= 3);
    let (tries, passed) = (tries(), since.elapsed());
    assert!(tries <= 1 + passed.div_duration_f32(PAUSE) as u32, "{tries} tries in {passed:?}");
    assert!(!rings());
    starving::AT.store(0, Ordering::Relaxed);
    eventually("it is heard", rings);
}

#[test]
fn a_guest_whose_connection_broke_still_wakes_tasks_of_other_guests() {
    let host = alone();
    let [a, b] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    let member = host.host.as_ref().unwrap().roster().member(a.me()).unwrap();
    b.hear();
    let rings = || socket::wait_readable(b.bell_fd().unwrap(), Some(Instant::now())).unwrap();
    // Only in this direction: it is not to think that the host is gone.
    let copy = UnixStream::from(member.lifeline.try_clone().unwrap());
    copy.shutdown(std::net::Shutdown::Read).unwrap();
    eventually("the host has seen it", || !member.is_listened_to());
    for _ in 0..3 {
        a.wake(Sleeper::Waiter { cell: 0, owner: b.me() }, Kind::Task);
        eventually("it rings", rings);
        b.hear();
    }
}

#[test]
fn a_guest_that_spoke_nonsense_still_wakes_tasks_of_other_guests() {
    let host = alone();
    let [a, b] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    let member = host.host.as_ref().unwrap().roster().member(a.me()).unwrap();
    b.hear();
    let rings = || socket::wait_readable(b.bell_fd().unwrap(), Some(Instant::now())).unwrap();
    a.guest.get().unwrap().say_nonsense();
    eventually("the host has heard it", || !member.is_listened_to());
    for _ in 0..3 {
        a.wake(Sleeper::Waiter { cell: 0, owner: b.me() }, Kind::Task);
        eventually("it rings", rings);
        b.hear();
    }
    assert!(!a.queue().is_closed(), "it does not think that the host is gone");
}

#[test]
fn more_wakes_than_a_socket_holds_are_not_lost() {
    let host = alone();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    let rings = || socket::wait_readable(guest.bell_fd().unwrap(), Some(Instant::now())).unwrap();
    let wake = || host.wake(Sleeper::Waiter { cell: 0, owner: guest.me() }, Kind::Task);
    for _ in 0..3 {
        (0..2000).for_each(|_| wake());
        assert!(rings());
        guest.hear();
        assert!(!rings(), "all was heard at once");
        wake();
        assert!(rings(), "and the next is news again");
        guest.hear();
    }
    drop(guest);
}

#[test]
fn who_leaves_is_dead_before_its_handles_can_be_cleared_for_another_departure() {
    let host = alone();
    let [a, b] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    drop_own_sender(&host);
    // One dies in the middle of a send. Whoever sees to it comes no further than the beginning, while another thread sees
    // to the other one, with which the stream ends.
    let producer = Producer { queue: a.queue(), me: a.me(), view: a.view_cell() };
    let claimed = producer.claim(queue::Place::Newcomer, 1, &*a);
    assert!(matches!(claimed, Claimed::Granted(_)));
    assert!(host.host.as_ref().unwrap().begin_departure(a.me()).is_some());
    host.depart(b.me());
    assert!(host.queue().has_ended());
    let mut consumer = Consumer::new(&host.queue());
    assert_eq!(consumer.receive::<[u64; 2]>(&host.queue(), &*host), Took::End);
    assert_eq!(consumer.nonsense(), None, "it is passed");
}

#[test]
fn the_name_counts_no_more_once_a_sender_has_come_though_its_count_was_written_over() {
    let bound = bind(&Terms { end_with_last: true, ..terms() });
    bound.host.queue().view.members[0].strong.store(7, Ordering::Relaxed);
    let guest = bound.connect().unwrap();
    guest.queue().drop_strong(guest.me(), &*guest);
    assert!(guest.queue().has_ended());
}

#[test]
fn a_door_that_was_shut_for_good_by_who_has_a_copy_is_watched_no_more() {
    let bound = bind(&terms());
    let host = bound.host.host.as_ref().unwrap();
    let (listener, token) = {
        let name = host.name();
        let name = name.as_ref().unwrap();
        (name.listener().clone(), name.token.unwrap())
    };
    let porter = Porter::of_this_process().unwrap();
    assert!(porter.knows(token));
    socket::hang_up(&*listener);
    eventually("it is forgotten", || !porter.knows(token));
}

/// Does something when it is woken.
struct Act<F>(F);

impl<F: Fn() + Send + Sync> std::task::Wake for Act<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[test]
fn a_number_is_not_given_again_before_all_that_its_process_left_is_repaired() {
    let host = host(SIZE, ALIGN, &Terms { members: 2, ..terms() }, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    // A task waits in the line, and has been given room of which nobody told it. The repair does, in its middle; there
    // the task ends a permit operation for which recovery may have waited, and asks for a sender to be sent.
    let made = Arc::new(std::sync::Mutex::new(Vec::new()));
    let waker = {
        let (host, made) = (Arc::downgrade(&host), made.clone());
        std::task::Waker::from(Arc::new(Act(move || {
            let host = host.upgrade().unwrap();
            host.wake_recovery();
            lock(&made).push(sender_into_fd(&host));
        })))
    };
    let queue = host.queue();
    let ticket = queue.enter(host.me(), 1).unwrap();
    let cell = queue.cell_of(ticket);
    host.sleepers().put(Spot::Cell { cell, ticket }, None, &waker);
    queue.view.bells[cell].register(Kind::Task);
    drop(guest);
    eventually("the task was woken", || !lock(&made).is_empty());
    eventually("it was repaired", || !host.host.as_ref().unwrap().roster().is_leaving());
    let mut made = lock(&made);
    assert!(matches!(made[..], [Err(OpenError::RosterFull { members: 2, leaving: 1 })]), "{made:?}");
    made.push(sender_into_fd(&host));
    assert!(made[1].is_ok());
    assert_eq!(host.queue().strong_count(), 2, "nobody took away the handle of the next one");
}

/// Takes the receiver that its standard input carries as far as the handover, and ends. Only if a parent asks.
#[test]
fn role_of_one_who_takes_and_dies() {
    if std::env::var_os("SHMPSC_TAKES_AND_DIES").is_none() {
        return;
    }
    let socket = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let facts = Facts { layout: layout::VERSION, size: 16, align: 8, word: 64, tag: String::new() };
    let hello = Message::Hello(Hello { want: Want::Receiver, facts }).encode();
    loop {
        socket::send(&socket, &hello, &[]).unwrap();
        match next(&socket) {
            Some(Message::Again) => {}
            Some(Message::Handover(_)) => std::process::exit(0),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_taker_that_dies_on_the_way_takes_the_receiver_with_it_though_its_connection_lives() {
    let giver = alone();
    let descriptor = receiver_into_fd(&giver).unwrap();
    let copy = descriptor.try_clone().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "control::tests::role_of_one_who_takes_and_dies", "--test-threads=1"])
        .env("SHMPSC_TAKES_AND_DIES", "1")
        .stdin(descriptor)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    eventually("it is closed", || giver.queue().is_closed());
    drop(copy);
}
