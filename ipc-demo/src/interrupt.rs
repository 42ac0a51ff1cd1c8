//! Ctrl-C (and SIGTERM) as a wish that the program may fulfil in its own time.
//! It stops nothing by itself, except that a second Ctrl-C ends the process at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::sync::watch;

/// The exit code of a program that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// Hears the first SIGINT, SIGTERM or SIGHUP of this process.
#[derive(Clone, Debug)]
pub struct Interrupt {
    heard: watch::Receiver<bool>,
    temporary: Arc<Mutex<Option<PathBuf>>>,
}

impl Interrupt {
    /// Takes over the signals; once per process.
    pub fn install() -> Result<Self> {
        Self::install_with(|| ())
    }

    /// As [`Interrupt::install`], and also calls `on_first` (in a thread of its own) at the first signal.
    pub fn install_with(on_first: impl Fn() + Send + 'static) -> Result<Self> {
        let (tell, heard) = watch::channel(false);
        let temporary = Arc::new(Mutex::new(None::<PathBuf>));
        let at_once = Arc::clone(&temporary);
        ctrlc::set_handler(move || {
            if tell.send_replace(true) {
                if let Some(path) = &*at_once.lock().unwrap_or_else(PoisonError::into_inner) {
                    // It may have its place already.
                    let _ = fs::remove_file(path);
                }
                process::exit(INTERRUPTED.into());
            }
            on_first();
        })
        .context("cannot take over Ctrl-C")?;
        Ok(Self { heard, temporary })
    }

    /// Names a file that a second Ctrl-C removes before it ends the process, which then drops nothing.
    pub fn removes(&self, path: Option<&Path>) {
        *self.temporary.lock().unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }

    /// Whether a signal has come.
    pub fn is_requested(&self) -> bool {
        *self.heard.borrow()
    }

    /// Waits for the first signal; ready at once if it has come already.
    ///
    /// Cancel safety: dropping the future loses nothing.
    pub async fn requested(&mut self) {
        // The sending half lives in the signal handler for ever, so an error cannot be seen here.
        let _ = self.heard.wait_for(|heard| *heard).await;
    }
}
