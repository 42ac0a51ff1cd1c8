//! What two other processes do around a receiver that is killed or stopped: they send, wait in every way, and see it end. They
//! outlive many receivers.

use std::{
    path::Path,
    pin::pin,
    sync::mpsc::channel,
    thread::{self, JoinHandle},
};

use shmpsc::{
    OwnedPermit, Sender,
    error::{OpenError, SendError, TrySendError},
};
use tokio::{runtime::Runtime, sync::oneshot, task};

use crate::{
    people::{eventually, next_order, tell, watch},
    world::{Value, value},
};

/// How many wait at once in one process, each for one value.
pub const WAITERS: u64 = 4;

/// Whose the values of one process are: its own, and one for each that waits; each has one number.
pub const NAMES: u64 = WAITERS + 1;

/// A thread that asks to be let in.
type Call = JoinHandle<Result<Sender<Value>, OpenError>>;

/// Whether it was sent; what fails gives its value back, which it sees to itself.
enum Waiter {
    Thread(u64, JoinHandle<bool>),
    Task(u64, task::JoinHandle<bool>),
}

/// One sender process, and one channel.
struct Other {
    who: u64,
    sender: Sender<Value>,
    sent: u64,
    permit: Option<OwnedPermit<Value>>,
    waiters: Vec<Waiter>,
    /// Waits until the channel is closed.
    watcher: task::JoinHandle<()>,
}

/// What a failed send gives back is what was to be sent.
fn is_sent(sent: Result<(), SendError<Value>>, tried: Value) -> bool {
    match sent {
        Ok(()) => true,
        Err(SendError(back)) => {
            assert_eq!(back, tried);
            false
        }
    }
}

/// Runs a task, until it waits or has ended.
fn spawn_waiting<F>(runtime: &Runtime, future: F) -> task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (is_waiting, waiting) = oneshot::channel();
    let task = runtime.spawn(async move {
        let mut is_waiting = Some(is_waiting);
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            is_waiting.take().map(|waits| waits.send(()));
            polled
        })
        .await
    });
    runtime.block_on(waiting).expect("it runs");
    task
}

/// Starts a thread, until it sleeps or has ended.
fn spawn_sleeping<R: Send + 'static>(act: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    let (is_there, there) = channel();
    let thread = thread::spawn(move || {
        is_there.send(rustix::thread::gettid().as_raw_nonzero().get()).expect("somebody waits for it");
        act()
    });
    let id = there.recv().expect("it begins");
    eventually("it sleeps", || thread.is_finished() || watch::sleeps_here(id));
    thread
}

impl Other {
    fn meets(who: u64, runtime: &Runtime, sender: Sender<Value>) -> Other {
        let watched = sender.clone();
        let watcher = spawn_waiting(runtime, async move { watched.closed().await });
        Other { who, sender, sent: 0, permit: None, waiters: Vec::new(), watcher }
    }

    fn takes_a_permit(&mut self) {
        self.permit = Some(self.sender.clone().try_reserve_owned().unwrap());
    }

