//! The consumer of the show: takes every record, checks it, and tells the stage what arrived.
//! How many were sent it does not know; that is for the stage to compare.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::latency::{Latencies, now};
use super::options;
use super::record::Record;
use super::track::Track;
use super::words::{FromProducer, Progress, Received, Word, tell};
use crate::channel::Queue;
use crate::channel::peak::Peak;
use crate::channel::receiver::AnyReceiver;
use crate::channel::sender::AnySender;
use crate::name::Name;

const BATCH: usize = 512;
const PERIOD: Duration = Duration::from_millis(100);

/// Binds the name, and takes records until the last producer has left.
pub fn run(name: &Name, queue: Queue, producers: usize) -> Result<()> {
    // This process takes part twice, once with its guard.
    let members = producers + 2;
    let mut receiver = queue.bind(options().max_processes(members).end_with_last_sender(), name.path())?;
    // If the first producer is killed before the next has joined, the channel must not end.
    hold_until_go(queue.kind().connect(options(), name.path())?)?;
    tell(&Word::Ready)?;
    let mut judge = Judge::new(producers)?;
    let mut pace = Pace::new();
    let mut peak = Peak::new();
    let mut records = Vec::with_capacity(BATCH);
    let mut span: Option<(u64, u64)> = None;
    while receiver.blocking_recv_many(&mut records, BATCH) > 0 {
        // One look at the clock, right after the batch came out of the channel.
        let taken_at = now();
        span = Some((span.map_or(taken_at, |(first, _)| first), taken_at));
        records.iter().for_each(|record| judge.take(record, taken_at));
        pace.messages += records.len() as u64;
        records.clear();
        peak.look(&receiver);
        pace.tell_if_due(&receiver)?;
    }
    let seconds = span.map_or(0.0, |(first, last)| (last - first) as f64 * 1e-9);
    tell(&Word::Received(judge.finish(seconds, peak.bytes())?))
}

/// Keeps a sender of this process until the stage says go, or has gone.
fn hold_until_go(guard: AnySender<Record>) -> Result<()> {
    let wait = move || {
        // An error is an end as well.
        let _ = io::stdin().read(&mut [0]);
        drop(guard);
    };
    thread::Builder::new().spawn(wait).map(drop).context("cannot start a thread")
}

/// What arrived, by producer.
struct Judge {
    producers: Vec<(Track, Latencies)>,
    damaged: u64,
}

impl Judge {
    fn new(producers: usize) -> Result<Self> {
        let producers =
            (0..producers).map(|_| Ok((Track::default(), Latencies::new()?))).collect::<Result<_>>()?;
        Ok(Self { producers, damaged: 0 })
    }

    fn take(&mut self, record: &Record, taken_at: u64) {
        let known = self.producers.get_mut(record.producer as usize);
        let Some((track, latencies)) = known.filter(|_| record.is_intact()) else {
            self.damaged += 1;
            return;
        };
        track.take(record.sequence);
        if record.sent_at != 0 {
            latencies.take(taken_at.saturating_sub(record.sent_at));
        }
    }

    fn finish(self, seconds: f64, most_memory_in_use: Option<u64>) -> Result<Received> {
        let mut all = Latencies::new()?;
        let mut producers = Vec::with_capacity(self.producers.len());
        for (track, latencies) in &self.producers {
            all.take_all(latencies)?;
            producers.push(FromProducer {
                messages: track.received(),
                end: track.end(),
                reordered: track.reordered(),
                doubled: track.doubled(),
                latency: latencies.quantiles(),
            });
        }
        let (damaged, latency) = (self.damaged, all.quantiles());
        Ok(Received { seconds, most_memory_in_use, damaged, latency, producers })
    }
}

/// Tells how it goes, now and then.
struct Pace {
    messages: u64,
    told: u64,
    last: Instant,
}

impl Pace {
    fn new() -> Self {
        Self { messages: 0, told: 0, last: Instant::now() }
    }

    fn tell_if_due(&mut self, receiver: &AnyReceiver<Record>) -> Result<()> {
        let elapsed = self.last.elapsed();
        if elapsed < PERIOD {
            return Ok(());
        }
        let rate = (self.messages - self.told) as f64 / elapsed.as_secs_f64();
        self.told = self.messages;
        self.last = Instant::now();
        tell(&Word::Progress(Progress {
            messages: self.messages,
            rate,
            depth: receiver.len(),
            memory: receiver.memory_in_use(),
            producers: receiver.sender_strong_count(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_judged_by_producer() {
        let mut judge = Judge::new(2).unwrap();
        for (producer, sequence, sent_at) in
            [(0, 0, 100), (1, 0, 0), (0, 2, 0), (0, 1, 400), (1, 0, 0), (7, 0, 0)]
        {
            judge.take(&Record::new(producer, sequence, sent_at), 500);
        }
        let mut torn = Record::new(1, 1, 0);
        torn.sequence = 5;
        judge.take(&torn, 500);
        let received = judge.finish(2.0, None).unwrap();
        assert_eq!(received.damaged, 2);
        let [zero, one] = received.producers[..] else { panic!("two producers") };
        assert_eq!((zero.messages, zero.reordered, zero.doubled), (3, 1, 0));
        assert_eq!((one.messages, one.reordered, one.doubled), (1, 0, 1));
        assert_eq!((zero.end, one.end), (3, 1));
        assert_eq!((zero.latency.samples, zero.latency.max), (2, 400));
        assert_eq!(received.latency, zero.latency);
    }
}
