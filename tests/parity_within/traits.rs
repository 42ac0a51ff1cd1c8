//! What the handles and their futures are to the compiler: threads, pins, unwinding, size, `Debug`. Within one process:
//! what the compiler knows of a type it knows wherever it is.

use std::time::Duration;

use crate::adapter::{Otherwise, Probe};
use crate::mpsc::{OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender, channel};

type Unshared = std::cell::Cell<u8>;
type Unsent = std::rc::Rc<u8>;

#[test]
fn handles_are_sent_and_shared_when_their_values_are_sent() {
    let (tx, rx) = (Probe::<Sender<u64>>::new(), Probe::<Receiver<u64>>::new());
    assert!(tx.is_send() && tx.is_sync() && rx.is_send() && rx.is_sync());
    let (tx, rx) = (Probe::<Sender<Unshared>>::new(), Probe::<Receiver<Unshared>>::new());
    assert!(tx.is_send() && tx.is_sync() && rx.is_send() && rx.is_sync());
}

#[test]
fn handles_of_values_that_stay_in_their_thread_stay_too() {
    let (tx, rx) = (Probe::<Sender<Unsent>>::new(), Probe::<Receiver<Unsent>>::new());
    assert!(!tx.is_send() && !tx.is_sync() && !rx.is_send() && !rx.is_sync());
}

#[test]
fn handles_may_move_and_cross_a_caught_panic_whatever_their_values() {
    type Pinned = std::marker::PhantomPinned;
    let (tx, rx) = (Probe::<Sender<Pinned>>::new(), Probe::<Receiver<Pinned>>::new());
    assert!(tx.is_unpin() && rx.is_unpin());
    type Fragile = &'static mut std::cell::Cell<u8>;
    let (tx, rx) = (Probe::<Sender<Fragile>>::new(), Probe::<Receiver<Fragile>>::new());
    assert!(tx.is_unwind_safe() && tx.is_ref_unwind_safe());
    assert!(rx.is_unwind_safe() && rx.is_ref_unwind_safe());
}

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
fn structs_with_handles_need_no_bound_on_their_values() {
    struct Holder<T> {
        tx: Option<Sender<T>>,
        rx: Option<Receiver<T>>,
    }
    impl<T> Holder<T> {
        fn of(tx: Sender<T>, rx: Receiver<T>) -> Self {
            Self { tx: Some(tx), rx: Some(rx) }
        }
        fn dropped(mut self) -> bool {
            self.tx.take().is_some() & self.rx.take().is_some()
        }
    }
    let (tx, rx) = channel::<u64>(1);
    assert!(Holder::of(tx, rx).dropped());
}

#[test]
fn handles_can_be_cloned_and_shown_whatever_their_values() {
    fn copied<T>(tx: &Sender<T>, rx: &Receiver<T>) -> (Sender<T>, String) {
        (tx.clone(), format!("{tx:?}{rx:?}"))
    }
    let (tx, rx) = channel::<u64>(1);
    let (other, text) = copied(&tx, &rx);
    assert!(other.same_channel(&tx) && !text.is_empty());
}

#[test]
fn a_sender_is_one_pointer_wide() {
    assert_eq!(size_of::<Sender<u64>>(), size_of::<usize>());
    assert_eq!(size_of::<Sender<[u8; 4096]>>(), size_of::<usize>());
}

#[test]
fn a_sender_that_may_be_missing_is_one_pointer_wide_too() {
    assert_eq!(size_of::<Option<Sender<u64>>>(), size_of::<usize>());
}

#[test]
fn a_receiver_is_one_pointer_wide() {
    assert_eq!(size_of::<Receiver<u64>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Receiver<u64>>>(), size_of::<usize>());
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
fn handles_work_behind_shared_pointers_and_in_statics() {
    use std::sync::{Arc, Mutex, OnceLock};
    static TX: OnceLock<Sender<u64>> = OnceLock::new();
    let (tx, rx) = channel(1);
    TX.set(tx).unwrap();
    let rx = Arc::new(Mutex::new(rx));
    std::thread::spawn(|| TX.get().unwrap().try_send(1)).join().unwrap().unwrap();
    assert_eq!(rx.lock().unwrap().try_recv(), Ok(1));
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
fn a_weak_sender_goes_where_its_values_may_go() {
    let weak = Probe::<WeakSender<u64>>::new();
    assert!(weak.is_send() && weak.is_sync() && weak.is_unpin());
    assert!(weak.is_unwind_safe() && weak.is_ref_unwind_safe());
    let unsent = Probe::<WeakSender<std::rc::Rc<u8>>>::new();
    assert!(!unsent.is_send() && !unsent.is_sync());
    assert_eq!(size_of::<WeakSender<u64>>(), size_of::<usize>());
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
