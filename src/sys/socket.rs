//! Unix sockets that carry whole messages (`SOCK_SEQPACKET`) and descriptors, and name the sender of each.
//!
//! What the messages say is not known here. How unrelated processes get a connection is said in [`super::listener`].
//!
//! Nothing waits except [`wait_readable`] and [`wait_writable`], each until a deadline; that does not depend
//! on flags of the open file, which a process with a copy of the descriptor could change. All descriptors are
//! closed on exec from their first moment.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Instant,
};

use rustix::{
    cmsg_space,
    event::{PollFd, PollFlags, poll},
    io::retry_on_intr,
    net::{
        self, AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, SocketFlags,
        SocketType, sockopt,
    },
    time::Timespec,
};

use super::{raw, time_until};

pub(crate) use super::raw::Credentials;

/// Most descriptors that one message can carry.
pub(crate) const MOST_DESCRIPTORS: usize = raw::MOST_DESCRIPTORS;

/// Makes two connected sockets.
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
    retry_on_intr(|| net::sendmsg(&fd, &[io::IoSlice::new(bytes)], &mut control, flags))?;
    Ok(())
}

/// What [`receive`] found.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A message.
    Message(Packet),
    /// Nothing yet.
    Nothing,
    /// The peer closed its end, and there are no more messages.
    HungUp,
}

/// A message that came in.
#[derive(Debug)]
pub(crate) struct Packet {
    /// How many bytes of the buffer it fills.
    pub(crate) len: usize,
    /// The descriptors that came with it, all closed on exec.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// The sender, as the kernel saw it at that moment; if [`set_pass_credentials`] was called on this end.
    pub(crate) sender: Option<Credentials>,
    /// The process that sent it, if the kernel can tell (since Linux 6.5) and the process was not yet reaped.
    pub(crate) sender_pidfd: Option<OwnedFd>,
    /// The message was longer than the buffer, and its rest is lost.
    pub(crate) truncated: bool,
    /// Descriptors were sent that did not come: there were more than [`MOST_DESCRIPTORS`], or this process has as many
    /// open as it may. Those that did come are in [`Packet::descriptors`].
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
                // The peer closed its end with messages of ours unread. The kernel reports that once, and before the messages that the
                // peer sent earlier, its goodbye perhaps. Those come now, and then the end.
                io::ErrorKind::ConnectionReset => {}
                io::ErrorKind::WouldBlock => return Ok(Incoming::Nothing),
                _ => return Err(error),
            },
        }
    };
    let bare = parts.len == 0 && parts.sender.is_none() && parts.descriptors.is_empty() && !parts.truncated;
    // An empty message looks like the end; but at the end the peer's closing can be seen.
    if bare && has_hung_up(fd) {
        return Ok(Incoming::HungUp);
    }
    Ok(Incoming::Message(Packet {
        len: parts.len,
        descriptors: parts.descriptors,
        sender: parts.sender,
        sender_pidfd: parts.sender_pidfd,
        truncated: parts.truncated,
        descriptors_lost: parts.descriptors_lost,
    }))
}

/// Returns whether the peer has closed its end, or its sending half. Messages it sent before may still be unread.
pub(crate) fn has_hung_up(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::RDHUP)];
    let _ = retry_on_intr(|| poll(&mut fds, Some(&Timespec::default())));
    fds[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
}

/// Returns whether an error of [`send`] means that the peer has closed its end.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

/// Returns whether an error of [`send`] or [`receive`] means that there is no memory or descriptor for it, perhaps only for a moment.
/// It says nothing of the connection.
pub(crate) fn is_lack(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::ENOBUFS | libc::EMFILE | libc::ENFILE))
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
    let ready = retry_on_intr(|| {
        let left = deadline.map(time_until);
        poll(&mut fds, left.as_ref())
    })?;
    Ok(ready > 0)
}

/// Ends the connection in both directions, for all processes that have a copy of our end, forked children and pending operations too.
/// Messages already received can still be read. (Closing alone would wait for the last copy.)
pub(crate) fn hang_up(fd: impl AsFd) {
    let _ = net::shutdown(fd, Shutdown::Both);
}

/// Lets the peer send nothing more, which is told so (see [`is_gone`]); nothing else changes for it.
pub(crate) fn stop_receiving(fd: impl AsFd) {
    let _ = net::shutdown(fd, Shutdown::Read);
}

