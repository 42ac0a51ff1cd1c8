//! All runs: breadth first for a shortest trace, depth first, keeping fingerprints only, for many states. And what must hold, in
//! every state and at rest.

use crate::steps;
use crate::world::*;
use std::collections::HashSet;
use std::time::Instant;

type Successor = (World, String);

impl Setup {
    pub fn successors(&self, world: &World, named: bool, out: &mut Vec<Successor>) -> Result<(), Flaw> {
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

    fn name(&self, actor: usize, pc: u8) -> String {
        let actor_name = match actor {
            _ if actor < THREADS => format!("sender {actor}"),
            _ if actor < RECEIVER => format!("process {}", actor - THREADS),
            _ => String::new(),
        };
        format!("{actor_name:10} {}", steps::NAMES[usize::from(pc)])
    }

    /// What must hold in every state.
    fn check(&self, world: &World) -> Result<(), Flaw> {
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
    fn check_at_rest(&self, world: &World) -> Result<(), Flaw> {
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

    pub fn show(&self, world: &World) -> String {
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

fn fingerprint(world: &World) -> u64 {
    const SIZE: usize = size_of::<World>();
    // SAFETY: `World` is repr(C) and has fields of bytes only, so it has no padding.
    let bytes: &[u8; SIZE] = unsafe { &*std::ptr::from_ref(world).cast() };
    let mut hash = 0x9E37_79B9_7F4A_7C15u64;
    for part in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        let factor = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        let mixed = u128::from(hash ^ u64::from_le_bytes(word)).wrapping_mul(factor);
        hash = (mixed as u64 ^ (mixed >> 64) as u64).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        hash ^= hash >> 32;
    }
    hash.max(2)
}

pub enum Outcome {
    Holds(usize),
    Flawed(usize, Flaw, Vec<String>),
    Limit(usize),
}

/// Breadth first: the trace is a shortest one.
pub fn shortest(setup: &Setup, most: usize) -> Outcome {
    let start = setup.start();
    let mut all: Vec<(World, u32, u16, u8)> = vec![(start, u32::MAX, 0, 0)];
    let mut seen = HashSet::from([fingerprint(&start)]);
    let mut out = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let world = all[at].0;
        if let Err(flaw) = setup.successors(&world, false, &mut out) {
            return Outcome::Flawed(all.len(), flaw, trace_to(setup, &all, at));
        }
        for (number, (next, _)) in out.drain(..).enumerate() {
            if seen.insert(fingerprint(&next)) {
                all.push((next, at as u32, number as u16, 0));
            }
        }
        at += 1;
        if all.len() > most {
            return Outcome::Limit(all.len());
        }
    }
    Outcome::Holds(all.len())
}

fn trace_to(setup: &Setup, all: &[(World, u32, u16, u8)], mut at: usize) -> Vec<String> {
    let mut trace = Vec::new();
    let mut out = Vec::new();
    while at != 0 {
        let (world, parent, number, _) = &all[at];
        let parent = *parent as usize;
        // The parent has successors, or this state would not be there.
        if setup.successors(&all[parent].0, true, &mut out).is_err() {
            break;
        }
        trace.push(format!("{:58} {}", out[usize::from(*number)].1, setup.show(world)));
        at = parent;
    }
    trace.reverse();
    trace
}

/// Depth first: keeps a fingerprint of each state. It notices a cycle, which is a run without an end.
pub fn everything(setup: &Setup, bits: u32, seconds: u64) -> Outcome {
    let began = Instant::now();
    let size = 1usize << bits;
    let mut table = vec![0u64; size];
    // The place of a fingerprint, or the empty one where it belongs. The lowest bit says that the state is on the path.
    let place = |table: &[u64], print: u64| {
        let mut at = (print.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize;
        while table[at] != 0 && table[at] & !1 != print {
            at = (at + 1) & (size - 1);
        }
        at
    };
    let mut path: Vec<(World, u64, Vec<Successor>)> = Vec::new();
    let mut spare: Vec<Vec<Successor>> = Vec::new();
    let mut states = 0;
    let trace = |path: &[(World, u64, Vec<Successor>)], last: &World| {
        path.iter().map(|(world, ..)| world).chain([last]).map(|world| setup.show(world)).collect::<Vec<_>>()
    };
    let mut world = setup.start();
    loop {
        let print = fingerprint(&world) & !1;
        let at = place(&table, print);
        if table[at] == 0 {
            table[at] = print | 1;
            states += 1;
            let mut list = spare.pop().unwrap_or_default();
            if let Err(flaw) = setup.successors(&world, false, &mut list) {
                return Outcome::Flawed(states, flaw, trace(&path, &world));
            }
            let is_late = states % (1 << 18) == 0 && began.elapsed().as_secs() >= seconds;
            if states > size / 10 * 9 || is_late {
                return Outcome::Limit(states);
            }
            path.push((world, print, list));
        } else if table[at] & 1 == 1 {
            return Outcome::Flawed(states, "a run without an end".into(), trace(&path, &world));
        }
        // On with the next state that is not yet looked at, or back.
        loop {
            let Some((_, print, list)) = path.last_mut() else { return Outcome::Holds(states) };
            if let Some((next, _)) = list.pop() {
                world = next;
                break;
            }
            let at = place(&table, *print);
            table[at] &= !1;
            let (_, _, list) = path.pop().expect("it is the last");
            spare.push(list);
        }
    }
}
