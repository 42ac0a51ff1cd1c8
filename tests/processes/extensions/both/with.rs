//! Channels as the bodies want them.

use super::{Receiver, Sender, Sends, channel};

/// A channel with so many values in it, 0 and up.
pub fn holding(values: u64, capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    (0..values).for_each(|value| tx.send_now(value).unwrap());
    (tx, rx)
}

/// A receiver whose stream has ended.
pub fn ended() -> Receiver<u64> {
    channel(1).1
}
