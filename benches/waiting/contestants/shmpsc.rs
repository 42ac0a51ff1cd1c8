//! The channel of this crate, in one process and between processes.

use std::path::Path;

use ::shmpsc::{
    Options, Receiver, Sender, channel, connect,
    error::{TryRecvError, TrySendError},
};

use crate::{
    channel::{AsyncReceiving, AsyncSending, Between, Channel, Receiving, Sending, Within},
    contestants::{like_tokio::ends_like_tokio, made_by::made_by},
    harness::value::Value,
};

made_by!(Shmpsc, channel);

impl<T: Value> Between<T> for Shmpsc {
    fn bind(path: &Path, capacity: usize) -> Receiver<T> {
        Options::new().capacity(capacity).bind(path).expect("a fresh name")
    }

    fn connect(path: &Path) -> Sender<T> {
        connect(path).expect("a bound name")
    }
}

ends_like_tokio!(Sender, Receiver);
