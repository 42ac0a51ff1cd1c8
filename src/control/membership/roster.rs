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
    places: Vec<Place>,
    /// Where the search for a free number begins.
    next: Number,
    /// What happens to processes that want to join.
    pub doors: Doors,
}

/// What happens to processes that want to join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::control) enum Doors {
    Open,
    /// The receiver itself is being handed to another process.
    UnderWay,
    /// There is no receiver any more.
    Shut,
}

enum Place {
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
        is_half_done: bool,
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
pub(in crate::control) enum Leaver {
    Member(Arc<Member>),
    Invited(Token),
    Unfinished,
}

impl Roster {
    /// Numbers 1 to `members`, of which this process has `own`.
    pub fn new(members: u32, own: Number) -> Roster {
        let mut places: Vec<Place> = (0..=members).map(|_| Place::Free).collect();
        places[0] = Place::Own;
        places[usize::from(own)] = Place::Own;
        Roster { places, next: own, doors: Doors::Open }
    }

    /// Where the receiver has come from another process: processes that have left claimed something before `tail` under
    /// the numbers of `claimants`.
    pub fn taken_over(members: u32, own: Number, tail: u64, claimants: &[Number]) -> Roster {
        let mut roster = Roster::new(members, own);
        for &number in claimants {
            if let Some(place @ Place::Free) = roster.places.get_mut(usize::from(number)) {
                *place = Place::Left { tail };
            }
        }
        roster
    }

    /// Takes a number that is free, or that nothing in the queue bears any more: `passed(number, tail)`.
    pub fn take(&mut self, passed: impl Fn(Number, u64) -> bool) -> Result<Number, Full> {
        let members = self.places.len() - 1;
        for step in 0..members {
            let number = (usize::from(self.next) + step) % members + 1;
            let free = match self.places[number] {
                Place::Free => true,
                Place::Left { tail } => passed(number as Number, tail),
                _ => false,
            };
            if free {
                self.places[number] = Place::Taken;
                self.next = number as Number;
                return Ok(number as Number);
            }
        }
        let leaving = self
            .places
            .iter()
            .filter(|place| matches!(place, Place::Left { .. } | Place::Leaving { .. }))
            .count();
        Err(Full { members: members as u32, leaving: leaving as u32 })
    }

    /// Frees the numbers for which `is_over` holds, of processes that have left, although the receiver has not passed all that they
    /// claimed.
    pub fn free_those(&mut self, is_over: impl Fn(Number) -> bool) {
        for (number, place) in (0..).zip(&mut self.places) {
            if matches!(place, Place::Left { .. }) && is_over(number) {
                *place = Place::Free;
            }
        }
    }

    /// Takes exactly this number, for the process that gave the receiver away.
    pub fn take_this(&mut self, number: Number) {
        self.places[usize::from(number)] = Place::Taken;
    }

    /// The joining of a process that took a number is finished.
    pub fn enter(&mut self, member: Arc<Member>) {
        let number = usize::from(member.number);
        self.places[number] = Place::Member(member);
    }

    /// A number that was taken belongs to a descriptor on its way.
    pub fn invite(&mut self, number: Number, token: Token) {
        self.places[usize::from(number)] = Place::Invited(token);
    }

    /// Somebody came with the descriptor on its way. False if it is none any more.
    pub fn arrive(&mut self, number: Number) -> bool {
        let place = &mut self.places[usize::from(number)];
        let invited = matches!(place, Place::Invited(_) | Place::Taken);
        if invited {
            *place = Place::Taken;
        }
        invited
    }

    /// Gives back a number under which nothing was ever done.
    pub fn untake(&mut self, number: Number) {
        self.places[usize::from(number)] = Place::Free;
    }

    pub fn member(&self, number: Number) -> Option<Arc<Member>> {
        match self.places.get(usize::from(number)) {
            Some(Place::Member(member)) => Some(member.clone()),
            _ => None,
        }
    }

    pub fn members(&self) -> Vec<Arc<Member>> {
        let members = self.places.iter().filter_map(|place| match place {
            Place::Member(member) => Some(member.clone()),
            _ => None,
        });
        members.collect()
    }

    /// Processes other than this one that take part or are invited.
    pub fn others(&self) -> usize {
        let others = self.places.iter();
        others.filter(|place| matches!(place, Place::Taken | Place::Invited(_) | Place::Member(_))).count()
    }

    /// Counts those of [`Roster::others`] that have not hung up, also if the porter has yet to hear of a hang-up.
    pub fn staying(&self) -> usize {
        let stays = |place: &&Place| match place {
            Place::Taken => true,
            Place::Invited(token) => {
                !Porter::of_this_process().is_ok_and(|porter| porter.has_hung_up(*token))
            }
            Place::Member(member) => !member.is_hanging_up(),
            _ => false,
        };
        self.places.iter().filter(stays).count()
    }

    /// The numbers that no process has.
    pub fn strangers(&self) -> impl Iterator<Item = Number> + '_ {
        let places = (0..).zip(&self.places);
        let nobodies = places
            .filter(|(_, place)| matches!(place, Place::Free | Place::Leaving { .. } | Place::Left { .. }));
        nobodies.map(|(number, _)| number)
    }

    /// Whether somebody who left is still being repaired.
    pub fn is_leaving(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Leaving { .. }))
    }

    /// Begins a departure, once: None if nobody holds the number or the departure has begun.
    pub fn leave(&mut self, number: Number) -> Option<Leaver> {
        let place = self.places.get_mut(usize::from(number))?;
        let leaver = match place {
            Place::Member(member) => Leaver::Member(member.clone()),
            Place::Invited(token) => Leaver::Invited(*token),
            Place::Taken => Leaver::Unfinished,
            Place::Free | Place::Own | Place::Leaving { .. } | Place::Left { .. } => return None,
        };
        *place = Place::Leaving { is_half_done: false };
        Some(leaver)
    }

    /// One of the two halves of a departure is done, see [`Place::Leaving`]; nothing was claimed under the number at
    /// `tail` or later. Only with the second one may the number be given again: what is still repaired would be taken
    /// from its next holder.
    pub fn half_left(&mut self, number: Number, tail: u64) {
        let place = &mut self.places[usize::from(number)];
        match place {
            Place::Leaving { is_half_done: true } => *place = Place::Left { tail },
            Place::Leaving { is_half_done } => *is_half_done = true,
            _ => {}
        }
    }

    /// Forgets all processes and all descriptors on their way.
    pub fn clear(&mut self) -> Vec<Leaver> {
        let all = 1..self.places.len();
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
        roster.half_left(2, 100);
        assert_eq!(
            roster.take(|_, _| true),
            Err(Full { members: 2, leaving: 1 }),
            "only half of it is repaired"
        );
        roster.half_left(2, 100);
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
        (0..2).for_each(|_| roster.half_left(2, 100));
        roster.half_left(3, 100);
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
        roster.take_this(1);
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
