//! One process's end of a channel at work: sends and receipts that wait, for tasks and for threads.
//!
//! It joins queue, waiting and endpoint; tokio's names and the types of errors are not known here.

use crate::control::Endpoint;
use crate::queue::{Claimed, Consumer, Kind, Place, Producer, Queue, Span, Stand, Took, Turn};
use crate::sync::spin_loop;
use crate::wait::{self, Futex, NoRoom, TaskSpot};
use bytemuck::Pod;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::task::coop::poll_proceed;

/// How often a thread looks again before it sleeps. Waking it takes a hundred times as long as these looks.
const THREAD_SPINS: u32 = 400;
/// The same for a task, which holds a worker meanwhile: about as long as the system call that it may save.
const TASK_SPINS: u32 = 60;

/// Most positions claimed at once, so that others get their turn between the parts of a long batch.
const BATCH: usize = 1024;

impl Endpoint {
    #[inline(always)]
    fn producer(&self) -> Producer<'_> {
        Producer { queue: self.queue(), me: self.me(), view: self.view_cell() }
    }

    /// Sends as many of `values`, from the first on, as there is room for: at least one.
    #[inline]
    pub(crate) fn try_send<T: Pod>(&self, values: &[T]) -> Result<usize, Claimed> {
        if self.is_forked() {
            return Err(Claimed::Closed);
        }
        let producer = self.producer();
        match producer.claim(Place::Newcomer, batch(values), self) {
            Claimed::Span(span) => Ok(self.fill(&producer, span, values)),
            refused => Err(refused),
        }
    }

    /// Sends at least one of `values`; the thread sleeps until there is room.
    #[inline]
    pub(crate) fn blocking_send<T: Pod>(&self, values: &[T], park: Futex) -> Result<usize, NoRoom> {
        for _ in 0..THREAD_SPINS {
            match self.try_send(values) {
                Ok(sent) => return Ok(sent),
                Err(Claimed::Closed) => return Err(NoRoom::Closed),
                Err(_) => spin_loop(),
            }
        }
        let producer = self.producer();
        let span = wait::claim(&producer, batch(values), &park, self)?;
        Ok(self.fill(&producer, span, values))
    }

    /// Publishes the first of `values` in a claimed span.
    #[inline(always)]
    fn fill<T: Pod>(&self, producer: &Producer<'_>, span: Span, values: &[T]) -> usize {
        let sent = span.count as usize;
        producer.publish(span, &values[..sent], self);
        sent
    }
}

fn batch<T>(values: &[T]) -> u32 {
    values.len().min(BATCH) as u32
}

/// Sends at least one of `values`; the task sleeps until there is room. `None`: the channel is closed.
///
/// The claim and the publication happen in one poll, so no cancelled future leaves a claimed position.
pub(crate) async fn send<T: Pod>(endpoint: &Arc<Endpoint>, values: &[T]) -> Option<usize> {
    let span = Claiming { endpoint, want: batch(values), stand: Stand::Nowhere, spot: None }.await?;
    Some(endpoint.fill(&endpoint.producer(), span, values))
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
            for _ in 0..TASK_SPINS {
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
pub(crate) struct Closing<'a> {
    pub endpoint: &'a Arc<Endpoint>,
    pub spot: Option<TaskSpot>,
}

impl Future for Closing<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Closing { endpoint, spot } = self.get_mut();
        if is_closed(endpoint) {
            return Poll::Ready(());
        }
        let sleepers = endpoint.sleepers();
        *spot = Some(sleepers.put_closed(*spot, cx.waker()));
        sleepers.drivers.ensure(endpoint);
        // The second look: who closes sets the claim word first and takes the wakers after, under the lock that
        // `put_closed` held.
        if is_closed(endpoint) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.endpoint.sleepers().forget(self.spot.take());
    }
}

/// Takes one unit of the task's turn.
pub(crate) fn poll_turn(cx: &mut Context<'_>) -> Poll<()> {
    poll_proceed(cx).map(|budget| budget.made_progress())
}

/// Whether nothing can be sent any more.
pub(crate) fn is_closed(endpoint: &Endpoint) -> bool {
    endpoint.is_forked() || endpoint.queue().is_closed()
}

