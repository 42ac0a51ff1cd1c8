//! Capacity in hand: permits for one value each. How they are asked for stands in [`super::reserve`].

use super::Sender;
use bytemuck::Pod;
use std::fmt;
use std::iter::FusedIterator;
use std::mem;

/// Room for one value, held for a sender until it is used or dropped.
///
/// Made by [`Sender::reserve`] and its like. It fixes no place in the stream: the value's place is that of the [`send`](Permit::send). A
/// permit stays good when the channel is closed. Dropping it gives the room back, and to the next sender that waits for room. A permit that
/// is forgotten keeps its room until its process leaves the channel or ends, and in the receiver's process for ever.
pub struct Permit<'a, T> {
    sender: &'a Sender<T>,
}

impl<'a, T> Permit<'a, T> {
    /// Takes over room that `sender` has reserved.
    pub(super) fn new(sender: &'a Sender<T>) -> Permit<'a, T> {
        Permit { sender }
    }
}

impl<T: Pod> Permit<'_, T> {
    /// Sends a value in the room held, also if the channel has been closed since.
    ///
    /// It never waits and cannot fail. If the receiver is gone, the value goes nowhere. The value is on the stack once, as the
    /// argument; [`send_ref`](Permit::send_ref) needs no room there.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(2);
    /// let permit = sender.try_reserve()?;
    /// sender.try_send(1).unwrap();
    /// receiver.close();
    /// permit.send(2);
    /// assert_eq!((receiver.blocking_recv(), receiver.blocking_recv()), (Some(1), Some(2)));
    /// # Ok::<(), shmpsc::error::TrySendError<()>>(())
    /// ```
    pub fn send(self, value: T) {
        self.send_ref(&value);
    }

    /// Sends a copy of a value in the room held, as [`send`](Permit::send), from where it is: for values too large for the
    /// stack. (Beyond tokio.)
    ///
    /// # Examples
    ///
    /// ```
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::channel::<Page>(1);
    /// let page: Box<Page> = Box::new([7; 512]);
    /// sender.try_reserve()?.send_ref(&page);
    /// assert_eq!(receiver.blocking_recv_boxed(), Some(page));
    /// # Ok::<(), shmpsc::error::TrySendError<()>>(())
    /// ```
    pub fn send_ref(self, value: &T) {
        let sender = self.sender;
        // Before the send: if a waker panics in it, the value is sent all the same and the room used.
        mem::forget(self);
        sender.inner.send_reserved(value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.sender.inner.give_back(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("sender", self.sender).finish()
    }
}

/// Permits that were granted together. Each permit that is taken out is independent of the rest. Dropping the iterator gives the rest back.
///
/// Made by [`Sender::reserve_many`] and [`Sender::try_reserve_many`].
pub struct PermitIterator<'a, T> {
    sender: &'a Sender<T>,
    left: u32,
}

impl<'a, T> PermitIterator<'a, T> {
    /// Takes over room that `sender` has reserved.
    pub(super) fn new(sender: &'a Sender<T>, left: u32) -> PermitIterator<'a, T> {
        PermitIterator { sender, left }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit::new(self.sender))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}

impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        self.sender.inner.give_back(self.left);
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator").field("sender", self.sender).field("capacity", &self.left).finish()
    }
}

/// A [`Permit`] that has its sender with it, and counts as a sender.
///
/// Made by [`Sender::reserve_owned`] and [`Sender::try_reserve_owned`]. Dropping it gives the room back, then drops the
/// sender.
pub struct OwnedPermit<T> {
    /// Until it is used up.
    sender: Option<Sender<T>>,
}

impl<T> OwnedPermit<T> {
    /// Takes over room that `sender` has reserved.
    pub(super) fn new(sender: Sender<T>) -> OwnedPermit<T> {
        OwnedPermit { sender: Some(sender) }
    }

    /// Gives the room back, and returns the sender.
    ///
    /// It never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.try_reserve_owned().unwrap();
    /// assert_eq!(receiver.capacity(), 0);
    /// let sender = permit.release();
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        sender.inner.give_back(1);
        sender
    }

    /// Returns whether both permits belong to the same channel, also if their senders joined it separately.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(2);
    /// let one = sender.clone().try_reserve_owned().unwrap();
    /// let other = sender.try_reserve_owned().unwrap();
    /// assert!(one.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.sender().same_channel(other.sender())
    }

    /// Returns whether the permit belongs to the channel of `sender`.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, _receiver) = shmpsc::channel::<u64>(1);
    /// let permit = sender.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel_as_sender(&sender));
    /// ```
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.sender().same_channel(sender)
    }

    fn sender(&self) -> &Sender<T> {
        self.sender.as_ref().expect("it is taken only when the permit is used up")
    }

    /// Returns the sender, with the room still reserved.
    fn take(&mut self) -> Sender<T> {
        self.sender.take().expect("it is taken only when the permit is used up")
    }
}

impl<T: Pod> OwnedPermit<T> {
    /// Sends a value in the room held, also if the channel has been closed since, and returns the sender.
    ///
    /// It never waits and cannot fail. If the receiver is gone, the value goes nowhere. The value is on the stack once, as the
    /// argument; [`send_ref`](OwnedPermit::send_ref) needs no room there.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::channel::<u64>(1);
    /// let sender = sender.try_reserve_owned().unwrap().send(7);
    /// assert_eq!(receiver.blocking_recv(), Some(7));
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn send(self, value: T) -> Sender<T> {
        self.send_ref(&value)
    }

    /// Sends a copy of a value in the room held, as [`send`](OwnedPermit::send), from where it is: for values too large for
    /// the stack. (Beyond tokio.)
    ///
    /// # Examples
    ///
    /// ```
    /// type Page = [u64; 512];
    /// let (sender, mut receiver) = shmpsc::channel::<Page>(1);
    /// let page: Box<Page> = Box::new([7; 512]);
    /// let sender = sender.try_reserve_owned().unwrap().send_ref(&page);
    /// assert_eq!(receiver.blocking_recv_boxed(), Some(page));
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn send_ref(mut self, value: &T) -> Sender<T> {
        let sender = self.take();
        sender.inner.send_reserved(value);
        sender
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            sender.inner.give_back(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").field("sender", &self.sender).finish()
    }
}
