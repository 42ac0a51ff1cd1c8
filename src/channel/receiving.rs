//! The receiving end. What to take is said by [`next`], [`many`] and [`peeked`]; here is how a thread or a task waits
//! for it.
//!
//! What waits for one value waits until it is found, and copies it once, at the end: a value can be larger than the stack has
//! room for twice.

use super::Taken;
use crate::control::{self, Endpoint};
use crate::error::{Corruption, OpenError};
use crate::queue::{BellKey, Consume, Effort, Kind, SMALL, ring, table};
use crate::wait::{self, Hear, PolledWait};
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::task::coop::poll_proceed;

/// A kind of channel, at its receiving end.
pub(crate) trait Receives: Consume {
    /// The queue of such a channel.
    fn queue(endpoint: &Endpoint) -> Self::Queue<'_>;

    /// Has the end of the stream wait for what the waiting senders of this process were promised when the channel was closed.
    fn keep_promises(endpoint: &Endpoint);
}

impl Receives for ring::Consumer {
    #[inline(always)]
    fn queue(endpoint: &Endpoint) -> ring::Ring<'_> {
        endpoint.ring()
    }

    fn keep_promises(endpoint: &Endpoint) {
        endpoint.sleepers().backlog.keep_promises(&endpoint.producer(), endpoint);
    }
}

impl Receives for table::Consumer {
    #[inline(always)]
    fn queue(endpoint: &Endpoint) -> table::Table<'_> {
        endpoint.table()
    }

    fn keep_promises(_: &Endpoint) {
        // No sender waits.
    }
}

/// Finds the next value, to be taken by [`Receiving::taken`].
#[inline(always)]
pub(crate) fn next<C: Consume>(consumer: &mut C, queue: &C::Queue<'_>, peers: &Endpoint) -> Taken<C::Found> {
    consumer.take(queue, peers)
}

/// Takes up to `limit` values into `buffer`, which grows as by pushes, and tells how many.
pub(crate) fn many<C: Consume, T: Pod>(
    buffer: &mut Vec<T>,
    limit: usize,
) -> impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<usize> + '_ {
    move |consumer, queue, peers| consumer.receive_many(queue, limit, buffer, peers)
}

/// Finds the next value, to be copied by [`Receiving::copy`], and leaves it for the next receive.
pub(crate) fn peeked<C: Consume>(
    consumer: &mut C,
    queue: &C::Queue<'_>,
    peers: &Endpoint,
) -> Taken<C::Found> {
    consumer.peek(queue, peers)
}

/// Takes the next value.
#[cfg(test)]
pub(super) fn one<C: Consume, T: Pod>(consumer: &mut C, queue: &C::Queue<'_>, peers: &Endpoint) -> Taken<T> {
    consumer.take(queue, peers).map(|found| {
        let value = C::copy(queue, found);
        consumer.release(queue, found, peers);
        value
    })
}

/// The receiving end: the queue's consumer, and how it sleeps. Dropping it closes the channel.
pub(crate) struct Receiving<C: Receives> {
    pub endpoint: Arc<Endpoint>,
    consumer: C,
    /// The key under which a task sleeps, while the receiver's bell may still say so.
    asleep: Option<BellKey>,
    /// How far a task has got with waiting for the next value.
    wait: PolledWait,
    /// Another process has it now.
    is_handed_over: bool,
}

impl<C: Receives> Receiving<C> {
    pub fn new(endpoint: Arc<Endpoint>) -> Receiving<C> {
        let consumer = C::new(&C::queue(&endpoint));
        Receiving { endpoint, consumer, asleep: None, wait: PolledWait::New, is_handed_over: false }
    }

    /// Takes the next value on the fast path of [`Consume::take_fast`], if values are small.
    #[inline(always)]
    pub fn receive_fast<T: Pod>(&mut self) -> Option<T> {
        if size_of::<T>() > SMALL || self.endpoint.is_forked() {
            return None;
        }
        self.consumer.take_fast(&C::queue(&self.endpoint), &*self.endpoint)
    }

    /// Takes the value that [`next`] found.
    #[inline(always)]
    pub fn receive<T: Pod>(&mut self, found: C::Found) -> T {
        let queue = C::queue(&self.endpoint);
        let value = C::copy(&queue, found);
        self.consumer.release(&queue, found, &*self.endpoint);
        value
    }

