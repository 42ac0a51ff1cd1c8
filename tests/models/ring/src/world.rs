//! The state of the model: the shared words, the words private to a process, the actors with their local copies, and the
//! switches of the rules.
//!
//! Positions are small numbers that do not wrap; the first is the number of slots, so that zero means none. The slot of an entry,
//! the entry of a stall, the thread that claimed a slot, and owners are numbers plus one.

use crate::explorer::{State, rules};

pub const THREADS: usize = 4;
pub const PROCESSES: usize = 4;
pub const SLOTS: usize = 4;
pub const ENTRIES: usize = 3;
pub const MESSAGES: usize = 10;

/// The claim word.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Claim {
    pub tail: u8,
    pub reserved: u8,
    pub owner: u8,
    pub closed: u8,
}

/// A slot in quarantine. All zero: free.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Entry {
    pub slot: u8,
    /// The last position of the slot that is void, or that its sender stalled at.
    pub last: u8,
    pub active: u8,
}

impl Entry {
    /// Whether this position of the slot carries no value, now or once the tail is beyond it.
    pub fn is_void_at(self, position: u8) -> bool {
        self.active == 1 || position <= self.last
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Record {
    pub position: u8,
    pub owner: u8,
}

/// One slot with its record.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Slot {
    pub stamp: u8,
    pub value: u8,
    pub record: Record,
}

/// A process's copy of head, and whether any slot was in quarantine then.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct View {
    pub head: u8,
    pub any: u8,
}

/// One sending thread with its local copies. A copy that is no longer needed is zero, so that equal states are found equal.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Sender {
    pub pc: u8,
    pub claim: Claim,
    pub view: View,
    /// The entry that is looked at next, and what was found so far.
    pub at: u8,
    pub ahead: u8,
    pub run: u8,
    /// The entry of the tail's slot plus one, and as loaded.
    pub blocked: u8,
    pub entry: Entry,
    pub record: Record,
    /// Being written, and how many are left; before the claim, how many are to be claimed.
    pub position: u8,
    pub left: u8,
    /// Permits.
    pub held: u8,
    /// The next message, among this thread's.
    pub message: u8,
    pub began: u8,
    /// It was told that the channel is full, and waits.
    pub waits: u8,
    /// For the checker: the channel was full when the thread looked.
    pub was_full: u8,
}

/// A position whose sender claimed it and has not published it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Stall {
    pub position: u8,
    pub owner: u8,
    pub entry: u8,
    /// Until it is received or its process proved dead.
    pub active: u8,
}

/// The receiver: what it keeps between two receives, then its local copies.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Receiver {
    /// Oldest first.
    pub stalls: [Stall; ENTRIES],
    pub ended: u8,

    pub pc: u8,
    pub claim: Claim,
    /// Head is published.
    pub here: u8,
    /// An index in a loop.
    pub at: u8,
    /// Stalls plus one.
    pub late: u8,
    pub dead: u8,
    pub was_dead: u8,
    pub owner: u8,
    pub entry: Entry,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct World {
    // What only the checker knows.
    /// Bits of messages.
    pub returned: u16,
    pub received: u16,
    pub refused: u16,
    /// For each message, those that must be received before it.
    pub before: [u16; MESSAGES],
    /// For each slot the thread plus one that claimed a position there, until its capacity is given back.
    pub claimed_by: [u8; SLOTS],
    // Shared memory.
    pub claim: Claim,
    pub head: u8,
    /// How many slots are in quarantine.
    pub count: u8,
    pub entries: [Entry; ENTRIES],
    pub slots: [Slot; SLOTS],
    // Private to a process.
    pub views: [View; PROCESSES],
    // The system.
    /// Bits of processes.
    pub dead: u8,
    pub proved: u8,
    /// Bits of threads.
    pub stopped: u8,
    pub kills: u8,
    pub stops: u8,
    /// Always zero: makes the size even, so that there is no padding.
    pub rest: u8,
    pub senders: [Sender; THREADS],
    pub receiver: Receiver,
}

const _: () = {
    let masks = 2 * (3 + MESSAGES) + SLOTS;
    let shared = size_of::<Claim>() + 2 + ENTRIES * size_of::<Entry>() + SLOTS * size_of::<Slot>();
    let system = PROCESSES * size_of::<View>() + 6;
    let actors = THREADS * size_of::<Sender>() + size_of::<Receiver>();
    assert!(size_of::<World>() == masks + shared + system + actors);
};

// SAFETY: it is repr(C), and the assertion above says that its fields fill it.
unsafe impl State for World {}

