//! Both sides wait for ten seconds: no thread of either process runs even once.

use std::{
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use shmpsc::Options;

use crate::{
    Scale,
    people::{
        Person, Room, Value,
        how::{How, Runner},
        kinds::{Kind, Receiving},
        room, start, tell, wait_for_parent,
        watch::{self, Switches},
    },
};

fn bind(kind: Kind, path: &Path) -> Receiving {
    kind.bind(Options::new().capacity(1), path).unwrap()
}

/// Role: waits in `recv`.
pub fn receives_nothing(kind: Kind, how: How, path: &Path) {
    let receiver = bind(kind, path);
    let runner = Runner::new(how);
    tell("bound");
    wait_for_parent();
    let (_, received) = runner.recv(receiver, || tell("waits"));
    assert_eq!(received, Some([1, 1]));
}

/// Role: waits in `closed`; a thread, which has nothing like it, for a word of its parent's.
pub fn holds_a_sender(kind: Kind, how: How, path: &Path) {
    let sender = kind.connect(Options::new(), path).unwrap();
    let watched = sender.clone();
    let runner = Runner::new(how);
    // Its values come only when all is over.
    std::thread::scope(|scope| {
        if how != How::Blocking {
            scope.spawn(|| runner.run(async move { watched.closed().await }));
        }
        tell("in");
        wait_for_parent();
        sender.blocking_send([1, 1]).unwrap();
    });
}

/// Role: has a receiver and does not use it.
pub fn holds_a_receiver(path: &Path) {
    let mut receiver = bind(Kind::Bounded, path);
    tell("bound");
    wait_for_parent();
    wait_for_parent();
    assert_eq!(receiver.blocking_recv(), Some([0, 0]));
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
}

/// Role: waits in `send`.
pub fn sends_into_full(how: How, path: &Path) {
    let sender = shmpsc::connect::<Value>(path).unwrap();
    sender.try_send([0, 0]).unwrap();
    let runner = Runner::new(how);
    tell("in");
    runner.send(&sender, [1, 1], || {}).unwrap();
}

/// Two processes and the channel between them.
struct Pair {
    what: String,
    host: Person,
    guest: Person,
    _room: Room,
}

impl Pair {
    fn new(what: String, host: &str, guest: &str) -> Pair {
        let room = room();
        let name: PathBuf = room.name();
        let mut host = start(host, &name);
        assert_eq!(host.hear(), "bound");
        let mut guest = start(guest, &name);
        assert_eq!(guest.hear(), "in");
        host.say();
        Pair { what, host, guest, _room: room }
    }

    fn switches(&self) -> [Switches; 2] {
        [&self.host, &self.guest].map(|person| watch::switches(person.pid()))
    }
}

pub fn show(scale: Scale) {
    let seconds = if scale.is_full { 10 } else { 2 };
    let mut pairs = Vec::new();
    for how in How::ALL {
        let recv = Kind::ALL.map(|kind| {
            Pair::new(
                format!("{how}, {kind}: receiver waits in recv"),
                &format!("receives-nothing {kind} {how}"),
                &format!("holds-a-sender {kind} {how}"),
            )
        });
        let send = Pair::new(
            format!("{how}, bounded: sender waits in send"),
            "holds-a-receiver",
            &format!("sends-into-full {how}"),
        );
        pairs.extend(recv);
        pairs.push(send);
    }
    // Until they have all come to rest: half a second in which nobody runs.
    let look = |pairs: &[Pair]| pairs.iter().map(Pair::switches).collect::<Vec<_>>();
    let mut before = look(&pairs);
    for _ in 0..60 {
        sleep(Duration::from_millis(500));
        let now = look(&pairs);
        let is_quiet = now == before;
        before = now;
        if is_quiet {
            break;
        }
    }
    sleep(Duration::from_secs(seconds));
    for ((pair, after), before) in pairs.iter().zip(look(&pairs)).zip(&before) {
        let [host, guest] = [0, 1].map(|side| {
            let (after, before) = (after[side], before[side]);
            [after.voluntary - before.voluntary, after.involuntary - before.involuntary]
        });
        println!("   {}: {seconds} s, context switches {host:?} and {guest:?}", pair.what);
        assert_eq!((host, guest), ([0, 0], [0, 0]));
    }
    for mut pair in pairs {
        // The channel works: whoever waited is woken now.
        if pair.what.contains("recv") {
            pair.guest.say();
            assert_eq!(pair.host.hear(), "waits");
        } else {
            pair.host.say();
        }
        pair.host.end();
        pair.guest.end();
    }
}
