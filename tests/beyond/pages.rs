//! The pages of a channel are mapped before they are touched, in each process that asks for that.

use std::{path::Path, time::Duration};

use shmpsc::{Options, Receiver, Sender};

use crate::people::{patience, room, start, tell, watch::own_faults};

type Value = [u64; 8];

const CAPACITY: usize = 16_384;

fn options(prefault: bool) -> Options {
    Options::new().capacity(CAPACITY).prefault(prefault)
}

/// At least so many pages the values touch.
fn pages() -> u64 {
    (CAPACITY * size_of::<Value>() / rustix::param::page_size()) as u64
}

/// A lap may cost that many faults beside those of the queue.
fn few() -> u64 {
    pages() / 32
}

/// Sends a lap, and tells how many faults that was to this thread.
fn fills(sender: &Sender<Value>) -> u64 {
    let before = own_faults();
    (0..CAPACITY as u64).for_each(|n| sender.try_send([n; 8]).unwrap());
    own_faults() - before
}

/// Receives a lap, and tells how many faults that was to this thread.
fn drains(receiver: &mut Receiver<Value>) -> u64 {
    let before = own_faults();
    (0..CAPACITY as u64).for_each(|n| assert_eq!(receiver.try_recv(), Ok([n; 8])));
    own_faults() - before
}

/// Whether the system gives memory files huge pages unasked: then there are few faults in any case.
fn gives_huge_pages_unasked() -> bool {
    let setting = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    let words = ["[always]", "[within_size]", "[force]"];
    setting.is_ok_and(|setting| words.iter().any(|word| setting.contains(word)))
}

/// Whether a lap had the faults that it must have.
#[track_caller]
fn assert_faults(faults: u64, prefault: bool) {
    if prefault {
        assert!(faults <= few(), "{faults} faults in a lap through mapped pages");
    } else if !gives_huge_pages_unasked() {
        // A thread that reads a page gets its neighbours too, 16 in all.
        assert!(faults >= pages() / 16, "{faults} faults in a lap through {} pages", pages());
    }
}

/// Role: joins, sends a lap, and tells how many faults that was.
pub fn sends_a_lap(prefault: bool, path: &Path) {
    let sender = Options::new().prefault(prefault).connect(path).unwrap();
    tell(fills(&sender));
}

#[test]
fn a_first_lap_through_prefaulted_pages_takes_no_faults() {
    let _patience = patience(Duration::from_secs(60));
    for (here, there) in [(false, false), (true, false), (false, true), (true, true)] {
        let room = room();
        let mut receiver = options(here).bind(room.name()).unwrap();
        let mut child = start(&format!("sends-a-lap {}", u64::from(there)), &room.name());
        assert_faults(child.hear().parse().unwrap(), there);
        assert_faults(drains(&mut receiver), here);
    }
}

#[test]
fn an_end_that_was_handed_over_has_its_own_pages_prefaulted() {
    let _patience = patience(Duration::from_secs(60));
    for prefault in [false, true] {
        let (sender, mut receiver) = options(!prefault).channel::<Value>().unwrap();
        let descriptor = sender.into_fd().unwrap();
        let sender: Sender<Value> = Options::new().prefault(prefault).sender_from_fd(descriptor).unwrap();
        assert_faults(fills(&sender), prefault);
        drains(&mut receiver);
        drop(receiver);

        let (sender, receiver) = options(!prefault).channel::<Value>().unwrap();
        let descriptor = receiver.into_fd().unwrap();
        let mut receiver = Options::new().prefault(prefault).receiver_from_fd(descriptor).unwrap();
        fills(&sender);
        assert_faults(drains(&mut receiver), prefault);
    }
}
