//! One producer of the show: hands over batches of records until it is told to stop. It measures and judges nothing.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use super::latency::now;
use super::options;
use super::record::Record;
use super::words::{Word, tell};
use crate::channel::Kind;
use crate::channel::{retry::Refused, sender::AnySender};
use crate::name::Name;

/// Joins, waits for the stage to say go, and sends until the stage lets go of this process's stdin.
///
/// The end of a pipe comes also from a stage that was killed, so no source ever outlives its stage.
pub fn run(name: &Name, number: u32, kind: Kind, batch: usize) -> Result<()> {
    let sender = kind.connect(options(), name.path())?;
    tell(&Word::Ready)?;
    let mut go = [0];
    if io::stdin().read(&mut go).context("cannot hear the stage")? == 0 {
        return Ok(());
    }
    let stop = stop_at_end_of_stdin()?;
    let mut records = vec![Record::new(number, 0, 0); batch];
    let (mut sent, mut sampled) = (0_u64, 0);
    // Relaxed: the flag carries nothing but itself.
    while !stop.load(Ordering::Relaxed) {
        let sent_at = now();
        for (index, record) in records.iter_mut().enumerate() {
            *record = Record::new(number, sent + index as u64, if index == sampled { sent_at } else { 0 });
        }
        deliver(&sender, &records)?;
        sent += records.len() as u64;
        sampled = (sampled + 1) % batch;
    }
    drop(sender);
    tell(&Word::Sent(sent))
}

/// Sends a batch, and tells the stage if it has to wait for memory, and when that is over.
fn deliver(sender: &AnySender<Record>, batch: &[Record]) -> Result<()> {
    let mut waiting = Ok(false);
    let sent = sender.blocking_send_many(batch, |_| {
        if let Ok(false) = waiting {
            waiting = tell(&Word::Waiting(true)).map(|()| true);
        }
    });
    match sent {
        Err(Refused::Closed(())) => bail!("the consumer has gone"),
        sent => sent?,
    }
    if waiting? { tell(&Word::Waiting(false)) } else { Ok(()) }
}

fn stop_at_end_of_stdin() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let wait = move || {
        // An error is an end as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        told.store(true, Ordering::Relaxed);
    };
    thread::Builder::new().spawn(wait).context("cannot start a thread")?;
    Ok(stop)
}
