//! Receives a file from any number of `producer`s of the same name, and prints its size and SHA-256.
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic if the stream cannot be written")]

use anyhow::Result;
use ipc_demo::args::ConsumerArgs;
use ipc_demo::exit::{self, Verdict};
use ipc_demo::interrupt::Interrupt;
use ipc_demo::transfer::consume;

fn main() {
    let args = exit::arguments("consumer");
    exit::finish("consumer", run(&args));
}

fn run(args: &ConsumerArgs) -> Result<Option<Verdict>> {
    let (report, stdout_is_taken) = consume::run(args, Interrupt::install()?)?;
    exit::print(stdout_is_taken, args.json, &report, || report.lines(), consume::verdict(&report))
}
