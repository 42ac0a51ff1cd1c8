//! What borrows a sender in a child: futures, permits, iterators of permits. No handle is here.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};

use bytemuck::Pod;
use shmpsc::{Permit, PermitIterator};
use tokio::runtime::{Builder, Runtime};

use super::child::{Done, Order, Thing, Things};
use super::wire::{Answer, DONE, Line, NONE, WAITS};

/// Driven by a thread of its own.
pub static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));

/// Polls in the runtime, for its clock, whatever else is polled in it.
pub async fn in_runtime<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _entered = RUNTIME.enter();
        future.as_mut().poll(cx)
    })
    .await
}

/// What borrows a sender, together with the sender that it borrows. Both live in one async block, the one safe place
/// where they can live together; an order is a poll of it. All permits of a reservation are in one block, which then
/// has a name for each.
#[derive(Clone)]
pub struct Lent {
    block: Rc<RefCell<Block>>,
    desk: Rc<Desk>,
}

type Block = Pin<Box<dyn Future<Output = ()>>>;

/// Where an order is laid for a block, and where it lays its answer.
#[derive(Default)]
pub struct Desk {
    order: Cell<Option<Order>>,
    answer: Cell<Option<Answer>>,
    becomes: Cell<Option<Box<dyn Thing>>>,
}

impl Desk {
    pub fn answer(&self, answer: Answer) {
        self.order.take();
        self.answer.set(Some(answer));
    }

    /// Says that the future is made, which nobody has polled yet, and waits until somebody does.
    pub async fn begun(&self) {
        self.answer(Answer::of(DONE));
        self.next_order().await;
    }

    /// Leaves something in the place of the block, which ends with that.
    pub fn becomes(&self, thing: impl Thing + 'static) {
        self.becomes.set(Some(Box::new(thing)));
    }

    async fn next_order(&self) -> Order {
        poll_fn(|_| self.order.take().map_or(Poll::Pending, Poll::Ready)).await
    }
}

impl Lent {
    /// A block, and its first answer.
    pub fn new<F: Future<Output = ()> + 'static>(block: impl FnOnce(Rc<Desk>) -> F) -> (Box<Lent>, Answer) {
        let desk = Rc::new(Desk::default());
        let lent = Lent { block: Rc::new(RefCell::new(Box::pin(block(desk.clone())))), desk };
        let answer = lent.poll(Waker::noop());
        (Box::new(lent), answer)
    }

    /// Lets the block do what lies on the desk.
    fn poll(&self, waker: &Waker) -> Answer {
        let _ = self.block.borrow_mut().as_mut().poll(&mut Context::from_waker(waker));
        self.desk.answer.take().unwrap_or_else(|| Answer::of(WAITS))
    }
}

impl Thing for Lent {
    fn obey(self: Box<Self>, order: Order, things: &mut Things, line: &Arc<Line>) -> Done {
        let (with, verb) = (order.with, order.verb.clone());
        if verb == "drop" && Rc::strong_count(&self.block) == 1 {
            return (None, Some(Answer::of(DONE)));
        }
        let waker = match &*verb {
            "poll" => Arc::new(Bell { name: with, line: line.clone() }).into(),
            _ => Waker::noop().clone(),
        };
        self.desk.order.set(Some(order));
        let answer = self.poll(&waker);
        if verb == "next" && answer.word == DONE {
            things.insert(with, self.clone());
        }
        let left = self.desk.becomes.take().unwrap_or(self);
        ((verb != "drop").then_some(left), Some(answer))
    }
}

/// The rest of the life of a reservation: does with its permits what is ordered, until the block is dropped. `name` is
/// the name of the block, and so of the one permit or of the iterator.
pub async fn keep<'a, T: Pod>(
    desk: &Desk,
    answer: Answer,
    name: u64,
    one: Option<Permit<'a, T>>,
    mut more: Option<PermitIterator<'a, T>>,
) {
    let mut permits: HashMap<_, _> = one.map(|permit| (name, permit)).into_iter().collect();
    desk.answer(answer);
    loop {
        let order = desk.next_order().await;
        let hint = || more.as_ref().expect("an iterator").size_hint();
        desk.answer(match &*order.verb {
            "send" => {
                permits.remove(&order.thing).expect("a permit").send(order.value());
                Answer::of(DONE)
            }
            "least" => Answer::of(hint().0),
            "most" => Answer::of(hint().1.expect("there is a bound")),
            "next" => match more.as_mut().expect("an iterator").next() {
                Some(permit) => {
                    permits.insert(order.with, permit);
                    Answer::of(DONE)
                }
                None => Answer::of(NONE),
            },
            "drop" => {
                if order.thing == name {
                    more = None;
                }
                permits.remove(&order.thing);
                Answer::of(DONE)
            }
            other => panic!("a permit cannot {other}"),
        });
    }
}

/// The waker of one poll: what is done with it here is done with the waker of that poll in the parent.
struct Bell {
    name: u64,
    line: Arc<Line>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.line.say(format_args!("{} woken", self.name), &[]);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.line.say(format_args!("{} released", self.name), &[]);
    }
}
