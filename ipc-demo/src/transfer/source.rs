//! The input of a producer: a file of known size, or a pipe. It reads; it sends nothing.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncReadExt;

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
        if facts.is_file() && !is_stdin {
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

impl Source {
    /// Reads as many bytes at `start` as there are, up to the length of `into`; 0 is the end.
    ///
    /// Not cancel safe: a future dropped while waiting for a pipe may have taken bytes out of it.
    pub async fn read(&mut self, start: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Still(file) => read_up_to(|already, rest| file.read_at(rest, start + already as u64), into),
            Self::Flowing(file) => file.read(into).await,
        }
    }
}

/// Calls `read` until `into` is full or the end is reached.
fn read_up_to(
    mut read: impl FnMut(usize, &mut [u8]) -> io::Result<usize>,
    into: &mut [u8],
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match read(filled, &mut into[filled..]) {
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
    use super::*;

    #[test]
    fn short_reads_and_interruptions_do_not_shorten_the_input() {
        let mut calls = 0;
        let mut into = [0_u8; 8];
        let filled = read_up_to(
            |already, rest| {
                calls += 1;
                if calls == 2 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                rest[0] = already as u8;
                Ok(1)
            },
            &mut into,
        );
        assert_eq!(filled.unwrap(), 8);
        assert_eq!(into, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_end_and_errors_end_the_reading() {
        let mut into = [0_u8; 8];
        assert_eq!(read_up_to(|already, _| Ok(usize::from(already < 3)), &mut into).unwrap(), 3);
        let error = read_up_to(|_, _| Err(io::ErrorKind::InvalidInput.into()), &mut into).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
