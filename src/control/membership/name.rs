//! A name under which senders find the receiver: a socket file, and the lock file, whose holder may replace it.
//!
//! It lets no process in: that is [`crate::control::meeting::door`].

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use crate::control::{porter::Token, wire::NameFacts};
use crate::{
    error::OpenError,
    sys::{
        listener::{self, Listener},
        lock::Lock,
        path_at::{FileId, Occupant, PathAt},
    },
};

/// Appended to the socket's name, in the same directory.
const LOCK: &str = ".lock";

pub(in crate::control) struct Name {
    place: PathAt,
    lock_place: PathAt,
    lock: Lock,
    listener: Arc<Listener>,
    /// Under which the porter watches the listener.
    pub token: Option<Token>,
}

/// What comes along with a name that is handed over.
pub(in crate::control) struct NameParts {
    pub listener: OwnedFd,
    pub lock: OwnedFd,
    /// Where both files stand, whatever became of the path.
    pub directory: OwnedFd,
}

impl Name {
    /// Takes the name at `path`: locks it, removes the socket of an owner that died, and listens.
    pub fn take(path: &Path, mode: u32) -> Result<Name, OpenError> {
        let place = PathAt::new(path).map_err(unusable(path))?;
        let lock_place = place.beside(LOCK).map_err(unusable(path))?;
        let lock = match Lock::take(&lock_place).map_err(failed("lock", lock_place.path()))? {
            Some(lock) => lock,
            None => return Err(in_use(&place)),
        };
        let listener = clear(&place).and_then(|()| match Listener::bind(&place, mode) {
            Ok(listener) => Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(in_use(&place)),
            Err(error) => Err(failed("listen at", place.path())(error)),
        });
        match listener {
            Ok(listener) => Ok(Name { place, lock_place, lock, listener: Arc::new(listener), token: None }),
            Err(error) => {
                let _ = lock.release(&lock_place);
                Err(error)
            }
        }
    }

    /// Takes over a name that another process handed over.
    pub fn from_parts(facts: &NameFacts, parts: NameParts) -> io::Result<Name> {
        let path = PathBuf::from(std::ffi::OsString::from_vec(facts.path.clone()));
        let place = PathAt::in_directory(parts.directory, &path)?;
        let lock_place = place.beside(LOCK)?;
        let lock = Lock::from_fd(parts.lock)?;
        // The giver may name a file that is not its own: one that this process may remove and the giver may not.
        let file = facts.file.map(|(device, inode)| FileId { device, inode });
        let file = file.filter(|file| lock.is_of(&lock_place, &place, *file).unwrap_or(false));
        let listener = Arc::new(Listener::from_fd(parts.listener, file)?);
        Ok(Name { place, lock_place, lock, listener, token: None })
    }

    /// Returns what another process must know to take the name over, beside [`Name::descriptors`].
    pub fn facts(&self) -> NameFacts {
        NameFacts {
            path: self.place.path().as_os_str().as_bytes().to_owned(),
            file: self.listener.file().map(|file| (file.device, file.inode)),
        }
    }

    /// Returns the descriptors that another process needs to take the name over: listener, lock and directory.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 3] {
        [self.listener.as_fd(), self.lock.as_fd(), self.place.directory()]
    }

    pub fn listener(&self) -> &Arc<Listener> {
        &self.listener
    }

    /// Gives the name up: callers that wait at it are refused, and both files are removed while the lock is still held.
    pub fn close(self) {
        // If a file cannot be removed it stays, without a listener and unlocked, which means nothing.
        let _ = self.listener.remove_file(&self.place);
        self.listener.close();
        let _ = self.lock.release(&self.lock_place);
    }
}

/// Calls the receiver that listens at `path`. If too many others stand at its door, it waits to be next, until `until` at most.
pub(in crate::control) fn connect(path: &Path, until: Instant) -> Result<OwnedFd, OpenError> {
    let called = Instant::now();
    let no_receiver = |why| OpenError::NoReceiver { path: path.into(), why };
    let place = match PathAt::new(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(no_receiver(
                "its directory does not exist; start the receiver first, or correct the path",
            ));
        }
        place => place.map_err(unusable(path))?,
    };
    listener::connect(&place, until).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if has_lock_file(&place) => no_receiver(
            "the socket file is gone and its lock file is still there; if the receiver runs, its socket was removed: restart it",
        ),
        io::ErrorKind::NotFound => {
            no_receiver("there is no such file; start the receiver first, or correct the path")
        }
        io::ErrorKind::ConnectionRefused => match place.occupant() {
            Ok(Occupant::Other) => OpenError::NotASocket { path: path.into() },
            _ => no_receiver("the process that listened there has ended; start the receiver again"),
        },
        io::ErrorKind::TimedOut => OpenError::TimedOut { path: Some(path.into()), waited: called.elapsed() },
        io::ErrorKind::PermissionDenied => OpenError::NotPermitted { path: path.into(), source: error },
        kind if error.raw_os_error() == Some(libc::EPROTOTYPE) => {
            let what = "it is a socket of another kind, which no receiver made; correct the path";
            failed("connect to", path)(io::Error::new(kind, what))
        }
        _ => failed("connect to", path)(error),
    })
}

