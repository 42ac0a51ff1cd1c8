//! One body per behaviour of the wrappers, its name the behaviour in a sentence. They are `crate::stream` and
//! `crate::sink`, whosever they are, on the channel `crate::mpsc`. What the streams of both kinds of channel
//! do is in `wrappers_both/`.

mod acts;
mod sink;
mod sink_budget;
mod sink_close;
mod sink_line;
mod sink_traits;
mod stream;
mod together;