rules! {
    /// the limit is the capacity, not the number of slots
    exact_limit,
    /// slots in quarantine hold capacity beyond what stands between head and tail
    counts_ahead,
    /// only those whose position of this lap is not yet behind the tail
    only_ahead,
    /// and void
    only_void,
    /// up to head plus the number of slots, not plus the capacity
    whole_lap,
    /// Full is told only if the claim word is still the same
    full_confirmed,
    /// a sender whose view says that a slot is in quarantine looks again
    looks_while_any,
    /// the count of quarantined slots is loaded after head
    count_after_head,
    /// the view takes head and count together, or neither
    both_or_neither,
    /// the tail's position is made void if its slot is in quarantine
    voids,
    /// in the entry first, then in the claim word
    entry_first,
    /// by an exchange
    void_exact,
    /// a batch ends before a slot in quarantine
    run_ends,
    /// a sender that finds another owner in the claim word records it
    records,
    /// by an exchange
    record_exact,
    /// and starts over if it finds a later position recorded
    record_newer,
    /// the receiver loads the claim word before the records
    claim_first,
    /// a slot is in quarantine before head moves past it
    register_first,
    /// the stamp of head first, then those of the stalled
    head_first,
    /// those from newest to oldest
    newest_first,
    /// of two late values the older one is delivered first
    oldest_first,
    /// proof of death first, then the stamp
    proof_first,
    /// also of a stalled send
    proof_first_stalled,
    /// an entry stays until head has passed its last void position
    lingers,
    /// the receiver moves the claim word over the void position of an entry that lingers at the tail
    moves_over,
    /// also if a stalled send alone stands before it
    moves_over_alone,
    /// the stream does not end while a sender is stalled
    end_waits,
    /// nor while a permit is held
    permits_end,
}

/// What a thread does for each of its messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sends, and waits while the channel is full.
    Send,
    /// Sends, and takes Full for an answer.
    Try,
    /// Sends all of them in one call.
    Batch,
    /// Reserves one permit and sends on it.
    Permit,
    /// Reserves a permit for each in one call, then sends on them.
    Permits,
    /// Reserves one permit and drops it.
    Drop,
    /// Is stopped for ever when it has claimed.
    Stall,
    /// Is stopped for ever when it has a permit.
    Hold,
}

impl Kind {
    pub fn has_permits(self) -> bool {
        matches!(self, Kind::Permit | Kind::Permits | Kind::Drop | Kind::Hold)
    }
}

#[derive(Clone)]
pub struct Setup {
    pub capacity: u8,
    pub slots: u8,
    /// How many slots can be in quarantine.
    pub entries: usize,
    /// For each thread its process, what it does, how many messages it has; its first message.
    pub process: Vec<u8>,
    pub kind: Vec<Kind>,
    pub messages: Vec<u8>,
    pub first: Vec<u8>,
    pub close: bool,
    pub kills: u8,
    pub stops: u8,
    /// More than the capacity may be in use.
    pub loose: bool,
    pub rules: Rules,
}

impl Setup {
    pub fn threads(&self) -> usize {
        self.process.len()
    }

    pub fn processes(&self) -> usize {
        self.process.iter().max().map_or(0, |last| usize::from(*last) + 1)
    }

    pub fn me(&self, thread: usize) -> u8 {
        self.process[thread] + 1
    }

    pub fn index(&self, position: u8) -> usize {
        usize::from(position % self.slots)
    }

    /// How many slots lie from that of `position` forward to that of an entry.
    pub fn slots_to(&self, position: u8, entry: Entry) -> u8 {
        (entry.slot - 1 + self.slots - position % self.slots) % self.slots
    }

    /// What the claims and permits together may take.
    pub fn limit(&self) -> i8 {
        (if self.rules.exact_limit { self.capacity } else { self.slots }) as i8
    }

    /// Whether an entry holds capacity beyond what stands between head and tail.
    pub fn is_ahead(&self, entry: Entry, head: u8, tail: u8) -> bool {
        if entry.slot == 0 || !self.rules.counts_ahead {
            return false;
        }
        let distance = self.slots_to(head, entry);
        let position = head + distance;
        let window = if self.rules.whole_lap { self.slots } else { self.capacity };
        distance < window
            && (position >= tail || !self.rules.only_ahead)
            && (entry.is_void_at(position) || !self.rules.only_void)
    }

    /// The free capacity by the shared words, all read at once.
    pub fn free(&self, world: &World) -> i8 {
        let claim = world.claim;
        let ahead = world.entries.iter().filter(|entry| self.is_ahead(**entry, world.head, claim.tail));
        self.limit() - (claim.tail - world.head) as i8 - claim.reserved as i8 - ahead.count() as i8
    }

    /// The capacity in use: each value that is claimed and not yet taken, stalled or not, and each permit.
    pub fn units(&self, world: &World) -> u8 {
        let claimed = world.claimed_by.iter().filter(|thread| **thread != 0).count() as u8;
        claimed + world.claim.reserved
    }

    /// The entries of sends that are stalled no more, whose last void position head has not passed. Each keeps its capacity until then.
    pub fn lingering(&self, world: &World) -> u8 {
        let lingers = |entry: &&Entry| entry.slot != 0 && entry.active == 0 && entry.last >= world.head;
        world.entries.iter().filter(lingers).count() as u8
    }

    pub fn is_published(&self, world: &World, position: u8) -> bool {
        world.slots[self.index(position)].stamp == position
    }

    pub fn is_proved(&self, world: &World, owner: u8) -> bool {
        owner != 0 && world.proved >> (owner - 1) & 1 == 1
    }

    pub fn is_stopped(&self, world: &World, thread: usize) -> bool {
        world.stopped >> thread & 1 == 1
    }
}
