//! Sends a file, or one shard of it, through a channel to the `consumer` of the same name.
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic if the stream cannot be written")]

use anyhow::Result;
use ipc_demo::args::ProducerArgs;
use ipc_demo::exit::{self, Verdict};
use ipc_demo::interrupt::Interrupt;
use ipc_demo::transfer::produce;

fn main() {
    let args = exit::arguments("producer");
    exit::finish("producer", run(&args));
}

fn run(args: &ProducerArgs) -> Result<Option<Verdict>> {
    let sent = produce::run(args, Interrupt::install()?)?;
    exit::print(false, args.json, &sent, || sent.sentence(), sent.verdict())
}
