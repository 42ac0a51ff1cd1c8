//! The steps of the receiver: it takes values, goes round what stalled senders hold, and past what the dead left. A value of head
//! is taken and its capacity given back in one step: only a sender that sees the moved head writes there again.

use crate::explorer::{Flaw, steps};
use crate::world::*;

steps! {
    HEAD "loads the stamp of head",
    STALL_PROOF "asks whether a stalled sender is dead",
    STALL_STAMP "loads the stamp of a stalled sender",
    TAKE "takes the value of head; head + 1",
    COPY_LATE "takes a late value",
    CLOSE_LOAD "loads the entry of a stall that has ended",
    CLOSE "exchanges it: free, or inactive",
    COLLECT "frees an inactive entry",
    COUNT "writes the count of quarantined slots",
    LOAD_CLAIM "loads the claim word",
    MOVE_OVER "exchanges the claim word: over the void position",
    PASS "head + 1: over a void position",
    OWNER "owner of head: loads a record",
    PROOF "asks whether head's owner is dead",
    LAST_LOOK "loads the stamp of head again",
    SKIP "head + 1: over what a dead process left",
    REGISTER "writes an entry for head",
    REGISTER_COUNT "writes the count of quarantined slots, for head",
    REGISTER_HEAD "head + 1: into quarantine",
}

impl Receiver {
    pub fn stalled(&self) -> usize {
        self.stalls.iter().filter(|stall| stall.position != 0).count()
    }

    fn again(&mut self) {
        let Receiver { stalls, ended, .. } = *self;
        *self = Receiver { stalls, ended, ..Receiver::default() };
    }

    fn active(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..ENTRIES).filter(|at| self.stalls[*at].active == 1)
    }

    fn drop_stall(&mut self, at: usize) {
        self.stalls[at..].rotate_left(1);
        self.stalls[ENTRIES - 1] = Stall::default();
    }
}

impl Setup {
    fn is_held(&self, world: &World, position: u8) -> bool {
        let is_at = |stall: &Stall| stall.position != 0 && self.index(stall.position) == self.index(position);
        world.receiver.stalls.iter().any(is_at)
    }

    fn ends_at(&self, world: &World, position: u8) -> bool {
        let is_at = |stall: &Stall| {
            stall.position != 0
                && stall.active == 0
                && world.entries[usize::from(stall.entry) - 1].last == position
        };
        self.rules.moves_over && world.receiver.stalls.iter().any(is_at)
    }

    /// Whether every entry is taken: then the receiver waits for a stalled head.
    pub fn is_exhausted(&self, world: &World) -> bool {
        world.receiver.stalled() == self.entries && world.claim.tail > world.head
    }

    fn is_over(&self, world: &World, claim: Claim) -> bool {
        claim.closed == 1
            && (claim.reserved == 0 || !self.rules.permits_end)
            && (world.receiver.active().next().is_none() || !self.rules.end_waits)
    }

    /// Whether the sleeping receiver would find something to do: what bells and deaths wake it for.
    fn is_awake(&self, world: &World) -> bool {
        let r = &world.receiver;
        let has_ended = |at: usize| {
            let stall = r.stalls[at];
            self.is_published(world, stall.position) || self.is_proved(world, stall.owner)
        };
        if r.active().any(has_ended) {
            return true;
        }
        let tail = world.claim.tail;
        if tail == world.head {
            return self.ends_at(world, tail) || self.is_over(world, world.claim);
        }
        let thread = world.claimed_by[self.index(world.head)];
        let owner = if thread == 0 { 0 } else { self.me(usize::from(thread) - 1) };
        self.is_held(world, world.head)
            || self.is_published(world, world.head)
            || self.is_proved(world, owner)
            || if tail == world.head + 1 {
                self.rules.moves_over_alone && self.ends_at(world, tail)
            } else {
                r.stalled() < self.entries
            }
    }

    /// The value of a position is taken.
    fn deliver(&self, next: &mut World, position: u8) -> Result<(), Flaw> {
        let slot = &mut next.slots[self.index(position)];
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
        Ok(())
    }

