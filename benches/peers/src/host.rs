//! The processes of a sample: a host, which receives and measures, and its guests, which send.
//!
//! The bench's own process only says which sample comes next. So a host is on its cores from its first instruction. The
//! guests of a contestant that stays within one process are threads of the host.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use crate::{
    cell::{Order, Outcome, Placement},
    contestant::Reach,
    contestants,
    harness::{
        child::{self, Child},
        cores::{Cores, pin},
        shared_memory::SharedMemory,
    },
    measures::Part,
    site::Site,
};

/// The role of a process that receives and measures.
pub(crate) const HOST: &str = "host";
/// The role of a process that sends to a host.
pub(crate) const GUEST: &str = "guest";

/// Senders are spread over no more processes than this.
pub(crate) const GUESTS: usize = 4;

/// A process that receives and measures, as the bench sees it.
pub(crate) struct Host {
    process: Child,
    /// The memory that its processes share, which must outlive the start of each.
    _memory: SharedMemory,
}

impl Host {
    /// Starts one at a placement. Where one core is all there is, nothing needs to be pinned.
    pub(crate) fn start(directory: &Path, placement: Placement) -> Self {
        let [here, there] = match (placement, Cores::choose()) {
            (Placement::Free, _) | (_, None) => [const { String::new() }; 2],
            (Placement::OneCore, Some(cores)) => [cores.here; 2].map(|core| core.to_string()),
            (Placement::Apart, Some(cores)) => [cores.here, cores.there].map(|core| core.to_string()),
        };
        let memory = SharedMemory::create();
        let descriptor = memory.descriptor().to_string();
        let directory = directory.to_str().expect("a plain path");
        Self { process: Child::start([HOST, directory, &descriptor, &here, &there]), _memory: memory }
    }

    /// Begins a sample.
    pub(crate) fn begin(&mut self, order: &Order) {
        self.process.say(&serde_json::to_string(order).expect("an order is text"));
    }

    /// Waits for the end of the sample.
    pub(crate) fn end(&mut self) -> Outcome {
        let line = self.process.hear();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the host process has failed: {line}"))
    }
}

/// A process that receives and measures, as it sees itself.
pub(crate) struct Play {
    pub(crate) site: Arc<Site>,
    /// What the guests are to do.
    there: fn(&Guest),
    reach: Reach,
    guests: Vec<Child>,
    threads: Vec<(JoinHandle<()>, Receiver<u64>)>,
    called: usize,
    words: Vec<String>,
}

impl Play {
    /// Lets the guests connect all senders of the cell; returns when they have, with the nanoseconds of the slowest.
    ///
    /// What the guests are to find must be there by now.
    pub(crate) fn call_in(&mut self) -> u64 {
        let senders = self.site.order.cell.senders;
        if self.reach == Reach::Threads {
            let (site, core, there) = (self.site.clone(), self.words[3].clone(), self.there);
            let (say, hear) = channel();
            let thread = thread::spawn(move || {
                pin_to(&core);
                there(&Guest::new(site, 0..senders, Voice::Thread(Mutex::new(say))));
            });
            let connected = hear.recv().expect("a guest that connects");
            self.threads.push((thread, hear));
            return connected;
        }
        self.called = senders.min(GUESTS);
        while self.guests.len() < self.called {
            let [directory, descriptor, _, there] = &self.words[..] else { panic!("four words") };
            self.guests.push(Child::start([GUEST, directory, descriptor, there]));
        }
        let order = serde_json::to_string(&self.site.order).expect("an order is text");
        for (place, guest) in self.guests[..self.called].iter_mut().enumerate() {
            let (from, to) = (senders * place / self.called, senders * (place + 1) / self.called);
            guest.say(&format!("{from} {to} {order}"));
        }
        let connected = self.guests[..self.called].iter_mut().map(|guest| guest.hear());
        connected
            .map(|line| line.parse().unwrap_or_else(|_| panic!("a guest has failed: {line}")))
            .max()
            .unwrap_or(0)
    }

    /// Waits until the guests are done. They must have been let go.
    pub(crate) fn dismiss(&mut self) {
        self.guests[..self.called].iter_mut().for_each(|guest| guest.expect("done"));
        self.called = 0;
        for (thread, _) in self.threads.drain(..) {
            thread.join().expect("a guest without a panic");
        }
    }

    /// Returns the numbers of the guests' processes.
    pub(crate) fn guests(&self) -> impl Iterator<Item = u32> {
        self.guests[..self.called].iter().map(Child::pid)
    }
}

/// Plays the samples that the bench's process asks for.
pub(crate) fn serve_as_host(words: &[String]) {
    pin_to(&words[2]);
    let mut guests = Vec::new();
    for line in child::orders() {
        let order: Order = serde_json::from_str(&line).expect("an order");
        let (reach, Part { here, there }) = contestants::part(&order.cell).expect("a cell that is measured");
        let site = Arc::new(site(words, order));
        let mut play =
            Play { site, there, reach, guests, threads: Vec::new(), called: 0, words: words.to_vec() };
        let outcome = here(&mut play);
        println!("{}", serde_json::to_string(&outcome).expect("an outcome is text"));
        guests = play.guests;
    }
}

/// Does a guest's part of the samples that the host asks for.
pub(crate) fn serve_as_guest(words: &[String]) {
    pin_to(&words[2]);
    for line in child::orders() {
        let mut parts = line.splitn(3, ' ');
        let [from, to, order] = [(); 3].map(|()| parts.next().expect("a range and an order"));
        let range = from.parse().expect("a number")..to.parse().expect("a number");
        let order: Order = serde_json::from_str(order).expect("an order");
        let (_, Part { there, .. }) = contestants::part(&order.cell).expect("a cell that is measured");
        there(&Guest::new(Arc::new(site(words, order)), range, Voice::Pipe));
        println!("done");
    }
}

/// Makes the site of a process that was told the folder and the descriptor of the shared memory.
fn site(words: &[String], order: Order) -> Site {
    thread_local! {
        static SHARED_MEMORY: std::cell::OnceCell<SharedMemory> = const { std::cell::OnceCell::new() };
    }
    let inherit = || SharedMemory::inherited(words[1].parse().expect("a descriptor"));
    let memory = SHARED_MEMORY.with(|memory| memory.get_or_init(inherit).clone());
    Site::new(PathBuf::from(&words[0]), memory, order)
}

/// How a guest says that its senders are connected.
enum Voice {
    Pipe,
    Thread(Mutex<Sender<u64>>),
}

/// The part of a sample that has senders: a process, or a thread of the host.
pub(crate) struct Guest {
    pub(crate) site: Arc<Site>,
    /// The numbers of its senders.
    pub(crate) senders: Range<usize>,
    /// Senders that are not connected yet.
    missing: AtomicUsize,
    voice: Voice,
}

impl Guest {
    fn new(site: Arc<Site>, senders: Range<usize>, voice: Voice) -> Self {
        Self { site, missing: AtomicUsize::new(senders.len()), senders, voice }
    }

    /// Says that one more sender is connected, and how many nanoseconds that took.
    pub(crate) fn connected(&self, nanoseconds: u64) {
        // ORDERING: the last one speaks for all; what they connected is found through the channel itself.
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            match &self.voice {
                Voice::Pipe => println!("{nanoseconds}"),
                Voice::Thread(say) => {
                    say.lock().expect("no panic before").send(nanoseconds).expect("a host that listens");
                }
            }
        }
    }
}

/// Moves the calling thread, and the threads that it will start, to a core if one is named.
fn pin_to(core: &str) {
    if let Ok(core) = core.parse() {
        pin(core);
    }
}
