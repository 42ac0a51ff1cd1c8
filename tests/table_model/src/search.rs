//! All runs: breadth first for a shortest trace, depth first, keeping fingerprints only, for many states.

use crate::world::*;
use crate::{receiver, sender};
use std::collections::HashSet;
use std::time::Instant;

type Successor = (World, String);

impl Setup {
    pub fn successors(&self, world: &World, named: bool, out: &mut Vec<Successor>) -> Result<(), Flaw> {
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