    /// Takes the value that [`next`] found, to be copied where the caller wants it and then released.
    #[inline(always)]
    pub fn taken(&mut self, found: C::Found) -> TakenValue<'_, C> {
        let Receiving { endpoint, consumer, .. } = self;
        TakenValue { queue: C::queue(endpoint), consumer, endpoint, found }
    }

    /// Takes the value that [`next`] found into a box.
    pub fn receive_boxed<T: Pod>(&mut self, found: C::Found) -> Box<T> {
        let taken = self.taken(found);
        let value = C::copy_boxed(&taken.queue, found);
        taken.release();
        value
    }

    /// Returns a copy of the value that [`peeked`] found.
    #[inline(always)]
    pub fn copy<T: Pod>(&self, found: C::Found) -> T {
        C::copy(&C::queue(&self.endpoint), found)
    }

    /// Takes what `take` takes, if it is there.
    #[inline(always)]
    pub fn try_take<R>(
        &mut self,
        mut take: impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>,
    ) -> Taken<R> {
        self.look(Effort::Spin, &mut take)
    }

    #[inline(always)]
    fn look<R>(
        &mut self,
        effort: Effort,
        take: &mut impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>,
    ) -> Taken<R> {
        if self.endpoint.is_forked() {
            return Taken::End;
        }
        look(&self.endpoint, &mut self.consumer, effort, take)
    }

    /// Takes the next value as [`Receiving::receive_fast`] does, within the task's budget. `Pending` if that is used up.
    #[inline(always)]
    pub fn poll_fast<T: Pod>(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if size_of::<T>() > SMALL {
            return Poll::Ready(None);
        }
        let budget = ready!(poll_proceed(cx));
        let value = self.receive_fast();
        if value.is_some() {
            self.deregister();
            self.endpoint.spins().receiving_task.ended(&mut self.wait);
            budget.made_progress();
        }
        Poll::Ready(value)
    }

    /// Takes what `take` takes; the task sleeps until it is there. `None` at the end of the stream.
    pub fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>,
    ) -> Poll<Option<R>> {
        let budget = ready!(poll_proceed(cx));
        // What waits already has spun, and is polled though it was not woken, or after it has yielded.
        let is_new = if self.is_asleep() {
            false
        } else {
            self.deregister();
            matches!(self.wait, PolledWait::New)
        };
        let mut took = self.look(if is_new { Effort::Least } else { Effort::Once }, &mut take);
        if is_new && matches!(took, Taken::Empty) {
            took = self.spin(&mut take);
            // Until now it has looked at head's stamp alone. What is there must be found by one poll: there may be no second one.
            if matches!(took, Taken::Empty) && self.endpoint.spins().receiving_task.will_yield() {
                took = self.look(Effort::Once, &mut take);
            }
        }
        if matches!(took, Taken::Empty) && self.asleep.is_none() {
            let (polls, is_shared) =
                (&self.endpoint.spins().receiving_task, self.endpoint.bell_fd().is_some());
            // It is not registered, and so it has been woken.
            if polls.yields(&mut self.wait, is_shared, cx) {
                return Poll::Pending;
            }
        }
        let mut registers = false;
        if matches!(took, Taken::Empty) {
            let sleepers = self.endpoint.sleepers();
            sleepers.put_receiver(cx.waker());
            sleepers.reactors.ensure(&self.endpoint, cx.waker());
            // After the waker was put there: a sender that has rung by then may have woken the one before.
            registers = !self.is_asleep();
            if registers {
                let endpoint = &self.endpoint;
                self.asleep = Some(endpoint.receiver_bell().register(Kind::Task, endpoint.fences()));
                endpoint.spins().receiving_task.sleeps(&mut self.wait);
            }
            // The second look: what was sent before the bell was set is seen here, what is sent after rings it.
            took = self.look(Effort::Once, &mut take);
        }
        let result = match took {
            Taken::Empty => {
                if registers {
                    self.endpoint.have_receiver_look_late(self.consumer.has_stalled());
                }
                return Poll::Pending;
            }
            Taken::Value(value) => Some(value),
            Taken::End => None,
        };
        self.deregister();
        self.endpoint.spins().receiving_task.ended(&mut self.wait);
        budget.made_progress();
        Poll::Ready(result)
    }

    /// Looks again for as long as a poll may, and that has lately paid.
    #[inline]
    fn spin<R>(&mut self, take: &mut impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>) -> Taken<R> {
        let Receiving { endpoint, consumer, .. } = self;
        let taken = endpoint.queue().head();
        let look = || match look(endpoint, consumer, Effort::Least, take) {
            Taken::Empty => None,
            took => Some(took),
        };
        endpoint.spins().receiving_task.look_again_after(taken, look).unwrap_or(Taken::Empty)
    }

    /// Returns whether a task is registered on the receiver's bell and no sender has rung since. Such a task is polled though it was not
    /// woken. It stays registered, because registering anew costs a fence in all processes.
    fn is_asleep(&self) -> bool {
        self.asleep
            .is_some_and(|key| !self.endpoint.is_forked() && self.endpoint.receiver_bell().is_quiet(key))
    }

    /// Says that no task sleeps, so that senders do not ring for nothing.
    fn deregister(&mut self) {
        if self.asleep.take().is_some() && !self.endpoint.is_forked() {
            self.endpoint.receiver_bell().deregister();
        }
    }

    /// Takes what `take` takes; the thread sleeps until it is there, or until the time is up: `Empty` then.
    pub fn blocking_take<R>(
        &mut self,
        timeout: Option<Duration>,
        mut take: impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>,
    ) -> Taken<R> {
        let took = self.look(Effort::Least, &mut take);
        if !matches!(took, Taken::Empty) {
            return took;
        }
        let Some(sleep) = super::sleep(&self.endpoint, timeout, None) else {
            return self.look(Effort::Once, &mut take);
        };
        let Receiving { endpoint, consumer, .. } = self;
        let spin = &endpoint.spins().receiving_thread;
        spin.let_gather(endpoint.queue().head());
        let look_again = || match look(endpoint, consumer, Effort::Spin, &mut take) {
            Taken::Empty => None,
            took => Some(took),
        };
        // A step of a sender would be a value.
        if let Some(took) = spin.look_again(look_again, || 0, sleep.until) {
            return took;
        }
        let since = Instant::now();
        let took = wait::until(endpoint.receiver_bell(), endpoint.fences(), &sleep, || {
            match look(endpoint, consumer, Effort::Once, &mut take) {
                Taken::Empty => None,
                took => Some(took),
            }
        });
        spin.slept(since.elapsed(), u64::from(took.is_some()));
        took.unwrap_or(Taken::Empty)
    }

    /// Closes the channel for sending, in every process. What the waiting senders of this process were promised by then, the
    /// end waits for, as for permits.
    pub fn close(&mut self) {
        if self.close_for_good() {
            C::keep_promises(&self.endpoint);
        }
    }

    /// Closes the channel. Returns whether it had not been closed before.
    fn close_for_good(&mut self) -> bool {
        // First: a waker that panics must not keep it from being known here.
        let is_first = !self.endpoint.is_forked() && self.consumer.close();
        control::close(&self.endpoint);
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
pub(crate) struct TakenValue<'a, C: Receives> {
    queue: C::Queue<'a>,
    consumer: &'a mut C,
    endpoint: &'a Endpoint,
    found: C::Found,
}

