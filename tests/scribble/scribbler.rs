//! Who writes over everything that a member can map or was given. The offsets are those of `docs/layout.md`.
#![allow(unsafe_code, reason = "it writes where nobody may, through a mapping and descriptors of its own")]

use std::{
    fs::{self, File},
    os::fd::{BorrowedFd, RawFd},
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
};

use memmap2::{MmapOptions, MmapRaw};
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::{ReadWriteFlags, preadv2},
    mm::{Advice, madvise},
};

use crate::people::{Value, chance::Chance, eventually, next_order, tell};

const PAGE: usize = 4096;
const RECEIVER_BELL: usize = 128 / 8;
const LATCH: usize = 256 / 8;
const HEADER: usize = 384;

/// What is written over. The last one is all of them in turn.
pub const MOODS: [&str; 13] = [
    "words",
    "claim",
    "head",
    "stamps",
    "line",
    "bells",
    "entries",
    "members",
    "latch",
    "pages",
    "holes",
    "doorbells",
    "all",
];

/// First words and numbers of words of the regions.
struct Regions {
    members: (usize, usize),
    claim: usize,
    head: usize,
    quarantined: usize,
    line: usize,
    epoch: usize,
    entries: (usize, usize),
    occupied: (usize, usize),
    waiters: (usize, usize),
    bells: (usize, usize),
    backlogs: (usize, usize),
    records: (usize, usize),
    slots: (usize, usize),
    stride: usize,
    capacity: usize,
    owners: u64,
}

/// The segment as this process maps it a second time, and the descriptors that came with it.
struct Booty {
    file: File,
    map: MmapRaw,
    regions: Regions,
    bells: Vec<RawFd>,
}

/// The descriptors of this process that are called so, which it got by joining.
fn descriptors(name: &str) -> Vec<RawFd> {
    let all = fs::read_dir("/proc/self/fd").expect("the kernel tells");
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<RawFd>().ok());
    let is_called = |fd: &RawFd| {
        fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|link| link.to_string_lossy().contains(name))
    };
    numbers.filter(is_called).collect()
}

impl Booty {
    fn find() -> Booty {
        let memory = descriptors("memfd:shmpsc");
        let path = format!("/proc/self/fd/{}", memory.first().expect("it has joined"));
        let file =
            File::options().read(true).write(true).open(path).expect("a memory file can be opened again");
        let map = MmapOptions::new().map_raw(&file).expect("it can be mapped");
        let read = |index: usize| word_of(&map, index).load(Relaxed) as usize;
        let (payload, members, capacity, line, entries) = (read(3), read(5), read(6), read(7), read(8));
        let waiters = line + members + 1;
        let stride = (8 + payload.div_ceil(8) * 8).next_multiple_of(64);
        let mut end = HEADER;
        let mut region = |count: usize, each: usize| {
            let start = end;
            end = (start + count * each).next_multiple_of(128);
            (start / 8, count * each / 8)
        };
        let members_lie = region(members + 1, 64);
        let (claim, _) = region(3, 128);
        let (head, line_word) = (claim + 128 / 8, claim + 256 / 8);
        let regions = Regions {
            members: members_lie,
            claim,
            head,
            quarantined: head + 1,
            line: line_word,
            epoch: line_word + 1,
            entries: region(entries, 8),
            occupied: region(waiters.div_ceil(64), 8),
            waiters: region(waiters, 8),
            bells: region(waiters, 8),
            backlogs: region(members + 1, 8),
            records: region(capacity, 8),
            slots: region(capacity, stride),
            stride: stride / 8,
            capacity,
            owners: members as u64 + 2,
        };
        assert!(end <= map.len(), "the layout is the documented one");
        Booty { file, map, regions, bells: descriptors("[eventfd]") }
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        word_of(&self.map, index)
    }

    fn words(&self) -> usize {
        self.map.len() / 8
    }
}

fn word_of(map: &MmapRaw, index: usize) -> &AtomicU64 {
    assert!(index < map.len() / 8);
    // SAFETY: it lies in the mapping, which lives as long as the reference, is aligned as the mapping is, and this process
    // gets at those bytes by atomics alone.
    unsafe { AtomicU64::from_ptr(map.as_mut_ptr().cast::<u64>().add(index)) }
}

/// Any number, but more often what comes close to `right`.
fn near(chance: &mut Chance, right: u64) -> u64 {
    let small = chance.below(9).wrapping_sub(4);
    match chance.below(8) {
        0 => 0,
        1 => u64::MAX,
        2 => right ^ 1 << chance.below(64),
        3 => right.wrapping_add(small),
        4 => right.wrapping_add(small << 32),
        5 => right.wrapping_add(small << chance.below(64)),
        6 => right & u64::MAX << chance.below(64),
        _ => chance.number(),
    }
}

