//! How much memory the queue of an unbounded channel has, and may have.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::Path};

use shmpsc::{Options, UnboundedReceiver};

use crate::people::{
    Value,
    chunks::{self, AHEAD, positions},
};

pub const MEBIBYTE: u64 = 1 << 20;

/// What is sent: 64 bytes.
pub type Message = [u64; 8];

/// Positions of a chunk.
pub const POSITIONS: u64 = positions::<Message>();

pub fn message(who: u64, n: u64) -> Message {
    [who, n, !who, !n, who ^ n, n, who, 0]
}

/// Returns the number of its sender, and how many that sender had sent before.
#[track_caller]
pub fn numbered(received: Message) -> Value {
    let [who, n, ..] = received;
    assert_eq!(received, message(who, n), "nothing is torn");
    [who, n]
}

/// Bytes of a chunk.
pub fn chunk() -> u64 {
    chunks::chunk::<Message>()
}

/// How many messages a channel with that limit has room for.
pub fn room_for(limit: u64) -> u64 {
    limit / chunk() * POSITIONS
}

/// Chunks that may be memory while so many messages are queued, and senders keep so many.
pub fn most_chunks(queued: u64, kept: u64) -> u64 {
    // A part of the stream ends with the first value behind it, so the last one that was taken counts.
    (queued + 1).div_ceil(POSITIONS) + 1 + AHEAD + kept
}

/// The memory of a channel, seen from its receiver's process, which has no other channel.
pub struct Memory {
    /// Bytes without any chunk.
    fixed: u64,
}

impl Memory {
    /// A new channel.
    pub fn bind(options: Options, path: &Path) -> (UnboundedReceiver<Message>, Memory) {
        let receiver = options.bind_unbounded(path).unwrap();
        let fixed = receiver.memory_in_use();
        (receiver, Memory { fixed })
    }

    /// Chunks that are memory now. While senders work it can be old as soon as it is told.
    #[track_caller]
    pub fn chunks(&self, receiver: &UnboundedReceiver<Message>) -> u64 {
        let bytes = receiver.memory_in_use() - self.fixed;
        bytes.div_ceil(chunk())
    }

    /// While no sender works: bytes that the channel has, of which the file itself says the same.
    #[track_caller]
    pub fn at_rest(&self, receiver: &UnboundedReceiver<Message>) -> u64 {
        let bytes = receiver.memory_in_use();
        assert_eq!(bytes, blocks(), "what the channel says and what its file has");
        bytes
    }

    /// While no sender works: there is no more memory than the design allows, if senders keep so many chunks.
    #[track_caller]
    pub fn is_bounded(&self, receiver: &UnboundedReceiver<Message>, kept: u64) {
        let (bytes, queued) = (self.at_rest(receiver), receiver.len() as u64);
        let most = self.fixed + most_chunks(queued, kept) * chunk();
        assert!(
            bytes <= most,
            "{bytes} bytes of memory for {queued} messages and {kept} kept chunks, not {most}"
        );
        let goal = queued * size_of::<Message>() as u64 * 3 / 2 + MEBIBYTE;
        assert!(bytes <= goal + kept * chunk(), "{bytes} bytes of memory for {queued} messages, not {goal}");
    }
}

/// Bytes that the memory file of this process, which has one channel, has of the system.
#[track_caller]
fn blocks() -> u64 {
    let descriptors = fs::read_dir("/proc/self/fd").expect("proc is mounted");
    let memory = descriptors.filter_map(|entry| {
        let path = entry.ok()?.path();
        let target = fs::read_link(&path).ok()?;
        target.to_string_lossy().starts_with("/memfd:").then(|| fs::metadata(path).ok())?
    });
    let files: BTreeMap<_, _> = memory.map(|file| (file.ino(), file.blocks())).collect();
    assert_eq!(files.len(), 1, "one channel");
    files.values().sum::<u64>() * 512
}
