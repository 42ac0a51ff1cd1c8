//! An end of a channel on its way to another process, as one descriptor.

use std::sync::{Mutex, mpsc};

use super::*;
use crate::layout::ChannelKind;

#[test]
fn a_sender_travels_as_a_descriptor() {
    let host = alone();
    assert!(host.bell_fd().is_none());
    let descriptor = sender_into_fd(&host).unwrap();
    assert!(host.bell_fd().is_some());
    assert_eq!(host.ring().common().strong_count(), 2);
    let guest = sender_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    assert_eq!(host.ring().common().strong_count(), 2);
    // And on from there.
    let second = sender_into_fd(&guest).unwrap();
    assert_eq!(host.ring().common().strong_count(), 3);
    let further = sender_from_fd(second, SIZE, ALIGN, &terms()).unwrap();
    assert_ne!(further.me(), guest.me());
    drop_sender(guest);
    drop_sender(further);
    eventually("both have left", || host.ring().common().strong_count() == 1);
}

/// Shows W101.
#[test]
fn a_sender_lost_on_its_way_counts_as_dropped() {
    let host = alone();
    let descriptor = sender_into_fd(&host).unwrap();
    host.ring().common().drop_strong(host.me(), &*host);
    assert!(!host.ring().common().has_ended());
    drop(descriptor);
    eventually("the stream ends", || host.ring().common().has_ended());
}

/// Shows W102.
#[test]
fn a_connection_taken_out_and_not_spoken_on_holds_the_sender() {
    let host = alone();
    let descriptor = sender_into_fd(&host).unwrap();
    let copy = || descriptor.try_clone().unwrap();
    let connection = carrier::unload(copy()).unwrap();
    for _ in 0..2 {
        let error = sender_from_fd(copy(), SIZE, ALIGN, &terms()).err().unwrap();
        assert!(matches!(error, OpenError::AlreadyUsed), "{error}");
        let error = receiver_from_fd(copy(), SIZE, ALIGN, &terms()).err().unwrap();
        assert!(matches!(error, OpenError::AlreadyUsed), "{error}");
    }
    assert_eq!(host.ring().common().strong_count(), 2);
    drop(connection);
    eventually("its sender is dropped", || host.ring().common().strong_count() == 1);
}

#[test]
fn the_wrong_end_is_refused() {
    let host = alone();
    let descriptor = sender_into_fd(&host).unwrap();
    let error = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).err().unwrap();
    assert!(matches!(error, OpenError::WrongEnd), "{error}");
    eventually("its sender is dropped", || host.ring().common().strong_count() == 1);
    let error = sender_from_fd(std::fs::File::open("/dev/null").unwrap().into(), SIZE, ALIGN, &terms());
    assert!(matches!(error, Err(OpenError::WrongDescriptor { what: "a device" })));
}

