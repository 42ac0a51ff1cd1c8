//! What the actors tell the stage, one JSON line each on their stdout. Nothing of it goes through the channel.

use std::io::{self, Write};
use std::process;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::latency::Quantiles;
use crate::exit;

/// One line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// This actor has joined the channel.
    Ready,
    /// How it goes, from the sink.
    Progress(Progress),
    /// Whether it waits for memory that the channel may not have yet, from a source.
    Waiting(bool),
    /// All that arrived, from the sink; its last word.
    Received(Received),
    /// How many records it sent, from a source; its last word.
    Sent(u64),
    /// Why it could not go on; its last word.
    Failed(String),
}

/// How it goes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// Records so far.
    pub messages: u64,
    /// Records per second since the last such word.
    pub rate: f64,
    /// Records in the channel.
    pub depth: usize,
    /// Bytes of memory that the channel has, if it is unbounded.
    pub memory: Option<u64>,
    /// Producers that hold the channel.
    pub producers: usize,
}

/// All that arrived.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Received {
    /// From the first record to the last.
    pub seconds: f64,
    /// The most bytes of memory that the channel was seen to have, if it is unbounded.
    pub most_memory_in_use: Option<u64>,
    /// Records whose checksum was wrong, or that no producer of the show made.
    pub damaged: u64,
    /// The latency of all of them together.
    pub latency: Quantiles,
    /// Each producer's.
    pub producers: Vec<FromProducer>,
}

/// What arrived of one producer.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct FromProducer {
    /// Different records.
    pub messages: u64,
    /// One more than the highest number of them.
    pub end: u64,
    /// Records that came after a later one.
    pub reordered: u64,
    /// Records that came again.
    pub doubled: u64,
    /// Their latency.
    pub latency: Quantiles,
}

/// Tells the stage.
pub fn tell(word: &Word) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let line = serde_json::to_string(word)?;
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("the stage has gone")
}

/// Ends an actor. If it failed, tells the stage and writes no sentence itself, because only the stage knows what came first.
pub fn end(outcome: Result<()>) -> ! {
    let Err(error) = outcome else { process::exit(0) };
    // A stage that has gone needs no word.
    let _ = tell(&Word::Failed(exit::sentence(&error)));
    process::exit(1);
}

/// Understands a line.
pub fn understand(line: &str) -> Result<Word> {
    serde_json::from_str(line).with_context(|| format!("an actor said something strange: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_as_they_were_meant() {
        let latency = Quantiles { samples: 4, p50: 1, p99: 2, p999: 3, max: 4 };
        let producer = FromProducer { messages: 5, end: 9, reordered: 6, doubled: 7, latency };
        for word in [
            Word::Ready,
            Word::Progress(Progress { messages: 1, rate: 2.5, depth: 3, memory: Some(5), producers: 4 }),
            Word::Waiting(true),
            Word::Received(Received {
                seconds: 1.5,
                most_memory_in_use: Some(10),
                damaged: 8,
                latency,
                producers: vec![producer],
            }),
            Word::Sent(9),
            Word::Failed("the consumer has gone".to_owned()),
        ] {
            assert_eq!(understand(&serde_json::to_string(&word).unwrap()).unwrap(), word);
        }
        assert!(understand("hello").is_err());
    }
}
