//! What must hold: in every state, where the receiver sleeps, and at rest.

use crate::explorer::Flaw;
use crate::receiver::HEAD;
use crate::sender;
use crate::world::*;

impl Setup {
    /// The chunk of the tail, and of the last entry that may stand ready.
    fn tail_number(&self, world: &World) -> u8 {
        self.number(world.claim.tail)
    }

    /// In every state: each piece of memory is in one place, what is READY is real, and what is real is accounted for.
    pub fn check(&self, world: &World) -> Result<(), Flaw> {
        let r = &world.receiver;
        let mut found = 0u8;
        let mut place = |piece: u8| {
            let is_new = found >> piece & 1 == 0;
            found |= 1 << piece;
            if is_new { Ok(()) } else { Err(format!("memory {piece} is in two places")) }
        };
        // Real by right: chunks in use, kept chunks, chunks that stand ready, what is about to be retired.
        let mut by_right = 0u8;
        let last = self.tail_number(world) + self.ahead;
        for number in r.clean..r.posted {
            let entry = self.entry(world, number);
            if !self.bears(entry, number) {
                return Err(format!("the entry of chunk {number} is overwritten"));
            }
            let piece = self.piece(entry, number);
            place(piece)?;
            if entry.state == READY && !self.is_real(world, piece) {
                return Err(format!("chunk {number} is ready and not real"));
            }
            if number <= last {
                by_right |= 1 << piece;
            }
        }
        for kept in r.kept.iter().filter(|kept| kept.number != 0) {
            place(kept.piece)?;
            by_right |= 1 << kept.piece;
        }
        if r.hand != 0 {
            place(r.hand - 1)?;
            by_right |= 1 << (r.hand - 1);
        }
        if found.count_ones() != u32::from(self.pieces) {
            return Err("a piece of memory is lost".into());
        }
        for piece in (0..self.pieces).filter(|_| !self.loose) {
            let strayed = world.strayed[usize::from(piece)];
            let is_stray = self.is_real(world, piece) && by_right >> piece & 1 == 0;
            if is_stray && strayed == 0 {
                return Err(format!("memory {piece} is real, and no sender came late"));
            }
            if strayed != 0 && r.posted > strayed + self.pieces {
                return Err(format!("memory {piece} stays real after a sender that came late"));
            }
        }
        if r.pc == HEAD && r.stalled() == 0 && r.ended == 0 && !self.loose {
            self.check_handover(world)?;
        }
        Ok(())
    }

    /// The next receiver finds what this one knows, from head and the table.
    fn check_handover(&self, world: &World) -> Result<(), Flaw> {
        let r = &world.receiver;
        let clean = r.head.saturating_sub(u8::from(self.rules.margin)) / self.chunk;
        let bears = |number: &u8| self.bears(self.entry(world, *number), *number);
        let posted = clean + (clean..clean + self.pieces).take_while(bears).count() as u8;
        // If the entry behind bears, too, the scan goes too far.
        if (clean, posted) != (r.clean, r.posted) || bears(&posted) {
            return Err(format!(
                "the next receiver finds {clean} and {posted}, not {} and {}",
                r.clean, r.posted
            ));
        }
        Ok(())
    }

    /// The receiver sleeps, or has ended.
    pub fn check_asleep(&self, world: &World, is_moving: bool) -> Result<(), Flaw> {
        let r = &world.receiver;
        for position in 0..POSITIONS {
            if world.claimed_by[position] != 0 && self.is_published(world, position as u8) {
                return Err(format!("position {position} is published and the receiver sleeps"));
            }
        }
        let is_empty = r.stalled() == 0 && r.head == world.claim.tail && world.claim.closed == 0;
        let number = self.tail_number(world);
        if is_empty && !self.bears(self.entry(world, number), number) {
            return Err("all is taken, and there is no memory for the next value".into());
        }
        if is_moving || world.dead != world.proved {
            return Ok(());
        }
        if world.returned & !world.received != 0 {
            return Err("an acknowledged message is lost".into());
        }
        let is_stopped = |thread: u8| world.stopped >> (thread - 1) & 1 == 1;
        if world.claimed_by.iter().any(|thread| *thread != 0 && !is_stopped(*thread)) {
            return Err("a claim is never settled".into());
        }
        if r.ended == 1 {
            return Ok(()); // The segment goes.
        }
        if r.kept.iter().any(|kept| kept.number != 0 && !self.has_stall(r, kept.number - 1)) {
            return Err("a chunk is kept without a stall".into());
        }
        if world.claim.closed == 1 && r.stalled() == 0 && r.head == world.claim.tail {
            return Err("a closed and empty stream does not end".into());
        }
        let is_ready = self.entry(world, number).state == READY;
        let is_full = self.memory != 0 && world.real.count_ones() >= u32::from(self.memory);
        let made = self.piece(self.entry(world, number), number);
        if is_empty && !is_ready && is_full && !self.is_real(world, made) && world.strayed == [0; PIECES] {
            return Err("all is taken, and what is real is of no use to the next value".into());
        }
        Ok(())
    }

    pub fn is_moving(&self, world: &World) -> bool {
        (0..self.threads())
            .any(|thread| world.senders[thread].pc < sender::DONE && world.stopped >> thread & 1 == 0)
    }

    pub fn line(&self, w: &World) -> String {
        let r = &w.receiver;
        let closed = if w.claim.closed == 1 { " closed" } else { "" };
        let mut text = format!("tail {} owner {}{closed} head {} |", w.claim.tail, w.claim.owner, r.head);
        for number in r.clean..r.posted {
            let entry = self.entry(w, number);
            let state = ["-", "offered", "growing", "ready"][usize::from(entry.state)];
            text += &format!(" {number}:{}{state}", self.piece(entry, number));
        }
        text += &format!(" | real {:0width$b}", w.real, width = usize::from(self.pieces));
        for stall in r.stalls.iter().filter(|stall| stall.position != 0) {
            text += &format!(" stalled {}", stall.position - 1);
        }
        for kept in r.kept.iter().filter(|kept| kept.number != 0) {
            text += &format!(" kept {}:{}", kept.number - 1, kept.piece);
        }
        if r.hand != 0 {
            text += &format!(" hand {}", r.hand - 1);
        }
        for (piece, _) in w.strayed.iter().enumerate().filter(|(_, strayed)| **strayed != 0) {
            text += &format!(" stray {piece}");
        }
        text
    }
}
