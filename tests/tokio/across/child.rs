//! The child's side: real senders, and what is made of them. It does what it is asked, one order after the other.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytemuck::Pod;
use shmpsc::error::{OpenError, SendError, SendTimeoutError, TrySendError};
use shmpsc::{OwnedPermit, Sender, UnboundedSender, WeakSender, WeakUnboundedSender};

use super::lent::{Lent, in_runtime, keep};
use super::wire::{Answer, CLOSED, DONE, FULL, Line, NONE};

/// Serves until the parent is gone.
pub fn serve(line: Line) {
    let line = Arc::new(line);
    let mut things = Things::new();
    while let Some(message) = line.hear() {
        let [call, name, verb, with] = message.words();
        let [call, name, with] = [call, name, with].map(|word| word.parse().expect("a number"));
        let order = Order { call, thing: name, verb: verb.to_owned(), with, value: message.value };
        let (left, answer) = match things.remove(&name) {
            Some(thing) => thing.obey(order, &mut things, &line),
            None => join(&order, &things),
        };
        if let Some(left) = left {
            things.insert(name, left);
        }
        if let Some(answer) = answer {
            reply(&line, call, &answer);
        }
    }
}

fn reply(line: &Line, call: u64, answer: &Answer) {
    line.say(format_args!("{call} {}", answer.word), &answer.value);
}

pub struct Order {
    pub call: u64,
    /// What it is about.
    pub thing: u64,
    pub verb: String,
    /// The name of what is to be made, or of another thing.
    pub with: u64,
    pub value: Vec<u8>,
}

impl Order {
    pub fn value<T: Pod>(&self) -> T {
        bytemuck::pod_read_unaligned(&self.value)
    }
}

pub type Things = HashMap<u64, Box<dyn Thing>>;

/// What is left of a thing once it has done something, and the answer, unless a thread gives it later.
pub type Done = (Option<Box<dyn Thing>>, Option<Answer>);

/// A handle, or something that borrows one.
pub trait Thing {
    fn obey(self: Box<Self>, order: Order, things: &mut Things, line: &Arc<Line>) -> Done;

    /// One more sender of that channel, if this is one.
    fn another(&self, _channel: u64) -> Option<Box<dyn Thing>> {
        None
    }
}

/// Makes a sender: a clone of one that is here, else by joining the channel.
fn join(order: &Order, things: &Things) -> Done {
    assert_eq!(order.verb, "join", "of what was never made");
    let here = things.values().find_map(|thing| thing.another(order.with));
    match here.map_or_else(|| connect(order.with, &order.value), Ok) {
        Ok(sender) => (Some(sender), Some(Answer::of(DONE))),
        Err(error) => {
            let answer = Answer { word: NONE.to_owned(), value: error.to_string().into_bytes() };
            (Some(Box::new(Nothing)), Some(answer))
        }
    }
}

/// Joins with the type, of those that bodies use, that has the size and alignment which the parent names.
fn connect(channel: u64, as_what: &[u8]) -> Result<Box<dyn Thing>, OpenError> {
    fn connect<T: Pod + Send>(channel: u64, kind: &str, path: &Path) -> Result<Box<dyn Thing>, OpenError> {
        Ok(match kind {
            "bounded" => shmpsc::connect::<T>(path)?.into_thing(channel),
            _ => shmpsc::connect_unbounded::<T>(path)?.into_thing(channel),
        })
    }
    let words: Vec<_> = std::str::from_utf8(as_what).expect("text").splitn(4, ' ').collect();
    let [kind, size, align, path] = words.try_into().expect("four words");
    let layout = [size, align].map(|word| word.parse::<usize>().expect("a number"));
    macro_rules! one_of {
        ($($T:ty),*) => {
            match layout {
                $(layout if layout == [size_of::<$T>(), align_of::<$T>()] => connect::<$T>(channel, kind, path.as_ref()),)*
                other => panic!("no type here has the size and alignment {other:?}"),
            }
        };
    }
    one_of!(
        u64,
        (),
        u16,
        [u128; 3],
        [[u64; 64]; 64],
        [u8; 1],
        [u8; 3],
        [u8; 7],
        [u8; 8],
        [u8; 9],
        [u8; 31],
        [u8; 64],
        [u8; 1024],
        [u8; 4096]
    )
}

/// The place of a sender that could not be made.
struct Nothing;

impl Thing for Nothing {
    fn obey(self: Box<Self>, _: Order, _: &mut Things, _: &Arc<Line>) -> Done {
        (None, Some(Answer::of(DONE)))
    }
}

/// A sender, as far as those of both kinds are the same.
trait Strong: Clone + 'static {
    type Weak: Weak<Strong = Self>;

    fn number(&self, verb: &str) -> Option<usize>;

    fn downgrade(&self) -> Self::Weak;

    async fn closed(&self);

    fn into_thing(self, channel: u64) -> Box<dyn Thing>;
}

