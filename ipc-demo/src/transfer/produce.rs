//! The producer: announces its part of a file, sends it in batches of chunks, and says how it ended.
//! It learns nothing from the consumer but that it has gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytemuck::Zeroable;
use rustix::process::{Signal, getpid, kill_process};
use rustix::rand::{GetRandomFlags, getrandom};
use serde::Serialize;
use shmpsc::Sender;
use shmpsc::error::OpenError;

use super::chunk::{BYTES, Chunk, Ending, Identity, UNKNOWN};
use super::options;
use super::shard::Shard;
use super::source::{Input, Source};
use crate::args::ProducerArgs;
use crate::exit::Verdict;
use crate::interrupt::Interrupt;
use crate::live;

/// How many chunks are claimed at once: enough that the cost of a claim is nothing beside that of the bytes.
const BATCH: usize = 16;

/// How often a producer looks for its consumer when it was told to wait for one.
const PAUSE: Duration = Duration::from_millis(20);

/// What a producer did.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// Which part of the file it was to send.
    pub shard: Shard,
    /// How many bytes it sent.
    pub bytes: u64,
    /// How long that took.
    pub seconds: f64,
    /// Whether that was everything.
    pub complete: bool,
}

impl Sent {
    /// The line for people.
    pub fn sentence(&self) -> String {
        let rate = self.bytes as f64 / self.seconds.max(1e-9);
        let Self { shard, bytes, seconds, .. } = self;
        format!("sent {bytes} bytes as shard {shard} in {seconds:.3} s ({}/s)", live::bytes(rate as u64))
    }

    /// Nothing if all is well.
    pub fn verdict(&self) -> Option<Verdict> {
        let sentence = format!("interrupted after {} bytes of shard {}", self.bytes, self.shard);
        (!self.complete).then_some(Verdict { sentence, interrupted: true })
    }
}

/// Opens the input, joins the channel, and sends. Everything that can fail before joining does, so that
/// a consumer never hears of a producer that had nothing to send.
pub fn run(args: &ProducerArgs, interrupt: Interrupt) -> Result<Sent> {
    let input = Input::open(&args.input, args.shard)?;
    let sender = join(args, &interrupt)?;
    let pid = getpid();
    let identity = Identity {
        producer: random().context("no random number")?,
        pid: pid.as_raw_nonzero().get() as u32,
        shard: args.shard,
    };
    let producer = Producer {
        sender,
        identity,
        at: input.range.start,
        start: input.range.start,
        kill_at: args.kill_after.map(|bytes| input.range.start.saturating_add(bytes)),
        interrupt,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let done = runtime.block_on(producer.send(input));
    // A read of a terminal cannot be called back; the process is about to end anyway.
    runtime.shutdown_timeout(Duration::ZERO);
    let (bytes, complete) = done?;
    Ok(Sent { shard: args.shard, bytes, seconds: began.elapsed().as_secs_f64(), complete })
}

/// Joins the channel, again and again while nobody is there if that was asked for.
fn join(args: &ProducerArgs, interrupt: &Interrupt) -> Result<Sender<Chunk>> {
    let until = Instant::now() + args.wait();
    loop {
        match options().deadline(args.deadline()).connect(args.name.path()) {
            Err(OpenError::NobodyThere { .. }) if Instant::now() < until && !interrupt.is_requested() => {
                thread::sleep(PAUSE);
            }
            outcome => return Ok(outcome?),
        }
    }
}

struct Producer {
    sender: Sender<Chunk>,
    identity: Identity,
    start: u64,
    at: u64,
    kill_at: Option<u64>,
    interrupt: Interrupt,
}

impl Producer {
    /// Sends everything; returns how many bytes were sent and whether those were all.
    async fn send(mut self, mut input: Input) -> Result<(u64, bool)> {
        let announce = Chunk::announce(self.identity, input.range.clone(), input.total);
        if !self.deliver(&[announce]).await? {
            return self.break_off();
        }
        let mut batch = vec![Chunk::zeroed(); BATCH];
        loop {
            let before = self.at;
            let filled = match self.fill(&mut batch, &mut input).await {
                Ok(Some(filled)) => filled,
                Ok(None) => return self.break_off(),
                Err(error) => {
                    self.leave(Ending::Unreadable);
                    return Err(error);
                }
            };
            let (at, batch) = (self.at, &batch[..filled]);
            self.at = before;
            if !self.deliver(batch).await? {
                return self.break_off();
            }
            self.at = at;
            if self.kill_at.is_some_and(|kill_at| at >= kill_at) {
                kill_process(getpid(), Signal::KILL).context("cannot kill this process")?;
            }
            if filled == 0 {
                break;
            }
        }
        let end = Chunk::end(self.identity, self.at, Ending::Complete);
        if !self.deliver(&[end]).await? {
            return self.break_off();
        }
        Ok((self.at - self.start, true))
    }

    /// Reads the next chunks into `batch` and returns how many; 0 at the end, `None` if interrupted.
    async fn fill(&mut self, batch: &mut [Chunk], input: &mut Input) -> Result<Option<usize>> {
        for (filled, chunk) in batch.iter_mut().enumerate() {
            let until = self.kill_at.unwrap_or(UNKNOWN).min(input.range.end);
            let want = until.saturating_sub(self.at).min(BYTES as u64) as usize;
            if want == 0 {
                return Ok(Some(filled));
            }
            let got = tokio::select! {
                biased;
                () = self.interrupt.requested() => return Ok(None),
                () = self.sender.closed() => bail!(self.closed()),
                got = input.source.read(self.at, &mut chunk.room()[..want]) => got.context("cannot read the input")?,
            };
            if got < want && matches!(input.source, Source::Still(_)) {
                bail!(
                    "the input became shorter while it was read: it ended at byte {}",
                    self.at + got as u64
                );
            }
            if got == 0 {
                return Ok(Some(filled));
            }
            chunk.carry(self.identity, self.at, got);
            self.at += got as u64;
            if matches!(input.source, Source::Flowing(_)) {
                // What comes from a pipe goes on at once: the next bytes may be long in coming.
                return Ok(Some(filled + 1));
            }
        }
        Ok(Some(batch.len()))
    }

    /// Sends `batch`; false if interrupted meanwhile.
    async fn deliver(&mut self, batch: &[Chunk]) -> Result<bool> {
        tokio::select! {
            biased;
            () = self.interrupt.requested() => Ok(false),
            sent = self.sender.send_many(batch) => match sent {
                Ok(()) => Ok(true),
                Err(_) => bail!(self.closed()),
            },
        }
    }

    fn break_off(self) -> Result<(u64, bool)> {
        self.leave(Ending::Interrupted);
        Ok((self.at - self.start, false))
    }

    /// Says why there will be no more, if there is room to say it; who left without a word is noticed as well.
    fn leave(&self, ending: Ending) {
        let _ = self.sender.try_send(Chunk::end(self.identity, self.at, ending));
    }

    fn closed(&self) -> String {
        let Identity { shard, .. } = self.identity;
        format!("the consumer closed the channel after about {} bytes of shard {shard}", self.at - self.start)
    }
}

fn random() -> rustix::io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u64::from_ne_bytes(bytes))
}
