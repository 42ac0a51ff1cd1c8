//! The stage: starts the sink and the sources, lets them run for a while, and compares what they tell.
//! It takes no part in the channel.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::actor::{Actor, Event};
use super::ending::Ending;
use super::result::{Source, Summary};
use super::words::{Progress, Received, Word};
use crate::args::ShowArgs;
use crate::interrupt::Interrupt;
use crate::live::{self, Live, bytes, count, number};
use crate::name::Name;
use crate::streams;

/// The sink's number; the sources have those after it.
const SINK: usize = 0;

/// How long the actors may take to join, and to end when they are told to.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the show.
pub fn run(args: &ShowArgs) -> Result<Summary> {
    let (tell, events) = mpsc::channel();
    let on_interrupt = tell.clone();
    let _interrupt = Interrupt::install_with(move || {
        let _ = on_interrupt.send(Event::Interrupted);
    })?;
    let name = Name::private("ipc-demo");
    let told = Told::default();
    let mut stage = Stage {
        events,
        actors: Vec::new(),
        progress: None,
        told,
        name: name.clone(),
        live: Live::new(!args.json),
    };
    let deadline = Instant::now() + GRACE;

    stage.start(&sink(&name, args), &tell)?;
    stage.wait_ready(deadline)?;
    for number in 0..args.producers {
        stage.start(&source(&name, number, args), &tell)?;
    }
    stage.wait_ready(deadline)?;
    stage.play(Duration::from_secs_f64(args.seconds), !args.json)?;
    stage.end()?;
    stage.judge(args)
}

fn sink(name: &Name, args: &ShowArgs) -> Vec<OsString> {
    let mut arguments =
        role("sink", name, &[("--capacity", args.capacity), ("--producers", args.producers)], args);
    if let Some(bytes) = args.growth.memory_limit {
        arguments.extend(["--memory-limit".into(), bytes.to_string().into()]);
    }
    arguments
}

fn source(name: &Name, number: usize, args: &ShowArgs) -> Vec<OsString> {
    role("source", name, &[("--number", number), ("--batch", args.batch)], args)
}

fn role(role: &str, name: &Name, options: &[(&str, usize)], args: &ShowArgs) -> Vec<OsString> {
    let mut arguments = vec![role.into(), "--name".into(), name.path().into()];
    for (option, value) in options {
        arguments.extend([OsString::from(option), value.to_string().into()]);
    }
    if args.growth.unbounded {
        arguments.push("--unbounded".into());
    }
    arguments
}

struct Stage {
    events: Receiver<Event>,
    actors: Vec<Actor>,
    progress: Option<Progress>,
    told: Told,
    name: Name,
    live: Live,
}

/// What the actors said, and how they ended.
#[derive(Default)]
struct Told {
    ready: BTreeSet<usize>,
    /// The sources that wait for memory.
    waiting: BTreeSet<usize>,
    sent: BTreeMap<usize, u64>,
    received: Option<Received>,
    failures: BTreeMap<usize, String>,
    /// The actors that the stage has killed, and whether a signal had stopped them.
    struck: BTreeMap<usize, bool>,
    endings: BTreeMap<usize, Ending>,
    interrupted: bool,
}

impl Stage {
    fn start(&mut self, arguments: &[OsString], events: &mpsc::Sender<Event>) -> Result<()> {
        self.actors.push(Actor::start(self.actors.len(), arguments, events.clone())?);
        Ok(())
    }

    /// Waits until every actor has joined or ended. The show goes on without a source, but not without all of them.
    fn wait_ready(&mut self, deadline: Instant) -> Result<()> {
        while (0..self.actors.len()).any(|number| self.runs(number) && !self.told.ready.contains(&number)) {
            if !self.hear(deadline)? {
                bail!("the processes did not join each other within {} s", GRACE.as_secs());
            }
            if self.told.interrupted {
                bail!("interrupted before it began");
            }
        }
        self.blame_sink()?;
        if self.actors.len() > SINK + 1 && self.sources().next().is_none() {
            bail!("no producer is left: {}", self.problem(SINK + 1).unwrap_or_default());
        }
        Ok(())
    }

    /// Lets the sources send for `duration`.
    fn play(&mut self, duration: Duration, watched: bool) -> Result<()> {
        if watched {
            let producers = self.actors.len() - 1;
            streams::note(&format!(
                "ipc-demo: {producers} producers and 1 consumer, for {} s",
                duration.as_secs_f64()
            ));
        }
        self.actors.iter_mut().for_each(Actor::go);
        let curtain = Instant::now() + duration;
        while !self.told.interrupted
            && self.runs(SINK)
            && self.sources().next().is_some()
            && self.hear(curtain)?
        {}
        Ok(())
    }

    /// Lets every actor end, and kills those that do not.
    fn end(&mut self) -> Result<()> {
        self.actors.iter_mut().for_each(Actor::stop);
        let deadline = Instant::now() + GRACE;
        while self.sources().next().is_some() && self.hear(deadline)? {}
        if self.runs(SINK) && self.actors[SINK].is_stopped() {
            // The sources wait for room in the channel, and so are not to blame.
            self.strike(SINK);
        } else {
            let late: Vec<_> = self.sources().collect();
            late.into_iter().for_each(|number| self.strike(number));
        }
        self.wait_ended()?;
        let late: Vec<_> = (0..self.actors.len()).filter(|&number| self.runs(number)).collect();
        late.into_iter().for_each(|number| self.strike(number));
        self.wait_ended()
    }

