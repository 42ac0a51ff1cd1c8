//! The steps of the receiver: it takes values, and moves memory from retired chunks to entries of the table. An entry that says
//! READY stays so until the receiver overwrites it: the load is made together with the access to the memory.

use crate::explorer::{Flaw, steps};
use crate::world::*;

steps! {
    HEAD "loads the stamp of head",
    STALL_PROOF "asks whether a stalled sender is dead",
    STALL_STAMP "loads the stamp of a stalled sender",
    COPY "takes the value of head",
    COPY_LATE "takes a late value",
    LOAD_CLAIM "loads the claim word",
    OWNER "owner of head: loads a record",
    PROOF "asks whether head's owner is dead",
    LAST_LOOK "loads the stamp of head again",
    R_CLAIM "retires: loads the claim word",
    R_ENTRY "retires: loads an entry",
    R_SWAP "retires: exchanges an entry: READY",
    R_PUNCH "retires: punches",
    R_POST "retires: writes an entry",
    R_LATE_PUNCH "retires: punches, late",
}

impl Receiver {
    pub fn stalled(&self) -> usize {
        self.stalls.iter().filter(|stall| stall.position != 0).count()
    }

    fn again(&mut self) {
        let Receiver { head, clean, posted, stalls, kept, ended, .. } = *self;
        *self = Receiver { head, clean, posted, stalls, kept, ended, ..Receiver::default() };
    }

    fn drop_stall(&mut self, at: usize) -> Stall {
        let stall = self.stalls[at];
        self.stalls[at..].rotate_left(1);
        self.stalls[STALLS - 1] = Stall::default();
        stall
    }
}

impl Setup {
    pub fn has_stall(&self, r: &Receiver, number: u8) -> bool {
        r.stalls.iter().any(|stall| stall.position != 0 && self.number(stall.position - 1) == number)
    }

