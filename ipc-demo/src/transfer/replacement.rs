//! A file that is written beside another and takes its name when it is complete. Until then the other file is as it was.
//! A process that ends before then removes the new file. Only a signal that the program does not handle (SIGKILL, SIGQUIT)
//! leaves it.
//!
//! The file at the name keeps its permissions and, if this process may give files away, its owner. It is another file all
//! the same: other hard links to the old one still have the old bytes. A power failure leaves the old file or the new one,
//! never a part of it, because the bytes are on the disk before the name changes. The change of the name itself is not
//! waited for.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tempfile::{Builder, NamedTempFile};

/// As many symbolic links as the kernel follows.
const LINKS: usize = 40;

/// The bits of a file's mode that say which users may do what.
const PERMISSIONS: u32 = 0o777;

/// A new file on its way to a name.
#[derive(Debug)]
pub struct Replacement {
    file: NamedTempFile,
    target: PathBuf,
}

impl Replacement {
    /// Makes an empty file beside the one that `path` names, through symbolic links. No such file need exist.
    pub fn of(path: &Path) -> io::Result<Self> {
        let target = follow(path)?;
        if target.as_os_str().as_bytes().ends_with(b"/") || target.file_name().is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let old = existing(&target)?;
        let identity = |facts: &Metadata| (facts.dev(), facts.ino());
        if existing(path)?.as_ref().map(identity) != old.as_ref().map(identity) {
            // A link of /proc to an open file that was removed.
            return Err(io::Error::other("the file has no name"));
        }
        // The bytes may be a secret, so other users are admitted only when this is the file that admits them.
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        let directory = target.parent().filter(|directory| !directory.as_os_str().is_empty());
        let file = Builder::new()
            .prefix(".consumer-")
            .suffix(".part")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(directory.unwrap_or(Path::new(".")))?;
        Ok(Self { file, target })
    }

    /// Returns where the new file is until it has its name.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns the new file.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the new file the name. If that cannot be done, the new file stays where it is, and the error says where.
    pub fn take_place(self) -> Result<()> {
        let Self { file, target } = self;
        if let Ok(old) = fs::metadata(&target) {
            take_after(file.as_file(), &old);
        }
        match file.as_file().sync_data() {
            // The file system keeps nothing, so it has nothing to wait for.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            synced => synced.context("cannot bring the bytes to the disk")?,
        }
        file.persist(&target).map(drop).map_err(|failed| match failed.file.keep() {
            Ok((_, kept)) => {
                let (target, kept) = (target.display(), kept.display());
                anyhow!(failed.error)
                    .context(format!("cannot replace {target}, so what was received stays in {kept}"))
            }
            Err(_) => anyhow!(failed.error).context(format!("cannot replace {}", target.display())),
        })
    }
}

/// Gives `file` the owner and the permissions of the old one, in this order: giving a file away can change its permissions.
///
/// What is refused is left: most users may give nothing away, and some file systems have one permission for all files.
fn take_after(file: &File, old: &Metadata) {
    let is_owned_alike = |new: Metadata| (new.uid(), new.gid()) == (old.uid(), old.gid());
    if !file.metadata().is_ok_and(is_owned_alike) {
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
    let _ = file.set_permissions(Permissions::from_mode(old.mode() & PERMISSIONS));
}

fn existing(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds the name behind symbolic links, which need not be that of a file.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            // An absolute link replaces the whole path.
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            // It is no link, or nothing.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(rustix::io::Errno::LOOP.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use tempfile::{TempDir, tempdir};

    use super::*;

    fn replace(path: &Path, bytes: &[u8]) {
        let mut new = Replacement::of(path).unwrap();
        new.file().write_all(bytes).unwrap();
        new.take_place().unwrap();
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_file_is_as_it_was_until_the_new_one_is_complete() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("out");
        fs::write(&path, "old").unwrap();
        let mut new = Replacement::of(&path).unwrap();
        new.file().write_all(b"half").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(&directory).len()), (b"old".to_vec(), 2));
        drop(new);
        assert_eq!((fs::read(&path).unwrap(), names(&directory).len()), (b"old".to_vec(), 1));
        replace(&path, b"new");
        assert_eq!((fs::read(&path).unwrap(), names(&directory)), (b"new".to_vec(), vec!["out".to_owned()]));
    }

    #[test]
    fn permissions_are_those_of_the_old_file() {
        let directory = tempdir().unwrap();
        for mode in [0o600, 0o640, 0o755] {
            let path = directory.path().join("out");
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let new = Replacement::of(&path).unwrap();
            assert_eq!(fs::metadata(new.path()).unwrap().mode() & PERMISSIONS, 0o600);
            new.take_place().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & PERMISSIONS, mode);
        }
    }

    #[test]
    fn a_new_name_gets_the_permissions_of_any_new_file() {
        let directory = tempdir().unwrap();
        let (path, other) = (directory.path().join("out"), directory.path().join("other"));
        replace(&path, b"new");
        fs::write(&other, "any").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode(), fs::metadata(&other).unwrap().mode());
    }

    #[test]
    fn symbolic_links_stay_and_lead_to_the_new_file() {
        let directory = tempdir().unwrap();
        fs::create_dir(directory.path().join("below")).unwrap();
        fs::write(directory.path().join("below/there"), "old").unwrap();
        let (near, far, nowhere) =
            (directory.path().join("near"), directory.path().join("far"), directory.path().join("nowhere"));
        symlink("below/there", &near).unwrap();
        symlink(&near, &far).unwrap();
        symlink("below/not yet", &nowhere).unwrap();
        replace(&far, b"new");
        replace(&nowhere, b"first");
        assert!(near.is_symlink() && far.is_symlink() && nowhere.is_symlink());
        assert_eq!(fs::read(directory.path().join("below/there")).unwrap(), b"new");
        assert_eq!(fs::read(directory.path().join("below/not yet")).unwrap(), b"first");
    }

    #[test]
    fn a_name_that_is_no_files_is_refused() {
        let directory = tempdir().unwrap();
        let (one, other) = (directory.path().join("one"), directory.path().join("other"));
        symlink(&one, &other).unwrap();
        symlink(&other, &one).unwrap();
        for path in [&one, &directory.path().join("not yet/"), &directory.path().join("no directory/out")] {
            assert!(Replacement::of(path).is_err(), "{}", path.display());
        }
        assert_eq!(names(&directory), ["one", "other"]);
    }

    #[test]
    fn a_hard_link_keeps_the_old_bytes() {
        let directory = tempdir().unwrap();
        let (path, link) = (directory.path().join("out"), directory.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::hard_link(&path, &link).unwrap();
        replace(&path, b"new");
        assert_eq!((fs::read(&path).unwrap(), fs::read(&link).unwrap()), (b"new".to_vec(), b"old".to_vec()));
    }

    #[test]
    fn what_cannot_take_its_place_stays_and_is_named() {
        let directory = tempdir().unwrap();
        let path = directory.path().join("out");
        let mut new = Replacement::of(&path).unwrap();
        new.file().write_all(b"new").unwrap();
        fs::create_dir(&path).unwrap();
        let kept = new.path().to_owned();
        let sentence = format!("{:#}", new.take_place().unwrap_err());
        assert!(sentence.contains(kept.to_str().unwrap()), "{sentence}");
        assert_eq!(fs::read(kept).unwrap(), b"new");
    }
}
