//! How an unbounded channel is made and joined.

use super::{Connecting, Options};
use crate::channel::{Receiving, Sending};
use crate::control::{self, ChannelKind};
use crate::error::OpenError;
use crate::unbounded::{UnboundedReceiver, UnboundedSender};
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::path::Path;

impl Options {
    /// Sets how many bytes of memory the queue of an unbounded channel may have. For making only.
    ///
    /// Memory comes and goes in chunks. A chunk has at most 80 KiB, or the square root of twice the limit if that is more; a value
    /// that is larger has a chunk of its own. The limit must have room for two chunks. The default is half of the memory that the
    /// machine has free when the channel is made, or that the control groups of this process leave it, whichever is less.
    ///
    /// Each process maps that many bytes of addresses, though most of them are no memory. A limit on addresses (`RLIMIT_AS`) or on the
    /// size of files (`RLIMIT_FSIZE`) can therefore call for a lower one.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::Options;
    /// let (sender, _receiver) = Options::new().memory_limit(1 << 20).channel_unbounded::<[u64; 8]>()?;
    /// let sent = sender.try_send_many(&[[7; 8]; 100_000]).unwrap();
    /// assert!((10_000..16_384).contains(&sent));
    /// assert!(Options::new().memory_limit(1).channel_unbounded::<u64>().is_err());
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> Options {
        self.terms.memory_limit = Some(bytes);
        self
    }

    fn unbounded(mut self) -> Options {
        self.terms.kind = ChannelKind::Unbounded;
        self
    }

