//! Which handles are of one channel. Within one process: a process that compares two handles has both.

use crate::mpsc::channel;

#[test]
fn owned_permits_know_their_channel() {
    let (a, _rx_a) = channel::<u64>(2);
    let (b, _rx_b) = channel::<u64>(1);
    let first = a.clone().try_reserve_owned().unwrap();
    let second = a.clone().try_reserve_owned().unwrap();
    let third = b.clone().try_reserve_owned().unwrap();
    assert!(first.same_channel(&second) && !first.same_channel(&third));
    assert!(first.same_channel_as_sender(&a) && !first.same_channel_as_sender(&b));
}
