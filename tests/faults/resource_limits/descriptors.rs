//! A process with few descriptors, from none at all to just enough, at whatever step that ends: an error, nothing lost, and it
//! works again when there are more.

use std::{fs, path::Path};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shmpsc::{Sender, error::OpenError};

use crate::{
    MEBIBYTE, PAGE, Page, options, patience,
    people::{eventually, room, start, tell, watch},
};

/// More than any of these needs.
const PLENTY: u64 = 64;

/// Does something while just so many more descriptors can be had.
fn with_few<T>(few: u64, act: impl FnOnce() -> T) -> T {
    let open = || fs::File::open("/dev/null").expect("there is room");
    // So that there is no hole below the limit.
    let mut filling = vec![open()];
    let highest = |file: &fs::File| std::os::fd::AsRawFd::as_raw_fd(file) as u64;
    let top = fs::read_dir("/proc/self/fd").expect("proc is mounted");
    let top = top.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).max().unwrap_or(0);
    while highest(filling.last().expect("there is one")) < top {
        filling.push(open());
    }
    let next = filling.iter().map(highest).max().expect("there is one").max(top) + 1;
    let all = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(next + few), maximum: all.maximum }).unwrap();
    let done = act();
    setrlimit(Resource::Nofile, all).unwrap();
    done
}

/// What a process does that needs descriptors, while it has few: it is done, or refused.
fn act(what: &str, path: &Path, few: u64) -> Result<(), OpenError> {
    let own = path.with_extension("own");
    let small = || options(MEBIBYTE);
    match what {
        "makes" => with_few(few, || small().channel::<Page>().map(drop)),
        "binds" => with_few(few, || small().bind::<Page>(&own).map(drop)),
        "joins" => with_few(few, || shmpsc::connect::<Page>(path)).map(|sender| {
            sender.blocking_send(PAGE).unwrap();
        }),
        "lets-in" => {
            let mut receiver = small().bind::<Page>(&own)?;
            let joined = with_few(few, || shmpsc::connect::<Page>(&own));
            // Whoever was refused: there is room for others now.
            drop(shmpsc::connect::<Page>(&own)?);
            let sender = joined?;
            sender.try_send(PAGE).unwrap();
            assert_eq!(receiver.try_recv(), Ok(PAGE));
            Ok(())
        }
        "hands-over" => {
            let sender = shmpsc::connect::<Page>(path)?;
            let descriptor = with_few(few, || sender.into_fd())?;
            Sender::<Page>::from_fd(descriptor)?.blocking_send(PAGE).unwrap();
            Ok(())
        }
        "is-handed" => {
            let descriptor = shmpsc::connect::<Page>(path)?.into_fd()?;
            let sender = with_few(few, || Sender::<Page>::from_fd(descriptor))?;
            sender.blocking_send(PAGE).unwrap();
            Ok(())
        }
        "sleeps" => {
            let mut receiver = small().bind::<Page>(&own)?;
            let sender = shmpsc::connect::<Page>(&own)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            // It cannot be told in the usual way that it is woken; it must hear all the same.
            let received = with_few(few, || {
                runtime.block_on(async {
                    let sends = async { sender.send(PAGE).await.unwrap() };
                    tokio::join!(receiver.recv(), async {
                        tokio::task::yield_now().await;
                        sends.await;
                    })
                    .0
                })
            });
            assert_eq!(received, Some(PAGE));
            Ok(())
        }
        other => panic!("no act {other}"),
    }
}

/// Role: acts with no descriptor, with one, and so on until it can be done; twice, for what stays of the first time is not lost.
pub fn has_few(what: &str, path: &Path) {
    let mut refusals = Vec::new();
    let mut pass = || {
        for few in 0.. {
            assert!(few < PLENTY, "never done: {refusals:?}");
            match act(what, path, few) {
                Ok(()) => break,
                Err(error) => refusals.push(error.to_string()),
            }
        }
        act(what, path, PLENTY).unwrap();
    };
    pass();
    let held = watch::own_descriptors();
    pass();
    // The second time nothing is made that stays, so whatever is more, once what was dropped is closed, has been lost.
    eventually("no more is held than after the first time", || watch::own_descriptors() <= held);
    assert!(refusals.iter().all(|refusal| !refusal.is_empty()));
    tell(refusals.len());
}

/// How often it was refused.
fn refused(what: &str) -> u64 {
    let _patience = patience();
    let room = room();
    let mut host = start(&format!("hosts {MEBIBYTE}"), &room.name());
    assert_eq!(host.hear(), "bound");
    let mut child = start(&format!("has-few-descriptors {what}"), &room.name());
    let refused = child.hear().parse().expect("a number");
    child.end();
    refused
}

#[test]
fn a_channel_is_made_or_refused_with_any_count_of_descriptors() {
    assert!(refused("makes") > 0);
}

#[test]
fn a_name_is_bound_or_refused_with_any_count_of_descriptors() {
    assert!(refused("binds") > 0);
}

/// Shows T32.
#[test]
fn a_sender_joins_or_is_refused_with_any_count_of_descriptors() {
    assert!(refused("joins") > 0);
}

#[test]
fn a_receiver_lets_in_or_refuses_with_any_count_of_descriptors() {
    assert!(refused("lets-in") > 0);
}

#[test]
fn a_sender_is_handed_over_or_not_with_any_count_of_descriptors() {
    assert!(refused("hands-over") > 0);
}

#[test]
fn a_sender_is_taken_or_not_with_whatever_descriptors_there_are() {
    assert!(refused("is-handed") > 0);
}

/// Shows T33.
#[test]
fn a_task_sleeps_and_wakes_with_whatever_descriptors_there_are() {
    assert_eq!(refused("sleeps"), 0);
}
