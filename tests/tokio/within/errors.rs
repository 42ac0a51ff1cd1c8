//! The four errors: what they hold, say and are. Within one process: they are values of the caller.

use std::error::Error;

use crate::adapter::{Otherwise, Probe};
use crate::mpsc::channel;
use crate::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};

/// Has none of the traits a value may have.
struct Plain;

#[test]
fn errors_say_what_happened() {
    assert_eq!(SendError(1).to_string(), "channel closed");
    assert_eq!(TrySendError::Full(1).to_string(), "no available capacity");
    assert_eq!(TrySendError::Closed(1).to_string(), "channel closed");
    assert_eq!(SendTimeoutError::Timeout(1).to_string(), "timed out waiting on send operation");
    assert_eq!(SendTimeoutError::Closed(1).to_string(), "channel closed");
    assert_eq!(TryRecvError::Empty.to_string(), "receiving on an empty channel");
    assert_eq!(TryRecvError::Disconnected.to_string(), "receiving on a closed channel");
}

#[test]
fn errors_are_shown_for_programmers_without_their_value() {
    assert_eq!(format!("{:?}", SendError(1)), "SendError { .. }");
    assert_eq!(format!("{:?}", TrySendError::Full(1)), "\"Full(..)\"");
    assert_eq!(format!("{:?}", TrySendError::Closed(1)), "\"Closed(..)\"");
    assert_eq!(format!("{:?}", SendTimeoutError::Timeout(1)), "\"Timeout(..)\"");
    assert_eq!(format!("{:?}", SendTimeoutError::Closed(1)), "\"Closed(..)\"");
    assert_eq!(format!("{:?}", TryRecvError::Empty), "Empty");
    assert_eq!(format!("{:?}", TryRecvError::Disconnected), "Disconnected");
}

#[test]
fn errors_are_shown_alike_on_several_lines() {
    assert_eq!(format!("{:#?}", SendError(1)), "SendError { .. }");
    assert_eq!(format!("{:#?}", TrySendError::Full(1)), "\"Full(..)\"");
    assert_eq!(format!("{:#?}", TryRecvError::Empty), "Empty");
}

#[test]
fn width_applies_to_the_text_of_try_recv_errors() {
    assert_eq!(format!("{:>32}", TryRecvError::Empty), "   receiving on an empty channel");
}

#[test]
fn errors_can_be_shown_whatever_they_hold() {
    assert_eq!(format!("{0} {0:?}", SendError(Plain)), "channel closed SendError { .. }");
    assert_eq!(format!("{0} {0:?}", TrySendError::Full(Plain)), "no available capacity \"Full(..)\"");
    let late = format!("{0} {0:?}", SendTimeoutError::Timeout(Plain));
    assert_eq!(late, "timed out waiting on send operation \"Timeout(..)\"");
}

#[test]
fn an_unwrap_of_a_failed_send_shows_its_error() {
    let (tx, mut rx) = channel::<u64>(1);
    rx.close();
    let panic = crate::adapter::caught(|| tx.try_send(1).unwrap());
    assert_eq!(panic.message, "called `Result::unwrap()` on an `Err` value: \"Closed(..)\"");
    let panic = crate::adapter::caught(|| rx.try_recv().unwrap());
    assert_eq!(panic.message, "called `Result::unwrap()` on an `Err` value: Disconnected");
}

#[test]
fn errors_are_std_errors_without_a_source_whatever_they_hold() {
    fn boxed(error: impl Error + 'static) -> Box<dyn Error> {
        Box::new(error)
    }
    for error in [
        boxed(SendError(Plain)),
        boxed(TrySendError::Full(Plain)),
        boxed(SendTimeoutError::Timeout(Plain)),
        boxed(TryRecvError::Empty),
    ] {
        assert!(error.source().is_none());
    }
}

#[test]
fn a_question_mark_carries_every_error_out() {
    fn fails() -> Result<(), Box<dyn Error + Send + Sync>> {
        let (tx, rx) = channel::<u64>(1);
        drop(rx);
        tx.try_send(1)?;
        Ok(())
    }
    let error = fails().unwrap_err();
    assert_eq!(error.downcast_ref::<TrySendError<u64>>(), Some(&TrySendError::Closed(1)));
}

