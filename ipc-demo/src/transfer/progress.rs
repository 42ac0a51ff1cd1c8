//! How far a producer is with its part of the input, and its live line. It sends nothing.

use std::ops::Range;
use std::time::Instant;

use super::chunk::UNKNOWN;
use crate::channel::retry::Refused;
use crate::live;

/// How far a producer is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The bytes that it is to send, up to [`UNKNOWN`] if only the end will tell.
    pub range: Range<u64>,
    /// All before this byte was sent.
    pub at: u64,
    /// When it began.
    pub began: Instant,
}

impl Progress {
    /// Nothing of `range` is sent yet.
    pub fn new(range: Range<u64>) -> Self {
        Self { at: range.start, range, began: Instant::now() }
    }

    /// Returns how many bytes were sent.
    pub fn sent(&self) -> u64 {
        self.at - self.range.start
    }

    /// Returns how many seconds have passed.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Says how far it is, how much memory an unbounded channel has, and why the producer waits if it does.
    pub fn line(&self, memory: Option<u64>, waits: Option<Refused>) -> String {
        let mut line = live::bytes(self.sent());
        if self.range.end != UNKNOWN {
            line.push_str(&format!(" of {}", live::bytes(self.range.end - self.range.start)));
        }
        if waits.is_none() {
            let rate = live::bytes((self.sent() as f64 / self.seconds().max(1e-3)) as u64);
            line.push_str(&format!(", {rate}/s"));
        }
        if let Some(memory) = memory {
            line.push_str(&format!(", memory {}", live::bytes(memory)));
        }
        match waits {
            None => {}
            Some(Refused::Limit(())) => line.push_str(": waiting, the limit is reached"),
            Some(_) => line.push_str(": waiting, the system has no more"),
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_why_it_waits_within_80_columns() {
        let mut progress = Progress::new(1 << 20..1024 << 20);
        progress.at = 1023 << 20;
        let limit = progress.line(Some(1023 << 20), Some(Refused::Limit(())));
        assert_eq!(limit, "1022 MiB of 1023 MiB, memory 1023 MiB: waiting, the limit is reached");
        let none = progress.line(Some(1023 << 20), Some(Refused::NoMemory(())));
        assert_eq!(none, "1022 MiB of 1023 MiB, memory 1023 MiB: waiting, the system has no more");
        let sending = progress.line(Some(1023 << 20), None);
        assert!(sending.ends_with("/s, memory 1023 MiB"), "{sending}");
        assert!([limit, none, sending].iter().all(|line| line.len() < 80));
    }

    #[test]
    fn what_has_no_size_is_of_no_size() {
        let line = Progress::new(0..UNKNOWN).line(None, None);
        assert_eq!(line, "0 B, 0 B/s");
    }
}
