//! The walk, which sums needs, and the look, which rings every waiter that is covered.

use crate::steps::*;
use crate::world::*;

impl Step<'_> {
    /// Begins to sum the needs of records with a ticket older than `limit`, or of all.
    pub fn walk(&mut self, limit: u8, want: u8, after: u8) {
        let a = &mut self.a;
        (a.limit, a.want, a.after_walk, a.sum) = (limit, want, after, 0);
        a.pc = if self.rules.walk_line_first { W_LINE } else { W_BITS };
        let is_ignored = match after {
            N_CLAIM => !self.rules.newcomer_counts_line,
            B_CLAIM => !self.rules.backlog_counts_line,
            _ => false,
        };
        if is_ignored || !self.is_covered() {
            self.walked();
        }
    }

    /// Whether what is free is enough for all that is counted so far.
    pub fn is_covered(&self) -> bool {
        i16::from(self.a.sum + self.a.want) <= self.free()
    }

    pub fn walking(&mut self) -> bool {
        let rules = self.rules;
        let pc = self.a.pc;
        match pc {
            W_LINE if self.w.line.any == 0 => self.walked(),
            W_LINE if !rules.bits_first => self.a.pc = W_RECORD,
            W_LINE if rules.walk_line_first => self.a.pc = W_BITS,
            W_LINE => self.walk_on(),
            W_BITS if !rules.bits_first => {
                let (seen, bits) = (self.a.seen, self.w.bits);
                let is_set = |at: &usize| bits >> at & 1 == 1;
                self.a.sum = (0..RECORDS).filter(is_set).map(|at| seen[at].need).sum();
                self.walked();
            }
            W_BITS => {
                self.a.bits = self.w.bits;
                if rules.walk_line_first {
                    self.walk_on();
                } else {
                    self.a.pc = W_LINE;
                }
            }
            W_RECORD => {
                let at = usize::from(self.a.index);
                let record = self.w.records[at];
                let is_older = self.a.limit == 0
                    || record.ticket < self.a.limit
                    || !rules.turn_counts_older && !self.is_own(at);
                let need = if record.state == WAITS && is_older { record.need } else { 0 };
                self.a.index += 1;
                if !rules.bits_first {
                    self.a.seen[at].need = need;
                    if self.a.index == self.setup.records() {
                        self.a.pc = W_BITS;
                    }
                    return true;
                }
                self.a.sum += need;
                if self.is_covered() {
                    self.walk_on();
                } else {
                    self.walked();
                }
            }
            _ => unreachable!(),
        }
        true
    }

    fn is_own(&self, record: usize) -> bool {
        usize::from(self.a.stand) == record + 1
    }

    /// On to the next record whose bit is set.
    fn next_bit(&mut self) -> bool {
        while self.a.index < self.setup.records() && self.a.bits >> self.a.index & 1 == 0 {
            self.a.index += 1;
        }
        self.a.index < self.setup.records()
    }

    fn walk_on(&mut self) {
        self.a.pc = W_RECORD;
        if !self.next_bit() {
            self.walked();
        }
    }

    fn walked(&mut self) {
        let after = self.a.after_walk;
        let a = &mut self.a;
        (a.after_walk, a.limit, a.bits, a.index, a.seen) = (0, 0, 0, 0, Default::default());
        match after {
            N_CLAIM => self.newcomer_walked(false),
            T_CLAIM => self.waiter_walked(),
            B_CLAIM => self.backlog_walked(),
            A_CLAIM => self.arm_walked(),
            _ => unreachable!(),
        }
    }

    /// Begins a look.
    pub fn look(&mut self, after: u8) {
        self.a.after_look = after;
        self.look_again();
    }

    fn look_again(&mut self) {
        self.forget();
        self.a.pc = if self.rules.look_line_first { L_LINE } else { L_BITS };
    }

    pub fn looking(&mut self) -> bool {
        let rules = self.rules;
        let pc = self.a.pc;
        match pc {
            L_LINE => {
                self.a.line = self.w.line;
                self.a.pc = L_HEAD;
                if self.a.line.is_idle() {
                    self.looked();
                }
            }
            L_HEAD => (self.a.head, self.a.pc) = (self.w.head, L_CLAIM),
            L_CLAIM => {
                self.load_free();
                if !rules.bits_first {
                    self.a.pc = L_RECORD;
                } else if rules.look_line_first {
                    self.a.pc = L_BITS;
                } else {
                    self.gather();
                }
            }
            L_BITS if !rules.bits_first => {
                self.a.bits = self.w.bits;
                for at in 0..RECORDS {
                    if self.a.bits >> at & 1 == 0 {
                        self.a.seen[at] = Seen::default();
                    }
                }
                self.look_on();
            }
            L_BITS => {
                self.a.bits = self.w.bits;
                if rules.look_line_first {
                    self.gather();
                } else {
                    self.a.pc = L_LINE;
                }
            }
            L_RECORD => {
                let record = self.w.records[usize::from(self.a.index)];
                if record.state == WAITS {
                    self.a.seen[usize::from(self.a.index)] =
                        Seen { ticket: record.ticket, need: record.need };
                }
                self.a.index += 1;
                if rules.bits_first {
                    self.gather();
                } else if self.a.index == self.setup.records() {
                    (self.a.index, self.a.pc) = (0, L_BITS);
                }
            }
            L_RING => {
                let record = self.a.index;
                self.a.seen[usize::from(record)] = Seen::default();
                self.ring(record);
                if rules.look_rings_all {
                    self.look_on();
                } else {
                    self.looked();
                }
            }
            L_BACKLOG => {
                let bit = 1 << self.a.index;
                if self.w.backlog_bells & bit != 0 {
                    self.w.backlog_bells &= !bit;
                    self.a.rang = 1;
                    if self.me < THREADS && usize::from(self.a.index) == self.p {
                        self.a.rang_own = 1;
                    } else if self.w.dead & bit == 0 {
                        self.w.heard |= bit;
                    }
                }
                self.a.index += 1;
                if usize::from(self.a.index) < self.setup.processes() {
                    return true;
                }
                if self.a.rang == 1 || !rules.clears_backlog {
                    self.looked();
                } else {
                    (self.a.index, self.a.pc) = (0, L_CLEAR);
                }
            }
            L_CLEAR => {
                let old = self.a.line;
                let is_empty = self.a.bits == 0 && rules.clears_any;
                let is_same = self.w.line == old;
                if is_same || !rules.any_exact && is_empty || !rules.backlog_exact && old.backlog == 1 {
                    if is_empty && (is_same || !rules.any_exact) {
                        self.w.line.any = 0;
                    }
                    if old.backlog == 1 && (is_same || !rules.backlog_exact) {
                        self.w.line.backlog = 0;
                    }
                    self.looked();
                } else {
                    self.look_again();
                }
            }
            L_OWN => {
                if !self.lock() {
                    return false;
                }
                self.a.rang_own = 0;
                self.admit(DONE);
            }
            _ => unreachable!(),
        }
        true
    }

    /// On to the next record to load; or all are loaded.
    fn gather(&mut self) {
        self.a.pc = L_RECORD;
        if !self.next_bit() {
            if !self.rules.coming_is_occupied && self.a.seen == <[Seen; RECORDS]>::default() {
                self.a.bits = 0;
            }
            self.look_on();
        }
    }

    /// On to the waiter with the oldest ticket; or all are rung.
    fn look_on(&mut self) {
        let is_closed = self.a.claim.closed == 1;
        let key = |at: &usize| if self.rules.look_in_order { self.a.seen[*at].ticket } else { *at as u8 };
        let oldest = (0..RECORDS).filter(|at| self.a.seen[*at].ticket != 0).min_by_key(key);
        if let Some(at) = oldest {
            self.a.sum += self.a.seen[at].need;
            (self.a.index, self.a.pc) = (at as u8, L_RING);
            if !is_closed && i16::from(self.a.sum) > self.free() {
                self.looked();
            }
            return;
        }
        let is_more_free = is_closed || i16::from(self.a.sum) < self.free();
        (self.a.index, self.a.left, self.a.claim, self.a.sum) = (0, 0, Claim::default(), 0);
        if self.a.line.backlog == 0 && self.a.bits == 0 && self.rules.clears_any {
            self.a.pc = L_CLEAR;
        } else if self.a.line.backlog == 1 && is_more_free && self.rules.look_rings_backlogs {
            self.a.pc = L_BACKLOG;
        } else {
            self.looked();
        }
    }

    /// Wakes the thread that sleeps at a record's bell.
    fn ring(&mut self, record: u8) {
        if self.w.bells >> record & 1 == 0 {
            return;
        }
        self.w.bells &= !(1 << record);
        for thread in 0..self.setup.threads() {
            let actor = &mut self.w.actors[thread];
            if actor.stand == record + 1 && actor.pc != DEAD {
                actor.woken = 1;
            }
        }
    }

    fn looked(&mut self) {
        self.forget();
        let after = self.a.after_look;
        (self.a.after_look, self.a.rang, self.a.owes) = (0, 0, 0);
        if self.a.rang_own == 1 {
            self.a.pc = L_OWN;
        } else if after == DONE {
            self.finish();
        } else {
            self.a.pc = after;
        }
    }
}
