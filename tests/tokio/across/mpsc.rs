//! tokio's names, as the bodies use them: a real receiver here, and stand-ins for senders, permits and weak handles
//! that live in other processes. A stand-in only asks: everything that a body checks is done by the real one.

use std::fmt;
use std::future::Future;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytemuck::{Pod, bytes_of};
use shmpsc::Options;
pub use shmpsc::{Receiver, UnboundedReceiver, error};

use super::parent::{Child, Distant, There, children, fresh};
use super::wire::{Answer, CLOSED, DONE, FULL};
use crate::place;
use error::{SendError, SendTimeoutError, TrySendError};

/// A channel whose receiver is here and whose sender is in another process. In which of the two is decided by the
/// capacity, so that both have their share of the bodies, and each body always the same one.
pub fn channel<T: Pod>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let channel = Channel::new("bounded");
    let receiver = Options::new().capacity(capacity).end_with_last_sender().bind(&channel.path).unwrap();
    let there = channel.join::<T>(&children()[capacity % 2]).unwrap();
    (Sender { there, channel: Arc::new(channel), values: PhantomData }, receiver)
}

/// The same without a bound. Here the name of the body decides in which process the sender is.
pub fn unbounded_channel<T: Pod>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let channel = Channel::new("unbounded");
    let receiver = Options::new().end_with_last_sender().bind_unbounded(&channel.path).unwrap();
    let there = channel.join::<T>(&children()[place::turn().number() % 2]).unwrap();
    (UnboundedSender { there, channel: Arc::new(channel), values: PhantomData }, receiver)
}

struct Channel {
    id: u64,
    kind: &'static str,
    path: Box<Path>,
}

impl Channel {
    fn new(kind: &'static str) -> Channel {
        Channel { id: fresh(), kind, path: place::turn().new_name() }
    }

    /// A new sender in that child.
    fn join<T>(&self, child: &'static Child) -> Result<There, String> {
        let sender = There::new(child, fresh());
        let as_what = format!("{} {} {} {}", self.kind, size_of::<T>(), align_of::<T>(), self.path.display());
        let answer = sender.ask("join", self.id, as_what.as_bytes());
        if answer.word == DONE { Ok(sender) } else { Err(String::from_utf8(answer.value).expect("text")) }
    }
}

/// Methods without arguments that give a number.
macro_rules! numbers {
    ($($method:ident)*) => {
        $(pub fn $method(&self) -> usize {
            self.there.ask(stringify!($method), 0, &[]).number()
        })*
    };
}

/// The senders of a kind, as far as those of both kinds are the same.
macro_rules! senders {
    ($Sender:ident, $WeakSender:ident) => {
        pub struct $Sender<T> {
            there: There,
            channel: Arc<Channel>,
            values: PhantomData<T>,
        }

        impl<T> $Sender<T> {
            numbers!(strong_count weak_count);

            pub fn is_closed(&self) -> bool {
                self.there.ask("is_closed", 0, &[]).number() == 1
            }

            /// Has the child make a future that borrows the sender. Nothing polls it yet.
            fn begin(&self, verb: &str, value: &[u8]) -> Distant {
                let future = fresh();
                self.there.ask(verb, future, value);
                Distant::new(self.there.beside(future))
            }

            pub fn closed(&self) -> impl Future<Output = ()> {
                let closed = self.begin("closed", &[]);
                async { drop(closed.await) }
            }

            pub fn downgrade(&self) -> $WeakSender<T> {
                let weak = fresh();
                self.there.ask("downgrade", weak, &[]);
                let (there, channel) = (self.there.beside(weak), self.channel.clone());
                $WeakSender { there, channel, values: PhantomData }
            }
        }

        /// A clone goes to the other process, where nobody is kept out: a closed channel cannot be joined, but its senders
        /// can be cloned where they are.
        impl<T> Clone for $Sender<T> {
            fn clone(&self) -> Self {
                let other = children().iter().find(|child| child.pid() != self.there.child().pid());
                let there = self.channel.join::<T>(other.expect("there are two")).unwrap_or_else(|error| {
                    assert!(self.is_closed(), "{error}");
                    let clone = fresh();
                    self.there.ask("clone", clone, &[]);
                    self.there.beside(clone)
                });
                $Sender { there, channel: self.channel.clone(), values: PhantomData }
            }
        }

        pub struct $WeakSender<T> {
            there: There,
            channel: Arc<Channel>,
            values: PhantomData<T>,
        }

        impl<T> $WeakSender<T> {
            numbers!(strong_count weak_count);

            pub fn upgrade(&self) -> Option<$Sender<T>> {
                let sender = fresh();
                let there =
                    (self.there.ask("upgrade", sender, &[]).word == DONE).then(|| self.there.beside(sender))?;
                Some($Sender { there, channel: self.channel.clone(), values: PhantomData })
            }
        }

        impl<T> Clone for $WeakSender<T> {
            fn clone(&self) -> Self {
                let clone = fresh();
                self.there.ask("clone", clone, &[]);
                let (there, channel) = (self.there.beside(clone), self.channel.clone());
                $WeakSender { there, channel, values: PhantomData }
            }
        }
    };
}

senders!(Sender, WeakSender);
senders!(UnboundedSender, WeakUnboundedSender);

