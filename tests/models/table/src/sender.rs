//! The steps of a sending thread. Each makes one access to a shared word and is named by it. The view is private to a process
//! and says what stays true: it is looked at together with the access before.

use crate::explorer::{Flaw, steps};
use crate::world::*;

steps! {
    BEGIN "loads the claim word",
    ENTRY "loads the entry",
    LIMIT "limit: loads the claim word again",
    GROW "exchanges the entry: GROWING",
    ALLOCATE "makes memory real",
    MADE "exchanges the entry: READY",
    R_ENTRY "record: loads the entry of the chunk before",
    R_LOAD "record: loads it",
    R_SET "record: exchanges it",
    CLAIM "exchanges the claim word",
    VALUE "writes a value",
    STAMP "writes a stamp",
    DONE "is done",
    GONE "is gone",
}

impl Sender {
    fn again(&mut self) {
        *self = Sender { message: self.message, began: self.began, ..Sender::default() };
    }
}

impl Setup {
    fn me(&self, thread: usize) -> u8 {
        self.process[thread] + 1
    }

    fn wanted(&self, thread: usize, s: &Sender) -> u8 {
        if self.batch[thread] { self.messages[thread] - s.message } else { 1 }
    }

    pub fn step_sender(&self, world: &World, thread: usize) -> Result<Option<World>, Flaw> {
        let mut next = *world;
        let mut s = world.senders[thread];
        match s.pc {
            DONE | GONE => return Ok(None),
            BEGIN => self.begin(&mut next, thread, &mut s),
            ENTRY => self.look_at_entry(&mut next, thread, &mut s)?,
            LIMIT if world.claim == s.claim => self.refuse(&mut next, thread, &mut s),
            LIMIT => s.again(),
            GROW => {
                let number = self.number(s.claim.tail);
                if self.entry(world, number) == s.entry || !self.rules.growing_exact {
                    s.entry = Entry { lap: self.lap(number), piece: s.piece, state: GROWING };
                    *self.entry_mut(&mut next, number) = s.entry;
                    s.pc = if self.rules.ready_after { ALLOCATE } else { MADE };
                } else {
                    (s.entry, s.piece, s.pc) = (Entry::default(), 0, ENTRY);
                }
            }
            ALLOCATE => self.allocate(&mut next, thread, &mut s)?,
            MADE => {
                let number = self.number(s.claim.tail);
                let ready = Entry { lap: self.lap(number), piece: s.piece, state: READY };
                if self.entry(world, number) == s.entry || !self.rules.ready_exact {
                    *self.entry_mut(&mut next, number) = ready;
                    next.strayed[usize::from(s.piece)] = 0;
                }
                if self.rules.ready_after {
                    s.again();
                } else {
                    s.pc = ALLOCATE;
                }
            }
            R_ENTRY => {
                let number = self.number(s.claim.tail - 1);
                let entry = self.entry(world, number);
                if self.bears(entry, number) {
                    (s.record_piece, s.pc) = (self.piece(entry, number), R_LOAD);
                } else if !self.rules.record_first {
                    self.end_record(&mut s);
                } else {
                    s.again();
                }
            }
            R_LOAD | R_SET => self.record(&mut next, &mut s)?,
            CLAIM if world.claim == s.claim => self.claim(&mut next, thread, &mut s)?,
            CLAIM => s.again(),
            VALUE => {
                self.may_write(world, thread, &s)?;
                self.own_slot(&mut next, &s).value = self.first[thread] + s.message + 1;
                s.pc = STAMP;
            }
            STAMP => {
                self.may_write(world, thread, &s)?;
                self.own_slot(&mut next, &s).stamp = s.position + 1;
                s.message += 1;
                (s.left, s.position) = (s.left - 1, s.position + 1);
                s.pc = VALUE;
                if !self.batch[thread] || s.message == self.messages[thread] {
                    self.note_return(&mut next, thread, &s);
                    s.began = 0;
                }
                if s.left == 0 {
                    s.again();
                    self.end_if_last(thread, &mut s);
                }
            }
            _ => unreachable!(),
        }
        next.senders[thread] = s;
        Ok(Some(next))
    }

