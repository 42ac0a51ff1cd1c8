//! The producer: announces its part of a file, sends it in batches of chunks, and says how it ended.
//! It learns nothing from the consumer but that it has gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Signal, getpid, kill_process};
use rustix::rand::{GetRandomFlags, getrandom};
use serde::Serialize;
use shmpsc::bytemuck::Zeroable;
use shmpsc::error::OpenError;
use tokio::io::AsyncReadExt;

use super::chunk::{BYTES, Chunk, Ending, Identity};
use super::options;
use super::progress::Progress;
use super::shard::Shard;
use super::source::{Input, Source, read_up_to};
use crate::args::ProducerArgs;
use crate::channel::{retry::Refused, sender::AnySender};
use crate::exit::Verdict;
use crate::interrupt::Interrupt;
use crate::live::{self, Live};

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
    /// How many of these seconds it waited for memory that an unbounded channel could not have yet.
    pub waited: f64,
    /// Whether that was everything.
    pub complete: bool,
}

impl Sent {
    /// The line for people.
    pub fn sentence(&self) -> String {
        let rate = self.bytes as f64 / self.seconds.max(1e-9);
        let Self { shard, bytes, seconds, waited, .. } = self;
        let rate = live::bytes(rate as u64);
        let waited =
            if *waited > 0.0 { format!("; it waited {waited:.3} s for memory") } else { String::new() };
        format!("sent {bytes} bytes as shard {shard} in {seconds:.3} s ({rate}/s){waited}")
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
        progress: Progress::new(input.range.clone()),
        kill_at: args.kill_after.map_or(u64::MAX, |bytes| input.range.start.saturating_add(bytes)),
        waited: Duration::ZERO,
        live: Live::new(!args.json),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(producer.send(input));
    // A read of a terminal cannot be called back; the process is about to end anyway.
    runtime.shutdown_timeout(Duration::ZERO);
    done
}

/// Joins the channel. If that was asked for, it tries again while no consumer is there.
fn join(args: &ProducerArgs, interrupt: &Interrupt) -> Result<AnySender<Chunk>> {
    let until = Instant::now() + args.wait();
    loop {
        match args.kind().connect(options().timeout(args.deadline()), args.name.path()) {
            Err(OpenError::NoReceiver { .. }) if Instant::now() < until && !interrupt.is_requested() => {
                thread::sleep(PAUSE);
            }
            outcome => return Ok(outcome?),
        }
    }
}

struct Producer {
    sender: AnySender<Chunk>,
    identity: Identity,
    interrupt: Interrupt,
    progress: Progress,
    kill_at: u64,
    /// How long it waited for memory.
    waited: Duration,
    live: Live,
}

/// Why there will be no more.
enum Stopped {
    Interrupted,
    Closed,
    Unsendable(Refused),
    Unreadable(anyhow::Error),
}

impl Producer {
    /// Sends everything, and returns what was sent.
    async fn send(mut self, input: Input) -> Result<Sent> {
        let stopped = self.send_all(input).await.err();
        self.live.clear();
        let sent = self.progress.sent();
        match stopped {
            None => Ok(self.sent(true)),
            Some(Stopped::Interrupted) => {
                self.leave(Ending::Interrupted);
                Ok(self.sent(false))
            }
            Some(Stopped::Unsendable(why)) => Err(why.into()),
            Some(Stopped::Unreadable(error)) => {
                self.leave(Ending::Unreadable);
                Err(error)
            }
            Some(Stopped::Closed) => {
                bail!("the consumer closed the channel after {sent} bytes of shard {}", self.identity.shard)
            }
        }
    }

    fn sent(&self, complete: bool) -> Sent {
        Sent {
            shard: self.identity.shard,
            bytes: self.progress.sent(),
            seconds: self.progress.seconds(),
            waited: self.waited.as_secs_f64(),
            complete,
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
            self.progress.at = at;
            if self.progress.at >= self.kill_at {
                let _ = kill_process(getpid(), Signal::KILL);
            }
        }
        self.deliver(&[Chunk::end(self.identity, self.progress.at, Ending::Complete)]).await
    }

    /// Reads the next chunks into `batch`; returns how many (0 at the end) and where they end.
    async fn fill(&mut self, batch: &mut [Chunk], input: &mut Input) -> Result<(usize, u64), Stopped> {
        let mut at = self.progress.at;
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
        let (progress, sender, live) = (&self.progress, &self.sender, &mut self.live);
        let mut waits_since = None;
        live.show(|| progress.line(sender.memory_in_use(), None));
        let on_wait = |why| {
            waits_since.get_or_insert_with(Instant::now);
            live.show(|| progress.line(sender.memory_in_use(), Some(why)));
        };
        let outcome = tokio::select! {
            biased;
            () = self.interrupt.requested() => Err(Stopped::Interrupted),
            sent = sender.send_many(batch, on_wait) => sent.map_err(|why| match why {
                Refused::Closed(()) => Stopped::Closed,
                why => Stopped::Unsendable(why),
            }),
        };
        self.waited += waits_since.map_or(Duration::ZERO, |since: Instant| since.elapsed());
        outcome
    }

    /// Says why there will be no more, if there is room to say it. The consumer also notices a producer that leaves without a word.
    fn leave(&self, ending: Ending) {
        self.sender.offer(&Chunk::end(self.identity, self.progress.at, ending));
    }
}

fn random() -> rustix::io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u64::from_ne_bytes(bytes))
}
