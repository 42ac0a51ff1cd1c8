//! What goes beyond tokio on both kinds of channel: each body runs on the bounded and on the unbounded one.
#![allow(clippy::duplicate_mod, reason = "each file is a module of each kind")]

/// The bounded kind.
#[path = "."]
mod bounded {
    use crate::kinds::bounded::*;

    mod boxed;
    mod ends;
    mod peek;
    mod receive;
    mod with;
}

/// The unbounded kind.
#[path = "."]
mod unbounded {
    use crate::kinds::unbounded::*;

    mod boxed;
    mod ends;
    mod peek;
    mod receive;
    mod with;
}
