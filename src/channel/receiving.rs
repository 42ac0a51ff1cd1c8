//! The receiving end. What to take is said by [`next`], [`many`] and [`peeked`]; here is how a thread or a task waits
//! for it.
//!
//! What waits for one value waits until it is found, and copies it once, at the end: a value can be larger than the stack has
//! room for twice.

use super::Took;
use crate::control::{self, Endpoint};
use crate::error::{Corruption, OpenError};
use crate::queue::ring::{Consumer, Found, Ring};
use crate::queue::{Effort, Kind};
use crate::wait::{self, Spin, Spins};
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::task::coop::poll_proceed;

/// Finds the next value, to be taken by [`Receiving::taken`].
#[inline(always)]
pub(crate) fn next(consumer: &mut Consumer, queue: &Ring<'_>, peers: &Endpoint) -> Took<Found> {
    consumer.take(queue, peers)
}

/// Takes up to `limit` values into `buffer`, which grows as by pushes, and tells how many.
pub(crate) fn many<T: Pod>(
    buffer: &mut Vec<T>,
    limit: usize,
) -> impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<usize> + '_ {
    move |consumer, queue, peers| consumer.receive_many(queue, limit, buffer, peers)
}

/// Finds the next value, to be copied by [`Receiving::copy`], and leaves it for the next receive.
pub(crate) fn peeked(consumer: &mut Consumer, queue: &Ring<'_>, peers: &Endpoint) -> Took<Found> {
    consumer.peek(queue, peers)
}

/// Takes the next value.
#[cfg(test)]
pub(super) fn one<T: Pod>(consumer: &mut Consumer, queue: &Ring<'_>, peers: &Endpoint) -> Took<T> {
    consumer.receive(queue, Consumer::copy, peers)
}

/// The receiving end: the queue's consumer, and how it sleeps. Dropping it closes the channel.
pub(crate) struct Receiving {
    pub endpoint: Arc<Endpoint>,
    consumer: Consumer,
    /// Whether the receiver's bell still says that a task sleeps.
    is_asleep: bool,
    /// Another process has it now.
    is_handed_over: bool,
}

impl Receiving {
    pub fn new(endpoint: Arc<Endpoint>) -> Receiving {
        let consumer = Consumer::new(&endpoint.queue());
        Receiving { endpoint, consumer, is_asleep: false, is_handed_over: false }
    }

    /// Takes the value that [`next`] found.
    #[inline(always)]
    pub fn receive<T: Pod>(&mut self, found: Found) -> T {
        let queue = self.endpoint.queue();
        let value = Consumer::copy(&queue, found);
        self.consumer.release(&queue, found, &*self.endpoint);
        value
    }

    /// Takes the value that [`next`] found, to be copied where the caller wants it and then released.
    #[inline(always)]
    pub fn taken(&mut self, found: Found) -> TakenValue<'_> {
        let Receiving { endpoint, consumer, .. } = self;
        TakenValue { queue: endpoint.queue(), consumer, endpoint, found }
    }

    /// Takes the value that [`next`] found into a box.
    pub fn receive_boxed<T: Pod>(&mut self, found: Found) -> Box<T> {
        let taken = self.taken(found);
        let value = Consumer::copy_boxed(&taken.queue, found);
        taken.release();
        value
    }

    /// Returns a copy of the value that [`peeked`] found.
    #[inline(always)]
    pub fn copy<T: Pod>(&self, found: Found) -> T {
        Consumer::copy(&self.endpoint.queue(), found)
    }

    /// Takes what `take` takes, if it is there.
    #[inline(always)]
    pub fn try_take<R>(
        &mut self,
        mut take: impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
    ) -> Took<R> {
        self.look(Effort::Spin, &mut take)
    }

    #[inline(always)]
    fn look<R>(
        &mut self,
        effort: Effort,
        take: &mut impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
    ) -> Took<R> {
        if self.endpoint.is_forked() {
            return Took::End;
        }
        look(&self.endpoint, &mut self.consumer, effort, take)
    }

    /// Takes what `take` takes; the task sleeps until it is there. `None` at the end of the stream.
    pub fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
    ) -> Poll<Option<R>> {
        let budget = ready!(poll_proceed(cx));
        self.rise();
        let mut took = self.look(Effort::Least, &mut take);
        if matches!(took, Took::Empty) {
            took = look_again(
                &self.endpoint,
                &mut self.consumer,
                |spins| &spins.receiving_task,
                &mut take,
                None,
            );
        }
        if matches!(took, Took::Empty) {
            let sleepers = self.endpoint.sleepers();
            sleepers.put_receiver(cx.waker());
            sleepers.reactors.ensure(&self.endpoint, cx.waker());
            self.endpoint.queue().view.common.header.receiver_bell.register(Kind::Task);
            self.is_asleep = true;
            // The second look: what was sent before the bell was set is seen here, what is sent after rings it.
            took = self.look(Effort::Once, &mut take);
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
            self.endpoint.queue().view.common.header.receiver_bell.rise();
        }
    }

    /// Takes what `take` takes; the thread sleeps until it is there, or until the time is up: `Empty` then.
    pub fn blocking_take<R>(
        &mut self,
        timeout: Option<Duration>,
        mut take: impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
    ) -> Took<R> {
        let took = self.look(Effort::Least, &mut take);
        if !matches!(took, Took::Empty) {
            return took;
        }
        let Some(sleep) = super::sleep(timeout, None) else { return self.look(Effort::Once, &mut take) };
        let Receiving { endpoint, consumer, .. } = self;
        let took = look_again(endpoint, consumer, |spins| &spins.receiving_thread, &mut take, sleep.until);
        if !matches!(took, Took::Empty) {
            return took;
        }
        let (queue, since) = (endpoint.queue(), Instant::now());
        let took = wait::until(&queue.view.common.header.receiver_bell, &sleep, || {
            match look(endpoint, consumer, Effort::Once, &mut take) {
                Took::Empty => None,
                took => Some(took),
            }
        });
        endpoint.spins().receiving_thread.slept(since.elapsed(), u64::from(took.is_some()));
        took.unwrap_or(Took::Empty)
    }

    /// Closes the channel for sending, in every process. What the waiting senders of this process were promised by then, the
    /// end waits for, as for permits.
    pub fn close(&mut self) {
        if self.close_for_good() {
            let backlog = &self.endpoint.sleepers().backlog;
            backlog.keep_promises(&self.endpoint.producer(), &*self.endpoint);
        }
    }

    /// Closes the channel. Returns whether it had not been closed before.
    fn close_for_good(&mut self) -> bool {
        // First: a waker that panics must not keep it from being known here.
        let is_first = !self.endpoint.is_forked() && self.consumer.close();
        self.endpoint.close();
        is_first
    }

    /// Returns whether nothing can be sent any more, or no sender is left.
    pub fn is_closed(&self) -> bool {
        self.endpoint.is_closed_for_sending() || self.endpoint.queue().common().has_ended()
    }

    /// Makes a descriptor that carries this end with all that is queued.
    pub fn into_fd(mut self) -> Result<OwnedFd, OpenError> {
        // Which sends are stalled is known in private memory here, and nowhere else.
        if self.consumer.has_stalled() {
            return Err(OpenError::Stalled);
        }
        let descriptor = control::receiver_into_fd(&self.endpoint)?;
        self.is_handed_over = true;
        Ok(descriptor)
    }

    /// Returns the corruption of the segment for which the stream ended.
    pub fn corruption(&self) -> Option<Corruption> {
        self.consumer.nonsense().map(super::told)
    }
}

