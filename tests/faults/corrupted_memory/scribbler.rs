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

use crate::{
    people::{Value, chance::Chance, eventually, next_order, tell},
    ring::Ring,
    table::Table,
    victims,
};

const PAGE: usize = 4096;
pub const RECEIVER_BELL: usize = 128 / 8;
const LATCH: usize = 256 / 8;
const HEADER: usize = 384;
/// The kind of channel, as the header says it.
const BOUNDED: usize = 1;

/// What is written over. The last one is all of them in turn.
pub const MOODS: [&str; 13] = [
    "words",
    "claim",
    "head",
    "stamps",
    // Of a table, the records.
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

/// The segment as this process maps it a second time, and the descriptors that came with it.
pub struct Booty {
    file: File,
    map: MmapRaw,
    /// The first word of the roster, and how many.
    members: (usize, usize),
    /// Numbers that a process can have, and one more.
    pub owners: u64,
    queue: Queue,
    bells: Vec<RawFd>,
}

enum Queue {
    Ring(Ring),
    Table(Table),
}

/// Regions one behind the other.
pub struct Layout {
    end: usize,
}

impl Layout {
    /// The first word of a region, and how many it has.
    pub fn region(&mut self, count: usize, each: usize) -> (usize, usize) {
        let start = self.end;
        self.end = (start + count * each).next_multiple_of(128);
        (start / 8, count * each / 8)
    }

    /// The next region begins at a multiple of so many bytes.
    pub fn aligns(&mut self, bytes: usize) {
        self.end = self.end.next_multiple_of(bytes);
    }
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
        let members = read(5);
        let mut layout = Layout { end: HEADER };
        let members_lie = layout.region(members + 1, 64);
        let numbers = [read(6), read(7), read(8)];
        let queue = match read(2) {
            BOUNDED => Queue::Ring(Ring::new(&mut layout, read(3), members, numbers)),
            _ => Queue::Table(Table::new(&mut layout, read(3), numbers)),
        };
        assert!(layout.end <= map.len(), "the layout is the documented one");
        let owners = members as u64 + 2;
        Booty { file, map, members: members_lie, owners, queue, bells: descriptors("[eventfd]") }
    }

    pub fn word(&self, index: usize) -> &AtomicU64 {
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
pub fn near(chance: &mut Chance, right: u64) -> u64 {
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
    pub fn spoil(&self, chance: &mut Chance, index: usize) {
        let word = self.word(index);
        word.store(near(chance, word.load(Relaxed)), Relaxed);
    }

    pub fn spoil_one_of(&self, chance: &mut Chance, (first, count): (usize, usize)) {
        // More often near the beginning, where few members and the first tickets are.
        let reach = if chance.once_in(2) { count.min(32) } else { count };
        let index = first + chance.below(reach as u64) as usize;
        self.spoil(chance, index);
    }

    /// One act of this mood.
    fn act(&self, mood: &str, chance: &mut Chance) {
        match mood {
            "words" => {
                let index = chance.below(self.words() as u64) as usize;
                self.word(index).store(chance.number(), Relaxed);
            }
            "members" => self.spoil_one_of(chance, self.members),
            "latch" => self.spoil(chance, LATCH),
            "pages" => self.overwrite_page(chance),
            "holes" => match &self.queue {
                Queue::Table(table) if chance.once_in(2) => table.punch(self, chance),
                _ => self.punch(chance),
            },
            "doorbells" => self.ring_and_drain(chance),
            "all" => {
                let mood = MOODS[chance.below(MOODS.len() as u64 - 1) as usize];
                self.act(mood, chance);
            }
            _ => match &self.queue {
                Queue::Ring(ring) => ring.act(self, mood, chance),
                Queue::Table(table) => table.act(self, mood, chance),
            },
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
        self.punch_bytes(chance, first * PAGE as u64, count * PAGE as u64);
    }

    /// These bytes, whole pages, read as zeros from now on.
    pub fn punch_bytes(&self, chance: &mut Chance, offset: u64, len: u64) {
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

/// Role: joins, and writes over it: orders are `mood seed acts queue path`, each answered `in`, then `done acts` once it has done
/// that many; with 0 it goes on until the next line. The line after that lets it leave.
pub fn scribbles() {
    while let Some(order) = next_order() {
        let words: Vec<&str> = order.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let (mood, seed, acts, path) = (words[0], number(1), number(2), Path::new(words[4]));
        let (mut bounded, mut unbounded) = (None, None);
        match victims::Queue::read(words[3]) {
            victims::Queue::Bounded(_) => bounded = Some(shmpsc::connect::<Value>(path).unwrap()),
            victims::Queue::Unbounded(_) => {
                unbounded = Some(shmpsc::connect_unbounded::<Value>(path).unwrap());
            }
        }
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
        drop((bounded, unbounded));
        // Else the next one could find this channel's memory instead of its own.
        eventually("all that it had of the channel is gone", || descriptors("memfd:shmpsc").is_empty());
        tell("left");
    }
}
