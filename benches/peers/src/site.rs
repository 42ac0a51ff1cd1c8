//! Where the ends of a sample meet: paths, shared memory, a shelf within the process, and the word that tells its phase.
//!
//! Every process of a sample has one site, and each sample has names of its own.

use std::{
    any::Any,
    collections::HashMap,
    path::{Path, PathBuf},
    ptr::NonNull,
    sync::{Mutex, atomic::Ordering},
    thread,
    time::Duration,
};

use rustix::thread::futex;

use crate::{cell::Order, harness::shared_memory::SharedMemory};

/// What the phase word says: senders send.
const SENDING: u64 = 0;
/// The receiver has measured enough.
const ENDING: u64 = 1;
/// The receiver has received everything; senders may go.
const OVER: u64 = 2;

/// How often a sender that has sent everything looks whether it may go.
const LOOK: Duration = Duration::from_micros(50);

/// What the ends of a sample have in common.
pub(crate) struct Site {
    directory: PathBuf,
    memory: SharedMemory,
    /// The sample that is played.
    pub(crate) order: Order,
    /// What a process keeps for its other ends, by name.
    shelf: Mutex<HashMap<String, Box<dyn Any + Send>>>,
}

impl Site {
    pub(crate) fn new(directory: PathBuf, memory: SharedMemory, order: Order) -> Self {
        Self { directory, memory, order, shelf: Mutex::default() }
    }

    /// Returns a site for another of the channels that one sample makes, with names of its own.
    pub(crate) fn another(&self, channel: u32) -> Self {
        let sample = self.order.sample & u64::from(u32::MAX) | u64::from(channel) << 32;
        let order = Order { sample, ..self.order.clone() };
        Self::new(self.directory.clone(), self.memory.clone(), order)
    }

    /// Returns a path that no other sample uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}-{}", self.order.sample))
    }

    /// Returns the folder of all paths.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the memory of one of two bare rings: the first for the name `up`, the second for any other.
    pub(crate) fn memory(&self, name: &str) -> (NonNull<u8>, usize) {
        self.memory.ring(usize::from(name != UP))
    }

    /// Returns how many messages a channel is to have room for.
    pub(crate) fn capacity(&self) -> usize {
        self.order.cell.capacity()
    }

    /// Keeps something for other threads of this process.
    pub(crate) fn keep<K: Send + 'static>(&self, name: &str, kept: K) {
        let before = self.shelf.lock().expect("no panic before").insert(name.to_owned(), Box::new(kept));
        assert!(before.is_none(), "{name} is kept twice");
    }

    /// Takes what was kept.
    pub(crate) fn take<K: Send + 'static>(&self, name: &str) -> K {
        let kept = self.shelf.lock().expect("no panic before").remove(name);
        *kept.expect("something kept").downcast().expect("the type that was kept")
    }

    /// Returns a copy of what was kept, which `make` makes at first.
    pub(crate) fn shared<K: Clone + Send + 'static>(&self, name: &str, make: impl FnOnce() -> K) -> K {
        let mut shelf = self.shelf.lock().expect("no panic before");
        let kept = shelf.entry(name.to_owned()).or_insert_with(|| Box::new(make()));
        kept.downcast_ref::<K>().expect("the type that was kept").clone()
    }

    /// Returns a copy of what was kept.
    pub(crate) fn kept<K: Clone + Send + 'static>(&self, name: &str) -> K {
        self.shared(name, || panic!("something kept"))
    }

    /// Readies the phase word; no sender may have started.
    pub(crate) fn begin(&self) {
        // ORDERING: the start of a thread and a line on a pipe make it seen.
        self.memory.word().store(SENDING, Ordering::Relaxed);
        self.memory.gate().store(0, Ordering::Relaxed);
    }

    /// Returns whether senders are still to send.
    pub(crate) fn is_sending(&self) -> bool {
        // ORDERING: a flag alone; what a sender still sends after it is counted.
        self.memory.word().load(Ordering::Relaxed) == SENDING
    }

    /// Tells the senders to send their last message.
    pub(crate) fn end_sending(&self) {
        // ORDERING: as `is_sending`.
        self.memory.word().store(ENDING, Ordering::Relaxed);
    }

    /// Tells the senders that they may drop their ends.
    pub(crate) fn let_go(&self) {
        // ORDERING: as `is_sending`.
        self.memory.word().store(OVER, Ordering::Relaxed);
    }

    /// Waits until the senders may drop their ends. Some channels lose what a sender that has gone had sent.
    pub(crate) fn linger(&self) {
        // ORDERING: as `is_sending`.
        while self.memory.word().load(Ordering::Relaxed) != OVER {
            thread::sleep(LOOK);
        }
    }

    /// Sleeps until the gate is opened, without a wakeup before.
    pub(crate) fn wait_at_gate(&self) {
        let gate = self.memory.gate();
        // ORDERING: nothing is read under it; the message that follows goes through the channel.
        while gate.load(Ordering::Relaxed) == 0 {
            // An interrupted or refused wait is followed by another look.
            let _ = futex::wait(gate, futex::Flags::empty(), 0, None);
        }
    }

    /// Opens the gate.
    pub(crate) fn open_gate(&self) {
        let gate = self.memory.gate();
        // ORDERING: as `wait_at_gate`.
        gate.store(1, Ordering::Relaxed);
        futex::wake(gate, futex::Flags::empty(), i32::MAX as u32).expect("a word that is mapped");
    }
}

/// The name of the channel whose receiver is the host's.
pub(crate) const UP: &str = "up";
/// The name of the channel whose receiver is the guest's.
pub(crate) const DOWN: &str = "down";