/// Returns which process connected the other end, or called `listen` for it, at that moment.
pub(crate) fn peer_credentials(fd: impl AsFd) -> io::Result<Credentials> {
    raw::peer_credentials(fd.as_fd())
}

/// Returns the groups beside the first that the process had which connected the other end, at that moment.
pub(crate) fn peer_groups(fd: impl AsFd) -> io::Result<Vec<u32>> {
    // Usually there are a handful; the system's limit (NGROUPS_MAX) is beyond.
    let mut groups = vec![0; 64];
    let count = match raw::peer_groups(fd.as_fd(), &mut groups) {
        Err(error) if error.raw_os_error() == Some(libc::ERANGE) => {
            groups = vec![0; 65536];
            raw::peer_groups(fd.as_fd(), &mut groups)?
        }
        other => other?,
    };
    groups.truncate(count);
    Ok(groups)
}

/// Has the kernel name the sender with each message from now on. True: it also gives the process itself (since Linux 6.5).
pub(crate) fn set_pass_credentials(fd: impl AsFd) -> io::Result<bool> {
    raw::set_option(fd.as_fd(), libc::SO_PASSCRED, true)?;
    Ok(where_known(raw::set_option(fd.as_fd(), raw::SO_PASSPIDFD, true))?.is_some())
}

/// Has the kernel name no sender any more, because that costs a descriptor for each message.
pub(crate) fn stop_pass_credentials(fd: impl AsFd) -> io::Result<()> {
    raw::set_option(fd.as_fd(), libc::SO_PASSCRED, false)?;
    where_known(raw::set_option(fd.as_fd(), raw::SO_PASSPIDFD, false)).map(drop)
}

/// Has the kernel refuse descriptors from now on: a peer that sends some gets an error (`PermissionDenied`). False: the kernel has no
/// such option (before Linux 6.16), so the caller drops what comes.
pub(crate) fn refuse_descriptors(fd: impl AsFd) -> io::Result<bool> {
    Ok(where_known(raw::set_option(fd.as_fd(), raw::SO_PASSRIGHTS, false))?.is_some())
}

/// Returns whether a descriptor is a Unix socket of the kind that carries whole messages.
pub(crate) fn is_messages_socket(fd: impl AsFd) -> bool {
    sockopt::socket_domain(&fd) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(&fd) == Ok(SocketType::SEQPACKET)
}

