//! The input of a producer: a file of known size, or a pipe. It reads; it sends nothing.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::chunk::UNKNOWN;
use super::shard::Shard;

/// Where the bytes come from.
#[derive(Debug)]
pub enum Source {
    /// A file that lies still: its bytes can be read anywhere.
    Still(File),
    /// A pipe, a terminal, a device: its bytes come one after the other, and may be long in coming.
    Flowing(tokio::fs::File),
}

/// A source, and what is to be read of it.
#[derive(Debug)]
pub struct Input {
    /// Where the bytes come from.
    pub source: Source,
    /// The bytes to read; up to [`UNKNOWN`] if only the end will tell.
    pub range: Range<u64>,
    /// The size of the whole, or [`UNKNOWN`].
    pub total: u64,
}

impl Input {
    /// Opens `path` (`-` is stdin) to read `shard` of it.
    pub fn open(path: &Path, shard: Shard) -> Result<Self> {
        let name = path.display();
        let is_stdin = path == Path::new("-");
        let file = if is_stdin {
            let stdin = io::stdin().as_fd().try_clone_to_owned().context("cannot read standard input")?;
            File::from(stdin)
        } else {
            File::open(path).with_context(|| format!("cannot read {name}"))?
        };
        let facts = file.metadata().with_context(|| format!("cannot read {name}"))?;
        if facts.is_dir() {
            bail!("cannot read {name}: it is a directory");
        }
        // The files of the kernel (/proc) say that they are empty and are not: whole, they are read to their end.
        if facts.is_file() && !is_stdin && (facts.len() > 0 || !shard.is_whole()) {
            let total = facts.len();
            return Ok(Self { source: Source::Still(file), range: shard.range(total), total });
        }
        if !shard.is_whole() {
            let what = if is_stdin { "standard input" } else { "a pipe or device" };
            bail!(
                "{what} has no size to divide, so it cannot be sent as shard {shard}; give a file or leave out --shard"
            );
        }
        Ok(Self {
            source: Source::Flowing(tokio::fs::File::from_std(file)),
            range: 0..UNKNOWN,
            total: UNKNOWN,
        })
    }
}

/// Reads the bytes of `file` at `start` until `into` is full or the file ends; returns how many.
pub fn read_up_to(file: &impl FileExt, start: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read_at(&mut into[filled..], start + filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Gives one byte at a time, its place; is interrupted each third time; ends at `end` or fails at `broken`.
    struct Slow {
        calls: Cell<u32>,
        end: u64,
        broken: u64,
    }

    impl FileExt for Slow {
        fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
            self.calls.set(self.calls.get() + 1);
            if self.calls.get().is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if at >= self.broken {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if at >= self.end {
                return Ok(0);
            }
            into[0] = at as u8;
            Ok(1)
        }

        fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
            unreachable!("it is only read")
        }
    }

    #[test]
    fn short_reads_and_interruptions_do_not_shorten_the_input() {
        let mut into = [0; 5];
        let slow = Slow { calls: Cell::new(0), end: 100, broken: 100 };
        assert_eq!(read_up_to(&slow, 10, &mut into).unwrap(), 5);
        assert_eq!(into, [10, 11, 12, 13, 14]);
    }

    #[test]
    fn the_end_and_errors_end_the_reading() {
        let mut into = [0; 5];
        let ends = Slow { calls: Cell::new(0), end: 3, broken: 100 };
        assert_eq!(read_up_to(&ends, 0, &mut into).unwrap(), 3);
        let fails = Slow { calls: Cell::new(0), end: 100, broken: 3 };
        assert_eq!(read_up_to(&fails, 0, &mut into).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_has_no_size_cannot_be_divided() {
        let half = Shard::new(1, 2).unwrap();
        let error = Input::open(Path::new("/dev/null"), half).unwrap_err();
        assert!(error.to_string().starts_with("a pipe or device has no size to divide"), "{error}");
    }
}
