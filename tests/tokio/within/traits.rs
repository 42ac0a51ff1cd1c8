//! What the handles and their futures are to the compiler: threads, pins, unwinding, size, `Debug`. Within one process:
//! what the compiler knows of a type it knows wherever it is.

use std::time::Duration;

use crate::adapter::{Otherwise, Probe};
use crate::mpsc::{
    OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver, UnboundedSender, WeakSender,
    WeakUnboundedSender, channel, unbounded_channel,
};

#[test]
fn futures_are_sent_and_shared_between_threads() {
    let (tx, mut rx) = channel::<u64>(1);
    macro_rules! sent_and_shared {
        ($($future:expr),*) => {
            $({
                let future = $future;
                let probe = Probe::of(&future);
                assert!(probe.is_send() && probe.is_sync(), stringify!($future));
            })*
        };
    }
    let mut batch = Vec::new();
    sent_and_shared!(tx.send(1), tx.closed(), tx.send_timeout(1, Duration::ZERO));
    sent_and_shared!(tx.reserve(), tx.reserve_many(1), tx.clone().reserve_owned());
    sent_and_shared!(rx.recv());
    sent_and_shared!(rx.recv_many(&mut batch, 1));
}

#[test]
fn handles_show_themselves_by_name_in_every_state() {
    let (tx, mut rx) = channel::<u64>(1);
    let named = |tx: &Sender<u64>, rx: &Receiver<u64>| {
        assert!(format!("{tx:?}").starts_with("Sender {"));
        assert!(format!("{rx:?}").starts_with("Receiver {"));
        assert!(format!("{tx:#?}").starts_with("Sender {\n"));
        assert!(format!("{rx:#?}").starts_with("Receiver {\n"));
    };
    named(&tx, &rx);
    tx.try_send(1).unwrap();
    named(&tx, &rx);
    rx.close();
    named(&tx, &rx);
    drop(rx);
    assert!(format!("{tx:?}").starts_with("Sender {"));
}

