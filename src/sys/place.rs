//! A file name in an open directory: where a socket or a lock file stands.
//!
//! It is not a path. The directory is found once, so all steps meet in the same one even if a path above it changes; and
//! a name in it can be reached however long the path was, which a socket address alone cannot.

use std::{
    ffi::{CStr, CString, OsStr},
    io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self, AtFlags, Mode, OFlags},
    net::SocketAddrUnix,
};

/// A file name in an open directory.
#[derive(Debug)]
pub(crate) struct Place {
    directory: OwnedFd,
    name: CString,
    path: PathBuf,
}

impl Place {
    /// The place that `path` names. The directory must exist; whether the file does is not looked at.
    pub(crate) fn new(path: &Path) -> io::Result<Place> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let name = CString::new(name.as_bytes())?;
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // For O_PATH, permission to search is enough.
        let directory = fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Place { directory, name, path: path.to_owned() })
    }

    /// The place in the same directory whose name has `suffix` appended.
    pub(crate) fn beside(&self, suffix: &str) -> io::Result<Place> {
        let mut name = self.name.as_bytes().to_owned();
        name.extend_from_slice(suffix.as_bytes());
        let path = self.path.with_file_name(OsStr::from_bytes(&name));
        let directory = self.directory.try_clone()?;
        Ok(Place { directory, name: CString::new(name)?, path })
    }

    /// The path as it was given, for messages to people.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// The name in the directory.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// Removes the file that stands there; it is no error if there is none.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::unlinkat(&self.directory, &self.name, AtFlags::empty()) {
            Err(rustix::io::Errno::NOENT) => Ok(()),
            other => Ok(other?),
        }
    }

    /// The address under which a socket can be bound or found here: the path itself if it fits, else through the open
    /// directory. Valid in this process while this lives. Fails only if the file name alone is too long.
    pub(super) fn socket_address(&self) -> io::Result<SocketAddrUnix> {
        // The kernel's room has 108 bytes; the last is left for the zero that some programs expect.
        if self.path.as_os_str().len() < 108 {
            return Ok(SocketAddrUnix::new(&self.path)?);
        }
        let mut address = format!("/proc/self/fd/{}/", self.directory.as_raw_fd()).into_bytes();
        address.extend_from_slice(self.name.as_bytes());
        Ok(SocketAddrUnix::new(address)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_without_a_file_name_or_a_directory_are_errors() {
        for path in ["", "/", "..", "a\0b", "\0abstract"] {
            assert_eq!(
                Place::new(Path::new(path)).unwrap_err().kind(),
                io::ErrorKind::InvalidInput,
                "{path:?}"
            );
        }
        let missing = Place::new(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_bare_name_is_in_the_working_directory() {
        let place = Place::new(Path::new("name")).unwrap();
        let (here, there) = (fs::stat(".").unwrap(), fs::fstat(place.directory()).unwrap());
        assert_eq!((here.st_dev, here.st_ino), (there.st_dev, there.st_ino));
    }

    #[test]
    fn the_place_beside_has_the_same_directory() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::new(&directory.path().join("name")).unwrap();
        let beside = place.beside(".lock").unwrap();
        assert_eq!(beside.path(), directory.path().join("name.lock"));
        std::fs::write(beside.path(), "").unwrap();
        beside.remove().unwrap();
        assert!(!beside.path().exists());
        beside.remove().unwrap();
    }
}
