//! One line on the terminal that is written over while something runs.
//! It is silent where stderr is not a terminal, so that logs and scripts see results only.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_millis(100);

/// The live line of a program.
#[derive(Debug)]
pub struct Live {
    shown: bool,
    terminal: bool,
    next: Instant,
}

impl Live {
    /// A line that appears on stderr if stderr is a terminal and `wanted` says so.
    pub fn new(wanted: bool) -> Self {
        Self { shown: false, terminal: wanted && io::stderr().is_terminal(), next: Instant::now() }
    }

    /// Writes the line that `text` makes, unless it is too soon or nobody looks.
    pub fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.terminal || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PERIOD;
        self.shown = true;
        let mut stderr = io::stderr().lock();
        // A terminal that went away is no reason to stop the transfer.
        let _ = write!(stderr, "\r{}\x1b[K", text());
        let _ = stderr.flush();
    }

    /// Removes the line, so that what follows starts on a clean one.
    pub fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `bytes` for people: `1.5 GiB`.
pub fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// A number of messages for people: `12.3 M`.
pub fn count(count: f64) -> String {
    scaled(count, 1000.0, &["", "k", "M", "G"]).trim_end().to_owned()
}

/// A time in nanoseconds for people: `85.2 µs`.
pub fn nanoseconds(nanoseconds: u64) -> String {
    scaled(nanoseconds as f64, 1000.0, &["ns", "µs", "ms", "s"])
}

fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    if unit == 0 { format!("{value:.0} {}", units[unit]) } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(3 << 29), "1.5 GiB");
        assert_eq!(count(999.0), "999");
        assert_eq!(count(12_340_000.0), "12.3 M");
        assert_eq!(nanoseconds(85_200), "85.2 µs");
        assert_eq!(nanoseconds(9_000_000_000_000), "9000.0 s");
    }
}
