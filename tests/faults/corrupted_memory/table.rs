//! The member that writes over the table of an unbounded channel, and over its chunks.

use std::sync::atomic::Ordering::Relaxed;

use crate::{
    people::chance::Chance,
    scribbler::{Booty, Layout, RECEIVER_BELL, near},
};

/// First words and numbers of words of the regions.
pub struct Table {
    claim: usize,
    head: usize,
    entries: (usize, usize),
    /// The first word of the chunks.
    chunks: usize,
    /// How many there are, and the positions and the words of each.
    count: u64,
    positions: u64,
    chunk: usize,
    /// Words from one slot to the next.
    stride: usize,
}

/// The bits of a position.
const POSITIONS: u64 = (1 << 53) - 1;

impl Table {
    pub fn new(layout: &mut Layout, payload: usize, [count, positions, chunk_size]: [usize; 3]) -> Table {
        let (claim, _) = layout.region(2, 128);
        let entries = layout.region(count, 8);
        layout.aligns(64 << 10);
        let (chunks, _) = layout.region(count, chunk_size);
        Table {
            claim,
            head: claim + 128 / 8,
            entries,
            chunks,
            count: count as u64,
            positions: positions as u64,
            chunk: chunk_size / 8,
            stride: 1 + payload.div_ceil(8),
        }
    }

    /// One act of this mood.
    pub fn act(&self, booty: &Booty, mood: &str, chance: &mut Chance) {
        match mood {
            "claim" => self.forge_claim(booty, chance),
            "head" => booty.spoil(chance, self.head),
            "stamps" | "line" => self.forge_position(booty, mood == "line", chance),
            "bells" if chance.once_in(2) => booty.spoil(chance, RECEIVER_BELL),
            // The sleeper is forgotten.
            "bells" => {
                booty.word(RECEIVER_BELL).fetch_and(!1, Relaxed);
            }
            "entries" => self.forge_entry(booty, chance),
            other => panic!("no mood {other}"),
        }
    }

    /// A claim word that could be right.
    fn forge_claim(&self, booty: &Booty, chance: &mut Chance) {
        let claim = booty.word(self.claim).load(Relaxed);
        let chunk = self.positions << 11;
        let forged = match chance.below(8) {
            0 => claim.wrapping_add(1 << 11),
            1 => claim.wrapping_sub(1 << 11),
            2 => claim.wrapping_add(chunk * chance.below(self.count + 2)),
            3 => claim.wrapping_sub(chunk),
            // The beginning of the next chunk.
            4 => (claim / chunk + 1).wrapping_mul(chunk),
            5 => claim & !(0x3ff << 1) | chance.below(booty.owners) << 1,
            6 => claim ^ 1,
            _ => near(chance, claim),
        };
        booty.word(self.claim).store(forged, Relaxed);
    }

    /// An entry that could be right: of a part of the stream that is near, with any chunk, or one that there is not, in any state.
    fn forge_entry(&self, booty: &Booty, chance: &mut Chance) {
        if chance.once_in(3) {
            booty.spoil_one_of(chance, self.entries);
            return;
        }
        let number = (self.part(booty) + chance.below(self.count + 2)).saturating_sub(1);
        let index = number % self.count;
        let chunk = chance.below(self.count + 1);
        let entry = (number / self.count) << 26 | (chunk ^ index) << 2 | chance.below(4);
        booty.word(self.entries.0 + index as usize).store(entry, Relaxed);
    }

    /// A value that nobody sent, or none where one was; or, if `is_record`, a record of another owner.
    fn forge_position(&self, booty: &Booty, is_record: bool, chance: &mut Chance) {
        let reach = if chance.once_in(2) { 8 } else { self.positions * self.count };
        let position = (booty.word(self.head).load(Relaxed) & POSITIONS).wrapping_add(chance.below(reach));
        let start = self.chunks + self.chunk_of(booty, position / self.positions) as usize * self.chunk;
        let index = (position % self.positions) as usize;
        if is_record {
            let record = position << 11 | chance.below(booty.owners) << 1 | 1;
            booty.word(start + index).store(record, Relaxed);
        } else {
            let stamp = position << 11 | chance.below(2);
            let slots = start + self.positions as usize;
            booty.word(slots + (index + 1) * self.stride - 1).store(stamp, Relaxed);
        }
    }

    /// A chunk that is in use reads as zeros from now on, from one page on or as a whole.
    pub fn punch(&self, booty: &Booty, chance: &mut Chance) {
        let part = self.part(booty) + chance.below(3);
        let start = (self.chunks + self.chunk_of(booty, part) as usize * self.chunk) as u64 * 8;
        let bytes = self.chunk as u64 * 8;
        let first = if chance.once_in(2) { 0 } else { chance.below(bytes / 4096) * 4096 };
        booty.punch_bytes(chance, start + first, bytes - first);
    }

    /// The part of the stream where head is.
    fn part(&self, booty: &Booty) -> u64 {
        (booty.word(self.head).load(Relaxed) & POSITIONS) / self.positions
    }

    /// The chunk that the table names there, whatever it is.
    fn chunk_of(&self, booty: &Booty, number: u64) -> u64 {
        let index = number % self.count;
        let entry = booty.word(self.entries.0 + index as usize).load(Relaxed);
        ((entry >> 2 & 0xff_ffff) ^ index) % self.count
    }
}
