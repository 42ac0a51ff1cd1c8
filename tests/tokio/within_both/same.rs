//! Which handles are of one channel. Within one process: a process that compares two handles has both.

use super::channel;

#[test]
fn clones_are_the_same_channel() {
    let (tx, rx) = channel::<u64>(1);
    let other = tx.clone();
    assert!(tx.same_channel(&tx) && tx.same_channel(&other) && other.same_channel(&tx.clone()));
    drop(rx);
    assert!(tx.same_channel(&other));
}

#[test]
fn two_channels_are_not_the_same_channel() {
    let (a, _rx_a) = channel::<u64>(1);
    let (b, _rx_b) = channel::<u64>(1);
    assert!(!a.same_channel(&b) && !b.same_channel(&a));
    let (c, rx_c) = channel::<()>(1);
    drop(rx_c);
    let (d, _rx_d) = channel::<()>(1);
    assert!(!c.same_channel(&d));
}

#[test]
fn a_sender_that_was_weak_is_of_the_same_channel() {
    let (tx, _rx) = channel::<u64>(1);
    assert!(tx.downgrade().upgrade().unwrap().same_channel(&tx));
    assert!(tx.downgrade().clone().upgrade().unwrap().same_channel(&tx));
}