/// What an attempt gave, with the value that an error gives back.
fn attempt<T, V>(answer: &Answer, done: T, given_back: V) -> Result<T, TrySendError<V>> {
    match &*answer.word {
        DONE => Ok(done),
        FULL => Err(TrySendError::Full(given_back)),
        CLOSED => Err(TrySendError::Closed(given_back)),
        other => panic!("no attempt ends with {other}"),
    }
}

impl<T> Sender<T> {
    numbers!(capacity max_capacity);

    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let reserve = self.begin("reserve", &[]);
        async {
            let (there, answer) = reserve.await;
            if answer.word == DONE { Ok(Permit::new(there)) } else { Err(SendError(())) }
        }
    }

    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl Future<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        let reserve = self.begin("reserve_many", bytes_of(&n));
        async {
            let (there, answer) = reserve.await;
            if answer.word == DONE { Ok(PermitIterator::new(there)) } else { Err(SendError(())) }
        }
    }

    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        // The sender turns into a future there, and the future into a permit.
        let Sender { there, channel, .. } = self;
        there.ask("reserve_owned", 0, &[]);
        let reserve = Distant::new(there);
        async {
            let (there, answer) = reserve.await;
            if answer.word == DONE { Ok(OwnedPermit::new(there, channel)) } else { Err(SendError(())) }
        }
    }

    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let permit = fresh();
        let answer = self.there.ask("try_reserve", permit, &[]);
        attempt(&answer, permit, ()).map(|permit| Permit::new(self.there.beside(permit)))
    }

    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let permits = fresh();
        let answer = self.there.ask("try_reserve_many", permits, bytes_of(&n));
        attempt(&answer, permits, ()).map(|permits| PermitIterator::new(self.there.beside(permits)))
    }

    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let answer = self.there.ask("try_reserve_owned", 0, &[]);
        match attempt(&answer, (), ()) {
            Ok(()) => Ok(OwnedPermit::new(self.there, self.channel)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }
}

impl<T: Pod> Sender<T> {
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let send = self.begin("send", bytes_of(&value));
        async {
            let (_there, answer) = send.await;
            if answer.word == DONE { Ok(()) } else { Err(SendError(answer.value())) }
        }
    }

    pub fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        let mut both = bytes_of(&[timeout.as_secs(), timeout.subsec_nanos().into()]).to_vec();
        both.extend_from_slice(bytes_of(&value));
        let send = self.begin("send_timeout", &both);
        async {
            let (_there, answer) = send.await;
            match &*answer.word {
                DONE => Ok(()),
                FULL => Err(SendTimeoutError::Timeout(answer.value())),
                _ => Err(SendTimeoutError::Closed(answer.value())),
            }
        }
    }

    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let answer = self.there.ask("try_send", 0, bytes_of(&value));
        if answer.word == DONE { Ok(()) } else { attempt(&answer, (), answer.value()) }
    }

    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        let answer = self.there.ask("blocking_send", 0, bytes_of(&value));
        if answer.word == DONE { Ok(()) } else { Err(SendError(answer.value())) }
    }
}

impl<T: Pod> UnboundedSender<T> {
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let answer = self.there.ask("send", 0, bytes_of(&value));
        if answer.word == DONE { Ok(()) } else { Err(SendError(answer.value())) }
    }
}

pub struct Permit<'a, T> {
    there: There,
    sender: PhantomData<&'a Sender<T>>,
}

impl<T> Permit<'_, T> {
    fn new(there: There) -> Self {
        Self { there, sender: PhantomData }
    }
}

impl<T: Pod> Permit<'_, T> {
    pub fn send(self, value: T) {
        self.there.ask("send", 0, bytes_of(&value));
    }
}

pub struct PermitIterator<'a, T> {
    there: There,
    sender: PhantomData<&'a Sender<T>>,
}

impl<T> PermitIterator<'_, T> {
    fn new(there: There) -> Self {
        Self { there, sender: PhantomData }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        let permit = fresh();
        let answer = self.there.ask("next", permit, &[]);
        (answer.word == DONE).then(|| Permit::new(self.there.beside(permit)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let least = self.there.ask("least", 0, &[]).number();
        let most = self.there.ask("most", 0, &[]).number();
        (least, Some(most))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}

impl<T> FusedIterator for PermitIterator<'_, T> {}

pub struct OwnedPermit<T> {
    there: There,
    channel: Arc<Channel>,
    values: PhantomData<T>,
}

impl<T> OwnedPermit<T> {
    fn new(there: There, channel: Arc<Channel>) -> Self {
        Self { there, channel, values: PhantomData }
    }

    fn into_sender(self) -> Sender<T> {
        Sender { there: self.there, channel: self.channel, values: PhantomData }
    }

    pub fn release(self) -> Sender<T> {
        self.there.ask("release", 0, &[]);
        self.into_sender()
    }
}

impl<T: Pod> OwnedPermit<T> {
    pub fn send(self, value: T) -> Sender<T> {
        self.there.ask("send", 0, bytes_of(&value));
        self.into_sender()
    }
}

/// What `unwrap_err` shows of a success that is none.
macro_rules! shown {
    ($($name:ident<$($lifetime:lifetime,)? T>),*) => {
        $(impl<T> fmt::Debug for $name<$($lifetime,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), " in another process"))
            }
        })*
    };
}

shown!(
    Sender<T>,
    WeakSender<T>,
    UnboundedSender<T>,
    WeakUnboundedSender<T>,
    OwnedPermit<T>,
    Permit<'_, T>,
    PermitIterator<'_, T>
);
