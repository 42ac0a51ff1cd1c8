//! One body per behaviour, its name the behaviour in a sentence. The channel is `crate::mpsc`, whichever it is.

mod blocking;
mod capacity;
mod close;
mod closed;
mod construct;
mod counts;
mod line;
mod order;
mod permits;
mod permits_close;
mod permits_line;
mod recv;
mod recv_many;
mod send;
mod timeout;
mod wakers;
mod weak;
