//! A bare ping-pong over a futex in shared memory: the least that wakes a process, with room for one message.
//!
//! # Safety
//! Both ends hold the address of memory that outlives them (the shared mapping, which stays for the whole run). The value belongs to the
//! sender while the word says that there is none, and to the receiver while it says that there is one.

use std::{
    ptr::NonNull,
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::thread::futex;

use crate::{
    contestant::{Blocks, Contestant, Reach},
    harness::value::Value,
    site::Site,
};

pub(crate) struct BareFutex;

const NONE: u32 = 0;
const SOME: u32 = 1;

/// One message, and the word that says whether it is there.
#[repr(C, align(64))]
struct Letter<T> {
    word: AtomicU32,
    value: T,
}

/// Where it lies.
pub(crate) struct Place<T>(NonNull<Letter<T>>);

impl<T: Value> Place<T> {
    fn new((start, length): (NonNull<u8>, usize)) -> Self {
        assert!(size_of::<Letter<T>>() <= length && start.cast::<Letter<T>>().is_aligned());
        Self(start.cast())
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: within the shared memory (checked in `new`), aligned, and accessed as an atomic by both processes.
        unsafe { &(*self.0.as_ptr()).word }
    }

    fn value(&self) -> *mut T {
        // SAFETY: within the shared memory (checked in `new`).
        unsafe { &raw mut (*self.0.as_ptr()).value }
    }
}

impl Contestant for BareFutex {
    const NAME: &'static str = "bare futex";
    const REACH: Reach = Reach::Processes;
    const SENDERS: usize = 1;

    type Sender<T: Value> = Place<T>;
    type Receiver<T: Value> = Place<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> Place<T> {
        let place = Place::new(site.memory(name));
        // ORDERING: the other side learns through a pipe that the word is ready.
        place.word().store(NONE, Ordering::Relaxed);
        place
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Place<T> {
        Place::new(site.memory(name))
    }
}

impl Blocks for BareFutex {
    fn send<T: Value>(place: &mut Place<T>, value: T) {
        // ORDERING: acquire pairs with the receiver's release; its copy is done.
        assert_eq!(place.word().load(Ordering::Acquire), NONE, "an answer comes before the next message");
        // SAFETY: the value is the sender's (see the module), within the shared memory and aligned.
        unsafe { place.value().write(value) };
        // ORDERING: release publishes the value.
        place.word().store(SOME, Ordering::Release);
        futex::wake(place.word(), futex::Flags::empty(), 1).expect("a word that is mapped");
    }

    fn receive<T: Value>(place: &mut Place<T>) -> T {
        // ORDERING: acquire pairs with the sender's release; the value is written.
        while place.word().load(Ordering::Acquire) == NONE {
            // An interrupted or refused wait is followed by another look.
            let _ = futex::wait(place.word(), futex::Flags::empty(), NONE, None);
        }
        // SAFETY: the value is the receiver's (see the module), within the shared memory, aligned and written.
        let value = unsafe { place.value().read() };
        // ORDERING: release gives the place back after the copy.
        place.word().store(NONE, Ordering::Release);
        value
    }
}
