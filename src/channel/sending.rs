//! The sending end's handles: what they do without waiting, and how a thread waits for room. How a task does stands in
//! [`super::waiting`].

use super::waiting::{Closing, Taking, Waiting};
use crate::control::{self, CatchPanics, Endpoint};
use crate::error::OpenError;
use crate::queue::BellKey;
use crate::queue::ring::{Claimed, Permits, Positions, Rank, Request, Span};
use crate::wait::{self, Bell, Futex, NoRoom, Park, Signal, Slept};
use bytemuck::Pod;
use std::os::fd::OwnedFd;
use std::slice;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::coop::poll_proceed;

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

    /// Returns whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.endpoint.is_closed_for_sending()
    }

    /// Waits until nothing can be sent any more.
    pub async fn closed(&self) {
        Closing::new(&self.endpoint).await;
    }

    /// Returns whether both send into one channel.
    pub fn is_same_channel(&self, other: &Sending) -> bool {
        self.endpoint.id() == other.endpoint.id()
    }

    /// Makes a descriptor that carries this handle.
    pub fn into_fd(self) -> Result<OwnedFd, OpenError> {
        control::sender_into_fd(&self.endpoint)
    }

    /// Takes what is wanted, if the senders that wait leave enough.
    #[inline]
    fn try_take<W: Request>(&self, want: W) -> Result<W::Grant, Unsent> {
        if self.endpoint.is_forked() || self.endpoint.is_over() {
            return Err(Unsent::Closed);
        }
        match want.ask(&self.endpoint.producer(), Rank::Newcomer, &CatchPanics(&self.endpoint)) {
            Claimed::Granted(grant) => Ok(grant),
            Claimed::Full => Err(Unsent::Full),
            Claimed::Closed => {
                control::was_refused(&self.endpoint);
                Err(Unsent::Closed)
            }
        }
    }

    /// Takes what is wanted; the thread sleeps until there is room, or until the time is up.
    #[inline]
    fn blocking_take<W: Request>(&self, want: W, timeout: Option<Duration>) -> Result<W::Grant, NoRoom> {
        match self.try_take(want) {
            Ok(grant) => Ok(grant),
            Err(Unsent::Closed) => Err(NoRoom::Closed),
            Err(Unsent::Full) => self.blocking_take_slow(want, timeout),
        }
    }

    /// Does so after a first look: looks again for a while, then sleeps in the line.
    #[cold]
    fn blocking_take_slow<W: Request>(&self, want: W, timeout: Option<Duration>) -> Result<W::Grant, NoRoom> {
        let sleep = super::sleep(&self.endpoint, timeout, Some(self.endpoint.threads()));
        let sleep = sleep.ok_or(NoRoom::TimedOut)?;
        let spin = &self.endpoint.spins().sending_thread;
        let head = || self.endpoint.queue().head();
        let look = || match self.try_take(want) {
            Ok(grant) => Some(Ok(grant)),
            Err(Unsent::Closed) => Some(Err(NoRoom::Closed)),
            Err(Unsent::Full) => None,
        };
        if let Some(answer) = spin.look_again(look, head, sleep.until) {
            return answer;
        }
        let (before, since) = (head(), Instant::now());
        let taken = wait::take(
            &self.endpoint.producer(),
            want,
            &self.endpoint.sleepers().backlog,
            &Resting { futex: sleep, endpoint: &self.endpoint },
            &CatchPanics(&self.endpoint),
        );
        spin.slept(since.elapsed(), head().wrapping_sub(before));
        if let Err(NoRoom::Closed) = taken {
            control::was_refused(&self.endpoint);
        }
        taken
    }

    /// Takes what is wanted; the task sleeps until there is room. `None`: the channel is closed.
    #[inline]
    fn take<W: Request>(&self, want: W) -> Taking<'_, W> {
        Taking::new(&self.endpoint, want)
    }

    /// Sends one value on the fast path of [`Producer::send_fast`](crate::queue::ring::Producer::send_fast). Returns whether it did.
    /// If not, the caller takes the slow path, which sends it or says why not.
    #[inline(always)]
    pub fn send_fast<T: Pod>(&self, value: &T) -> bool {
        self.endpoint.is_open() && self.endpoint.producer().send_fast(value, &*self.endpoint)
    }

    /// Sends one value if there is room, after the fast path has failed.
    #[inline(never)]
    pub fn try_send_slow<T: Pod>(&self, value: &T) -> Result<(), Unsent> {
        self.try_send(slice::from_ref(value)).map(|_| ())
    }

    /// Sends one value after the fast path has failed; the thread sleeps until there is room.
    #[inline(never)]
    pub fn blocking_send_slow<T: Pod>(&self, value: &T) -> Result<(), NoRoom> {
        self.blocking_send(slice::from_ref(value), None).map(|_| ())
    }

    /// Sends one value as [`Sending::send_fast`] does, if the task has budget left. Returns whether it did.
    #[inline(always)]
    pub fn poll_fast<T: Pod>(&self, value: &T, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(budget) = poll_proceed(cx) else { return false };
        let is_sent = self.send_fast(value);
        if is_sent {
            budget.made_progress();
        }
        is_sent
    }

    /// Sends as many of `values`, from the first on, as there is room for: at least one.
    #[inline]
    pub fn try_send<T: Pod>(&self, values: &[T]) -> Result<usize, Unsent> {
        Ok(self.fill(self.try_take(batch(values.len()))?, values))
    }

    /// Sends at least one of `values`; the thread sleeps until there is room.
    #[inline]
    pub fn blocking_send<T: Pod>(&self, values: &[T], timeout: Option<Duration>) -> Result<usize, NoRoom> {
        Ok(self.fill(self.blocking_take(batch(values.len()), timeout)?, values))
    }

    /// Sends at least one of `values`; the task sleeps until there is room. `None`: the channel is closed.
    pub async fn send<T: Pod>(&self, values: &[T]) -> Option<usize> {
        let span = self.claim(values.len()).await?;
        Some(self.fill(span, values))
    }

    /// Claims between 1 and `want` positions; the task sleeps until there is room. `None`: the channel is closed.
    ///
    /// The caller publishes them by [`Sending::fill`] in the same poll, so that no cancelled future leaves a claimed position.
    #[inline]
    pub fn claim(&self, want: usize) -> Taking<'_, Positions> {
        self.take(batch(want))
    }

    /// Reserves `count`, 1 to all, to be sent on by [`Sending::send_reserved`] or given back by [`Sending::give_back`].
    pub fn try_reserve(&self, count: u32) -> Result<(), Unsent> {
        self.try_take(Permits(count))
    }

    /// As [`Sending::try_reserve`]; the thread sleeps until there is room.
    pub fn blocking_reserve(&self, count: u32, timeout: Option<Duration>) -> Result<(), NoRoom> {
        self.blocking_take(Permits(count), timeout)
    }

    /// As [`Sending::try_reserve`]; the task sleeps until there is room. `None`: the channel is closed.
    ///
    /// What is granted is returned by the same poll, so no cancelled future leaves anything reserved.
    pub async fn reserve(&self, count: u32) -> Option<()> {
        self.take(Permits(count)).await
    }

    /// Like `reserve(1)`, for a caller that keeps this handle and how far it has got in one struct. `Ready(None)`: the
    /// channel is closed.
    pub fn poll_reserve(&self, waiting: &mut Waiting, cx: &mut Context<'_>) -> Poll<Option<()>> {
        waiting.poll(&self.endpoint, Permits(1), cx)
    }

    /// Ends what [`Sending::poll_reserve`] began.
    pub fn leave(&self, waiting: &mut Waiting) {
        waiting.leave(&self.endpoint);
    }

    /// Sends a value on one that was reserved, also if the channel has been closed since.
    ///
    /// If the receiver's waker panics, so does this, with the value sent.
    #[inline]
    pub fn send_reserved<T: Pod>(&self, value: &T) {
        if self.endpoint.is_forked() {
            return;
        }
        match self.endpoint.producer().redeem(&CatchPanics(&self.endpoint)) {
            Some(span) => {
                self.fill(span, slice::from_ref(value));
            }
            None => control::was_refused(&self.endpoint),
        }
    }

    /// Gives back what was reserved.
    pub fn give_back(&self, count: u32) {
        if count > 0 && !self.endpoint.is_forked() {
            self.endpoint.producer().give_back(count, &*self.endpoint);
        }
    }

    /// Makes a handle that does not keep the channel open.
    pub fn downgrade(&self) -> WeakSending {
        WeakSending::new(Arc::clone(&self.endpoint))
    }

    /// Publishes the first of `values` in a claimed span, and tells how many.
    #[inline(always)]
    pub fn fill<T: Pod>(&self, span: Span, values: &[T]) -> usize {
        let sent = span.count as usize;
        self.endpoint.producer().publish(span, &values[..sent], &*self.endpoint);
        sent
    }
}

