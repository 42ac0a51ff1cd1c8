//! A file name in an open directory: where a socket or a lock file stands.
//!
//! It is not a path. The directory is found once, so all steps meet in the same one, even if it gets another path or the process
//! another root; and a name in it can be reached however long the path was, which a socket address alone cannot.

use std::{
    ffi::{CStr, CString, OsStr},
    io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags, Stat},
    io::Errno,
    net::SocketAddrUnix,
};

use super::{raw, thread};

/// Bytes of the longest address of a socket. The kernel's room has one more, for the zero that some programs expect.
const LONGEST_ADDRESS: usize = 107;

/// Bytes of a path that no system call takes any more.
const LONGEST_PATH: usize = 4096;

/// A file name in an open directory.
#[derive(Debug)]
pub(crate) struct PathAt {
    directory: Arc<OwnedFd>,
    name: CString,
    path: PathBuf,
}

/// Which file it is, as long as something keeps it open or it has a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FileId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// What stands at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Occupant {
    Nothing,
    Socket,
    /// A symbolic link, wherever it leads.
    Link,
    Other,
}

impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> FileId {
        FileId { device: stat.st_dev, inode: stat.st_ino }
    }
}

impl PathAt {
    /// Finds the place that `path` names. The directory must exist; whether the file does is not looked at.
    pub(crate) fn new(path: &Path) -> io::Result<PathAt> {
        let name = file_name(path)?;
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // For O_PATH, permission to search is enough.
        let directory = fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        // The working directory has no path if it was removed or lies outside of the root, and perhaps too long a one.
        let absolute = std::path::absolute(path).ok().filter(|path| path.as_os_str().len() < LONGEST_PATH);
        let path = absolute.unwrap_or_else(|| path.to_owned());
        Ok(PathAt { directory: Arc::new(directory), name, path })
    }

    /// Makes the place with the file name of `path` in a directory that another process handed over.
    pub(crate) fn in_directory(directory: OwnedFd, path: &Path) -> io::Result<PathAt> {
        if FileType::from_raw_mode(fs::fstat(&directory)?.st_mode) != FileType::Directory {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the descriptor is not one of a directory",
            ));
        }
        Ok(PathAt { directory: Arc::new(directory), name: file_name(path)?, path: path.to_owned() })
    }

    /// Returns the place in the same directory whose name has `suffix` appended.
    pub(crate) fn beside(&self, suffix: &str) -> io::Result<PathAt> {
        let mut name = self.name.as_bytes().to_owned();
        name.extend_from_slice(suffix.as_bytes());
        let path = self.path.with_file_name(OsStr::from_bytes(&name));
        Ok(PathAt { directory: self.directory.clone(), name: CString::new(name)?, path })
    }

    /// Returns the path as it was when the directory was opened, absolute if it could be: for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the open directory.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Returns the name in the directory.
    pub(super) fn name(&self) -> &CStr {
        &self.name
    }

    /// Looks at the file that stands there, not through a link. None: there is none.
    pub(super) fn look(&self) -> io::Result<Option<Stat>> {
        match fs::statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the file that stands there for its path only, which needs no permission of the file. Never through a link.
    pub(super) fn open_path(&self) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&self.directory, &self.name, flags, Mode::empty())
    }

    /// Returns what stands there.
    pub(crate) fn occupant(&self) -> io::Result<Occupant> {
        Ok(match self.look()?.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            None => Occupant::Nothing,
            Some(FileType::Socket) => Occupant::Socket,
            Some(FileType::Symlink) => Occupant::Link,
            Some(_) => Occupant::Other,
        })
    }

    /// Returns whether this file stands there.
    pub(super) fn has(&self, file: FileId) -> io::Result<bool> {
        Ok(self.look()?.is_some_and(|stat| FileId::from(&stat) == file))
    }

    /// Removes the file that stands there; it is no error if there is none.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::unlinkat(&self.directory, &self.name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Calls `act` with an address under which a socket can be bound or found here: the path if it fits and leads here, else
    /// the open directory's own path in `/proc`. Where neither does, it is the name alone, and `act` is called in a thread that
    /// works in the directory.
    pub(super) fn at_address<T: Send>(
        &self,
        act: impl FnOnce(&SocketAddrUnix) -> io::Result<T> + Send,
    ) -> io::Result<T> {
        match self.address() {
            Some(address) => act(&address),
            None => self.in_its_directory(act),
        }
    }

    /// Calls `act` with the name alone as an address, in a thread that works in the directory and has no umask.
    pub(super) fn in_its_directory<T: Send>(
        &self,
        act: impl FnOnce(&SocketAddrUnix) -> io::Result<T> + Send,
    ) -> io::Result<T> {
        let address = SocketAddrUnix::new(&*self.name)?;
        thread::in_directory(self.directory(), || act(&address))
    }

    fn address(&self) -> Option<SocketAddrUnix> {
        let is_here = |path: &Path| {
            let (there, here) = (fs::stat(path).ok()?, fs::fstat(&self.directory).ok()?);
            (FileId::from(&there) == FileId::from(&here)).then_some(())
        };
        let fits = |path: &Path| path.as_os_str().len() <= LONGEST_ADDRESS;
        if fits(&self.path) && self.path.parent().and_then(is_here).is_some() {
            return SocketAddrUnix::new(&self.path).ok();
        }
        let directory = through_proc(self.directory())?;
        let path = directory.join(OsStr::from_bytes(self.name.as_bytes()));
        if fits(&path) { SocketAddrUnix::new(path).ok() } else { None }
    }
}

