//! 64 processes at once, a million messages, in a queue of 8 and in an unbounded one: each once, and in its sender's order.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

use shmpsc::Options;

use crate::{
    Scale,
    people::{
        Person,
        how::{How, Runner},
        kinds::Kind,
        room, start, tell, wait_for_parent,
    },
};

const PROCESSES: u64 = 64;

/// Role: sends `count` values.
pub fn sends(kind: Kind, how: How, who: u64, count: u64, path: &Path) {
    let sender = kind.connect(Options::new(), path).unwrap();
    tell("in");
    wait_for_parent();
    Runner::new(how).send_all(sender, who, count);
}

pub fn show(scale: Scale) {
    let each = scale.of(1_000_000) / PROCESSES;
    let ways = [How::Blocking, How::CurrentThread];
    for (kind, receiving) in Kind::ALL.into_iter().flat_map(|kind| ways.map(|how| (kind, how))) {
        let room = room();
        let receiver = kind.bind(Options::new().capacity(8).end_with_last_sender(), &room.name()).unwrap();
        let role = |who: u64| format!("sends {kind} {} {who} {each}", How::ALL[who as usize % 4]);
        let mut children: Vec<_> = (0..PROCESSES).map(|who| start(&role(who), &room.name())).collect();
        children.iter_mut().for_each(|child| assert_eq!(child.hear(), "in"));
        assert_eq!(receiver.sender_strong_count(), PROCESSES as usize);
        children.iter_mut().for_each(Person::say);
        let began = Instant::now();
        let next = Arc::new(Mutex::new([0; PROCESSES as usize]));
        let counted = next.clone();
        Runner::new(receiving).receive_all(receiver, move |[who, n]| {
            let next = &mut counted.lock().unwrap()[who as usize];
            assert_eq!(n, *next, "from {who}: none lost, none twice, in order");
            *next += 1;
        });
        let seconds = began.elapsed().as_secs_f64();
        children.into_iter().for_each(Person::end);
        assert_eq!(*next.lock().unwrap(), [each; PROCESSES as usize]);
        let all = each * PROCESSES;
        println!(
            "   {PROCESSES} processes (16 blocking, 48 async), {}, receiver {receiving}: {all} messages, each once and in order, in \
             {seconds:.1} s",
            if kind == Kind::Bounded { "capacity 8" } else { "unbounded" }
        );
    }
}
