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
            match Attempt::on(file, place)? {
                Attempt::Held(lock) => return Ok(Some(lock)),
                Attempt::Busy => return Ok(None),
                Attempt::InVain => {}
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// A held lock that another process handed over.
    pub(crate) fn from_fd(file: OwnedFd) -> Lock {
        Lock { file }
    }

    /// Whether the file at `place` still is the locked one. If not, somebody removed it, and our place may be taken.
    #[cfg(test)]
    fn is_at(&self, place: &Place) -> io::Result<bool> {
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

/// What came of locking an open file.
enum Attempt {
    Held(Lock),
    Busy,
    InVain,
}

impl Attempt {
    fn on(file: OwnedFd, place: &Place) -> io::Result<Attempt> {
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // The last owner may have removed the file after we opened it: then we locked what nobody finds any more.
            Ok(()) if stands_at(&file, place)? => Ok(Attempt::Held(Lock { file })),
            Ok(()) | Err(Errno::INTR) => Ok(Attempt::InVain),
            Err(Errno::WOULDBLOCK) => Ok(Attempt::Busy),
            Err(error) => Err(error.into()),
        }
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::sys::tests::eventually;

    fn place() -> (tempfile::TempDir, Place) {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::new(&directory.path().join("name.lock")).unwrap();
        (directory, place)
    }

    #[test]
    fn one_at_a_time_and_the_next_after_it() {
        let (_directory, place) = place();
        let lock = Lock::take(&place).unwrap().unwrap();
        assert_eq!(std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Lock::take(&place).unwrap().is_none());
        drop(lock);
        eventually(|| Lock::take(&place).unwrap().is_some());
    }

    #[test]
    fn release_removes_the_file_and_lets_go_for_every_copy() {
        let (_directory, place) = place();
        let lock = Lock::take(&place).unwrap().unwrap();
        let copy = lock.as_fd().try_clone_to_owned().unwrap();
        assert!(lock.is_at(&place).unwrap());
        lock.release(&place).unwrap();
        assert!(!place.path().exists());
        assert!(Lock::take(&place).unwrap().is_some());
        assert!(!Lock::from_fd(copy).is_at(&place).unwrap());
    }

    #[test]
    fn a_copy_keeps_it_when_the_first_is_dropped() {
        let (_directory, place) = place();
        let lock = Lock::take(&place).unwrap().unwrap();
        let handed_over = Lock::from_fd(lock.as_fd().try_clone_to_owned().unwrap());
        drop(lock);
        assert!(Lock::take(&place).unwrap().is_none());
        handed_over.release(&place).unwrap();
        assert!(Lock::take(&place).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_not_ours_any_more_is_left_alone() {
        let (_directory, place) = place();
        let lock = Lock::take(&place).unwrap().unwrap();
        std::fs::remove_file(place.path()).unwrap();
        let next = Lock::take(&place).unwrap().unwrap();
        lock.release(&place).unwrap();
        assert!(next.is_at(&place).unwrap());
    }

    #[test]
    fn a_file_removed_between_opening_and_locking_is_no_lock() {
        let (_directory, place) = place();
        let opened = open(&place).unwrap().unwrap();
        Lock::take(&place).unwrap().unwrap().release(&place).unwrap();
        let _next = Lock::take(&place).unwrap().unwrap();
        assert!(matches!(Attempt::on(opened, &place).unwrap(), Attempt::InVain));
    }

    #[test]
    fn links_and_other_kinds_of_files_are_errors() {
        let (directory, place) = place();
        symlink(directory.path().join("elsewhere"), place.path()).unwrap();
        assert_eq!(Lock::take(&place).unwrap_err().raw_os_error(), Some(libc::ELOOP));
        assert!(!directory.path().join("elsewhere").exists());
        std::fs::remove_file(place.path()).unwrap();
        fs::mknodat(fs::CWD, place.path(), FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error() {
        let (directory, place) = place();
        drop(directory);
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn many_who_take_and_release_never_hold_it_together() {
        let (_directory, place) = place();
        let inside = crate::sync::AtomicU32::new(0);
        let relaxed = crate::sync::Ordering::Relaxed;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut times = 0;
                    while times < 50 {
                        let Some(lock) = Lock::take(&place).unwrap_or(None) else { continue };
                        assert_eq!(inside.fetch_add(1, relaxed), 0);
                        inside.fetch_sub(1, relaxed);
                        lock.release(&place).unwrap();
                        times += 1;
                    }
                });
            }
        });
    }
}
