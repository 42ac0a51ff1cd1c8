//! The steps that may follow one state: those of the actors, and what the world does to them.

use crate::explorer::{Flaw, Model};
use crate::world::*;
use crate::{receiver, sender};

impl Model for Setup {
    type World = World;

    fn start(&self) -> World {
        let mut world = World::default();
        world.receiver.posted = self.pieces;
        world.senders[self.threads()..].iter_mut().for_each(|sender| sender.pc = sender::GONE);
        world
    }

    fn successors(&self, world: &World, named: bool, out: &mut Vec<(World, String)>) -> Result<(), Flaw> {
        out.clear();
        self.check(world)?;
        let mut add = |next: World, name: &dyn Fn() -> String| {
            out.push((next, if named { name() } else { String::new() }));
        };
        for thread in (0..self.threads()).filter(|thread| world.stopped >> thread & 1 == 0) {
            let pc = usize::from(world.senders[thread].pc);
            let Some(next) = self.step_sender(world, thread)? else { continue };
            add(next, &|| format!("sender {thread}   {}", sender::NAMES[pc]));
            if self.may_fail(world, thread) {
                let mut next = *world;
                next.fails += 1;
                self.fail(&mut next, thread);
                add(next, &|| format!("sender {thread}   gets no memory"));
            }
            if world.stops < self.stops && pc != usize::from(sender::BEGIN) {
                let mut next = *world;
                (next.stopped, next.stops) = (next.stopped | 1 << thread, next.stops + 1);
                add(next, &|| format!("sender {thread}   is stopped for ever"));
            }
        }
        let r = &world.receiver;
        match self.step_receiver(world)? {
            Some(next) => add(next, &|| format!("receiver   {}", receiver::NAMES[usize::from(r.pc)])),
            None => self.check_asleep(world, self.is_moving(world))?,
        }
        if self.close && world.claim.closed == 0 && r.pc == receiver::HEAD && r.ended == 0 {
            let mut next = *world;
            next.claim.closed = 1;
            add(next, &|| "receiver   closes".into());
        }
        for process in 0..self.processes() {
            let bit = 1 << process;
            let threads = || (0..self.threads()).filter(|t| usize::from(self.process[*t]) == process);
            let is_busy = threads().any(|thread| world.senders[thread].pc < sender::DONE);
            if world.dead & bit == 0 && world.kills < self.kills && is_busy {
                let mut next = *world;
                (next.dead, next.kills) = (next.dead | bit, next.kills + 1);
                next.views[process] = View::default();
                for thread in threads() {
                    next.stopped &= !(1 << thread);
                    next.senders[thread] = Sender { pc: sender::GONE, ..Sender::default() };
                }
                add(next, &|| format!("process {process}  is killed"));
            } else if world.dead & bit != 0 && world.proved & bit == 0 {
                let mut next = *world;
                next.proved |= bit;
                add(next, &|| format!("process {process}  is proved dead"));
            }
        }
        Ok(())
    }

    fn show(&self, world: &World) -> String {
        self.line(world)
    }
}
