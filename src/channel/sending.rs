//! A handle of the sending end. What it does without waiting, and how a thread or a task waits for room.

use crate::control::{self, Endpoint};
use crate::error::OpenError;
use crate::queue::{Claimed, Kind, Place, Producer, Span, Stand, Turn};
use crate::sync::spin_loop;
use crate::wait::{self, Futex, TaskSpot};
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::task::coop::poll_proceed;

/// How often a thread looks for room before it sleeps, see [`super`].
const THREAD_LOOKS: u32 = 400;
/// How often a task does.
const TASK_LOOKS: u32 = 60;

/// Most positions claimed at once. Others get their turn between the parts of a long batch; and a sender that is stopped
/// in the middle of one leaves no more positions behind than the receiver can go round: half of the quarantine.
const BATCH: usize = 32;

/// One handle of the sending end. It counts as one until it is dropped.
pub(crate) struct Sending {
    pub endpoint: Arc<Endpoint>,
}

/// Why nothing was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unsent {
    Full,
    Closed,
}

impl Sending {
    /// Takes over a handle that `endpoint` counts already.
    pub fn new(endpoint: Arc<Endpoint>) -> Sending {
        Sending { endpoint }
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.endpoint.is_closed_for_sending()
    }

    /// Waits until nothing can be sent any more.
    pub async fn closed(&self) {
        Closing { endpoint: &self.endpoint, spot: None }.await;
    }

    /// Whether both send into one channel.
    pub fn is_same_channel(&self, other: &Sending) -> bool {
        self.endpoint.id() == other.endpoint.id()
    }

    /// A descriptor that carries this handle.
    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        control::sender_into_fd(&self.endpoint)
    }

    /// Sends as many of `values`, from the first on, as there is room for: at least one.
    #[inline]
    pub fn try_send<T: Pod>(&self, values: &[T]) -> Result<usize, Unsent> {
        if self.endpoint.is_forked() {
            return Err(Unsent::Closed);
        }
        let producer = self.endpoint.producer();
        match producer.claim(Place::Newcomer, batch(values), &*self.endpoint) {
            Claimed::Span(span) => Ok(self.fill(&producer, span, values)),
            Claimed::Full => Err(Unsent::Full),
            Claimed::Closed => Err(Unsent::Closed),
        }
    }

    /// Sends at least one of `values`; the thread sleeps until there is room. `None`: the channel is closed.
    #[inline]
    pub fn blocking_send<T: Pod>(&self, values: &[T]) -> Option<usize> {
        for _ in 0..THREAD_LOOKS {
            match self.try_send(values) {
                Ok(sent) => return Some(sent),
                Err(Unsent::Closed) => return None,
                Err(Unsent::Full) => spin_loop(),
            }
        }
        let producer = self.endpoint.producer();
        // Without a deadline, closed is the only reason.
        let span = wait::claim(&producer, batch(values), &Futex::default(), &*self.endpoint).ok()?;
        Some(self.fill(&producer, span, values))
    }

    /// Sends at least one of `values`; the task sleeps until there is room. `None`: the channel is closed.
    ///
    /// The claim and the publication happen in one poll, so no cancelled future leaves a claimed position.
    pub async fn send<T: Pod>(&self, values: &[T]) -> Option<usize> {
        let (endpoint, want) = (&self.endpoint, batch(values));
        let span = Claiming { endpoint, want, stand: Stand::Nowhere, spot: None }.await?;
        Some(self.fill(&endpoint.producer(), span, values))
    }

    /// Publishes the first of `values` in a claimed span.
    #[inline(always)]
    fn fill<T: Pod>(&self, producer: &Producer<'_>, span: Span, values: &[T]) -> usize {
        let sent = span.count as usize;
        producer.publish(span, &values[..sent], &*self.endpoint);
        sent
    }
}

impl Clone for Sending {
    fn clone(&self) -> Sending {
        if !self.endpoint.is_forked() {
            self.endpoint.queue().add_strong(self.endpoint.me());
        }
        Sending::new(Arc::clone(&self.endpoint))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.endpoint.is_forked() {
            self.endpoint.queue().drop_strong(self.endpoint.me(), &*self.endpoint);
        }
    }
}

impl Endpoint {
    #[inline(always)]
    fn producer(&self) -> Producer<'_> {
        Producer { queue: self.queue(), me: self.me(), view: self.view_cell() }
    }
}

fn batch<T>(values: &[T]) -> u32 {
    values.len().min(BATCH) as u32
}

/// A task that waits for room. Dropping it gives its place in the line to the next.
#[must_use = "futures do nothing unless polled"]
struct Claiming<'a> {
    endpoint: &'a Arc<Endpoint>,
    want: u32,
    stand: Stand,
    spot: Option<TaskSpot>,
}

impl Future for Claiming<'_> {
    type Output = Option<Span>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Span>> {
        let Claiming { endpoint, want, stand, spot } = self.get_mut();
        let endpoint: &Arc<Endpoint> = endpoint;
        if endpoint.is_forked() {
            return Poll::Ready(None);
        }
        let producer = endpoint.producer();
        // A send on a closed channel fails whatever budget is left, and costs none.
        if *stand == Stand::Nowhere && producer.queue.is_closed() {
            return Poll::Ready(None);
        }
        let Poll::Ready(budget) = poll_proceed(cx) else {
            // The place in the line is kept although the turn is over: the order is that of arrival.
            if *stand == Stand::Nowhere {
                *stand = producer.queue.enter(endpoint.me(), 1).map_or(Stand::Nowhere, Stand::InLine);
            }
            return Poll::Pending;
        };
        if *stand == Stand::Nowhere {
            for _ in 0..TASK_LOOKS {
                match producer.claim(Place::Newcomer, *want, &**endpoint) {
                    Claimed::Span(span) => {
                        budget.made_progress();
                        return Poll::Ready(Some(span));
                    }
                    Claimed::Closed => return Poll::Ready(None),
                    Claimed::Full => spin_loop(),
                }
            }
        }
        let sleepers = endpoint.sleepers();
        let mut prepare = |place| *spot = Some(sleepers.put(place, *spot, cx.waker()));
        match producer.turn(stand, *want, Kind::Task, &mut prepare, &**endpoint) {
            Turn::Claimed(span) => {
                sleepers.forget(spot.take());
                budget.made_progress();
                Poll::Ready(Some(span))
            }
            Turn::Closed => {
                sleepers.forget(spot.take());
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
}

impl Drop for Claiming<'_> {
    fn drop(&mut self) {
        if !self.endpoint.is_forked() {
            self.endpoint.sleepers().forget(self.spot.take());
            self.endpoint.producer().leave(&mut self.stand, &**self.endpoint);
        }
    }
}

/// Waits until the receiving side is closed.
struct Closing<'a> {
    endpoint: &'a Arc<Endpoint>,
    spot: Option<TaskSpot>,
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
        self.endpoint.sleepers().forget(self.spot.take());
    }
}