#[test]
fn the_receiver_travels_and_the_giver_becomes_a_guest() {
    let giver = alone();
    let descriptor = receiver_into_fd(&giver).unwrap();
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    eventually("the giver knows", || !giver.is_host());
    assert!(host.is_host());
    assert_eq!(host.ring().common().strong_count(), 1);
    // The giver's sender can be handed on, now through the new host; and the giver can leave.
    let further = sender_from_fd(sender_into_fd(&giver).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    assert_eq!(host.ring().common().strong_count(), 2);
    assert!(!host.is_dead(giver.me()) && !host.is_dead(further.me()));
    drop_sender(giver);
    drop_sender(further);
    eventually("the stream ends", || host.ring().common().has_ended());
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
    assert_eq!(second.ring().common().strong_count(), 1);
    assert!(matches!(host(SIZE, ALIGN, &terms(), Some(&path)), Err(OpenError::NameInUse { .. })));
    drop(second);
    eventually("it is closed", || guest.ring().is_closed());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Drops an endpoint once the porter has it in hand no more, so that it is gone at once.
fn drop_last(endpoint: Arc<Endpoint>) {
    eventually("no other thread has it", || Arc::strong_count(&endpoint) == 1);
}

#[test]
fn the_receiver_travels_though_its_directory_was_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
    std::fs::create_dir(&old).unwrap();
    let giver = host(SIZE, ALIGN, &terms(), Some(&old.join("feed"))).unwrap();
    std::fs::rename(&old, &new).unwrap();
    let taker = receiver_from_fd(receiver_into_fd(&giver).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    drop_sender(connect(&new.join("feed"), SIZE, ALIGN, &terms()).unwrap());
    drop(giver);
    drop_last(taker);
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 0);
}

/// Shows T61.
#[test]
fn a_receiver_that_travelled_removes_no_socket_of_another() {
    let bound = bind(&terms());
    for name in ["feed", "feed.lock"] {
        std::fs::remove_file(bound.path.with_file_name(name)).unwrap();
    }
    let other = std::os::unix::net::UnixListener::bind(&bound.path).unwrap();
    let taker = receiver_from_fd(receiver_into_fd(&bound.host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    drop_last(taker);
    assert!(bound.path.exists());
    drop(other);
}

#[test]
fn the_receiver_stays_once_somebody_has_joined() {
    let host = alone();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::OthersJoined { members: 1 }), "{error}");
    drop(guest);
}

/// As if a permit operation of this process were under way.
fn is_in_the_middle(endpoint: &Endpoint) {
    endpoint.ring().view.common.members[usize::from(endpoint.me())].account.store(1, Ordering::Relaxed);
}

#[test]
fn the_receiver_stays_though_a_dead_waits_for_a_stopped_process() {
    let host = alone();
    let [dies, stops] =
        [(); 2].map(|()| sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap());
    is_in_the_middle(&dies);
    is_in_the_middle(&stops);
    drop(dies);
    let roster = || host.host.as_ref().unwrap().roster();
    eventually("it has left", || roster().others() == 1);
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::OthersJoined { members: 1 }), "{error}");
    assert!(roster().is_leaving());
    drop(stops);
    eventually("with the other one it is repaired", || !roster().is_leaving());
}

/// Holds up the porter until it is let go.
struct HoldUp {
    held: mpsc::Sender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Watcher for HoldUp {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        porter.forget(token);
        self.held.send(()).unwrap();
        let _ = lock(&self.go_on).recv();
    }
}

/// Does the first while the porter hears nothing. Makes the second meanwhile, and does it while the porter is let go.
fn while_the_porter_is_held_up<D: FnOnce()>(first: impl FnOnce(), second: impl FnOnce() -> D) {
    let ((held, is_held), (go_on, told)) = (mpsc::channel(), mpsc::channel());
    let bell = Arc::new(Doorbell::new().unwrap());
    bell.ring();
    let hold_up = Arc::new(HoldUp { held, go_on: Mutex::new(told) });
    let porter = Porter::of_this_process().unwrap();
    porter.watch(bell, Interest::READABLE.once_each(), hold_up).unwrap();
    is_held.recv().unwrap();
    first();
    let second = second();
    let letting_go = std::thread::spawn(move || go_on.send(()));
    second();
    letting_go.join().unwrap().unwrap();
}

#[test]
fn the_receiver_can_go_before_the_porter_hears_a_farewell() {
    for has_joined in [false, true] {
        let host = alone();
        let descriptor = sender_into_fd(&host).unwrap();
        let leave: Box<dyn FnOnce()> = if has_joined {
            let guest = sender_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
            Box::new(|| drop_sender(guest))
        } else {
            Box::new(|| drop(descriptor))
        };
        while_the_porter_is_held_up(leave, || {
            // Until it executes its program, a child of another test has copies of all descriptors.
            eventually("its connection has hung up", || {
                let roster = host.host.as_ref().unwrap().roster();
                (roster.others(), roster.staying()) == (1, 0)
            });
            || receiver_into_fd(&host).map(drop).unwrap()
        });
    }
}

#[test]
fn a_place_is_given_again_before_the_porter_hears_a_farewell() {
    let host = host(SIZE, ALIGN, &Terms { members: 2, ..terms() }, None).unwrap();
    let descriptor = sender_into_fd(&host).unwrap();
    let full = sender_into_fd(&host).unwrap_err();
    assert!(matches!(full, OpenError::TooManyProcesses { members: 2, leaving: 0, .. }), "{full}");
    while_the_porter_is_held_up(|| drop(descriptor), || || sender_into_fd(&host).map(drop).unwrap());
}