    /// The receiver reads or writes memory: it is real, or that is a flaw.
    fn slot<'a>(&self, world: &'a mut World, piece: u8, position: u8) -> Result<&'a mut Slot, Flaw> {
        if !self.is_real(world, piece) {
            return Err(format!("the receiver looks at position {position}, which is not real"));
        }
        Ok(&mut world.slots[usize::from(piece)][self.index(position)])
    }

    fn head_slot<'a>(&self, world: &'a mut World, position: u8) -> Result<&'a mut Slot, Flaw> {
        let number = self.number(position);
        let entry = self.entry(world, number);
        if !self.bears(entry, number) || entry.state != READY {
            return Err(format!("the receiver finds no memory of position {position}"));
        }
        self.slot(world, self.piece(entry, number), position)
    }

    /// Whether the sleeping receiver would find something to do: what bells and deaths wake it for.
    fn is_awake(&self, world: &World) -> bool {
        let r = &world.receiver;
        let is_proved = |owner: u8| owner != 0 && world.proved >> (owner - 1) & 1 == 1;
        let has_ended = |stall: &Stall| {
            stall.position != 0 && (is_proved(stall.owner) || self.is_published(world, stall.position - 1))
        };
        if world.claim.tail > r.head {
            let owner = match world.claimed_by[usize::from(r.head)] {
                0 => 0,
                thread => self.process[usize::from(thread) - 1] + 1,
            };
            let is_alone = world.claim.tail == r.head + 1;
            if self.is_published(world, r.head) || is_proved(owner) || !is_alone && r.stalled() < STALLS {
                return true;
            }
        }
        let is_over = world.claim.closed == 1 && world.claim.tail == r.head;
        r.stalls.iter().any(has_ended) || is_over && (r.stalled() == 0 || !self.rules.end_waits)
    }

    fn deliver(&self, next: &mut World, piece: u8, position: u8) -> Result<(), Flaw> {
        let slot = self.slot(next, piece, position)?;
        let message = slot.value;
        slot.value = 0; // For the checker.
        if message == 0 {
            return Err(format!("position {position} is received without a value"));
        }
        let (number, bit) = (usize::from(message - 1), 1 << (message - 1));
        if next.received & bit != 0 {
            return Err(format!("message {number} is received twice"));
        }
        if next.refused & bit != 0 {
            return Err(format!("message {number} is received, and its sender has it back"));
        }
        if next.before[number] & !next.received != 0 {
            return Err(format!("message {number} is received before one that was sent before it began"));
        }
        next.received |= bit;
        next.before.iter_mut().for_each(|before| *before &= !bit);
        next.before[number] = 0;
        next.claimed_by[usize::from(position)] = 0;
        Ok(())
    }

    /// Head has moved, or a stall has ended: retires the next chunk that is done with, or goes on.
    fn pass(&self, world: &World, r: &mut Receiver, ended: Option<Stall>) {
        r.again();
        while r.head >= (r.clean + 1) * self.chunk + u8::from(self.rules.margin) {
            let piece = self.piece(self.entry(world, r.clean), r.clean);
            r.clean += 1;
            let number = r.clean;
            if !self.rules.keeps || !self.has_stall(r, number - 1) {
                (r.hand, r.pc) = (piece + 1, R_CLAIM);
                return;
            }
            let free = r.kept.iter_mut().find(|kept| kept.number == 0).expect("as many as stalls");
            *free = Kept { number, piece };
        }
        let has_ended = |kept: &Kept| {
            let is_touched = || {
                !self.rules.keeps_to_last
                    && ended.is_some_and(|stall| self.number(stall.position - 1) == kept.number - 1)
            };
            kept.number != 0 && (is_touched() || !self.has_stall(r, kept.number - 1))
        };
        if let Some(at) = r.kept.iter().position(has_ended) {
            (r.hand, r.pc) = (r.kept[at].piece + 1, R_CLAIM);
            r.kept[at..].rotate_left(1);
            r.kept[STALLS - 1] = Kept::default();
        }
    }

    /// What to do with the memory in hand, when all entries before `next` stand ready.
    fn go_on_retiring(&self, r: &mut Receiver) {
        let is_at_limit = r.next == r.posted;
        if r.next > r.until && self.rules.gives_back || is_at_limit && !self.posts_ready {
            (r.post_as, r.pc) = (OFFERED, if self.rules.punch_first { R_PUNCH } else { R_POST });
        } else if is_at_limit {
            (r.post_as, r.pc) = (READY, R_POST);
        } else {
            r.pc = R_ENTRY;
        }
    }

    fn punch(&self, next: &mut World) -> Result<(), Flaw> {
        let piece = next.receiver.hand - 1;
        next.real &= !(1 << piece);
        next.strayed[usize::from(piece)] = 0;
        next.slots[usize::from(piece)] = Default::default();
        Ok(())
    }

    pub fn step_receiver(&self, world: &World) -> Result<Option<World>, Flaw> {
        let mut next = *world;
        let mut r = world.receiver;
        let is_proved = |owner: u8| owner != 0 && world.proved >> (owner - 1) & 1 == 1;
        if r.ended == 1 || r.pc == HEAD && !self.is_awake(world) {
            return Ok(None);
        }
        let after_stalls = |r: &Receiver| if r.here == 1 { COPY } else { LOAD_CLAIM };
        match r.pc {
            HEAD => {
                let number = self.number(r.head);
                let entry = self.entry(world, number);
                if self.bears(entry, number) && (entry.state == READY || !self.rules.looks_at_ready) {
                    let slot = self.slot(&mut next, self.piece(entry, number), r.head)?;
                    r.here = u8::from(slot.stamp == r.head + 1);
                }
                if r.stalled() == 0 || r.here == 1 && !self.rules.head_first {
                    r.pc = after_stalls(&r);
                } else {
                    (r.at, r.pc) = (r.stalled() as u8 - 1, STALL_PROOF);
                }
            }
            STALL_PROOF => {
                r.was_dead = u8::from(is_proved(r.stalls[usize::from(r.at)].owner));
                r.pc = STALL_STAMP;
            }
            STALL_STAMP => {
                let stall = r.stalls[usize::from(r.at)];
                let slot = self.slot(&mut next, stall.piece, stall.position - 1)?;
                if slot.stamp == stall.position {
                    r.late = r.at + 1;
                } else if r.was_dead == 1 {
                    r.dead = r.at + 1;
                }
                r.was_dead = 0;
                if r.at > 0 {
                    (r.at, r.pc) = (r.at - 1, STALL_PROOF);
                } else if r.late > 0 {
                    r.pc = COPY_LATE;
                } else if r.dead > 0 {
                    let stall = r.drop_stall(usize::from(r.dead) - 1);
                    next.claimed_by[usize::from(stall.position) - 1] = 0;
                    self.pass(world, &mut r, Some(stall));
                } else {
                    r.pc = after_stalls(&r);
                }
            }
            COPY => {
                let entry = self.entry(world, self.number(r.head));
                self.deliver(&mut next, self.piece(entry, self.number(r.head)), r.head)?;
                r.head += 1;
                self.pass(world, &mut r, None);
            }
            COPY_LATE => {
                let stall = r.drop_stall(usize::from(r.late) - 1);
                self.deliver(&mut next, stall.piece, stall.position - 1)?;
                self.pass(world, &mut r, Some(stall));
            }
            LOAD_CLAIM => {
                r.claim = world.claim;
                if r.claim.tail > r.head {
                    (r.at, r.pc) = (r.head, OWNER);
                } else {
                    let is_over = r.claim.closed == 1 && (r.stalled() == 0 || !self.rules.end_waits);
                    r.again();
                    r.ended = u8::from(is_over);
                }
            }
            OWNER => {
                let record = self.head_slot(&mut next, r.at)?.record;
                let is_found = record.position == r.at + 1;
                r.at += 1;
                if is_found || r.at == r.claim.tail {
                    r.owner = if is_found { record.owner } else { r.claim.owner };
                    let thread = world.claimed_by[usize::from(r.head)];
                    if thread != 0 && r.owner != self.process[usize::from(thread) - 1] + 1 {
                        return Err(format!("position {} is taken for that of another process", r.head));
                    }
                    (r.at, r.pc) = (0, PROOF);
                }
            }
            PROOF => {
                let is_alone = r.claim.tail == r.head + 1;
                if is_proved(r.owner) {
                    r.pc = LAST_LOOK;
                } else if is_alone || r.stalled() == STALLS {
                    r.again();
                } else {
                    let entry = self.entry(world, self.number(r.head));
                    let piece = self.piece(entry, self.number(r.head));
                    let free = r.stalled();
                    r.stalls[free] = Stall { position: r.head + 1, owner: r.owner, piece };
                    r.head += 1;
                    self.pass(world, &mut r, None);
                }
            }
            LAST_LOOK => {
                let is_here = self.head_slot(&mut next, r.head)?.stamp == r.head + 1;
                if is_here && self.rules.proof_first {
                    r.again();
                } else {
                    next.claimed_by[usize::from(r.head)] = 0;
                    r.head += 1;
                    self.pass(world, &mut r, None);
                }
            }
            R_CLAIM => {
                let number = self.number(world.claim.tail);
                (r.next, r.until) = (number, number + self.ahead);
                self.go_on_retiring(&mut r);
            }
            R_ENTRY => {
                let entry = self.entry(world, r.next);
                match entry.state {
                    GROWING if self.rules.growing_first => (r.post_as, r.pc) = (OFFERED, R_PUNCH),
                    GROWING | READY => {
                        r.next += 1;
                        self.go_on_retiring(&mut r);
                    }
                    _ => (r.entry, r.pc) = (entry, R_SWAP),
                }
            }
            R_SWAP => {
                if self.entry(world, r.next) == r.entry || !self.rules.swap_exact {
                    let piece = self.piece(r.entry, r.next);
                    *self.entry_mut(&mut next, r.next) =
                        Entry { lap: self.lap(r.next), piece: r.hand - 1, state: READY };
                    (r.hand, r.post_as) = (piece + 1, OFFERED);
                    r.pc = if self.rules.sweeps { R_PUNCH } else { R_POST };
                } else {
                    r.pc = R_ENTRY;
                }
                r.entry = Entry::default();
            }
            R_PUNCH | R_LATE_PUNCH => {
                self.punch(&mut next)?;
                if r.pc == R_PUNCH {
                    r.pc = R_POST;
                } else {
                    self.pass(&next, &mut r, None);
                }
            }
            R_POST => {
                *self.entry_mut(&mut next, r.posted) =
                    Entry { lap: self.lap(r.posted), piece: r.hand - 1, state: r.post_as };
                r.posted += 1;
                if r.post_as == OFFERED && !self.rules.punch_first {
                    r.pc = R_LATE_PUNCH;
                } else {
                    self.pass(&next, &mut r, None);
                }
            }
            _ => unreachable!(),
        }
        next.receiver = r;
        Ok(Some(next))
    }
}
