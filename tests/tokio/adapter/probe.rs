//! Asks at run time whether a concrete type has a trait, so that a missing one is a failed test and not a
//! suite that does not compile. It cannot ask about a type parameter.

use std::cell::Cell;
use std::marker::{PhantomData, PhantomPinned};
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

/// A kind of value that lacks some auto traits, and can still be sent between processes.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident($held:ty): $($has:ident)*;)*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy)]
            #[repr(transparent)]
            pub struct $kind($held);

            // SAFETY: a null pointer, or nothing, is what zeros are.
            unsafe impl bytemuck::Zeroable for $kind {}
            // SAFETY: any bytes are such a pointer, which is not followed; it has no padding.
            unsafe impl bytemuck::Pod for $kind {}
            // SAFETY: the pointer is not followed.
            $(unsafe impl $has for $kind {})*
        )*
    };
}

kinds! {
    /// May go to another thread, and may not be looked at from two.
    Unshared(*const ()): Send;
    /// May be looked at from two threads, and may not go to another.
    Unsent(*const ()): Sync;
    /// Stays in its thread.
    Neither(*const ()):;
    /// May not move once it is pinned.
    Pinned(PhantomPinned):;
    /// A caught panic may leave it broken.
    Fragile(*const Cell<u8>): Send Sync;
}

/// The auto traits of what a probe stands for, by their letters: **S**end, s**Y**nc, un**P**in, **U**nwindSafe and
/// **R**efUnwindSafe. `-` stands for one that is missing.
macro_rules! auto_traits {
    ($probe:expr) => {{
        let probe = $probe;
        let has = [
            (probe.is_send(), 'S'),
            (probe.is_sync(), 'Y'),
            (probe.is_unpin(), 'P'),
            (probe.is_unwind_safe(), 'U'),
            (probe.is_ref_unwind_safe(), 'R'),
        ];
        String::from_iter(has.map(|(has, letter)| if has { letter } else { '-' }))
    }};
}
pub(crate) use auto_traits;

/// Stands for what a call gives, which is not made.
pub fn given<A, R>(_: impl FnOnce(A) -> R) -> Probe<R> {
    Probe::new()
}

/// Stands for a value in a call that is not made.
pub fn some<T>() -> T {
    unreachable!("the call is not made")
}

/// Asks for the auto traits of types that are named for a kind of value: a line for each type, a column for each kind of
/// `kinds`, behind one for a value that has all.
macro_rules! table {
    ($($name:literal: |$value:ident| $probe:expr;)*) => {
        [$({
            let columns = [
                { type $value = u64; auto_traits!($probe) },
                { type $value = $crate::adapter::Unshared; auto_traits!($probe) },
                { type $value = $crate::adapter::Unsent; auto_traits!($probe) },
                { type $value = $crate::adapter::Neither; auto_traits!($probe) },
                { type $value = $crate::adapter::Pinned; auto_traits!($probe) },
                { type $value = $crate::adapter::Fragile; auto_traits!($probe) },
            ];
            format!("{:16} {}", $name, columns.join(" "))
        }),*]
    };
}
pub(crate) use table;

/// A line of a table, without what is asked for unwinding.
pub fn without_unwinding(line: &str) -> String {
    let (name, columns) = line.split_at(16);
    columns.split_whitespace().fold(name.to_owned(), |line, column| line + " " + &column[..3])
}
