//! Where the consumer puts the bytes: a file that takes them at any place, or a pipe that takes them in order.
//! It does not know what is missing.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::streams;

/// An open output.
pub struct Output {
    name: String,
    place: Place,
}

enum Place {
    Still(File),
    Flowing { file: File, is_stdout: bool, written: u64, digest: Sha256 },
}

impl Output {
    /// Opens `path` (`-` is stdout), empty.
    pub fn create(path: &Path) -> Result<Self> {
        let is_stdout = path == Path::new("-");
        let name = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
        let file = if is_stdout {
            io::stdout().as_fd().try_clone_to_owned().map(File::from)
        } else {
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)
        };
        let file = file.with_context(|| format!("cannot write {name}"))?;
        let is_file = file.metadata().with_context(|| format!("cannot write {name}"))?.is_file();
        let place = if is_file && !is_stdout {
            Place::Still(file)
        } else {
            Place::Flowing { file, is_stdout, written: 0, digest: Sha256::new() }
        };
        Ok(Self { name, place })
    }

    /// Whether bytes can only be written one after the other.
    pub fn is_in_order(&self) -> bool {
        matches!(self.place, Place::Flowing { .. })
    }

    /// Writes `bytes` at `start`, which of a pipe must be its present end.
    pub fn write(&mut self, start: u64, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.place {
            Place::Still(file) => file.write_all_at(bytes, start),
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
    pub fn sha256(self) -> Result<String> {
        let digest = match self.place {
            Place::Flowing { digest, .. } => digest,
            Place::Still(mut file) => {
                hash(&mut file).with_context(|| format!("cannot read {} again", self.name))?
            }
        };
        let mut hex = String::new();
        for byte in digest.finalize() {
            write!(hex, "{byte:02x}")?;
        }
        Ok(hex)
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
    fn a_place_that_cannot_be_written_is_named() {
        let error = Output::create(Path::new("/nowhere/out")).err().unwrap();
        assert!(format!("{error:#}").starts_with("cannot write /nowhere/out: "));
    }
}
