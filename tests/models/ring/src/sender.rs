//! The steps of a sending thread. Each makes one access to a shared word and is named by it; a value and its stamp are written in
//! one step, for the receiver reads the value only behind the stamp. The view is private to a process: a thread that is alone in
//! its process looks at it together with the claim word.

use crate::explorer::{Flaw, steps};
use crate::world::*;

steps! {
    BEGIN "loads the claim word",
    VIEW "loads the view of the process",
    HEAD "loads head",
    COUNT "loads the count of quarantined slots",
    ENTRY "loads an entry",
    CONFIRM "full: loads the claim word again",
    VOID "exchanges the entry: void up to the tail",
    OVER "exchanges the claim word: over the void position",
    R_LOAD "loads a record",
    R_SET "exchanges a record",
    CLAIM "exchanges the claim word",
    VALUE "writes a value and its stamp",
    GIVE "exchanges the claim word: a permit less",
    DONE "is done",
    GONE "is gone",
}

impl Sender {
    fn again(&mut self) {
        let Sender { message, began, held, .. } = *self;
        *self = Sender { message, began, held, ..Sender::default() };
    }
}

impl Setup {
    /// How many positions the thread wants in one exchange, and how much it must get: less gives it nothing.
    fn wanted(&self, thread: usize, s: &Sender) -> (i8, i8) {
        let rest = (self.messages[thread] - s.message) as i8;
        match self.kind[thread] {
            Kind::Batch => (rest, 1),
            Kind::Permits if s.held == 0 => (rest, rest),
            _ => (1, 1),
        }
    }

    fn reserves(&self, thread: usize, s: &Sender) -> bool {
        self.kind[thread].has_permits() && s.held == 0
    }

    /// What the thread must get.
    pub fn need(&self, world: &World, thread: usize) -> u8 {
        self.wanted(thread, &world.senders[thread]).1 as u8
    }

    /// Whether a thread that was told Full still finds it so.
    pub fn is_blocked(&self, world: &World, thread: usize) -> bool {
        let s = &world.senders[thread];
        let (_, need) = self.wanted(thread, s);
        s.waits == 1 && world.claim.closed == 0 && self.free(world) < need
    }

    fn is_full(&self, world: &World, need: i8) -> bool {
        let used = self.units(world) + self.lingering(world);
        self.capacity as i8 - (used as i8) < need
    }

    pub fn step_sender(&self, world: &World, thread: usize) -> Result<Option<World>, Flaw> {
        let mut next = *world;
        let mut s = world.senders[thread];
        match s.pc {
            DONE | GONE => return Ok(None),
            BEGIN if self.is_blocked(world, thread) => return Ok(None),
            BEGIN => self.begin(&mut next, thread, &mut s),
            VIEW => self.try_view(world, thread, &mut s),
            HEAD => {
                if world.head > s.claim.tail {
                    if !self.rules.both_or_neither {
                        next.views[usize::from(self.process[thread])].head = world.head;
                    }
                    s.again();
                } else {
                    s.view.head = world.head;
                    let (_, need) = self.wanted(thread, &s);
                    s.was_full |= u8::from(world.claim == s.claim && self.is_full(world, need));
                    s.pc = COUNT;
                    if !self.rules.count_after_head {
                        self.counted(&mut next, thread, &mut s)?;
                    }
                }
            }
            COUNT => {
                s.view.any = u8::from(world.count > 0);
                if self.rules.count_after_head {
                    self.counted(&mut next, thread, &mut s)?;
                } else {
                    s.pc = HEAD;
                }
            }
            ENTRY => self.look_at_entry(&mut next, thread, &mut s)?,
            CONFIRM if world.claim == s.claim => self.refuse(&mut next, thread, &mut s)?,
            CONFIRM => s.again(),
            VOID => {
                let entry = &mut next.entries[usize::from(s.blocked) - 1];
                if *entry == s.entry || !self.rules.void_exact {
                    *entry = Entry { last: s.claim.tail, ..s.entry };
                    (s.blocked, s.entry, s.pc) = (0, Entry::default(), OVER);
                } else {
                    s.again();
                }
            }
            OVER => {
                if world.claim == s.claim {
                    next.claim.tail += 1;
                }
                s.again();
            }
            R_LOAD | R_SET => self.record(&mut next, &mut s),
            CLAIM if world.claim == s.claim => self.claim(&mut next, thread, &mut s)?,
            CLAIM => s.again(),
            VALUE => {
                let index = self.index(s.position);
                if usize::from(world.claimed_by[index]) != thread + 1 {
                    return Err(format!("sender {thread} writes position {} where it may not", s.position));
                }
                next.slots[index].value = self.first[thread] + s.message + 1;
                next.slots[index].stamp = s.position;
                s.message += 1;
                (s.left, s.position) = (s.left - 1, s.position + 1);
                if self.kind[thread] != Kind::Batch || s.message == self.messages[thread] {
                    self.note_return(&mut next, thread, &s);
                    s.began = 0;
                }
                if s.left == 0 {
                    s.again();
                    self.end_if_last(&mut next, thread, &mut s);
                }
            }
            GIVE if world.claim == s.claim => {
                next.claim.reserved -= s.held;
                let message = s.message;
                self.note_refused(&mut next, self.first[thread], message..message + s.held);
                (s.message, s.held) = (message + s.held, 0);
                s.again();
                self.end_if_last(&mut next, thread, &mut s);
            }
            GIVE => s.again(),
            _ => unreachable!(),
        }
        next.senders[thread] = s;
        Ok(Some(next))
    }

