//! The consumer: waits under a name, takes chunks until the last producer has left, and judges what it has.
//! What a chunk means, the [`Assembly`] knows; where bytes go, the [`Output`].

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use shmpsc::error::OpenError;

use super::assembly::{Assembly, Step};
use super::chunk::Chunk;
use super::options;
use super::output::{self, Output};
use super::report::Report;
use crate::args::ConsumerArgs;
use crate::channel::peak::Peak;
use crate::channel::receiver::AnyReceiver;
use crate::channel::sender::AnySender;
use crate::exit::Verdict;
use crate::interrupt::Interrupt;
use crate::live::{self, Live};
use crate::streams;

/// How many chunks are taken at once.
const BATCH: usize = 32;

/// Binds the name, takes everything, and reports. Also returns whether standard output was taken for the bytes.
pub fn run(args: &ConsumerArgs, interrupt: Interrupt) -> Result<(Report, bool)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Inside the runtime, so that the channel can sleep on its reactor.
    let outcome = runtime.block_on(receive(args, interrupt));
    // A thread may still wait for the reader of a named pipe, and the process is about to end anyway.
    runtime.shutdown_timeout(Duration::ZERO);
    outcome
}

async fn receive(args: &ConsumerArgs, mut interrupt: Interrupt) -> Result<(Report, bool)> {
    // The name first: a consumer whose name is taken must not have opened a pipe.
    let queue = args.queue();
    let receiver = queue.bind(options().end_with_last_sender(), args.name.path())?;
    // Where shards gather, the first may be through before the next has started.
    let guard = match queue.kind().connect(options(), args.name.path()) {
        // A producer was waiting for the name, and is through already.
        Err(OpenError::Ended { .. }) => None,
        guard => Some(guard?),
    };
    let Some(output) = open(&args.output, &mut interrupt).await? else {
        return Ok((Assembly::new(true).finish(true, 0.0), false));
    };
    interrupt.removes(output.temporary());
    let stdout_is_taken = output.is_stdout();
    streams::note(&format!("consumer: waiting at {}", args.name));
    let consumer = Consumer {
        receiver,
        guard,
        assembly: Assembly::new(output.is_in_order()),
        output,
        keeps_a_part: args.partial,
        patience: args.patience(),
        live: Live::new(!args.json),
        peak: Peak::new(),
    };
    Ok((consumer.take_all(interrupt).await?, stdout_is_taken))
}

/// Opens the output; nothing if the program was interrupted while a named pipe had no reader.
async fn open(path: &Path, interrupt: &mut Interrupt) -> Result<Option<Output>> {
    if !output::waits_for_a_reader(path) {
        return Output::create(path).map(Some);
    }
    streams::note(&format!("consumer: waiting for a reader of {}", path.display()));
    let path = path.to_owned();
    tokio::select! {
        biased;
        () = interrupt.requested() => Ok(None),
        output = tokio::task::spawn_blocking(move || Output::create(&path)) => output?.map(Some),
    }
}

/// Nothing if the transfer is complete.
pub fn verdict(report: &Report) -> Option<Verdict> {
    report.sentence().map(|sentence| Verdict { sentence, interrupted: report.interrupted })
}

struct Consumer {
    receiver: AnyReceiver<Chunk>,
    /// Keeps the channel from ending while producers are still to come: until each shard has come, or patience is over.
    guard: Option<AnySender<Chunk>>,
    assembly: Assembly,
    output: Output,
    /// Whether the output is put in its place although something is missing.
    keeps_a_part: bool,
    patience: Duration,
    live: Live,
    /// The most memory that the channel had.
    peak: Peak,
}

impl Consumer {
    async fn take_all(mut self, mut interrupt: Interrupt) -> Result<Report> {
        let mut chunks = Vec::with_capacity(BATCH);
        let mut interrupted = false;
        let mut began: Option<Instant> = None;
        loop {
            let patience_ends = began.filter(|_| self.guard.is_some()).map(|began| began + self.patience);
            let count = tokio::select! {
                biased;
                () = interrupt.requested(), if !interrupted => {
                    interrupted = true;
                    self.close();
                    continue;
                }
                () = at(patience_ends) => {
                    self.guard = None;
                    continue;
                }
                count = self.receiver.recv_many(&mut chunks, BATCH) => count,
            };
            if count == 0 {
                break;
            }
            began.get_or_insert_with(Instant::now);
            for chunk in &chunks {
                match self.assembly.take(chunk) {
                    Step::None => {}
                    Step::Write { start, bytes } => self.output.write(start, bytes)?,
                    Step::Close => self.close(),
                }
            }
            chunks.clear();
            self.peak.look(&self.receiver);
            if self.assembly.has_everybody() {
                self.guard = None;
            }
            self.show(began);
        }
        self.live.clear();
        let seconds = began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        let mut report = self.assembly.finish(interrupted, seconds);
        report.most_memory_in_use = self.peak.bytes();
        if report.complete {
            report.sha256 = Some(self.output.sha256()?);
        }
        if report.complete || (self.keeps_a_part && report.bytes > 0) {
            self.output.finish()?;
        }
        Ok(report)
    }

    /// No more may come; what is on its way is still taken.
    fn close(&mut self) {
        self.receiver.close();
        self.guard = None;
    }

    fn show(&mut self, began: Option<Instant>) {
        let (bytes, total) = (self.assembly.bytes(), self.assembly.total());
        let (depth, receiver) = (live::number(self.receiver.len() as u64, 6), &self.receiver);
        let guards = usize::from(self.guard.is_some());
        self.live.show(|| {
            let seconds = began.map_or(0.0, |began| began.elapsed().as_secs_f64()).max(1e-3);
            let of = total.map_or(String::new(), |total| format!(" of {}", live::bytes(total)));
            let rate = live::bytes((bytes as f64 / seconds) as u64);
            let producers = receiver.sender_strong_count().saturating_sub(guards);
            let memory = receiver
                .memory_in_use()
                .map_or_else(String::new, |memory| format!("memory {}, ", live::bytes(memory)));
            format!("{}{of}, {rate}/s, depth {depth}, {memory}producers {producers}", live::bytes(bytes))
        });
    }
}

/// Ready at `moment`; never, if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
