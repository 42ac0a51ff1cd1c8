//! How a channel is made and joined: the builder. What the options mean is carried out in [`crate::control`]. Joining by name
//! stands in [`connecting`], what is for unbounded channels in [`unbounded`], how the memory is mapped in [`pages`].

mod connecting;
mod pages;
mod unbounded;

pub use connecting::{Connecting, connect, connect_async};
pub use unbounded::{connect_unbounded, connect_unbounded_async};

use crate::bounded::{Receiver, Sender};
use crate::channel::{Receiving, Sending};
use crate::control::{self, Terms};
use crate::error::OpenError;
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// Options for making and joining channels.
///
/// Setting an option never fails. A number out of its range is an error ([`OpenError::InvalidOption`]) of the call that makes or joins. An
/// option for another kind of call or channel does nothing.
///
/// # Examples
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("numbers.sock");
/// use shmpsc::Options;
/// let mut receiver = Options::new().capacity(16).type_tag("numbers v1").bind::<u64>(&path)?;
/// let sender = Options::new().type_tag("numbers v1").connect::<u64>(&path)?;
/// sender.blocking_send(42).unwrap();
/// assert_eq!(receiver.blocking_recv(), Some(42));
/// # Ok::<(), shmpsc::error::OpenError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a channel is made or joined"]
pub struct Options {
    terms: Terms,
}

impl Options {
    /// Returns the defaults: capacity 1024, a memory limit of half of the free memory, 256 processes, mode 0600, no other users, no type
    /// tag, a timeout of five seconds, no wait, pages that are mapped as they are touched.
    ///
    /// # Examples
    ///
    /// See [`Options`].
    pub fn new() -> Options {
        Options::default()
    }

