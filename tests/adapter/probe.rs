//! Asks at run time whether a concrete type has a trait, so that a missing one is a failed test and not a
//! suite that does not compile. It cannot ask about a type parameter.

use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Stands for the type `T`. Where `T` has the trait the inherent method is found, else the one of `Otherwise`.
pub struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    pub fn new() -> Self {
        Self(PhantomData)
    }

    /// For types without a name, such as futures.
    pub fn of(_: &T) -> Self {
        Self::new()
    }
}

macro_rules! ask {
    ($($method:ident: $bound:path),*) => {
        $(impl<T: $bound> Probe<T> {
            pub fn $method(&self) -> bool {
                true
            }
        })*

        /// The answer for a type without the trait. Import it beside `Probe`.
        pub trait Otherwise {
            $(fn $method(&self) -> bool {
                false
            })*
        }
    };
}

ask!(
    is_send: Send,
    is_sync: Sync,
    is_unpin: Unpin,
    is_unwind_safe: UnwindSafe,
    is_ref_unwind_safe: RefUnwindSafe,
    is_clone: Clone,
    is_partial_eq: PartialEq,
    is_iterator: Iterator
);

impl<T> Otherwise for Probe<T> {}
