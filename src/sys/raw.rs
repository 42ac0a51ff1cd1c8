//! The calls for which there is no safe wrapper: a message with all that rides along, newer options of sockets, and the mode of
//! a file that was opened for its path only.
//!
//! It decides nothing; what the parts mean is said in [`super::socket`].
//!
//! # Safety
//!
//! Four calls into the C library are unsafe here. Each gets pointers to local variables with their true sizes, which
//! the kernel does not keep after the call. A number that the kernel returned as a new descriptor is taken into ownership
//! exactly once, where it is found. The walk through the control bytes is plain safe code.
#![allow(unsafe_code)]

use std::{
    io, mem,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

use libc::{c_int, c_long, c_void};
use rustix::process::Pid;

// Options of <linux/socket.h> that the bindings do not name yet; the numbers are those of x86-64 and aarch64.
pub(super) const SO_PASSPIDFD: c_int = 76;
pub(super) const SO_PASSRIGHTS: c_int = 83;
const SCM_PIDFD: c_int = 4;

/// Number of a system call that the bindings do not name on all of our systems.
const FCHMODAT2: c_long = 452;

/// Most descriptors taken with one message. What is beyond is dropped by the kernel and reported as lost.
pub(super) const MOST_DESCRIPTORS: usize = 8;

/// Room for the control bytes: sender (16 + 12, padded), descriptors, pidfd (16 + 4, padded), as aligned words.
const CONTROL_WORDS: usize = 4 + (2 + MOST_DESCRIPTORS / 2) + 3;

/// Bytes before the data of each control message: length (8), level (4), type (4).
const CONTROL_HEADER: usize = 16;

/// Which process this is, as the kernel says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Credentials {
    /// None for a process that has no number in our pid namespace, and where the kernel did not say.
    pub(crate) pid: Option<Pid>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What one `recvmsg` brought.
pub(super) struct Parts {
    pub(super) len: usize,
    pub(super) descriptors: Vec<OwnedFd>,
    pub(super) sender: Option<Credentials>,
    pub(super) sender_pidfd: Option<OwnedFd>,
    pub(super) truncated: bool,
    pub(super) descriptors_lost: bool,
}

/// Receives one message without waiting.
pub(super) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Parts> {
    let mut control = [0u64; CONTROL_WORDS];
    let mut bytes = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a message header is numbers and pointers only, and zero is a good value for each of them.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_iov = &raw mut bytes;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = mem::size_of_val(&control) as _;
    // SAFETY: the header points to `buffer` and `control`, both writable for the lengths it states and alive during
    // the call. (A null or dangling buffer of length 0 is not touched.)
    let len = unsafe {
        libc::recvmsg(fd.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC)
    };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let mut parts = Parts {
        len: len.min(buffer.len()),
        descriptors: Vec::new(),
        sender: None,
        sender_pidfd: None,
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        descriptors_lost: header.msg_flags & libc::MSG_CTRUNC != 0,
    };
    let control: &[u8] = bytemuck::cast_slice(&control);
    parts.take_control(control.get(..header.msg_controllen as usize).unwrap_or(control));
    Ok(parts)
}

impl Parts {
    /// Walks through all control messages. Every descriptor in them becomes ours here, wanted or not.
    fn take_control(&mut self, mut control: &[u8]) {
        while let Some((len, level, kind)) = control_header(control) {
            let Some(data) = control.get(CONTROL_HEADER..len) else { return };
            match (level, kind) {
                (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                    self.descriptors.extend(numbers(data).filter_map(own));
                }
                (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                    let mut numbers = numbers(data);
                    if let (Some(pid), Some(uid), Some(gid)) =
                        (numbers.next(), numbers.next(), numbers.next())
                    {
                        self.sender = Some(credentials(pid, uid as u32, gid as u32));
                    }
                }
                // A negative number is the reason why there is none: too many open files, or the process is gone.
                (libc::SOL_SOCKET, SCM_PIDFD) => self.sender_pidfd = numbers(data).find_map(own),
                _ => {}
            }
            control = control.get(len.next_multiple_of(8)..).unwrap_or_default();
        }
    }
}

/// Returns length (with the header), level and type of the first control message in `control`.
fn control_header(control: &[u8]) -> Option<(usize, c_int, c_int)> {
    let len = usize::from_ne_bytes(control.get(..8)?.try_into().ok()?);
    let level = c_int::from_ne_bytes(control.get(8..12)?.try_into().ok()?);
    let kind = c_int::from_ne_bytes(control.get(12..16)?.try_into().ok()?);
    (CONTROL_HEADER..=control.len()).contains(&len).then_some((len, level, kind))
}

/// Returns the whole numbers in the data of a control message.
fn numbers(data: &[u8]) -> impl Iterator<Item = c_int> + '_ {
    data.chunks_exact(4).map(|bytes| c_int::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Takes a descriptor that the kernel has just put into our table.
fn own(number: RawFd) -> Option<OwnedFd> {
    if number < 0 {
        return None;
    }
    // SAFETY: the kernel made this descriptor for the call in hand, and no other code knows its number.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

fn credentials(pid: i32, uid: u32, gid: u32) -> Credentials {
    Credentials { pid: Pid::from_raw(pid), uid, gid }
}

/// Returns which process connected the other end, or called `listen` for it. (The safe wrapper's process number cannot be zero, but
/// the kernel's is, for a peer in a foreign pid namespace.)
pub(super) fn peer_credentials(fd: BorrowedFd<'_>) -> io::Result<Credentials> {
    // pid, uid, gid
    let mut numbers = [0u32; 3];
    get_option(fd, libc::SO_PEERCRED, &mut numbers)?;
    Ok(credentials(numbers[0] as i32, numbers[1], numbers[2]))
}

/// Reads the groups of the process that connected the other end, beside its first: as many as fit into `groups`. Too many are an
/// error (`ERANGE`).
pub(super) fn peer_groups(fd: BorrowedFd<'_>, groups: &mut [u32]) -> io::Result<usize> {
    get_option(fd, libc::SO_PEERGROUPS, groups)
}

/// Reads an option that consists of numbers, and returns how many there were.
fn get_option(fd: BorrowedFd<'_>, option: c_int, value: &mut [u32]) -> io::Result<usize> {
    let mut len = mem::size_of_val(value) as libc::socklen_t;
    // SAFETY: `value` is writable for `len` bytes, and any bytes are good numbers.
    let done = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            value.as_mut_ptr().cast::<c_void>(),
            &raw mut len,
        )
    };
    if done == 0 { Ok(len as usize / size_of::<u32>()) } else { Err(io::Error::last_os_error()) }
}

/// Switches an option on or off.
pub(super) fn set_option(fd: BorrowedFd<'_>, option: c_int, on: bool) -> io::Result<()> {
    let value = c_int::from(on);
    // SAFETY: `value` is readable for the stated size.
    let done = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            (&raw const value).cast::<c_void>(),
            mem::size_of_val(&value) as libc::socklen_t,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sets the mode of the file behind a descriptor, which may be open for its path only. Since Linux 6.6.
pub(super) fn set_mode(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    let numbers =
        [fd.as_raw_fd().into(), mode.into(), libc::AT_EMPTY_PATH.into()].map(|number: c_long| number);
    // SAFETY: the path is a constant that ends with a zero, and the rest are numbers.
    let done = unsafe { libc::syscall(FCHMODAT2, numbers[0], c"".as_ptr(), numbers[1], numbers[2]) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