    fn end_if_last(&self, next: &mut World, thread: usize, s: &mut Sender) {
        if s.message < self.messages[thread] {
            return;
        }
        *s = Sender { pc: DONE, message: s.message, ..Sender::default() };
        let process = self.process[thread];
        let is_over = |other: usize| {
            self.process[other] != process || next.senders[other].pc >= DONE || other == thread
        };
        if (0..self.threads()).all(is_over) {
            next.views[usize::from(process)] = View::default();
        }
    }

    fn begin(&self, next: &mut World, thread: usize, s: &mut Sender) {
        let reserves = self.reserves(thread, s);
        let (want, need) = self.wanted(thread, s);
        if s.began == 0 && !reserves {
            s.began = 1;
            for number in 0..want as u8 {
                let message = self.first[thread] + s.message + number;
                let mut before = next.returned & !next.received;
                if number > 0 {
                    before |= 1 << (message - 1);
                }
                next.before[usize::from(message)] = before;
            }
        }
        s.waits = 0;
        s.claim = next.claim;
        if s.held > 0 && self.kind[thread] == Kind::Drop {
            s.pc = GIVE;
        } else if s.claim.closed == 1 && s.held == 0 {
            if self.kind[thread] == Kind::Batch {
                self.note_return(next, thread, s);
            }
            let rest = s.message..self.messages[thread];
            self.note_refused(next, self.first[thread], rest);
            s.message = self.messages[thread];
            self.end_if_last(next, thread, s);
        } else {
            s.was_full = u8::from(self.is_full(next, need));
            let is_alone =
                self.process.iter().filter(|process| **process == self.process[thread]).count() == 1;
            if is_alone {
                self.try_view(next, thread, s);
            } else {
                s.pc = VIEW;
            }
        }
    }

    /// The common way: the process's copy of head is enough to know.
    fn try_view(&self, world: &World, thread: usize, s: &mut Sender) {
        let view = world.views[usize::from(self.process[thread])];
        let is_good = view.any == 0 || !self.rules.looks_while_any;
        if is_good && view.head != 0 && view.head <= s.claim.tail {
            let used = (s.claim.tail - view.head) as i8;
            let (want, need) = self.wanted(thread, s);
            let reserved = if s.held > 0 { 0 } else { s.claim.reserved as i8 };
            let free = self.limit() - used - reserved;
            if free >= need {
                self.go_on(thread, s, want.min(free));
                return;
            }
        }
        s.pc = if self.rules.count_after_head { HEAD } else { COUNT };
    }

    /// Head and count are loaded.
    fn counted(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        s.run = self.slots;
        if s.view.any == 1 {
            s.pc = ENTRY;
            Ok(())
        } else {
            self.decide(next, thread, s)
        }
    }

    fn look_at_entry(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let entry = next.entries[usize::from(s.at)];
        let tail = s.claim.tail;
        s.ahead += u8::from(self.is_ahead(entry, s.view.head, tail));
        if entry.slot != 0 {
            let steps = self.slots_to(tail, entry);
            if entry.is_void_at(tail + steps) {
                s.run = s.run.min(steps);
                if steps == 0 {
                    (s.blocked, s.entry) = (s.at + 1, entry);
                }
            }
        }
        s.at += 1;
        if usize::from(s.at) == self.entries { self.decide(next, thread, s) } else { Ok(()) }
    }

