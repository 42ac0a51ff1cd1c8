//! A name under which senders find the receiver: a socket file, and the lock file that says who may replace it.
//!
//! It lets nobody in; that is [`super::admission`].

use std::{
    fs::{self, Metadata},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{
            ffi::OsStrExt,
            fs::{FileTypeExt, MetadataExt},
        },
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use super::porter::Token;
use crate::{
    error::OpenError,
    sys::{
        listener::{self, Listener},
        lock::Lock,
        place::Place,
    },
};

/// Appended to the socket's name, in the same directory.
const LOCK: &str = ".lock";

pub(super) struct Name {
    place: Place,
    lock_place: Place,
    lock: Lock,
    listener: Arc<Listener>,
    /// Device and inode of the socket file, to remove no other.
    file: Option<(u64, u64)>,
    /// Under which the porter watches the listener.
    pub token: Option<Token>,
}

impl Name {
    /// Takes the name at `path`: locks it, removes the socket of an owner that died, and listens.
    pub fn take(path: &Path, mode: u32) -> Result<Name, OpenError> {
        // The working directory may change before the name is given up.
        let path = &std::path::absolute(path).map_err(failed("use the path", path))?;
        let place = Place::new(path).map_err(failed("use the path", path))?;
        let lock_place = place.beside(LOCK).map_err(failed("use the path", path))?;
        let lock = match Lock::take(&lock_place).map_err(failed("lock", lock_place.path()))? {
            Some(lock) => lock,
            None => return Err(OpenError::NameInUse { path: path.clone() }),
        };
        let listener = clear(path, &place).and_then(|()| match Listener::bind(&place, mode) {
            Ok(listener) => Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(OpenError::NameInUse { path: path.clone() })
            }
            Err(error) => Err(failed("listen at", path)(error)),
        });
        match listener {
            Ok(listener) => Ok(Name::new(place, lock_place, lock, listener)),
            Err(error) => {
                let _ = lock.release(&lock_place);
                Err(error)
            }
        }
    }

    /// A name that another process handed over, with its listener and its lock.
    pub fn from_parts(path: &[u8], listener: OwnedFd, lock: OwnedFd) -> io::Result<Name> {
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        let place = Place::new(path)?;
        let lock_place = place.beside(LOCK)?;
        let lock = Lock::from_fd(lock);
        if !lock.is_at(&lock_place)? {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the lock is not the one of the name"));
        }
        Ok(Name::new(place, lock_place, lock, Listener::from_fd(listener)?))
    }

    fn new(place: Place, lock_place: Place, lock: Lock, listener: Listener) -> Name {
        let file = fs::symlink_metadata(place.path()).ok().filter(is_socket).map(identity);
        Name { place, lock_place, lock, listener: Arc::new(listener), file, token: None }
    }

    pub fn path(&self) -> &Path {
        self.place.path()
    }

    pub fn listener(&self) -> &Arc<Listener> {
        &self.listener
    }

    pub fn lock(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }

    /// Gives the name up: whoever waits at it is refused, and both files are removed while the lock is still held.
    pub fn close(self) {
        let there = fs::symlink_metadata(self.place.path()).ok().map(identity);
        if there.is_some() && there == self.file {
            let _ = self.place.remove();
        }
        self.listener.close();
        // If the file cannot be removed it stays, unlocked, which means nothing.
        let _ = self.lock.release(&self.lock_place);
    }
}

/// Makes sure that nothing stands at the name. The lock is held, so a socket of ours found there has lost its owner; a
/// foreign one may be alive, which it shows by letting us connect.
fn clear(path: &Path, place: &Place) -> Result<(), OpenError> {
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", path)(error)),
    };
    if !is_socket(&there) {
        return Err(OpenError::NotASocket { path: path.into() });
    }
    match listener::connect(path, Instant::now()) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            place.remove().map_err(failed("remove the dead socket", path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(failed("find out who listens at", path)(error))
        }
        _ => Err(OpenError::NameInUse { path: path.into() }),
    }
}

fn is_socket(file: &Metadata) -> bool {
    file.file_type().is_socket()
}

fn identity(file: Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = PathBuf::from(path);
    move |source| OpenError::System { what, path: Some(path), name: None, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, os::unix::fs::PermissionsExt, os::unix::net::UnixListener};

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

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = Name::take(Path::new("/nowhere/at/all"), 0o600).err().unwrap();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