impl Booty {
    fn spoil(&self, chance: &mut Chance, index: usize) {
        let word = self.word(index);
        word.store(near(chance, word.load(Relaxed)), Relaxed);
    }

    fn spoil_one_of(&self, chance: &mut Chance, (first, count): (usize, usize)) {
        // More often near the beginning, where few members and the first tickets are.
        let reach = if chance.once_in(2) { count.min(32) } else { count };
        let index = first + chance.below(reach as u64) as usize;
        self.spoil(chance, index);
    }

    /// One act of this mood.
    fn act(&self, mood: &str, chance: &mut Chance) {
        let regions = &self.regions;
        match mood {
            "words" => {
                let index = chance.below(self.words() as u64) as usize;
                self.word(index).store(chance.number(), Relaxed);
            }
            "claim" => self.forge_claim(chance),
            "head" => {
                let index = [self.regions.head, self.regions.head, self.regions.head, self.regions.epoch]
                    [chance.below(4) as usize];
                self.spoil(chance, index);
            }
            "stamps" => self.forge_stamp(chance),
            "line" => match chance.below(5) {
                0 => self.spoil(chance, self.regions.line),
                1 => self.spoil_one_of(chance, regions.occupied),
                2 => self.spoil_one_of(chance, regions.waiters),
                // One of the last records, which belong to one process each.
                3 => {
                    let (first, count) = regions.waiters;
                    let last = chance.below(regions.owners.min(count as u64)) as usize;
                    self.spoil(chance, first + count - 1 - last);
                }
                _ => self.forge_waiter(chance),
            },
            "bells" => match chance.below(4) {
                0 => self.spoil(chance, RECEIVER_BELL),
                1 => self.spoil_one_of(chance, regions.bells),
                2 => self.spoil_one_of(chance, regions.backlogs),
                // All sleepers are forgotten.
                _ => {
                    self.word(RECEIVER_BELL).fetch_and(!1, Relaxed);
                    for (first, count) in [regions.bells, regions.backlogs] {
                        (first..first + count).for_each(|bell| {
                            self.word(bell).fetch_and(!1, Relaxed);
                        });
                    }
                }
            },
            "entries" => match chance.below(3) {
                0 => self.spoil(chance, self.regions.quarantined),
                1 => self.spoil_one_of(chance, regions.entries),
                _ => {
                    let position = self.word(self.regions.claim).load(Relaxed) >> 32;
                    let slot = chance.below(regions.capacity as u64);
                    let entry = position << 32 | slot << 12 | 2 | chance.below(2);
                    let index = regions.entries.0 + chance.below(regions.entries.1 as u64) as usize;
                    self.word(index).store(entry, Relaxed);
                    self.word(self.regions.quarantined).store(1, Relaxed);
                }
            },
            "members" => self.spoil_one_of(chance, regions.members),
            "latch" => self.spoil(chance, LATCH),
            "pages" => self.overwrite_page(chance),
            "holes" => self.punch(chance),
            "doorbells" => self.ring_and_drain(chance),
            _ => {
                let mood = MOODS[chance.below(MOODS.len() as u64 - 1) as usize];
                self.act(mood, chance);
            }
        }
    }

    /// A claim word that could be right.
    fn forge_claim(&self, chance: &mut Chance) {
        let claim = self.word(self.regions.claim).load(Relaxed);
        let forged = match chance.below(7) {
            0 => claim.wrapping_add(1 << 32),
            1 => claim.wrapping_sub(1 << 32),
            2 => claim & !(0xf_ffff << 12) | chance.below(self.regions.capacity as u64 + 2) << 12,
            3 => claim & !(0x3ff << 2) | chance.below(self.regions.owners) << 2,
            4 => claim ^ 2,
            5 => claim ^ 1,
            _ => near(chance, claim),
        };
        self.word(self.regions.claim).store(forged, Relaxed);
    }

    /// A record of a waiter that could be right, with its bit; its ticket is near the ones drawn last.
    fn forge_waiter(&self, chance: &mut Chance) {
        let (first, count) = self.regions.waiters;
        let index = chance.below(count.min(32) as u64);
        let ticket =
            (self.word(self.regions.line).load(Relaxed) >> 2).wrapping_add(8).wrapping_sub(chance.below(16));
        let owner = chance.below(self.regions.owners);
        let need = chance.below(self.regions.capacity as u64 + 2);
        let state = chance.below(4);
        self.word(first + index as usize).store(ticket << 33 | owner << 22 | need << 2 | state, Relaxed);
        self.word(self.regions.occupied.0).fetch_or(1 << index, Relaxed);
        self.word(self.regions.line).fetch_or(chance.below(4), Relaxed);
    }

