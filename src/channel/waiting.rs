//! How a task of the sending end waits: for room, in the line, and for the close. What it wants is told it.

use crate::control::{self, CatchPanics, Endpoint};
use crate::queue::Kind;
use crate::queue::ring::{Claimed, Place, Rank, Want};
use crate::wait::{Next, Stand, Wakeable, WakerKey};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::task::coop::poll_proceed;

/// How far a task has got with waiting for room. It does not know of what channel, so its owner must let it
/// [`leave`](Waiting::leave) before dropping it.
#[derive(Default)]
pub(crate) struct Waiting {
    stand: Stand,
    spot: Option<WakerKey>,
}

impl Waiting {
    /// Takes what is wanted; the task sleeps until there is room. `None`: the channel is closed. Each time the same
    /// endpoint and the same want. When it is ready there is nothing to leave.
    pub(super) fn poll<W: Want>(
        &mut self,
        endpoint: &Arc<Endpoint>,
        want: W,
        cx: &mut Context<'_>,
    ) -> Poll<Option<W::Grant>> {
        let Waiting { stand, spot } = self;
        if endpoint.is_forked() {
            return Poll::Ready(None);
        }
        let producer = endpoint.producer();
        // A send on a closed channel fails whatever budget is left, and costs none.
        if *stand == Stand::Nowhere && endpoint.is_closed_for_sending() {
            return Poll::Ready(None);
        }
        let Poll::Ready(budget) = poll_proceed(cx) else {
            // It takes its place in the line although its turn is over: the order is that of arrival.
            if *stand == Stand::Nowhere {
                *stand = endpoint.sleepers().backlog.come(&producer, want.need());
            }
            return Poll::Pending;
        };
        if *stand == Stand::Nowhere {
            let look = || match want.ask(&producer, Rank::Newcomer, &CatchPanics(endpoint)) {
                Claimed::Granted(grant) => Some(Some(grant)),
                Claimed::Closed => Some(None),
                Claimed::Full => None,
            };
            match look().or_else(|| endpoint.spins().sending_task.look_again(look, || 0, None)) {
                Some(Some(grant)) => {
                    budget.made_progress();
                    return Poll::Ready(Some(grant));
                }
                Some(None) => {
                    control::was_refused(endpoint);
                    return Poll::Ready(None);
                }
                None => {}
            }
        }
        let sleepers = endpoint.sleepers();
        let mut task = WaitingTask { endpoint, spot, waker: cx.waker() };
        match sleepers.backlog.next(&producer, stand, want, &mut task, &CatchPanics(endpoint)) {
            Next::Granted(grant) => {
                sleepers.forget(spot.take());
                budget.made_progress();
                return Poll::Ready(Some(grant));
            }
            Next::Closed => {
                sleepers.forget(spot.take());
                control::was_refused(endpoint);
                return Poll::Ready(None);
            }
            Next::Sleep(_, asleep) => {
                if let Some(spot) = *spot {
                    sleepers.settle(spot, asleep);
                }
            }
            Next::SleepInBacklog => {}
        }
        sleepers.reactors.ensure(endpoint, cx.waker());
        Poll::Pending
    }

    /// Returns whether it has no place in the line to leave: it has not waited, or has what it waited for.
    #[inline]
    fn is_new(&self) -> bool {
        self.stand == Stand::Nowhere && self.spot.is_none()
    }

    /// Gives its place in the line to the next, if it has one.
    #[inline]
    pub(super) fn leave(&mut self, endpoint: &Arc<Endpoint>) {
        if !self.is_new() && !endpoint.is_forked() {
            endpoint.sleepers().forget(self.spot.take());
            endpoint.sleepers().backlog.leave(&endpoint.producer(), &mut self.stand, &CatchPanics(endpoint));
        }
    }
}

/// A task that waits to send.
struct WaitingTask<'a> {
    endpoint: &'a Endpoint,
    spot: &'a mut Option<WakerKey>,
    waker: &'a Waker,
}

impl Wakeable for WaitingTask<'_> {
    const KIND: Kind = Kind::Task;

    fn waker(&mut self) -> Waker {
        self.waker.clone()
    }

    fn prepare(&mut self, place: Place) {
        *self.spot = Some(self.endpoint.sleepers().put(place, *self.spot, self.waker));
    }
}

/// A task that waits for room. Dropping it gives its place in the line to the next.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Taking<'a, W> {
    endpoint: &'a Arc<Endpoint>,
    want: W,
    waiting: Waiting,
}

impl<'a, W: Want> Taking<'a, W> {
    #[inline]
    pub fn new(endpoint: &'a Arc<Endpoint>, want: W) -> Taking<'a, W> {
        Taking { endpoint, want, waiting: Waiting::default() }
    }

    /// Returns whether it has not waited.
    #[inline]
    pub fn is_new(&self) -> bool {
        self.waiting.is_new()
    }
}

impl<W: Want + Unpin> Future for Taking<'_, W> {
    type Output = Option<W::Grant>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<W::Grant>> {
        let Taking { endpoint, want, waiting } = self.get_mut();
        waiting.poll(endpoint, *want, cx)
    }
}

impl<W> Drop for Taking<'_, W> {
    fn drop(&mut self) {
        self.waiting.leave(self.endpoint);
    }
}

/// Waits until the receiving side is closed.
pub(super) struct Closing<'a> {
    endpoint: &'a Arc<Endpoint>,
    spot: Option<WakerKey>,
}

impl<'a> Closing<'a> {
    pub fn new(endpoint: &'a Arc<Endpoint>) -> Closing<'a> {
        Closing { endpoint, spot: None }
    }
}

impl Future for Closing<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Closing { endpoint, spot } = self.get_mut();
        if endpoint.is_closed_for_sending() {
            return Poll::Ready(());
        }
        let sleepers = endpoint.sleepers();
        *spot = Some(sleepers.put_closed(*spot, cx.waker()));
        sleepers.reactors.ensure(endpoint, cx.waker());
        // The second look: a close sets the claim word first and takes the wakers after, under the lock that `put_closed`
        // held.
        if endpoint.is_closed_for_sending() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        // In a forked child the lock may be one that another thread of its parent held.
        if !self.endpoint.is_forked() {
            self.endpoint.sleepers().forget(self.spot.take());
        }
    }
}