    /// Head has moved: frees the entries that it has passed, or goes on.
    fn pass(&self, next: &World, r: &mut Receiver) {
        r.again();
        let is_over = |stall: &Stall| {
            stall.position != 0
                && stall.active == 0
                && next.entries[usize::from(stall.entry) - 1].last < next.head
        };
        if let Some(at) = r.stalls.iter().position(is_over) {
            (r.at, r.pc) = (at as u8, COLLECT);
        }
    }

    /// The stalled that are still to be looked at, the next one first.
    fn next_stall(&self, r: &Receiver, after: Option<usize>) -> Option<usize> {
        if self.rules.newest_first {
            r.active().rev().find(|at| after.is_none_or(|after| *at < after))
        } else {
            r.active().find(|at| after.is_none_or(|after| *at > after))
        }
    }

    fn look_at_stall(&self, world: &World, r: &mut Receiver) {
        let at = r.at + 1;
        if self.is_published(world, r.stalls[usize::from(r.at)].position) {
            let is_better = self.rules.newest_first && self.rules.oldest_first || r.late == 0;
            r.late = if is_better { at } else { r.late };
        } else if r.was_dead == 1 {
            r.dead = at;
        }
    }

    fn after_stalls(&self, r: &mut Receiver) {
        r.at = 0;
        r.pc = match r {
            Receiver { late: 1.., .. } => COPY_LATE,
            Receiver { dead: 1.., .. } => CLOSE_LOAD,
            Receiver { here: 1, .. } => TAKE,
            _ => LOAD_CLAIM,
        };
    }