impl Clone for Sending {
    fn clone(&self) -> Sending {
        self.endpoint.add_handle();
        if !self.endpoint.is_forked() {
            self.endpoint.queue().common().add_strong(self.endpoint.me());
        }
        Sending::new(Arc::clone(&self.endpoint))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // It is gone though the receiver's waker, which is woken if it was the last one, panics.
        let _counted = Counted(&self.endpoint);
        if !self.endpoint.is_forked() {
            self.endpoint.queue().common().drop_strong(self.endpoint.me(), &*self.endpoint);
        }
    }
}

/// A handle that this process counts until it is dropped.
struct Counted<'a>(&'a Endpoint);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.drop_handle();
    }
}

/// How a thread of this endpoint sleeps.
struct Resting<'a> {
    futex: Futex<'a>,
    endpoint: &'a Arc<Endpoint>,
}

impl Park for Resting<'_> {
    fn park(&self, bell: &Bell, key: BellKey) -> bool {
        self.futex.park(bell, key)
    }

    fn park_in_backlog(&self, signal: &Signal) -> bool {
        // A backlog is rung through its process, whose threads all may sleep. If the porter cannot be had, the thread is woken
        // by those of its own process.
        let _hears = control::porter_hears_for_a_while(self.endpoint);
        self.futex.park_in_backlog(signal)
    }

    fn park_until_late(&self, bell: &Bell, key: BellKey) -> Slept {
        self.futex.park_until_late(bell, key)
    }

    fn look_late(&self) {
        control::look_late(self.endpoint);
    }
}

