//! A thread, and those it starts, whose system calls can be refused one at a time, as by a system that has no more or a sandbox
//! that allows less. It is not a test.
//!
//! The kernel holds each call of [`CALLS`] until another thread of the process has decided about it. That thread is not held
//! itself, and it neither allocates nor locks: who is held may be in the middle of either.

use std::{
    io, mem, ptr,
    sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::SeqCst},
    thread,
};

/// What a channel asks of the system, and what can fail there. Closing, hanging up and forgetting cannot.
const CALLS: &[(libc::c_long, &str)] = &[
    (libc::SYS_memfd_create, "memfd_create"),
    (libc::SYS_ftruncate, "ftruncate"),
    (libc::SYS_fallocate, "fallocate"),
    (libc::SYS_fcntl, "fcntl"),
    (libc::SYS_mmap, "mmap"),
    (libc::SYS_madvise, "madvise"),
    (libc::SYS_eventfd2, "eventfd2"),
    (libc::SYS_epoll_create1, "epoll_create1"),
    (libc::SYS_epoll_ctl, "epoll_ctl"),
    (libc::SYS_socket, "socket"),
    (libc::SYS_socketpair, "socketpair"),
    (libc::SYS_bind, "bind"),
    (libc::SYS_listen, "listen"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_accept4, "accept4"),
    (libc::SYS_sendmsg, "sendmsg"),
    (libc::SYS_recvmsg, "recvmsg"),
    (libc::SYS_setsockopt, "setsockopt"),
    (libc::SYS_getsockopt, "getsockopt"),
    (libc::SYS_pidfd_open, "pidfd_open"),
    (libc::SYS_waitid, "waitid"),
    (libc::SYS_clone, "clone"),
    (libc::SYS_clone3, "clone3"),
    (libc::SYS_getrandom, "getrandom"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_openat, "openat"),
    (libc::SYS_unlinkat, "unlinkat"),
    (libc::SYS_fchmod, "fchmod"),
    (libc::SYS_fstatfs, "fstatfs"),
    (libc::SYS_ioctl, "ioctl"),
    (libc::SYS_membarrier, "membarrier"),
];

/// The call to be refused, counted from 0; or none.
static NEXT: AtomicU64 = AtomicU64::new(NONE);
const NONE: u64 = u64::MAX;
/// The number of a call that is refused each time; or -1.
static KIND: AtomicI32 = AtomicI32::new(-1);
static SEEN: AtomicU64 = AtomicU64::new(0);
static ERRNO: AtomicI32 = AtomicI32::new(0);
/// The number of the call that was refused, or -1.
static REFUSED: AtomicI32 = AtomicI32::new(-1);
/// The thread that has the refuser.
static INSTALLER: AtomicI32 = AtomicI32::new(-1);
static LISTENER: AtomicI32 = AtomicI32::new(-1);
static OVER: AtomicBool = AtomicBool::new(false);

/// What is refused.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The call that comes after so many others, and no other: there is no more of something for a moment.
    Nth(u64),
    /// All calls of the kind that has this place in the list: a sandbox, or an old kernel.
    Kind(usize),
}

/// How many kinds of calls there are.
pub const KINDS: usize = CALLS.len();

/// Says which calls of this thread are refused.
pub struct Refuser(());

impl Refuser {
    /// From now on, for as long as they live, this thread and those that it starts ask for each call. An error where the kernel
    /// or a sandbox does not allow this.
    pub fn install() -> io::Result<Refuser> {
        // The first keys of a thread's hash maps. Without them the standard library panics; the kernel does not refuse them.
        // Threads that this one starts get theirs, see `decide`.
        let _ = std::hash::RandomState::new();
        INSTALLER.store(rustix::thread::gettid().as_raw_nonzero().get(), SeqCst);
        // Before the filter, which a thread inherits from the one that starts it.
        thread::spawn(decide);
        let filter = filter();
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        // SAFETY: the program is a live local variable, which the kernel copies.
        let listener = unsafe {
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
                return Err(io::Error::last_os_error());
            }
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
                ptr::from_ref(&program),
            )
        };
        if listener < 0 {
            let error = io::Error::last_os_error();
            OVER.store(true, SeqCst);
            return Err(error);
        }
        LISTENER.store(listener as i32, SeqCst);
        Ok(Refuser(()))
    }

    /// From now on this is refused.
    pub fn refuse(&self, what: What, errno: i32) {
        SEEN.store(0, SeqCst);
        REFUSED.store(-1, SeqCst);
        ERRNO.store(errno, SeqCst);
        match what {
            What::Nth(nth) => NEXT.store(nth, SeqCst),
            What::Kind(place) => KIND.store(CALLS[place].0 as i32, SeqCst),
        }
    }

    /// No call fails any more. Which one did, if any was made that had to.
    pub fn relent(&self) -> Option<&'static str> {
        NEXT.store(NONE, SeqCst);
        KIND.store(-1, SeqCst);
        let refused = REFUSED.load(SeqCst);
        CALLS.iter().find(|(number, _)| *number == refused.into()).map(|(_, name)| *name)
    }
}

