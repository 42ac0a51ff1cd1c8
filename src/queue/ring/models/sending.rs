//! What senders do in the models: each act of the queue, told and written into the book. What to do, and in which order, is
//! the models' own.

use super::world::World;
use crate::queue::Number;
use crate::queue::models::book::{Value, value};
use crate::queue::models::explore::tell;
use crate::queue::models::receiving::Receiving;
use crate::queue::ring::{Claimed, Permits, Positions, Rank, Request, Span};
use crate::wait::model::Parker;
use crate::wait::{self, Next, Stand, WaitingThread};

impl World {
    /// How a thread of process `me` sleeps.
    fn parker(&self, me: Number) -> Parker<'_> {
        let view = self.queue().view;
        self.outside.futexes.parker(view.common, view.bells, me)
    }

    fn note_claim(&self, me: Number, span: Span) {
        tell("claimed", me, span.first);
        self.note(i64::from(span.count), 0);
    }

    fn note(&self, claimed: i64, held: i64) {
        let mut used = self.used.lock().unwrap();
        used.claimed += claimed;
        used.held += held;
        let sum = used.claimed + used.held;
        assert!(used.is_inexact || sum <= self.queue().capacity(), "capacity exceeded");
    }

    /// Reserves `count` as a newcomer.
    pub fn reserve(&self, me: Number, count: u32) -> Claimed<()> {
        let answer = Permits(count).ask(&self.sender(me), Rank::Newcomer, self);
        if answer == Claimed::Granted(()) {
            tell("reserved", me, count);
            self.note(0, i64::from(count));
        }
        answer
    }

    /// Gives `count` back that were reserved.
    pub fn give_back(&self, me: Number, count: u32) {
        tell("gives back", me, count);
        self.note(0, -i64::from(count));
        self.sender(me).give_back(count, self);
    }

    /// Does the first half of a send on a permit.
    pub fn redeem(&self, me: Number) -> Span {
        let span = self.sender(me).redeem(self).expect("a permit has room");
        tell("redeemed", me, span.first);
        self.note(1, -1);
        span
    }

    /// Sends on a permit.
    pub fn send_reserved(&self, me: Number, number: u64) {
        let span = self.redeem(me);
        self.publish(me, span, number);
    }

    /// Reserves, asleep until there is room. False if the channel is closed.
    pub fn reserve_asleep(&self, me: Number, count: u32) -> bool {
        let parker = self.parker(me);
        let is_granted =
            wait::take(&self.sender(me), Permits(count), self.backlog(me), &parker, self).is_ok();
        if is_granted {
            tell("reserved", me, count);
            self.note(0, i64::from(count));
        }
        is_granted
    }

    /// Does the first half of a send: claims up to `want` positions as a newcomer.
    pub fn claim(&self, me: Number, want: u32) -> Claimed<Span> {
        let claimed = self.sender(me).claim(Rank::Newcomer, want, self);
        match claimed {
            Claimed::Granted(span) => self.note_claim(me, span),
            Claimed::Full => tell("full", me, 0u16),
            Claimed::Closed => tell("closed", me, 0u16),
        }
        claimed
    }

    /// Claims, which cannot fail.
    pub fn claim_one(&self, me: Number) -> Span {
        match self.claim(me, 1) {
            Claimed::Granted(span) => span,
            other => panic!("{other:?}"),
        }
    }

    /// Does the second half of a send, after which the values are the channel's.
    pub fn publish(&self, me: Number, span: Span, first: u64) {
        let queue = self.queue();
        let mut position = span.first;
        for _ in 0..span.count {
            self.guards.lock().unwrap()[queue.track.index(position)].with_mut(|_| ());
            position = queue.track.add(position, 1);
        }
        let values: Vec<Value> = (first..).take(span.count as usize).map(value).collect();
        self.sender(me).publish(span, &values, self);
        tell("sent", me, first);
        self.outside.book.lock().unwrap().acknowledged.extend((first..).take(span.count as usize));
    }

    /// Sends if there is room.
    pub fn try_send(&self, me: Number, number: u64) -> Claimed<Span> {
        let claimed = self.claim(me, 1);
        if let Claimed::Granted(span) = claimed {
            self.publish(me, span, number);
        }
        claimed
    }

    /// Sends to where there must be room.
    pub fn send(&self, me: Number, number: u64) {
        let span = self.claim_one(me);
        self.publish(me, span, number);
    }

    /// Sends, asleep until there is room. False if the channel is closed.
    pub fn send_asleep(&self, me: Number, number: u64) -> bool {
        let parker = self.parker(me);
        let look_late = || self.queue().look_late(self);
        let parker = if Receiving::looks_late(self) { parker.looking_late(&look_late) } else { parker };
        match wait::take(&self.sender(me), Positions(1), self.backlog(me), &parker, self) {
            Ok(span) => {
                self.note_claim(me, span);
                self.publish(me, span, number);
                true
            }
            Err(_) => false,
        }
    }

    /// Has a sender leave the line or the backlog.
    pub fn leave(&self, me: Number, stand: &mut Stand) {
        self.backlog(me).leave(&self.sender(me), stand, self);
    }

    fn next<W: Request>(&self, me: Number, stand: &mut Stand, want: W) -> Next<'_, W::Grant> {
        self.backlog(me).next(&self.sender(me), stand, want, &mut WaitingThread::default(), self)
    }

    /// One turn of a sender that waits, without sleeping.
    pub fn turn(&self, me: Number, stand: &mut Stand) -> Option<Span> {
        match self.next(me, stand, Positions(1)) {
            Next::Granted(span) => {
                self.note_claim(me, span);
                Some(span)
            }
            Next::Closed | Next::Sleep(..) | Next::SleepInBacklog => None,
        }
    }

    /// One turn of a sender that waits to reserve, without sleeping. Whether it has.
    pub fn turn_to_reserve(&self, me: Number, count: u32, stand: &mut Stand) -> bool {
        let is_granted = matches!(self.next(me, stand, Permits(count)), Next::Granted(()));
        if is_granted {
            self.note(0, i64::from(count));
        }
        is_granted
    }

    /// Sleeps, waits in the line and takes turns until there is room, as [`World::send_asleep`] does after a first
    /// try. False if the channel is closed.
    pub fn wait_from(&self, me: Number, mut stand: Stand, number: u64) -> bool {
        let parker = self.parker(me);
        let mut thread = WaitingThread::default();
        loop {
            let next = self.backlog(me).next(&self.sender(me), &mut stand, Positions(1), &mut thread, self);
            match next {
                Next::Granted(span) => {
                    self.note_claim(me, span);
                    self.publish(me, span, number);
                    return true;
                }
                Next::Closed => return false,
                Next::Sleep(bell, key) => {
                    tell("sleeps", me, key.0);
                    assert!(wait::Park::park(&parker, bell, key));
                }
                Next::SleepInBacklog => {
                    tell("sleeps in the backlog", me, 0u16);
                    assert!(wait::Park::park_in_backlog(&parker, thread.signal()));
                }
            }
        }
    }
}
