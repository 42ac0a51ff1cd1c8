//! Which positions are taken, and what happens there.

use std::{fmt, time::Instant};

use crate::steps::Stands;

/// Which part is taken, instead of a sample: `windows`, or all if it is set to anything else.
const PART: &str = "SHMPSC_MATRIX";

/// How many positions of a way through calls to the system a sample has, at most, beside its end.
const SAMPLE: usize = 3;

/// What happens to a process at each position.
#[derive(Clone, Copy)]
pub enum Fate {
    Killed,
    Stopped,
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Fate::Killed => "killed",
            Fate::Stopped => "stopped",
        }
    }
}

/// Where it was when it happened.
#[derive(Clone, Copy)]
pub struct Position<F> {
    pub fate: Fate,
    pub operation: &'static str,
    /// How the queue stood before.
    pub fill: F,
    pub steps: usize,
}

impl<F: fmt::Display> fmt::Display for Position<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { fate, operation, fill, steps } = self;
        write!(f, "{} {steps} instructions after the start of {operation}, {fill}", fate.name())
    }
}

/// Which positions are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// Those before and behind every change of the segment and every system call.
    Windows,
    /// All of the short operations, at one fill level, and some of the others.
    Sample,
}

impl Part {
    pub fn asked_for() -> Part {
        match std::env::var_os(PART) {
            None => Part::Sample,
            Some(part) if part == "windows" => Part::Windows,
            Some(_) => Part::Whole,
        }
    }

    pub fn is_sample(self) -> bool {
        self == Part::Sample
    }

    /// Whether every position is taken.
    pub fn takes_all(self, is_short: bool) -> bool {
        self == Part::Whole || self == Part::Sample && is_short
    }
}

/// Returns with which options a channel of the matrix is made. The whole matrix takes them as a user would. A sample takes full
/// fences: with the others each of its many short processes waits for a part of its life.
pub fn options() -> shmpsc::Options {
    let options = shmpsc::Options::new();
    if Part::asked_for().is_sample() { options.full_fences() } else { options }
}

/// At most so many of them, spread evenly.
pub fn spread(positions: Vec<usize>, most: usize) -> impl Iterator<Item = usize> {
    let every = positions.len().div_ceil(most).max(1);
    positions.into_iter().skip(every / 2).step_by(every)
}

/// Every beginning and end of a call to the system on a way, or a sample of them, and its end. `happens` leads a new run to a position,
/// unless it ends before, and tells how far that was.
pub fn at_every_system_call(what: &str, mut happens: impl FnMut(usize) -> (usize, Stands)) {
    let began = Instant::now();
    let (length, stands) = happens(usize::MAX);
    assert_eq!(stands, Stands::AtItsEnd);
    let mut count = 1;
    let part = if Part::asked_for().is_sample() {
        count += spread((0..length).collect(), SAMPLE).map(&mut happens).count();
        "a sample"
    } else {
        // Where the others make it longer than it was, all of it is followed to its end.
        count += (0..).map(&mut happens).take_while(|(_, stands)| *stands == Stands::Inside).count();
        "every one"
    };
    println!(
        "the receiver, {what}: {length} beginnings and ends of system calls; at {count} positions ({part}); {:.1} s",
        began.elapsed().as_secs_f64()
    );
}