/// Returns None if the kernel does not know the option.
fn where_known<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::{fs::File, io::Read, thread, time::Duration};

    use rustix::{
        fs,
        process::{Resource, Rlimit, getgid, getpid, getrlimit, getuid, setrlimit},
    };

    use super::*;
    use crate::sys::{
        process::Process,
        tests::{eventually, is_own_process},
    };

    pub(in crate::sys) fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    pub(in crate::sys) fn message(fd: impl AsFd, buffer: &mut [u8]) -> Packet {
        assert!(wait_readable(&fd, Some(soon())).unwrap());
        match receive(fd, buffer).unwrap() {
            Incoming::Message(message) => message,
            other => panic!("no message but {other:?}"),
        }
    }

    /// Waits for it: a child that another test is starting may hold a copy of the other end for a moment.
    pub(in crate::sys) fn is_hung_up(fd: impl AsFd) -> bool {
        wait_readable(&fd, Some(soon())).unwrap()
            && matches!(receive(&fd, &mut [0; 4]).unwrap(), Incoming::HungUp)
    }

    pub(in crate::sys) fn is_cloexec(fd: impl AsFd) -> bool {
        rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC)
    }

    #[test]
    fn messages_keep_their_borders_and_the_end_is_told_apart() {
        let (a, b) = pair().unwrap();
        let mut buffer = [0; 16];
        assert!(matches!(receive(&b, &mut buffer).unwrap(), Incoming::Nothing));
        send(&a, b"one", &[]).unwrap();
        send(&a, b"three", &[]).unwrap();
        assert_eq!(message(&b, &mut buffer).len, 3);
        let second = message(&b, &mut buffer);
        assert_eq!(&buffer[..second.len], b"three");
        assert!(!second.truncated && !second.descriptors_lost);
        assert!(!has_hung_up(&b));
        send(&a, b"last", &[]).unwrap();
        drop(a);
        eventually(|| has_hung_up(&b));
        assert_eq!(message(&b, &mut buffer).len, 4);
        for _ in 0..2 {
            assert!(is_hung_up(&b));
        }
        assert!(is_gone(&send(&b, b"x", &[]).unwrap_err()));
    }

    #[test]
    fn a_goodbye_is_heard_also_if_its_sender_left_messages_unread() {
        let (a, b) = pair().unwrap();
        send(&b, b"unread", &[]).unwrap();
        send(&a, b"goodbye", &[]).unwrap();
        drop(a);
        eventually(|| has_hung_up(&b));
        let mut buffer = [0; 16];
        assert_eq!(message(&b, &mut buffer).len, 7);
        assert!(is_hung_up(&b));
    }

    #[test]
    fn an_empty_message_is_not_a_hang_up_and_not_ours_to_send() {
        for tells_sender in [false, true] {
            let (a, b) = pair().unwrap();
            if tells_sender {
                set_pass_credentials(&b).unwrap();
            }
            assert_eq!(send(&a, b"", &[]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            net::send(&a, b"", SendFlags::empty()).unwrap();
            assert_eq!(message(&b, &mut [0; 4]).len, 0);
            assert!(matches!(receive(&b, &mut [0; 4]).unwrap(), Incoming::Nothing));
            drop(a);
            assert!(is_hung_up(&b));
        }
    }

    #[test]
    fn a_message_longer_than_the_buffer_is_reported() {
        let (a, b) = pair().unwrap();
        send(&a, b"too long", &[]).unwrap();
        let cut = message(&b, &mut [0; 3]);
        assert!(cut.truncated);
        assert_eq!(cut.len, 3);
        send(&a, b"too long", &[]).unwrap();
        assert!(message(&b, &mut []).truncated);
    }

    #[test]
    fn a_full_socket_does_not_block_and_says_when_there_is_room() {
        let (a, b) = pair().unwrap();
        let error = loop {
            if let Err(error) = send(&a, b"x", &[]) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(!is_gone(&error));
        assert!(!wait_writable(&a, Some(Instant::now() + Duration::from_millis(2))).unwrap());
        thread::scope(|scope| {
            scope.spawn(|| while !matches!(receive(&b, &mut [0; 4]).unwrap(), Incoming::Nothing) {});
            assert!(wait_writable(&a, Some(soon())).unwrap());
        });
        send(&a, b"x", &[]).unwrap();
    }

    #[test]
    fn descriptors_travel_in_order_and_close_on_exec() {
        let (a, b) = pair().unwrap();
        let (mut end, start) = std::io::pipe().unwrap();
        let file = tempfile::tempfile().unwrap();
        send(&a, b"x", &[start.as_fd(), file.as_fd()]).unwrap();
        drop(start);
        let got = message(&b, &mut [0; 4]);
        assert!(!got.descriptors_lost && !got.truncated);
        assert_eq!(got.descriptors.len(), 2);
        assert!(got.descriptors.iter().all(is_cloexec));
        let stats = [fs::fstat(&got.descriptors[1]).unwrap(), fs::fstat(&file).unwrap()];
        assert_eq!(stats[0].st_ino, stats[1].st_ino);
        drop(got);
        assert_eq!(end.read(&mut [0; 1]).unwrap(), 0, "the received copy was closed");
    }

    /// Sends `count` copies of the writing end of a pipe and returns the reading end.
    fn send_many(to: &OwnedFd, count: usize) -> std::io::PipeReader {
        let (end, start) = std::io::pipe().unwrap();
        let copies = vec![start.as_fd(); count];
        let mut room = vec![std::mem::MaybeUninit::uninit(); cmsg_space!(ScmRights(count))];
        let mut control = SendAncillaryBuffer::new(&mut room);
        assert!(control.push(SendAncillaryMessage::ScmRights(&copies)));
        net::sendmsg(to, &[io::IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
        end
    }

    #[test]
    fn descriptors_beyond_the_promise_are_reported_and_closed() {
        for tells_sender in [false, true] {
            for count in 1..=40 {
                let (a, b) = pair().unwrap();
                if tells_sender {
                    set_pass_credentials(&b).unwrap();
                }
                let mut end = send_many(&a, count);
                let got = message(&b, &mut [0; 4]);
                if count <= MOST_DESCRIPTORS {
                    assert_eq!(got.descriptors.len(), count);
                    assert!(!got.descriptors_lost);
                    assert_eq!(got.sender.is_some(), tells_sender);
                } else {
                    assert!(got.descriptors_lost || got.descriptors.len() == count);
                }
                drop(got);
                assert_eq!(end.read(&mut [0; 1]).unwrap(), 0, "every copy was closed");
            }
        }
    }

    #[test]
    fn descriptors_that_do_not_fit_into_this_process_are_reported() {
        if !is_own_process("sys::socket::tests::descriptors_that_do_not_fit_into_this_process_are_reported") {
            return;
        }
        let (a, b) = pair().unwrap();
        let mut end = send_many(&a, 3);
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(50), maximum }).unwrap();
        let mut all = Vec::new();
        while let Ok(fd) = rustix::io::dup(&a) {
            all.push(fd);
        }
        all.truncate(all.len() - 2);
        let got = message(&b, &mut [0; 4]);
        assert_eq!(got.descriptors.len(), 2);
        assert!(got.descriptors_lost);
        drop(got);
        assert_eq!(end.read(&mut [0; 1]).unwrap(), 0);
    }

    #[test]
    fn a_refused_descriptor_is_the_senders_error() {
        let (a, b) = pair().unwrap();
        if refuse_descriptors(&b).unwrap() {
            let error = send(&a, b"x", &[a.as_fd()]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        }
        send(&a, b"x", &[]).unwrap();
        assert_eq!(message(&b, &mut [0; 4]).len, 1);
        assert!(set_pass_credentials(File::open("/").unwrap()).is_err());
    }

    #[test]
    fn the_kernel_tells_who_sent_a_message() {
        let (a, b) = pair().unwrap();
        send(&a, b"x", &[]).unwrap();
        assert_eq!(message(&b, &mut [0; 4]).sender, None);
        let gives_process = set_pass_credentials(&b).unwrap();
        send(&a, b"x", &[a.as_fd()]).unwrap();
        let got = message(&b, &mut [0; 4]);
        let us = Credentials { pid: Some(getpid()), uid: getuid().as_raw(), gid: getgid().as_raw() };
        assert_eq!(got.sender, Some(us));
        assert_eq!(got.descriptors.len(), 1);
        assert_eq!(got.sender_pidfd.is_some(), gives_process);
        if let Some(fd) = got.sender_pidfd {
            assert!(is_cloexec(&fd));
            assert!(!Process::from_fd(fd).unwrap().has_ended());
        }
        assert_eq!(peer_credentials(&b).unwrap(), us);
    }

    #[test]
    fn the_kernel_can_be_told_to_say_no_more() {
        let (a, b) = pair().unwrap();
        set_pass_credentials(&a).unwrap();
        stop_pass_credentials(&a).unwrap();
        send(&b, b"who", &[]).unwrap();
        let message = message(&a, &mut [0; 8]);
        assert!(message.sender.is_none() && message.sender_pidfd.is_none());
    }

    #[test]
    fn the_groups_of_the_peer_are_ours() {
        let (a, _b) = pair().unwrap();
        let mut theirs = peer_groups(&a).unwrap();
        let mut ours: Vec<u32> =
            rustix::process::getgroups().unwrap().iter().map(|group| group.as_raw()).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(theirs, ours);
    }

    #[test]
    fn hanging_up_ends_every_copy() {
        let (a, b) = pair().unwrap();
        let copy = a.try_clone().unwrap();
        hang_up(&a);
        assert!(is_hung_up(&b));
        assert!(is_gone(&send(&copy, b"x", &[]).unwrap_err()));
        assert!(is_gone(&send(&b, b"x", &[]).unwrap_err()));
    }

    #[test]
    fn a_peer_is_told_that_nothing_more_is_received() {
        let (a, b) = pair().unwrap();
        stop_receiving(&a);
        assert!(is_gone(&send(&b, b"x", &[]).unwrap_err()));
        assert!(!has_hung_up(&b));
        send(&a, b"x", &[]).unwrap();
        assert_eq!(message(&b, &mut [0; 4]).len, 1);
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (a, _b) = pair().unwrap();
        assert!(!wait_readable(&a, Some(Instant::now())).unwrap());
        assert!(wait_writable(&a, None).unwrap());
    }
}