/// The receiving end: the queue's consumer, and how it sleeps.
pub(crate) struct Receiving {
    pub endpoint: Arc<Endpoint>,
    consumer: Consumer,
    /// Whether the receiver's bell still says that a task sleeps.
    is_asleep: bool,
    /// Another process has it now.
    pub is_handed_over: bool,
}

impl Receiving {
    pub fn new(endpoint: Arc<Endpoint>) -> Receiving {
        let consumer = Consumer::new(&endpoint.queue());
        Receiving { endpoint, consumer, is_asleep: false, is_handed_over: false }
    }

    /// Takes what `take` takes, if it is there.
    #[inline]
    pub fn try_take<R>(
        &mut self,
        mut take: impl FnMut(&mut Consumer, &Queue<'_>, &Endpoint) -> Took<R>,
    ) -> Took<R> {
        if self.endpoint.is_forked() {
            return Took::End;
        }
        take(&mut self.consumer, &self.endpoint.queue(), &self.endpoint)
    }

    /// Takes what `take` takes; the task sleeps until it is there. `None` at the end of the stream.
    pub fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Consumer, &Queue<'_>, &Endpoint) -> Took<R>,
    ) -> Poll<Option<R>> {
        let budget = ready!(poll_proceed(cx));
        self.rise();
        let mut took = self.try_take(&mut take);
        for _ in 0..TASK_SPINS {
            if !matches!(took, Took::Empty) {
                break;
            }
            spin_loop();
            took = self.try_take(&mut take);
        }
        if matches!(took, Took::Empty) {
            let sleepers = self.endpoint.sleepers();
            sleepers.put_receiver(cx.waker());
            sleepers.drivers.ensure(&self.endpoint);
            self.endpoint.queue().view.header.receiver_bell.register(Kind::Task);
            self.is_asleep = true;
            // The second look: what was sent before the bell was set is seen here, what is sent after rings it.
            took = self.try_take(&mut take);
        }
        let result = match took {
            Took::Empty => return Poll::Pending,
            Took::Value(value) => Some(value),
            Took::End => None,
        };
        self.rise();
        budget.made_progress();
        Poll::Ready(result)
    }

    /// Says that no task sleeps, so that senders do not ring for nothing.
    fn rise(&mut self) {
        if self.is_asleep && !self.endpoint.is_forked() {
            self.is_asleep = false;
            self.endpoint.queue().view.header.receiver_bell.rise();
        }
    }

    /// Takes what `take` takes; the thread sleeps until it is there. `None` at the end of the stream.
    pub fn blocking_take<R>(
        &mut self,
        mut take: impl FnMut(&mut Consumer, &Queue<'_>, &Endpoint) -> Took<R>,
    ) -> Option<R> {
        for _ in 0..THREAD_SPINS {
            match self.try_take(&mut take) {
                Took::Value(value) => return Some(value),
                Took::End => return None,
                Took::Empty => spin_loop(),
            }
        }
        let Receiving { endpoint, consumer, .. } = self;
        let queue = endpoint.queue();
        wait::until(&queue.view.header.receiver_bell, &Futex::default(), || {
            match take(consumer, &queue, endpoint) {
                Took::Value(value) => Some(Some(value)),
                Took::End => Some(None),
                Took::Empty => None,
            }
        })?
    }

    /// Closes the channel for sending, in every process.
    pub fn close(&self) {
        self.endpoint.close();
    }

    /// Whether somebody wrote nonsense over the segment, and the stream ended for that.
    pub fn is_corrupt(&self) -> bool {
        self.consumer.is_corrupt()
    }

    /// Whether a send is stalled: then the receiver cannot be handed to another process.
    pub fn has_stalled(&self) -> bool {
        self.consumer.has_stalled()
    }

    /// The receiver is dropped: closes the channel, and what is queued is dropped and its capacity given back.
    pub fn leave(&mut self) {
        if self.endpoint.is_forked() {
            return;
        }
        self.endpoint.sleepers().forget_receiver();
        if self.is_handed_over {
            return;
        }
        self.close();
        // Nobody claims any more, so these are all; whoever goes on to stamp slots does not hold us here.
        for _ in 0..self.endpoint.max_capacity() {
            match self.try_take(|consumer, queue, peers| consumer.take(queue, peers)) {
                Took::Value(found) => {
                    self.consumer.release(&self.endpoint.queue(), found, &*self.endpoint);
                }
                Took::Empty | Took::End => break,
            }
        }
    }
}
