//! The numbers of the unbounded channel, and how much memory its queue may have. Its limit is small, so that it is soon reached.

use shmpsc::{Options, UnboundedSender};

use crate::{
    people::chunks::{self, AHEAD, positions},
    world::{Value, value},
};

/// Positions of a chunk.
pub const POSITIONS: u64 = positions::<Value>();
/// Chunks of the channel.
pub const CHUNKS: u64 = 16;

/// Bytes of a chunk.
pub fn chunk() -> u64 {
    chunks::chunk::<Value>()
}

pub fn options() -> Options {
    crate::part::options().memory_limit(CHUNKS * chunk())
}

/// The part of the stream that ends next, once the receiver has come to `head`. It ends with the first value behind it.
fn clean(head: u64) -> u64 {
    head.saturating_sub(1) / POSITIONS
}

/// How many values can be sent until the limit is reached, when so many have been received, and sent.
pub fn room(received: u64, sent: u64) -> u64 {
    (clean(received) + CHUNKS) * POSITIONS - sent
}

/// Chunks that may be memory when so many values have been received, and sent; and so many senders are or were in the middle of a
/// send. Each can keep a chunk, and make one memory that is not needed yet.
pub fn most_chunks(received: u64, sent: u64, strays: u64) -> u64 {
    sent / POSITIONS - clean(received) + 1 + AHEAD + 1 + strays
}

/// Sends up to so many values of one sender, of which `sent` have been sent before. Returns how many; fewer if the limit is reached.
pub fn sends(sender: &UnboundedSender<Value>, who: u64, sent: u64, count: u64) -> u64 {
    let values: Vec<Value> = (sent..sent + count).map(|n| value(who, n)).collect();
    sender.try_send_many(&values).unwrap_or(0) as u64
}
