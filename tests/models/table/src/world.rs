//! The state of the model: the shared words, the words private to a process, the actors with their local copies, and the
//! switches of the rules.
//!
//! Positions are small numbers that do not wrap. A stamp, a record and a stall hold a position plus one; zero means none. So do
//! the private copies of a logical chunk or of a piece of memory. Owners are processes plus one.

use crate::explorer::{State, rules};

pub const THREADS: usize = 3;
pub const PROCESSES: usize = 3;
/// The most pieces of memory, and the most positions of one.
pub const PIECES: usize = 4;
pub const PIECE: usize = 2;
/// The most entries of the table.
pub const TABLE: usize = 8;
pub const POSITIONS: usize = 12;
pub const MESSAGES: usize = 12;
pub const STALLS: usize = 4;

pub const UNTOUCHED: u8 = 0;
pub const OFFERED: u8 = 1;
pub const GROWING: u8 = 2;
pub const READY: u8 = 3;

/// The claim word.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Claim {
    pub tail: u8,
    pub owner: u8,
    pub closed: u8,
}

/// One entry of the table: which memory a logical chunk has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Entry {
    pub lap: u8,
    pub piece: u8,
    pub state: u8,
}

/// One slot with its record.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Slot {
    pub stamp: u8,
    pub value: u8,
    pub record: Record,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Record {
    pub position: u8,
    pub owner: u8,
}

/// The last logical chunk that a process found READY, plus one, and its memory.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct View {
    pub number: u8,
    pub piece: u8,
}

/// One sending thread with its local copies. A copy that is no longer needed is zero, so that equal states are found equal.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Sender {
    pub pc: u8,
    pub claim: Claim,
    /// The entry of the tail's chunk, as loaded.
    pub entry: Entry,
    /// The memory of the tail's chunk, then of the claimed positions.
    pub piece: u8,
    /// The memory of the position before the tail, and its record as loaded.
    pub record_piece: u8,
    pub record: Record,
    /// Being written, and how many are left.
    pub position: u8,
    pub left: u8,
    /// The next message, among this thread's.
    pub message: u8,
    pub began: u8,
}

/// A position whose sender claimed it and has not published it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Stall {
    pub position: u8,
    pub owner: u8,
    pub piece: u8,
}

/// A retired chunk with a stall in it: its logical number plus one, and its memory.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Kept {
    pub number: u8,
    pub piece: u8,
}

/// The receiver: what it keeps between two receives, then its local copies.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Receiver {
    pub head: u8,
    /// The first logical chunk that is neither retired nor kept.
    pub clean: u8,
    /// The first logical chunk whose entry is not written yet.
    pub posted: u8,
    /// Oldest first.
    pub stalls: [Stall; STALLS],
    pub kept: [Kept; STALLS],
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
    /// The memory in hand plus one, on its way from one entry to another, and as what it will be posted.
    pub hand: u8,
    pub post_as: u8,
    /// The entry that is looked at, up to which to look, and the entry as loaded.
    pub next: u8,
    pub until: u8,
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
    /// For each position the thread plus one that claimed it, until it is received or dropped.
    pub claimed_by: [u8; POSITIONS],
    /// For each piece of memory that a late sender made real: `posted` plus one at that moment.
    pub strayed: [u8; PIECES],
    // Shared memory.
    pub claim: Claim,
    pub table: [Entry; TABLE],
    pub slots: [[Slot; PIECE]; PIECES],
    // Private to a process.
    pub views: [View; PROCESSES],
    // The system.
    /// One bit for each piece of memory: it is real.
    pub real: u8,
    /// Bits of processes.
    pub dead: u8,
    pub proved: u8,
    /// Bits of threads.
    pub stopped: u8,
    pub kills: u8,
    pub stops: u8,
    pub fails: u8,
    pub senders: [Sender; THREADS],
    pub receiver: Receiver,
}

const _: () = {
    let masks = 2 * (3 + MESSAGES);
    let shared = size_of::<Claim>() + TABLE * size_of::<Entry>() + PIECES * PIECE * size_of::<Slot>();
    let system = 7 + POSITIONS + PIECES + PROCESSES * size_of::<View>();
    let actors = THREADS * size_of::<Sender>() + size_of::<Receiver>();
    assert!(size_of::<World>() == masks + shared + system + actors);
};

// SAFETY: it is repr(C), and the assertion above says that its fields fill it.
unsafe impl State for World {}