fn batch(values: usize) -> Positions {
    Positions(values.min(BATCH) as u32)
}

/// One handle that does not keep the channel open, only its memory. It counts as one until it is dropped.
pub(crate) struct WeakSending {
    pub endpoint: Arc<Endpoint>,
}

impl WeakSending {
    fn new(endpoint: Arc<Endpoint>) -> WeakSending {
        if !endpoint.is_forked() {
            endpoint.queue().common().add_weak(endpoint.me());
        }
        WeakSending { endpoint }
    }

    /// Makes a handle that keeps the channel open, if anything still does.
    pub fn upgrade(&self) -> Option<Sending> {
        let endpoint = &self.endpoint;
        if endpoint.is_forked() {
            return None;
        }
        let _first = endpoint.first_handle();
        endpoint.add_handle();
        if endpoint.queue().common().upgrade(endpoint.me()) {
            return Some(Sending::new(Arc::clone(endpoint)));
        }
        endpoint.drop_handle();
        None
    }
}

impl Clone for WeakSending {
    fn clone(&self) -> WeakSending {
        WeakSending::new(Arc::clone(&self.endpoint))
    }
}

impl Drop for WeakSending {
    fn drop(&mut self) {
        if !self.endpoint.is_forked() {
            self.endpoint.queue().common().drop_weak(self.endpoint.me());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{BoundedReceiving, Taken, receiving::one};
    use std::task::{Wake, Waker};

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }

    /// A channel for two values whose tail stands on the slot of a send that is stopped, with the other place reserved, and
    /// whose receiver sleeps as a task with a waker that panics.
    fn about_to_void() -> (Arc<Endpoint>, Sending, BoundedReceiving, Span) {
        let terms = control::Terms { capacity: 2, ..control::Terms::default() };
        let endpoint = control::host(8, 8, &terms, None).unwrap();
        let sending = Sending::new(Arc::clone(&endpoint));
        let mut receiving = BoundedReceiving::new(Arc::clone(&endpoint));
        let stopped = endpoint.producer().claim(Rank::Newcomer, 1, &*endpoint);
        let Claimed::Granted(stopped) = stopped else { panic!("there was room") };
        assert_eq!(sending.try_send(&[1u64]), Ok(1));
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1));
        assert_eq!(sending.try_reserve(1), Ok(()));
        let waker = Waker::from(Arc::new(Panics));
        assert!(receiving.poll_take(&mut Context::from_waker(&waker), one::<_, u64>).is_pending());
        (endpoint, sending, receiving, stopped)
    }

    #[test]
    fn a_reserved_value_is_sent_though_the_receivers_waker_panics() {
        let (endpoint, sending, mut receiving, stopped) = about_to_void();
        sending.send_reserved(&2u64);
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(2));
        sending.fill(stopped, &[3u64]);
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(3));
        assert_eq!(endpoint.free_capacity(), 2);
    }

    #[test]
    fn a_waiting_thread_leaves_the_line_though_a_waker_panics() {
        let (endpoint, sending, mut receiving, _stopped) = about_to_void();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| sending.blocking_send(&[2u64], None));
            while endpoint.ring().needs_before(Rank::Newcomer, 0) == 0 {
                std::thread::yield_now();
            }
            // Its turn comes, and before it has a position it claims the void one at the tail and wakes the receiver.
            sending.give_back(1);
            assert_eq!(waiting.join().expect("no panic"), Ok(1));
        });
        assert_eq!(endpoint.ring().needs_before(Rank::Newcomer, 0), 0);
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(2));
        assert_eq!(endpoint.free_capacity(), 1);
    }

    #[test]
    fn a_granted_send_is_made_though_the_next_ones_waker_panics() {
        let terms = control::Terms { capacity: 2, ..control::Terms::default() };
        let endpoint = control::host(8, 8, &terms, None).unwrap();
        let sending = Sending::new(Arc::clone(&endpoint));
        let mut receiving = BoundedReceiving::new(Arc::clone(&endpoint));
        assert_eq!(sending.try_send(&[0u64, 1]), Ok(2));
        // All records, also the one of this process, and one sender behind them.
        let records = endpoint.ring().view.geometry.line as usize + 1;
        let mut line: Vec<_> = (0..records).map(|_| Box::pin(sending.send(&[2u64]))).collect();
        for waiting in &mut line {
            assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let mut behind = std::pin::pin!(sending.send(&[3u64]));
        let waker = Waker::from(Arc::new(Panics));
        assert!(behind.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(0));
        let first = line[0].as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(first, Poll::Ready(Some(1)));
        drop(line);
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(1));
        assert_eq!(behind.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Some(1)));
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(2));
        assert_eq!(receiving.try_take(one::<_, u64>), Taken::Value(3));
        assert_eq!(endpoint.free_capacity(), 2);
    }
}