    fn end_if_last(&self, thread: usize, s: &mut Sender) {
        if s.message == self.messages[thread] {
            *s = Sender { pc: DONE, message: s.message, ..Sender::default() };
        }
    }

    fn begin(&self, next: &mut World, thread: usize, s: &mut Sender) {
        if s.began == 0 {
            s.began = 1;
            for number in 0..self.wanted(thread, s) {
                let message = self.first[thread] + s.message + number;
                let mut before = next.returned & !next.received;
                if number > 0 {
                    before |= 1 << (message - 1);
                }
                next.before[usize::from(message)] = before;
            }
        }
        s.claim = next.claim;
        let number = self.number(s.claim.tail);
        let view = next.views[usize::from(self.process[thread])];
        if s.claim.closed == 1 {
            if self.batch[thread] {
                self.note_return(next, thread, s);
            }
            let rest = s.message..self.messages[thread];
            self.note_refused(next, self.first[thread], rest);
            *s = Sender { pc: DONE, message: self.messages[thread], ..Sender::default() };
        } else if view.number == number + 1 || view.number != 0 && !self.rules.view_has_number {
            s.piece = view.piece;
            self.to_record(thread, s);
        } else {
            s.pc = ENTRY;
        }
    }

    fn look_at_entry(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let number = self.number(s.claim.tail);
        let entry = self.entry(next, number);
        if !self.bears(entry, number) {
            if self.rules.limit_confirmed {
                s.pc = LIMIT;
            } else if next.claim == s.claim {
                self.refuse(next, thread, s);
            } else {
                return Err(format!("sender {thread} is told of a limit, and the tail has moved on"));
            }
            return Ok(());
        }
        (s.entry, s.piece) = (entry, self.piece(entry, number));
        let offered = if self.rules.growing { GROW } else { ALLOCATE };
        match entry.state {
            READY => {
                next.views[usize::from(self.process[thread])] = View { number: number + 1, piece: s.piece };
                s.entry = Entry::default();
                self.to_record(thread, s);
            }
            _ if !self.rules.claims_ready => self.to_record(thread, s),
            GROWING if self.rules.growing_helps => s.pc = ALLOCATE,
            GROWING => s.again(),
            _ => s.pc = offered,
        }
        Ok(())
    }

    /// The call ends and gives the value, or the rest of the batch, back.
    fn refuse(&self, next: &mut World, thread: usize, s: &mut Sender) {
        if self.batch[thread] {
            self.note_return(next, thread, s);
        }
        let wanted = self.wanted(thread, s);
        self.note_refused(next, self.first[thread], s.message..s.message + wanted);
        s.message += wanted;
        s.began = 0;
        s.again();
        self.end_if_last(thread, s);
    }

    pub fn may_fail(&self, world: &World, thread: usize) -> bool {
        world.senders[thread].pc == ALLOCATE && world.fails < self.fails
    }

    /// No memory: the value goes back.
    pub fn fail(&self, next: &mut World, thread: usize) {
        let mut s = next.senders[thread];
        self.refuse(next, thread, &mut s);
        next.senders[thread] = s;
    }

    fn allocate(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let is_full = self.memory != 0 && next.real.count_ones() >= u32::from(self.memory);
        if is_full && !self.is_real(next, s.piece) {
            self.refuse(next, thread, s);
            return Ok(());
        }
        self.touch(next, s, self.number(s.claim.tail), s.piece, true)?;
        if self.rules.ready_after {
            s.pc = MADE;
        } else {
            s.again();
        }
        Ok(())
    }

    /// On to the record of the last owner, or to the claim.
    fn to_record(&self, thread: usize, s: &mut Sender) {
        if !self.rules.records
            || s.claim.owner == 0
            || s.claim.owner == self.me(thread)
            || !self.rules.record_first
        {
            s.pc = CLAIM;
        } else {
            self.begin_record(s);
        }
    }

    fn begin_record(&self, s: &mut Sender) {
        if self.number(s.claim.tail - 1) == self.number(s.claim.tail) {
            (s.record_piece, s.pc) = (s.piece, R_LOAD);
        } else {
            s.pc = R_ENTRY;
        }
    }