#[test]
fn errors_give_their_value_back() {
    assert_eq!(SendError([1, 2]).0, [1, 2]);
    assert_eq!(TrySendError::Full(1).into_inner(), 1);
    assert_eq!(TrySendError::Closed(2).into_inner(), 2);
    assert_eq!(SendTimeoutError::Timeout(3).into_inner(), 3);
    assert_eq!(SendTimeoutError::Closed(4).into_inner(), 4);
}

#[test]
fn a_send_error_becomes_a_try_send_error_that_says_closed() {
    assert_eq!(TrySendError::from(SendError(5)), TrySendError::Closed(5));
    let error: TrySendError<u64> = SendError(6).into();
    assert_eq!(error, TrySendError::Closed(6));
}

#[test]
fn errors_are_compared_by_kind_and_value() {
    assert_eq!(SendError(1), SendError(1));
    assert_ne!(SendError(1), SendError(2));
    assert_ne!(TrySendError::Full(1), TrySendError::Closed(1));
    assert_ne!(TrySendError::Full(1), TrySendError::Full(2));
    assert_ne!(SendTimeoutError::Timeout(1), SendTimeoutError::Closed(1));
    assert_ne!(TryRecvError::Empty, TryRecvError::Disconnected);
}

#[test]
fn errors_are_copied_and_compared_wholly_when_their_value_is() {
    fn copied<T: Copy + Clone + Eq>(value: T) -> T {
        value
    }
    copied(SendError(1_u64));
    copied(TrySendError::Full(1_u64));
    copied(SendTimeoutError::Timeout(1_u64));
    copied(TryRecvError::Empty);
    let owned = SendError(String::from("text"));
    assert_eq!(owned.clone(), owned);
}

#[test]
fn errors_have_no_other_kinds() {
    let full: TrySendError<u64> = TrySendError::Full(1);
    assert!(match full {
        TrySendError::Full(_) => true,
        TrySendError::Closed(_) => false,
    });
    assert!(match TryRecvError::Empty {
        TryRecvError::Empty => true,
        TryRecvError::Disconnected => false,
    });
    let late: SendTimeoutError<u64> = SendTimeoutError::Timeout(1);
    assert!(match late {
        SendTimeoutError::Timeout(_) => true,
        SendTimeoutError::Closed(_) => false,
    });
}

#[test]
fn errors_are_to_threads_pins_and_unwinding_what_their_value_is() {
    type Unshared = std::cell::Cell<u8>;
    type Unsent = std::rc::Rc<u8>;
    type Pinned = std::marker::PhantomPinned;
    type Fragile = &'static mut Unshared;
    macro_rules! as_its_value {
        ($($error:ident),*) => {
            $(
                let all = Probe::<$error<u64>>::new();
                assert!(all.is_send() && all.is_sync() && all.is_unpin());
                assert!(all.is_unwind_safe() && all.is_ref_unwind_safe());
                let unshared = Probe::<$error<Unshared>>::new();
                assert!(unshared.is_send() && !unshared.is_sync());
                let unsent = Probe::<$error<Unsent>>::new();
                assert!(!unsent.is_send() && !unsent.is_sync() && unsent.is_unpin());
                assert!(!Probe::<$error<Pinned>>::new().is_unpin());
                let fragile = Probe::<$error<Fragile>>::new();
                assert!(!fragile.is_unwind_safe() && !fragile.is_ref_unwind_safe());
            )*
        };
    }
    as_its_value!(SendError, TrySendError, SendTimeoutError);
    let try_recv = Probe::<TryRecvError>::new();
    assert!(try_recv.is_send() && try_recv.is_sync() && try_recv.is_unpin());
}

#[test]
fn errors_are_as_small_as_their_value_allows() {
    assert_eq!(size_of::<SendError<u64>>(), 8);
    assert_eq!(size_of::<SendError<()>>(), 0);
    assert_eq!(size_of::<TrySendError<u64>>(), 16);
    assert_eq!(size_of::<SendTimeoutError<u64>>(), 16);
    assert_eq!(size_of::<TrySendError<()>>(), 1);
    assert_eq!(size_of::<TryRecvError>(), 1);
}

#[allow(deprecated, reason = "so it is in tokio")]
#[test]
fn the_error_that_no_call_gives_has_a_name_a_text_and_no_value() {
    use crate::mpsc::error::RecvError;
    fn shown<E: Error + Clone + std::fmt::Debug + std::fmt::Display>() {}
    shown::<RecvError>();
    assert_eq!(size_of::<RecvError>(), 0);
    assert!(!Probe::<RecvError>::new().is_partial_eq());
}