    pub fn step_receiver(&self, world: &World) -> Result<Option<World>, Flaw> {
        let mut next = *world;
        let mut r = world.receiver;
        let head = world.head;
        if r.ended == 1 || r.pc == HEAD && !self.is_awake(world) {
            return Ok(None);
        }
        match r.pc {
            HEAD => {
                r.here = u8::from(!self.is_held(world, head) && self.is_published(world, head));
                match self.next_stall(&r, None) {
                    Some(at) if r.here == 0 || self.rules.head_first => {
                        (r.at, r.pc) = (at as u8, STALL_PROOF)
                    }
                    _ => self.after_stalls(&mut r),
                }
            }
            STALL_PROOF if !self.rules.proof_first_stalled => {
                self.look_at_stall(world, &mut r);
                r.pc = STALL_STAMP;
            }
            STALL_PROOF => {
                r.was_dead = u8::from(self.is_proved(world, r.stalls[usize::from(r.at)].owner));
                r.pc = STALL_STAMP;
            }
            STALL_STAMP => {
                if self.rules.proof_first_stalled {
                    self.look_at_stall(world, &mut r);
                } else if r.late != r.at + 1 && self.is_proved(world, r.stalls[usize::from(r.at)].owner) {
                    r.dead = r.at + 1;
                }
                r.was_dead = 0;
                match self.next_stall(&r, Some(usize::from(r.at))) {
                    Some(at) => (r.at, r.pc) = (at as u8, STALL_PROOF),
                    None => self.after_stalls(&mut r),
                }
            }
            TAKE => {
                self.deliver(&mut next, head)?;
                self.give_back(&mut next, &mut r);
            }
            COPY_LATE => {
                self.deliver(&mut next, r.stalls[usize::from(r.late) - 1].position)?;
                (r.dead, r.late, r.here, r.pc) = (r.late, 0, 0, CLOSE_LOAD);
            }
            CLOSE_LOAD => {
                let stall = r.stalls[usize::from(r.dead) - 1];
                r.entry = world.entries[usize::from(stall.entry) - 1];
                r.pc = CLOSE;
            }
            CLOSE => {
                let at = usize::from(r.dead) - 1;
                let stall = r.stalls[at];
                let entry = &mut next.entries[usize::from(stall.entry) - 1];
                if *entry != r.entry {
                    (r.entry, r.pc) = (Entry::default(), CLOSE_LOAD);
                } else {
                    next.claimed_by[self.index(stall.position)] = 0;
                    r.again();
                    if entry.last < head || !self.rules.lingers {
                        *entry = Entry::default();
                        r.drop_stall(at);
                        r.pc = COUNT;
                    } else {
                        entry.active = 0;
                        r.stalls[at] = Stall { owner: 0, active: 0, ..stall };
                    }
                }
            }
            COLLECT => {
                let at = usize::from(r.at);
                next.entries[usize::from(r.stalls[at].entry) - 1] = Entry::default();
                r.drop_stall(at);
                self.pass(&next, &mut r);
                if r.pc != COLLECT {
                    r.pc = COUNT;
                }
            }
            COUNT => {
                next.count = r.stalled() as u8;
                r.again();
            }
            LOAD_CLAIM => self.look_at_claim(world, &mut r),
            MOVE_OVER => {
                if world.claim == r.claim {
                    next.claim.tail += 1;
                }
                r.again();
            }
            PASS => self.give_back(&mut next, &mut r),
            OWNER => {
                let record = world.slots[self.index(r.at)].record;
                let is_found = record.position == r.at;
                r.at += 1;
                if is_found || r.at == r.claim.tail {
                    let claim = if self.rules.claim_first { r.claim } else { world.claim };
                    r.owner = if is_found { record.owner } else { claim.owner };
                    let thread = world.claimed_by[self.index(head)];
                    if thread == 0 {
                        return Err(format!("position {head} is void and taken for a claim"));
                    }
                    if r.owner != self.me(usize::from(thread) - 1) {
                        return Err(format!("position {head} is taken for that of another process"));
                    }
                    (r.at, r.pc) = (0, PROOF);
                }
            }
            PROOF => {
                let is_alone = r.claim.tail == head + 1;
                if self.is_proved(world, r.owner) {
                    r.pc = LAST_LOOK;
                } else if is_alone && self.rules.moves_over_alone && self.ends_at(world, r.claim.tail) {
                    r.pc = MOVE_OVER;
                } else if is_alone || r.stalled() == self.entries {
                    r.again();
                } else {
                    r.pc = if self.rules.register_first { REGISTER } else { REGISTER_HEAD };
                }
            }
            LAST_LOOK => {
                if self.is_published(world, head) && self.rules.proof_first {
                    r.again();
                } else {
                    r.pc = SKIP;
                }
            }
            SKIP => self.give_back(&mut next, &mut r),
            REGISTER => {
                let is_free = |number: &usize| !r.stalls.iter().any(|s| usize::from(s.entry) == number + 1);
                let number = (0..self.entries).find(is_free).expect("not every entry is taken");
                let position = if self.rules.register_first { head } else { head - 1 };
                let slot = self.index(position) as u8 + 1;
                next.entries[number] = Entry { slot, last: position, active: 1 };
                let free = r.stalled();
                let (owner, entry) = (r.owner, number as u8 + 1);
                r.stalls[free] = Stall { position, owner, entry, active: 1 };
                r.pc = REGISTER_COUNT;
            }
            REGISTER_COUNT => {
                next.count = r.stalled() as u8;
                if self.rules.register_first {
                    r.pc = REGISTER_HEAD;
                } else {
                    self.pass(&next, &mut r);
                }
            }
            REGISTER_HEAD => {
                next.head += 1;
                if self.rules.register_first {
                    self.pass(&next, &mut r);
                } else {
                    r.pc = REGISTER;
                }
            }
            _ => unreachable!(),
        }
        next.receiver = r;
        Ok(Some(next))
    }

    /// Head moves over a position that is taken, void, or left by the dead.
    fn give_back(&self, next: &mut World, r: &mut Receiver) {
        if !self.is_held(next, next.head) {
            next.claimed_by[self.index(next.head)] = 0;
        }
        next.head += 1;
        self.pass(next, r);
    }

    fn look_at_claim(&self, world: &World, r: &mut Receiver) {
        r.claim = world.claim;
        if r.claim.tail > world.head {
            (r.at, r.pc) = if self.is_held(world, world.head) { (0, PASS) } else { (world.head, OWNER) };
        } else if self.ends_at(world, r.claim.tail) {
            r.pc = MOVE_OVER;
        } else {
            let is_over = self.is_over(world, r.claim);
            r.again();
            r.ended = u8::from(is_over);
        }
    }
}
