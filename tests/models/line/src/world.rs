//! The state of the model: the shared words, the words private to a process, the actors with their local copies, and the
//! switches of the rules.
//!
//! Numbers of threads, processes and records are stored plus one where zero means none. Tickets are numbered anew after each
//! step, in the same order: only their order and their equality matter, so a run in which tickets are burnt for ever is seen as
//! a cycle.

use crate::{
    explorer::{State, rules},
    steps,
};

pub const THREADS: usize = 4;
pub const PROCESSES: usize = 3;
/// The common records, then one for each process.
pub const RECORDS: usize = 5;
/// The senders' threads, one usher for each process, the receiver, the repairer.
pub const ACTORS: usize = THREADS + PROCESSES + 2;
pub const RECEIVER: usize = THREADS + PROCESSES;
pub const REPAIRER: usize = RECEIVER + 1;

pub const FREE: u8 = 0;
pub const COMING: u8 = 1;
pub const WAITS: u8 = 2;

/// One waiting sender.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Record {
    pub ticket: u8,
    pub owner: u8,
    pub need: u8,
    pub state: u8,
}

/// The word that every send looks at. It is idle if both marks are clear.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Line {
    /// The next ticket.
    pub next: u8,
    /// A process may have a backlog with a sleeping bell.
    pub backlog: u8,
    /// A record may be occupied.
    pub any: u8,
}

impl Line {
    pub fn is_idle(self) -> bool {
        self.backlog == 0 && self.any == 0
    }
}

/// The claim word.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Claim {
    pub tail: u8,
    pub reserved: u8,
    pub closed: u8,
}

/// What a look has read of a waiting record.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Seen {
    pub ticket: u8,
    pub need: u8,
}

/// One actor with its local copies. A copy that is no longer needed is zero, so that equal states are found equal.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct Actor {
    pub pc: u8,
    pub op: u8,
    pub head: u8,
    pub claim: Claim,
    /// What is free by these two.
    pub left: i8,
    pub line: Line,
    pub bits: u8,
    pub seen: [Seen; RECORDS],
    /// A record or a process, in a loop.
    pub index: u8,
    /// Where a walk, an admission, a look was begun.
    pub after_walk: u8,
    pub after_admit: u8,
    pub after_look: u8,
    /// A walk counts records with a ticket older than this; zero: all.
    pub limit: u8,
    /// A walk stops once this and the sum are more than what is free.
    pub want: u8,
    pub sum: u8,
    /// The thread for which a record is sought, the record, its ticket.
    pub subject: u8,
    pub record: u8,
    pub ticket: u8,
    /// Needs in the own backlog, read before the walk.
    pub backlog: u8,
    /// A look has rung a backlog; it has rung the backlog of its own process.
    pub rang: u8,
    pub rang_own: u8,
    /// The record in which this sender waits.
    pub stand: u8,
    pub woken: u8,
    /// Never runs again.
    pub frozen: u8,
    /// Has taken its capacity.
    pub taken: u8,
    /// Permits.
    pub held: u8,
    /// Has given something free and not yet looked.
    pub owes: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C)]
pub struct World {
    // Shared memory.
    pub claim: Claim,
    pub head: u8,
    pub line: Line,
    pub records: [Record; RECORDS],
    /// One bit for each record: it is occupied.
    pub bits: u8,
    /// One bit for each record: its bell says asleep.
    pub bells: u8,
    /// One bit for each process: the bell of its backlog says asleep.
    pub backlog_bells: u8,
    // Private to a process.
    /// One bit for each process: its usher was woken.
    pub heard: u8,
    /// Threads, the first comes first.
    pub backlogs: [[u8; THREADS]; PROCESSES],
    /// The actor that has the lock.
    pub locks: [u8; PROCESSES],
    // The system.
    pub dead: u8,
    pub repaired: u8,
    pub stopped: u8,
    pub kills: u8,
    pub stops: u8,
    pub holds: u8,
    pub cancels: u8,
    // What only the checker knows.
    /// One bit for each thread: its record says WAITS.
    pub in_line: u8,
    /// For each thread, the threads that it must not overtake.
    pub before: [u8; THREADS],
    pub actors: [Actor; ACTORS],
}