/// Returns whether there is a lock file for the name. It may be held or not: to try that could keep a receiver from the name.
fn has_lock_file(place: &PathAt) -> bool {
    place.beside(LOCK).and_then(|lock| lock.occupant()).is_ok_and(|lock| lock == Occupant::Other)
}

/// Makes sure that nothing stands at the name. The lock is held, so a socket of ours found there has lost its owner; a
/// foreign one may be alive, which it shows by letting us connect.
fn clear(place: &PathAt) -> Result<(), OpenError> {
    let path = place.path();
    match place.occupant().map_err(failed("look at", path))? {
        Occupant::Nothing => return Ok(()),
        Occupant::Link | Occupant::Other => return Err(OpenError::NotASocket { path: path.into() }),
        Occupant::Socket => {}
    }
    let call = || listener::connect(place, Instant::now());
    let answer = match call() {
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && listener::let_owner_in(place).is_ok_and(|changed| changed) =>
        {
            call()
        }
        answer => answer,
    };
    match answer {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            place.remove().map_err(failed("remove the dead socket", path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(failed("find out who listens at", path)(error))
        }
        _ => Err(in_use(place)),
    }
}

/// Returns the error that another process holds the name: it has the lock, or its socket lets callers in.
fn in_use(place: &PathAt) -> OpenError {
    let socket_missing = matches!(place.occupant(), Ok(Occupant::Nothing));
    OpenError::NameInUse { path: place.path().into(), socket_missing }
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    // A path that is empty or has a zero byte in it does not help a reader.
    let is_text = !path.as_os_str().is_empty() && !path.as_os_str().as_bytes().contains(&0);
    let path = is_text.then(|| PathBuf::from(path));
    move |source| OpenError::System { what: "use the path", path, name: None, source }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = PathBuf::from(path);
    move |source| OpenError::System { what, path: Some(path), name: None, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, fs::File, os::unix::fs::PermissionsExt, os::unix::net::UnixListener};

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn names(directory: &tempfile::TempDir) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn a_name_is_held_once_and_leaves_nothing() {
        let dir = directory();
        let path = dir.path().join("feed");
        let name = Name::take(&path, 0o640).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(matches!(Name::take(&path, 0o600), Err(OpenError::NameInUse { .. })));
        name.close();
        assert_eq!(names(&dir), 0);
        Name::take(&path, 0o600).unwrap().close();
    }

    #[test]
    fn a_dead_owners_socket_is_replaced() {
        let dir = directory();
        let path = dir.path().join("feed");
        // Dropping closes the descriptors and removes nothing: what a killed process leaves.
        drop(Name::take(&path, 0o600).unwrap());
        assert_eq!(names(&dir), 2);
        Name::take(&path, 0o600).unwrap().close();
        assert_eq!(names(&dir), 0);
    }

    #[test]
    fn a_dead_owners_socket_is_replaced_whatever_its_mode() {
        let dir = directory();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let path = dir.path().join("feed");
        let as_a_user = std::thread::spawn(move || {
            // The superuser may connect to every socket.
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_uid(rustix::fs::Uid::from_raw(12345)).unwrap();
            }
            for mode in [0o000, 0o060, 0o400] {
                drop(Name::take(&path, 0o600).unwrap());
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                Name::take(&path, 0o600).unwrap().close();
            }
        });
        as_a_user.join().unwrap();
        assert_eq!(names(&dir), 0);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let dir = directory();
        let path = dir.path().join("feed");
        File::create(&path).unwrap();
        assert!(matches!(Name::take(&path, 0o600), Err(OpenError::NotASocket { .. })));
        fs::remove_file(&path).unwrap();
        let foreign = UnixListener::bind(&path).unwrap();
        assert!(matches!(Name::take(&path, 0o600), Err(OpenError::NameInUse { .. })), "it lives");
        drop(foreign);
        let name = Name::take(&path, 0o600).unwrap();
        fs::remove_file(&path).unwrap();
        File::create(&path).unwrap();
        name.close();
        assert!(path.exists(), "somebody else's file");
    }

    /// What another process would take over if these files were said to be the name's.
    fn handed_over(socket: &Path, lock: OwnedFd) -> io::Result<Name> {
        let facts = {
            use std::os::unix::fs::MetadataExt;
            let file = fs::symlink_metadata(socket).unwrap();
            NameFacts { path: socket.as_os_str().as_bytes().to_owned(), file: Some((file.dev(), file.ino())) }
        };
        let elsewhere = directory();
        let own = Name::take(&elsewhere.path().join("own"), 0o600).unwrap();
        let listener = own.listener.as_fd().try_clone_to_owned().unwrap();
        let directory = File::open(socket.parent().unwrap()).unwrap().into();
        Name::from_parts(&facts, NameParts { listener, lock, directory })
    }

    /// Shows T62.
    #[test]
    fn a_giver_cannot_have_a_file_removed_that_is_not_its_own() {
        let dir = directory();
        let [file, socket] = ["file", "socket"].map(|name| dir.path().join(name));
        File::create(&file).unwrap();
        let _other = UnixListener::bind(&socket).unwrap();
        let open = |name: &str| {
            let options = File::options().read(true).write(true).create(true).clone();
            OwnedFd::from(options.open(dir.path().join(name)).unwrap())
        };
        // Not a socket; a socket without a lock beside it, with a lock of another name.
        for (path, lock) in [(&file, "file.lock"), (&socket, "file.lock")] {
            handed_over(path, open(lock)).unwrap().close();
            assert!(path.exists(), "{}", path.display());
        }
        // Beside the socket, and open for its path only: every user can have that.
        fs::write(dir.path().join("socket.lock"), "").unwrap();
        let flags = rustix::fs::OFlags::PATH;
        let mode = rustix::fs::Mode::empty();
        let lock = rustix::fs::open(dir.path().join("socket.lock"), flags, mode).unwrap();
        assert!(handed_over(&socket, lock).is_err());
        assert!(socket.exists() && dir.path().join("socket.lock").exists());
        if rustix::process::geteuid().is_root() {
            // Beside the socket of another user, where all may write.
            std::os::unix::fs::chown(&socket, Some(12345), None).unwrap();
            handed_over(&socket, open("socket.lock")).unwrap().close();
            assert!(socket.exists());
            std::os::unix::fs::chown(&socket, Some(0), None).unwrap();
        }
        handed_over(&socket, open("socket.lock")).unwrap().close();
        assert!(!socket.exists(), "made by the user of the lock");
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = Name::take(Path::new("/nowhere/at/all"), 0o600).err().unwrap();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
        let error = call(Path::new("/nowhere/at/all")).unwrap_err().to_string();
        assert!(error.starts_with("no receiver listens at /nowhere/at/all: its directory"), "{error}");
    }

    fn call(path: &Path) -> Result<OwnedFd, OpenError> {
        connect(path, Instant::now())
    }

    /// Shows T61.
    #[test]
    fn a_name_goes_with_its_directory_and_takes_no_other_along() {
        let dir = directory();
        let [run, old] = ["run", "old"].map(|name| dir.path().join(name));
        fs::create_dir(&run).unwrap();
        let first = Name::take(&run.join("feed"), 0o600).unwrap();
        fs::rename(&run, &old).unwrap();
        assert!(call(&old.join("feed")).is_ok());
        fs::create_dir(&run).unwrap();
        let second = Name::take(&run.join("feed"), 0o600).unwrap();
        first.close();
        assert_eq!(fs::read_dir(&old).unwrap().count(), 0);
        assert!(call(&run.join("feed")).is_ok());
        second.close();
    }

    #[test]
    fn a_caller_is_told_what_is_there_instead_of_a_receiver() {
        let dir = directory();
        let path = dir.path().join("feed");
        let why = || call(&path).unwrap_err().to_string();
        assert!(why().contains("there is no such file"), "{}", why());
        let name = Name::take(&path, 0o600).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(why().contains("its socket was removed: restart it"), "{}", why());
        let error = Name::take(&path, 0o600).err().unwrap();
        assert!(matches!(error, OpenError::NameInUse { socket_missing: true, .. }), "{error}");
        assert!(error.to_string().contains("socket file was removed"), "{error}");
        name.close();
        assert_eq!(names(&dir), 0);
        drop(Name::take(&path, 0o600).unwrap());
        assert!(why().contains("has ended"), "{}", why());
        fs::remove_file(&path).unwrap();
        File::create(&path).unwrap();
        assert!(matches!(call(&path), Err(OpenError::NotASocket { .. })));
        fs::remove_file(&path).unwrap();
        let _stream = UnixListener::bind(&path).unwrap();
        assert!(why().contains("a socket of another kind"), "{}", why());
    }

    #[test]
    fn both_sides_say_why_a_path_cannot_be_a_name() {
        for path in ["", "/tmp/", "/tmp/.", "..", "\0feed", "fe\0ed", &*"x".repeat(108)] {
            let path = Path::new(path);
            let (taken, called) = (Name::take(path, 0o600).err().unwrap(), call(path).unwrap_err());
            assert_eq!(taken.to_string(), called.to_string());
            assert!(taken.to_string().contains("; "), "what to do: {taken}");
            assert!(!taken.to_string().contains('\0'), "{taken}");
            assert_eq!(io::Error::from(taken).kind(), io::ErrorKind::InvalidInput);
        }
    }
}
