//! How a task of the sending end waits: for room, in the line, and for the close. Its caller says what it wants.

use crate::control::{self, CatchPanics, Endpoint};
use crate::queue::Kind;
use crate::queue::ring::{Claimed, Permits, Place, Rank, Request};
use crate::wait::{Next, Stand, Wakeable, WakerKey};
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::task::coop::poll_proceed;

/// How far a task has got with waiting for room. It does not know of what channel, so its owner calls
/// [`leave`](Waiting::leave) before it drops it.
#[derive(Default)]
pub(crate) struct Waiting {
    stand: Stand,
    spot: Option<WakerKey>,
    /// Permits that it holds. There was room when its task had no budget left, so the task has the room and not the value's place yet.
    held: u32,
}

impl Waiting {
    /// Takes what is wanted; the task sleeps until there is room. `None`: the channel is closed. The caller passes the same endpoint and
    /// the same want each time. When it is ready there is nothing to leave.
    pub(super) fn poll<W: Request>(
        &mut self,
        endpoint: &Arc<Endpoint>,
        want: W,
        cx: &mut Context<'_>,
    ) -> Poll<Option<W::Grant>> {
        if endpoint.is_forked() {
            return Poll::Ready(None);
        }
        let producer = endpoint.producer();
        let Waiting { stand, spot, held } = self;
        // A send on a closed channel fails whatever budget is left, and costs none.
        if *stand == Stand::Nowhere && endpoint.is_closed_for_sending() {
            give_back(endpoint, held);
            return Poll::Ready(None);
        }
        let Poll::Ready(budget) = poll_proceed(cx) else {
            // Senders are served in the order in which they arrive, and this one arrives now, although its turn is over. So it takes
            // its room, or its place in the line.
            if *stand == Stand::Nowhere && *held == 0 {
                match Permits(want.need()).ask(&producer, Rank::Newcomer, &CatchPanics(endpoint)) {
                    Claimed::Granted(()) => *held = want.need(),
                    Claimed::Full => {
                        *stand =
                            endpoint.sleepers().backlog.come(&producer, want.need(), &CatchPanics(endpoint))
                    }
                    Claimed::Closed => {
                        control::was_refused(endpoint);
                        return Poll::Ready(None);
                    }
                }
            }
            return Poll::Pending;
        };
        if *held > 0 {
            *held = 0;
            let grant = want.redeem(&producer, &CatchPanics(endpoint));
            match grant {
                Some(_) => budget.made_progress(),
                None => control::was_refused(endpoint),
            }
            return Poll::Ready(grant);
        }
        if *stand == Stand::Nowhere {
            let look = || match want.ask(&producer, Rank::Newcomer, &CatchPanics(endpoint)) {
                Claimed::Granted(grant) => Some(Some(grant)),
                Claimed::Closed => Some(None),
                Claimed::Full => None,
            };
            match look().or_else(|| endpoint.spins().sending_task.look_again(look)) {
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
                endpoint.have_senders_look_late();
            }
            Next::SleepInBacklog => {}
        }
        sleepers.reactors.ensure(endpoint, cx.waker());
        Poll::Pending
    }

    /// Returns whether it has no place in the line to leave: it has not waited, or has what it waited for.
    #[inline]
    fn is_new(&self) -> bool {
        self.stand == Stand::Nowhere && self.spot.is_none() && self.held == 0
    }

    /// Gives what it holds, or its place in the line, to the next, if it has either.
    #[inline]
    pub(super) fn leave(&mut self, endpoint: &Arc<Endpoint>) {
        if !self.is_new() && !endpoint.is_forked() {
            give_back(endpoint, &mut self.held);
            endpoint.sleepers().forget(self.spot.take());
            endpoint.sleepers().backlog.leave(&endpoint.producer(), &mut self.stand, &CatchPanics(endpoint));
        }
    }
}

/// Gives back what a task holds that sends nothing.
fn give_back(endpoint: &Endpoint, held: &mut u32) {
    let held = take(held);
    if held > 0 {
        endpoint.producer().give_back(held, &CatchPanics(endpoint));
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

impl<'a, W: Request> Taking<'a, W> {
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

impl<W: Request + Unpin> Future for Taking<'_, W> {
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