const _: () = assert!(align_of::<World>() == 1);

// SAFETY: it is repr(C), and the assertion above says that its fields are made of bytes, which need no padding.
unsafe impl State for World {}

impl World {
    /// Makes states equal that differ in nothing that matters: numbers the tickets anew, in the same order, and silences the
    /// bells at which no sender sleeps or will.
    pub fn tidy(&mut self) {
        let mut used = 0u64;
        self.each_ticket(|ticket| used |= 1 << *ticket);
        used &= !1;
        self.each_ticket(|ticket| {
            if *ticket != 0 {
                *ticket = (used & ((2 << *ticket) - 1)).count_ones() as u8;
            }
        });
        let waits = |pc: u8| {
            (steps::T_BELL..=steps::T_SLEEP).contains(&pc) || (steps::W_LINE..=steps::W_RECORD).contains(&pc)
        };
        let listens = |a: &&Actor| a.stand != 0 && waits(a.pc);
        let listening: u8 = self.actors[..THREADS].iter().filter(listens).map(|a| 1 << (a.stand - 1)).sum();
        self.bells &= listening;
    }

    fn each_ticket(&mut self, mut visit: impl FnMut(&mut u8)) {
        visit(&mut self.line.next);
        self.records.iter_mut().for_each(|record| visit(&mut record.ticket));
        for actor in &mut self.actors {
            visit(&mut actor.line.next);
            visit(&mut actor.limit);
            visit(&mut actor.ticket);
            actor.seen.iter_mut().for_each(|seen| visit(&mut seen.ticket));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Send,
    /// A send that never runs again once it sleeps.
    Held,
    Try,
    Reserve(u8),
}

#[derive(Clone)]
pub struct Setup {
    pub capacity: u8,
    /// How many common records there are.
    pub common: u8,
    /// For each thread its process, and its calls.
    pub process: Vec<u8>,
    pub ops: Vec<Vec<Op>>,
    /// The queue is full when the run begins.
    pub full: bool,
    pub close: bool,
    pub kills: u8,
    pub stops: u8,
    pub holds: u8,
    pub cancels: u8,
    /// What records, bits and the line word say of each other is not checked in every state, only what a caller notices.
    pub loose: bool,
    pub rules: Rules,
}

rules! {
    /// a record's bit is set before its ticket is drawn
    bit_before_draw,
    /// an occupied record keeps `any` set, whether its sender waits already or is only coming
    coming_is_occupied,
    /// `any` is cleared only by an exchange of the word that was read before
    any_exact,
    /// a look reads the line word before the bits
    look_line_first,
    /// a walk reads the line word before the bits
    walk_line_first,
    /// a walk and a look read the bits before the records
    bits_first,
    /// a look clears `any`
    clears_any,
    /// the draw of a ticket sets `any`
    draw_sets_any,
    /// a record says WAITS only when it has the ticket that was drawn
    waits_after_draw,
    /// a leaving sender clears the bit before it frees the record
    leave_bit_first,
    /// a leaving sender looks
    leave_looks,
    /// a leaving sender admits the next of its backlog
    leave_admits,
    /// each process has a record of its own
    own_record,
    /// a sender registers its bell before it looks whether it is covered
    turn_bell_first,
    /// a waiter counts only records with an older ticket
    turn_counts_older,
    /// an exchange of the claim word takes only if the word is unchanged
    claim_exact,
    /// a sender that must wait joins its backlog if that is not empty
    joins_backlog,
    /// an admission enters the first of the backlog, though that thread sleeps
    admits_sleepers,
    /// an admitted sender that sleeps is woken
    admit_wakes,
    /// an admitted sender has its record before it is out of the backlog
    record_first,
    /// a process that arms changes the line word, though its backlog mark is set
    arm_burns,
    /// a process that arms registers the bell of its backlog before it sets the mark
    arm_bell_first,
    /// a process that arms looks once more
    arm_looks,
    /// a look rings all waiters that are covered, not only the first
    look_rings_all,
    /// a look rings in order of the tickets
    look_in_order,
    /// a look that finds the line covered and more free rings the backlogs
    look_rings_backlogs,
    /// a look that finds no backlog asleep clears the mark
    clears_backlog,
    /// it does so only by an exchange of the word that was read before
    backlog_exact,
    /// a newcomer counts the line
    newcomer_counts_line,
    /// a newcomer counts the backlog of its process
    newcomer_counts_backlog,
    /// it does so before it walks
    backlog_before_walk,
    /// in the backlog, the senders before one count
    backlog_counts_before,
    /// a sender in the backlog counts the line
    backlog_counts_line,
    /// a sender that cancels in the backlog admits
    cancel_admits,
    /// repair frees the records of senders that were only coming, too
    repair_frees_coming,
    /// repair clears a bit before it frees the record
    repair_bit_first,
    /// repair clears the bell of the backlog
    repair_clears_bell,
    /// repair looks
    repair_looks,
    /// close looks
    close_looks,
    /// the receiver looks when it has taken a value
    receive_looks,
    /// a sender that gives permits back looks
    give_looks,
}

impl Setup {
    pub fn threads(&self) -> usize {
        self.process.len()
    }

    pub fn processes(&self) -> usize {
        self.process.iter().max().map_or(0, |last| usize::from(*last) + 1)
    }

    pub fn records(&self) -> u8 {
        self.common + self.processes() as u8
    }

    pub fn beginning(&self) -> World {
        let mut world = World::default();
        world.line.next = 1;
        if self.full {
            world.claim.tail = self.capacity;
        }
        for thread in (0..self.threads()).filter(|thread| self.ops[*thread].is_empty()) {
            world.actors[thread].pc = steps::DONE;
        }
        world.actors[THREADS..RECEIVER].iter_mut().for_each(|usher| usher.pc = steps::USHER);
        world.actors[RECEIVER].pc = steps::RECEIVE;
        world.actors[REPAIRER].pc = steps::REPAIR;
        world
    }

    /// The process of an actor. Receiver and repairer have no senders.
    pub fn process_of(&self, actor: usize) -> Option<usize> {
        if actor < self.threads() {
            Some(usize::from(self.process[actor]))
        } else {
            actor.checked_sub(THREADS).filter(|process| *process < self.processes())
        }
    }

    pub fn op(&self, world: &World, thread: usize) -> Op {
        self.ops[thread][usize::from(world.actors[thread].op)]
    }

    pub fn need(&self, world: &World, thread: usize) -> u8 {
        match self.op(world, thread) {
            Op::Send | Op::Held | Op::Try => 1,
            Op::Reserve(n) => n,
        }
    }

    pub fn free(&self, claim: Claim, head: u8) -> i16 {
        i16::from(self.capacity) - (i16::from(claim.tail) - i16::from(head)) - i16::from(claim.reserved)
    }

    /// The needs of the senders in a backlog that stand before `until`, or of all.
    pub fn needs(&self, world: &World, process: usize, until: Option<usize>) -> u8 {
        waiting(&world.backlogs[process])
            .take_while(|thread| Some(*thread) != until)
            .map(|thread| self.need(world, thread))
            .sum()
    }
}

/// The threads in a backlog, in order.
pub fn waiting(backlog: &[u8; THREADS]) -> impl Iterator<Item = usize> {
    backlog.iter().filter(|thread| **thread != 0).map(|thread| usize::from(*thread) - 1)
}
