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
/// Setting one never fails: a number out of its range is an error ([`OpenError::InvalidOption`]) of the call that
/// makes or joins. Options that are for another kind of call, or of channel, do nothing.
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
    /// Returns the defaults: capacity 1024, a memory limit of half of the free memory, 256 members, mode 0600, no other users, no type
    /// tag, a deadline of five seconds, no wait, pages that are mapped as they are touched.
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
    /// let _receiver = Options::new().members(2).bind::<u64>(&path)?;
    /// let _first = shmpsc::connect::<u64>(&path)?;
    /// assert!(matches!(shmpsc::connect::<u64>(&path), Err(OpenError::RosterFull { members: 2, .. })));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn members(mut self, members: usize) -> Options {
        self.terms.members = members;
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
    /// // Everybody may open the socket; only user 1001, and we, may join.
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
    /// // Everybody may open the socket; only members of group 100, and we, may join.
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

    /// Sets how long to wait for the other side to answer, when joining and when handing an end over. For a receiver it is also how
    /// long a process that connects may take to say what it wants. At most 4,294,967,295 seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// use shmpsc::{Options, error::OpenError};
    /// use std::time::Duration;
    /// let for_ever = Options::new().deadline(Duration::MAX).channel::<u64>();
    /// assert!(matches!(for_ever, Err(OpenError::InvalidOption { .. })));
    /// ```
    pub fn deadline(mut self, deadline: Duration) -> Options {
        self.terms.deadline = deadline;
        self
    }

    /// Lets the stream of a bound receiver end once at least one sender came and all have gone.
    ///
    /// Without it the open name counts as a sender to come, and `recv` waits for the next. For [`bind`](Options::bind) and
    /// [`bind_unbounded`](Options::bind_unbounded).
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

    /// Makes the channel one of asymmetric fences, where the system lets this process. For measurements: the system call that they
    /// rest on does not reach every thread that it must, so a wake can be lost. [`edges`](crate::docs::edges#asymmetric-fences) says when.
    #[doc(hidden)]
    pub fn asymmetric_fences(mut self) -> Options {
        self.terms.asymmetric_fences = true;
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
