//! One body per behaviour, its name the behaviour in a sentence. The channel is `crate::mpsc`, whichever it is. What both kinds of
//! channel do is in `parity_both/`.

mod blocking;
mod capacity;
mod close;
mod construct;
mod line;
mod permits;
mod permits_close;
mod permits_line;
mod recv_many;
mod send;
mod timeout;
mod unbounded;
