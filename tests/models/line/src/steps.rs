//! The steps of every actor. Each makes one access to a shared word and is named by it. The lock of a backlog is taken together
//! with the access that follows, and released together with the one before: no other thread can tell the difference.
//!
//! `newcomer.rs` has a call until it takes or must wait, `waiter.rs` its way through backlog and record, `entering.rs` how a
//! sender gets a record, `looking.rs` the walk and the look.

use crate::explorer::{Flaw, steps};
use crate::world::*;

steps! {
    BEGIN "begins, and counts its backlog",
    N_AGAIN "newcomer: counts its backlog again",
    N_HEAD "newcomer: loads head",
    N_CLAIM "newcomer: loads the claim word",
    N_LATE "newcomer: counts its backlog, late",
    N_TAKE "newcomer: exchanges the claim word",
    N_WAIT "must wait: looks whether its backlog is empty",
    STAND "locks the backlog and stands at its end",
    T_BELL "registers its bell",
    T_HEAD "waiter: loads head",
    T_CLAIM "waiter: loads the claim word",
    T_TAKE "waiter: exchanges the claim word",
    T_LATE_BELL "registers its bell, late",
    T_SLEEP "is awake, and registers its bell",
    B_SLEEP "is awake in the backlog, and locks it",
    B_HEAD "in the backlog: loads head",
    B_CLAIM "in the backlog: loads the claim word",
    B_TAKE "in the backlog: exchanges the claim word",
    B_CANCEL "cancels: locks the backlog",
    V_BIT "leaves: clears its bit",
    V_FREE "leaves: frees its record",
    V_LATE_BIT "leaves: clears its bit, late",
    V_BACKLOG "leaves: looks at its backlog",
    GIVE "gives its permits back",
    DONE "is done",
    DEAD "is dead",
    E_FIND "enters: tries a record",
    E_BIT "enters: sets the bit",
    E_PEEK "enters: loads the line word",
    E_EARLY "enters: writes WAITS, early",
    E_DRAW "enters: draws a ticket",
    E_WAITS "enters: writes WAITS",
    E_LATE_BIT "enters: sets the bit, late",
    A_OUT "admits: takes the sender out of the backlog",
    A_EARLY "admits: takes the sender out of the backlog, early",
    A_BELL "arms: registers the bell of the backlog",
    A_LINE "arms: sets the backlog mark",
    A_HEAD "arms: loads head",
    A_CLAIM "arms: loads the claim word",
    W_LINE "walk: loads the line word",
    W_BITS "walk: loads the bits",
    W_RECORD "walk: loads a record",
    L_LINE "look: loads the line word",
    L_HEAD "look: loads head",
    L_CLAIM "look: loads the claim word",
    L_BITS "look: loads the bits",
    L_RECORD "look: loads a record",
    L_RING "look: rings a waiter",
    L_BACKLOG "look: rings a backlog if it sleeps",
    L_CLEAR "look: clears marks of the line word",
    L_OWN "has rung its own backlog: locks it",
    USHER "usher: was woken, locks the backlog",
    RECEIVE "receiver: takes a value",
    REPAIR "repair: finds a dead process",
    R_BIT "repair: clears a bit",
    R_FREE "repair: frees a record",
    R_PERMITS "repair: gives the permits of the dead back",
}

pub fn is_asleep(pc: u8) -> bool {
    pc == T_SLEEP || pc == B_SLEEP
}

/// One step in the making: the next state of the world, in which the actor `me` has `a` as its copies.
pub struct Step<'a> {
    pub setup: &'a Setup,
    pub rules: &'a Rules,
    pub w: World,
    pub a: Actor,
    pub me: usize,
    /// The actor's process.
    pub p: usize,
}

impl Setup {
    /// The state after the next step of an actor. None: it rests, or waits for a lock.
    pub fn step(&self, world: &World, me: usize) -> Result<Option<World>, Flaw> {
        let process = self.process_of(me);
        if process.is_some_and(|p| (world.stopped | world.dead) >> p & 1 == 1) {
            return Ok(None);
        }
        let (a, p) = (world.actors[me], process.unwrap_or(0));
        let mut step = Step { setup: self, rules: &self.rules, w: *world, a, me, p };
        if !step.make()? {
            return Ok(None);
        }
        step.w.actors[me] = step.a;
        step.w.tidy();
        Ok(Some(step.w))
    }
}

