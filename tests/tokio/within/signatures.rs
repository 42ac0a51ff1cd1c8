//! Every signature, written out: this file compiles, or the names differ. Within one process: nothing runs.

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use crate::mpsc::{
    OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver, UnboundedSender, WeakSender,
    WeakUnboundedSender, channel, unbounded_channel,
};

/// Names the output of a future that is not run.
fn gives<T>(_: impl Future<Output = T>) {}

#[test]
fn the_constructor_has_tokios_signature() {
    let _: fn(usize) -> (Sender<u64>, Receiver<u64>) = channel::<u64>;
}

#[test]
fn the_senders_methods_have_tokios_signatures() {
    let _: fn(&Sender<u64>, u64) -> Result<(), TrySendError<u64>> = Sender::try_send;
    let _: fn(&Sender<u64>, u64) -> Result<(), SendError<u64>> = Sender::blocking_send;
    let _: fn(&Sender<u64>) -> bool = Sender::is_closed;
    let _: fn(&Sender<u64>, &Sender<u64>) -> bool = Sender::same_channel;
    let _: fn(&Sender<u64>) -> usize = Sender::capacity;
    let _: fn(&Sender<u64>) -> usize = Sender::max_capacity;
    let _: fn(&Sender<u64>) -> usize = Sender::strong_count;
    let _: fn(&Sender<u64>) -> Sender<u64> = Sender::clone;
    let (tx, _rx) = channel::<u64>(1);
    gives::<Result<(), SendError<u64>>>(tx.send(1));
    gives::<Result<(), SendTimeoutError<u64>>>(tx.send_timeout(1, Duration::ZERO));
    gives::<()>(tx.closed());
}