/// A weak sender of either kind.
trait Weak: Clone + 'static {
    type Strong: Strong<Weak = Self>;

    fn number(&self, verb: &str) -> Option<usize>;

    fn upgrade(&self) -> Option<Self::Strong>;
}

macro_rules! kind {
    ($Sender:ident, $WeakSender:ident, $Sends:ident) => {
        impl<T: Pod + Send> Strong for $Sender<T> {
            type Weak = $WeakSender<T>;

            fn number(&self, verb: &str) -> Option<usize> {
                Some(match verb {
                    "strong_count" => self.strong_count(),
                    "weak_count" => self.weak_count(),
                    "is_closed" => usize::from(self.is_closed()),
                    _ => return None,
                })
            }

            fn downgrade(&self) -> $WeakSender<T> {
                self.downgrade()
            }

            async fn closed(&self) {
                self.closed().await;
            }

            fn into_thing(self, channel: u64) -> Box<dyn Thing> {
                Box::new($Sends { channel, sender: Arc::new(self) })
            }
        }

        impl<T: Pod + Send> Weak for $WeakSender<T> {
            type Strong = $Sender<T>;

            fn number(&self, verb: &str) -> Option<usize> {
                Some(match verb {
                    "strong_count" => self.strong_count(),
                    "weak_count" => self.weak_count(),
                    _ => return None,
                })
            }

            fn upgrade(&self) -> Option<$Sender<T>> {
                self.upgrade()
            }
        }
    };
}

kind!(Sender, WeakSender, Sends);
kind!(UnboundedSender, WeakUnboundedSender, SendsUnbounded);

/// Does what a sender of either kind can do.
fn obey_as_sender<S: Strong>(sender: Arc<S>, channel: u64, order: &Order, things: &mut Things) -> Answer {
    if let Some(number) = sender.number(&order.verb) {
        return Answer::of(number);
    }
    let made: Box<dyn Thing> = match &*order.verb {
        "clone" => (*sender).clone().into_thing(channel),
        "downgrade" => Box::new(IsWeak { channel, weak: sender.downgrade() }),
        "closed" => {
            let (lent, _) = Lent::new(|desk| async move {
                let closed = sender.closed();
                desk.begun().await;
                closed.await;
                desk.answer(Answer::of(DONE));
            });
            lent
        }
        other => panic!("a sender cannot {other}"),
    };
    things.insert(order.with, made);
    Answer::of(DONE)
}

struct Sends<T> {
    channel: u64,
    sender: Arc<Sender<T>>,
}

impl<T: Pod + Send> Sends<T> {
    /// The sender itself, which nobody borrows.
    fn into_sender(self) -> Sender<T> {
        Arc::into_inner(self.sender).expect("what borrowed it is gone")
    }
}

fn attempt<T, V>(attempt: &Result<T, TrySendError<V>>) -> Answer {
    Answer::of(match attempt {
        Ok(_) => DONE,
        Err(TrySendError::Full(_)) => FULL,
        Err(TrySendError::Closed(_)) => CLOSED,
    })
}

fn given_back<T: Pod>(sent: Result<(), SendError<T>>) -> Answer {
    match sent {
        Ok(()) => Answer::of(DONE),
        Err(error) => Answer::with(CLOSED, error.0),
    }
}

fn waited<T, E>(result: &Result<T, E>) -> Answer {
    Answer::of(if result.is_ok() { DONE } else { CLOSED })
}

