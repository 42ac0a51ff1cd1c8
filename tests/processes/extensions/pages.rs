//! The pages of a channel are mapped before they are touched, or are huge ones, in each process that asks for that.

use std::{path::Path, time::Duration};

use shmpsc::{Options, Receiver, Sender};

use crate::people::{left_out, patience, room, start, tell, watch::own_faults};

type Value = [u64; 8];

/// Many huge pages, so that the rest behind the last whole one is little.
const CAPACITY: usize = 131_072;

/// A thread that reads a page gets its neighbours too, so many in all.
const NEIGHBOURS: u64 = 16;

/// How a process maps a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    AsTouched,
    Prefaulted,
    Huge,
}

impl How {
    const ALL: [How; 3] = [How::AsTouched, How::Prefaulted, How::Huge];

    fn options(self) -> Options {
        Options::new().capacity(CAPACITY).prefault(self == How::Prefaulted).huge_pages(self == How::Huge)
    }

    /// Whether a lap mapped as many pages as it must.
    #[track_caller]
    fn fits(self, mapped: u64) {
        // At least so many the values touch.
        let pages = (CAPACITY * size_of::<Value>() / rustix::param::page_size()) as u64;
        let is_right = match self {
            How::AsTouched => mapped >= pages || gives_huge_pages_unasked(),
            How::Prefaulted => mapped <= pages / 8,
            How::Huge => mapped <= pages / 2,
        };
        assert!(is_right, "{self:?}: {mapped} faults in a lap through {pages} pages");
    }
}

/// Sends a lap, and tells how many pages were mapped only then.
fn fills(sender: &Sender<Value>) -> u64 {
    let before = own_faults();
    (0..CAPACITY as u64).for_each(|n| sender.try_send([n; 8]).unwrap());
    own_faults() - before
}

/// Receives a lap, and tells how many pages were mapped only then.
fn drains(receiver: &mut Receiver<Value>) -> u64 {
    let before = own_faults();
    (0..CAPACITY as u64).for_each(|n| assert_eq!(receiver.try_recv(), Ok([n; 8])));
    (own_faults() - before) * NEIGHBOURS
}

fn setting() -> String {
    let setting = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    setting.unwrap_or_else(|_| "[deny]".to_owned())
}

/// Whether the system gives memory files huge pages unasked: then there are few faults in any case.
fn gives_huge_pages_unasked() -> bool {
    ["[always]", "[within_size]", "[force]"].iter().any(|word| setting().contains(word))
}

/// Whether the system gives huge pages to a program that asks for them; if not, the test says that it is left out.
fn has_huge_pages() -> bool {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let has = !setting().contains("[deny]") && version >= (6, 1);
    if !has {
        left_out("the system has no huge pages for memory files");
    }
    has
}

/// Role: joins, sends a lap, and tells how many pages were mapped only then.
pub fn sends_a_lap(how: u64, path: &Path) {
    let sender = How::ALL[how as usize].options().connect(path).unwrap();
    tell(fills(&sender));
}

/// Another process sends a lap to this one, each with its own pages.
#[track_caller]
fn one_lap(here: How, there: How) {
    let room = room();
    let mut receiver = here.options().bind(room.name()).unwrap();
    let mut child = start(&format!("sends-a-lap {}", there as usize), &room.name());
    there.fits(child.hear().parse().unwrap());
    here.fits(drains(&mut receiver));
}

#[test]
fn a_first_lap_through_prefaulted_pages_takes_no_faults() {
    let _patience = patience(Duration::from_secs(60));
    for here in [How::AsTouched, How::Prefaulted] {
        for there in [How::AsTouched, How::Prefaulted] {
            one_lap(here, there);
        }
    }
}

#[test]
fn a_first_lap_through_huge_pages_takes_few_faults() {
    let _patience = patience(Duration::from_secs(60));
    if has_huge_pages() {
        one_lap(How::Huge, How::Huge);
        one_lap(How::Huge, How::AsTouched);
        one_lap(How::Huge, How::Prefaulted);
    }
}

#[test]
fn an_end_that_was_handed_over_has_its_own_pages_prefaulted() {
    let _patience = patience(Duration::from_secs(60));
    for (maker, taker) in [(How::AsTouched, How::Prefaulted), (How::Prefaulted, How::AsTouched)] {
        let (sender, mut receiver) = maker.options().channel::<Value>().unwrap();
        let descriptor = sender.into_fd().unwrap();
        let sender = taker.options().sender_from_fd(descriptor).unwrap();
        taker.fits(fills(&sender));
        drains(&mut receiver);
        drop(receiver);

        let (sender, receiver) = maker.options().channel::<Value>().unwrap();
        let descriptor = receiver.into_fd().unwrap();
        let mut receiver = taker.options().receiver_from_fd(descriptor).unwrap();
        fills(&sender);
        taker.fits(drains(&mut receiver));
    }
}
