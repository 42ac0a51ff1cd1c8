//! The yardstick: the least that moves a value from one process to another, a ring of one producer and one consumer.
//!
//! It is no channel. It never sleeps, never ends, trusts its peer with its life, and does not survive the death of a peer.
//!
//! # Safety
//! Both halves hold the address of memory that outlives them (the shared mapping, which stays for the whole run). A slot belongs to
//! the producer from `head` moving past it until `tail` does, and to the consumer in between; the two indices are the
//! only words that both sides touch at once, and they are atomics.

use std::{
    hint::spin_loop,
    marker::PhantomData,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

use bytemuck::Pod;

/// Values that a ring has room for.
pub(crate) const CAPACITY: usize = 1024;

const _: () = assert!(CAPACITY.is_power_of_two());

/// Each index alone on its pair of cache lines, then the slots.
#[repr(C)]
struct Ring<T> {
    tail: Apart<AtomicU64>,
    head: Apart<AtomicU64>,
    slots: [T; CAPACITY],
}

#[repr(C, align(128))]
struct Apart<T>(T);

/// Where a ring lies; copied into both halves.
struct Place<T>(NonNull<Ring<T>>);

impl<T: Pod> Place<T> {
    fn new((start, length): (NonNull<u8>, usize)) -> Self {
        assert!(size_of::<Ring<T>>() <= length && start.cast::<Ring<T>>().is_aligned());
        Self(start.cast())
    }

    fn tail(&self) -> &AtomicU64 {
        // SAFETY: within the shared memory (checked in `new`), aligned, and accessed as an atomic by both processes.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.0.as_ptr()).tail.0 as *mut u64) }
    }

    fn head(&self) -> &AtomicU64 {
        // SAFETY: as `tail`.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.0.as_ptr()).head.0 as *mut u64) }
    }

    fn slot(&self, position: u64) -> *mut T {
        let index = position as usize & (CAPACITY - 1);
        // SAFETY: the index is masked to the array, which lies within the shared memory (checked in `new`).
        unsafe { (&raw mut (*self.0.as_ptr()).slots).cast::<T>().add(index) }
    }
}

/// Empties a ring; no thread may hold a half of it.
pub(crate) fn reset<T: Pod>(place: (NonNull<u8>, usize)) {
    let place = Place::<T>::new(place);
    // ORDERING: the other side learns through a pipe that the ring is ready.
    place.tail().store(0, Ordering::Relaxed);
    place.head().store(0, Ordering::Relaxed);
}

/// The half that writes.
pub(crate) struct Producer<T> {
    place: Place<T>,
    tail: u64,
    seen_head: u64,
    _values: PhantomData<T>,
}

impl<T: Pod> Producer<T> {
    /// The only producer of a ring that was just [`reset`].
    pub(crate) fn new(place: (NonNull<u8>, usize)) -> Self {
        Self { place: Place::new(place), tail: 0, seen_head: 0, _values: PhantomData }
    }

    /// Spins until there is room.
    pub(crate) fn push(&mut self, value: T) {
        while !self.try_push(value) {
            spin_loop();
        }
    }

    /// Returns whether there was room.
    pub(crate) fn try_push(&mut self, value: T) -> bool {
        if self.tail - self.seen_head == CAPACITY as u64 {
            // ORDERING: acquire pairs with the consumer's release; its copy out of the slot is done.
            self.seen_head = self.place.head().load(Ordering::Acquire);
            if self.tail - self.seen_head == CAPACITY as u64 {
                return false;
            }
        }
        // SAFETY: the slot is the producer's (see the module), within the shared memory and aligned.
        unsafe { self.place.slot(self.tail).write(value) };
        self.tail += 1;
        // ORDERING: release publishes the slot.
        self.place.tail().store(self.tail, Ordering::Release);
        true
    }
}

/// The half that reads.
pub(crate) struct Consumer<T> {
    place: Place<T>,
    head: u64,
    seen_tail: u64,
    _values: PhantomData<T>,
}

impl<T: Pod> Consumer<T> {
    /// The only consumer of a ring that was just [`reset`].
    pub(crate) fn new(place: (NonNull<u8>, usize)) -> Self {
        Self { place: Place::new(place), head: 0, seen_tail: 0, _values: PhantomData }
    }

    /// Spins until there is a value.
    pub(crate) fn pop(&mut self) -> T {
        loop {
            if let Some(value) = self.try_pop() {
                return value;
            }
            spin_loop();
        }
    }

    /// Returns a value if there is one.
    pub(crate) fn try_pop(&mut self) -> Option<T> {
        if self.head == self.seen_tail {
            // ORDERING: acquire pairs with the producer's release; the slot is written.
            self.seen_tail = self.place.tail().load(Ordering::Acquire);
            if self.head == self.seen_tail {
                return None;
            }
        }
        // SAFETY: the slot is the consumer's (see the module), within the shared memory, aligned and written.
        let value = unsafe { self.place.slot(self.head).read() };
        self.head += 1;
        // ORDERING: release gives the slot back after the copy.
        self.place.head().store(self.head, Ordering::Release);
        Some(value)
    }
}
