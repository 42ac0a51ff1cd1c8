//! The two kinds of channel under the same names, for programs that are told which one to use. No test is here.

use std::{fmt, os::fd::OwnedFd, path::Path, thread};

use shmpsc::{
    Options, Receiver, Sender, UnboundedReceiver, UnboundedSender,
    error::{OpenError, SendError, TryRecvError, TrySendError, TrySendUnboundedError},
};

use super::Value;

/// A kind of channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Bounded,
    Unbounded,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Bounded, Kind::Unbounded];

    /// As a word of a role.
    pub fn of(word: &str) -> Kind {
        let named = Kind::ALL.into_iter().find(|kind| kind.to_string() == word);
        named.unwrap_or_else(|| panic!("no kind of channel is called {word}"))
    }

    pub fn channel(self, options: Options) -> Result<(Sending, Receiving), OpenError> {
        Ok(match self {
            Kind::Bounded => {
                let (sender, receiver) = options.channel()?;
                (Sending::Bounded(sender), Receiving::Bounded(receiver))
            }
            Kind::Unbounded => {
                let (sender, receiver) = options.channel_unbounded()?;
                (Sending::Unbounded(sender), Receiving::Unbounded(receiver))
            }
        })
    }

    pub fn bind(self, options: Options, path: &Path) -> Result<Receiving, OpenError> {
        match self {
            Kind::Bounded => options.bind(path).map(Receiving::Bounded),
            Kind::Unbounded => options.bind_unbounded(path).map(Receiving::Unbounded),
        }
    }

    pub fn connect(self, options: Options, path: &Path) -> Result<Sending, OpenError> {
        match self {
            Kind::Bounded => options.connect(path).map(Sending::Bounded),
            Kind::Unbounded => options.connect_unbounded(path).map(Sending::Unbounded),
        }
    }

    pub async fn connect_async(self, options: Options, path: &Path) -> Result<Sending, OpenError> {
        match self {
            Kind::Bounded => options.connect_async(path).await.map(Sending::Bounded),
            Kind::Unbounded => options.connect_unbounded_async(path).await.map(Sending::Unbounded),
        }
    }

    pub fn sender_from_fd(self, options: Options, descriptor: OwnedFd) -> Result<Sending, OpenError> {
        match self {
            Kind::Bounded => options.sender_from_fd(descriptor).map(Sending::Bounded),
            Kind::Unbounded => options.unbounded_sender_from_fd(descriptor).map(Sending::Unbounded),
        }
    }

    pub fn receiver_from_fd(self, options: Options, descriptor: OwnedFd) -> Result<Receiving, OpenError> {
        match self {
            Kind::Bounded => options.receiver_from_fd(descriptor).map(Receiving::Bounded),
            Kind::Unbounded => options.unbounded_receiver_from_fd(descriptor).map(Receiving::Unbounded),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Bounded => "bounded",
            Kind::Unbounded => "unbounded",
        })
    }
}

/// A sender of either kind. At the limit of an unbounded channel it tries again and again, where that of a bounded one waits.
#[derive(Clone)]
pub enum Sending {
    Bounded(Sender<Value>),
    Unbounded(UnboundedSender<Value>),
}

impl From<Sender<Value>> for Sending {
    fn from(sender: Sender<Value>) -> Sending {
        Sending::Bounded(sender)
    }
}

impl Sending {
    /// Sends one value unless there is no room now. Tells whether it did.
    pub fn try_send(&self, value: Value) -> Result<bool, SendError<Value>> {
        match self {
            Sending::Bounded(sender) => match sender.try_send(value) {
                Err(TrySendError::Closed(value)) => Err(SendError(value)),
                tried => Ok(tried.is_ok()),
            },
            Sending::Unbounded(sender) => match sender.try_send(value) {
                Err(TrySendUnboundedError::Closed(value)) => Err(SendError(value)),
                tried => Ok(tried.is_ok()),
            },
        }
    }