#[test]
fn the_receivers_methods_have_tokios_signatures() {
    let _: fn(&mut Receiver<u64>) -> Result<u64, TryRecvError> = Receiver::try_recv;
    let _: fn(&mut Receiver<u64>) -> Option<u64> = Receiver::blocking_recv;
    let _: fn(&mut Receiver<u64>, &mut Vec<u64>, usize) -> usize = Receiver::blocking_recv_many;
    let _: fn(&mut Receiver<u64>, &mut Context<'_>) -> Poll<Option<u64>> = Receiver::poll_recv;
    let _: fn(&mut Receiver<u64>, &mut Context<'_>, &mut Vec<u64>, usize) -> Poll<usize> =
        Receiver::poll_recv_many;
    let _: fn(&mut Receiver<u64>) = Receiver::close;
    let _: fn(&Receiver<u64>) -> bool = Receiver::is_closed;
    let _: fn(&Receiver<u64>) -> bool = Receiver::is_empty;
    let _: fn(&Receiver<u64>) -> usize = Receiver::len;
    let _: fn(&Receiver<u64>) -> usize = Receiver::capacity;
    let _: fn(&Receiver<u64>) -> usize = Receiver::max_capacity;
    let _: fn(&Receiver<u64>) -> usize = Receiver::sender_strong_count;
    let _: fn(&Receiver<u64>) -> usize = Receiver::sender_weak_count;
    let (_tx, mut rx) = channel::<u64>(1);
    let mut batch = Vec::new();
    gives::<Option<u64>>(rx.recv());
    gives::<usize>(rx.recv_many(&mut batch, 1));
}

#[test]
fn the_errors_methods_have_tokios_signatures() {
    let _: fn(u64) -> SendError<u64> = SendError;
    let _: fn(u64) -> TrySendError<u64> = TrySendError::Full;
    let _: fn(u64) -> TrySendError<u64> = TrySendError::Closed;
    let _: fn(u64) -> SendTimeoutError<u64> = SendTimeoutError::Timeout;
    let _: fn(u64) -> SendTimeoutError<u64> = SendTimeoutError::Closed;
    let _: fn(TrySendError<u64>) -> u64 = TrySendError::into_inner;
    let _: fn(SendTimeoutError<u64>) -> u64 = SendTimeoutError::into_inner;
    let _: fn(SendError<u64>) -> TrySendError<u64> = TrySendError::from;
}

#[test]
fn permits_have_tokios_signatures() {
    type Owned = OwnedPermit<u64>;
    type Tried<P, T> = Result<P, TrySendError<T>>;
    let (tx, _rx) = channel::<u64>(1);
    gives::<Result<Permit<'_, u64>, SendError<()>>>(tx.reserve());
    gives::<Result<PermitIterator<'_, u64>, SendError<()>>>(tx.reserve_many(1));
    gives::<Result<OwnedPermit<u64>, SendError<()>>>(tx.clone().reserve_owned());
    let _: fn(&Sender<u64>) -> Tried<Permit<'_, u64>, ()> = Sender::try_reserve;
    let _: fn(&Sender<u64>, usize) -> Tried<PermitIterator<'_, u64>, ()> = Sender::try_reserve_many;
    let _: fn(Sender<u64>) -> Tried<Owned, Sender<u64>> = Sender::try_reserve_owned;
    let _: fn(Permit<'static, u64>, u64) = Permit::send;
    let _: fn(OwnedPermit<u64>, u64) -> Sender<u64> = OwnedPermit::send;
    let _: fn(OwnedPermit<u64>) -> Sender<u64> = OwnedPermit::release;
    let _: fn(&Owned, &Owned) -> bool = OwnedPermit::same_channel;
    let _: fn(&Owned, &Sender<u64>) -> bool = OwnedPermit::same_channel_as_sender;
    fn exact_and_fused<'a, I>(_: I)
    where
        I: ExactSizeIterator<Item = Permit<'a, u64>> + std::iter::FusedIterator,
    {
    }
    exact_and_fused(tx.try_reserve_many(1).unwrap());
}

#[test]
fn weak_senders_have_tokios_signatures() {
    let _: fn(&Sender<u64>) -> WeakSender<u64> = Sender::downgrade;
    let _: fn(&Sender<u64>) -> usize = Sender::weak_count;
    let _: fn(&WeakSender<u64>) -> Option<Sender<u64>> = WeakSender::upgrade;
    let _: fn(&WeakSender<u64>) -> usize = WeakSender::strong_count;
    let _: fn(&WeakSender<u64>) -> usize = WeakSender::weak_count;
    let _: fn(&WeakSender<u64>) -> WeakSender<u64> = WeakSender::clone;
}

#[test]
fn the_unbounded_channel_has_tokios_signatures() {
    type Tx = UnboundedSender<u64>;
    type Rx = UnboundedReceiver<u64>;
    type Weak = WeakUnboundedSender<u64>;
    let _: fn() -> (Tx, Rx) = unbounded_channel::<u64>;
    let _: fn(&Tx, u64) -> Result<(), SendError<u64>> = UnboundedSender::send;
    let _: fn(&Tx) -> bool = UnboundedSender::is_closed;
    let _: fn(&Tx, &Tx) -> bool = UnboundedSender::same_channel;
    let _: fn(&Tx) -> Weak = UnboundedSender::downgrade;
    let _: fn(&Tx) -> usize = UnboundedSender::strong_count;
    let _: fn(&Tx) -> usize = UnboundedSender::weak_count;
    let _: fn(&Tx) -> Tx = UnboundedSender::clone;
    let _: fn(&Weak) -> Option<Tx> = WeakUnboundedSender::upgrade;
    let _: fn(&Weak) -> usize = WeakUnboundedSender::strong_count;
    let _: fn(&Weak) -> usize = WeakUnboundedSender::weak_count;
    let _: fn(&Weak) -> Weak = WeakUnboundedSender::clone;
    let _: fn(&mut Rx) -> Result<u64, TryRecvError> = UnboundedReceiver::try_recv;
    let _: fn(&mut Rx) -> Option<u64> = UnboundedReceiver::blocking_recv;
    let _: fn(&mut Rx, &mut Vec<u64>, usize) -> usize = UnboundedReceiver::blocking_recv_many;
    let _: fn(&mut Rx, &mut Context<'_>) -> Poll<Option<u64>> = UnboundedReceiver::poll_recv;
    let _: fn(&mut Rx, &mut Context<'_>, &mut Vec<u64>, usize) -> Poll<usize> =
        UnboundedReceiver::poll_recv_many;
    let _: fn(&mut Rx) = UnboundedReceiver::close;
    let _: fn(&Rx) -> bool = UnboundedReceiver::is_closed;
    let _: fn(&Rx) -> bool = UnboundedReceiver::is_empty;
    let _: fn(&Rx) -> usize = UnboundedReceiver::len;
    let _: fn(&Rx) -> usize = UnboundedReceiver::sender_strong_count;
    let _: fn(&Rx) -> usize = UnboundedReceiver::sender_weak_count;
    let (tx, mut rx) = unbounded_channel::<u64>();
    let mut batch = Vec::new();
    gives::<()>(tx.closed());
    gives::<Option<u64>>(rx.recv());
    gives::<usize>(rx.recv_many(&mut batch, 1));
}