    /// Head and quarantine are known: the process remembers them, and the thread goes on with them.
    fn decide(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        next.views[usize::from(self.process[thread])] = s.view;
        let used = (s.claim.tail - s.view.head) as i8;
        let (want, need) = self.wanted(thread, s);
        let free = if s.held > 0 {
            if used >= self.limit() {
                if next.claim == s.claim {
                    return Err(format!("sender {thread} holds a permit and finds no room"));
                }
                s.again();
                return Ok(());
            }
            1
        } else {
            self.limit() - used - s.claim.reserved as i8 - s.ahead as i8
        };
        if free < need {
            if s.view.any == 1 && self.rules.full_confirmed {
                let Sender { claim, message, began, held, was_full, .. } = *s;
                *s = Sender { pc: CONFIRM, claim, message, began, held, was_full, ..Sender::default() };
                return Ok(());
            }
            return self.refuse(next, thread, s);
        }
        if s.blocked != 0 && self.rules.voids && !self.reserves(thread, s) {
            let Sender { claim, message, began, held, blocked, entry, .. } = *s;
            *s = Sender { pc: VOID, claim, message, began, held, blocked, entry, ..Sender::default() };
            if entry.last >= claim.tail || !self.rules.entry_first {
                (s.blocked, s.entry, s.pc) = (0, Entry::default(), OVER);
            }
            return Ok(());
        }
        let run =
            if self.rules.run_ends && !self.reserves(thread, s) && s.run > 0 { s.run } else { self.slots };
        self.go_on(thread, s, want.min(free).min(run as i8));
        Ok(())
    }

    /// There is room: on to the record of the last owner, or to the claim.
    fn go_on(&self, thread: usize, s: &mut Sender, count: i8) {
        let Sender { claim, message, began, held, .. } = *s;
        *s = Sender { claim, message, began, held, left: count as u8, ..Sender::default() };
        let is_other = claim.owner != 0 && claim.owner != self.me(thread);
        let needs_record = self.rules.records && is_other && !self.reserves(thread, s);
        s.pc = if needs_record { R_LOAD } else { CLAIM };
    }

    /// The channel is full: the call ends and gives the value back, or waits.
    fn refuse(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let was_full = s.was_full == 1;
        s.again();
        if self.kind[thread] == Kind::Try {
            if !was_full {
                return Err(format!("sender {thread} is refused, and the channel was not full"));
            }
            self.note_refused(next, self.first[thread], s.message..s.message + 1);
            (s.message, s.began) = (s.message + 1, 0);
            self.end_if_last(next, thread, s);
        } else {
            s.waits = 1;
        }
        Ok(())
    }

    fn record(&self, next: &mut World, s: &mut Sender) {
        let last = s.claim.tail - 1;
        let index = self.index(last);
        let record = &mut next.slots[index].record;
        let mine = Record { position: last, owner: s.claim.owner };
        if s.pc == R_SET && (*record == s.record || !self.rules.record_exact) {
            *record = mine;
            (s.record, s.pc) = (Record::default(), CLAIM);
        } else if s.pc == R_SET {
            (s.record, s.pc) = (Record::default(), R_LOAD);
        } else if record.position == mine.position {
            s.pc = CLAIM;
        } else if record.position > mine.position && self.rules.record_newer {
            s.again();
        } else {
            (s.record, s.pc) = (*record, R_SET);
        }
    }

    fn claim(&self, next: &mut World, thread: usize, s: &mut Sender) -> Result<(), Flaw> {
        let (first, count) = (s.claim.tail, s.left);
        if matches!(self.kind[thread], Kind::Stall | Kind::Hold) {
            next.stopped |= 1 << thread;
        }
        if self.reserves(thread, s) {
            next.claim.reserved += count;
            s.again();
            s.held = count;
            return Ok(());
        }
        for position in first..first + count {
            let by = &mut next.claimed_by[self.index(position)];
            if *by != 0 {
                return Err(format!("position {position} is claimed, and its slot is still in use"));
            }
            *by = thread as u8 + 1;
        }
        next.claim.tail += count;
        next.claim.owner = self.me(thread);
        if s.held > 0 {
            next.claim.reserved -= 1;
            s.held -= 1;
        }
        (s.claim, s.position, s.pc) = (Claim::default(), first, VALUE);
        Ok(())
    }

    /// The messages of the call that now returns are acknowledged.
    fn note_return(&self, next: &mut World, thread: usize, s: &Sender) {
        let from = if self.kind[thread] == Kind::Batch { 0 } else { s.message.saturating_sub(1) };
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
