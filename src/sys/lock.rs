//! An advisory lock (`flock`) on a file: the process that holds it may replace what stands beside it. The kernel releases it when that
//! process ends.
//!
//! The file is empty. That it exists means nothing: only the lock counts.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{self, FileType, FlockOperation, Mode, OFlags, Stat},
    io::Errno,
    process::geteuid,
};

use super::path_at::{FileId, PathAt, set_mode};

/// The mode of the lock file, whatever the umask. A process that can open the file, if only to read it, can lock it and so keep the
/// name from its owner. So only processes of the owner's user can, and the superuser's.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// NOFOLLOW: a link planted by a neighbour must not make us open a file elsewhere. NONBLOCK: nor must a pipe or a device make us wait.
const FLAGS: OFlags = OFlags::RDWR.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);

/// How often the lock is tried. Honest processes do not replace the file more often than this while one tries.
const ATTEMPTS: u32 = 100;

/// A lock file, held. Dropping it lets go unless another process has a copy of the descriptor.
#[derive(Debug)]
pub(crate) struct Lock {
    file: OwnedFd,
}

impl Lock {
    /// Takes the lock file at `place`, making it if need be. None: another process holds it. Never waits.
    pub(crate) fn take(place: &PathAt) -> io::Result<Option<Lock>> {
        for _ in 0..ATTEMPTS {
            let Some(file) = open(place)? else { continue };
            match LockOutcome::of(file, place)? {
                LockOutcome::Held(lock) => return Ok(Some(lock)),
                LockOutcome::Busy => return Ok(None),
                LockOutcome::InVain => {}
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Takes over a held lock that another process handed over. Refuses what that process cannot have locked as [`Lock::take`] does:
    /// a file that it may not write, or a descriptor that is open for its path only.
    pub(crate) fn from_fd(file: OwnedFd) -> io::Result<Lock> {
        let is_open = fs::fcntl_getfl(&file)? & OFlags::RWMODE == OFlags::RDWR;
        if !is_open || !is_lock(&fs::fstat(&file)?) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the descriptor is not one of a lock file",
            ));
        }
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "another process holds the lock"))
            }
            locked => Ok(locked.map(|()| Lock { file })?),
        }
    }

    /// Returns whether the lock, which stands at `place`, is that of this socket at `socket`: one user made both. So the user of a
    /// process that hands a lock over can have only sockets of its own removed.
    pub(crate) fn is_of(&self, place: &PathAt, socket: &PathAt, file: FileId) -> io::Result<bool> {
        let lock = fs::fstat(&self.file)?;
        let made_by_its_user = |stat: Stat| {
            let is_socket = FileType::from_raw_mode(stat.st_mode) == FileType::Socket;
            is_socket && FileId::from(&stat) == file && stat.st_uid == lock.st_uid
        };
        Ok(place.has(FileId::from(&lock))? && socket.look()?.is_some_and(made_by_its_user))
    }

    /// Ends it: removes the file, if it still is ours, and lets go of the lock, also on behalf of forked children and
    /// of processes to which the descriptor was sent.
    pub(crate) fn release(self, place: &PathAt) -> io::Result<()> {
        // Removed while it is held: else another process could lock the file, and this one would remove it then. See `take`.
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
enum LockOutcome {
    Held(Lock),
    /// Another process holds it.
    Busy,
    /// The file was replaced meanwhile, or a signal came: open it again.
    InVain,
}

impl LockOutcome {
    fn of(file: OwnedFd, place: &PathAt) -> io::Result<LockOutcome> {
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            // The last owner may have removed the file after we opened it: then we locked a file that has no name any more.
            Ok(()) if stands_at(&file, place)? => Ok(LockOutcome::Held(Lock { file })),
            Ok(()) | Err(Errno::INTR) => Ok(LockOutcome::InVain),
            Err(Errno::WOULDBLOCK) => Ok(LockOutcome::Busy),
            Err(error) => Err(error.into()),
        }
    }
}

