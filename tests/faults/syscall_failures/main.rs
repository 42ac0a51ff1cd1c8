//! Every system call that a channel needs is refused in turn, in a real process: what cannot be done without it is an error in
//! words, nothing hangs or panics, nothing is lost, and it works once the call is granted again.
//!
//! `refuser` is how a call is refused; `guest`, `host`, `growth` and `pages` are the processes that it is refused to. Where a process may not
//! do this to itself the tests say that they are left out.

mod growth;
mod guest;
mod host;
mod pages;
#[path = "../../support/mod.rs"]
mod people;
mod refuser;

use std::{
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    time::Duration,
};

use people::{Patience, Value, kinds::Kind, tell};
use refuser::{Refuser, What};
use shmpsc::{Options, error::OpenError};

/// No descriptor, or no memory: for one call.
const LACKS: [i32; 2] = [libc::EMFILE, libc::ENOMEM];
/// A sandbox, or a kernel without the call: for all of its kind.
const FORBIDS: [i32; 2] = [libc::EPERM, libc::ENOSYS];
/// More calls than anything here makes.
const PLENTY: u64 = 500;

/// How the first word of a child that cannot be refused anything begins.
const LEFT_OUT: &str = "left out";

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    // Before: what happens first is not told apart from what happens always.
    count_panics();
    let refuser = match Refuser::install() {
        Ok(refuser) => refuser,
        Err(error) => return tell(format!("{LEFT_OUT}: no call can be refused here: {error}")),
    };
    match words[0] {
        "acts" => guest::acts(Kind::of(words[1]), words[2], &path, &refuser),
        "grows" => growth::grows(&refuser),
        "hosts" => host::hosts(Kind::of(words[1]), &path, &refuser),
        "maps" => pages::maps(&refuser),
        "begins" => {
            let place = words[3].parse().expect("a number");
            let refused = match words[2] {
                "nth" => What::Nth(place),
                _ => What::Kind(place as usize),
            };
            guest::begins(words[1], &path, refused, words[4].parse().expect("an error"), &refuser);
        }
        other => panic!("no role {other}"),
    }
}

/// Nothing waits for this; it turns a hang into a failure.
fn patience() -> Patience {
    people::patience(Duration::from_secs(120))
}

static PANICS: AtomicU32 = AtomicU32::new(0);

/// Also those that the library catches.
fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, SeqCst);
        before(panic);
    }));
}

fn panics() -> u32 {
    PANICS.load(SeqCst)
}

/// Two numbers of processes beside the receiver's own: whatever keeps one is noticed soon.
fn options() -> Options {
    Options::new().capacity(4).max_processes(3).prefault(true)
}

/// An error is a sentence.
fn is_in_words(error: &OpenError) -> bool {
    error.to_string().split(' ').count() >= 3
}

/// What the child says next; none if it is left out, which is then said.
fn heard(child: &mut people::Person) -> Option<String> {
    let said = child.hear();
    if said.starts_with(LEFT_OUT) {
        println!("{said}");
        return None;
    }
    Some(said)
}

const ONE: Value = [1, 1];