#[test]
fn the_receiver_stays_if_nonsense_keeps_a_repair_from_its_end() {
    let host = host(SIZE, ALIGN, &Terms { deadline: Duration::from_millis(20), ..terms() }, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    is_in_the_middle(&host);
    is_in_the_middle(&guest);
    drop(guest);
    eventually("it has left", || host.host.as_ref().unwrap().roster().others() == 0);
    let error = receiver_into_fd(&host).unwrap_err();
    assert!(matches!(error, OpenError::TimedOut { .. }), "{error}");
}

/// Shows W110.
#[test]
fn a_repair_that_awaits_the_giver_hears_what_it_did_meanwhile() {
    let giver = alone();
    let descriptor = receiver_into_fd(&giver).unwrap();
    // The porter needs this to make a guest of the giver.
    let roster = giver.host.as_ref().unwrap().roster();
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    let account = |number: u16| &host.ring().view.common.members[usize::from(number)].account;
    is_in_the_middle(&giver);
    let dead = 4;
    account(dead).store(1, Ordering::Relaxed);
    lock(&host.host.as_ref().unwrap().recovery).add(&host.ring(), dead);
    go_on_with_recovery(&host);
    account(giver.me()).store(0, Ordering::Relaxed);
    wake_recovery(&giver);
    assert_eq!(account(dead).load(Ordering::Relaxed), 1, "it waits");
    drop(roster);
    eventually("it goes on", || account(dead).load(Ordering::Relaxed) == 0);
}

#[test]
fn a_receiver_lost_on_its_way_counts_as_dropped() {
    let bound = bind(&terms());
    drop(receiver_into_fd(&bound.host).unwrap());
    eventually("it is closed", || bound.host.ring().is_closed());
    eventually("its name is gone", || !bound.path.exists());
}

/// Takes the receiver that its standard input carries as far as the handover, and ends. Only if a parent asks.
#[test]
fn role_of_one_who_takes_and_dies() {
    if std::env::var_os("SHMPSC_TAKES_AND_DIES").is_none() {
        return;
    }
    let socket = carrier::unload(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
    let facts = Facts {
        layout: layout::VERSION,
        size: 16,
        align: 8,
        word: 64,
        tag: String::new(),
        kind: ChannelKind::Bounded,
    };
    let hello = Message::Hello(Hello { want: WantedEnd::Receiver, facts }).encode();
    loop {
        socket::send(&socket, &hello, &[]).unwrap();
        match next(&socket) {
            Some(Message::Again) => {}
            Some(Message::Handover(_)) => std::process::exit(0),
            other => panic!("{other:?}"),
        }
    }
}

/// Shows W108.
#[test]
fn a_taker_that_dies_on_the_way_takes_the_receiver_with_it() {
    let giver = alone();
    let connection = carrier::unload(receiver_into_fd(&giver).unwrap()).unwrap();
    let copy = connection.try_clone().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "control::tests::handing::role_of_one_who_takes_and_dies", "--test-threads=1"])
        .env("SHMPSC_TAKES_AND_DIES", "1")
        .stdin(carrier::load(connection).unwrap())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    eventually("it is closed", || giver.ring().is_closed());
    drop(copy);
}

fn others(host: &Endpoint) -> usize {
    host.host.as_ref().unwrap().roster().others()
}

/// Shows W99.
#[test]
fn an_invitation_that_comes_too_late_is_dropped_when_it_comes() {
    let terms = Terms { capacity: 1, members: 3, ..Terms::default() };
    let host = host(8, 8, &terms, None).unwrap();
    let guest = sender_from_fd(sender_into_fd(&host).unwrap(), 8, 8, &terms).unwrap();
    assert!(guest.guest.get().unwrap().invite(Duration::ZERO, || ()).is_err());
    let until = Instant::now() + Duration::from_secs(20);
    while others(&host) < 2 {
        assert!(Instant::now() < until, "the host never answered");
        std::thread::yield_now();
    }
    while others(&host) > 1 {
        assert!(Instant::now() < until, "its sender lives on");
        guest.hear();
    }
}
