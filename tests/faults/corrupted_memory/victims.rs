//! Who works on while the memory is written over: the receiver and the senders, each with a thread that listens to the parent
//! and one or more that use the channel. What a value holds does not matter; that each call comes to its end does.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use shmpsc::{
    Options, Sender, UnboundedSender,
    error::{RecvTimeoutError, TryRecvError},
};
use tokio::{sync::Notify, time::timeout};

use crate::people::{
    Value,
    how::{How, Runner, block_on},
    next_order, tell,
};

/// A little while: how long a call waits that has a time.
const MOMENT: Duration = Duration::from_millis(2);

/// "Come to an end", for threads and for tasks.
#[derive(Default)]
struct Stop {
    is_told: AtomicBool,
    told: Notify,
}

impl Stop {
    fn tell(&self) {
        self.is_told.store(true, Relaxed);
        // Kept for who comes later.
        self.told.notify_one();
    }

    fn is_told(&self) -> bool {
        self.is_told.load(Relaxed)
    }
}

/// What queue the channel of a round has.
#[derive(Clone, Copy)]
pub enum Queue {
    /// With so much capacity.
    Bounded(u64),
    /// With so many bytes of memory.
    Unbounded(u64),
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Queue::Bounded(capacity) => write!(f, "bounded:{capacity}"),
            Queue::Unbounded(limit) => write!(f, "unbounded:{limit}"),
        }
    }
}

impl Queue {
    /// As it is displayed.
    pub fn read(text: &str) -> Queue {
        let (kind, number) = text.split_once(':').expect("two words");
        let number = number.parse().expect("a number");
        if kind == "bounded" { Queue::Bounded(number) } else { Queue::Unbounded(number) }
    }
}

fn words(order: &str) -> (String, Queue, PathBuf) {
    let mut words = order.splitn(3, ' ');
    let mut next = || words.next().expect("three words");
    (next().to_owned(), Queue::read(next()), next().into())
}

/// Role: receives. Orders are `way queue path`, answered `bound`. The next line says that it is enough; in the way `waits`
/// it is not to be told. Then the answer is `received n` and why it ended.
pub fn receives() {
    while let Some(order) = next_order() {
        let (way, queue, path) = words(&order);
        let options = Options::new().end_with_last_sender();
        match queue {
            Queue::Bounded(capacity) => {
                let receiver = options.capacity(capacity as usize).bind(path).unwrap();
                bounded::receives(receiver, &way);
            }
            Queue::Unbounded(limit) => {
                let receiver = options.memory_limit(limit).bind_unbounded(path).unwrap();
                unbounded::receives(receiver, &way);
            }
        }
    }
}

/// Most values that a receiver takes once it has closed the channel. More can be there only if they are forged.
const MOST: u64 = 100_000;

