//! Interleaved rounds: every entry once, then every entry again, so that a slow minute of the machine hits all alike.
//!
//! What an entry does is its own affair; here it is a closure that handles a number of items and says how long they took.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// What one sample measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Items handled within the measured time.
    pub(crate) items: u64,
    /// The measured time, without building up and tearing down.
    pub(crate) elapsed: Duration,
}

impl Timing {
    fn nanoseconds_per_item(self) -> f64 {
        self.elapsed.as_nanos().max(1) as f64 / self.items.max(1) as f64
    }
}

/// One thing to measure.
pub(crate) struct Entry<'a> {
    /// Its name, for `--only` and for complaints.
    pub(crate) label: String,
    /// Items of the very first sample, before anything is known of its speed.
    pub(crate) first: u64,
    /// Handles about as many items as it is told.
    pub(crate) run: Box<dyn FnMut(u64) -> Timing + 'a>,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each entry once and small: does it work at all?
    Smoke,
    /// So many rounds within about this time.
    Timed {
        /// Rounds that count; one more comes before them, to learn the speeds.
        rounds: usize,
        /// Time for everything.
        length: Duration,
    },
}

/// No sample of a working entry comes near this; a hang ends with the entry's name instead of silence.
const PATIENCE: Duration = Duration::from_secs(60);
/// A first sample this long tells the speed well enough to plan the rounds.
const TELLING: Duration = Duration::from_millis(2);

/// Runs all entries; the answer has one row per entry with the nanoseconds per item of each round.
pub(crate) fn play(entries: &mut [Entry<'_>], pace: Pace) -> Vec<Vec<f64>> {
    play_after(entries, pace, |_| ())
}

/// As [`play`], with something to be done before each round that counts.
pub(crate) fn play_after(
    entries: &mut [Entry<'_>],
    pace: Pace,
    mut before: impl FnMut(usize),
) -> Vec<Vec<f64>> {
    let watchdog = Watchdog::start();
    let began = Instant::now();
    let mut known = Vec::new();
    for entry in &mut *entries {
        watchdog.watch(&entry.label);
        known.push(match pace {
            Pace::Smoke => (entry.run)(entry.first).nanoseconds_per_item(),
            Pace::Timed { .. } => learn(entry),
        });
    }
    let mut rows: Vec<Vec<f64>> = vec![Vec::new(); entries.len()];
    let Pace::Timed { rounds, length } = pace else {
        known.into_iter().zip(&mut rows).for_each(|(speed, row)| row.push(speed));
        return rows;
    };
    // Building up costs time that no figure shows but the run's length does: what a round spends on it is learned on
    // the way, and each round shares out what is left.
    let mut overhead = Duration::ZERO;
    for round in 0..rounds {
        before(round);
        let left = length.saturating_sub(began.elapsed()) / (rounds - round) as u32;
        let sample = left.saturating_sub(overhead) / entries.len().max(1) as u32;
        let mut measured = Duration::ZERO;
        let start = Instant::now();
        for (index, entry) in entries.iter_mut().enumerate() {
            progress(round, rounds, &entry.label);
            watchdog.watch(&entry.label);
            let items = (sample.as_nanos() as f64 / known[index]) as u64;
            let timing = (entry.run)(items.max(1));
            measured += timing.elapsed;
            known[index] = timing.nanoseconds_per_item();
            rows[index].push(known[index]);
        }
        overhead = start.elapsed().saturating_sub(measured);
    }
    clear_progress();
    rows
}

/// Samples of growing size until one is long enough to tell the speed.
fn learn(entry: &mut Entry<'_>) -> f64 {
    let mut items = entry.first;
    loop {
        let timing = (entry.run)(items);
        if timing.elapsed >= TELLING || items > 1 << 30 {
            return timing.nanoseconds_per_item();
        }
        let missing = TELLING.as_nanos() * 3 / 2 / timing.elapsed.as_nanos().max(1);
        items *= (missing as u64).clamp(2, 32);
    }
}

fn progress(round: usize, rounds: usize, label: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let _ = write!(out, "\r\x1b[K round {} of {rounds}: {label}", round + 1);
        let _ = out.flush();
    }
}

fn clear_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// Ends the program when one sample takes longer than [`PATIENCE`]; dropped, it ends itself.
struct Watchdog(Sender<Arc<str>>);

impl Watchdog {
    fn start() -> Self {
        let (labels, inbox) = channel::<Arc<str>>();
        thread::spawn(move || {
            let mut current: Arc<str> = "".into();
            loop {
                match inbox.recv_timeout(PATIENCE) {
                    Ok(label) => current = label,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        eprintln!("\nno end after {} s: {current}", PATIENCE.as_secs());
                        std::process::exit(1);
                    }
                }
            }
        });
        Self(labels)
    }

    fn watch(&self, label: &str) {
        // The other end lives as long as `self`.
        let _ = self.0.send(label.into());
    }
}
