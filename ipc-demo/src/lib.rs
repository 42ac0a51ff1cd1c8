//! What the three programs of the demo share: moving files through a channel, and showing a stream of records.
//! It is a user of `shmpsc` like any other: only the published API is in reach here.
//!
//! | room | what |
//! |---|---|
//! | [`transfer`] | `producer` and `consumer`: files as checksummed chunks |
//! | [`show`] | `ipc-demo`: a stream of records, judged |
//! | [`channel`] | both kinds of channel behind one sender and one receiver |
//! | [`args`], [`name`], [`interrupt`], [`live`], [`streams`], [`exit`] | what a program on a terminal needs |
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic if the stream cannot be written")]

pub mod args;
pub mod channel;
pub mod exit;
pub mod interrupt;
pub mod live;
pub mod name;
pub mod ranges;
pub mod show;
pub mod streams;
pub mod transfer;
