//! What the handles are to the compiler: threads, pins, unwinding, size. Within one process:
//! what the compiler knows of a type it knows wherever it is.

use super::{Receiver, Sender, Sends, WeakSender, channel};
use crate::adapter::{Otherwise, Probe};

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
fn handles_are_unpin_and_unwind_safe_whatever_their_values() {
    type Pinned = std::marker::PhantomPinned;
    let (tx, rx) = (Probe::<Sender<Pinned>>::new(), Probe::<Receiver<Pinned>>::new());
    assert!(tx.is_unpin() && rx.is_unpin());
    type Fragile = &'static mut std::cell::Cell<u8>;
    let (tx, rx) = (Probe::<Sender<Fragile>>::new(), Probe::<Receiver<Fragile>>::new());
    assert!(tx.is_unwind_safe() && tx.is_ref_unwind_safe());
    assert!(rx.is_unwind_safe() && rx.is_ref_unwind_safe());
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
fn handles_work_behind_shared_pointers_and_in_statics() {
    use std::sync::{Arc, Mutex, OnceLock};
    static TX: OnceLock<Sender<u64>> = OnceLock::new();
    let (tx, rx) = channel(1);
    TX.set(tx).unwrap();
    let rx = Arc::new(Mutex::new(rx));
    std::thread::spawn(|| TX.get().unwrap().send_now(1)).join().unwrap().unwrap();
    assert_eq!(rx.lock().unwrap().try_recv(), Ok(1));
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
