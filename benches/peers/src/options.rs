//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

/// Measures channels between processes and within one, by turns, beside the least that moves a message.
#[derive(Parser, Debug)]
#[command(version, about)]
pub(crate) struct Options {
    /// Only cells whose label has every word of this; may be given several times.
    #[arg(long, value_name = "WORDS")]
    only: Vec<String>,
    /// A rough run under two minutes: fewer rounds, and fewer of the numbers of senders and sizes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How many rounds count; one before them tells how fast each cell is.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// About how long the rounds take together.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Writes the raw results to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Measures nothing, and shows the raw results of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Writes tables, plots and the three numbers into this folder of documents.
    #[arg(long, value_name = "DOCS")]
    pub(crate) write: Option<PathBuf>,
    /// Prints the labels of the cells and stops.
    #[arg(long)]
    pub(crate) list: bool,
}

impl Options {
    /// Returns whether a label is asked for.
    pub(crate) fn wants(&self, label: &str) -> bool {
        let label = label.to_lowercase();
        let fits = |words: &String| words.to_lowercase().split_whitespace().all(|word| label.contains(word));
        self.only.is_empty() || self.only.iter().any(fits)
    }

    /// Returns how many rounds count.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 3 } else { 11 }).max(1)
    }

    /// Returns about how long the rounds of so many cells take together, with the opening of channels.
    pub(crate) fn length(&self, cells: usize) -> Duration {
        let usual = if self.quick { Duration::from_millis(35) } else { Duration::from_millis(60) };
        self.seconds.map_or(usual * (cells * self.rounds()) as u32, Duration::from_secs)
    }
}
