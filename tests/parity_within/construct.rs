//! What `channel` refuses, and how many channels a process has. Within one process: the receiver is the caller's, and
//! each that others join takes descriptors.

use crate::adapter::caught;
use crate::mpsc::channel;

#[test]
fn a_capacity_of_zero_panics_in_the_callers_line() {
    let mut line = 0;
    let panic = caught(|| {
        line = line!() + 1;
        channel::<u64>(0)
    });
    assert_eq!(panic.message, "mpsc bounded channel requires buffer > 0");
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
}

#[test]
fn a_capacity_beyond_every_limit_panics() {
    caught(|| channel::<u64>(usize::MAX));
}

#[test]
fn hundreds_of_channels_live_at_once() {
    let mut all: Vec<_> = (0..300).map(|_| channel::<u64>(4)).collect();
    for (value, (tx, _)) in (0..).zip(&all) {
        tx.try_send(value).unwrap();
    }
    for (value, (_, rx)) in (0..).zip(&mut all) {
        assert_eq!(rx.try_recv(), Ok(value));
    }
}
