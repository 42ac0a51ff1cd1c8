//! Channels between processes and within one, measured by turns, beside the least that moves a message.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- --help`; `docs/performance.md` says what is measured and how
//! to read it.
//!
//! A file of `contestants/` is one channel. It implements [`contestant::Contestant`] and the traits beside it for what it can do,
//! and stands in the list of [`contestants::all`].

#[path = "../../harness/mod.rs"]
mod harness;

mod cell;
mod contestant;
mod contestants;
mod host;
mod measures;
mod options;
mod plan;
mod report;
mod results;
mod run;
mod site;
mod traffic;
mod way;

use std::error::Error;

use clap::Parser;

use harness::child;
use options::Options;
use results::Results;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(words) = child::arguments() {
        let words: Vec<String> =
            words.map(|word| word.into_string().expect("arguments that are text")).collect();
        serve(&words[0], &words[1..]);
        return Ok(());
    }
    let options = Options::parse();
    let results = if let Some(path) = &options.from {
        Results::read(path)?
    } else {
        let mut cells = plan::cells(options.quick);
        cells.retain(|cell| options.wants(&cell.to_string()));
        if options.list {
            cells.iter().for_each(|cell| println!("{cell}"));
            return Ok(());
        }
        let directory = tempfile::tempdir()?;
        run::measure(&options, &cells, directory.path())
    };
    if let Some(path) = &options.json {
        results.write(path)?;
    }
    if let Some(docs) = &options.write {
        report::documents::write(&results, docs)?;
    }
    println!("{}", report::tables::all(&results));
    Ok(())
}

/// Does the part of a child process in its role.
fn serve(role: &str, words: &[String]) {
    match role {
        host::HOST => host::serve_as_host(words),
        host::GUEST => host::serve_as_guest(words),
        other => panic!("no role is called {other}"),
    }
}
