//! Starts one consumer and some producer processes, streams records between them, and shows what moved.
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic if the stream cannot be written")]

use anyhow::Result;
use ipc_demo::args::{Role, ShowArgs};
use ipc_demo::exit::{self, Verdict};
use ipc_demo::show::{sink, source, stage};

fn main() {
    let args: ShowArgs = exit::arguments("ipc-demo");
    exit::finish("ipc-demo", run(&args));
}

fn run(args: &ShowArgs) -> Result<Option<Verdict>> {
    match &args.role {
        None => {
            let summary = stage::run(args)?;
            exit::print(false, args.json, &summary, || summary.table(), summary.verdict())
        }
        Some(Role::Sink { name, capacity, producers }) => {
            sink::run(name, *capacity, *producers).map(|()| None)
        }
        Some(Role::Source { name, number, batch }) => source::run(name, *number, *batch).map(|()| None),
    }
}
