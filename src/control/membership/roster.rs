//! Who holds which number. It says who may have one, and when one may be given again; it repairs nothing.
//!
//! Number 0 is the open name, the others belong to processes. A number of a process that has left is given again only
//! when it owns nothing in the queue: the receiver has passed all that was claimed under it, or all of that was published.

use std::sync::Arc;

use crate::control::{
    membership::member::Member,
    porter::{Porter, Token},
};
use crate::queue::Number;

pub(in crate::control) struct Roster {
    entries: Vec<RosterEntry>,
    /// Where the search for a free number begins.
    next: Number,
    /// What happens to processes that want to join.
    pub admission: Admission,
}

/// What happens to processes that want to join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::control) enum Admission {
    Open,
    /// The receiver itself is being handed to another process.
    HandingOver,
    /// There is no receiver any more.
    Closed,
}

enum RosterEntry {
    Free,
    /// This process.
    Own,
    /// Taken, by somebody whose joining is not finished.
    Taken,
    /// A descriptor that carries a sender is on its way.
    Invited(Token),
    Member(Arc<Member>),
    /// Being repaired: its permits, and all else that it left. Of the two one may be done already, in either order.
    Leaving {
        is_one_step_done: bool,
    },
    /// Left and repaired. Nothing was claimed under this number from that position on.
    Left {
        tail: u64,
    },
}

/// All numbers are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::control) struct Full {
    pub members: u32,
    /// Taken by processes that have left.
    pub leaving: u32,
}

/// Who held a number.
pub(in crate::control) enum Departing {
    Member(Arc<Member>),
    Invited(Token),
    Unfinished,
}

impl Roster {
    /// Numbers 1 to `members`, of which this process has `own`.
    pub fn new(members: u32, own: Number) -> Roster {
        let mut entries: Vec<RosterEntry> = (0..=members).map(|_| RosterEntry::Free).collect();
        entries[0] = RosterEntry::Own;
        entries[usize::from(own)] = RosterEntry::Own;
        Roster { entries, next: own, admission: Admission::Open }
    }

    /// Where the receiver has come from another process: processes that have left claimed something before `tail` under
    /// the numbers of `claimants`.
    pub fn taken_over(members: u32, own: Number, tail: u64, claimants: &[Number]) -> Roster {
        let mut roster = Roster::new(members, own);
        for &number in claimants {
            if let Some(entry @ RosterEntry::Free) = roster.entries.get_mut(usize::from(number)) {
                *entry = RosterEntry::Left { tail };
            }
        }
        roster
    }

    /// Takes a number that is free, or that nothing in the queue bears any more: `passed(number, tail)`.
    pub fn take(&mut self, passed: impl Fn(Number, u64) -> bool) -> Result<Number, Full> {
        let members = self.entries.len() - 1;
        for step in 0..members {
            let number = (usize::from(self.next) + step) % members + 1;
            let free = match self.entries[number] {
                RosterEntry::Free => true,
                RosterEntry::Left { tail } => passed(number as Number, tail),
                _ => false,
            };
            if free {
                self.entries[number] = RosterEntry::Taken;
                self.next = number as Number;
                return Ok(number as Number);
            }
        }
        let leaving = self
            .entries
            .iter()
            .filter(|entry| matches!(entry, RosterEntry::Left { .. } | RosterEntry::Leaving { .. }))
            .count();
        Err(Full { members: members as u32, leaving: leaving as u32 })
    }

    /// Frees the numbers for which `is_over` holds, of processes that have left, although the receiver has not passed all that they
    /// claimed.
    pub fn free_those(&mut self, is_over: impl Fn(Number) -> bool) {
        for (number, entry) in (0..).zip(&mut self.entries) {
            if matches!(entry, RosterEntry::Left { .. }) && is_over(number) {
                *entry = RosterEntry::Free;
            }
        }
    }

    /// Takes exactly this number, for the process that gave the receiver away.
    pub fn take_exact(&mut self, number: Number) {
        self.entries[usize::from(number)] = RosterEntry::Taken;
    }

    /// The joining of a process that took a number is finished.
    pub fn enter(&mut self, member: Arc<Member>) {
        let number = usize::from(member.number);
        self.entries[number] = RosterEntry::Member(member);
    }

    /// A number that was taken belongs to a descriptor on its way.
    pub fn invite(&mut self, number: Number, token: Token) {
        self.entries[usize::from(number)] = RosterEntry::Invited(token);
    }

    /// Somebody came with the descriptor on its way. False if it is none any more.
    pub fn arrive(&mut self, number: Number) -> bool {
        let entry = &mut self.entries[usize::from(number)];
        let invited = matches!(entry, RosterEntry::Invited(_) | RosterEntry::Taken);
        if invited {
            *entry = RosterEntry::Taken;
        }
        invited
    }

    /// Gives back a number under which nothing was ever done.
    pub fn release(&mut self, number: Number) {
        self.entries[usize::from(number)] = RosterEntry::Free;
    }

    pub fn member(&self, number: Number) -> Option<Arc<Member>> {
        match self.entries.get(usize::from(number)) {
            Some(RosterEntry::Member(member)) => Some(member.clone()),
            _ => None,
        }
    }

    pub fn members(&self) -> Vec<Arc<Member>> {
        let members = self.entries.iter().filter_map(|entry| match entry {
            RosterEntry::Member(member) => Some(member.clone()),
            _ => None,
        });
        members.collect()
    }

    /// Processes other than this one that take part or are invited.
    pub fn others(&self) -> usize {
        let others = self.entries.iter();
        others
            .filter(|entry| {
                matches!(entry, RosterEntry::Taken | RosterEntry::Invited(_) | RosterEntry::Member(_))
            })
            .count()
    }