    /// Sends one value as a task does.
    pub async fn send(&self, value: Value) -> Result<(), SendError<Value>> {
        match self {
            Sending::Bounded(sender) => sender.send(value).await,
            Sending::Unbounded(sender) => {
                while let Err(unsent) = sender.send(value) {
                    if sender.is_closed() {
                        return Err(unsent);
                    }
                    others_run().await;
                }
                Ok(())
            }
        }
    }

    /// Sends one value as a thread does.
    pub fn blocking_send(&self, value: Value) -> Result<(), SendError<Value>> {
        match self {
            Sending::Bounded(sender) => sender.blocking_send(value),
            Sending::Unbounded(sender) => {
                while let Err(unsent) = sender.send(value) {
                    if sender.is_closed() {
                        return Err(unsent);
                    }
                    thread::yield_now();
                }
                Ok(())
            }
        }
    }

    /// Sends all of them as a thread does. Tells whether it did.
    pub fn blocking_send_many(&self, values: &[Value]) -> bool {
        match self {
            Sending::Bounded(sender) => sender.blocking_send_many(values).is_ok(),
            Sending::Unbounded(sender) => {
                let mut sent = 0;
                while let Err(error) = sender.send_many(&values[sent..]) {
                    sent += error.sent;
                    if sender.is_closed() {
                        return false;
                    }
                    thread::yield_now();
                }
                true
            }
        }
    }

    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        match self {
            Sending::Bounded(sender) => sender.into_fd(),
            Sending::Unbounded(sender) => sender.into_fd(),
        }
    }

    pub async fn closed(&self) {
        match self {
            Sending::Bounded(sender) => sender.closed().await,
            Sending::Unbounded(sender) => sender.closed().await,
        }
    }

    pub fn is_closed(&self) -> bool {
        match self {
            Sending::Bounded(sender) => sender.is_closed(),
            Sending::Unbounded(sender) => sender.is_closed(),
        }
    }

    pub fn strong_count(&self) -> usize {
        match self {
            Sending::Bounded(sender) => sender.strong_count(),
            Sending::Unbounded(sender) => sender.strong_count(),
        }
    }
}

/// Waits until the task is polled again, which is at once.
async fn others_run() {
    let mut has_run = false;
    std::future::poll_fn(|cx| {
        if has_run {
            return std::task::Poll::Ready(());
        }
        has_run = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await
}

/// A receiver of either kind.
pub enum Receiving {
    Bounded(Receiver<Value>),
    Unbounded(UnboundedReceiver<Value>),
}

impl From<Receiver<Value>> for Receiving {
    fn from(receiver: Receiver<Value>) -> Receiving {
        Receiving::Bounded(receiver)
    }
}

impl Receiving {
    pub async fn recv(&mut self) -> Option<Value> {
        match self {
            Receiving::Bounded(receiver) => receiver.recv().await,
            Receiving::Unbounded(receiver) => receiver.recv().await,
        }
    }

    pub fn try_recv(&mut self) -> Result<Value, TryRecvError> {
        match self {
            Receiving::Bounded(receiver) => receiver.try_recv(),
            Receiving::Unbounded(receiver) => receiver.try_recv(),
        }
    }

    pub fn blocking_recv(&mut self) -> Option<Value> {
        match self {
            Receiving::Bounded(receiver) => receiver.blocking_recv(),
            Receiving::Unbounded(receiver) => receiver.blocking_recv(),
        }
    }

    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<Value>, limit: usize) -> usize {
        match self {
            Receiving::Bounded(receiver) => receiver.blocking_recv_many(buffer, limit),
            Receiving::Unbounded(receiver) => receiver.blocking_recv_many(buffer, limit),
        }
    }

    pub fn close(&mut self) {
        match self {
            Receiving::Bounded(receiver) => receiver.close(),
            Receiving::Unbounded(receiver) => receiver.close(),
        }
    }

    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        match self {
            Receiving::Bounded(receiver) => receiver.into_fd(),
            Receiving::Unbounded(receiver) => receiver.into_fd(),
        }
    }

    pub fn sender_strong_count(&self) -> usize {
        match self {
            Receiving::Bounded(receiver) => receiver.sender_strong_count(),
            Receiving::Unbounded(receiver) => receiver.sender_strong_count(),
        }
    }
}
