//! Which process holds which number, and when a number may be given to another process. It repairs nothing.
//!
//! Number 0 is the bound name, the others belong to processes. A number of a process that has left is given again only
//! when it owns nothing in the queue: the receiver has passed all that was claimed under it, or all of that was published.

use std::sync::Arc;

use crate::control::{
    membership::member::Member,
    porter::{Porter, Token},
};
use crate::queue::Number;

/// The numbers of a channel, with what became of each.
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

/// What a number stands for.
enum RosterEntry {
    Free,
    /// This process.
    Own,
    /// Allocated to a process that has not finished joining.
    Taken,
    /// A descriptor that carries a sender is on its way.
    Invited(Token),
    Member(Arc<Member>),
    /// Its process has left and is being repaired, in two steps: its permits, and all else. Either may be done first.
    Leaving {
        is_one_step_done: bool,
    },
    /// Its process has left and is repaired. Nothing was claimed under this number from that position on.
    Left {
        tail: u64,
    },
}

/// The error that all numbers are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::control) struct Full {
    pub members: u32,
    /// Taken by processes that have left.
    pub leaving: u32,
}

/// What held a number that is being given up.
pub(in crate::control) enum Departing {
    Member(Arc<Member>),
    Invited(Token),
    Unfinished,
}

impl Roster {
    /// Makes a roster of the numbers 1 to `members`, of which this process has `own`.
    pub fn new(members: u32, own: Number) -> Roster {
        let mut entries: Vec<RosterEntry> = (0..=members).map(|_| RosterEntry::Free).collect();
        entries[0] = RosterEntry::Own;
        entries[usize::from(own)] = RosterEntry::Own;
        Roster { entries, next: own, admission: Admission::Open }
    }

    /// Makes the roster of a receiver that came from another process. Processes that have left claimed positions before `tail`
    /// under the numbers of `claimants`.
    pub fn taken_over(members: u32, own: Number, tail: u64, claimants: &[Number]) -> Roster {
        let mut roster = Roster::new(members, own);
        for &number in claimants {
            if let Some(entry @ RosterEntry::Free) = roster.entries.get_mut(usize::from(number)) {
                *entry = RosterEntry::Left { tail };
            }
        }
        roster
    }

    /// Allocates a number that is free, or that owns nothing in the queue any more: `passed(number, tail)`.
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

    /// Allocates exactly this number, for the process that gave the receiver away.
    pub fn take_exact(&mut self, number: Number) {
        self.entries[usize::from(number)] = RosterEntry::Taken;
    }

    /// Enters a process that has finished joining.
    pub fn enter(&mut self, member: Arc<Member>) {
        let number = usize::from(member.number);
        self.entries[number] = RosterEntry::Member(member);
    }

    /// Notes that an allocated number belongs to a descriptor on its way.
    pub fn invite(&mut self, number: Number, token: Token) {
        self.entries[usize::from(number)] = RosterEntry::Invited(token);
    }

    /// Notes that a process came with the descriptor. Returns false if the number is not waiting for one any more.
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

    /// Counts the other processes that take part or are invited.
    pub fn others(&self) -> usize {
        let others = self.entries.iter();
        others
            .filter(|entry| {
                matches!(entry, RosterEntry::Taken | RosterEntry::Invited(_) | RosterEntry::Member(_))
            })
            .count()
    }

    /// Counts those of [`Roster::others`] that have not hung up. It asks the system, so it also sees a hang-up of which the
    /// background thread has yet to hear.
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

    /// Returns the numbers that no process has.
    pub fn unassigned(&self) -> impl Iterator<Item = Number> + '_ {
        let entries = (0..).zip(&self.entries);
        let unassigned = entries.filter(|(_, entry)| {
            matches!(entry, RosterEntry::Free | RosterEntry::Leaving { .. } | RosterEntry::Left { .. })
        });
        unassigned.map(|(number, _)| number)
    }

    /// Returns whether a process that has left is still being repaired.
    pub fn is_leaving(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, RosterEntry::Leaving { .. }))
    }

    /// Begins a departure, once. Returns `None` if no other process holds the number or its departure has begun.
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

    /// Notes that one of the two steps of a departure is done, see [`RosterEntry::Leaving`]. Nothing was claimed under the number
    /// at `tail` or later. The number may be given again only after the second step: until then the repair would take from
    /// the next holder.
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

    /// Shows W107.
    #[test]
    fn a_number_is_given_again_once_the_receiver_passed_its_claims() {
        let mut roster = Roster::taken_over(3, 2, 10, &[1]);
        assert_eq!(roster.take(|_, _| false), Ok(3));
        assert_eq!(roster.take(|_, tail| tail > 10), Err(Full { members: 3, leaving: 1 }));
        assert_eq!(roster.take(|_, tail| tail == 10), Ok(1));
    }
}