    /// Sets how many values can be sent in a bounded channel before a sender must wait: 1 to 1,048,575, exactly. For making only.
    /// What limits an unbounded channel is its [`memory_limit`](Options::memory_limit).
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::Options;
    /// let (sender, _receiver) = Options::new().capacity(3).channel::<u64>()?;
    /// assert_eq!(sender.try_send_many(&[1, 2, 3, 4]), Ok(3));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn capacity(mut self, capacity: usize) -> Options {
        self.terms.capacity = capacity;
        self
    }

    /// Sets how many processes can take part at a time, the receiver's included: 1 to 1023. For making only.
    ///
    /// A process that joins twice counts twice.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::{Options, error::OpenError};
    /// let _receiver = Options::new().max_processes(2).bind::<u64>(&path)?;
    /// let _first = shmpsc::connect::<u64>(&path)?;
    /// assert!(matches!(shmpsc::connect::<u64>(&path), Err(OpenError::TooManyProcesses { members: 2, .. })));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn max_processes(mut self, max_processes: usize) -> Options {
        self.terms.members = max_processes;
        self
    }

    /// Sets the permission bits of the socket file, in full: the umask does not change them. For [`bind`](Options::bind) and
    /// [`bind_unbounded`](Options::bind_unbounded).
    ///
    /// Besides the mode, only the user of this process may connect, and those of [`allow_uid`](Options::allow_uid) and
    /// [`allow_gid`](Options::allow_gid).
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use std::os::unix::fs::PermissionsExt;
    /// let _receiver = shmpsc::Options::new().mode(0o660).bind::<u64>(&path)?;
    /// assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn mode(mut self, mode: u32) -> Options {
        self.terms.mode = mode;
        self
    }

    /// Lets processes of this user connect too. For [`bind`](Options::bind) and [`bind_unbounded`](Options::bind_unbounded); can be
    /// called again for more, up to 1024.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// // Every user may open the socket. Only user 1001, and our own, may join.
    /// let _receiver = shmpsc::Options::new().mode(0o666).allow_uid(1001).bind::<u64>(&path)?;
    /// assert!(shmpsc::connect::<u64>(&path).is_ok());
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn allow_uid(mut self, uid: u32) -> Options {
        self.terms.rules.uids.push(uid);
        self
    }

    /// Lets processes of this group connect too. For [`bind`](Options::bind) and [`bind_unbounded`](Options::bind_unbounded); can be
    /// called again for more, up to 1024.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// // Every user may open the socket. Only members of group 100, and our own user, may join.
    /// let _receiver = shmpsc::Options::new().mode(0o666).allow_gid(100).bind::<u64>(&path)?;
    /// assert!(shmpsc::connect::<u64>(&path).is_ok());
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn allow_gid(mut self, gid: u32) -> Options {
        self.terms.rules.gids.push(gid);
        self
    }

    /// Sets a name for the type of the values, at most 64 bytes, which must be equal on both sides.
    ///
    /// Size and alignment are always compared. The tag tells types of the same size apart, and versions of a type: a
    /// name like `"reading v2"` that changes with the meaning of the bytes. It holds no crate path, so programs in
    /// other languages can give it too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::{Options, error::OpenError};
    /// let _receiver = Options::new().type_tag("metres").bind::<f64>(&path)?;
    /// let feet = Options::new().type_tag("feet").connect::<f64>(&path);
    /// assert!(matches!(feet, Err(OpenError::WrongType { .. })));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn type_tag(mut self, tag: impl Into<String>) -> Options {
        self.terms.tag = tag.into();
        self
    }

    /// Sets how long this process waits for the other side to answer, when it joins and when it hands an end over. A receiver also gives a
    /// process that connects this long to send its request. At most 4,294,967,295 seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::{Options, error::OpenError};
    /// use std::time::Duration;
    /// let for_ever = Options::new().timeout(Duration::MAX).channel::<u64>();
    /// assert!(matches!(for_ever, Err(OpenError::InvalidOption { .. })));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Options {
        self.terms.deadline = timeout;
        self
    }

    /// Ends the stream of a bound receiver once at least one sender has joined and all have gone.
    ///
    /// Without this option the name itself counts as a sender, because more senders may join: `recv` waits for the next one. For
    /// [`bind`](Options::bind) and [`bind_unbounded`](Options::bind_unbounded).
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// let mut receiver = shmpsc::Options::new().end_with_last_sender().bind::<u64>(&path)?;
    /// let sender = shmpsc::connect::<u64>(&path)?;
    /// sender.try_send(1).unwrap();
    /// drop(sender);
    /// assert_eq!((receiver.blocking_recv(), receiver.blocking_recv()), (Some(1), None));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn end_with_last_sender(mut self) -> Options {
        self.terms.end_with_last = true;
        self
    }

    /// Has each send and each receive pass a full memory fence, instead of those that are about to sleep for both. For making only.
    ///
    /// Without it a sleeping side pays: it interrupts the processors of the others by the system call `membarrier`, for some
    /// microseconds, before it sleeps. A busy channel is faster by that. This option is for processes that share a machine with
    /// threads which must not be interrupted, and for a channel in which nearly each message wakes a sleeper. Where the system refuses that
    /// call, a channel is made with full fences anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, mut receiver) = shmpsc::Options::new().full_fences().channel::<u64>()?;
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn full_fences(mut self) -> Options {
        self.terms.full_fences = true;
        self
    }

    /// Makes a channel with a name: a Unix socket at `path`, where senders find it.
    ///
    /// The last part of `path` has at most 107 bytes. Beside the socket a lock file, `path` with `.lock` behind it, tells
    /// which process owns the name. Both are removed when the receiver is dropped or closed, also if their directory got
    /// another path. After a crash both may stay; the next `bind` of the same user, or of the superuser, takes them over.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the name is in use, an option is out of its range, the socket cannot be made there, or the system
    /// refuses memory or descriptors.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::{Options, error::OpenError};
    /// let receiver = Options::new().bind::<u64>(&path)?;
    /// assert!(matches!(Options::new().bind::<u64>(&path), Err(OpenError::NameInUse { .. })));
    /// drop(receiver);
    /// assert!(!path.exists());
    /// # Ok::<(), OpenError>(())
    /// ```
    pub fn bind<T: Pod>(self, path: impl AsRef<Path>) -> Result<Receiver<T>, OpenError> {
        control::host(size_of::<T>(), align_of::<T>(), &self.terms, Some(path.as_ref()))
            .map(Receiving::new)
            .map(Receiver::new)
    }

    /// Makes a channel for this process, as [`channel`](crate::channel()) does, with an error instead of a panic.
    ///
    /// # When it waits
    ///
    /// Never.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: an option is out of its range, or the system refuses memory or a descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::Options;
    /// let (sender, receiver) = Options::new().capacity(2).channel::<u64>()?;
    /// assert_eq!(sender.max_capacity(), 2);
    /// assert!(Options::new().capacity(0).channel::<u64>().is_err());
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn channel<T: Pod>(self) -> Result<(Sender<T>, Receiver<T>), OpenError> {
        let endpoint = control::host(size_of::<T>(), align_of::<T>(), &self.terms, None)?;
        Ok((Sender::new(Sending::new(endpoint.clone())), Receiver::new(Receiving::new(endpoint))))
    }

    /// Makes a sender of a descriptor from [`Sender::into_fd`], with these options.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Options::connect); also if [`Sender::into_fd`] did not make the descriptor.
    ///
    /// # Examples
    ///
    /// See [`Sender::into_fd`].
    pub fn sender_from_fd<T: Pod>(self, descriptor: OwnedFd) -> Result<Sender<T>, OpenError> {
        control::sender_from_fd(descriptor, size_of::<T>(), align_of::<T>(), &self.terms)
            .map(Sending::new)
            .map(Sender::new)
    }

    /// Makes a receiver of a descriptor from [`Receiver::into_fd`], with these options.
    ///
    /// # When it waits
    ///
    /// As [`connect`](Options::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Options::connect); also if [`Receiver::into_fd`] did not make the descriptor.
    ///
    /// # Examples
    ///
    /// See [`Receiver::into_fd`].
    pub fn receiver_from_fd<T: Pod>(self, descriptor: OwnedFd) -> Result<Receiver<T>, OpenError> {
        control::receiver_from_fd(descriptor, size_of::<T>(), align_of::<T>(), &self.terms)
            .map(Receiving::new)
            .map(Receiver::new)
    }
}
