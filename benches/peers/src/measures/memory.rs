//! The memory of a channel with both ends in one process: when it is made, and when it is full.
//!
//! It counts private memory, and shared memory either as the process has it mapped or as its files have it, whichever is
//! more. Buffers of the kernel, which a socket and a pipe have, are not seen. The process must be a fresh one: memory that an
//! allocator has from earlier would be used again.

use std::{collections::HashMap, fs, os::unix::fs::MetadataExt, path::Path};

use super::Part;
use crate::{
    cell::Outcome,
    contestant::Tries,
    harness::value::{Value, check, numbered},
};

/// So many channels are made, so that what one costs stands out.
const CHANNELS: u64 = 8;

/// Returns the parts; the figures are the bytes of a new channel, and of a full one.
pub(crate) fn counted<C: Tries, T: Value>() -> Part {
    Part {
        here: |play| {
            play.site.begin();
            let names: Vec<String> = (0..CHANNELS).map(|number| format!("memory-{number}")).collect();
            // What the first channel of a process brings along is not a channel's.
            let _first = (C::bind::<T>(&play.site, "first"), C::connect::<T>(&play.site, "first"));
            let before = Footprint::now(play.site.directory());
            let mut ends: Vec<_> = names
                .iter()
                .map(|name| (C::bind::<T>(&play.site, name), C::connect::<T>(&play.site, name)))
                .collect();
            let made = Footprint::now(play.site.directory());
            for (receiver, sender) in &mut ends {
                fill::<C, T>(sender, receiver, play.site.capacity() as u64);
            }
            let used = Footprint::now(play.site.directory());
            let figures = [made, used].map(|after| after.since(&before) as f64 / CHANNELS as f64).to_vec();
            Outcome { items: CHANNELS, nanoseconds: 1, figures }
        },
        there: |_| unreachable!("no guest is called in"),
    }
}

/// Sends until there is no room, and receives one message to see that it works.
fn fill<C: Tries, T: Value>(sender: &mut C::Sender<T>, receiver: &mut C::Receiver<T>, most: u64) {
    let sent =
        (0..most).take_while(|&number| C::try_send(sender, numbered(&mut T::zeroed(), number))).count();
    assert_ne!(sent, 0, "there is room");
    check(&C::try_receive(receiver).expect("what was sent"), 0);
}

/// Memory of this process.
struct Footprint {
    private: u64,
    mapped: u64,
    in_files: u64,
}

impl Footprint {
    fn now(directory: &Path) -> Self {
        let rollup = fs::read_to_string("/proc/self/smaps_rollup").expect("a kernel with smaps_rollup");
        let of = |key: &str| {
            let line = rollup.lines().find(|line| line.starts_with(key)).expect("a figure of the kernel");
            let kib: u64 = line.split_whitespace().nth(1).expect("a figure").parse().expect("a number");
            kib << 10
        };
        let open =
            fs::read_dir("/proc/self/fd").expect("our descriptors").flatten().map(|entry| entry.path());
        let named = [directory, Path::new("/dev/shm")].into_iter().flat_map(fs::read_dir).flatten();
        let files = open.chain(named.flatten().map(|entry| entry.path()));
        let blocks: HashMap<(u64, u64), u64> = files
            .filter_map(|path| fs::metadata(path).ok().filter(fs::Metadata::is_file))
            .map(|file| ((file.dev(), file.ino()), file.blocks() * 512))
            .collect();
        Self { private: of("Pss_Anon:"), mapped: of("Pss_Shmem:"), in_files: blocks.values().sum() }
    }

    fn since(&self, before: &Self) -> u64 {
        let more = |after: u64, before: u64| after.saturating_sub(before);
        more(self.private, before.private)
            + more(self.mapped, before.mapped).max(more(self.in_files, before.in_files))
    }
}
