//! What a consumer says at the end, to people and to machines. It judges nothing.

use serde::Serialize;

use super::shard::Shard;
use crate::live;

/// How the transfer ended.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether every byte of the file arrived, once and undamaged.
    pub complete: bool,
    /// Whether a signal interrupted the consumer.
    pub interrupted: bool,
    /// How many bytes arrived.
    pub bytes: u64,
    /// The size of the whole file, if a producer said.
    pub total: Option<u64>,
    /// The SHA-256 of the output, if it is complete.
    pub sha256: Option<String>,
    /// From the first word of a producer to the last.
    pub seconds: f64,
    /// The most bytes of memory that the channel was seen to have, if it was unbounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_memory_in_use: Option<u64>,
    /// All producers that came, in the order in which they came.
    pub producers: Vec<Producer>,
    /// The parts of the file that did not arrive.
    pub missing: Vec<Missing>,
    /// How many chunks were damaged.
    pub damaged: u64,
    /// What went wrong, one sentence each.
    pub problems: Vec<String>,
}

/// One producer, as the consumer saw it.
#[derive(Clone, Debug, Serialize)]
pub struct Producer {
    /// Its process.
    pub pid: u32,
    /// Its part of the file.
    pub shard: Shard,
    /// How many of its bytes arrived.
    pub bytes: u64,
    /// How it left.
    pub outcome: Outcome,
}

/// How a producer left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It sent everything and said so.
    Complete,
    /// Its input could not be read to the end.
    Unreadable,
    /// A signal interrupted it.
    Interrupted,
    /// It said nothing: killed, or cut off by the consumer's own end.
    Vanished,
    /// What it had to send did not fit to what others had announced.
    Refused,
}

/// A part of the file that did not arrive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Missing {
    /// Its first byte.
    pub start: u64,
    /// The byte after its last; none if it is not known how long the file is.
    pub end: Option<u64>,
    /// The part of the file to which it belongs, if the file is divided.
    pub shard: Shard,
}

impl Report {
    /// The lines for people.
    pub fn lines(&self) -> String {
        let rate = live::bytes((self.bytes as f64 / self.seconds.max(1e-9)) as u64);
        let producers = self.producers.len();
        let mut lines = format!(
            "received {} bytes from {producers} {} in {:.3} s ({rate}/s)",
            self.bytes,
            if producers == 1 { "producer" } else { "producers" },
            self.seconds,
        );
        if let Some(most) = self.most_memory_in_use {
            lines.push_str(&format!("\nat most {} of the channel's memory was in use", live::bytes(most)));
        }
        if let Some(sha256) = &self.sha256 {
            lines.push_str(&format!("\nsha256 {sha256}"));
        }
        lines
    }

    /// What went wrong in one sentence; nothing if all is well.
    pub fn sentence(&self) -> Option<String> {
        if self.complete {
            return None;
        }
        let mut parts = Vec::new();
        if self.interrupted {
            parts.push("interrupted".to_owned());
        }
        parts.extend(self.problems.iter().cloned());
        if !self.missing.is_empty() {
            parts.push(format!("missing: {}", list(&self.missing)));
        }
        Some(parts.join("; "))
    }
}

/// Names so many, and counts the rest.
const NAMED: usize = 8;

fn list(missing: &[Missing]) -> String {
    let mut named: Vec<String> = missing.iter().take(NAMED).map(Missing::to_string).collect();
    if missing.len() > NAMED {
        named.push(format!("and {} more parts", missing.len() - NAMED));
    }
    named.join(", ")
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.end {
            Some(end) => write!(f, "bytes {}..{end}", self.start)?,
            None => write!(f, "everything from byte {} on", self.start)?,
        }
        if self.shard.is_whole() { Ok(()) } else { write!(f, " of shard {}", self.shard) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_read_well() {
        let shard = Shard::new(2, 3).unwrap();
        let part = |start, end, shard| Missing { start, end, shard };
        assert_eq!(part(5, Some(9), shard).to_string(), "bytes 5..9 of shard 2/3");
        assert_eq!(part(5, Some(9), Shard::WHOLE).to_string(), "bytes 5..9");
        assert_eq!(part(5, None, Shard::WHOLE).to_string(), "everything from byte 5 on");
        let many: Vec<_> = (0..10).map(|at| part(at * 2, Some(at * 2 + 1), shard)).collect();
        assert!(list(&many).ends_with("bytes 14..15 of shard 2/3, and 2 more parts"));
    }
}
