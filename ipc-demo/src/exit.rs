//! How a program ends: what it says on stderr and with which code. It decides nothing about the work itself.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | everything arrived and was checked |
//! | 1 | something failed; one sentence on stderr says what |
//! | 2 | the command line was not understood |
//! | 130 | interrupted before everything had arrived |

use std::io::{self, Write};
use std::process;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::interrupt::INTERRUPTED;

/// Why a program ends with something other than 0 although no call failed: the work was done, and judged.
#[derive(Debug)]
pub struct Verdict {
    /// One sentence for stderr.
    pub sentence: String,
    /// Whether somebody asked for it.
    pub interrupted: bool,
}

/// Prints a result: `lines` for people or `value` as JSON for machines, on stdout unless that is taken.
pub fn print(
    stdout_is_taken: bool,
    json: bool,
    value: &impl Serialize,
    lines: impl FnOnce() -> String,
) -> Result<()> {
    let text = if json { serde_json::to_string(value)? } else { lines() };
    let written =
        if stdout_is_taken { writeln!(io::stderr(), "{text}") } else { writeln!(io::stdout(), "{text}") };
    written.context("cannot print the result")
}

/// Ends the process: 0, or one line on stderr and a code from the table above.
///
/// By `exit`, not by returning, because a thread of the runtime may stand in a read of a terminal or pipe that never ends.
pub fn finish(program: &str, outcome: Result<Option<Verdict>>) -> ! {
    let (sentence, code) = match outcome {
        Ok(None) => process::exit(0),
        Ok(Some(verdict)) => (verdict.sentence, if verdict.interrupted { INTERRUPTED } else { 1 }),
        // `{:#}` joins the causes with colons, so it stays one sentence.
        Err(error) => (format!("{error:#}"), 1),
    };
    eprintln!("{program}: {sentence}");
    process::exit(code.into());
}