/// A value that was found, and whose place is not given back yet.
///
/// In two steps, so that the caller makes its result of the copy before anything else happens: the compiler then copies a large
/// value to the result itself, and needs no room for it on the way.
#[must_use = "release it after copying"]
pub(crate) struct TakenValue<'a> {
    queue: Ring<'a>,
    consumer: &'a mut Consumer,
    endpoint: &'a Endpoint,
    found: Found,
}

impl TakenValue<'_> {
    /// Returns a copy of the value.
    #[inline(always)]
    pub fn copy<T: Pod>(&self) -> T {
        Consumer::copy(&self.queue, self.found)
    }

    /// Gives the value's place back.
    #[inline(always)]
    pub fn release(self) {
        self.consumer.release(&self.queue, self.found, self.endpoint);
    }
}

/// Takes what `take` takes, if it is there.
#[inline(always)]
fn look<R>(
    endpoint: &Endpoint,
    consumer: &mut Consumer,
    effort: Effort,
    take: &mut impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
) -> Took<R> {
    consumer.set_effort(effort);
    let took = take(consumer, &endpoint.queue(), endpoint);
    if let Took::End = took {
        ends(endpoint, consumer);
    }
    took
}

/// Looks again for as long as that has lately paid.
#[inline]
fn look_again<R>(
    endpoint: &Endpoint,
    consumer: &mut Consumer,
    spin: impl FnOnce(&Spins) -> &Spin,
    take: &mut impl FnMut(&mut Consumer, &Ring<'_>, &Endpoint) -> Took<R>,
    until: Option<Instant>,
) -> Took<R> {
    let look = || match look(endpoint, consumer, Effort::Spin, take) {
        Took::Empty => None,
        took => Some(took),
    };
    // A step of a sender would be a value.
    spin(endpoint.spins()).look_again(look, || 0, until).unwrap_or(Took::Empty)
}

/// Prepares to tell the end. If it came for nonsense, closes the channel for all.
#[cold]
fn ends(endpoint: &Endpoint, consumer: &Consumer) {
    if let Some(nonsense) = consumer.nonsense() {
        endpoint.end_for(nonsense);
    }
    // A process that died in the middle of a permit operation may have had the last sender. Its departure ends the stream
    // before its permits are given back. Now no process is left that could hold that up, so the capacity is whole.
    endpoint.go_on_with_recovery();
}

impl Drop for Receiving {
    /// Closes the channel; what is queued is dropped and its capacity given back.
    fn drop(&mut self) {
        if self.endpoint.is_forked() {
            return;
        }
        self.endpoint.sleepers().forget_receiver();
        if self.is_handed_over {
            return;
        }
        self.close_for_good();
        // The channel is closed, so only permits are still sent on. The bound keeps a peer that goes on to stamp slots from
        // holding this thread here.
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
