//! The sending process: told over a pipe what to send, and how deep the queue is to be.

use std::{ffi::OsStr, path::Path};

use shmpsc::{Sender, UnboundedSender, connect, connect_unbounded};

use crate::{
    Value,
    harness::{
        child::{self, Child},
        cores::{Cores, pin},
    },
};

/// So often a sender looks how deep the queue is.
pub(crate) const LOOK: u64 = 64;

/// Passes the time in which a receiver takes some tens of values. A sender that looked all the time how deep the queue is would take
/// the word that it looks at from the receiver.
pub(crate) fn pause() {
    (0..64).for_each(|_| std::hint::spin_loop());
}

/// Starts one that sends in an unbounded channel, or in a bounded one.
pub(crate) fn start(role: &str, path: &Path, cores: Option<Cores>) -> Child {
    let core = cores.map_or(String::new(), |cores| cores.there.to_string());
    let mut child = Child::start([OsStr::new(role), path.as_os_str(), OsStr::new(&core)]);
    child.expect("in");
    child
}

/// Plays its role until the parent has nothing more to say, if we are a child.
pub(crate) fn play_if_child() -> bool {
    let Some(words) = child::arguments() else { return false };
    let words: Vec<_> = words.collect();
    let [role, path, core] = &words[..] else { panic!("a role, a path and a core") };
    if let Ok(core) = core.to_str().expect("a number").parse() {
        pin(core);
    }
    match role.to_str().expect("a role") {
        "unbounded" => unbounded(&connect_unbounded(path).expect("the parent receives")),
        "bounded" => bounded(&connect(path).expect("the parent receives")),
        other => panic!("no role {other}"),
    }
    true
}

/// `COUNT DEPTH`: sends so many values, while fewer than so many are queued.
fn orders() -> impl Iterator<Item = (u64, usize)> {
    println!("in");
    child::orders().map(|line| {
        let (count, depth) = line.split_once(' ').expect("two numbers");
        (count.parse().expect("a count"), depth.parse().expect("a depth"))
    })
}

fn unbounded(sender: &UnboundedSender<Value>) {
    let mut number = 0;
    for (count, depth) in orders() {
        for at in 0..count {
            if at % LOOK == 0 {
                while sender.len() + LOOK as usize > depth {
                    pause();
                }
            }
            sender.send([number; 8]).expect("there is memory");
            number += 1;
        }
        println!("sent");
    }
}

fn bounded(sender: &Sender<Value>) {
    let mut number = 0;
    for (count, _) in orders() {
        for _ in 0..count {
            sender.blocking_send([number; 8]).expect("the parent receives");
            number += 1;
        }
        println!("sent");
    }
}
