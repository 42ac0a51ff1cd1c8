//! How a task of the sending end waits: for room, in the line, and for the close. What it wants is told it.

use crate::control::{Calmly, Endpoint};
use crate::queue::{Claimed, Kind, Place, Stand, Turn, Want};
use crate::sync::spin_loop;
use crate::wait::TaskSpot;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::coop::poll_proceed;

/// How often a task looks for room before it sleeps, see [`super`].
const TASK_LOOKS: u32 = 60;

/// How far a task has got with waiting for room. It does not know of what channel, so whoever has it must let it
/// [`leave`](Waiting::leave) before dropping it.
#[derive(Default)]
pub(crate) struct Waiting {
    stand: Stand,
    spot: Option<TaskSpot>,
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
            // The place in the line is kept although the turn is over: the order is that of arrival.
            if *stand == Stand::Nowhere {
                *stand =
                    producer.queue.enter(endpoint.me(), want.need()).map_or(Stand::Nowhere, Stand::InLine);
            }
            return Poll::Pending;
        };
        // The end of this process's end is not in the segment: there may be room there.
        if endpoint.is_over() {
            self.leave(endpoint);
            return Poll::Ready(None);
        }
        if *stand == Stand::Nowhere {
            for _ in 0..TASK_LOOKS {
                match want.ask(&producer, Place::Newcomer, &Calmly(endpoint)) {
                    Claimed::Granted(grant) => {
                        budget.made_progress();
                        return Poll::Ready(Some(grant));
                    }
                    Claimed::Closed => {
                        endpoint.was_refused();
                        return Poll::Ready(None);
                    }
                    Claimed::Full => spin_loop(),
                }
            }
        }
        let sleepers = endpoint.sleepers();
        let mut prepare = |place| *spot = Some(sleepers.put(place, *spot, cx.waker()));
        match producer.turn(stand, want, Kind::Task, &mut prepare, &Calmly(endpoint)) {
            Turn::Granted(grant) => {
                sleepers.forget(spot.take());
                budget.made_progress();
                Poll::Ready(Some(grant))
            }
            Turn::Closed => {
                sleepers.forget(spot.take());
                endpoint.was_refused();
                Poll::Ready(None)
            }
            Turn::Sleep(_, asleep) => {
                if let Some(spot) = *spot {
                    sleepers.settle(spot, asleep);
                }
                sleepers.drivers.ensure(endpoint);
                Poll::Pending
            }
        }
    }

    /// Gives its place in the line to the next, if it has one.
    pub(super) fn leave(&mut self, endpoint: &Arc<Endpoint>) {
        if !endpoint.is_forked() {
            endpoint.sleepers().forget(self.spot.take());
            endpoint.producer().leave(&mut self.stand, &Calmly(endpoint));
        }
    }
}

/// A task that waits for room. Dropping it gives its place in the line to the next.
#[must_use = "futures do nothing unless polled"]
pub(super) struct Taking<'a, W> {
    endpoint: &'a Arc<Endpoint>,
    want: W,
    waiting: Waiting,
}

impl<'a, W: Want> Taking<'a, W> {
    pub fn new(endpoint: &'a Arc<Endpoint>, want: W) -> Taking<'a, W> {
        Taking { endpoint, want, waiting: Waiting::default() }
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
    spot: Option<TaskSpot>,
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
        sleepers.drivers.ensure(endpoint);
        // The second look: who closes sets the claim word first and takes the wakers after, under the lock that
        // `put_closed` held.
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