/// Opens or makes the file. None: it came, went or was repaired, try again.
fn open(place: &PathAt) -> io::Result<Option<OwnedFd>> {
    // Without CREATE: in a directory that all may write to, the kernel may refuse that for a file of another user, even to the
    // superuser (`fs.protected_regular`).
    match fs::openat(place.directory(), place.name(), FLAGS, Mode::empty()) {
        Ok(file) => match fs::fstat(&file)? {
            stat if is_lock(&stat) => Ok(Some(file)),
            stat if is_regular(&stat) => Err(foreign()),
            _ => Err(irregular()),
        },
        // Opening fails for a link, a directory or a socket.
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => Err(irregular()),
        Err(Errno::NOENT) => create(place),
        Err(Errno::ACCESS) => repair(place).map(|()| None),
        Err(Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes the file, with its mode. None: it is there by now, try again.
fn create(place: &PathAt) -> io::Result<Option<OwnedFd>> {
    let flags = FLAGS | OFlags::CREATE | OFlags::EXCL;
    let file = match fs::openat(place.directory(), place.name(), flags, MODE) {
        Ok(file) => file,
        Err(Errno::EXIST | Errno::INTR) => return Ok(None),
        Err(Errno::NOENT) => {
            let what = "its directory was removed, or takes no files";
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        Err(error) => return Err(error.into()),
    };
    // The umask may have taken bits away. If this process is killed before they are set, `repair` sets them.
    let Err(error) = settle_mode(&file) else { return Ok(Some(file)) };
    if let Ok(LockOutcome::Held(lock)) = LockOutcome::of(file, place) {
        let _ = lock.release(place);
    }
    Err(error)
}

fn settle_mode(file: &OwnedFd) -> io::Result<()> {
    if permissions(&fs::fstat(file)?) != MODE {
        fs::fchmod(file, MODE)?;
    }
    Ok(())
}

/// Gives a file that could not be opened the mode that it lacks: a process of the same user made it and was killed before it could
/// set the mode. Changes no file of another user, and none that has a second name: that one may be anything.
fn repair(place: &PathAt) -> io::Result<()> {
    let file = match place.open_path() {
        Err(Errno::NOENT) => return Ok(()),
        file => file?,
    };
    let stat = fs::fstat(&file)?;
    let (owner, own) = (stat.st_uid, geteuid().as_raw());
    match is_regular(&stat) {
        false => Err(irregular()),
        true if owner != own => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "it is user {owner}'s and this process is user {own}'s; end the receiver of that user, or remove the file if it \
                 has ended"
            ),
        )),
        true if permissions(&stat).contains(MODE) || stat.st_nlink != 1 => Err(Errno::ACCESS.into()),
        true => set_mode(file.as_fd(), MODE),
    }
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file; remove it or choose another name")
}

/// Many programs call a file so that is no lock, or that they would miss: `Cargo.lock`. It must not be removed as a lock.
fn foreign() -> io::Error {
    let what = "it is not empty, so another program made it; remove it if that is not needed, or choose another name";
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn permissions(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode & 0o7777)
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn is_lock(stat: &Stat) -> bool {
    is_regular(stat) && stat.st_size == 0
}

fn stands_at(file: &OwnedFd, place: &PathAt) -> io::Result<bool> {
    place.has(FileId::from(&fs::fstat(file)?))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::Uid;

    use super::*;
    use crate::sys::tests::{eventually, is_own_process};

    fn place() -> (tempfile::TempDir, PathAt) {
        let directory = tempfile::tempdir().unwrap();
        let place = PathAt::new(&directory.path().join("name.lock")).unwrap();
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
        lock.release(&place).unwrap();
        assert!(!place.path().exists());
        assert!(Lock::take(&place).unwrap().is_some());
        assert!(!stands_at(&copy, &place).unwrap());
    }

    #[test]
    fn a_copy_keeps_it_when_the_first_is_dropped() {
        let (_directory, place) = place();
        let lock = Lock::take(&place).unwrap().unwrap();
        let handed_over = Lock::from_fd(lock.as_fd().try_clone_to_owned().unwrap()).unwrap();
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
        assert!(stands_at(&next.file, &place).unwrap());
    }

    #[test]
    fn a_file_removed_between_opening_and_locking_is_no_lock() {
        let (_directory, place) = place();
        let opened = open(&place).unwrap().unwrap();
        Lock::take(&place).unwrap().unwrap().release(&place).unwrap();
        let _next = Lock::take(&place).unwrap().unwrap();
        assert!(matches!(LockOutcome::of(opened, &place).unwrap(), LockOutcome::InVain));
    }

    #[test]
    fn links_and_other_kinds_of_files_are_errors() {
        let (directory, place) = place();
        symlink(directory.path().join("elsewhere"), place.path()).unwrap();
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(!directory.path().join("elsewhere").exists());
        for kind in [FileType::Fifo, FileType::Socket] {
            std::fs::remove_file(place.path()).unwrap();
            fs::mknodat(fs::CWD, place.path(), kind, Mode::RWXU, 0).unwrap();
            assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        std::fs::remove_file(place.path()).unwrap();
        std::fs::create_dir(place.path()).unwrap();
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_file_with_contents_is_no_lock_and_stays() {
        let (_directory, place) = place();
        std::fs::write(place.path(), "[[package]]").unwrap();
        let error = Lock::take(&place).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("it is not empty"), "{error}");
        assert_eq!(std::fs::read(place.path()).unwrap(), b"[[package]]");
    }

    /// Shows T62.
    #[test]
    fn what_its_giver_cannot_have_locked_is_not_taken_over() {
        let (_directory, place) = place();
        let open = |flags| fs::openat(place.directory(), place.name(), flags, Mode::empty()).unwrap();
        std::fs::write(place.path(), "").unwrap();
        for flags in [OFlags::PATH, OFlags::RDONLY, OFlags::WRONLY] {
            assert_eq!(Lock::from_fd(open(flags)).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        let lock = Lock::take(&place).unwrap().unwrap();
        assert_eq!(Lock::from_fd(open(FLAGS)).unwrap_err().kind(), io::ErrorKind::InvalidData);
        drop(lock);
        eventually(|| Lock::from_fd(open(FLAGS)).is_ok());
        std::fs::write(place.path(), "[[package]]").unwrap();
        assert_eq!(Lock::from_fd(open(FLAGS)).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error() {
        let (directory, place) = place();
        drop(directory);
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    /// In a process of its own, and not as the superuser, which may open every file.
    fn as_a_user(name: &str) -> bool {
        if !is_own_process(name) {
            return false;
        }
        if geteuid().is_root() {
            rustix::thread::set_thread_uid(Uid::from_raw(12345)).unwrap();
        }
        true
    }

    #[test]
    fn the_mode_is_the_same_whatever_the_umask() {
        if !is_own_process("sys::lock::tests::the_mode_is_the_same_whatever_the_umask") {
            return;
        }
        for umask in [0, 0o077, 0o200, 0o777] {
            let (_directory, place) = place();
            rustix::process::umask(Mode::from_raw_mode(umask));
            let lock = Lock::take(&place).unwrap().unwrap();
            assert_eq!(permissions(&place.look().unwrap().unwrap()), MODE, "umask {umask:o}");
            lock.release(&place).unwrap();
            rustix::process::umask(Mode::empty());
        }
    }

    #[test]
    fn a_file_whose_mode_was_never_set_is_taken_by_its_user() {
        if !as_a_user("sys::lock::tests::a_file_whose_mode_was_never_set_is_taken_by_its_user") {
            return;
        }
        let (_directory, place) = place();
        for mode in [0o000, 0o400, 0o200] {
            std::fs::write(place.path(), "").unwrap();
            std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let lock = Lock::take(&place).unwrap().unwrap();
            assert_eq!(permissions(&place.look().unwrap().unwrap()), MODE);
            lock.release(&place).unwrap();
        }
        // It is also the file of another name, which perhaps should keep its mode.
        let other = place.beside(".other").unwrap();
        std::fs::write(other.path(), "").unwrap();
        std::fs::set_permissions(other.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
        std::fs::hard_link(other.path(), place.path()).unwrap();
        assert_eq!(Lock::take(&place).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(permissions(&other.look().unwrap().unwrap()), Mode::empty());
    }

    /// Shows T63.
    #[test]
    fn a_file_of_another_user_is_refused_with_both_users() {
        let (directory, place) = place();
        drop(Lock::take(&place).unwrap());
        if !geteuid().is_root() {
            return;
        }
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = std::thread::spawn(move || {
            rustix::thread::set_thread_uid(Uid::from_raw(12345)).unwrap();
            Lock::take(&place).unwrap_err()
        });
        let error = error.join().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().starts_with("it is user 0's and this process is user 12345's"), "{error}");
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
