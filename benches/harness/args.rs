//! The command line of a bench: how long, which entries, which rounds.
//!
//! It knows nothing of what is measured; a bench asks [`Args::wants`] with the label of each entry.

use std::time::Duration;

use super::rounds::Pace;

/// What the command line asked for.
pub(crate) struct Args {
    /// How many rounds, and how long they may take together.
    pub(crate) pace: Pace,
    /// Print the labels and stop.
    pub(crate) list: bool,
    only: Vec<String>,
}

/// What a bench offers, and its usual length.
pub(crate) struct Usage {
    /// The name after `cargo bench --bench`.
    pub(crate) bench: &'static str,
    /// Length of a usual run.
    pub(crate) usual: Duration,
    /// Length of a `--quick` run.
    pub(crate) quick: Duration,
    /// Options of this bench alone, each with a number: name and meaning.
    pub(crate) more: &'static [(&'static str, &'static str)],
}

impl Args {
    /// Reads the command line; prints the usage and leaves with status 2 where it cannot.
    ///
    /// What the bench's own options say goes to `more`.
    pub(crate) fn parse(usage: &Usage, more: impl FnMut(&str, usize)) -> Self {
        Self::read(usage, std::env::args().skip(1), more).unwrap_or_else(|problem| {
            eprintln!("{problem}\n\n{}", usage.text());
            std::process::exit(2)
        })
    }

    fn read(
        usage: &Usage,
        mut words: impl Iterator<Item = String>,
        mut more: impl FnMut(&str, usize),
    ) -> Result<Self, String> {
        // Without cargo's `--bench` it is `cargo test` that runs us, to see that the bench still works.
        let mut pace = Pace::Smoke;
        let (mut rounds, mut length) = (11, usage.usual);
        let (mut only, mut list) = (Vec::new(), false);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "--bench" => pace = Pace::Timed { rounds, length },
                "--quick" => (rounds, length) = (5, usage.quick),
                "--rounds" => rounds = number(&value()?)?.max(1),
                "--seconds" => length = Duration::from_secs(number(&value()?)? as u64),
                "--only" => only.push(value()?.to_lowercase()),
                "--list" => list = true,
                "--help" | "-h" => {
                    println!("{}", usage.text());
                    std::process::exit(0)
                }
                word if usage.more.iter().any(|(name, _)| *name == word) => more(word, number(&value()?)?),
                _ => return Err(format!("{word} is not an option")),
            }
        }
        if let Pace::Timed { .. } = pace {
            pace = Pace::Timed { rounds, length };
        }
        Ok(Self { pace, list, only })
    }

    /// Whether the entry with this label is asked for: one pattern of which every word occurs, or no pattern at all.
    pub(crate) fn wants(&self, label: &str) -> bool {
        let label = label.to_lowercase();
        self.only.is_empty()
            || self.only.iter().any(|pattern| pattern.split_whitespace().all(|word| label.contains(word)))
    }
}

impl Usage {
    fn text(&self) -> String {
        let mut text = format!(
            "cargo bench --bench {} -- [options]\n  \
             --quick          about {} s instead of {} s\n  \
             --only PATTERN   entries whose label has every word of PATTERN; may be repeated\n  \
             --list           print the labels\n  \
             --rounds N       rounds (usual 11, quick 5)\n  \
             --seconds N      length of the whole run",
            self.bench,
            self.quick.as_secs(),
            self.usual.as_secs(),
        );
        for (name, meaning) in self.more {
            text += &format!("\n  {:<17}{meaning}", format!("{name} N"));
        }
        text
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}
