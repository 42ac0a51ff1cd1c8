//! One line on the terminal that is written over while something runs. It never takes a second row.
//! It is silent where stderr is not a terminal, or is one that cannot erase, so that logs and scripts see results only.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::termios::tcgetwinsize;

/// How often the line can change.
pub const PERIOD: Duration = Duration::from_millis(100);

/// The width of a terminal that does not tell it.
const COLUMNS: usize = 80;

/// The live line of a program.
#[derive(Debug)]
pub struct Live {
    shown: bool,
    terminal: bool,
    next: Instant,
}

impl Live {
    /// A line that appears on stderr if stderr is a terminal that can erase and `wanted` says so.
    pub fn new(wanted: bool) -> Self {
        let terminal = wanted && io::stderr().is_terminal() && can_erase(env::var("TERM").ok().as_deref());
        Self { shown: false, terminal, next: Instant::now() }
    }

    /// Writes the line that `text` makes, cut to the width of the terminal, unless it is too soon or there is no terminal.
    pub fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.terminal || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PERIOD;
        self.shown = true;
        // A terminal that went away is no reason to stop the transfer.
        let _ = write!(io::stderr(), "\r{}\x1b[K", fitting(&text(), columns()));
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

/// Returns whether a terminal of this kind erases a line when it is told to.
fn can_erase(term: Option<&str>) -> bool {
    !matches!(term, None | Some("" | "dumb"))
}

/// Returns how wide the terminal is: asks each time, because a person can change it.
///
/// `COLUMNS` can only make it narrower, so that a wrong one does not make the line wrap.
fn columns() -> usize {
    let told = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let real = tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
    [told, real].into_iter().flatten().filter(|&columns| columns > 0).min().unwrap_or(COLUMNS)
}

/// Cuts `text` to less than `columns`: a character in the last column would be erased with the rest of the row.
fn fitting(text: &str, columns: usize) -> String {
    text.chars().take(columns.saturating_sub(1)).collect()
}

/// `bytes` for people: `1.5 GiB`.
pub fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// A number of messages for people: `12.3 M`.
pub fn count(count: f64) -> String {
    scaled(count, 1000.0, &["", "k", "M", "G", "T", "P", "E"]).trim_end().to_owned()
}

/// Writes a number exactly if it has so many digits at most, and else by its first three.
pub fn number(number: u64, digits: usize) -> String {
    let exact = number.to_string();
    if exact.len() <= digits { exact } else { count(number as f64) }
}

/// A time in nanoseconds for people: `85.2 µs`.
pub fn nanoseconds(nanoseconds: u64) -> String {
    scaled(nanoseconds as f64, 1000.0, &["ns", "µs", "ms", "s"])
}

/// Writes three digits, or four in front of the first unit, and so never more than seven characters below the last unit.
fn scaled(mut value: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    // As it is going to be rounded: 999.9 k is 1.0 M, not 1000 k.
    while value.round() >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 99.95);
    format!("{value:.digits$} {}", units[unit])
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
        assert_eq!(nanoseconds(9_000_000_000_000), "9000 s");
        assert_eq!(count(u64::MAX as f64), "18.4 E");
        assert_eq!((number(123_456, 6), number(1_234_567, 6)), ("123456".into(), "1.2 M".into()));
    }

    #[test]
    fn a_quantity_is_rounded_before_its_unit_is_chosen() {
        assert_eq!(count(999_949.0), "1.0 M");
        assert_eq!(count(99_960.0), "100 k");
        assert_eq!(bytes(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(nanoseconds(999_999), "1.0 ms");
        for power in 0..20 {
            for number in [10_u64.pow(power), 10_u64.pow(power) - 1, 10_u64.pow(power) / 3 * 2] {
                assert!(nanoseconds(number.min(60_000_000_000)).chars().count() <= 7, "{number}");
                assert!(count(number as f64).chars().count() <= 6, "{number}");
            }
        }
    }

    #[test]
    fn a_line_leaves_the_last_column_of_any_terminal_free() {
        assert_eq!(fitting("24.7 M records, depth 0", 80), "24.7 M records, depth 0");
        assert_eq!(fitting("24.7 M records, depth 0", 10), "24.7 M re");
        assert_eq!(fitting("any", 4), "any");
        assert_eq!(fitting("any", 3), "an");
        assert_eq!(fitting("any", 1), "");
        assert_eq!(fitting("any", 0), "");
    }

    #[test]
    fn a_terminal_that_cannot_erase_has_no_live_line() {
        assert!(can_erase(Some("xterm-256color")) && can_erase(Some("linux")));
        assert!(!can_erase(Some("dumb")) && !can_erase(Some("")) && !can_erase(None));
    }
}
