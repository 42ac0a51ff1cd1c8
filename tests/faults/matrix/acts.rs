//! What a sender calls in each operation, and what it has at hand for that.

use std::{
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_sink::Sink;
use shmpsc::{OwnedPermit, Sender, WeakSender, error::SendError, sink::PollSender};
use tokio::task::coop;

use crate::world::{Value, value};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(100_000);

pub type Reserving = dyn Future<Output = Result<OwnedPermit<Value>, SendError<()>>>;

/// What a sender has at hand.
pub struct Hands {
    pub who: u64,
    pub path: PathBuf,
    pub sender: Option<Sender<Value>>,
    pub spare: Vec<Sender<Value>>,
    pub weak: Vec<WeakSender<Value>>,
    pub waiting: Option<Pin<Box<Reserving>>>,
    pub polled: Option<PollSender<Value>>,
    /// How many values have been acknowledged.
    pub sent: u64,
}

impl Hands {
    fn sender(&self) -> &Sender<Value> {
        self.sender.as_ref().expect("it has not left")
    }

    fn value(&self, at: u64) -> Value {
        value(self.who, self.sent + at)
    }

    fn batch(&self) -> [Value; 3] {
        [self.value(0), self.value(1), self.value(2)]
    }
}

pub fn try_send(hands: &mut Hands) {
    hands.sent += u64::from(hands.sender().try_send(hands.value(0)).is_ok());
}

pub fn blocking_send(hands: &mut Hands) {
    hands.sender().blocking_send(hands.value(0)).expect("it is open");
    hands.sent += 1;
}

pub fn blocking_send_timeout(hands: &mut Hands) {
    hands.sender().blocking_send_timeout(hands.value(0), LONG).expect("it is open");
    hands.sent += 1;
}

/// Waits in vain, unless it has been stopped for so long that there is room.
pub fn time_out(hands: &mut Hands) {
    let sent = hands.sender().blocking_send_timeout(hands.value(0), Duration::from_nanos(1));
    hands.sent += u64::from(sent.is_ok());
}

pub fn try_send_many(hands: &mut Hands) {
    hands.sent += hands.sender().try_send_many(&hands.batch()).unwrap_or(0) as u64;
}

pub fn blocking_send_many(hands: &mut Hands) {
    hands.sender().blocking_send_many(&hands.batch()).expect("it is open");
    hands.sent += 3;
}

pub fn reserve_drop(hands: &mut Hands) {
    drop(hands.sender().try_reserve());
}

pub fn reserve_send(hands: &mut Hands) {
    let Ok(permit) = hands.sender().try_reserve() else { return };
    permit.send(hands.value(0));
    hands.sent += 1;
}

/// Takes two, uses one, gives one back.
pub fn reserve_many(hands: &mut Hands) {
    let Ok(mut permits) = hands.sender().try_reserve_many(2) else { return };
    permits.next().expect("there are two").send(hands.value(0));
    drop(permits);
    hands.sent += 1;
}

/// Sends on one, which gives the sender back, and releases another.
pub fn reserve_owned(hands: &mut Hands) {
    let sender = hands.sender.take().expect("it has not left");
    let sender = match sender.try_reserve_owned() {
        Ok(permit) => {
            let sender = permit.send(hands.value(0));
            hands.sent += 1;
            sender
        }
        Err(full) => full.into_inner(),
    };
    let sender = match sender.try_reserve_owned() {
        Ok(permit) => permit.release(),
        Err(full) => full.into_inner(),
    };
    hands.sender = Some(sender);
}

pub fn blocking_reserve(hands: &mut Hands) {
    hands.sender().blocking_reserve().expect("it is open").send(hands.value(0));
    hands.sent += 1;
}

/// It will not be granted anything before it stands in the line.
pub fn spend_the_turn(hands: &mut Hands) {
    while let Poll::Ready(turn) = coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
        turn.made_progress();
    }
    hands.waiting = Some(Box::pin(hands.sender().clone().reserve_owned()));
}

pub fn stand_in_line(hands: &mut Hands) {
    spend_the_turn(hands);
    assert!(looks(hands).is_pending());
    assert!(looks_on(hands).is_pending());
}

