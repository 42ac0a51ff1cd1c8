//! The producer: announces its part of a file, sends it in batches of chunks, and says how it ended.
//! It learns nothing from the consumer but that it has gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use bytemuck::Zeroable;
use rustix::process::{Signal, getpid, kill_process};
use rustix::rand::{GetRandomFlags, getrandom};
use serde::Serialize;
use shmpsc::Sender;
use shmpsc::error::OpenError;
use tokio::io::AsyncReadExt;

use super::chunk::{BYTES, Chunk, Ending, Identity};
use super::options;
use super::shard::Shard;
use super::source::{Input, Source, read_up_to};
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
        interrupt,
        start: input.range.start,
        at: input.range.start,
        kill_at: args.kill_after.map_or(u64::MAX, |bytes| input.range.start.saturating_add(bytes)),
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
    interrupt: Interrupt,
    start: u64,
    /// All before it was sent.
    at: u64,
    kill_at: u64,
}

/// Why there will be no more.
enum Stopped {
    Interrupted,
    Closed,
    Unreadable(anyhow::Error),
}

impl Producer {
    /// Sends everything; returns how many bytes were sent and whether those were all.
    async fn send(mut self, input: Input) -> Result<(u64, bool)> {
        let stopped = self.send_all(input).await.err();
        let sent = self.at - self.start;
        match stopped {
            None => Ok((sent, true)),
            Some(Stopped::Interrupted) => {
                self.leave(Ending::Interrupted);
                Ok((sent, false))
            }
            Some(Stopped::Unreadable(error)) => {
                self.leave(Ending::Unreadable);
                Err(error)
            }
            Some(Stopped::Closed) => {
                bail!("the consumer closed the channel after {sent} bytes of shard {}", self.identity.shard)
            }
        }
    }

    async fn send_all(&mut self, mut input: Input) -> Result<(), Stopped> {
        let announce = Chunk::announce(self.identity, input.range.clone(), input.total);
        self.deliver(&[announce]).await?;
        let mut batch = vec![Chunk::zeroed(); BATCH];
        loop {
            let (filled, at) = self.fill(&mut batch, &mut input).await?;
            if filled == 0 {
                break;
            }
            self.deliver(&batch[..filled]).await?;
            self.at = at;
            if self.at >= self.kill_at {
                let _ = kill_process(getpid(), Signal::KILL);
            }
        }
        self.deliver(&[Chunk::end(self.identity, self.at, Ending::Complete)]).await
    }

    /// Reads the next chunks into `batch`; returns how many (0 at the end) and where they end.
    async fn fill(&mut self, batch: &mut [Chunk], input: &mut Input) -> Result<(usize, u64), Stopped> {
        let mut at = self.at;
        let until = input.range.end.min(self.kill_at);
        for (filled, chunk) in batch.iter_mut().enumerate() {
            let want = until.saturating_sub(at).min(BYTES as u64) as usize;
            let read = self.read(&mut input.source, at, &mut chunk.room()[..want]).await;
            let got = match read {
                // The same again at the next call, after what there is has been sent.
                Ok(0) | Err(_) if filled > 0 => return Ok((filled, at)),
                Ok(0) if want == 0 || matches!(input.source, Source::Flowing(_)) => return Ok((0, at)),
                Ok(0) => {
                    let shorter =
                        anyhow!("the input became shorter while it was read: it ended at byte {at}");
                    return Err(Stopped::Unreadable(shorter));
                }
                Ok(got) => got,
                Err(stopped) => return Err(stopped),
            };
            chunk.carry(self.identity, at, got);
            at += got as u64;
            if matches!(input.source, Source::Flowing(_)) {
                // What comes from a pipe goes on at once: the next bytes may be long in coming.
                return Ok((filled + 1, at));
            }
        }
        Ok((batch.len(), at))
    }

    async fn read(&mut self, source: &mut Source, at: u64, into: &mut [u8]) -> Result<usize, Stopped> {
        let unreadable =
            |error| Stopped::Unreadable(anyhow::Error::new(error).context("cannot read the input"));
        match source {
            Source::Still(file) => read_up_to(file, at, into).map_err(unreadable),
            Source::Flowing(file) => tokio::select! {
                biased;
                () = self.interrupt.requested() => Err(Stopped::Interrupted),
                () = self.sender.closed() => Err(Stopped::Closed),
                got = file.read(into) => got.map_err(unreadable),
            },
        }
    }

    async fn deliver(&mut self, batch: &[Chunk]) -> Result<(), Stopped> {
        tokio::select! {
            biased;
            () = self.interrupt.requested() => Err(Stopped::Interrupted),
            sent = self.sender.send_many(batch) => sent.map_err(|_| Stopped::Closed),
        }
    }

    /// Says why there will be no more, if there is room to say it; who left without a word is noticed as well.
    fn leave(&self, ending: Ending) {
        let _ = self.sender.try_send(Chunk::end(self.identity, self.at, ending));
    }
}

fn random() -> rustix::io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u64::from_ne_bytes(bytes))
}