    /// A value that nobody sent, or none where one was; or a record of another owner.
    fn forge_stamp(&self, chance: &mut Chance) {
        let head = self.word(self.regions.head).load(Relaxed);
        let position = head.wrapping_add(chance.below(self.regions.capacity as u64 + 2));
        let bits = usize::BITS - (self.regions.capacity - 1).leading_zeros();
        let slot = (position as usize & ((1 << bits) - 1)) % self.regions.capacity;
        if chance.once_in(3) {
            let record = position << 32 | chance.below(self.regions.owners) << 1 | 1;
            self.word(self.regions.records.0 + slot).store(record, Relaxed);
        } else {
            let stamp = position << 32 | chance.below(3);
            self.word(self.regions.slots.0 + slot * self.regions.stride).store(stamp, Relaxed);
        }
    }

    /// A page of one byte, or another page's copy.
    fn overwrite_page(&self, chance: &mut Chance) {
        let pages = (self.map.len() / PAGE) as u64;
        let (to, from) = (chance.below(pages) as usize, chance.below(pages) as usize);
        let byte = chance.once_in(2).then(|| chance.below(256) * 0x0101_0101_0101_0101);
        for index in 0..PAGE / 8 {
            let value = byte.unwrap_or_else(|| self.word(from * PAGE / 8 + index).load(Relaxed));
            self.word(to * PAGE / 8 + index).store(value, Relaxed);
        }
    }

    /// Pages that read as zeros from now on.
    fn punch(&self, chance: &mut Chance) {
        let pages = (self.map.len() / PAGE) as u64;
        let first = chance.below(pages);
        let count = if chance.once_in(8) { pages - first } else { 1 };
        let (offset, len) = (first * PAGE as u64, count * PAGE as u64);
        if chance.once_in(2) {
            let how = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            fallocate(&self.file, how, offset, len).expect("no seal forbids it");
        } else {
            // SAFETY: of the mapping, which holds nothing of this program's.
            let removed = unsafe {
                let start = self.map.as_mut_ptr().add(offset as usize);
                madvise(start.cast(), len as usize, Advice::LinuxRemove)
            };
            removed.expect("no seal forbids it");
        }
    }

    /// Fills the counters of the doorbells to the brim, and empties them.
    fn ring_and_drain(&self, chance: &mut Chance) {
        let Some(&bell) = self.bells.get(chance.below(self.bells.len().max(1) as u64) as usize) else {
            return;
        };
        // SAFETY: nobody in this process closes it as long as its sender lives.
        let bell = unsafe { BorrowedFd::borrow_raw(bell) };
        if chance.once_in(2) {
            let _ = rustix::io::write(bell, &[1, u64::MAX - 1][chance.below(2) as usize].to_ne_bytes());
        } else {
            let mut count = [0; 8];
            let mut buffers = [std::io::IoSliceMut::new(&mut count)];
            let _ = preadv2(bell, &mut buffers, u64::MAX, ReadWriteFlags::NOWAIT);
        }
    }
}

/// Role: joins, and writes over it: orders are `mood seed acts path`, each answered `in`, then `done acts` once it has done
/// that many; with 0 it goes on until the next line. The line after that lets it leave.
pub fn scribbles() {
    while let Some(order) = next_order() {
        let words: Vec<&str> = order.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let (mood, seed, acts, path) = (words[0], number(1), number(2), Path::new(words[3]));
        let sender = shmpsc::connect::<Value>(path).unwrap();
        let booty = Booty::find();
        tell("in");
        let mut chance = Chance::new(seed);
        let done = AtomicU64::new(0);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let scribble = || {
                // The rarer the writes, the longer the channel lives between them.
                let pause = 1 << chance.below(14);
                while !is_over.load(Relaxed) && (acts == 0 || done.load(Relaxed) < acts) {
                    booty.act(mood, &mut chance);
                    done.fetch_add(1, Relaxed);
                    (0..chance.below(pause)).for_each(|_| std::hint::spin_loop());
                }
            };
            let scribbling = scope.spawn(scribble);
            if acts > 0 {
                scribbling.join().expect("no panic");
                tell(format!("done {acts}"));
                next_order();
            } else {
                next_order();
                is_over.store(true, Relaxed);
                scribbling.join().expect("no panic");
                tell(format!("done {}", done.load(Relaxed)));
            }
        });
        drop(booty);
        drop(sender);
        // Else the next one could find this channel's memory instead of its own.
        eventually("all that it had of the channel is gone", || descriptors("memfd:shmpsc").is_empty());
        tell("left");
    }
}
