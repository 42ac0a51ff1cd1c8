//! The steps that may follow one state: those of the actors, and what the world does to them.

use crate::explorer::{Flaw, Model};
use crate::steps;
use crate::world::*;

impl Model for Setup {
    type World = World;

    fn start(&self) -> World {
        self.beginning()
    }

    fn successors(&self, world: &World, named: bool, out: &mut Vec<(World, String)>) -> Result<(), Flaw> {
        out.clear();
        self.check(world)?;
        for actor in (0..ACTORS).filter(|actor| *actor >= RECEIVER || self.process_of(*actor).is_some()) {
            let Some(next) = self.step(world, actor)? else { continue };
            let name = if named { self.name(actor, world.actors[actor].pc) } else { String::new() };
            out.push((next, name));
        }
        if out.is_empty() {
            self.check_at_rest(world)?;
        }
        let mut add = |next: World, name: &dyn Fn() -> String| {
            out.push((next, if named { name() } else { String::new() }));
        };
        for thread in 0..self.threads() {
            let a = &world.actors[thread];
            let is_stopped = (world.stopped | world.dead) >> self.process[thread] & 1 == 1;
            if !steps::is_asleep(a.pc) || a.frozen == 1 || is_stopped {
                continue;
            }
            if world.holds < self.holds {
                let mut next = *world;
                next.holds += 1;
                next.actors[thread].frozen = 1;
                add(next, &|| format!("sender {thread}   is held: it never runs again"));
            }
            if world.cancels < self.cancels {
                let mut next = *world;
                next.cancels += 1;
                let is_in_record = a.pc == steps::T_SLEEP;
                next.actors[thread].pc = if is_in_record { steps::V_BIT } else { steps::B_CANCEL };
                add(next, &|| format!("sender {thread}   cancels"));
            }
        }
        if self.close && world.claim.closed == 0 && world.actors[RECEIVER].pc == steps::RECEIVE {
            let mut next = *world;
            next.claim.closed = 1;
            let a = &mut next.actors[RECEIVER];
            if self.rules.close_looks {
                (a.pc, a.after_look, a.owes) = (steps::L_LINE, steps::RECEIVE, 1);
                if !self.rules.look_line_first {
                    a.pc = steps::L_BITS;
                }
            }
            add(next, &|| "           receiver: closes".into());
        }
        for process in 0..self.processes() {
            let bit = 1 << process;
            let threads = || (0..self.threads()).filter(|t| usize::from(self.process[*t]) == process);
            let is_done = threads().all(|thread| world.actors[thread].pc == steps::DONE);
            if (world.dead | world.stopped) & bit != 0 || is_done {
                continue;
            }
            if world.stops < self.stops {
                let mut next = *world;
                (next.stopped, next.stops) = (next.stopped | bit, next.stops + 1);
                add(next, &|| format!("process {process}  is stopped for ever"));
            }
            if world.kills < self.kills {
                let mut next = *world;
                (next.dead, next.kills) = (next.dead | bit, next.kills + 1);
                next.backlogs[process] = [0; THREADS];
                next.locks[process] = 0;
                next.heard &= !bit;
                next.actors[THREADS + process] = Actor { pc: steps::USHER, ..Actor::default() };
                for thread in threads() {
                    next.in_line &= !(1 << thread);
                    next.before.iter_mut().for_each(|before| *before &= !(1 << thread));
                    next.before[thread] = 0;
                    let held = world.actors[thread].held;
                    next.actors[thread] = Actor { pc: steps::DEAD, held, ..Actor::default() };
                }
                next.tidy();
                add(next, &|| format!("process {process}  is killed"));
            }
        }
        Ok(())
    }

    fn show(&self, world: &World) -> String {
        let is_set = |word: u8, at: usize| word >> at & 1 == 1;
        let mut text = format!("free {} line {}", self.free(world.claim, world.head), world.line.next);
        for (mark, is_set) in [
            (" any", world.line.any == 1),
            (" backlog", world.line.backlog == 1),
            (" closed", world.claim.closed == 1),
        ] {
            text += if is_set { mark } else { "" };
        }
        for (at, record) in world.records.iter().enumerate() {
            if record.state == FREE {
                if is_set(world.bits, at) {
                    text += &format!(" record{at} bit");
                }
                continue;
            }
            let state =
                if record.state == COMING { "coming".into() } else { format!("waits {}", record.ticket) };
            let bit = if is_set(world.bits, at) { "" } else { " no bit" };
            let bell = if is_set(world.bells, at) { " zz" } else { "" };
            text += &format!(" record{at}{{p{} n{} {state}{bit}{bell}}}", record.owner - 1, record.need);
        }
        for (process, backlog) in world.backlogs.iter().enumerate().filter(|(_, backlog)| backlog[0] != 0) {
            let bell = if is_set(world.backlog_bells, process) { " zz" } else { "" };
            text += &format!(" backlog{process}{:?}{bell}", waiting(backlog).collect::<Vec<_>>());
        }
        text
    }
}

impl Setup {
    fn name(&self, actor: usize, pc: u8) -> String {
        let actor_name = match actor {
            _ if actor < THREADS => format!("sender {actor}"),
            _ if actor < RECEIVER => format!("process {}", actor - THREADS),
            _ => String::new(),
        };
        format!("{actor_name:10} {}", steps::NAMES[usize::from(pc)])
    }
}
