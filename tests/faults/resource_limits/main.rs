//! Small worlds: processes that may have little memory, few descriptors, or write small files only, that have no `/proc` or an older
//! kernel. What cannot be had is an error that says so, never a signal or a panic, and works once it can be had.
//!
//! `limits` is what a process may not have, `descriptors` how few it has, `groups` what a control group leaves it, `files` where the
//! files of its name stand; `fences` is a sandbox without `membarrier`; `unbounded` is how the unbounded channel does with little
//! memory; `filter` plays an older kernel.

mod descriptors;
mod fences;
mod files;
mod filter;
mod groups;
mod limits;
#[path = "../../support/mod.rs"]
mod people;
mod unbounded;

use std::time::Duration;

use people::{Patience, kinds::Kind, start, tell};
use shmpsc::{Options, Receiver, Sender, error::OpenError};

/// A value that fills a page.
type Page = [u64; 512];
const PAGE: Page = [7; 512];

const MEBIBYTE: u64 = 1 << 20;

/// A channel with room for so many bytes of values.
fn options(bytes: u64) -> Options {
    Options::new().capacity((bytes / size_of::<Page>() as u64) as usize)
}

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let kind = || Kind::of(words[1]);
    match words[0] {
        "may-write-little" => limits::may_write_little(&path),
        "may-map-little" => limits::may_map_little(&path),
        "may-lock-little" => limits::may_lock_little(),
        "has-no-proc" => files::has_no_proc(words[1] == "old", &path),
        "may-not-unshare" => files::may_not_unshare(&path),
        "goes-elsewhere" => files::goes_elsewhere(&path),
        "finds-a-protected-file" => files::finds_a_protected_file(&path),
        "may-lock-nothing" => limits::may_lock_nothing(&path),
        "has-few-descriptors" => descriptors::has_few(words[1], &path),
        "hosts" => hosts(words[1].parse().expect("a number"), &path),
        "makes-in-a-group" => groups::makes(&path),
        "sends-in-a-group" => groups::sends(words[1].parse().expect("a number"), &path),
        "fills-in-a-group" => unbounded::fills_in_a_group(&path),
        "fills-to-its-limit" => unbounded::fills_to_its_limit(&path),
        "makes-unbounded-in-a-group" => unbounded::makes_in_a_group(),
        "may-have-little-unbounded" => unbounded::may_have_little(&path),
        "answers-without" => fences::answers_without(kind(), words[2], &path),
        "asks-without" => fences::asks_without(kind(), words[2], &path),
        "is-refused-without-barriers" => fences::is_refused_without_barriers(kind(), &path),
        "joins-without-barriers" => fences::joins_without_barriers(kind(), &path),
        "is-given-an-end" => fences::is_given_an_end(kind(), words[2]),
        other => panic!("no role {other}"),
    }
}

/// Nothing waits for this; it turns a hang into a failure.
fn patience() -> Patience {
    people::patience(Duration::from_secs(120))
}

/// Starts a process in that role at that path, hears that it is done, and waits for its end.
#[track_caller]
fn plays(role: &str, path: &std::path::Path) {
    let mut child = start(role, path);
    assert_eq!(child.hear(), "done");
    child.end();
}

/// Role: receives all that comes under the name, until the parent is gone.
fn hosts(bytes: u64, path: &std::path::Path) {
    let mut receiver: Receiver<Page> = options(bytes).bind(path).unwrap();
    tell("bound");
    while receiver.blocking_recv().is_some() {}
}

/// Fills a channel, and takes everything out of it.
fn is_whole(sender: &Sender<Page>, receiver: &mut Receiver<Page>) {
    while sender.try_send(PAGE).is_ok() {}
    assert_eq!(sender.capacity(), 0);
    while let Ok(value) = receiver.try_recv() {
        assert_eq!(value, PAGE);
    }
    assert_eq!(sender.capacity(), sender.max_capacity());
}

/// What was refused, and why.
#[track_caller]
fn refusal<T>(opened: Result<T, OpenError>) -> String {
    match opened {
        Ok(_) => panic!("there was no room for it"),
        Err(error) => format!("{error:?}"),
    }
}
