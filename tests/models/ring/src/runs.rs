//! The steps that may follow one state: those of the actors, and what the world does to them.

use crate::explorer::{Flaw, Model};
use crate::world::*;
use crate::{receiver, sender};

impl Model for Setup {
    type World = World;

    fn start(&self) -> World {
        let mut world = World { head: self.slots, ..World::default() };
        world.claim.tail = self.slots;
        world.senders[self.threads()..].iter_mut().for_each(|sender| sender.pc = sender::GONE);
        world
    }

    fn successors(&self, world: &World, named: bool, out: &mut Vec<(World, String)>) -> Result<(), Flaw> {
        out.clear();
        self.check(world)?;
        let mut add = |next: World, name: &dyn Fn() -> String| {
            out.push((next, if named { name() } else { String::new() }));
        };
        for thread in (0..self.threads()).filter(|thread| !self.is_stopped(world, *thread)) {
            let pc = usize::from(world.senders[thread].pc);
            let Some(next) = self.step_sender(world, thread)? else { continue };
            add(next, &|| format!("sender {thread}   {}", sender::NAMES[pc]));
            let is_idle = pc == usize::from(sender::BEGIN) && world.senders[thread].held == 0;
            if world.stops < self.stops && !is_idle {
                let mut next = *world;
                (next.stopped, next.stops) = (next.stopped | 1 << thread, next.stops + 1);
                add(next, &|| format!("sender {thread}   is stopped for ever"));
            }
        }
        let r = &world.receiver;
        match self.step_receiver(world)? {
            Some(next) => add(next, &|| format!("receiver   {}", receiver::NAMES[usize::from(r.pc)])),
            None => self.check_asleep(world)?,
        }
        if self.close && world.claim.closed == 0 && r.pc == receiver::HEAD {
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
                    let held = world.senders[thread].held;
                    next.stopped &= !(1 << thread);
                    next.senders[thread] = Sender { pc: sender::GONE, held, ..Sender::default() };
                }
                add(next, &|| format!("process {process}  is killed"));
            } else if world.dead & bit != 0 && world.proved & bit == 0 {
                let mut next = *world;
                next.proved |= bit;
                for thread in threads() {
                    next.claim.reserved -= next.senders[thread].held;
                    next.senders[thread].held = 0;
                }
                add(next, &|| format!("process {process}  is proved dead, its permits are given back"));
            }
        }
        Ok(())
    }

    fn show(&self, world: &World) -> String {
        self.line(world)
    }
}