    fn end_record(&self, s: &mut Sender) {
        (s.record, s.record_piece, s.pc) = (Record::default(), 0, CLAIM);
        if !self.rules.record_first {
            (s.claim, s.pc) = (Claim::default(), VALUE);
        }
    }

    fn record(&self, next: &mut World, s: &mut Sender) -> Result<(), Flaw> {
        let last = s.claim.tail - 1;
        self.touch(next, s, self.number(last), s.record_piece, false)?;
        let record = &mut next.slots[usize::from(s.record_piece)][self.index(last)].record;
        let mine = Record { position: last + 1, owner: s.claim.owner };
        if s.pc == R_SET && (*record == s.record || !self.rules.record_exact) {
            *record = mine;
            self.end_record(s);
        } else if s.pc == R_SET {
            (s.record, s.pc) = (Record::default(), R_LOAD);
        } else if record.position == mine.position
            || record.position > mine.position && !self.rules.record_first
        {
            self.end_record(s);
        } else if record.position > mine.position && self.rules.record_newer {
            s.again();
        } else {
            (s.record, s.pc) = (*record, R_SET);
        }
        Ok(())
    }

    fn claim(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let first = s.claim.tail;
        let rest = self.chunk - first % self.chunk;
        let wanted = self.wanted(thread, s);
        let count = if self.rules.batch_ends { wanted.min(rest) } else { wanted };
        for position in first..first + count {
            let number = self.number(position);
            let entry = self.entry(next, number);
            let home = self.home(next, number);
            if entry.state != READY || home.is_none_or(|piece| !self.is_real(next, piece)) {
                return Err(format!("position {position} is claimed, and its chunk is not ready"));
            }
            next.claimed_by[usize::from(position)] = thread as u8 + 1;
        }
        next.claim = Claim { tail: first + count, owner: self.me(thread), closed: 0 };
        (s.position, s.left, s.pc, s.entry) = (first, count, VALUE, Entry::default());
        let was = s.claim;
        if !self.rules.record_first && was.owner != 0 && was.owner != self.me(thread) {
            self.begin_record(s);
        } else {
            s.claim = Claim::default();
        }
        Ok(())
    }

    fn own_slot<'a>(&self, next: &'a mut World, s: &Sender) -> &'a mut Slot {
        &mut next.slots[usize::from(s.piece)][self.index(s.position)]
    }

    /// A sender touches memory before it has claimed there. Only a late one may touch what the chunk no longer has.
    fn touch(
        &self,
        next: &mut World,
        s: &Sender,
        number: u8,
        piece: u8,
        allocates: bool,
    ) -> Result<(), Flaw> {
        let is_real = self.is_real(next, piece);
        next.real |= 1 << piece;
        if self.home(next, number) == Some(piece) {
            if !is_real && !allocates {
                return Err(format!("a record is looked at in chunk {number}, which is not real"));
            }
            return Ok(());
        }
        if next.claim == s.claim && !self.loose {
            let what = if allocates { "is made real" } else { "is looked at for a record" };
            return Err(format!("memory {piece} {what} for chunk {number} by a sender that is not late"));
        }
        if !is_real {
            next.strayed[usize::from(piece)] = next.receiver.posted + 1;
        }
        Ok(())
    }

    fn may_write(&self, world: &World, thread: usize, s: &Sender) -> Result<(), Flaw> {
        let home = self.home(world, self.number(s.position));
        let is_mine = usize::from(world.claimed_by[usize::from(s.position)]) == thread + 1;
        if !is_mine || home != Some(s.piece) || !self.is_real(world, s.piece) {
            return Err(format!("sender {thread} writes position {} where it may not", s.position));
        }
        Ok(())
    }

    /// The messages of the call that now returns are acknowledged.
    fn note_return(&self, next: &mut World, thread: usize, s: &Sender) {
        let from = if self.batch[thread] { 0 } else { s.message.saturating_sub(1) };
        for message in from..s.message {
            next.returned |= 1 << (self.first[thread] + message);
        }
    }

    fn note_refused(&self, next: &mut World, first: u8, messages: std::ops::Range<u8>) {
        for message in messages {
            next.refused |= 1 << (first + message);
            next.before[usize::from(first + message)] = 0;
        }
    }
}