    /// Makes an unbounded channel for this process, as [`unbounded_channel`](crate::unbounded_channel()) does, with an error instead of
    /// a panic.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: an option is out of its range, or the system refuses memory, addresses or a descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::Options::new().channel_unbounded::<u64>()?;
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.blocking_recv(), Some(1));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn channel_unbounded<T: Pod>(self) -> Result<(UnboundedSender<T>, UnboundedReceiver<T>), OpenError> {
        let endpoint = control::host(size_of::<T>(), align_of::<T>(), &self.unbounded().terms, None)?;
        let sender = UnboundedSender::new(Sending::new(endpoint.clone()));
        Ok((sender, UnboundedReceiver::new(Receiving::new(endpoint))))
    }

    /// Makes an unbounded channel with a name, as [`bind`](Options::bind) makes a bounded one.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// As [`bind`](Options::bind); also if the system refuses addresses.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::{Options, error::OpenError};
    /// let mut receiver = Options::new().bind_unbounded::<u64>(&path)?;
    /// let sender = shmpsc::connect_unbounded::<u64>(&path)?;
    /// sender.send(42).unwrap();
    /// assert_eq!(receiver.blocking_recv(), Some(42));
    /// let wrong = shmpsc::connect::<u64>(&path);
    /// assert!(matches!(wrong, Err(OpenError::WrongKind { unbounded: true, .. })));
    /// # Ok::<(), OpenError>(())
    /// ```
    pub fn bind_unbounded<T: Pod>(self, path: impl AsRef<Path>) -> Result<UnboundedReceiver<T>, OpenError> {
        control::host(size_of::<T>(), align_of::<T>(), &self.unbounded().terms, Some(path.as_ref()))
            .map(Receiving::new)
            .map(UnboundedReceiver::new)
    }

    /// Joins the unbounded channel of that name as a sender, as [`connect`](Options::connect) joins a bounded one.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Options::connect); [`OpenError::WrongKind`] if the channel there is bounded, and [`OpenError::System`] if this
    /// process may not map as many addresses as its [`memory_limit`](Options::memory_limit) says.
    ///
    /// # Examples
    ///
    /// See [`bind_unbounded`](Options::bind_unbounded).
    pub fn connect_unbounded<T: Pod>(self, path: impl AsRef<Path>) -> Result<UnboundedSender<T>, OpenError> {
        control::connect(path.as_ref(), size_of::<T>(), align_of::<T>(), &self.unbounded().terms)
            .map(Sending::new)
            .map(UnboundedSender::new)
    }

    /// Joins the unbounded channel of that name as a sender, without blocking the thread, as
    /// [`connect_async`](Options::connect_async) joins a bounded one.
    ///
    /// # When it waits
    ///
    /// As [`connect_async`](Options::connect_async).
    ///
    /// # Cancel safety
    ///
    /// As [`connect_async`](Options::connect_async).
    ///
    /// # Errors
    ///
    /// As [`connect_async`](Options::connect_async) and [`connect_unbounded`](Options::connect_unbounded).
    ///
    /// # Panics
    ///
    /// As [`connect_async`](Options::connect_async).
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use shmpsc::Options;
    /// let mut receiver = Options::new().bind_unbounded::<u64>(&path)?;
    /// let sender = Options::new().connect_unbounded_async::<u64>(&path).await?;
    /// sender.send(42).unwrap();
    /// assert_eq!(receiver.recv().await, Some(42));
    /// # Ok::<(), shmpsc::error::OpenError>(()) }).unwrap();
    /// ```
    pub fn connect_unbounded_async<T: Pod>(self, path: impl AsRef<Path>) -> Connecting<UnboundedSender<T>> {
        Connecting::new(path.as_ref().to_owned(), self.unbounded().terms)
    }

    /// Makes a sender of a descriptor from [`UnboundedSender::into_fd`], with these options.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect).
    ///
    /// # Errors
    ///
    /// As [`connect_unbounded`](Options::connect_unbounded); also if [`UnboundedSender::into_fd`] did not make the descriptor.
    ///
    /// # Examples
    ///
    /// See [`UnboundedSender::into_fd`].
    pub fn unbounded_sender_from_fd<T: Pod>(
        self,
        descriptor: OwnedFd,
    ) -> Result<UnboundedSender<T>, OpenError> {
        control::sender_from_fd(descriptor, size_of::<T>(), align_of::<T>(), &self.unbounded().terms)
            .map(Sending::new)
            .map(UnboundedSender::new)
    }

    /// Makes a receiver of a descriptor from [`UnboundedReceiver::into_fd`], with these options.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect).
    ///
    /// # Errors
    ///
    /// As [`connect_unbounded`](Options::connect_unbounded); also if [`UnboundedReceiver::into_fd`] did not make the descriptor.
    ///
    /// # Examples
    ///
    /// See [`UnboundedReceiver::into_fd`].
    pub fn unbounded_receiver_from_fd<T: Pod>(
        self,
        descriptor: OwnedFd,
    ) -> Result<UnboundedReceiver<T>, OpenError> {
        control::receiver_from_fd(descriptor, size_of::<T>(), align_of::<T>(), &self.unbounded().terms)
            .map(Receiving::new)
            .map(UnboundedReceiver::new)
    }
}

/// Joins the unbounded channel of that name as a sender: [`Options::connect_unbounded`] with the options as they are. It blocks the
/// thread.
///
/// # When it waits
///
/// As [`Options::connect`].
///
/// # Errors
///
/// As [`Options::connect_unbounded`].
///
/// # Examples
///
/// See [`Options::bind_unbounded`].
pub fn connect_unbounded<T: Pod>(path: impl AsRef<Path>) -> Result<UnboundedSender<T>, OpenError> {
    Options::new().connect_unbounded(path)
}

/// Joins the unbounded channel of that name as a sender, without blocking the thread:
/// [`Options::connect_unbounded_async`] with the options as they are.
///
/// # When it waits
///
/// As [`Options::connect_async`].
///
/// # Cancel safety
///
/// As [`Options::connect_async`].
///
/// # Errors
///
/// As [`Options::connect_unbounded_async`].
///
/// # Panics
///
/// As [`Options::connect_async`].
///
/// # Examples
///
/// See [`Options::connect_unbounded_async`].
pub fn connect_unbounded_async<T: Pod>(path: impl AsRef<Path>) -> Connecting<UnboundedSender<T>> {
    Options::new().connect_unbounded_async(path)
}
