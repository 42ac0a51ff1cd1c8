//! A filter of system calls that plays an older kernel, a sandbox, or a setting that is the whole machine's. It is not a test.

use std::io;

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
/// Where the number of the call is found, and the low halves of its first argument and its third.
const NUMBER: u32 = 0;
const FIRST: u32 = 16;
const THIRD: u32 = 16 + 2 * 8;

/// `fchmodat2`, which the bindings do not name on all systems.
const FCHMODAT2: u32 = 452;

fn step(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

/// Goes on `yes` steps further if the test holds, else `no`.
fn jump(test: u32, k: u32, yes: u8, no: u8) -> libc::sock_filter {
    libc::sock_filter { code: (libc::BPF_JMP | test | libc::BPF_K) as u16, jt: yes, jf: no, k }
}

/// From now on a filter holds for this thread and those that it starts.
fn install(filter: &[libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the program is a live local variable, which the kernel copies.
    let done = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The kernel is older than 6.6, which brought `fchmodat2`.
pub fn is_before_6_6() -> io::Result<()> {
    install(&[
        step(LOAD, NUMBER),
        jump(libc::BPF_JEQ, FCHMODAT2, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        step(RETURN, libc::SECCOMP_RET_ALLOW),
    ])
}

/// A sandbox refuses `unshare`.
pub fn refuses_unshare() -> io::Result<()> {
    install(&[
        step(LOAD, NUMBER),
        jump(libc::BPF_JEQ, libc::SYS_unshare as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        step(RETURN, libc::SECCOMP_RET_ALLOW),
    ])
}

/// A sandbox refuses `membarrier`.
pub fn refuses_membarrier() -> io::Result<()> {
    install(&[
        step(LOAD, NUMBER),
        jump(libc::BPF_JEQ, libc::SYS_membarrier as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        step(RETURN, libc::SECCOMP_RET_ALLOW),
    ])
}

/// A sandbox refuses that command of `membarrier`.
pub fn refuses_membarrier_command(command: u32) -> io::Result<()> {
    install(&[
        step(LOAD, NUMBER),
        jump(libc::BPF_JEQ, libc::SYS_membarrier as u32, 0, 3),
        step(LOAD, FIRST),
        jump(libc::BPF_JEQ, command, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        step(RETURN, libc::SECCOMP_RET_ALLOW),
    ])
}

/// `fs.protected_regular` is set, and each file that is there is another user's: to open it with `O_CREAT` is refused. A new one
/// must be asked for with `O_EXCL`.
pub fn protects_regular_files() -> io::Result<()> {
    install(&[
        step(LOAD, NUMBER),
        jump(libc::BPF_JEQ, libc::SYS_openat as u32, 0, 4),
        step(LOAD, THIRD),
        jump(libc::BPF_JSET, libc::O_CREAT as u32, 0, 2),
        jump(libc::BPF_JSET, libc::O_EXCL as u32, 1, 0),
        step(RETURN, libc::SECCOMP_RET_ERRNO | libc::EACCES as u32),
        step(RETURN, libc::SECCOMP_RET_ALLOW),
    ])
}