    /// Waits until every actor has ended, or has said nothing for too long: to take all that an unbounded channel holds can be
    /// much work for the sink.
    fn wait_ended(&mut self) -> Result<()> {
        while (0..self.actors.len()).any(|number| self.runs(number)) && self.hear(Instant::now() + GRACE)? {}
        Ok(())
    }

    fn strike(&mut self, number: usize) {
        let stopped = self.actors[number].is_stopped();
        self.told.struck.insert(number, stopped);
        self.actors[number].kill();
    }

    fn runs(&self, number: usize) -> bool {
        !self.told.endings.contains_key(&number)
    }

    /// Returns the sources that have not ended.
    fn sources(&self) -> impl Iterator<Item = usize> {
        (SINK + 1..self.actors.len()).filter(|&number| self.runs(number))
    }

    /// Hears one event, and shows how it goes meanwhile; false at the deadline.
    fn hear(&mut self, deadline: Instant) -> Result<bool> {
        let event = loop {
            self.show();
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left.min(live::PERIOD)) {
                Ok(event) => break event,
                // What the last event changed may be shown only now.
                Err(RecvTimeoutError::Timeout) if left > live::PERIOD => {}
                Err(RecvTimeoutError::Timeout) => return Ok(false),
                Err(RecvTimeoutError::Disconnected) => bail!("no process is left to be heard"),
            }
        };
        match event {
            Event::Interrupted => self.told.interrupted = true,
            Event::Said(number, word) => match word? {
                Word::Ready => _ = self.told.ready.insert(number),
                Word::Progress(progress) => self.progress = Some(progress),
                Word::Waiting(true) => _ = self.told.waiting.insert(number),
                Word::Waiting(false) => _ = self.told.waiting.remove(&number),
                Word::Received(received) => self.told.received = Some(received),
                Word::Sent(sent) => _ = self.told.sent.insert(number, sent),
                Word::Failed(reason) => _ = self.told.failures.insert(number, reason),
            },
            Event::Fell(number) => {
                let status = self.actors[number].ended()?;
                let ending = match (self.told.struck.get(&number), status.success()) {
                    (Some(&stopped), false) => Ending::Stuck { stopped },
                    // It may have ended by itself before the stage killed it.
                    _ => Ending::of(status, self.told.failures.remove(&number)),
                };
                self.told.endings.insert(number, ending);
                self.told.waiting.remove(&number);
            }
        }
        Ok(true)
    }

    fn show(&mut self) {
        if let Some(progress) = self.progress {
            self.live.show(|| line(&progress, self.told.waiting.len()));
        }
    }

    /// Says what went wrong with an actor, if it has.
    fn problem(&self, number: usize) -> Option<String> {
        let clause = self.told.endings.get(&number)?.clause()?;
        let role = if number == SINK { "the consumer" } else { "producer" };
        Some(format!("{role} {} {clause}", self.actors[number].pid()))
    }

    /// Fails if the sink has: nothing can be judged without it, and what its end did to the sources is no news.
    fn blame_sink(&self) -> Result<()> {
        self.problem(SINK).map_or(Ok(()), |problem| bail!(problem))
    }

    fn judge(&mut self, args: &ShowArgs) -> Result<Summary> {
        self.blame_sink()?;
        let received = self.told.received.take().context("the consumer said nothing")?;
        let sources = self.actors.iter().enumerate().skip(SINK + 1);
        let sources: Vec<_> = sources
            .map(|(number, actor)| Source {
                pid: actor.pid(),
                sent: self.told.sent.get(&number).copied(),
                // The kernel did not let go of one that was killed, which is not a reason to wait for it.
                ending: self.told.endings.get(&number).cloned().unwrap_or(Ending::Stuck { stopped: false }),
            })
            .collect();
        Ok(Summary::new(args.queue(), args.batch, &sources, &received))
    }
}

/// Says how it goes while `waiting` of the producers wait for memory.
fn line(progress: &Progress, waiting: usize) -> String {
    let &Progress { messages, rate, depth, memory, producers } = progress;
    let (messages, rate, depth) = (count(messages as f64), count(rate), number(depth as u64, 6));
    let memory = memory.map_or_else(String::new, |memory| format!("memory {}, ", bytes(memory)));
    let producers = match waiting {
        0 => format!("producers alive {producers}"),
        _ => format!("{waiting}/{producers} producers wait"),
    };
    format!("{messages} records, {rate}/s, depth {depth}, {memory}{producers}")
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.actors.clear();
        self.name.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_line_fits_a_terminal_of_80_columns() {
        let progress =
            |depth, memory| Progress { messages: 999_949, rate: 99_900.0, depth, memory, producers: 256 };
        let bounded = line(&progress(1_048_575, None), 0);
        assert_eq!(bounded, "1.0 M records, 99.9 k/s, depth 1.0 M, producers alive 256");
        let waiting = line(&progress(123_456, Some(1023 << 20)), 3);
        assert_eq!(waiting, "1.0 M records, 99.9 k/s, depth 123456, memory 1023 MiB, 3/256 producers wait");
        let mut most = progress(123_456, Some(1023 << 20));
        (most.messages, most.rate) = (12_300_000, 12_300_000.0);
        assert!([0, 256].iter().all(|&waiting| line(&most, waiting).len() < 80));
    }
}
