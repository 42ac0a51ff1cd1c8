//! The work of a sample in tasks: the same as in [`super::threads`], with ends that are awaited.

use tokio::runtime::{Builder, Runtime};

use super::{
    ahead::Ahead,
    arrivals::{Arrivals, Messages},
    watch::{LAST, Lead, Watch, is_last},
};
use crate::{
    cell::Outcome,
    contestant::Awaits,
    harness::value::{Value, check, numbered},
    site::Site,
};

/// Makes the runtime of one side.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Sends until it is told to stop.
pub(crate) async fn pump<C: Awaits, T: Value>(site: &Site, number: usize, sender: &mut C::Sender<T>) {
    let mut messages = Messages::of(number);
    while site.is_sending() {
        C::send(sender, messages.next()).await;
    }
    C::send(sender, messages.last()).await;
}

/// Receives from all senders and measures the middle.
pub(crate) async fn drain<C: Awaits, T: Value>(site: &Site, receiver: &mut C::Receiver<T>) -> Outcome {
    let mut arrivals = Arrivals::new(site);
    while !arrivals.are_complete() {
        arrivals.take(&C::receive(receiver).await);
    }
    arrivals.outcome()
}

/// Sends each message and waits until it has come back.
pub(crate) async fn trips<C: Awaits, T: Value>(
    site: &Site,
    sender: &mut C::Sender<T>,
    receiver: &mut C::Receiver<T>,
) -> Outcome {
    let mut messages = Ahead::from(0);
    let mut trip = async || {
        let number = messages.number();
        C::send(sender, messages.next()).await;
        check(&C::receive(receiver).await, number);
    };
    let mut lead = Lead::start(&site.order);
    while lead.goes_on() {
        trip().await;
    }
    let mut watch = Watch::start(&site.order);
    loop {
        trip().await;
        if watch.lap() {
            break;
        }
    }
    C::send(sender, numbered(&mut T::zeroed(), LAST)).await;
    check(&C::receive(receiver).await, LAST);
    watch.outcome()
}

/// Sends each received message back.
pub(crate) async fn echo<C: Awaits, T: Value>(receiver: &mut C::Receiver<T>, sender: &mut C::Sender<T>) {
    let mut numbers = 0..;
    loop {
        let value = C::receive(receiver).await;
        let is_last = is_last(&value, &mut numbers);
        C::send(sender, value).await;
        if is_last {
            return;
        }
    }
}
