//! How many channels a process has. Within one process: the receiver is the caller's, and each that others join takes
//! descriptors.

use super::{Sends, channel};

#[test]
fn hundreds_of_channels_live_at_once() {
    let mut all: Vec<_> = (0..300).map(|_| channel::<u64>(4)).collect();
    for (value, (tx, _)) in (0..).zip(&all) {
        tx.send_now(value).unwrap();
    }
    for (value, (_, rx)) in (0..).zip(&mut all) {
        assert_eq!(rx.try_recv(), Ok(value));
    }
}