pub fn looks(hands: &mut Hands) -> Poll<Result<OwnedPermit<Value>, SendError<()>>> {
    let waiting = hands.waiting.as_mut().expect("it waits");
    waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Looks, although its turn is over.
pub fn looks_on(hands: &mut Hands) -> Poll<Result<OwnedPermit<Value>, SendError<()>>> {
    let waiting = hands.waiting.as_mut().expect("it waits");
    Pin::new(&mut coop::unconstrained(waiting)).poll(&mut Context::from_waker(Waker::noop()))
}

/// Stands in the line, sleeps, takes, leaves, and sends.
pub fn wait(hands: &mut Hands) {
    assert!(looks(hands).is_pending());
    let permit = loop {
        match looks_on(hands) {
            Poll::Ready(permit) => break permit.expect("it is open"),
            // The receiver takes a value when it sees this thread asleep.
            Poll::Pending => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    hands.spare.push(permit.send(hands.value(0)));
    hands.sent += 1;
}

/// Leaves the line.
pub fn give_up(hands: &mut Hands) {
    drop(hands.waiting.take());
}

pub async fn send(hands: &mut Hands) {
    hands.sender().send(hands.value(0)).await.expect("it is open");
    hands.sent += 1;
}

pub async fn send_many(hands: &mut Hands) {
    hands.sender().send_many(&hands.batch()).await.expect("it is open");
    hands.sent += 3;
}

pub async fn send_timeout(hands: &mut Hands) {
    hands.sender().send_timeout(hands.value(0), LONG).await.expect("it is open");
    hands.sent += 1;
}

pub async fn await_permit(hands: &mut Hands) {
    hands.sender().reserve().await.expect("it is open").send(hands.value(0));
    hands.sent += 1;
}

/// Awaits two, uses one, gives one back.
pub async fn await_many(hands: &mut Hands) {
    let mut permits = hands.sender().reserve_many(2).await.expect("it is open");
    permits.next().expect("there are two").send(hands.value(0));
    drop(permits);
    hands.sent += 1;
}

/// Begins to send and thinks better of it.
pub fn cancel(hands: &mut Hands) {
    let is_sent = {
        let mut sending = Box::pin(hands.sender().send(hands.value(0)));
        sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    hands.sent += u64::from(is_sent);
}

pub fn have_a_sink(hands: &mut Hands) {
    if hands.polled.is_none() {
        hands.polled = Some(PollSender::new(hands.sender().clone()));
    }
}

pub async fn use_sink(hands: &mut Hands) {
    let value = hands.value(0);
    let sink = hands.polled.as_mut().expect("it has one");
    std::future::poll_fn(|cx| Pin::new(&mut *sink).poll_ready(cx)).await.expect("it is open");
    Pin::new(sink).start_send(value).expect("it is open");
    hands.sent += 1;
}

/// Has a permit or a place in the line, and gives it up.
pub fn abort_sink(hands: &mut Hands) {
    let sink = hands.polled.as_mut().expect("it has one");
    let _ = sink.poll_reserve(&mut Context::from_waker(Waker::noop()));
    assert!(sink.abort_send());
}

pub fn have_a_spare_one(hands: &mut Hands) {
    hands.spare.push(hands.sender().clone());
}

pub fn clone(hands: &mut Hands) {
    hands.spare.push(hands.sender().clone());
}

pub fn drop_one(hands: &mut Hands) {
    drop(hands.spare.pop().expect("there is one"));
}

pub fn upgrade(hands: &mut Hands) {
    let weak = hands.sender().downgrade();
    hands.spare.push(weak.upgrade().expect("the sender is there"));
}

pub fn weak(hands: &mut Hands) {
    hands.weak.push(hands.sender().downgrade());
    hands.weak.push(hands.weak[0].clone());
    hands.weak.clear();
}

/// Makes a descriptor that carries a sender, and closes it.
pub fn hand_over(hands: &mut Hands) {
    drop(hands.sender().clone().into_fd().expect("there is a number"));
}

pub fn connect(hands: &mut Hands) {
    hands.sender = Some(shmpsc::connect(&hands.path).expect("there is a number"));
}

/// Drops the process's only sender.
pub fn leave(hands: &mut Hands) {
    drop(hands.sender.take());
}
