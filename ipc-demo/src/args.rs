//! The command lines of the three programs. What the values mean is said where they are used.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, value_parser};

use crate::channel::{Kind, Queue};
use crate::name::Name;
use crate::transfer::shard::Shard;

/// Sends a file, or one part of it, to the consumer of the same name.
#[derive(Clone, Debug, Parser)]
#[command(name = "producer", version, max_term_width = 100)]
pub struct ProducerArgs {
    /// Where to meet: a bare name (a socket in $XDG_RUNTIME_DIR, else in the temporary directory), or a path with a slash.
    #[arg(long, value_name = "NAME")]
    pub name: Name,

    /// The file to send; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,

    /// Send only part K of M, so that M producers together send the file.
    #[arg(long, value_name = "K/M", default_value_t = Shard::WHOLE)]
    pub shard: Shard,

    /// Join an unbounded channel, as the consumer with --unbounded makes it. At its memory limit the producer waits, and tries
    /// again.
    #[arg(long)]
    pub unbounded: bool,

    /// How many seconds to wait for a consumer where none is there yet.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = seconds)]
    pub wait: f64,

    /// How many seconds to wait for a consumer that is there and does not answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub timeout: f64,

    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,

    /// Kill this process (SIGKILL) after so many bytes, to see what becomes of the rest.
    #[arg(long, value_name = "BYTES", hide = true, value_parser = value_parser!(u64).range(1..))]
    pub kill_after: Option<u64>,
}

impl ProducerArgs {
    /// The kind of channel to join.
    pub fn kind(&self) -> Kind {
        Kind::of(self.unbounded)
    }

    /// How long a consumer may be in coming.
    pub fn wait(&self) -> Duration {
        Duration::from_secs_f64(self.wait)
    }

    /// How long joining may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }
}

/// Receives a file from any number of producers, ends when the last has left, and prints size and SHA-256.
#[derive(Clone, Debug, Parser)]
#[command(name = "consumer", version, max_term_width = 100)]
pub struct ConsumerArgs {
    /// Where to meet: a bare name (a socket in $XDG_RUNTIME_DIR, else in the temporary directory), or a path with a slash.
    #[arg(long, value_name = "NAME")]
    pub name: Name,

    /// The file to write, replaced when everything has come; - is standard output (then the report goes to standard error).
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,

    /// Write the file also if something is missing, with what has come. Without this, the old file stays.
    #[arg(long)]
    pub partial: bool,

    /// How many chunks of 16 KiB may be on their way.
    #[arg(long, value_name = "CHUNKS", default_value_t = 64, value_parser = count(1, 65_536))]
    #[arg(conflicts_with = "unbounded")]
    pub capacity: usize,

    /// Whether there is no such number.
    #[command(flatten)]
    pub growth: Growth,

    /// How many seconds to wait for the producers of all shards, once the first has come.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    pub patience: f64,

    /// Print the report as one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl ConsumerArgs {
    /// The queue to make.
    pub fn queue(&self) -> Queue {
        self.growth.queue(self.capacity)
    }

    /// How long other shards may be in coming.
    pub fn patience(&self) -> Duration {
        Duration::from_secs_f64(self.patience)
    }
}

/// Streams checksummed records from several processes to one through shared memory, and judges what arrived.
#[derive(Clone, Debug, Parser)]
#[command(name = "ipc-demo", version, max_term_width = 100)]
pub struct ShowArgs {
    /// How many seconds to stream.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,

    /// How many producer processes.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count(1, 256))]
    pub producers: usize,

    /// How many records the channel holds.
    #[arg(long, value_name = "RECORDS", default_value_t = 4096, value_parser = count(1, 1_048_575))]
    #[arg(conflicts_with = "unbounded")]
    pub capacity: usize,

    /// Whether it holds more.
    #[command(flatten)]
    pub growth: Growth,

    /// How many records a producer hands over at once.
    #[arg(long, value_name = "RECORDS", default_value_t = 32, value_parser = count(1, 4096))]
    pub batch: usize,

    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,

