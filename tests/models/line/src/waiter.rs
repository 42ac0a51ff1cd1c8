//! A sender that must wait: in the backlog of its process, in its record, and on its way out.

use crate::explorer::Flaw;
use crate::steps::*;
use crate::world::*;

impl Step<'_> {
    /// In a record.
    pub fn waiter(&mut self) -> Result<bool, Flaw> {
        let pc = self.a.pc;
        match pc {
            STAND => {
                if !self.lock() {
                    return Ok(false);
                }
                // All that waits now, in the line or in this backlog, is before this sender.
                self.w.before[self.me] |= self.w.in_line;
                waiting(&self.w.backlogs[self.p]).for_each(|t| self.w.before[self.me] |= 1 << t);
                let end = self.w.backlogs[self.p].iter_mut().find(|thread| **thread == 0);
                *end.expect("a place for each thread") = self.me as u8 + 1;
                self.admit(STAND);
            }
            T_SLEEP if self.a.woken == 0 || self.a.frozen == 1 => return Ok(false),
            T_BELL | T_SLEEP => {
                self.a.woken = 0;
                self.a.pc = T_HEAD;
                if self.rules.turn_bell_first {
                    self.w.bells |= 1 << (self.a.stand - 1);
                } else {
                    return self.waiter();
                }
            }
            T_HEAD => (self.a.head, self.a.pc) = (self.w.head, T_CLAIM),
            T_CLAIM if self.load_claim() => {
                self.forget();
                self.a.pc = V_BIT;
            }
            T_CLAIM => {
                let ticket = self.w.records[usize::from(self.a.stand) - 1].ticket;
                self.walk(ticket, self.setup.need(&self.w, self.me), T_CLAIM);
            }
            T_TAKE => self.a.pc = if self.take()? { V_BIT } else { T_HEAD },
            T_LATE_BELL => {
                self.w.bells |= 1 << (self.a.stand - 1);
                self.a.pc = T_SLEEP;
            }
            _ => unreachable!(),
        }
        Ok(true)
    }

    pub fn waiter_walked(&mut self) {
        if self.is_covered() {
            let a = &mut self.a;
            (a.pc, a.left, a.want, a.sum) = (T_TAKE, 0, 0, 0);
        } else {
            self.forget();
            self.a.pc = if self.rules.turn_bell_first { T_SLEEP } else { T_LATE_BELL };
        }
    }

    /// In the backlog, without a record.
    pub fn in_backlog(&mut self) -> Result<bool, Flaw> {
        let pc = self.a.pc;
        match pc {
            B_SLEEP => {
                if self.a.woken == 0 || self.a.frozen == 1 || !self.lock() {
                    return Ok(false);
                }
                self.a.woken = 0;
                self.a.pc = B_HEAD;
                if self.a.stand != 0 {
                    self.unlock();
                    self.a.pc = T_BELL;
                }
            }
            B_HEAD => (self.a.head, self.a.pc) = (self.w.head, B_CLAIM),
            B_CLAIM if self.load_claim() => {
                self.forget();
                self.out_of_backlog(self.me);
                self.admit(DONE);
            }
            B_CLAIM => {
                let before = self.setup.needs(&self.w, self.p, Some(self.me));
                let before = if self.rules.backlog_counts_before { before } else { 0 };
                self.walk(0, before + self.setup.need(&self.w, self.me), B_CLAIM);
            }
            B_TAKE => {
                if self.take()? {
                    self.out_of_backlog(self.me);
                    self.admit(DONE);
                } else {
                    self.a.pc = B_HEAD;
                }
            }
            B_CANCEL => {
                if !self.lock() {
                    return Ok(false);
                }
                if self.a.stand != 0 {
                    self.unlock();
                    self.a.pc = V_BIT;
                } else {
                    self.out_of_backlog(self.me);
                    if self.rules.cancel_admits {
                        self.admit(DONE);
                    } else {
                        self.unlock();
                        self.finish();
                    }
                }
            }
            _ => unreachable!(),
        }
        Ok(true)
    }

    pub fn backlog_walked(&mut self) {
        if self.is_covered() {
            let a = &mut self.a;
            (a.pc, a.left, a.want, a.sum) = (B_TAKE, 0, 0, 0);
        } else {
            self.admit(STAND);
        }
    }

    pub fn out_of_backlog(&mut self, thread: usize) {
        let backlog = &mut self.w.backlogs[self.p];
        let mut kept = backlog.iter().copied().filter(|t| *t != 0 && usize::from(*t) != thread + 1);
        *backlog = std::array::from_fn(|_| kept.next().unwrap_or(0));
    }

    /// Out of a record, whether the sender has taken or not.
    pub fn leaving(&mut self) -> bool {
        let bit = 1 << self.a.stand.saturating_sub(1);
        let pc = self.a.pc;
        match pc {
            V_BIT if !self.rules.leave_bit_first => {
                self.w.in_line &= !(1 << self.me);
                (self.a.owes, self.a.pc) = (1, V_LATE_BIT);
                self.w.records[usize::from(self.a.stand) - 1] = Record::default();
            }
            V_BIT => {
                self.w.bits &= !bit;
                self.w.in_line &= !(1 << self.me);
                (self.a.owes, self.a.pc) = (1, V_FREE);
            }
            V_FREE => {
                self.w.records[usize::from(self.a.stand) - 1] = Record::default();
                (self.a.stand, self.a.woken, self.a.pc) = (0, 0, V_BACKLOG);
            }
            V_LATE_BIT => {
                self.w.bits &= !bit;
                (self.a.stand, self.a.woken, self.a.pc) = (0, 0, V_BACKLOG);
            }
            V_BACKLOG if self.w.backlogs[self.p] == [0; THREADS] || !self.rules.leave_admits => {
                self.look_after_leaving();
            }
            V_BACKLOG => {
                if !self.lock() {
                    return false;
                }
                self.admit(V_BACKLOG);
            }
            GIVE => {
                self.w.claim.reserved -= self.a.held;
                self.a.held = 0;
                if self.rules.give_looks {
                    self.a.owes = 1;
                    self.look(DONE);
                } else {
                    self.finish();
                }
            }
            _ => unreachable!(),
        }
        true
    }

    pub fn look_after_leaving(&mut self) {
        if self.rules.leave_looks {
            self.look(DONE);
        } else {
            self.finish();
        }
    }
}
