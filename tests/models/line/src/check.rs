//! What must hold in every state, and where no actor can take a step.

use crate::explorer::Flaw;
use crate::steps;
use crate::world::*;

impl Setup {
    /// What must hold in every state.
    pub fn check(&self, world: &World) -> Result<(), Flaw> {
        if self.free(world.claim, world.head) < 0 {
            return Err("more is taken than there is".into());
        }
        if self.loose {
            return Ok(());
        }
        for (at, record) in world.records.iter().enumerate() {
            let has_bit = world.bits >> at & 1 == 1;
            if has_bit && record.state == FREE {
                return Err(format!("record {at} is free and has a bit"));
            }
            if has_bit && record.state == WAITS && world.line.any == 0 {
                return Err(format!("record {at} waits and the line word does not say so"));
            }
            // In the midst of leaving, or its process died there.
            let leaves = |a: &Actor| a.pc == steps::V_FREE && usize::from(a.stand) == at + 1;
            let is_leaving =
                world.actors.iter().any(leaves) || world.dead >> (record.owner.max(1) - 1) & 1 == 1;
            if !has_bit && record.state == WAITS && !is_leaving {
                return Err(format!("record {at} waits without a bit"));
            }
        }
        Ok(())
    }

    /// What must hold where no actor can take a step: every sender that still waits has a reason.
    pub fn check_at_rest(&self, world: &World) -> Result<(), Flaw> {
        let is_out = |thread: usize| (world.stopped | world.dead) >> self.process[thread] & 1 == 1;
        // Documented: a process that is stopped between giving something free and its look.
        let owes = world.actors.iter().any(|a| a.owes == 1);
        let free = self.free(world.claim, world.head);
        let in_line = || world.records.iter().filter(|record| record.state == WAITS);
        for thread in (0..self.threads()).filter(|thread| !is_out(*thread)) {
            let a = &world.actors[thread];
            if a.pc == steps::DONE || a.frozen == 1 {
                continue;
            }
            if !steps::is_asleep(a.pc) || a.woken == 1 {
                return Err(format!("sender {thread} does not go on: {}", steps::NAMES[usize::from(a.pc)]));
            }
            if world.claim.closed == 1 && !owes {
                return Err(format!("sender {thread} sleeps on a closed channel"));
            }
            let mut need = i16::from(self.need(world, thread));
            let limit = if a.stand == 0 { u8::MAX } else { world.records[usize::from(a.stand) - 1].ticket };
            need += in_line().filter(|r| r.ticket < limit).map(|r| i16::from(r.need)).sum::<i16>();
            if a.stand == 0 {
                need += i16::from(self.needs(world, usize::from(self.process[thread]), Some(thread)));
            }
            if need <= free && !owes {
                return Err(format!(
                    "sender {thread} sleeps for ever: {free} free, {need} for it and those before it"
                ));
            }
        }
        for process in (0..self.processes()).filter(|p| (world.stopped | world.dead) >> p & 1 == 0) {
            let has_record = world.records.iter().any(|r| usize::from(r.owner) == process + 1);
            if world.backlogs[process] != [0; THREADS] && !has_record {
                return Err(format!("process {process} has a backlog and no record: it has no rank"));
            }
        }
        if world.stopped == 0 {
            if world.claim.reserved != 0 {
                return Err("permits are lost".into());
            }
            let is_over = |a: &Actor| a.pc == steps::DONE || a.pc == steps::DEAD;
            let all_over = world.actors[..self.threads()].iter().all(is_over);
            if all_over && (world.bits != 0 || world.records.iter().any(|r| r.state != FREE)) {
                return Err("a record or a bit is lost".into());
            }
            if all_over && !self.is_idle_after_looks(world)? {
                return Err("nothing waits, and further looks do not make the line word idle".into());
            }
        }
        Ok(())
    }

    /// Whether the line word is idle after two further looks. The first may ring a backlog that has become empty.
    fn is_idle_after_looks(&self, world: &World) -> Result<bool, Flaw> {
        let mut world = *world;
        for _ in 0..2 {
            let first = if self.rules.look_line_first { steps::L_LINE } else { steps::L_BITS };
            (world.actors[RECEIVER].pc, world.actors[RECEIVER].after_look) = (first, steps::RECEIVE);
            for actor in std::iter::once(RECEIVER).chain(THREADS..THREADS + self.processes()) {
                while let Some(next) = self.step(&world, actor)? {
                    world = next;
                }
            }
        }
        Ok(world.line.is_idle())
    }
}
