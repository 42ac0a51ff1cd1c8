//! Unix sockets that carry whole messages and descriptors, and tell who sent them.
//!
//! What the messages say, and who may come in, is not known here.
//!
//! Nothing waits except [`connect`], [`wait_readable`] and [`wait_writable`], each until a deadline; that does not depend
//! on flags of the open file, which a process with a copy of the descriptor could change. All descriptors are
//! closed on exec from their first moment.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::{
    cmsg_space,
    event::{PollFd, PollFlags, poll},
    fs::{self, FileType, Mode, OFlags},
    io::Errno,
    net::{
        self, AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, SocketAddrUnix,
        SocketFlags, SocketType, sockopt,
    },
    time::Timespec,
};

use super::{place::Place, raw, time_until};

pub(crate) use super::raw::Credentials;

/// Most descriptors that one message can carry.
pub(crate) const MOST_DESCRIPTORS: usize = raw::MOST_DESCRIPTORS;

/// Callers that may wait at a door until they are accepted; the system may allow fewer.
const BACKLOG: i32 = 1024;

/// A socket at a place in the file system, to which others connect.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    /// A descriptor in reserve: given up for a moment to turn a caller away when there are no more descriptors.
    spare: Mutex<Option<OwnedFd>>,
}

impl Listener {
    /// Binds to `place` with exactly the permissions `mode`, whatever the process's umask, and listens.
    ///
    /// A file that stands there is an error (`AddrInUse`), even if nobody listens behind it. Nobody can connect before
    /// the permissions are set.
    pub(crate) fn bind(place: &Place, mode: u32) -> io::Result<Listener> {
        let socket = new_socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        let mode = Mode::from_raw_mode(mode & 0o777);
        // The file gets the mode of the unbound socket, less the umask: never too much, perhaps too little.
        fs::fchmod(&socket, mode)?;
        net::bind(&socket, &place.socket_address()?)?;
        match Listener::open_door(&socket, place, mode) {
            Ok(()) => Ok(Listener { socket, spare: Mutex::new(spare()) }),
            Err(error) => {
                let _ = place.remove();
                Err(error)
            }
        }
    }

    fn open_door(socket: &OwnedFd, place: &Place, mode: Mode) -> io::Result<()> {
        // By a descriptor, so that what is checked and what is changed are one file, and never through a link.
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(place.directory(), place.name(), flags, Mode::empty())?;
        let stat = fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "the socket was replaced by something else",
            ));
        }
        if Mode::from_raw_mode(stat.st_mode) != mode {
            fs::chmod(through_proc(&file), mode)?;
        }
        // Newer systems hand these down to the sockets that are accepted, so not even the first message escapes them.
        set_pass_credentials(socket)?;
        refuse_descriptors(socket)?;
        Ok(net::listen(socket, BACKLOG)?)
    }

    /// A listening socket that another process bound and handed over.
    pub(crate) fn from_fd(socket: OwnedFd) -> io::Result<Listener> {
        if !is_messages_socket(&socket) || !sockopt::socket_acceptconn(&socket)? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the descriptor is not a listening socket",
            ));
        }
        Ok(Listener { socket, spare: Mutex::new(spare()) })
    }

    /// Lets one caller in, or says that nobody waits. The socket it returns tells who sends, and refuses descriptors.
    ///
    /// If there are no more descriptors, one caller is turned away (it sees a hang-up) and that error returned:
    /// so the door does not stay ready for ever with nothing done about it.
    pub(crate) fn accept(&self) -> io::Result<Option<OwnedFd>> {
        loop {
            match net::accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(caller) => {
                    set_pass_credentials(&caller)?;
                    refuse_descriptors(&caller)?;
                    return Ok(Some(caller));
                }
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(error @ (Errno::MFILE | Errno::NFILE)) => {
                    let mut kept = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(kept.take());
                    drop(net::accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK));
                    *kept = spare();
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes the door for all who have a copy of the descriptor, forked children too: who waits at it or comes later
    /// is refused. The file stays.
    pub(crate) fn close(self) {
        hang_up(&self.socket);
    }
}

impl AsFd for Listener {
    /// Readable while somebody waits to be let in.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Connects to the listener at `path`. Waits only if too many others wait at the door, and until `deadline` at most
/// (`TimedOut`). `NotFound`: no file; `ConnectionRefused`: nobody listens behind it.
pub(crate) fn connect(path: &Path, deadline: Instant) -> io::Result<OwnedFd> {
    let place = Place::new(path)?;
    let address = place.socket_address()?;
    // The socket is still ours alone, so it may block: the kernel then wakes us when there is room at the door.
    let socket = new_socket(SocketFlags::CLOEXEC)?;
    loop {
        // Zero would mean "for ever".
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(1));
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(left))?;
        match net::connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if Instant::now() < deadline => {}
            Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            Err(error) => return Err(error.into()),
        }
    }
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Two connected sockets.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// Sends one message, whole or not at all, without waiting. `WouldBlock`: the peer has not read enough yet; see also
/// [`is_gone`]. A message must not be empty, since it could not be told from a hang-up.
pub(crate) fn send(fd: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    if bytes.is_empty() || descriptors.len() > MOST_DESCRIPTORS {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut room = [std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match net::sendmsg(&fd, &[io::IoSlice::new(bytes)], &mut control, flags) {
            Err(Errno::INTR) => {}
            other => return Ok(other.map(drop)?),
        }
    }
}

/// What [`receive`] found.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Message(Message),
    /// Nothing yet.
    Nothing,
    /// The peer closed its end, and there are no more messages.
    HungUp,
}

