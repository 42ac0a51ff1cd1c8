//! A channel under test: how its ends are made, and how a message goes in and out.
//!
//! A contestant has no loops of its own but those that one call of it needs, and fails the bench where its channel ends.

use crate::{harness::value::Value, site::Site};

/// Where the ends of a channel are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// All in one process.
    Threads,
    /// The receiver in one process, the senders in others.
    Processes,
}

/// A kind of channel. What it can do besides, it says by the traits below.
pub(crate) trait Contestant: 'static {
    /// Its name in labels and tables.
    const NAME: &'static str;
    /// Where its ends are.
    const REACH: Reach;
    /// How many senders a channel can have, as far as this bench goes.
    const SENDERS: usize = usize::MAX;

    type Sender<T: Value>;
    type Receiver<T: Value>;

    /// Makes a channel under a name of this site.
    fn bind<T: Value>(site: &Site, name: &str) -> Self::Receiver<T>;

    /// Joins a channel that was made under a name of this site.
    fn connect<T: Value>(site: &Site, name: &str) -> Self::Sender<T>;
}

/// Calls that never wait.
pub(crate) trait Tries: Contestant {
    /// Sends if there is room, and returns whether there was.
    fn try_send<T: Value>(sender: &mut Self::Sender<T>, value: T) -> bool;

    /// Receives if there is a message.
    fn try_receive<T: Value>(receiver: &mut Self::Receiver<T>) -> Option<T>;
}

/// Calls that block the thread.
pub(crate) trait Blocks: Contestant {
    /// Sends, and blocks until there is room.
    fn send<T: Value>(sender: &mut Self::Sender<T>, value: T);

    /// Receives, and blocks until there is a message.
    fn receive<T: Value>(receiver: &mut Self::Receiver<T>) -> T;
}

/// Calls that are awaited.
pub(crate) trait Awaits: Contestant {
    /// Sends when there is room.
    async fn send<T: Value>(sender: &mut Self::Sender<T>, value: T);

    /// Receives when there is a message.
    async fn receive<T: Value>(receiver: &mut Self::Receiver<T>) -> T;
}

/// Calls that move several messages and never wait.
pub(crate) trait TriesMany: Contestant {
    /// Sends as many of the first messages as there is room for, and returns how many.
    fn try_send_many<T: Value>(sender: &mut Self::Sender<T>, values: &[T]) -> usize;

    /// Appends up to [`crate::cell::BATCH`] messages that are there.
    fn try_receive_many<T: Value>(receiver: &mut Self::Receiver<T>, batch: &mut Vec<T>);
}

/// Calls that move several messages and block the thread.
pub(crate) trait BlocksMany: Contestant {
    /// Sends all messages, and blocks until there is room.
    fn send_many<T: Value>(sender: &mut Self::Sender<T>, values: &[T]);

    /// Appends up to [`crate::cell::BATCH`] messages, and blocks until there is one.
    fn receive_many<T: Value>(receiver: &mut Self::Receiver<T>, batch: &mut Vec<T>);
}
