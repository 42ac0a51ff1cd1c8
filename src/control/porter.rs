//! The one background thread of a process: it sleeps until a descriptor has an event, and calls the
//! watcher of that descriptor. It is what the field calls a reactor.
//!
//! It knows nothing of channels. What a watcher does must not block: all channels of the process share the thread.
//!
//! The thread starts with the first descriptor to watch and then stays. It sleeps without a timeout unless a watcher
//! has set a deadline. A forked child has no such thread; it starts its own when it opens a channel of its own.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::{
    sync::lock,
    sys::{
        events::{Batch, Event, Events, Interest},
        fork::PerProcess,
        socket, thread,
    },
};

/// The pause before a second attempt at what the system refused for lack of descriptors or memory.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// The name of a watched descriptor; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Token(u64);

/// What is called about a descriptor, always in the background thread.
pub(super) trait Watcher: Send + Sync {
    /// The descriptor has something to say.
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, event: Event);

    /// The deadline set for it has passed.
    fn on_deadline(self: Arc<Self>, _porter: &'static Porter, _token: Token) {}
}

/// A descriptor that the porter keeps open while it watches it.
pub(super) type Watched = Arc<dyn AsFd + Send + Sync>;

pub(super) struct Porter {
    events: Events,
    registrations: Mutex<Registrations>,
    running: Mutex<bool>,
}

#[derive(Default)]
struct Registrations {
    last: u64,
    by_token: HashMap<Token, Registration>,
    deadlines: BTreeSet<(Instant, Token)>,
}

struct Registration {
    fd: Watched,
    watcher: Arc<dyn Watcher>,
    deadline: Option<Instant>,
}

static PORTER: PerProcess<Porter> = PerProcess::new();

