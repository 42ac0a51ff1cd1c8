//! What a run has measured: every sample of every cell, as it stands in the file of raw results.

use std::{fs, io, path::Path, process::Command};

use serde::{Deserialize, Serialize};

use crate::{
    cell::{Cell, Measure, Outcome, Placement, Way},
    harness::{machine, spread::Spread},
};

/// The samples of a cell, one a round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Samples {
    pub(crate) cell: Cell,
    pub(crate) rounds: Vec<Outcome>,
}

/// A figure of a sample.
pub(crate) type Column = fn(&Outcome) -> f64;

/// Million items per second.
pub(crate) const RATE: Column = |outcome| outcome.items as f64 * 1e3 / outcome.nanoseconds.max(1) as f64;
/// The first further figure.
pub(crate) const FIRST: Column = |outcome| outcome.figures[0];
/// The second further figure.
pub(crate) const SECOND: Column = |outcome| outcome.figures[1];
/// The third further figure.
pub(crate) const THIRD: Column = |outcome| outcome.figures[2];

/// Everything.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: String,
    /// The day, as a year, a month and a day.
    pub(crate) day: String,
    /// Names and versions of what was measured, and of the compiler.
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) is_quick: bool,
    /// Nanoseconds of the way between the cores, before each round.
    pub(crate) way: Vec<f64>,
    pub(crate) samples: Vec<Samples>,
}

impl Results {
    /// Makes an empty one, on this machine and day.
    pub(crate) fn new(is_quick: bool) -> Self {
        Self {
            machine: machine::describe(),
            day: chrono::Utc::now().format("%-d %B %Y").to_string(),
            versions: versions(),
            is_quick,
            way: Vec::new(),
            samples: Vec::new(),
        }
    }

    /// Reads a file of raw results.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }

    /// Writes a file of raw results.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, serde_json::to_string(self)? + "\n")
    }

    /// Returns the samples of a cell, if it was measured.
    pub(crate) fn get(&self, cell: &Cell) -> Option<&[Outcome]> {
        self.samples.iter().find(|samples| samples.cell == *cell).map(|samples| &samples.rounds[..])
    }

    /// Returns a figure of a cell over the rounds.
    pub(crate) fn spread(&self, cell: &Cell, column: Column) -> Option<Spread> {
        Spread::of(self.get(cell)?.iter().map(column))
    }

    /// Returns the ratio of a figure of two cells, round by round.
    pub(crate) fn ratio(&self, over: &Cell, under: &Cell, column: Column) -> Option<Spread> {
        let figures = |cell| Some(self.get(cell)?.iter().map(column).collect::<Vec<f64>>());
        Spread::of_ratios(&figures(over)?, &figures(under)?)
    }

    /// Returns how many rounds there were.
    pub(crate) fn rounds(&self) -> usize {
        self.samples.iter().map(|samples| samples.rounds.len()).max().unwrap_or(0)
    }
}

/// Returns the cell of a rate.
pub(crate) fn rate(contestant: &str, way: Way, senders: usize, bytes: usize) -> Cell {
    let placement = if senders == 1 { Placement::Apart } else { Placement::Free };
    Cell { measure: Measure::Rate, contestant: contestant.to_owned(), way, placement, senders, bytes }
}

/// Returns the cell of anything else, which has one sender.
pub(crate) fn cell(measure: Measure, contestant: &str, way: Way, placement: Placement, bytes: usize) -> Cell {
    Cell { measure, contestant: contestant.to_owned(), way, placement, senders: 1, bytes }
}

/// What stands beside ours in the lock file, by the names of crates.
const MEASURED: [&str; 10] = [
    "crossbeam-channel",
    "flume",
    "iceoryx2",
    "ipc-channel",
    "ipmpsc",
    "kanal",
    "rtrb",
    "shmpsc",
    "thingbuf",
    "tokio",
];

/// Returns the versions of what is measured, as the lock file has them, and of the compiler.
fn versions() -> Vec<(String, String)> {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let (_, package) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some((name.to_owned(), package.split('"').next()?.to_owned()))
    };
    let compiler = Command::new("rustc").arg("--version").output().ok();
    let compiler = compiler.and_then(|output| String::from_utf8(output.stdout).ok());
    let compiler = compiler.and_then(|text| Some(text.split(' ').nth(1)?.to_owned()));
    MEASURED
        .iter()
        .filter_map(|name| version(name))
        .chain(compiler.map(|version| ("rustc".to_owned(), version)))
        .collect()
}
