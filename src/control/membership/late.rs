//! Late looks: in a channel of asymmetric fences an endpoint looks once more for each sleeper, some time after it registered. Why is
//! said in [`crate::queue::common::fences`].
//!
//! A thread makes that look itself. For tasks, and for the backlog, the porter does. A request costs one exchange of a word, and for the
//! first one after a while a ring of the porter's doorbell. From then on the porter looks at all endpoints that have asked, once each
//! [`LONG`], until none has asked since. A process in which nothing falls asleep pays nothing.

use std::{
    io,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread::sleep,
    time::Instant,
};

use crate::{
    control::porter::{Porter, Token, Watcher},
    sync::{AtomicU32, Ordering, lock},
    sys::{
        events::{Doorbell, Event, Interest},
        fork::PerProcess,
        membarrier::LONG,
    },
};

/// Makes a late look. A panic that passes through it leaves nothing half done, so ends of a channel may cross a caught one.
type Look = dyn Fn() + Send + Sync + UnwindSafe + RefUnwindSafe;

/// What an endpoint keeps for its late looks.
pub(in crate::control) struct LateLook {
    /// Looks, if the endpoint still is.
    look: Box<Look>,
    /// Not zero while the endpoint is in the list of those that ask.
    is_asked: AtomicU32,
    /// Not zero: the receiver sleeps, and has gone past positions that were not published.
    has_stalled: AtomicU32,
}

impl LateLook {
    /// Of an endpoint for which `look` looks.
    pub fn new(look: impl Fn() + Send + Sync + UnwindSafe + RefUnwindSafe + 'static) -> Arc<LateLook> {
        let (is_asked, has_stalled) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(LateLook { look: Box::new(look), is_asked, has_stalled })
    }

    /// Notes whether the receiver's task, which goes to sleep, has gone past positions that were not published.
    pub fn set_stalled(&self, has_stalled: bool) {
        // ORDERING: the request that follows releases it.
        self.has_stalled.store(has_stalled.into(), Ordering::Relaxed);
    }

    /// Returns what was noted last.
    pub fn has_stalled(&self) -> bool {
        // ORDERING: see `set_stalled`.
        self.has_stalled.load(Ordering::Relaxed) != 0
    }

    /// Has a look made at least [`LONG`] from now.
    pub fn ask(self: &Arc<LateLook>) {
        // ORDERING: AcqRel. A request that finds the mark comes before the mark is taken away, and the time begins after that.
        if self.is_asked.swap(1, Ordering::AcqRel) == 0 && Looks::ask(self).is_err() {
            // Without a porter: descriptors, memory or threads are exhausted. Also for those that have found the mark meanwhile.
            self.is_asked.swap(0, Ordering::AcqRel); // ORDERING: as in `Looks::begin`.
            sleep(LONG);
            (self.look)();
        }
    }
}

/// Makes what late looks need in this process, so that they need nothing later.
pub(in crate::control) fn prepare() {
    // If it cannot be made now, it may be later, or each look is waited for.
    let _ = Looks::of_this_process().and_then(|looks| looks.watch(&mut lock(&looks.list)));
}

/// The late looks of this process.
static LOOKS: PerProcess<Looks> = PerProcess::new();

struct Looks {
    /// Tells the porter that a first endpoint asks.
    bell: Arc<Doorbell>,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    token: Option<Token>,
    /// The porter has been told, and will look.
    is_begun: bool,
    /// Those that have asked since the present wait began.
    asked: Vec<Arc<LateLook>>,
    /// Those at which the porter looks at the end of the wait.
    due: Vec<Arc<LateLook>>,
}

impl Looks {
    fn of_this_process() -> io::Result<&'static Looks> {
        LOOKS.get(|| Ok(Looks { bell: Arc::new(Doorbell::new()?), list: Mutex::default() }))
    }

    fn watch(&'static self, list: &mut List) -> io::Result<()> {
        if list.token.is_none() {
            let interest = Interest::READABLE.once_each();
            let watcher = Arc::new(LooksWatch(self));
            list.token = Some(Porter::of_this_process()?.watch(self.bell.clone(), interest, watcher)?);
        }
        Ok(())
    }

    /// Notes an endpoint whose mark has just been set.
    fn ask(late: &Arc<LateLook>) -> io::Result<()> {
        let looks = Looks::of_this_process()?;
        let mut list = lock(&looks.list);
        looks.watch(&mut list)?;
        list.asked.push(late.clone());
        if !list.is_begun {
            list.is_begun = true;
            looks.bell.ring();
        }
        Ok(())
    }

    /// Begins the wait for all that have asked by now, if any has.
    fn begin(&self, porter: &Porter, token: Token) {
        let asked = {
            let mut list = lock(&self.list);
            list.is_begun = !list.asked.is_empty();
            std::mem::take(&mut list.asked)
        };
        for late in &asked {
            // ORDERING: AcqRel. Each request that found the mark comes before this, with what it noted; this comes before the wait
            // begins. An endpoint that asks from now on is noted again.
            late.is_asked.swap(0, Ordering::AcqRel);
        }
        if !asked.is_empty() {
            lock(&self.list).due.extend(asked);
            porter.set_deadline(token, Some(Instant::now() + LONG));
        }
    }
}

/// The porter's part.
struct LooksWatch(&'static Looks);

impl Watcher for LooksWatch {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        self.0.begin(porter, token);
    }

    fn on_deadline(self: Arc<Self>, porter: &'static Porter, token: Token) {
        let due = std::mem::take(&mut lock(&self.0.list).due);
        for late in due {
            // A waker may panic; and the endpoint may end here, with the wakers that it has.
            let _ = catch_unwind(AssertUnwindSafe(&late.look));
        }
        self.0.begin(porter, token);
    }
}
