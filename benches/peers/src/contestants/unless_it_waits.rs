//! What a call of the system gave that never waits.

use std::io::{ErrorKind, Result};

/// Returns it, or none where the call would have had to wait.
pub(super) fn unless_it_waits(result: Result<usize>) -> Option<usize> {
    match result {
        Ok(result) => Some(result),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("the other end has gone: {error}"),
    }
}
