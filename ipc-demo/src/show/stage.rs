//! The stage: starts the sink and the sources, lets them run for a while, and compares what they tell.
//! It takes no part in the channel.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::actor::{Actor, Event};
use super::result::Summary;
use super::words::{Progress, Received, Word};
use crate::args::ShowArgs;
use crate::interrupt::Interrupt;
use crate::live::{Live, count};
use crate::name::Name;
use crate::streams;

/// The sink's number; the sources have those after it.
const SINK: usize = 0;

/// How long the actors may take to join, and to end when they are told to.
const GRACE: Duration = Duration::from_secs(15);

/// Runs the show.
pub fn run(args: &ShowArgs) -> Result<Summary> {
    let (tell, events) = mpsc::channel();
    let on_interrupt = tell.clone();
    let _interrupt = Interrupt::install_with(move || {
        let _ = on_interrupt.send(Event::Interrupted);
    })?;
    let name = Name::private("ipc-demo");
    let told = Told::default();
    let mut stage =
        Stage { events, actors: Vec::new(), running: 0, progress: None, told, name: name.clone() };
    let deadline = Instant::now() + GRACE;

    stage.start(&sink(&name, args), &tell)?;
    stage.wait_ready(deadline)?;
    for number in 0..args.producers {
        stage.start(&source(&name, number, args), &tell)?;
    }
    stage.wait_ready(deadline)?;
    stage.play(Duration::from_secs_f64(args.seconds), !args.json)?;
    stage.judge(args)
}

fn sink(name: &Name, args: &ShowArgs) -> Vec<OsString> {
    role("sink", name, &[("--capacity", args.capacity), ("--producers", args.producers)])
}

fn source(name: &Name, number: usize, args: &ShowArgs) -> Vec<OsString> {
    role("source", name, &[("--number", number), ("--batch", args.batch)])
}

fn role(role: &str, name: &Name, options: &[(&str, usize)]) -> Vec<OsString> {
    let mut arguments = vec![role.into(), "--name".into(), name.path().into()];
    for (option, value) in options {
        arguments.extend([OsString::from(option), value.to_string().into()]);
    }
    arguments
}

struct Stage {
    events: Receiver<Event>,
    actors: Vec<Actor>,
    running: usize,
    progress: Option<Progress>,
    told: Told,
    name: Name,
}

/// What the actors said that matters at the end.
#[derive(Default)]
struct Told {
    ready: usize,
    sent: BTreeMap<usize, u64>,
    received: Option<Received>,
    problems: Vec<String>,
    interrupted: bool,
}

impl Stage {
    fn start(&mut self, arguments: &[OsString], events: &mpsc::Sender<Event>) -> Result<()> {
        self.actors.push(Actor::start(self.actors.len(), arguments, events.clone())?);
        self.running += 1;
        Ok(())
    }

    /// Waits until every actor has joined.
    fn wait_ready(&mut self, deadline: Instant) -> Result<()> {
        while self.told.ready < self.actors.len() {
            if !self.hear(deadline)? {
                bail!("the processes did not join each other within {} s", GRACE.as_secs());
            }
            if self.running < self.actors.len() {
                bail!(
                    "{}",
                    self.told.problems.first().map_or("a process ended before it began", String::as_str)
                );
            }
            if self.told.interrupted {
                bail!("interrupted before it began");
            }
        }
        Ok(())
    }

    /// Lets the sources send for `duration`, and everybody end.
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
        let mut live = Live::new(watched);
        while !self.told.interrupted && self.running == self.actors.len() && self.hear(curtain)? {
            if let Some(Progress { messages, rate, depth, producers }) = self.progress {
                live.show(|| {
                    let (messages, rate) = (count(messages as f64), count(rate));
                    format!("{messages} records, {rate}/s, depth {depth}, producers alive {producers}")
                });
            }
        }
        self.actors.iter_mut().for_each(Actor::stop);
        let deadline = Instant::now() + GRACE;
        while self.running > 0 {
            if !self.hear(deadline)? {
                self.told.problems.push(format!(
                    "{} processes did not end within {} s",
                    self.running,
                    GRACE.as_secs()
                ));
                break;
            }
        }
        Ok(())
    }

    /// Hears one event; false at the deadline.
    fn hear(&mut self, deadline: Instant) -> Result<bool> {
        let event = match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            Err(RecvTimeoutError::Disconnected) => bail!("nobody is left to be heard"),
        };
        match event {
            Event::Interrupted => self.told.interrupted = true,
            Event::Said(number, word) => match word? {
                Word::Ready => self.told.ready += 1,
                Word::Progress(progress) => self.progress = Some(progress),
                Word::Received(received) => self.told.received = Some(received),
                Word::Sent(sent) => _ = self.told.sent.insert(number, sent),
            },
            Event::Fell(number) => {
                self.running -= 1;
                let actor = &mut self.actors[number];
                let status = actor.ended()?;
                if !status.success() {
                    let what = if number == SINK { "the consumer" } else { "producer" };
                    self.told.problems.push(format!("{what} {} failed ({status})", actor.pid()));
                }
            }
        }
        Ok(true)
    }

    fn judge(&mut self, args: &ShowArgs) -> Result<Summary> {
        let problems = std::mem::take(&mut self.told.problems);
        let received = self.told.received.take().with_context(|| match problems.join("; ") {
            none if none.is_empty() => "the consumer said nothing".to_owned(),
            problems => problems,
        })?;
        let sources = self.actors.iter().enumerate().skip(SINK + 1);
        let sent: Vec<_> =
            sources.map(|(number, actor)| (actor.pid(), self.told.sent.get(&number).copied())).collect();
        Ok(Summary::new(args.capacity, args.batch, &sent, &received, problems))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.actors.clear();
        self.name.sweep();
    }
}