impl Step<'_> {
    fn make(&mut self) -> Result<bool, Flaw> {
        let pc = self.a.pc;
        match pc {
            BEGIN | N_AGAIN | N_HEAD | N_CLAIM | N_LATE | N_TAKE | N_WAIT => self.newcomer(),
            STAND | T_BELL | T_HEAD | T_CLAIM | T_TAKE | T_LATE_BELL | T_SLEEP => self.waiter(),
            B_SLEEP | B_HEAD | B_CLAIM | B_TAKE | B_CANCEL => self.in_backlog(),
            V_BIT | V_FREE | V_LATE_BIT | V_BACKLOG | GIVE => Ok(self.leaving()),
            E_FIND | E_BIT | E_PEEK | E_EARLY | E_DRAW | E_WAITS | E_LATE_BIT => Ok(self.entering()),
            A_OUT | A_EARLY | A_BELL | A_LINE | A_HEAD | A_CLAIM => Ok(self.admitting()),
            W_LINE | W_BITS | W_RECORD => Ok(self.walking()),
            L_LINE | L_HEAD | L_CLAIM | L_BITS | L_RECORD | L_RING | L_BACKLOG | L_CLEAR | L_OWN => {
                Ok(self.looking())
            }
            DONE | DEAD => Ok(false),
            _ => Ok(self.others()),
        }
    }

    fn others(&mut self) -> bool {
        let pc = self.a.pc;
        match pc {
            USHER => {
                if self.w.heard >> self.p & 1 == 0 || !self.lock() {
                    return false;
                }
                self.w.heard &= !(1 << self.p);
                self.admit(USHER);
            }
            RECEIVE => {
                if self.w.head == self.w.claim.tail {
                    return false;
                }
                self.w.head += 1;
                if self.rules.receive_looks {
                    self.a.owes = 1;
                    self.look(RECEIVE);
                }
            }
            REPAIR => {
                let unrepaired = self.w.dead & !self.w.repaired;
                let Some(dead) = (0..PROCESSES).find(|p| unrepaired >> p & 1 == 1) else { return false };
                (self.a.subject, self.a.index) = (dead as u8 + 1, 0);
                self.next_to_repair();
            }
            R_BIT => {
                self.w.bits &= !(1 << self.a.index);
                if self.rules.repair_bit_first {
                    self.a.pc = R_FREE;
                } else {
                    self.a.index += 1;
                    self.next_to_repair();
                }
            }
            R_FREE => {
                self.w.records[usize::from(self.a.index)] = Record::default();
                if self.rules.repair_bit_first {
                    self.a.index += 1;
                    self.next_to_repair();
                } else {
                    self.a.pc = R_BIT;
                }
            }
            R_PERMITS => {
                let dead = usize::from(self.a.subject) - 1;
                for thread in
                    (0..self.setup.threads()).filter(|t| usize::from(self.setup.process[*t]) == dead)
                {
                    self.w.claim.reserved -= self.w.actors[thread].held;
                    self.w.actors[thread].held = 0;
                }
                if self.rules.repair_clears_bell {
                    self.w.backlog_bells &= !(1 << dead);
                }
                self.w.repaired |= 1 << dead;
                self.a.subject = 0;
                if self.rules.repair_looks {
                    self.look(REPAIR);
                } else {
                    self.a.pc = REPAIR;
                }
            }
            _ => unreachable!(),
        }
        true
    }

    /// On to the next record of the dead process. Its records change no more, so reading them is no step.
    fn next_to_repair(&mut self) {
        let is_found = |record: &Record| {
            record.owner == self.a.subject
                && (record.state == WAITS || record.state == COMING && self.rules.repair_frees_coming)
        };
        let mut rest = usize::from(self.a.index)..usize::from(self.setup.records());
        match rest.find(|at| is_found(&self.w.records[*at])) {
            Some(at) => {
                self.a.index = at as u8;
                self.a.pc = if self.rules.repair_bit_first { R_BIT } else { R_FREE };
            }
            None => (self.a.index, self.a.pc) = (0, R_PERMITS),
        }
    }

    /// Takes the lock of the process's backlog, if it is free.
    pub fn lock(&mut self) -> bool {
        let is_free = self.w.locks[self.p] == 0;
        if is_free {
            self.w.locks[self.p] = self.me as u8 + 1;
        }
        is_free
    }

    pub fn unlock(&mut self) {
        self.w.locks[self.p] = 0;
    }

    /// Wakes a thread, which may be the acting one.
    pub fn wake(&mut self, thread: usize) {
        if thread == self.me {
            self.a.woken = 1;
        } else {
            self.w.actors[thread].woken = 1;
        }
    }

    /// Loads the claim word, and says whether the channel is closed. What is free is judged by this word and by the head that was
    /// loaded before.
    pub fn load_claim(&mut self) -> bool {
        self.a.claim = self.w.claim;
        self.a.left = self.setup.free(self.a.claim, self.a.head) as i8;
        self.a.head = 0;
        self.a.claim.closed == 1
    }

    /// The same, where the word will not be exchanged.
    pub fn load_free(&mut self) -> bool {
        self.load_claim();
        (self.a.claim.tail, self.a.claim.reserved) = (0, 0);
        self.a.claim.closed == 1
    }

    pub fn free(&self) -> i16 {
        i16::from(self.a.left)
    }

    /// Takes the need of the acting sender from the claim word if the word is unchanged. The checker then asks whether there was
    /// enough for it and for all that it must not overtake.
    pub fn take(&mut self) -> Result<bool, Flaw> {
        let is_same = self.w.claim == self.a.claim;
        self.forget();
        if !is_same && self.rules.claim_exact {
            return Ok(false);
        }
        let (me, need) = (self.me, self.setup.need(&self.w, self.me));
        let is_waiting = |other: usize| {
            let b = &self.w.actors[other];
            let backlog = &self.w.backlogs[usize::from(self.setup.process[other])];
            b.taken == 0 && (self.w.in_line >> other & 1 == 1 || waiting(backlog).any(|t| t == other))
        };
        let before: u8 = (0..self.setup.threads())
            .filter(|other| self.w.before[me] >> other & 1 == 1 && is_waiting(*other))
            .map(|other| self.setup.need(&self.w, other))
            .sum();
        let free = self.setup.free(self.w.claim, self.w.head);
        if free < i16::from(need) {
            return Err(format!("sender {me} takes {need} of {free}"));
        }
        if free < i16::from(before + need) {
            return Err(format!(
                "sender {me} overtakes: {free} free, {before} for those before it, {need} for it"
            ));
        }
        match self.setup.op(&self.w, me) {
            Op::Reserve(n) => {
                self.w.claim.reserved += n;
                self.a.held = n;
            }
            _ => self.w.claim.tail += 1,
        }
        self.a.taken = 1;
        self.w.before.iter_mut().for_each(|before| *before &= !(1 << me));
        self.w.before[me] = 0;
        Ok(true)
    }

    /// Ends the call. Permits are given back first.
    pub fn finish(&mut self) {
        let old = self.a;
        self.a = Actor { op: old.op, ..Actor::default() };
        // A later call of this thread is behind the calls that are going on now.
        self.w.before.iter_mut().for_each(|before| *before &= !(1 << self.me));
        self.w.before[self.me] = 0;
        if old.held != 0 {
            (self.a.pc, self.a.held) = (GIVE, old.held);
            return;
        }
        self.a.op += 1;
        let is_last = usize::from(self.a.op) == self.setup.ops[self.me].len();
        self.a.pc = if is_last { DONE } else { BEGIN };
    }

    /// Clears the copies of words.
    pub fn forget(&mut self) {
        let a = &mut self.a;
        (a.head, a.claim, a.left, a.line) = (0, Claim::default(), 0, Line::default());
        (a.bits, a.seen) = (0, Default::default());
        (a.index, a.limit, a.want, a.sum, a.after_walk, a.backlog) = (0, 0, 0, 0, 0, 0);
    }
}