/// A message that came in.
#[derive(Debug)]
pub(crate) struct Message {
    /// How many bytes of the buffer it fills.
    pub(crate) len: usize,
    /// The descriptors that came with it, all closed on exec.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Who sent it, as the kernel saw it at that moment; if [`set_pass_credentials`] was called on this end.
    pub(crate) sender: Option<Credentials>,
    /// The process that sent it, if also the kernel can tell (since Linux 6.5) and it was not yet reaped.
    pub(crate) sender_pidfd: Option<OwnedFd>,
    /// The message was longer than the buffer, and its rest is lost.
    pub(crate) truncated: bool,
    /// Descriptors were sent that did not come: there were more than [`MOST_DESCRIPTORS`], or this process has as many
    /// open as it may. Those that did come are in [`Message::descriptors`].
    pub(crate) descriptors_lost: bool,
}

/// Receives one message without waiting.
pub(crate) fn receive(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<Incoming> {
    let fd = fd.as_fd();
    let parts = loop {
        match raw::receive(fd, buffer) {
            Ok(parts) => break parts,
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => return Ok(Incoming::Nothing),
                // The peer closed its end with messages of ours unread.
                io::ErrorKind::ConnectionReset => return Ok(Incoming::HungUp),
                _ => return Err(error),
            },
        }
    };
    let bare = parts.len == 0 && parts.sender.is_none() && parts.descriptors.is_empty() && !parts.truncated;
    // An empty message looks like the end; but at the end the peer's closing can be seen.
    if bare && has_hung_up(fd) {
        return Ok(Incoming::HungUp);
    }
    Ok(Incoming::Message(Message {
        len: parts.len,
        descriptors: parts.descriptors,
        sender: parts.sender,
        sender_pidfd: parts.sender_pidfd,
        truncated: parts.truncated,
        descriptors_lost: parts.descriptors_lost,
    }))
}

/// Whether the peer has closed its end, or its sending half. Messages it sent before may still be unread.
pub(crate) fn has_hung_up(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::RDHUP)];
    let _ = retry(|| poll(&mut fds, Some(&Timespec::default())));
    fds[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
}

/// Whether an error of [`send`] means that the peer has closed its end.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

/// Waits until there is something to receive, accept or find hung up. False: the deadline passed first.
pub(crate) fn wait_readable(fd: impl AsFd, deadline: Option<Instant>) -> io::Result<bool> {
    wait_for(fd.as_fd(), PollFlags::IN | PollFlags::RDHUP, deadline)
}

/// Waits until there is room to send, or the peer is gone. False: the deadline passed first.
pub(crate) fn wait_writable(fd: impl AsFd, deadline: Option<Instant>) -> io::Result<bool> {
    wait_for(fd.as_fd(), PollFlags::OUT, deadline)
}

fn wait_for(fd: BorrowedFd<'_>, what: PollFlags, deadline: Option<Instant>) -> io::Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(fd, what)];
    let ready = retry(|| {
        let left = deadline.map(time_until);
        poll(&mut fds, left.as_ref())
    })?;
    Ok(ready > 0)
}

/// Ends the connection in both directions, for all who have a copy of our end, forked children and pending operations
/// too. Messages already received can still be read. (Closing alone would wait for the last copy.)
pub(crate) fn hang_up(fd: impl AsFd) {
    let _ = net::shutdown(fd, Shutdown::Both);
}

/// Who connected the other end, or called `listen` for it, at that moment.
pub(crate) fn peer_credentials(fd: impl AsFd) -> io::Result<Credentials> {
    raw::peer_credentials(fd.as_fd())
}

/// The process that connected the other end, or called `listen` for it. None where the kernel cannot tell (before
/// Linux 6.5).
pub(crate) fn peer_pidfd(fd: impl AsFd) -> io::Result<Option<OwnedFd>> {
    where_known(raw::peer_pidfd(fd.as_fd()))
}

/// From now on the kernel says with each message who sent it. True: it also gives the process itself (since Linux 6.5).
pub(crate) fn set_pass_credentials(fd: impl AsFd) -> io::Result<bool> {
    raw::set_option(fd.as_fd(), libc::SO_PASSCRED, true)?;
    Ok(where_known(raw::set_option(fd.as_fd(), raw::SO_PASSPIDFD, true))?.is_some())
}

/// From now on a peer that sends descriptors gets an error (`PermissionDenied`). False: the kernel has no such option
/// (before Linux 6.16), so drop what comes.
pub(crate) fn refuse_descriptors(fd: impl AsFd) -> io::Result<bool> {
    Ok(where_known(raw::set_option(fd.as_fd(), raw::SO_PASSRIGHTS, false))?.is_some())
}

/// Whether a descriptor is a Unix socket of the kind that carries whole messages.
pub(crate) fn is_messages_socket(fd: impl AsFd) -> bool {
    sockopt::socket_domain(&fd) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(&fd) == Ok(SocketType::SEQPACKET)
}

fn new_socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// The path that leads to the file behind a descriptor, for calls that take only paths.
fn through_proc(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

fn spare() -> Option<OwnedFd> {
    fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// None if the kernel does not know the option.
fn where_known<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
