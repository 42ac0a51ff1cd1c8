//! A bare ring of many producers and one consumer in shared memory: Vyukov's bounded queue, without anything that waits or ends.
//!
//! # Safety
//! Both ends hold the address of memory that outlives them (the shared mapping, which stays for the whole run). A slot belongs to the
//! producer that moved the tail past it, until its turn says that it is full, and then to the consumer, until its turn says
//! that it is free. The tail and the turns are the only words that several threads touch at once, and they are atomics.

use std::{
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    cell::CAPACITY,
    contestant::{Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

const _: () = assert!(CAPACITY.is_power_of_two());

pub(crate) struct BareMpsc;

/// The tail alone on its pair of cache lines, then the slots.
#[repr(C)]
struct Ring<T> {
    tail: Apart<AtomicU64>,
    slots: [Slot<T>; CAPACITY],
}

#[repr(C, align(128))]
struct Apart<T>(T);

/// A place. Its turn is the position that may be written there, or one more when the value of that position is.
#[repr(C)]
struct Slot<T> {
    turn: AtomicU64,
    value: T,
}

/// Where a ring lies.
struct Place<T>(NonNull<Ring<T>>);

impl<T: Value> Place<T> {
    fn new((start, length): (NonNull<u8>, usize)) -> Self {
        assert!(size_of::<Ring<T>>() <= length && start.cast::<Ring<T>>().is_aligned());
        Self(start.cast())
    }

    fn tail(&self) -> &AtomicU64 {
        // SAFETY: within the shared memory (checked in `new`), aligned, and accessed as an atomic by every process.
        unsafe { &(*self.0.as_ptr()).tail.0 }
    }

    fn slot(&self, position: u64) -> *mut Slot<T> {
        let index = position as usize & (CAPACITY - 1);
        // SAFETY: the index is masked to the array, which lies within the shared memory (checked in `new`).
        unsafe { (&raw mut (*self.0.as_ptr()).slots).cast::<Slot<T>>().add(index) }
    }

    fn turn(&self, position: u64) -> &AtomicU64 {
        // SAFETY: as `tail`.
        unsafe { &(*self.slot(position)).turn }
    }
}

/// An end that writes.
pub(crate) struct Producer<T>(Place<T>);

/// The end that reads.
pub(crate) struct Consumer<T> {
    place: Place<T>,
    head: u64,
}

impl Contestant for BareMpsc {
    const NAME: &'static str = "bare MPSC ring";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = Producer<T>;
    type Receiver<T: Value> = Consumer<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> Consumer<T> {
        let place = Place::<T>::new(site.memory(name));
        // ORDERING: the other side learns through a pipe that the ring is ready.
        place.tail().store(0, Ordering::Relaxed);
        (0..CAPACITY as u64).for_each(|position| place.turn(position).store(position, Ordering::Relaxed));
        Consumer { place, head: 0 }
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Producer<T> {
        Producer(Place::new(site.memory(name)))
    }
}

impl Tries for BareMpsc {
    fn try_send<T: Value>(Producer(place): &mut Producer<T>, value: T) -> bool {
        // ORDERING: what decides is the turn of the slot, and then the exchange.
        let mut tail = place.tail().load(Ordering::Relaxed);
        loop {
            // ORDERING: acquire pairs with the consumer's release; its copy out of the slot is done.
            let turn = place.turn(tail).load(Ordering::Acquire);
            if turn == tail {
                // ORDERING: it gives the slot to one producer; the turn publishes.
                match place.tail().compare_exchange_weak(tail, tail + 1, Ordering::Relaxed, Ordering::Relaxed)
                {
                    Ok(_) => break,
                    Err(now) => tail = now,
                }
            } else if turn < tail {
                return false;
            } else {
                tail = place.tail().load(Ordering::Relaxed);
            }
        }
        // SAFETY: the slot is this producer's (see the module), within the shared memory and aligned.
        unsafe { (&raw mut (*place.slot(tail)).value).write(value) };
        // ORDERING: release publishes the value.
        place.turn(tail).store(tail + 1, Ordering::Release);
        true
    }

    fn try_receive<T: Value>(receiver: &mut Consumer<T>) -> Option<T> {
        let Consumer { place, head } = receiver;
        // ORDERING: acquire pairs with the producer's release; the value is written.
        if place.turn(*head).load(Ordering::Acquire) != *head + 1 {
            return None;
        }
        // SAFETY: the slot is the consumer's (see the module), within the shared memory, aligned and written.
        let value = unsafe { (&raw const (*place.slot(*head)).value).read() };
        // ORDERING: release gives the slot back after the copy.
        place.turn(*head).store(*head + CAPACITY as u64, Ordering::Release);
        *head += 1;
        Some(value)
    }
}