/// What a receiver of either kind does, in a module. `$numbers` asks for what only that kind has.
macro_rules! receiving {
    ($module:ident, $Receiver:ident, $numbers:expr) => {
        mod $module {
            use super::*;

            type Receiver = shmpsc::$Receiver<Value>;

            /// Receives in that way until it is told to end, or the stream has ended; tells what came of it.
            pub fn receives(receiver: Receiver, way: &str) {
                tell("bound");
                let stop = Arc::new(Stop::default());
                let (count, end) = thread::scope(|scope| {
                    let working = scope.spawn(|| match way {
                        "waits" => receives_blocking(receiver),
                        "thread" => receives_with_times(receiver, &stop),
                        "plain" => block_on(receives_as_task(receiver, &stop, false)),
                        "tokio" => {
                            let stop = stop.clone();
                            Runner::new(How::CurrentThread)
                                .run(async move { receives_as_task(receiver, &stop, true).await })
                        }
                        other => panic!("no way to receive is called {other}"),
                    });
                    if way != "waits" {
                        next_order();
                        stop.tell();
                    }
                    working.join().expect("no panic")
                });
                tell(format!("received {count} {end}"));
            }

            /// How the stream ended.
            fn end(receiver: &Receiver, has_ended: bool) -> String {
                // It must be possible to ask all of this, whatever the answers are.
                let _ = (receiver.len(), receiver.is_closed(), receiver.is_empty());
                ($numbers)(receiver);
                let _ = (receiver.sender_strong_count(), receiver.sender_weak_count());
                match receiver.corruption() {
                    Some(corruption) => {
                        assert!(has_ended, "there is a reason only for an end");
                        format!("{corruption:?}: {corruption}")
                    }
                    None if has_ended => "Ended".into(),
                    None => "Told".into(),
                }
            }

            /// With the call that waits for ever: until the stream ends by itself.
            fn receives_blocking(mut receiver: Receiver) -> (u64, String) {
                let mut count = 0;
                while receiver.blocking_recv().is_some() {
                    count += 1;
                }
                (count, end(&receiver, true))
            }

            /// With all calls of a thread that have a time, or do not wait.
            fn receives_with_times(mut receiver: Receiver, stop: &Stop) -> (u64, String) {
                let (mut count, mut has_ended) = (0, false);
                while !has_ended && !stop.is_told() {
                    match receiver.blocking_recv_timeout(MOMENT) {
                        Ok(_) => count += 1,
                        Err(error) => has_ended = error == RecvTimeoutError::Disconnected,
                    }
                    match receiver.try_peek() {
                        Ok(_) => {}
                        Err(error) => has_ended |= error == TryRecvError::Disconnected,
                    }
                    match receiver.try_recv() {
                        Ok(_) => count += 1,
                        Err(error) => has_ended |= error == TryRecvError::Disconnected,
                    }
                    let mut buffer = Vec::new();
                    match receiver.try_recv_many(&mut buffer, 7) {
                        Ok(some) => {
                            assert!(some == buffer.len() && some <= 7);
                            count += some as u64;
                        }
                        Err(error) => has_ended |= error == TryRecvError::Disconnected,
                    }
                }
                receiver.close();
                // What is still there, as far as it comes.
                count += (0..MOST).map_while(|_| receiver.blocking_recv_timeout(MOMENT).ok()).count() as u64;
                (count, end(&receiver, has_ended || receiver.corruption().is_some()))
            }

            /// With the calls of a task; each can be given up.
            async fn receives_as_task(
                mut receiver: Receiver,
                stop: &Stop,
                has_timers: bool,
            ) -> (u64, String) {
                let (mut count, mut has_ended) = (0, false);
                for turn in 0.. {
                    if has_ended || stop.is_told() {
                        break;
                    }
                    let some = tokio::select! {
                        biased;
                        () = stop.told.notified() => break,
                        some = receives_some(&mut receiver, turn, has_timers) => some,
                    };
                    has_ended = some.is_none();
                    count += some.unwrap_or(0);
                }
                receiver.close();
                count += (0..MOST).map_while(|_| receiver.try_recv().ok()).count() as u64;
                (count, end(&receiver, has_ended || receiver.corruption().is_some()))
            }

            /// By one of the calls of a task: how many values, or none at the end of the stream.
            async fn receives_some(receiver: &mut Receiver, turn: u64, has_timers: bool) -> Option<u64> {
                match turn % 4 {
                    0 => match receiver.recv_many(&mut Vec::new(), 5).await {
                        0 => None,
                        some => Some(some as u64),
                    },
                    1 => receiver.peek().await.map(|_| 0),
                    2 if has_timers => match receiver.recv_timeout(MOMENT).await {
                        Ok(_) => Some(1),
                        Err(error) => (error == RecvTimeoutError::Timeout).then_some(0),
                    },
                    _ => receiver.recv().await.map(|_| 1),
                }
            }
        }
    };
}

receiving!(bounded, Receiver, |receiver: &Receiver| {
    let _ = (receiver.capacity(), receiver.max_capacity());
});
receiving!(unbounded, UnboundedReceiver, |receiver: &Receiver| {
    let _ = receiver.memory_in_use();
});

/// Role: sends. Orders are `way queue path`, answered `in`. The next line says that it is enough; who sends in the way `waits` ends
/// only with the channel. Then the answer is `sent n` and why it ended.
pub fn sends() {
    while let Some(order) = next_order() {
        let (way, queue, path) = words(&order);
        let stop = Arc::new(Stop::default());
        let sender = match queue {
            Queue::Bounded(_) => Ok(shmpsc::connect::<Value>(path).unwrap()),
            Queue::Unbounded(_) => Err(shmpsc::connect_unbounded::<Value>(path).unwrap()),
        };
        tell("in");
        let (count, end) = thread::scope(|scope| {
            let sending = scope.spawn(|| match (&*way, sender) {
                (_, Err(sender)) => sends_unbounded(sender, &way, &stop),
                ("waits", Ok(sender)) => sends_blocking(sender),
                ("thread", Ok(sender)) => sends_with_times(sender, &stop),
                ("plain", Ok(sender)) => block_on(sends_as_task(sender, &stop, false)),
                ("tokio", Ok(sender)) => {
                    let stop = stop.clone();
                    Runner::new(How::CurrentThread)
                        .run(async move { sends_as_task(sender, &stop, true).await })
                }
                (other, _) => panic!("no way to send is called {other}"),
            });
            next_order();
            stop.tell();
            sending.join().expect("no panic")
        });
        tell(format!("sent {count} {end}"));
    }
}