    /// What this process is in the show; the one that a person starts is the stage.
    #[command(subcommand)]
    pub role: Option<Role>,
}

impl ShowArgs {
    /// The queue to make.
    pub fn queue(&self) -> Queue {
        self.growth.queue(self.capacity)
    }
}

/// How far the queue of a receiver may grow.
#[derive(Clone, Copy, Debug, Args)]
pub struct Growth {
    /// Make an unbounded channel, which has memory for what is queued, and no more. A send never waits for room.
    #[arg(long)]
    pub unbounded: bool,

    /// How many bytes of memory the queue of an unbounded channel may have. At this limit the producers wait, and try again.
    /// [default: half of the memory that is free at the start]
    #[arg(long, value_name = "BYTES", requires = "unbounded", value_parser = value_parser!(u64).range(1..))]
    pub memory_limit: Option<u64>,
}

impl Growth {
    /// Returns the queue, which has this capacity if it does not grow.
    pub fn queue(self, capacity: usize) -> Queue {
        if self.unbounded {
            Queue::Unbounded { memory_limit: self.memory_limit }
        } else {
            Queue::Bounded { capacity }
        }
    }
}

/// The roles of the processes that the show starts.
#[derive(Clone, Debug, Subcommand)]
pub enum Role {
    /// The consumer.
    #[command(hide = true)]
    Sink {
        /// Where to meet.
        #[arg(long)]
        name: Name,
        /// How many records the channel holds.
        #[arg(long)]
        capacity: usize,
        /// Whether it holds more.
        #[command(flatten)]
        growth: Growth,
        /// How many producers there will be.
        #[arg(long)]
        producers: usize,
    },
    /// One producer.
    #[command(hide = true)]
    Source {
        /// Where to meet.
        #[arg(long)]
        name: Name,
        /// Its number, from 0.
        #[arg(long)]
        number: u32,
        /// Whether the channel is unbounded.
        #[arg(long)]
        unbounded: bool,
        /// How many records it hands over at once.
        #[arg(long)]
        batch: usize,
    },
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.0..=86_400.0).contains(seconds))
        .ok_or_else(|| "a number of seconds is from 0 to 86400".to_owned())
}

fn count(
    least: usize,
    most: usize,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| {
        text.parse()
            .ok()
            .filter(|count| (least..=most).contains(count))
            .ok_or_else(|| format!("from {least} to {most}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_lines_are_well_formed() {
        ProducerArgs::command().debug_assert();
        ConsumerArgs::command().debug_assert();
        ShowArgs::command().debug_assert();
    }

    #[test]
    fn numbers_out_of_bounds_are_refused() {
        for line in [
            ["ipc-demo", "--producers", "0"],
            ["ipc-demo", "--capacity", "1048576"],
            ["ipc-demo", "--seconds", "NaN"],
        ] {
            assert!(ShowArgs::try_parse_from(line).is_err(), "{line:?}");
        }
        assert!(ShowArgs::try_parse_from(["ipc-demo", "--producers", "256", "--seconds", "0.5"]).is_ok());
    }

    #[test]
    fn a_queue_has_a_capacity_or_a_memory_limit() {
        let queue = |more: &[&str]| {
            let line = ["consumer", "--name", "films", "--output", "out"];
            ConsumerArgs::try_parse_from(line.iter().chain(more)).map(|args| args.queue())
        };
        assert_eq!(queue(&[]).unwrap(), Queue::Bounded { capacity: 64 });
        assert_eq!(queue(&["--unbounded"]).unwrap(), Queue::Unbounded { memory_limit: None });
        let limited = queue(&["--memory-limit", "1048576", "--unbounded"]).unwrap();
        assert_eq!(limited, Queue::Unbounded { memory_limit: Some(1 << 20) });
        for wrong in [
            &["--memory-limit", "1048576"][..],
            &["--unbounded", "--capacity", "64"],
            &["--unbounded", "--memory-limit", "0"],
            &["--unbounded", "--memory-limit", "many"],
        ] {
            assert!(queue(wrong).is_err(), "{wrong:?}");
        }
    }
}
