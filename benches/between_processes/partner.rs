//! The child process, told which sample comes next.
//!
//! It measures nothing; the clock stands in the parent.

use std::{
    path::{Path, PathBuf},
    ptr::NonNull,
};

use crate::{
    harness::{
        arena::Arena,
        child::{self, Child},
        cores::{Cores, pin},
        rounds::Timing,
    },
    lanes::{Lane, Run},
    traffic::Load,
};

/// Where both sides of a sample meet.
pub(crate) struct Venue {
    directory: PathBuf,
    arena: Arena,
    sample: u64,
}

impl Venue {
    /// A socket path that no other sample uses.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}-{}", self.sample))
    }

    /// Shared memory for one of two bare rings.
    pub(crate) fn ring(&self, index: usize) -> (NonNull<u8>, usize) {
        self.arena.ring(index)
    }
}

/// The parent's view of a sample that a child takes part in.
pub(crate) struct Host<'a> {
    /// Where to meet.
    pub(crate) venue: &'a Venue,
    partner: &'a mut Child,
    call: String,
}

impl Host<'_> {
    /// Lets the child open its ends and returns when it has; what the child is to find must be there by now.
    pub(crate) fn call_in(&mut self) {
        self.partner.say(&self.call);
        self.partner.expect("ready");
    }
}

/// The child's view of a sample.
pub(crate) struct Guest<'a> {
    /// Where to meet.
    pub(crate) venue: &'a Venue,
}

impl Guest<'_> {
    /// Says that all ends are open.
    pub(crate) fn ready(&self) {
        println!("ready");
    }
}

/// The running child and what both sides share.
pub(crate) struct Partner {
    child: Child,
    venue: Venue,
}

impl Partner {
    /// Starts the child.
    pub(crate) fn start(directory: &Path, cores: Option<Cores>) -> Self {
        let arena = Arena::create();
        let core = cores.map_or(String::new(), |cores| cores.there.to_string());
        let child =
            Child::start([directory.as_os_str(), arena.descriptor().to_string().as_ref(), core.as_ref()]);
        Self { child, venue: Venue { directory: directory.into(), arena, sample: 0 } }
    }

    /// One sample: `index` is the lane's place among [`crate::lanes::all`].
    pub(crate) fn play(
        &mut self,
        index: usize,
        run: fn(&mut Host<'_>, Load) -> Timing,
        load: Load,
    ) -> Timing {
        self.venue.sample += 1;
        let call = format!("{index} {} {} {} {}", self.venue.sample, load.lead, load.count, load.tail);
        let mut host = Host { venue: &self.venue, partner: &mut self.child, call };
        let timing = run(&mut host, load);
        host.partner.expect("done");
        timing
    }
}

/// Does the child's part until the parent has no more samples, if we are the child.
pub(crate) fn serve_if_child(lanes: &[Lane]) -> bool {
    let Some(mut words) = child::arguments() else { return false };
    let directory = words.next().expect("a directory");
    let mut number = || words.next().and_then(|word| word.into_string().ok()?.parse().ok());
    let arena = Arena::inherited(number().expect("a descriptor") as i32);
    if let Some(core) = number() {
        pin(core);
    }
    let mut venue = Venue { directory: directory.into(), arena, sample: 0 };
    for line in child::orders() {
        let words: Vec<u64> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
        let [index, sample, lead, count, tail] = words[..] else { panic!("five numbers, not {line}") };
        venue.sample = sample;
        match lanes[index as usize].run {
            Run::Processes { there, .. } => there(&Guest { venue: &venue }, Load { lead, count, tail }),
            Run::Threads(_) => panic!("lane {index} needs no child"),
        }
        println!("done");
    }
    true
}
