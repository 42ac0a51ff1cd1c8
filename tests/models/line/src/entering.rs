//! How a sender gets a record, for itself or by an admission, and how a process without a free record arms its backlog.

use crate::steps::*;
use crate::world::*;

impl Step<'_> {
    /// Begins to seek a record for a thread.
    pub fn enter(&mut self, thread: usize) {
        (self.a.pc, self.a.subject, self.a.index) = (E_FIND, thread as u8 + 1, 0);
        if self.setup.common == 0 && !self.rules.own_record {
            self.no_place();
        }
    }

    fn is_admitting(&self) -> bool {
        self.w.locks[self.p] == self.me as u8 + 1
    }

    pub fn entering(&mut self) -> bool {
        let rules = self.rules;
        let subject = usize::from(self.a.subject) - 1;
        let need = self.setup.need(&self.w, subject);
        let owner = self.p as u8 + 1;
        let pc = self.a.pc;
        match pc {
            E_FIND => {
                let is_own = self.a.index == self.setup.common;
                let at = if is_own { self.setup.common + self.p as u8 } else { self.a.index };
                let record = &mut self.w.records[usize::from(at)];
                if record.state == FREE {
                    *record = Record { ticket: 0, owner, need, state: COMING };
                    (self.a.record, self.a.index) = (at + 1, 0);
                    self.a.pc = if !rules.bit_before_draw { E_DRAW } else { E_BIT };
                    if !rules.record_first && self.is_admitting() {
                        self.a.pc = A_EARLY;
                    }
                } else {
                    self.a.index += 1;
                    if is_own || self.a.index == self.setup.common && !rules.own_record {
                        self.no_place();
                    }
                }
            }
            E_BIT => {
                self.w.bits |= 1 << (self.a.record - 1);
                self.a.pc = if rules.waits_after_draw { E_DRAW } else { E_PEEK };
            }
            E_PEEK => (self.a.line, self.a.ticket, self.a.pc) = (self.w.line, self.w.line.next, E_EARLY),
            E_EARLY => {
                self.write_record(subject);
                self.a.pc = E_DRAW;
            }
            E_DRAW if !rules.waits_after_draw => {
                if self.w.line == self.a.line {
                    self.draw();
                    self.a.line = Line::default();
                    self.entered(subject);
                } else {
                    self.a.pc = E_PEEK;
                }
            }
            E_DRAW => {
                self.a.ticket = self.w.line.next;
                self.draw();
                self.a.pc = if rules.bit_before_draw { E_WAITS } else { E_LATE_BIT };
            }
            E_LATE_BIT => {
                self.w.bits |= 1 << (self.a.record - 1);
                self.a.pc = E_WAITS;
            }
            E_WAITS => {
                self.write_record(subject);
                self.entered(subject);
            }
            _ => unreachable!(),
        }
        true
    }

    fn draw(&mut self) {
        self.w.line.next += 1;
        if self.rules.draw_sets_any {
            self.w.line.any = 1;
        }
    }

    fn write_record(&mut self, subject: usize) {
        let need = self.setup.need(&self.w, subject);
        let record = Record { ticket: self.a.ticket, owner: self.p as u8 + 1, need, state: WAITS };
        self.w.records[usize::from(self.a.record) - 1] = record;
        // Senders in the line with an older ticket must not be overtaken from now on.
        for thread in (0..self.setup.threads()).filter(|t| *t != subject && self.w.in_line >> t & 1 == 1) {
            let stand = self.stand_of(thread);
            if stand != 0 && self.w.records[usize::from(stand) - 1].ticket < record.ticket {
                self.w.before[subject] |= 1 << thread;
            }
        }
        self.w.in_line |= 1 << subject;
        // The checker's own note: a sender knows its record when it is out of the backlog.
        if subject == self.me {
            self.a.stand = self.a.record;
        }
    }

    /// The record of a thread that is in the line: its own note, or that of the thread which admits it.
    fn stand_of(&self, thread: usize) -> u8 {
        let actors = &self.w.actors;
        if actors[thread].stand != 0 {
            return actors[thread].stand;
        }
        let admits = |a: &&Actor| usize::from(a.subject) == thread + 1 && a.pc == A_OUT;
        actors[..RECEIVER].iter().find(admits).map_or(0, |a| a.record)
    }

    /// The record says WAITS, and all is said that must be said.
    fn entered(&mut self, subject: usize) {
        if self.is_admitting() {
            self.a.pc = A_OUT;
            if !self.rules.record_first {
                self.hand_over(subject);
            }
        } else {
            (self.a.pc, self.a.subject, self.a.record, self.a.ticket) = (T_BELL, 0, 0, 0);
        }
    }

    fn no_place(&mut self) {
        (self.a.subject, self.a.index) = (0, 0);
        self.a.pc = if !self.is_admitting() {
            STAND
        } else if self.rules.arm_bell_first {
            A_BELL
        } else {
            A_LINE
        };
    }

    /// Begins to admit from the backlog, whose lock the actor has.
    pub fn admit(&mut self, after: u8) {
        self.forget();
        self.a.after_admit = after;
        self.admit_first();
    }

    fn admit_first(&mut self) {
        let Some(first) = waiting(&self.w.backlogs[self.p]).next() else { return self.admitted() };
        if first != self.me && !self.rules.admits_sleepers {
            self.wake(first);
            return self.no_place();
        }
        self.enter(first);
    }

    pub fn admitting(&mut self) -> bool {
        let subject = usize::from(self.a.subject.max(1)) - 1;
        let pc = self.a.pc;
        match pc {
            A_OUT => {
                self.out_of_backlog(subject);
                self.hand_over(subject);
            }
            A_EARLY => {
                // For the checker it waits still.
                self.w.in_line |= 1 << subject;
                self.out_of_backlog(subject);
                self.a.pc = if self.rules.bit_before_draw { E_BIT } else { E_DRAW };
            }
            A_BELL => {
                self.w.backlog_bells |= 1 << self.p;
                if self.rules.arm_bell_first {
                    self.a.pc = A_LINE;
                } else {
                    self.armed();
                }
            }
            A_LINE => {
                if self.rules.arm_burns || self.w.line.backlog == 0 {
                    self.w.line.next += 1;
                    self.w.line.backlog = 1;
                }
                if self.rules.arm_bell_first {
                    self.armed();
                } else {
                    self.a.pc = A_BELL;
                }
            }
            A_HEAD => (self.a.head, self.a.pc) = (self.w.head, A_CLAIM),
            A_CLAIM if self.load_free() => self.arm_walked(),
            A_CLAIM => self.walk(0, 1, A_CLAIM),
            _ => unreachable!(),
        }
        true
    }

    fn hand_over(&mut self, subject: usize) {
        if subject == self.me {
            self.a.stand = self.a.record;
        } else {
            self.w.actors[subject].stand = self.a.record;
            if self.rules.admit_wakes {
                self.wake(subject);
            }
        }
        (self.a.subject, self.a.record, self.a.ticket) = (0, 0, 0);
        self.admit_first();
    }

    fn armed(&mut self) {
        if self.rules.arm_looks {
            self.a.pc = A_HEAD;
        } else {
            self.admitted();
        }
    }

    /// Wakes the senders in the backlog that are covered, in order.
    pub fn arm_walked(&mut self) {
        let mut left = self.free() - i16::from(self.a.sum);
        for thread in waiting(&self.w.backlogs[self.p].clone()) {
            left -= i16::from(self.setup.need(&self.w, thread));
            if left < 0 && self.a.claim.closed == 0 {
                break;
            }
            self.wake(thread);
        }
        self.admitted();
    }

    fn admitted(&mut self) {
        self.forget();
        self.unlock();
        let after = self.a.after_admit;
        self.a.after_admit = 0;
        match after {
            STAND => self.a.pc = if self.a.stand != 0 { T_BELL } else { B_SLEEP },
            V_BACKLOG => self.look_after_leaving(),
            USHER => self.a.pc = USHER,
            DONE => self.finish(),
            _ => unreachable!(),
        }
    }
}
