//! All runs: breadth first for a shortest trace, depth first, keeping fingerprints only, for many states.

use super::{Flaw, Model, State};
use std::collections::HashSet;
use std::time::Instant;

fn fingerprint<W: State>(world: &W) -> u64 {
    // SAFETY: a `State` has no padding, so each of its bytes is initialized.
    let bytes = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(world).cast::<u8>(), size_of::<W>()) };
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

/// A state with the place of the one before, and its number among that one's successors.
type Reached<W> = (W, u32, u16);

/// Breadth first: the trace is a shortest one.
pub fn shortest<M: Model>(model: &M, most: usize) -> Outcome {
    let start = model.start();
    let mut all: Vec<Reached<M::World>> = vec![(start, u32::MAX, 0)];
    let mut seen = HashSet::from([fingerprint(&start)]);
    let mut out = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let world = all[at].0;
        if let Err(flaw) = model.successors(&world, false, &mut out) {
            return Outcome::Flawed(all.len(), flaw, trace_to(model, &all, at));
        }
        for (number, (next, _)) in out.drain(..).enumerate() {
            if seen.insert(fingerprint(&next)) {
                all.push((next, at as u32, number as u16));
            }
        }
        at += 1;
        if all.len() > most {
            return Outcome::Limit(all.len());
        }
    }
    Outcome::Holds(all.len())
}

fn trace_to<M: Model>(model: &M, all: &[Reached<M::World>], mut at: usize) -> Vec<String> {
    let mut trace = Vec::new();
    let mut out = Vec::new();
    while at != 0 {
        let (world, parent, number) = &all[at];
        let parent = *parent as usize;
        // The parent has successors, or this state would not be there.
        if model.successors(&all[parent].0, true, &mut out).is_err() {
            break;
        }
        trace.push(format!("{:58} {}", out[usize::from(*number)].1, model.show(world)));
        at = parent;
    }
    trace.reverse();
    trace
}

/// One state of the path, its fingerprint, and its successors that are not yet looked at.
type Node<W> = (W, u64, Vec<(W, String)>);

/// Depth first: keeps a fingerprint of each state. It notices a cycle, which is a run without an end.
pub fn everything<M: Model>(model: &M, bits: u32, seconds: u64) -> Outcome {
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
    let mut path: Vec<Node<M::World>> = Vec::new();
    let mut spare: Vec<Vec<(M::World, String)>> = Vec::new();
    let mut states = 0;
    let trace = |path: &[Node<M::World>], last: &M::World| {
        path.iter().map(|(world, ..)| world).chain([last]).map(|world| model.show(world)).collect::<Vec<_>>()
    };
    let mut world = model.start();
    loop {
        let print = fingerprint(&world) & !1;
        let at = place(&table, print);
        if table[at] == 0 {
            table[at] = print | 1;
            states += 1;
            let mut list = spare.pop().unwrap_or_default();
            if let Err(flaw) = model.successors(&world, false, &mut list) {
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