impl Porter {
    /// The porter of this process, started if it does not run yet.
    pub fn of_this_process() -> io::Result<&'static Porter> {
        let porter = PORTER.get(|| {
            Ok(Porter { events: Events::new()?, registrations: Mutex::default(), running: Mutex::new(false) })
        })?;
        let mut running = lock(&porter.running);
        if !*running {
            thread::spawn_with_signals_blocked("shmpsc-io", || porter.run())?;
            *running = true;
        }
        Ok(porter)
    }

    /// Watches a descriptor until [`Porter::forget`].
    pub fn watch(&self, fd: Watched, interest: Interest, watcher: Arc<dyn Watcher>) -> io::Result<Token> {
        // The registration comes before the descriptor, so that every event finds its watcher.
        let token = {
            let mut registrations = self.registrations();
            registrations.last += 1;
            let token = Token(registrations.last);
            registrations.by_token.insert(token, Registration { fd: fd.clone(), watcher, deadline: None });
            token
        };
        match self.events.add(fd.as_fd(), token.0, interest) {
            Ok(()) => Ok(token),
            Err(error) => {
                // Dropped after the lock is given back: a watcher may be the last to hold its endpoint.
                let registration = self.registrations().by_token.remove(&token);
                drop(registration);
                Err(error)
            }
        }
    }

    /// Watches for something else from now on.
    pub fn change(&self, token: Token, interest: Interest) -> io::Result<()> {
        let fd = self.registrations().by_token.get(&token).map(|registration| registration.fd.clone());
        fd.map_or(Ok(()), |fd| self.events.modify(fd.as_fd(), token.0, interest))
    }

    /// Calls the watcher at that time. For the porter's own thread: a sleeping porter would not notice.
    pub fn set_deadline(&self, token: Token, deadline: Option<Instant>) {
        let mut registrations = self.registrations();
        let Some(registration) = registrations.by_token.get_mut(&token) else { return };
        let before = std::mem::replace(&mut registration.deadline, deadline);
        if let Some(before) = before {
            registrations.deadlines.remove(&(before, token));
        }
        if let Some(deadline) = deadline {
            registrations.deadlines.insert((deadline, token));
        }
    }

    /// Watches it no more for a while, whatever it has to say: then the watcher is [`overdue`](Watcher::on_deadline), and is to
    /// call [`Porter::resume`]. For the porter's own thread.
    pub fn pause(&self, token: Token) {
        if let Some(registration) = self.registrations().by_token.get(&token) {
            let _ = self.events.remove(registration.fd.as_fd());
        }
        self.set_deadline(token, Some(Instant::now() + PAUSE));
    }

    /// Watches again what was paused; if that fails, after one more pause.
    pub fn resume(&self, token: Token, interest: Interest) {
        // Under the lock: a thread that forgets the token meanwhile takes the descriptor out of the set afterwards.
        let added = self
            .registrations()
            .by_token
            .get(&token)
            .map(|registration| self.events.add(registration.fd.as_fd(), token.0, interest));
        if let Some(Err(_)) = added {
            self.pause(token);
        }
    }

    /// Whether it is still watched.
    pub fn knows(&self, token: Token) -> bool {
        self.registrations().by_token.contains_key(&token)
    }

    /// Returns whether the peer of a watched connection has closed its end.
    pub fn has_hung_up(&self, token: Token) -> bool {
        let fd = self.registrations().by_token.get(&token).map(|registration| registration.fd.clone());
        fd.is_some_and(|fd| socket::has_hung_up(fd.as_fd()))
    }

    /// Watches no longer. The watcher may still be called about an event that was noticed before.
    pub fn forget(&self, token: Token) {
        let registration = {
            let mut registrations = self.registrations();
            let registration = registrations.by_token.remove(&token);
            if let Some(deadline) = registration.as_ref().and_then(|registration| registration.deadline) {
                registrations.deadlines.remove(&(deadline, token));
            }
            registration
        };
        if let Some(registration) = registration {
            // Explicitly, and before it is closed: a copy of the descriptor in another process would keep it in the
            // set. It can only fail if it is not there.
            let _ = self.events.remove(registration.fd.as_fd());
        }
    }

    fn registrations(&self) -> MutexGuard<'_, Registrations> {
        lock(&self.registrations)
    }

    fn run(&'static self) {
        let mut batch = Batch::with_capacity(64);
        loop {
            let next = self.registrations().deadlines.first().map(|(deadline, _)| *deadline);
            let timeout = next.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if self.events.wait(&mut batch, timeout).is_err() {
                // Only lack of memory can do that; nothing is lost, the events are still there.
                std::thread::sleep(Duration::from_millis(10));
            }
            for event in batch.iter() {
                let token = Token(event.token);
                self.call(token, |watcher| watcher.on_event(self, token, event));
            }
            while let Some(token) = self.first_overdue() {
                self.call(token, |watcher| watcher.on_deadline(self, token));
            }
        }
    }

    /// A registration whose deadline has passed; the deadline is taken away from it.
    fn first_overdue(&self) -> Option<Token> {
        let mut registrations = self.registrations();
        let (deadline, token) = *registrations.deadlines.first()?;
        if deadline > Instant::now() {
            return None;
        }
        registrations.deadlines.remove(&(deadline, token));
        if let Some(registration) = registrations.by_token.get_mut(&token) {
            registration.deadline = None;
        }
        Some(token)
    }

    fn call(&self, token: Token, act: impl FnOnce(Arc<dyn Watcher>)) {
        let Some(watcher) =
            self.registrations().by_token.get(&token).map(|registration| registration.watcher.clone())
        else {
            return;
        };
        // An application's waker may run in here. If it panics, its own task is what suffers, not every channel.
        let _ = catch_unwind(AssertUnwindSafe(|| act(watcher)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::events::Doorbell;
    use std::sync::mpsc;

    struct Tell(mpsc::Sender<(Token, &'static str)>);

    impl Watcher for Tell {
        fn on_event(self: Arc<Self>, _: &'static Porter, token: Token, _: Event) {
            self.0.send((token, "noticed")).unwrap();
        }

        fn on_deadline(self: Arc<Self>, _: &'static Porter, token: Token) {
            self.0.send((token, "overdue")).unwrap();
        }
    }

    /// Panics when it is called, after it has set itself a deadline that is over.
    struct Panics(mpsc::Sender<(Token, &'static str)>);

    impl Watcher for Panics {
        fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
            porter.set_deadline(token, Some(Instant::now()));
            panic!("on purpose");
        }

        fn on_deadline(self: Arc<Self>, _: &'static Porter, token: Token) {
            self.0.send((token, "overdue")).unwrap();
        }
    }

    fn bell() -> Arc<Doorbell> {
        Arc::new(Doorbell::new().unwrap())
    }

    #[test]
    fn a_ring_is_noticed_once_and_not_after_it_is_forgotten() {
        let porter = Porter::of_this_process().unwrap();
        let (tell, told) = mpsc::channel();
        let (first, second) = (bell(), bell());
        let once = Interest::READABLE.once_each();
        let a = porter.watch(first.clone(), once, Arc::new(Tell(tell.clone()))).unwrap();
        let b = porter.watch(second.clone(), once, Arc::new(Tell(tell))).unwrap();
        first.ring();
        assert_eq!(told.recv().unwrap(), (a, "noticed"));
        porter.forget(a);
        first.ring();
        second.ring();
        assert_eq!(told.recv().unwrap(), (b, "noticed"));
        porter.forget(b);
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn a_panicking_watcher_and_a_deadline() {
        let porter = Porter::of_this_process().unwrap();
        let (tell, told) = mpsc::channel();
        let bell = bell();
        let token =
            porter.watch(bell.clone(), Interest::READABLE.once_each(), Arc::new(Panics(tell))).unwrap();
        bell.ring();
        assert_eq!(told.recv().unwrap(), (token, "overdue"));
        porter.forget(token);
    }

    #[test]
    fn a_forgotten_descriptor_is_silent_though_a_copy_lives() {
        let porter = Porter::of_this_process().unwrap();
        let (tell, told) = mpsc::channel();
        let (ours, theirs) = socket::pair().unwrap();
        let copy = ours.try_clone().unwrap();
        let token = porter
            .watch(Arc::new(ours), Interest::READABLE.and(Interest::HANG_UP), Arc::new(Tell(tell)))
            .unwrap();
        porter.forget(token);
        socket::send(&theirs, b"x", &[]).unwrap();
        drop(copy);
        assert!(told.recv().is_err(), "the watcher is dropped and was never called");
    }
}
