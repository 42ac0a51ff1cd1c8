//! How a program begins and ends: its command line, its result, its last sentence and its exit code. It decides nothing
//! about the work itself.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | everything arrived and was checked |
//! | 1 | something failed; one sentence on stderr says what |
//! | 2 | the command line was not understood |
//! | 130 | interrupted before everything had arrived |

use std::io::{self, Write};
use std::process;

use anyhow::{Error, Result};
use clap::Parser;
use serde::Serialize;

use crate::interrupt::INTERRUPTED;
use crate::streams::{self, ReaderGone};

/// Why a program ends with something other than 0 although no call failed: the work was done, and judged.
#[derive(Debug)]
pub struct Verdict {
    /// One sentence for stderr.
    pub sentence: String,
    /// Whether a signal asked for it.
    pub interrupted: bool,
}

/// Reads the command line. Ends the process if that asks for help or the version, or is not understood.
pub fn arguments<A: Parser>(program: &str) -> A {
    match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let printed = error.print().and_then(|()| io::stdout().flush());
            if error.use_stderr() {
                process::exit(2);
            }
            match streams::checked(printed) {
                Err(error) if !error.is::<ReaderGone>() => finish(program, Err(error)),
                _ => process::exit(0),
            }
        }
    }
}

/// Prints a result: `lines` for people or `value` as JSON for machines, on stdout unless that is taken.
///
/// Returns the verdict, with the reason added to it if the result could not be printed.
pub fn print(
    stdout_is_taken: bool,
    json: bool,
    value: &impl Serialize,
    lines: impl FnOnce() -> String,
    verdict: Option<Verdict>,
) -> Result<Option<Verdict>> {
    let text = if json { serde_json::to_string(value)? } else { lines() };
    if stdout_is_taken {
        streams::note(&text);
        return Ok(verdict);
    }
    match (streams::result(&text), verdict) {
        (Err(error), None) if !error.is::<ReaderGone>() => Err(error),
        (Err(error), Some(Verdict { sentence: verdict, interrupted })) if !error.is::<ReaderGone>() => {
            Ok(Some(Verdict { sentence: format!("{verdict}; {}", sentence(&error)), interrupted }))
        }
        (_, verdict) => Ok(verdict),
    }
}

/// Says an error with all its causes in one sentence. An error alone says only what failed, and its causes say why.
pub fn sentence(error: &Error) -> String {
    format!("{error:#}")
}

/// Ends the process: 0, or one line on stderr and a code from the table above.
///
/// By `exit`, not by returning, because a thread of the runtime may stand in a read of a terminal or pipe that never ends.
pub fn finish(program: &str, outcome: Result<Option<Verdict>>) -> ! {
    let (sentence, code) = match outcome {
        Ok(None) => process::exit(0),
        Ok(Some(verdict)) => (verdict.sentence, if verdict.interrupted { INTERRUPTED } else { 1 }),
        // It ended the work early, and knows it.
        Err(error) if error.is::<ReaderGone>() => process::exit(1),
        Err(error) => (sentence(&error), 1),
    };
    streams::note(&format!("{program}: {sentence}"));
    process::exit(code.into());
}
