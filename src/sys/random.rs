//! A number that nobody else has: random bits from the kernel. Not for secrets that must outlive a snapshot.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

/// 128 random bits.
pub(crate) fn number() -> io::Result<u128> {
    let mut bytes = [0; 16];
    // Up to 256 bytes come whole; before the pool is ready at boot the call waits, or is interrupted.
    loop {
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            Ok(16) => return Ok(u128::from_ne_bytes(bytes)),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