/// Sets the mode of a file that was opened for its path only.
pub(super) fn set_mode(file: BorrowedFd<'_>, mode: Mode) -> io::Result<()> {
    let Err(error) = raw::set_mode(file, mode.as_raw_mode()) else { return Ok(()) };
    // The kernel has no such call before Linux 6.6, and a sandbox may not know it.
    match (through_proc(file), error.raw_os_error()) {
        (Some(path), _) => Ok(fs::chmod(path, mode)?),
        (None, Some(libc::ENOSYS | libc::EPERM)) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the mode of the file cannot be set: before Linux 6.6 that needs /proc",
        )),
        (None, _) => Err(error),
    }
}

/// Returns a path that leads to the file behind a descriptor, for calls that take only paths. None: there is no `/proc`.
fn through_proc(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    let (there, here) = (fs::stat(&path).ok()?, fs::fstat(fd).ok()?);
    (FileId::from(&there) == FileId::from(&here)).then_some(path)
}

/// Returns the last part of a path, if a socket can have it as its name.
fn file_name(path: &Path) -> io::Result<CString> {
    let invalid = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    let bytes = path.as_os_str().as_bytes();
    let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match bytes {
        [] => return invalid("it is empty; give the path of a socket file".into()),
        [0, ..] => {
            return invalid(
                "it begins with a zero byte, as an abstract socket address does; give the path of a socket file".into(),
            );
        }
        _ if bytes.contains(&0) => return invalid("it has a zero byte in it; leave that out".into()),
        _ => {}
    }
    match name {
        b"" | b"." | b".." => invalid("it names a directory; add the name of a socket file".into()),
        _ if name.len() > LONGEST_ADDRESS => invalid(format!(
            "its last part has {} bytes, and the name of a socket at most {LONGEST_ADDRESS}; give it a shorter one",
            name.len()
        )),
        _ => Ok(CString::new(name)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_no_socket_file_is_an_error_in_words() {
        let long = format!("/tmp/{}", "x".repeat(108));
        for (path, word) in [
            ("", "empty"),
            ("/", "directory"),
            ("..", "directory"),
            ("/tmp/.", "directory"),
            ("/tmp/name/", "directory"),
            ("/tmp/name/..", "directory"),
            ("a\0b", "zero byte"),
            ("\0abstract", "abstract"),
            (&*long, "at most 107"),
        ] {
            let error = PathAt::new(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
            assert!(error.to_string().contains(word), "{path:?}: {error}");
        }
        let missing = PathAt::new(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_bare_name_is_in_the_working_directory() {
        let place = PathAt::new(Path::new("name")).unwrap();
        let (here, there) = (fs::stat(".").unwrap(), fs::fstat(place.directory()).unwrap());
        assert_eq!((here.st_dev, here.st_ino), (there.st_dev, there.st_ino));
    }

    #[test]
    fn the_place_beside_has_the_same_directory() {
        let directory = tempfile::tempdir().unwrap();
        let place = PathAt::new(&directory.path().join("name")).unwrap();
        let beside = place.beside(".lock").unwrap();
        assert_eq!(beside.path(), directory.path().join("name.lock"));
        std::fs::write(beside.path(), "").unwrap();
        assert!(beside.look().unwrap().is_some());
        beside.remove().unwrap();
        assert!(beside.look().unwrap().is_none());
        beside.remove().unwrap();
    }

    #[test]
    fn an_address_leads_to_the_open_directory_wherever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        std::fs::create_dir(&old).unwrap();
        let place = PathAt::new(&old.join("name")).unwrap();
        let path = |address: &SocketAddrUnix| address.path_bytes().unwrap().to_owned();
        assert_eq!(path(&place.address().unwrap()), old.join("name").as_os_str().as_bytes());
        std::fs::rename(&old, &new).unwrap();
        std::fs::create_dir(&old).unwrap();
        assert!(path(&place.address().unwrap()).starts_with(b"/proc/"));
        std::fs::write(new.join("name"), "").unwrap();
        let seen = place.in_its_directory(|address| std::fs::exists(OsStr::from_bytes(&path(address))));
        assert!(seen.unwrap(), "it works in the directory");
    }
}
