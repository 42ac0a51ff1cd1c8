//! Bodies that say the same of both kinds of channel, and for which all ends must be in one process; the first lines of each file say
//! why. All others are in `parity_both/` and run across processes, too.
#![allow(clippy::duplicate_mod, reason = "each file is a module of each kind")]

/// The bounded kind.
#[path = "."]
mod bounded {
    use crate::kinds::bounded::*;
    use crate::mpsc::WeakSender;

    mod blocking;
    mod budget;
    mod construct;
    mod same;
    mod timeout;
    mod traits;
    mod undriven;
    mod wakers;
}

/// The unbounded kind.
#[path = "."]
mod unbounded {
    use crate::kinds::unbounded::*;
    use crate::mpsc::WeakUnboundedSender as WeakSender;

    mod blocking;
    mod budget;
    mod construct;
    mod same;
    mod timeout;
    mod traits;
    mod undriven;
    mod wakers;
}