rules! {
    /// an entry bears a logical chunk only if its lap is the chunk's
    entry_has_lap,
    /// an untouched entry bears only one of the first chunks, as many as there is memory (it matters if the table is longer)
    untouched_is_first,
    /// a view is good for one logical chunk
    view_has_number,
    /// a sender claims only in a chunk that it found READY
    claims_ready,
    /// a sender marks the entry GROWING before it makes memory real
    growing,
    /// it does so by an exchange
    growing_exact,
    /// a sender that finds a chunk GROWING makes it real itself
    growing_helps,
    /// an entry says READY only after the memory is real
    ready_after,
    /// it becomes READY by an exchange
    ready_exact,
    /// the limit is told only if the claim word is still the same
    limit_confirmed,
    /// a batch claims up to the border of a chunk
    batch_ends,
    /// a sender that finds another owner in the claim word records it
    records,
    /// before it claims
    record_first,
    /// by an exchange
    record_exact,
    /// and starts over if it finds a later position recorded
    record_newer,
    /// the receiver looks at the stamp of head only if its chunk is READY
    looks_at_ready,
    /// the stamp of head first, then those of the stalled
    head_first,
    /// proof of death first, then the stamp
    proof_first,
    /// the stream does not end while a sender is stalled
    end_waits,
    /// a chunk is retired when head is one position beyond its end
    margin,
    /// a chunk with a stall in it is kept
    keeps,
    /// until the last stall in it has ended
    keeps_to_last,
    /// no more memory stands ready than so many chunks ahead of the tail's
    gives_back,
    /// memory is punched before it is on offer again
    punch_first,
    /// the receiver puts memory into an entry on offer by an exchange
    swap_exact,
    /// the memory that was on offer there is punched
    sweeps,
    /// the receiver finds a chunk GROWING: it gives memory back instead of putting it behind
    growing_first,
}

#[derive(Clone)]
pub struct Setup {
    /// Positions of a chunk.
    pub chunk: u8,
    /// How much memory there is, in chunks.
    pub pieces: u8,
    /// Entries of the table.
    pub table: u8,
    /// How many chunks ahead of the tail's stay real.
    pub ahead: u8,
    /// For each thread its process, how many messages it sends, and whether in one call; its first message.
    pub process: Vec<u8>,
    pub messages: Vec<u8>,
    pub batch: Vec<bool>,
    pub first: Vec<u8>,
    pub close: bool,
    pub kills: u8,
    pub stops: u8,
    pub fails: u8,
    /// How much memory the system has, in chunks. Zero: enough.
    pub memory: u8,
    /// Memory for which no entry is on offer is posted READY; else it is punched and offered, as all other.
    pub posts_ready: bool,
    /// Which memory is real is not checked, nor what the next receiver finds, only what a caller notices.
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

    pub fn number(&self, position: u8) -> u8 {
        position / self.chunk
    }

    pub fn lap(&self, number: u8) -> u8 {
        number / self.table
    }

    pub fn entry(&self, world: &World, number: u8) -> Entry {
        world.table[usize::from(number % self.table)]
    }

    pub fn entry_mut<'a>(&self, world: &'a mut World, number: u8) -> &'a mut Entry {
        &mut world.table[usize::from(number % self.table)]
    }

    pub fn bears(&self, entry: Entry, number: u8) -> bool {
        match entry.state {
            UNTOUCHED if self.rules.untouched_is_first => number < self.pieces,
            _ => !self.rules.entry_has_lap || entry.lap == self.lap(number),
        }
    }

    /// The memory that an entry gives to a logical chunk.
    pub fn piece(&self, entry: Entry, number: u8) -> u8 {
        if entry.state == UNTOUCHED { number % self.pieces } else { entry.piece }
    }

    /// The memory of a logical chunk that is in use: neither retired nor not posted yet.
    pub fn home(&self, world: &World, number: u8) -> Option<u8> {
        let r = &world.receiver;
        if let Some(kept) = r.kept.iter().find(|kept| kept.number == number + 1) {
            return Some(kept.piece);
        }
        let entry = self.entry(world, number);
        ((r.clean..r.posted).contains(&number) && self.bears(entry, number))
            .then(|| self.piece(entry, number))
    }

    pub fn is_real(&self, world: &World, piece: u8) -> bool {
        world.real >> piece & 1 == 1
    }

    /// Of a position that is in use.
    pub fn is_published(&self, world: &World, position: u8) -> bool {
        self.home(world, self.number(position)).is_some_and(|piece| {
            self.is_real(world, piece)
                && world.slots[usize::from(piece)][self.index(position)].stamp == position + 1
        })
    }

    pub fn index(&self, position: u8) -> usize {
        usize::from(position % self.chunk)
    }
}