impl<T: Pod + Send> Thing for Sends<T> {
    fn obey(self: Box<Self>, order: Order, things: &mut Things, line: &Arc<Line>) -> Done {
        let (sender, channel, name) = (self.sender.clone(), self.channel, order.with);
        let mut lend = |(lent, answer): (Box<Lent>, Answer)| {
            if answer.word == DONE {
                things.insert(name, lent);
            }
            answer
        };
        let answer = match &*order.verb {
            "drop" => return (None, Some(Answer::of(DONE))),
            "capacity" => Answer::of(sender.capacity()),
            "max_capacity" => Answer::of(sender.max_capacity()),
            "try_send" => match sender.try_send(order.value()) {
                Ok(()) => Answer::of(DONE),
                Err(TrySendError::Full(value)) => Answer::with(FULL, value),
                Err(TrySendError::Closed(value)) => Answer::with(CLOSED, value),
            },
            "blocking_send" => {
                let line = line.clone();
                thread::spawn(move || {
                    let answer = given_back(sender.blocking_send(order.value()));
                    // First, for the parent may drop what it takes for the last sender next.
                    drop(sender);
                    reply(&line, order.call, &answer);
                });
                return (Some(self), None);
            }
            "send" => lend(Lent::new(|desk| async move {
                let send = sender.send(order.value());
                desk.begun().await;
                desk.answer(given_back(send.await));
            })),
            "send_timeout" => lend(Lent::new(|desk| async move {
                let (timeout, value) = order.value.split_at(size_of::<[u64; 2]>());
                let [seconds, nanoseconds] = bytemuck::pod_read_unaligned(timeout);
                let timeout = Duration::new(seconds, nanoseconds as u32);
                let send = sender.send_timeout(bytemuck::pod_read_unaligned(value), timeout);
                desk.begun().await;
                desk.answer(match in_runtime(send).await {
                    Ok(()) => Answer::of(DONE),
                    Err(SendTimeoutError::Timeout(value)) => Answer::with(FULL, value),
                    Err(SendTimeoutError::Closed(value)) => Answer::with(CLOSED, value),
                });
            })),
            "reserve" => lend(Lent::new(move |desk| async move {
                let reserve = sender.reserve();
                desk.begun().await;
                let granted = reserve.await;
                keep(&desk, waited(&granted), name, granted.ok(), None).await;
            })),
            "reserve_many" => lend(Lent::new(move |desk| async move {
                let reserve = sender.reserve_many(order.value());
                desk.begun().await;
                let granted = reserve.await;
                keep(&desk, waited(&granted), name, None, granted.ok()).await;
            })),
            "try_reserve" => lend(Lent::new(move |desk| async move {
                let granted = sender.try_reserve();
                keep(&desk, attempt(&granted), name, granted.ok(), None).await;
            })),
            "try_reserve_many" => lend(Lent::new(move |desk| async move {
                let granted = sender.try_reserve_many(order.value());
                keep(&desk, attempt(&granted), name, None, granted.ok()).await;
            })),
            "reserve_owned" => {
                drop(sender);
                let (lent, answer) = Lent::new(move |desk| async move {
                    let reserve = (*self).into_sender().reserve_owned();
                    desk.begun().await;
                    let granted = reserve.await;
                    desk.answer(waited(&granted));
                    if let Ok(permit) = granted {
                        desk.becomes(Owned { channel, permit });
                    }
                });
                return (Some(lent), Some(answer));
            }
            "try_reserve_owned" => {
                drop(sender);
                let granted = (*self).into_sender().try_reserve_owned();
                let answer = attempt(&granted);
                let left: Box<dyn Thing> = match granted {
                    Ok(permit) => Box::new(Owned { channel, permit }),
                    Err(error) => error.into_inner().into_thing(channel),
                };
                return (Some(left), Some(answer));
            }
            _ => obey_as_sender(sender, channel, &order, things),
        };
        (Some(self), Some(answer))
    }

    fn another(&self, channel: u64) -> Option<Box<dyn Thing>> {
        (channel == self.channel).then(|| (*self.sender).clone().into_thing(channel))
    }
}

struct SendsUnbounded<T> {
    channel: u64,
    sender: Arc<UnboundedSender<T>>,
}

impl<T: Pod + Send> Thing for SendsUnbounded<T> {
    fn obey(self: Box<Self>, order: Order, things: &mut Things, _: &Arc<Line>) -> Done {
        let answer = match &*order.verb {
            "drop" => return (None, Some(Answer::of(DONE))),
            "send" => given_back(self.sender.send(order.value())),
            _ => obey_as_sender(self.sender.clone(), self.channel, &order, things),
        };
        (Some(self), Some(answer))
    }

    fn another(&self, channel: u64) -> Option<Box<dyn Thing>> {
        (channel == self.channel).then(|| (*self.sender).clone().into_thing(channel))
    }
}

struct IsWeak<W> {
    channel: u64,
    weak: W,
}

impl<W: Weak> Thing for IsWeak<W> {
    fn obey(self: Box<Self>, order: Order, things: &mut Things, _: &Arc<Line>) -> Done {
        let channel = self.channel;
        let answer = match &*order.verb {
            "drop" => return (None, Some(Answer::of(DONE))),
            "clone" => {
                things.insert(order.with, Box::new(IsWeak { channel, weak: self.weak.clone() }));
                Answer::of(DONE)
            }
            "upgrade" => match self.weak.upgrade() {
                Some(sender) => {
                    things.insert(order.with, sender.into_thing(channel));
                    Answer::of(DONE)
                }
                None => Answer::of(NONE),
            },
            other => Answer::of(self.weak.number(other).expect("a weak sender can do it")),
        };
        (Some(self), Some(answer))
    }
}

struct Owned<T> {
    channel: u64,
    permit: OwnedPermit<T>,
}

impl<T: Pod + Send> Thing for Owned<T> {
    fn obey(self: Box<Self>, order: Order, _: &mut Things, _: &Arc<Line>) -> Done {
        let sender = match &*order.verb {
            "drop" => return (None, Some(Answer::of(DONE))),
            "send" => self.permit.send(order.value()),
            "release" => self.permit.release(),
            other => panic!("an owned permit cannot {other}"),
        };
        (Some(sender.into_thing(self.channel)), Some(Answer::of(DONE)))
    }
}