    /// Counts those of [`Roster::others`] that have not hung up, also if the porter has yet to hear of a hang-up.
    pub fn staying(&self) -> usize {
        let stays = |entry: &&RosterEntry| match entry {
            RosterEntry::Taken => true,
            RosterEntry::Invited(token) => {
                !Porter::of_this_process().is_ok_and(|porter| porter.has_hung_up(*token))
            }
            RosterEntry::Member(member) => !member.is_hanging_up(),
            _ => false,
        };
        self.entries.iter().filter(stays).count()
    }

    /// The numbers that no process has.
    pub fn unassigned(&self) -> impl Iterator<Item = Number> + '_ {
        let entries = (0..).zip(&self.entries);
        let nobodies = entries.filter(|(_, entry)| {
            matches!(entry, RosterEntry::Free | RosterEntry::Leaving { .. } | RosterEntry::Left { .. })
        });
        nobodies.map(|(number, _)| number)
    }

    /// Whether somebody who left is still being repaired.
    pub fn is_leaving(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, RosterEntry::Leaving { .. }))
    }

    /// Begins a departure, once: None if nobody holds the number or the departure has begun.
    pub fn leave(&mut self, number: Number) -> Option<Departing> {
        let entry = self.entries.get_mut(usize::from(number))?;
        let departing = match entry {
            RosterEntry::Member(member) => Departing::Member(member.clone()),
            RosterEntry::Invited(token) => Departing::Invited(*token),
            RosterEntry::Taken => Departing::Unfinished,
            RosterEntry::Free | RosterEntry::Own | RosterEntry::Leaving { .. } | RosterEntry::Left { .. } => {
                return None;
            }
        };
        *entry = RosterEntry::Leaving { is_one_step_done: false };
        Some(departing)
    }

    /// One of the two halves of a departure is done, see [`RosterEntry::Leaving`]; nothing was claimed under the number at
    /// `tail` or later. Only with the second one may the number be given again: what is still repaired would be taken
    /// from its next holder.
    pub fn finish_step(&mut self, number: Number, tail: u64) {
        let entry = &mut self.entries[usize::from(number)];
        match entry {
            RosterEntry::Leaving { is_one_step_done: true } => *entry = RosterEntry::Left { tail },
            RosterEntry::Leaving { is_one_step_done } => *is_one_step_done = true,
            _ => {}
        }
    }

    /// Forgets all processes and all descriptors on their way.
    pub fn clear(&mut self) -> Vec<Departing> {
        let all = 1..self.entries.len();
        all.filter_map(|number| self.leave(number as Number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once_until_all_are_taken() {
        let mut roster = Roster::new(3, 1);
        assert_eq!(roster.take(|_, _| true), Ok(2));
        assert_eq!(roster.take(|_, _| true), Ok(3));
        assert_eq!(roster.take(|_, _| true), Err(Full { members: 3, leaving: 0 }));
        assert_eq!(roster.others(), 2);
    }

    #[test]
    fn a_number_is_given_again_only_when_the_receiver_has_passed_it() {
        let mut roster = Roster::new(2, 1);
        assert_eq!(roster.take(|_, _| true), Ok(2));
        assert!(roster.leave(2).is_some());
        assert!(roster.leave(2).is_none(), "a departure begins once");
        assert_eq!(roster.take(|_, _| true), Err(Full { members: 2, leaving: 1 }));
        roster.finish_step(2, 100);
        assert_eq!(
            roster.take(|_, _| true),
            Err(Full { members: 2, leaving: 1 }),
            "only half of it is repaired"
        );
        roster.finish_step(2, 100);
        let head = |head| move |_, tail| head >= tail;
        assert_eq!(roster.take(head(99)), Err(Full { members: 2, leaving: 1 }));
        assert_eq!(roster.take(head(100)), Ok(2));
    }

    #[test]
    fn a_number_is_given_again_if_all_that_it_claimed_was_published() {
        let mut roster = Roster::new(3, 1);
        let numbers = [roster.take(|_, _| false), roster.take(|_, _| false)];
        assert_eq!(numbers, [Ok(2), Ok(3)]);
        assert!(roster.leave(2).is_some() && roster.leave(3).is_some());
        (0..2).for_each(|_| roster.finish_step(2, 100));
        roster.finish_step(3, 100);
        roster.free_those(|number| number == 3);
        assert_eq!(roster.take(|_, _| false), Err(Full { members: 3, leaving: 2 }), "3 is still repaired");
        roster.free_those(|number| number == 2);
        assert_eq!(roster.take(|_, _| false), Ok(2));
    }

    #[test]
    fn own_number_and_the_name_never_leave() {
        let mut roster = Roster::taken_over(3, 2, 10, &[0, 2, 9]);
        assert!(roster.leave(0).is_none() && roster.leave(2).is_none() && roster.leave(9).is_none());
        assert_eq!(roster.others(), 0);
        roster.take_exact(1);
        assert_eq!(roster.take(|_, _| false), Ok(3));
    }

    #[test]
    fn a_number_that_claimed_before_the_receiver_came_is_given_again_when_it_has_passed_that() {
        let mut roster = Roster::taken_over(3, 2, 10, &[1]);
        assert_eq!(roster.take(|_, _| false), Ok(3));
        assert_eq!(roster.take(|_, tail| tail > 10), Err(Full { members: 3, leaving: 1 }));
        assert_eq!(roster.take(|_, tail| tail == 10), Ok(1));
    }
}
