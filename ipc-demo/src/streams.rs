//! Writes to standard output and standard error, either of which may be full, closed, or a pipe without a reader.
//! It does not end the program; [`exit`](crate::exit) does.
//!
//! | stream | no room, or another error | the pipe has no reader |
//! |---|---|---|
//! | standard output | an error, because the result is lost | [`ReaderGone`]: the reader has what it wanted |
//! | standard error | dropped | dropped |
//!
//! `println!` and `eprintln!` panic in each of these cases, so the library and the three programs deny them. A descriptor that is
//! closed when the program starts is `/dev/null`, because Rust's runtime opens that in its place.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context, Result};

/// The reader of standard output has gone. The program has nothing more to say to it, and ends without a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of standard output has gone")
    }
}

impl Error for ReaderGone {}

/// Writes `text` and a line break to standard output.
pub fn result(text: &str) -> Result<()> {
    let line = format!("{text}\n");
    checked(Unbuffered(io::stdout().as_fd()).write_all(line.as_bytes()))
}

/// Writes `text` and a line break to standard error, or drops it if that cannot be written.
pub fn note(text: &str) {
    let line = format!("{text}\n");
    let _ = Unbuffered(io::stderr().as_fd()).write_all(line.as_bytes());
}

/// Names what a failed write to standard output means.
pub fn checked<T>(written: io::Result<T>) -> Result<T> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        written => written.context("cannot write standard output"),
    }
}

/// A descriptor, written without a buffer. Unlike `Stdout`, it does not take a descriptor that is not open for writing for
/// one that takes everything.
struct Unbuffered<'a>(BorrowedFd<'a>);

impl Write for Unbuffered<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_gone_reader_is_not_a_failed_write() {
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        assert!(checked(writer.write_all(b"text")).unwrap_err().is::<ReaderGone>());
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let error = checked(full.write_all(b"text")).unwrap_err();
        assert!(!error.is::<ReaderGone>());
        assert!(error.to_string().contains("cannot write standard output"), "{error:#}");
    }

    #[test]
    fn a_descriptor_that_is_only_read_takes_nothing() {
        let only_read = File::open("/dev/null").unwrap();
        assert!(Unbuffered(only_read.as_fd()).write_all(b"text").is_err());
    }
}
