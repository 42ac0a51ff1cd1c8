//! Starts one consumer and some producer processes, streams records between them, and shows what moved.
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic if the stream cannot be written")]

use anyhow::Result;
use ipc_demo::args::{Role, ShowArgs};
use ipc_demo::channel::Kind;
use ipc_demo::exit::{self, Verdict};
use ipc_demo::show::{sink, source, stage, words};

fn main() {
    let args: ShowArgs = exit::arguments("ipc-demo");
    match &args.role {
        None => exit::finish("ipc-demo", run(&args)),
        Some(Role::Sink { name, capacity, growth, producers }) => {
            words::end(sink::run(name, growth.queue(*capacity), *producers))
        }
        Some(Role::Source { name, number, unbounded, batch }) => {
            words::end(source::run(name, *number, Kind::of(*unbounded), *batch))
        }
    }
}

fn run(args: &ShowArgs) -> Result<Option<Verdict>> {
    let summary = stage::run(args)?;
    exit::print(false, args.json, &summary, || summary.table(), summary.verdict())
}
