//! What must hold: in every state, where the receiver sleeps, and at rest.

use crate::explorer::Flaw;
use crate::sender;
use crate::world::*;

impl Setup {
    /// In every state: no more than the capacity is in use, and all the rest is free.
    pub fn check(&self, world: &World) -> Result<(), Flaw> {
        let (units, capacity) = (self.units(world), self.capacity);
        if units > capacity && !self.loose {
            return Err(format!("{units} of {capacity} are in use"));
        }
        let held: u8 = world.senders.iter().map(|sender| sender.held).sum();
        if held != world.claim.reserved {
            return Err(format!("{held} permits are held, and {} reserved", world.claim.reserved));
        }
        if world.claim.tail - world.head > capacity {
            return Err("the tail is farther from head than the capacity".into());
        }
        let free = self.free(world);
        let truly = capacity as i8 - units as i8 - self.lingering(world) as i8;
        if free < truly {
            return Err(format!("{free} of {capacity} are free, and {units} are in use"));
        }
        Ok(())
    }

    /// Whether this process can still take steps, or its death is not yet noticed.
    fn is_settled(&self, world: &World, thread: usize) -> bool {
        self.is_stopped(world, thread) || world.senders[thread].pc >= sender::DONE
    }

    /// The receiver sleeps, or has ended.
    pub fn check_asleep(&self, world: &World) -> Result<(), Flaw> {
        if self.is_exhausted(world) {
            return Ok(()); // More sends are stalled than there are entries: all wait for one of them.
        }
        let r = &world.receiver;
        let mut positions = (world.head..world.claim.tail)
            .chain(r.stalls.iter().filter(|stall| stall.active == 1).map(|stall| stall.position));
        let is_here =
            |position: u8| world.claimed_by[self.index(position)] != 0 && self.is_published(world, position);
        if let Some(position) = positions.find(|position| is_here(*position)) {
            return Err(format!("position {position} is published and the receiver sleeps"));
        }
        let may_move = |thread: usize| !self.is_settled(world, thread) && !self.is_blocked(world, thread);
        if (0..self.threads()).any(may_move) || world.dead != world.proved {
            return Ok(());
        }
        self.check_rest(world)
    }

    /// The receiver sleeps, or has ended, and so do all senders: each has ended, is stopped for ever, or waits.
    fn check_rest(&self, world: &World) -> Result<(), Flaw> {
        let is_blocked = |thread: &usize| !self.is_settled(world, *thread) && self.is_blocked(world, *thread);
        let is_waiting = |thread: &u8| is_blocked(&usize::from(*thread));
        if world.returned & !world.received != 0 {
            return Err("an acknowledged message is lost".into());
        }
        let claims = world.claimed_by.iter().filter(|thread| **thread != 0);
        if claims.clone().any(|thread| !self.is_stopped(world, usize::from(*thread) - 1)) {
            return Err("a claim is never settled".into());
        }
        let units = self.units(world);
        for thread in (0..self.threads() as u8).filter(is_waiting) {
            let need = self.need(world, usize::from(thread));
            if units + need <= self.capacity {
                return Err(format!(
                    "sender {thread} waits, and only {units} of {} are in use by stopped senders",
                    self.capacity
                ));
            }
        }
        if world.claim.closed == 1 && units == 0 && world.receiver.ended == 0 {
            return Err("a closed and empty stream does not end".into());
        }
        let is_whole = world.claim.tail == world.head
            && world.count == 0
            && world.entries == [Entry::default(); ENTRIES]
            && self.free(world) >= self.capacity as i8;
        if units == 0 && !is_whole {
            return Err("all is done, and the channel is not whole".into());
        }
        Ok(())
    }

    pub fn line(&self, w: &World) -> String {
        let c = w.claim;
        let closed = if c.closed == 1 { " closed" } else { "" };
        let mut text = format!("tail {} reserved {} owner {}{closed}", c.tail, c.reserved, c.owner);
        text += &format!(" head {} count {} free {} |", w.head, w.count, self.free(w));
        for slot in &w.slots[..usize::from(self.slots)] {
            text += &format!(" {}:{}", slot.stamp, slot.value);
        }
        for entry in w.entries.iter().filter(|entry| entry.slot != 0) {
            let state = if entry.active == 1 { "void to" } else { "lingers to" };
            text += &format!(" | slot {} {state} {}", entry.slot - 1, entry.last);
        }
        text
    }
}