/// Notify for the calls, allow all else. Of mappings those that are shared, the stacks of threads, and those of one page. The
/// others are not the library's: an allocator that gets none ends the process, and so does the standard library if a thread gets
/// no small stack for its signals.
fn filter() -> Vec<libc::sock_filter> {
    const NUMBER: u32 = 0;
    const SECOND: u32 = 24;
    const FOURTH: u32 = 40;
    const LARGE_STACK: u32 = 256 << 10;
    let jump = |test: u32, value: u32, yes: u8, no: u8| libc::sock_filter {
        code: (libc::BPF_JMP | test | libc::BPF_K) as u16,
        jt: yes,
        jf: no,
        k: value,
    };
    let step = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let load = |at| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at);
    let give = |what| step(libc::BPF_RET | libc::BPF_K, what);
    let (ask, allow) = (libc::SECCOMP_RET_USER_NOTIF, libc::SECCOMP_RET_ALLOW);
    let mut filter = vec![load(NUMBER)];
    for (number, _) in CALLS {
        let number = *number as u32;
        let looks_closer = match i64::from(number) {
            libc::SYS_mmap => vec![
                load(FOURTH),
                jump(libc::BPF_JSET, libc::MAP_SHARED as u32, 5, 0),
                jump(libc::BPF_JSET, libc::MAP_STACK as u32, 0, 2),
                load(SECOND),
                jump(libc::BPF_JGE, LARGE_STACK, 2, 3),
                load(SECOND),
                jump(libc::BPF_JEQ, rustix::param::page_size() as u32, 0, 1),
                give(ask),
                give(allow),
            ],
            libc::SYS_epoll_ctl => vec![
                load(SECOND),
                jump(libc::BPF_JEQ, libc::EPOLL_CTL_DEL as u32, 1, 0),
                give(ask),
                give(allow),
            ],
            _ => vec![give(ask)],
        };
        filter.push(jump(libc::BPF_JEQ, number, 0, looks_closer.len() as u8));
        filter.extend(looks_closer);
    }
    filter.push(give(allow));
    filter
}

/// Answers each call that is held.
fn decide() {
    while LISTENER.load(SeqCst) < 0 {
        if OVER.load(SeqCst) {
            return;
        }
        thread::yield_now();
    }
    let listener = LISTENER.load(SeqCst);
    loop {
        // SAFETY: plain numbers, and the kernel wants them zero.
        let mut asked: libc::seccomp_notif = unsafe { mem::zeroed() };
        // SAFETY: the structure is a live local variable.
        if unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) } != 0 {
            continue;
        }
        let is_key =
            i64::from(asked.data.nr) == libc::SYS_getrandom && asked.pid != INSTALLER.load(SeqCst) as u32;
        let is_next = !is_key && SEEN.fetch_add(1, SeqCst) == NEXT.load(SeqCst);
        let refused = is_next || (!is_key && asked.data.nr == KIND.load(SeqCst));
        if refused {
            REFUSED.store(asked.data.nr, SeqCst);
        }
        let mut answer = libc::seccomp_notif_resp {
            id: asked.id,
            val: 0,
            error: if refused { -ERRNO.load(SeqCst) } else { 0 },
            flags: if refused { 0 } else { libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 },
        };
        // SAFETY: the structure is a live local variable. Whoever asked may be gone: then there is nobody to answer.
        unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
    }
}
