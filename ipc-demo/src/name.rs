//! Turns what a person gives as `--name` into the path on which the programs meet.
//! It touches no file: the channel finds out whether a receiver is there.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::str::FromStr;

/// A meeting place: a bare name below the run directory, or a path if it has a slash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    path: PathBuf,
}

impl Name {
    /// A name for this process alone, for programs that start their own peers.
    pub fn private(purpose: &str) -> Self {
        Self::place(&format!("{purpose}-{}", process::id()), &run_directory())
    }

    /// Removes what a killed consumer left of a [private](Name::private) name: socket and lock file.
    /// Of a name that others may use the files stay, for the next consumer takes them over.
    pub fn sweep(&self) {
        let mut lock = self.path.clone().into_os_string();
        lock.push(".lock");
        // Mostly there is nothing.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(lock);
    }

    /// The path of the socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn place(text: &str, directory: &Path) -> Self {
        let path = if text.contains('/') {
            PathBuf::from(text)
        } else {
            directory.join(format!("shmpsc-{text}.sock"))
        };
        Self { path }
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "a name has at least one character; give the same one to the consumer and its producers"
                    .into(),
            );
        }
        Ok(Self::place(text, &run_directory()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// The user's own run directory where the system has one, else the temporary directory.
fn run_directory() -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.is_absolute() && directory.is_dir())
        .unwrap_or_else(env::temp_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_stands_in_the_run_directory() {
        let name = Name::place("films", Path::new("/run/user/7"));
        assert_eq!(name.path(), Path::new("/run/user/7/shmpsc-films.sock"));
    }

    #[test]
    fn a_name_without_a_character_is_refused() {
        assert!("".parse::<Name>().unwrap_err().contains("at least one character"));
        assert!(" ".parse::<Name>().is_ok());
    }

    #[test]
    fn a_value_with_a_slash_is_the_path_itself() {
        for path in ["/srv/films.sock", "./films.sock", "a/b"] {
            assert_eq!(Name::place(path, Path::new("/run/user/7")).path(), Path::new(path));
        }
    }
}