    /// On a closed channel it is nothing, but never a fault.
    fn uses_its_permit(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.send(value(self.who, self.sent));
            self.sent += 1;
        }
    }

    /// Up to so many: how many, and how it is then.
    fn sends(&mut self, most: u64) -> String {
        let before = self.sent;
        let mut then = "open";
        while self.sent - before < most {
            let tried = value(self.who, self.sent);
            match self.sender.try_send(tried) {
                Ok(()) => self.sent += 1,
                Err(TrySendError::Full(back)) => {
                    assert_eq!(back, tried);
                    then = "full";
                    break;
                }
                Err(TrySendError::Closed(back)) => {
                    assert_eq!(back, tried);
                    then = "closed";
                    break;
                }
            }
        }
        format!("{} {then}", self.sent - before)
    }

    /// Waits in every way.
    fn waits(&mut self, runtime: &Runtime) {
        let [a, b, c, d] = [1, 2, 3, 4].map(|nth| self.who + nth);
        let sender = self.sender.clone();
        let sends = move || is_sent(sender.blocking_send(value(a, 0)), value(a, 0));
        self.waiters.push(Waiter::Thread(a, spawn_sleeping(sends)));
        let sender = self.sender.clone();
        let reserves = move || sender.blocking_reserve().map(|permit| permit.send(value(b, 0))).is_ok();
        self.waiters.push(Waiter::Thread(b, spawn_sleeping(reserves)));
        let sender = self.sender.clone();
        let sends = async move { is_sent(sender.send(value(c, 0)).await, value(c, 0)) };
        self.waiters.push(Waiter::Task(c, spawn_waiting(runtime, sends)));
        let sender = self.sender.clone();
        let reserves = async move { sender.reserve().await.map(|permit| permit.send(value(d, 0))).is_ok() };
        self.waiters.push(Waiter::Task(d, spawn_waiting(runtime, reserves)));
    }

    /// All that wait go on; who of them has sent.
    fn ends(&mut self, runtime: &Runtime) -> String {
        let mut sent = String::from("sent");
        for waiter in self.waiters.drain(..) {
            let (who, is_sent) = match waiter {
                Waiter::Thread(who, thread) => (who, thread.join().expect("it ends well")),
                Waiter::Task(who, task) => (who, runtime.block_on(task).expect("it ends well")),
            };
            if is_sent {
                sent += &format!(" {who}");
            }
        }
        sent
    }

    /// There is no receiver: that is told, and everything fails.
    fn mourns(mut self, runtime: &Runtime) {
        runtime.block_on(self.watcher).expect("it hears of the end");
        assert!(self.sender.is_closed());
        let tried = value(self.who, self.sent);
        assert_eq!(self.sender.try_send(tried), Err(TrySendError::Closed(tried)));
        assert!(!is_sent(self.sender.blocking_send(tried), tried));
        assert!(!is_sent(runtime.block_on(self.sender.send(tried)), tried));
        assert!(self.sender.try_reserve().is_err_and(|error| matches!(error, TrySendError::Closed(()))));
        assert!(self.sender.blocking_reserve().is_err());
        assert!(runtime.block_on(self.sender.reserve()).is_err());
        if let Some(permit) = self.permit.take() {
            permit.send(tried);
        }
    }
}

/// Role: obeys orders, and tells what came of each.
pub fn stands_by(who: u64, path: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut now: Option<Other> = None;
    let mut call: Option<Call> = None;
    while let Some(order) = next_order() {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["meets"] => {
                now = Some(Other::meets(who, &runtime, shmpsc::connect(path).unwrap()));
                tell("met");
                continue;
            }
            ["calls"] => {
                let path = path.to_owned();
                call = Some(spawn_sleeping(move || shmpsc::connect(path)));
                tell("calls");
                continue;
            }
            ["called"] => {
                let called = call.take().expect("it called").join().expect("it ends well");
                tell(match &called {
                    Ok(_) => "met".to_owned(),
                    Err(error) => format!("refused: {error}"),
                });
                now = called.ok().map(|sender| Other::meets(who, &runtime, sender));
                continue;
            }
            _ => {}
        }
        let other = now.as_mut().expect("it has met a receiver");
        match words[..] {
            ["takes-a-permit"] => {
                other.takes_a_permit();
                tell("taken");
            }
            ["uses-its-permit"] => {
                other.uses_its_permit();
                tell("used");
            }
            ["sends", most] => tell(other.sends(most.parse().expect("a number"))),
            ["waits"] => {
                other.waits(&runtime);
                tell("waits");
            }
            ["ends"] => tell(other.ends(&runtime)),
            ["mourns"] => {
                now.take().expect("it has met a receiver").mourns(&runtime);
                tell("mourned");
            }
            ref other => panic!("no order {other:?}"),
        }
    }
}
