//! Where the consumer puts the bytes: a file that takes them at any place, or a pipe or device that takes them in order.
//! It does not know what is missing.
//!
//! A file is a [`Replacement`], and so stands at its name only when it is complete. Standard output and all that is not a
//! file are written directly.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::process::{Resource, getrlimit};
use sha2::{Digest, Sha256};

use super::replacement::Replacement;
use crate::streams;

/// An open output.
pub struct Output {
    name: String,
    place: Place,
}

enum Place {
    Still(Replacement),
    Flowing { file: File, is_stdout: bool, written: u64, digest: Sha256 },
}

impl Output {
    /// Opens `path` (`-` is stdout), empty. A named pipe has to wait for a reader; see [`waits_for_a_reader`].
    pub fn create(path: &Path) -> Result<Self> {
        let is_stdout = is_stdout(path);
        let name = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
        let place = if is_stdout {
            io::stdout().as_fd().try_clone_to_owned().map(|stdout| Place::flowing(stdout.into(), true))
        } else {
            open(path)
        };
        let place = place.with_context(|| format!("cannot write {name}"))?;
        Ok(Self { name, place })
    }

    /// Whether bytes can only be written one after the other.
    pub fn is_in_order(&self) -> bool {
        matches!(self.place, Place::Flowing { .. })
    }

    /// Returns whether standard output is taken for the bytes.
    pub fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Flowing { is_stdout: true, .. })
    }

    /// Returns the path of the file that must be removed if this process ends before it has finished.
    pub fn temporary(&self) -> Option<&Path> {
        match &self.place {
            Place::Still(file) => Some(file.path()),
            Place::Flowing { .. } => None,
        }
    }

    /// Writes `bytes` at `start`, which of a pipe must be its present end.
    pub fn write(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.place {
            Place::Still(file) => check_file_size_limit(start + bytes.len() as u64)
                .and_then(|()| file.file().write_all_at(bytes, start)),
            Place::Flowing { file, is_stdout, written, digest } if start == *written => {
                digest.update(bytes);
                *written += bytes.len() as u64;
                let done = file.write_all(bytes);
                if *is_stdout {
                    return streams::checked(done);
                }
                done
            }
            Place::Flowing { written, .. } => {
                let gap = format!("byte {start} came where byte {written} was due");
                Err(io::Error::new(io::ErrorKind::InvalidData, gap))
            }
        };
        written.with_context(|| format!("cannot write {}", self.name))
    }

    /// The SHA-256 of everything written; of a file, as it now reads.
    pub fn sha256(&mut self) -> Result<String> {
        let digest = match &mut self.place {
            Place::Flowing { digest, .. } => digest.clone(),
            Place::Still(file) => {
                hash(file.file()).with_context(|| format!("cannot read {} again", self.name))?
            }
        };
        let mut hex = String::new();
        for byte in digest.finalize() {
            write!(hex, "{byte:02x}")?;
        }
        Ok(hex)
    }

    /// Puts what was written in its place. An output that is dropped without this was never there.
    pub fn finish(self) -> Result<()> {
        match self.place {
            Place::Still(file) => file.take_place(),
            Place::Flowing { .. } => Ok(()),
        }
    }
}

impl Place {
    fn flowing(file: File, is_stdout: bool) -> Self {
        Self::Flowing { file, is_stdout, written: 0, digest: Sha256::new() }
    }
}

/// Returns whether `path` is a named pipe, which cannot be opened before a process reads it.
pub fn waits_for_a_reader(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.file_type().is_fifo()) && !is_stdout(path)
}

/// Returns whether `path` is standard output: `-`, or the file or pipe to which standard output is redirected.
fn is_stdout(path: &Path) -> bool {
    let identity = || {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
        let file = fs::metadata(path).ok()?;
        // A device takes bytes and the report alike.
        let is_taken = file.is_file() || file.file_type().is_fifo();
        Some(is_taken && (stdout.dev(), stdout.ino()) == (file.dev(), file.ino()))
    };
    path == Path::new("-") || identity().unwrap_or(false)
}

fn open(path: &Path) -> io::Result<Place> {
    match OpenOptions::new().write(true).open(path) {
        Ok(file) if !file.metadata()?.is_file() => Ok(Place::flowing(file, false)),
        // It is only looked at: a file that is protected against writing must not be replaced either.
        Ok(_) => Replacement::of(path).map(Place::Still),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Replacement::of(path).map(Place::Still),
        Err(error) => Err(error),
    }
}

/// A write beyond this limit would end the process by SIGXFSZ, which leaves the temporary file, and no sentence.
fn check_file_size_limit(end: u64) -> io::Result<()> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if end > limit => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("this process may write {limit} bytes to a file; raise RLIMIT_FSIZE (`ulimit -f`)"),
        )),
        _ => Ok(()),
    }
}

fn hash(file: &mut File) -> io::Result<Sha256> {
    file.rewind()?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(digest),
            Ok(length) => digest.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_takes_bytes_in_any_order() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        std::fs::write(&path, "something longer that was here before").unwrap();
        let mut output = Output::create(&path).unwrap();
        assert!(!output.is_in_order());
        output.write(2, b"c").unwrap();
        output.write(0, b"ab").unwrap();
        assert_eq!(output.sha256().unwrap(), ABC);
        output.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    }

    #[test]
    fn a_device_takes_bytes_in_order_only() {
        let mut output = Output::create(Path::new("/dev/null")).unwrap();
        assert!(output.is_in_order());
        output.write(0, b"ab").unwrap();
        let error = output.write(3, b"c").unwrap_err();
        assert_eq!(format!("{error:#}"), "cannot write /dev/null: byte 3 came where byte 2 was due");
        output.write(2, b"c").unwrap();
        assert_eq!(output.sha256().unwrap(), ABC);
    }

    #[test]
    fn a_link_to_a_device_is_written_directly() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("out");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let output = Output::create(&link).unwrap();
        assert!(output.is_in_order() && output.temporary().is_none());
        output.finish().unwrap();
        assert!(link.is_symlink());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let error = Output::create(Path::new("/nowhere/out")).err().unwrap();
        assert!(format!("{error:#}").starts_with("cannot write /nowhere/out: "));
    }
}
