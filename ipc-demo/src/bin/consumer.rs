//! Receives a file from any number of `producer`s of the same name, and prints its size and SHA-256.

use std::path::Path;

use anyhow::Result;
use clap::Parser;
use ipc_demo::args::ConsumerArgs;
use ipc_demo::exit::{self, Verdict};
use ipc_demo::interrupt::Interrupt;
use ipc_demo::transfer::consume;

fn main() {
    let args = ConsumerArgs::parse();
    exit::finish("consumer", run(&args));
}

fn run(args: &ConsumerArgs) -> Result<Option<Verdict>> {
    let report = consume::run(args, Interrupt::install()?)?;
    let stdout_is_taken = args.output == Path::new("-");
    exit::print(stdout_is_taken, args.json, &report, || report.lines())?;
    Ok(consume::verdict(&report))
}
