//! What `channel` refuses. Within one process: the channel is made in the caller's.

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
