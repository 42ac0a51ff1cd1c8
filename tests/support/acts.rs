//! What children of several programs do. No test is here.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use shmpsc::{Sender, error::TrySendError};

use super::{Value, tell, wait_for_parent};

/// Sends in batches of up to `batch` until the parent says to stop, then tells how many values that were. It never stands in
/// the line: who is stopped at the head of the line may keep those behind it waiting.
pub fn tries_until_told(sender: &Sender<Value>, who: u64, batch: u64) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_parent();
            is_over.store(true, Relaxed);
        });
        let mut sent = 0;
        while !is_over.load(Relaxed) {
            let values: Vec<_> = (sent..sent + batch).map(|n| [who, n]).collect();
            match sender.try_send_many(&values) {
                Ok(some) => sent += some as u64,
                Err(full) => {
                    assert_eq!(full, TrySendError::Full(()));
                    thread::yield_now();
                }
            }
        }
        tell(sent);
    });
}

/// In the child: shuts down every connection that it has, behind the library's back.
pub fn break_all_connections() {
    for fd in (3..100).filter(|&fd| is_connection(fd)) {
        // SAFETY: it is borrowed for one call, which fails on what is no open socket.
        let _ = unsafe { libc::shutdown(fd, libc::SHUT_RDWR) };
    }
}

/// Returns whether the descriptor is a socket of the library's kind. Those of tokio's runtime are streams.
fn is_connection(fd: i32) -> bool {
    let (mut kind, mut length) = (0, size_of::<i32>() as libc::socklen_t);
    // SAFETY: the call writes at most so many bytes to a number of that size, and fails on what is no open socket.
    let got = unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, (&raw mut kind).cast(), &raw mut length)
    };
    got == 0 && kind == libc::SOCK_SEQPACKET
}

/// Closes the lifeline behind the library's back.
pub fn close_all_connections() {
    for fd in (3..100).filter(|&fd| is_connection(fd)) {
        // SAFETY: it is broken behind its owner's back on purpose; the process opens nothing else from now on.
        assert_eq!(unsafe { libc::close(fd) }, 0);
    }
}
