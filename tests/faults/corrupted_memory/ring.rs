//! The member that writes over the ring of a bounded channel.

use std::sync::atomic::Ordering::Relaxed;

use crate::{
    people::chance::Chance,
    scribbler::{Booty, Layout, RECEIVER_BELL, near},
};

/// First words and numbers of words of the regions.
pub struct Ring {
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
    /// The number of slots.
    count: usize,
    capacity: usize,
}

impl Ring {
    pub fn new(
        layout: &mut Layout,
        payload: usize,
        members: usize,
        [capacity, line, entries]: [usize; 3],
    ) -> Ring {
        let waiters = line + members + 1;
        let stride = match payload {
            0..=8 => 16,
            9..=24 => 32,
            25..=56 => 64,
            _ => (8 + payload.div_ceil(8) * 8).next_multiple_of(64),
        };
        let count = if stride <= 256 { capacity.next_power_of_two() } else { capacity };
        let (claim, _) = layout.region(3, 128);
        let (head, line_word) = (claim + 128 / 8, claim + 256 / 8);
        Ring {
            claim,
            head,
            quarantined: head + 1,
            line: line_word,
            epoch: line_word + 1,
            entries: layout.region(entries, 8),
            occupied: layout.region(waiters.div_ceil(64), 8),
            waiters: layout.region(waiters, 8),
            bells: layout.region(waiters, 8),
            backlogs: layout.region(members + 1, 8),
            records: layout.region(count, 8),
            slots: layout.region(count, stride),
            stride: stride / 8,
            count,
            capacity,
        }
    }

    /// One act of this mood.
    pub fn act(&self, booty: &Booty, mood: &str, chance: &mut Chance) {
        match mood {
            "claim" => self.forge_claim(booty, chance),
            "head" => {
                let index = [self.head, self.head, self.head, self.epoch][chance.below(4) as usize];
                booty.spoil(chance, index);
            }
            "stamps" => self.forge_stamp(booty, chance),
            "line" => match chance.below(5) {
                0 => booty.spoil(chance, self.line),
                1 => booty.spoil_one_of(chance, self.occupied),
                2 => booty.spoil_one_of(chance, self.waiters),
                // One of the last records, which belong to one process each.
                3 => {
                    let (first, count) = self.waiters;
                    let last = chance.below(booty.owners.min(count as u64)) as usize;
                    booty.spoil(chance, first + count - 1 - last);
                }
                _ => self.forge_waiter(booty, chance),
            },
            "bells" => match chance.below(4) {
                0 => booty.spoil(chance, RECEIVER_BELL),
                1 => booty.spoil_one_of(chance, self.bells),
                2 => booty.spoil_one_of(chance, self.backlogs),
                // All sleepers are forgotten.
                _ => {
                    booty.word(RECEIVER_BELL).fetch_and(!1, Relaxed);
                    for (first, count) in [self.bells, self.backlogs] {
                        (first..first + count).for_each(|bell| {
                            booty.word(bell).fetch_and(!1, Relaxed);
                        });
                    }
                }
            },
            "entries" => match chance.below(3) {
                0 => booty.spoil(chance, self.quarantined),
                1 => booty.spoil_one_of(chance, self.entries),
                _ => {
                    let position = booty.word(self.claim).load(Relaxed) >> 32;
                    let slot = chance.below(self.count as u64);
                    let entry = position << 32 | slot << 12 | 2 | chance.below(2);
                    let index = self.entries.0 + chance.below(self.entries.1 as u64) as usize;
                    booty.word(index).store(entry, Relaxed);
                    booty.word(self.quarantined).store(1, Relaxed);
                }
            },
            other => panic!("no mood {other}"),
        }
    }

    /// A claim word that could be right.
    fn forge_claim(&self, booty: &Booty, chance: &mut Chance) {
        let claim = booty.word(self.claim).load(Relaxed);
        let forged = match chance.below(7) {
            0 => claim.wrapping_add(1 << 32),
            1 => claim.wrapping_sub(1 << 32),
            2 => claim & !(0xf_ffff << 12) | chance.below(self.capacity as u64 + 2) << 12,
            3 => claim & !(0x3ff << 2) | chance.below(booty.owners) << 2,
            4 => claim ^ 2,
            5 => claim ^ 1,
            _ => near(chance, claim),
        };
        booty.word(self.claim).store(forged, Relaxed);
    }

    /// A record of a waiter that could be right, with its bit; its ticket is near the ones drawn last.
    fn forge_waiter(&self, booty: &Booty, chance: &mut Chance) {
        let (first, count) = self.waiters;
        let index = chance.below(count.min(32) as u64);
        let ticket =
            (booty.word(self.line).load(Relaxed) >> 2).wrapping_add(8).wrapping_sub(chance.below(16));
        let owner = chance.below(booty.owners);
        let need = chance.below(self.capacity as u64 + 2);
        let state = chance.below(4);
        booty.word(first + index as usize).store(ticket << 33 | owner << 22 | need << 2 | state, Relaxed);
        booty.word(self.occupied.0).fetch_or(1 << index, Relaxed);
        booty.word(self.line).fetch_or(chance.below(4), Relaxed);
    }

    /// A value that nobody sent, or none where one was; or a record of another owner.
    fn forge_stamp(&self, booty: &Booty, chance: &mut Chance) {
        let head = booty.word(self.head).load(Relaxed);
        let position = head.wrapping_add(chance.below(self.capacity as u64 + 2));
        let slot = (position as usize & (self.count.next_power_of_two() - 1)) % self.count;
        if chance.once_in(3) {
            let record = position << 32 | chance.below(booty.owners) << 1 | 1;
            booty.word(self.records.0 + slot).store(record, Relaxed);
        } else {
            let stamp = position << 32 | chance.below(3);
            booty.word(self.slots.0 + (slot + 1) * self.stride - 1).store(stamp, Relaxed);
        }
    }
}
