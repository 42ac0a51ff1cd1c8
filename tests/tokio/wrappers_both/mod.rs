//! Bodies that say the same of the streams of both kinds of channel. What only one of them does is in `wrappers/`.
#![allow(clippy::duplicate_mod, reason = "each file is a module of each kind")]

/// The bounded kind.
#[path = "."]
mod bounded {
    use crate::kinds::bounded::*;
    use crate::stream::ReceiverStream;

    mod stream;
}

/// The unbounded kind.
#[path = "."]
mod unbounded {
    use crate::kinds::unbounded::*;
    use crate::stream::UnboundedReceiverStream as ReceiverStream;

    mod stream;
}