impl<C: Receives> TakenValue<'_, C> {
    /// Returns a copy of the value.
    #[inline(always)]
    pub fn copy<T: Pod>(&self) -> T {
        C::copy(&self.queue, self.found)
    }

    /// Gives the value's place back.
    #[inline(always)]
    pub fn release(self) {
        self.consumer.release(&self.queue, self.found, self.endpoint);
    }
}

/// Takes what `take` takes, if it is there.
#[inline(always)]
fn look<C: Receives, R>(
    endpoint: &Endpoint,
    consumer: &mut C,
    effort: Effort,
    take: &mut impl FnMut(&mut C, &C::Queue<'_>, &Endpoint) -> Taken<R>,
) -> Taken<R> {
    consumer.set_effort(effort);
    let took = take(consumer, &C::queue(endpoint), endpoint);
    if let Taken::End = took {
        ends(endpoint, consumer);
    }
    took
}

/// Prepares to tell the end. If it came for nonsense, closes the channel for all.
#[cold]
fn ends<C: Receives>(endpoint: &Endpoint, consumer: &C) {
    if let Some(nonsense) = consumer.nonsense() {
        control::fail_with(endpoint, nonsense);
    }
    // A process that died in the middle of a permit operation may have had the last sender. Its departure ends the stream
    // before its permits are given back. Now no process is left that could hold that up, so the capacity is whole.
    control::go_on_with_recovery(endpoint);
}

impl<C: Receives> Drop for Receiving<C> {
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
        self.consumer.set_effort(Effort::Once);
        self.consumer.drop_all(&C::queue(&self.endpoint), &*self.endpoint);
    }
}