fn why(sender: &Sender<Value>, is_closed: bool) -> String {
    let _ = (sender.len(), sender.capacity(), sender.is_closed(), sender.strong_count(), sender.weak_count());
    match sender.corruption() {
        Some(corruption) => format!("{corruption:?}: {corruption}"),
        None if is_closed => "Closed".into(),
        None => "Told".into(),
    }
}

/// With the calls that wait for ever, in three threads.
fn sends_blocking(sender: Sender<Value>) -> (u64, String) {
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while sender.blocking_send([1, 1]).is_ok() {
                count.fetch_add(1, Relaxed);
            }
        });
        scope.spawn(|| {
            while let Ok(permit) = sender.blocking_reserve() {
                permit.send([2, 2]);
                count.fetch_add(1, Relaxed);
            }
        });
        scope.spawn(|| {
            while sender.blocking_send_many(&[[3, 3]; 40]).is_ok() {
                count.fetch_add(40, Relaxed);
            }
        });
    });
    (count.into_inner(), why(&sender, true))
}

/// With the calls of a thread that have a time, or do not wait.
fn sends_with_times(sender: Sender<Value>, stop: &Stop) -> (u64, String) {
    let mut count = 0;
    while !stop.is_told() && !sender.is_closed() {
        count += u64::from(sender.blocking_send_timeout([1, 1], MOMENT).is_ok());
        count += u64::from(sender.try_send([2, 2]).is_ok());
        count += sender.try_send_many(&[[3, 3]; 3]).unwrap_or(0) as u64;
        if let Ok(permit) = sender.blocking_reserve_timeout(MOMENT) {
            permit.send([4, 4]);
            count += 1;
        }
        if let Ok(permits) = sender.try_reserve_many(2) {
            for permit in permits.take(1) {
                permit.send([5, 5]);
                count += 1;
            }
        }
        let weak = sender.clone().downgrade();
        let _ = weak.upgrade();
    }
    let is_closed = sender.is_closed();
    (count, why(&sender, is_closed))
}

/// With the calls of a task; each can be given up.
async fn sends_as_task(sender: Sender<Value>, stop: &Stop, has_timers: bool) -> (u64, String) {
    let work = async {
        let mut count = 0;
        let mut is_closed = false;
        for turn in 0u64.. {
            if is_closed || stop.is_told() {
                break;
            }
            let most = sender.max_capacity().min(3);
            is_closed = match turn % 5 {
                0 => sender.send([1, 1]).await.is_err(),
                1 => match sender.reserve().await {
                    Ok(permit) => {
                        permit.send([2, 2]);
                        false
                    }
                    Err(_) => true,
                },
                2 => match sender.reserve_many(most).await {
                    Ok(permits) => {
                        permits.take(1).for_each(|permit| permit.send([3, 3]));
                        false
                    }
                    Err(_) => true,
                },
                3 => sender.send_many(&[[4, 4]; 40]).await.is_err(),
                _ if has_timers => timeout(MOMENT, sender.closed()).await.is_ok(),
                _ => false,
            };
            count += 1;
        }
        (count, is_closed)
    };
    let (count, is_closed) = tokio::select! {
        biased;
        () = stop.told.notified() => (0, false),
        done = work => done,
    };
    (count, why(&sender, is_closed))
}

/// With all calls of an unbounded channel, none of which waits. As a task it also waits for the close. Who sends in the way `waits`
/// ends only with the channel.
fn sends_unbounded(sender: UnboundedSender<Value>, way: &str, stop: &Stop) -> (u64, String) {
    let mut count = 0;
    while !sender.is_closed() && (way == "waits" || !stop.is_told()) {
        let before = count;
        count += u64::from(sender.send([1, 1]).is_ok());
        count += u64::from(sender.try_send([2, 2]).is_ok());
        count += match sender.send_many(&[[3, 3]; 40]) {
            Ok(()) => 40,
            Err(error) => error.sent as u64,
        };
        count += sender.try_send_many(&[[4, 4]; 3]).unwrap_or(0) as u64;
        let weak = sender.clone().downgrade();
        let _ = (weak.upgrade(), sender.memory_in_use());
        if count == before {
            // The limit is reached, or something is wrong.
            if way == "tokio" {
                Runner::new(How::CurrentThread).run({
                    let sender = sender.clone();
                    async move {
                        let _ = timeout(MOMENT, sender.closed()).await;
                    }
                });
            }
            thread::yield_now();
        }
    }
    let _ = (sender.len(), sender.is_closed(), sender.strong_count(), sender.weak_count());
    let end = match sender.corruption() {
        Some(corruption) => format!("{corruption:?}: {corruption}"),
        None if sender.is_closed() => "Closed".into(),
        None => "Told".into(),
    };
    (count, end)
}

/// Where a channel of one round has its name.
pub fn name(room: &Path, round: u64) -> PathBuf {
    room.join(format!("feed-{round}"))
}
