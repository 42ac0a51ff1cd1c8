//! Bodies that say the same of both kinds of channel: each runs on the bounded and on the unbounded one. What only one of them does
//! is in `parity/`, what needs all ends in one process in `within_both/`.
#![allow(clippy::duplicate_mod, reason = "each file is a module of each kind")]

/// The bounded kind.
#[path = "."]
mod bounded {
    use crate::kinds::bounded::*;

    mod blocking;
    mod close;
    mod closed;
    mod construct;
    mod counts;
    mod len;
    mod order;
    mod recv;
    mod recv_many;
    mod send;
    mod wakers;
    mod weak;
}

/// The unbounded kind.
#[path = "."]
mod unbounded {
    use crate::kinds::unbounded::*;

    mod blocking;
    mod close;
    mod closed;
    mod construct;
    mod counts;
    mod len;
    mod order;
    mod recv;
    mod recv_many;
    mod send;
    mod wakers;
    mod weak;
}
