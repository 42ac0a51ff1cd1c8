//! Random bits from the kernel: a number that no other process has. Not for secrets, because a machine that is restored from a
//! snapshot can get the same bits twice.

use std::io;

use rustix::{
    io::retry_on_intr,
    rand::{GetRandomFlags, getrandom},
};

/// Returns 128 random bits.
pub(crate) fn number() -> io::Result<u128> {
    let mut bytes = [0; 16];
    // Up to 256 bytes come whole. Before the pool is ready at boot the call waits, and a signal can interrupt it.
    while retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()))? != bytes.len() {}
    Ok(u128::from_ne_bytes(bytes))
}