#[test]
fn permits_go_where_their_values_may_go() {
    macro_rules! go_anywhere {
        ($($probe:expr),*) => {
            $({
                let probe = $probe;
                assert!(probe.is_send() && probe.is_sync(), stringify!($probe));
                assert!(probe.is_unpin() && probe.is_unwind_safe() && probe.is_ref_unwind_safe());
            })*
        };
    }
    go_anywhere!(Probe::<Permit<'static, u64>>::new(), Probe::<PermitIterator<'static, u64>>::new());
    go_anywhere!(Probe::<OwnedPermit<u64>>::new());
    type Unsent = std::rc::Rc<u8>;
    assert!(!Probe::<Permit<'static, Unsent>>::new().is_send());
    assert!(!Probe::<PermitIterator<'static, Unsent>>::new().is_sync());
    assert!(!Probe::<OwnedPermit<Unsent>>::new().is_sync());
    let pointer = size_of::<usize>();
    assert_eq!((size_of::<Permit<'_, u64>>(), size_of::<OwnedPermit<u64>>()), (pointer, pointer));
    assert_eq!(size_of::<PermitIterator<'_, u64>>(), 2 * pointer);
}

#[test]
fn permits_show_themselves_by_name() {
    let (tx, _rx) = channel::<u64>(3);
    assert!(format!("{:?}", tx.try_reserve().unwrap()).starts_with("Permit {"));
    assert!(format!("{:?}", tx.try_reserve_many(2).unwrap()).starts_with("PermitIterator {"));
    assert!(format!("{:?}", tx.clone().try_reserve_owned().unwrap()).starts_with("OwnedPermit {"));
}

#[test]
fn a_weak_sender_shows_only_its_name() {
    let (tx, _rx) = channel::<u64>(1);
    assert_eq!(format!("{:?}", tx.downgrade()), "WeakSender");
}

#[test]
fn only_senders_are_cloned_and_nothing_is_compared_or_iterated() {
    let (tx, rx, weak) =
        (Probe::<Sender<u64>>::new(), Probe::<Receiver<u64>>::new(), Probe::<WeakSender<u64>>::new());
    assert!(tx.is_clone() && weak.is_clone() && !rx.is_clone());
    assert!(!Probe::<Permit<'static, u64>>::new().is_clone());
    assert!(!Probe::<PermitIterator<'static, u64>>::new().is_clone());
    assert!(!Probe::<OwnedPermit<u64>>::new().is_clone());
    assert!(!tx.is_partial_eq() && !rx.is_partial_eq() && !weak.is_partial_eq());
    assert!(!rx.is_iterator());
}

#[test]
fn what_a_statement_may_ignore_it_ignores_without_a_warning() {
    let (tx, mut rx) = channel::<u64>(9);
    // A warning would be an error here.
    tx.try_reserve().unwrap();
    tx.try_reserve_many(2).unwrap();
    tx.clone().try_reserve_owned().unwrap();
    tx.clone().try_reserve_owned().unwrap().release();
    tx.clone().try_reserve_owned().unwrap().send(1);
    tx.downgrade().upgrade();
    tx.capacity();
    tx.is_closed();
    rx.try_recv().unwrap();
    rx.len();
    rx.blocking_recv_many(&mut Vec::new(), 0);
    assert_eq!(tx.capacity(), 9);
}

#[test]
fn what_a_statement_must_not_ignore_is_warned_of() {
    #![deny(unfulfilled_lint_expectations)]
    let (tx, mut rx) = channel::<u64>(1);
    #[expect(unused_must_use)]
    {
        tx.downgrade();
    }
    #[expect(unused_must_use)]
    {
        tx.send(1);
    }
    #[expect(unused_must_use)]
    {
        tx.try_send(1);
    }
    #[expect(unused_must_use)]
    {
        rx.recv();
    }
    #[expect(unused_must_use)]
    {
        tx.reserve();
    }
}

#[test]
fn unbounded_handles_show_themselves_by_name_in_every_state() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    let named = |tx: &UnboundedSender<u64>, rx: &UnboundedReceiver<u64>| {
        assert!(format!("{tx:?}").starts_with("UnboundedSender {"));
        assert!(format!("{rx:?}").starts_with("UnboundedReceiver {"));
        assert!(format!("{tx:#?}").starts_with("UnboundedSender {\n"));
        assert!(format!("{rx:#?}").starts_with("UnboundedReceiver {\n"));
        assert_eq!(format!("{:?}", tx.downgrade()), "WeakUnboundedSender");
    };
    named(&tx, &rx);
    tx.send(1).unwrap();
    named(&tx, &rx);
    rx.close();
    named(&tx, &rx);
    drop(rx);
    assert!(format!("{tx:?}").starts_with("UnboundedSender {"));
}

#[test]
fn of_unbounded_handles_only_senders_are_cloned() {
    let tx = Probe::<UnboundedSender<u64>>::new();
    let (rx, weak) = (Probe::<UnboundedReceiver<u64>>::new(), Probe::<WeakUnboundedSender<u64>>::new());
    assert!(tx.is_clone() && weak.is_clone() && !rx.is_clone());
    assert!(!tx.is_partial_eq() && !rx.is_partial_eq() && !weak.is_partial_eq());
    assert!(!rx.is_iterator());
}

#[test]
fn what_a_statement_may_ignore_of_unbounded_ends_it_ignores() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    tx.send(1).unwrap();
    // A warning would be an error here.
    tx.downgrade().upgrade();
    tx.is_closed();
    rx.try_recv().unwrap();
    rx.len();
    rx.blocking_recv_many(&mut Vec::new(), 0);
    assert!(rx.is_empty());
}

#[test]
fn what_must_not_be_ignored_of_unbounded_ends_is_warned_of() {
    #![deny(unfulfilled_lint_expectations)]
    let (tx, mut rx) = unbounded_channel::<u64>();
    #[expect(unused_must_use)]
    {
        tx.downgrade();
    }
    #[expect(unused_must_use)]
    {
        tx.send(1);
    }
    #[expect(unused_must_use)]
    {
        tx.closed();
    }
    #[expect(unused_must_use)]
    {
        rx.recv();
    }
}
