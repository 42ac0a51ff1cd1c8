//! A call from its beginning until it has taken, has failed, or must wait.

use crate::explorer::Flaw;
use crate::steps::*;
use crate::world::*;

impl Step<'_> {
    pub fn newcomer(&mut self) -> Result<bool, Flaw> {
        let pc = self.a.pc;
        match pc {
            BEGIN | N_AGAIN => {
                let waits = |other: &usize| {
                    let is_in_backlog = waiting(&self.w.backlogs[self.p]).any(|thread| thread == *other);
                    *other != self.me && (self.w.in_line >> other & 1 == 1 || is_in_backlog)
                };
                if self.a.pc == BEGIN {
                    self.w.before[self.me] =
                        (0..self.setup.threads()).filter(waits).map(|other| 1 << other).sum();
                }
                self.a.frozen = u8::from(self.setup.op(&self.w, self.me) == Op::Held);
                let rules = self.rules;
                if rules.newcomer_counts_backlog && rules.backlog_before_walk {
                    self.a.backlog = self.setup.needs(&self.w, self.p, None);
                }
                self.a.pc = N_HEAD;
            }
            N_HEAD => (self.a.head, self.a.pc) = (self.w.head, N_CLAIM),
            N_CLAIM if self.load_claim() => self.finish(),
            N_CLAIM => {
                let want = self.a.backlog + self.setup.need(&self.w, self.me);
                self.a.backlog = 0;
                self.walk(0, want, N_CLAIM);
            }
            N_LATE => {
                self.a.want += self.setup.needs(&self.w, self.p, None);
                self.newcomer_walked(true);
            }
            N_TAKE => {
                if self.take()? {
                    self.finish();
                } else {
                    self.a.pc = N_AGAIN;
                }
            }
            N_WAIT => {
                if self.w.backlogs[self.p] == [0; THREADS] || !self.rules.joins_backlog {
                    self.enter(self.me);
                } else {
                    self.a.pc = STAND;
                }
            }
            _ => unreachable!(),
        }
        Ok(true)
    }

    pub fn newcomer_walked(&mut self, has_counted: bool) {
        let is_late = self.rules.newcomer_counts_backlog && !self.rules.backlog_before_walk;
        if is_late && !has_counted {
            self.a.pc = N_LATE;
        } else if self.is_covered() {
            let a = &mut self.a;
            (a.pc, a.left, a.want, a.sum) = (N_TAKE, 0, 0, 0);
        } else if self.setup.op(&self.w, self.me) == Op::Try {
            self.finish();
        } else {
            self.forget();
            self.a.pc = N_WAIT;
        }
    }
}
