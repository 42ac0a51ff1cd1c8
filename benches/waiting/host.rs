//! The processes of a sample: a host, which receives and measures, and its guests.
//!
//! The bench's own process only says which sample comes next. So a host is on its cores from its first instruction, and no
//! channel that it makes has seen others.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    ptr::NonNull,
    sync::atomic::AtomicU64,
    time::Duration,
};

use crate::{
    cell::{Cell, Outcome, Placement, Run},
    cpu::Clocks,
    harness::{
        child::{self, Child},
        cores::{Cores, pin},
        rounds::Timing,
        shared_memory::SharedMemory,
    },
    parts,
};

/// The role of a process that receives and measures.
pub(crate) const HOST: &str = "host";
/// The role of a process that sends to a host.
pub(crate) const GUEST: &str = "guest";

/// Senders are spread over no more processes than this.
const GUESTS: usize = 4;

/// The hosts of a run, one for each placement that was asked for.
pub(crate) struct Hosts {
    directory: PathBuf,
    memory: SharedMemory,
    hosts: Vec<(Placement, Child)>,
    sample: u64,
}

impl Hosts {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.into(), memory: SharedMemory::create(), hosts: Vec::new(), sample: 0 }
    }

    /// Plays one sample of the cell at this place among [`parts::all`].
    pub(crate) fn play(&mut self, index: usize, cell: &Cell, items: u64) -> Outcome {
        self.sample += 1;
        let order = format!("{index} {} {items}", self.sample);
        let host = self.host(cell.key.placement);
        host.say(&order);
        read_outcome(&host.hear())
    }

    fn host(&mut self, placement: Placement) -> &mut Child {
        let at = self.hosts.iter().position(|(at, _)| *at == placement).unwrap_or_else(|| {
            // Where one core is all there is, nothing needs to be pinned.
            let [here, there] = match (placement, Cores::choose()) {
                (Placement::Free, _) | (_, None) => [const { String::new() }; 2],
                (Placement::OneCore, Some(cores)) => [cores.here; 2].map(|core| core.to_string()),
                (Placement::Apart, Some(cores)) => [cores.here, cores.there].map(|core| core.to_string()),
            };
            let descriptor = self.memory.descriptor().to_string();
            let directory = self.directory.to_str().expect("a plain path");
            self.hosts.push((placement, Child::start([HOST, directory, &descriptor, &here, &there])));
            self.hosts.len() - 1
        });
        &mut self.hosts[at].1
    }
}

fn write_outcome(outcome: Outcome) {
    let Outcome { timing: Timing { items, elapsed }, figures } = outcome;
    println!("{items} {} {} {}", elapsed.as_nanos(), figures[0], figures[1]);
}

fn read_outcome(line: &str) -> Outcome {
    let words: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [items, elapsed, first, second] = words[..] else { panic!("the host process has failed: {line}") };
    let timing = Timing { items: items as u64, elapsed: Duration::from_nanos(elapsed as u64) };
    Outcome { timing, figures: [first, second] }
}

/// What the processes of a sample have in common.
pub(crate) struct Guest {
    directory: PathBuf,
    memory: SharedMemory,
    sample: u64,
}

impl Guest {
    fn from(words: &[String]) -> Self {
        let descriptor = words[1].parse().expect("a descriptor");
        Self { directory: words[0].clone().into(), memory: SharedMemory::inherited(descriptor), sample: 0 }
    }

    /// Returns a path that no other sample uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}-{}", self.sample))
    }

    /// Returns the memory of one of two bare rings.
    pub(crate) fn ring(&self, index: usize) -> (NonNull<u8>, usize) {
        self.memory.ring(index)
    }

    /// Returns the word that tells senders to stop.
    pub(crate) fn stop(&self) -> &AtomicU64 {
        self.memory.word()
    }

    /// Says that this process has its ends.
    pub(crate) fn ready(&self) {
        println!("ready");
    }
}

/// The process that receives and measures.
pub(crate) struct Host {
    /// What it has in common with its guests.
    pub(crate) site: Guest,
    guests: Vec<Child>,
    called: usize,
    index: usize,
    /// The core of the other side, as text; empty where it may use any.
    there: String,
}

impl Host {
    /// Lets as many guests as the senders need open their ends, and returns when they have.
    ///
    /// What the guests are to find must be there by now.
    pub(crate) fn call_in(&mut self, senders: usize, items: u64) {
        self.called = senders.min(GUESTS);
        while self.guests.len() < self.called {
            let descriptor = self.site.memory.descriptor().to_string();
            let directory = self.site.directory.to_str().expect("a plain path");
            self.guests.push(Child::start([GUEST, directory, &descriptor, &self.there]));
        }
        for (place, guest) in self.guests[..self.called].iter_mut().enumerate() {
            let (from, to) = (senders * place / self.called, senders * (place + 1) / self.called);
            guest.say(&format!("{} {} {items} {from} {to}", self.index, self.site.sample));
        }
        self.guests[..self.called].iter_mut().for_each(|guest| guest.expect("ready"));
    }

    /// Moves the calling thread to the core of the other side.
    pub(crate) fn pin_other_side(&self) {
        pin_to(&self.there);
    }

    /// Returns the CPU clocks of all processes of the sample.
    pub(crate) fn clocks(&self) -> Clocks {
        Clocks::with(self.guests[..self.called].iter().map(Child::pid))
    }
}

/// Plays the samples that the bench's process asks for.
pub(crate) fn serve_as_host(words: &[String]) {
    pin_to(&words[2]);
    let cells = parts::all();
    let (site, there) = (Guest::from(words), words[3].clone());
    let mut host = Host { site, guests: Vec::new(), called: 0, index: 0, there };
    for line in child::orders() {
        let [index, sample, items] = numbers(&line);
        (host.index, host.site.sample, host.called) = (index as usize, sample, 0);
        let cell = &cells[host.index];
        let outcome = match cell.run {
            Run::Within(run) => run(&host, cell.load(items)),
            Run::Between { here, .. } => here(&mut host, cell.load(items)),
        };
        host.guests[..host.called].iter_mut().for_each(|guest| guest.expect("done"));
        write_outcome(outcome);
    }
}

/// Does a guest's part of the samples that the host asks for.
pub(crate) fn serve_as_guest(words: &[String]) {
    pin_to(&words[2]);
    let cells = parts::all();
    let mut guest = Guest::from(words);
    for line in child::orders() {
        let [index, sample, items, from, to] = numbers(&line);
        guest.sample = sample;
        let cell = &cells[index as usize];
        let Run::Between { there, .. } = cell.run else { panic!("{} needs no guest", cell.label()) };
        there(&guest, cell.load(items), Range { start: from as usize, end: to as usize });
        println!("done");
    }
}

/// Moves the calling thread, and the threads that it will start, to a core if one is named.
fn pin_to(core: &str) {
    if let Ok(core) = core.parse() {
        pin(core);
    }
}

fn numbers<const COUNT: usize>(line: &str) -> [u64; COUNT] {
    let words: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
    words.try_into().unwrap_or_else(|_| panic!("{COUNT} numbers, not {line}"))
}
