//! A lock file: who holds it may replace what stands beside it. The kernel lets it go when its owner ends.
//!
//! It says nothing in its contents, and its mere existence means nothing.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags, Stat},
    io::Errno,
};

use super::place::Place;

/// More often than this the file cannot be replaced under our eyes by honest neighbours.
const ATTEMPTS: u32 = 100;

/// A lock file, held. Dropping it lets go unless another process has a copy of the descriptor.
#[derive(Debug)]
pub(crate) struct Lock {
    file: OwnedFd,
}

impl Lock {
    /// Takes the lock file at `place`, making it if need be. None: somebody else holds it. Never waits.
    pub(crate) fn take(place: &Place) -> io::Result<Option<Lock>> {
        for _ in 0..ATTEMPTS {
            let Some(file) = open(place)? else { continue };
            match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            // The last owner may have removed the file after we opened it: then we locked what nobody will find again.
            if stands_at(&file, place)? {
                return Ok(Some(Lock { file }));
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// A held lock that another process handed over.
    pub(crate) fn from_fd(file: OwnedFd) -> Lock {
        Lock { file }
    }

    /// Whether the file at `place` still is the locked one. If not, somebody removed it, and our place may be taken.
    pub(crate) fn is_at(&self, place: &Place) -> io::Result<bool> {
        stands_at(&self.file, place)
    }

    /// Ends it: removes the file, if it still is ours, and lets go of the lock, also on behalf of forked children and
    /// of processes to which the descriptor was sent.
    pub(crate) fn release(self, place: &Place) -> io::Result<()> {
        // Removed while it is held, so nobody can lock the file and lose it to us; see `take`.
        let removed = if stands_at(&self.file, place)? { place.remove() } else { Ok(()) };
        fs::flock(&self.file, FlockOperation::Unlock)?;
        removed
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Opens or makes the file. None: it went away at the wrong moment, try again.
fn open(place: &Place) -> io::Result<Option<OwnedFd>> {
    // NOFOLLOW: a link planted by a neighbour must not make us open a file elsewhere. NONBLOCK: nor must a pipe or a
    // device make us wait.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    match fs::openat(place.directory(), place.name(), flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) if is_regular(&fs::fstat(&file)?) => Ok(Some(file)),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "the lock file is not a regular file")),
        Err(Errno::NOENT | Errno::INTR) => match fs::fstat(place.directory())?.st_nlink {
            0 => Err(Errno::NOENT.into()),
            _ => Ok(None),
        },
        Err(error) => Err(error.into()),
    }
}

fn stands_at(file: &OwnedFd, place: &Place) -> io::Result<bool> {
    let ours = fs::fstat(file)?;
    match fs::statat(place.directory(), place.name(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(there) => Ok((there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}
