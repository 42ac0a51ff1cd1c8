//! What is left of some values to send on an unbounded channel, and when to try it again. It does not sleep.
//!
//! A send on such a channel never waits: it is refused while the channel has all the memory that it may have, or the system
//! has none. So the program waits, and tries again, until the receiver has taken enough. Nothing tells it when that is: it
//! makes pauses, from a millisecond to 64 of them, each twice as long as the one before.

use std::mem;
use std::time::Duration;

use shmpsc::UnboundedSender;
use shmpsc::bytemuck::Pod;
use shmpsc::error::TrySendUnboundedError;

const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(64);

/// Why values were not sent: now, or for good.
pub type Refused = TrySendUnboundedError<()>;

/// Values to be sent, without those that have been.
#[derive(Debug)]
pub struct Retry<'a, T> {
    rest: &'a [T],
    next: Duration,
    /// Whether nothing was queued when the system had no memory, at the try before.
    was_empty: bool,
}

impl<'a, T: Pod> Retry<'a, T> {
    /// All of `values` are still to be sent.
    pub fn new(values: &'a [T]) -> Self {
        Self { rest: values, next: FIRST, was_empty: false }
    }

    /// Sends what there is memory for. Returns how long to pause before the next call, and why; nothing if all is sent.
    ///
    /// Fails if waiting is of no use: the channel is closed, or the system has no memory although nothing is queued that the
    /// receiver could give back.
    pub fn send(&mut self, sender: &UnboundedSender<T>) -> Result<Option<(Duration, Refused)>, Refused> {
        while !self.rest.is_empty() {
            match sender.try_send_many(self.rest) {
                Ok(sent) => *self = Self::new(&self.rest[sent..]),
                Err(why) => return self.pause(why, || sender.is_empty()).map(Some),
            }
        }
        Ok(None)
    }

    fn pause(
        &mut self,
        why: Refused,
        is_empty: impl FnOnce() -> bool,
    ) -> Result<(Duration, Refused), Refused> {
        let gives_up = match why {
            Refused::Limit(()) => false,
            Refused::NoMemory(()) => {
                let is_empty = is_empty();
                // Also a pause ago, since the memory of what was just taken is given back a moment later.
                mem::replace(&mut self.was_empty, is_empty) && is_empty && self.next == LONGEST
            }
            _ => true,
        };
        if gives_up {
            return Err(why);
        }
        let next = (self.next * 2).min(LONGEST);
        Ok((mem::replace(&mut self.next, next), why))
    }
}

#[cfg(test)]
mod tests {
    use shmpsc::Options;

    use super::*;

    #[test]
    fn what_was_refused_at_the_limit_is_sent_later() {
        let options = Options::new().memory_limit(1 << 20);
        let (sender, mut receiver) = options.channel_unbounded::<u64>().unwrap();
        let values: Vec<u64> = (0..200_000).collect();
        let mut rest = Retry::new(&values);
        let (mut received, mut refusals) = (Vec::new(), 0);
        while let Some((_, why)) = rest.send(&sender).unwrap() {
            assert_eq!(why, Refused::Limit(()));
            refusals += 1;
            receiver.try_recv_many(&mut received, usize::MAX).unwrap();
        }
        receiver.try_recv_many(&mut received, usize::MAX).unwrap();
        assert!(refusals > 0 && received == values, "{refusals} refusals");
        drop(receiver);
        assert_eq!(Retry::new(&values).send(&sender), Err(Refused::Closed(())));
    }

    #[test]
    fn the_pauses_grow_until_something_is_sent() {
        let options = Options::new().memory_limit(1 << 20);
        let (sender, mut receiver) = options.channel_unbounded::<u64>().unwrap();
        let values = [0; 200_000];
        let mut rest = Retry::new(&values);
        let pause = |rest: &mut Retry<u64>| rest.send(&sender).unwrap().unwrap().0.as_millis();
        let pauses: Vec<_> = (0..9).map(|_| pause(&mut rest)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        receiver.try_recv_many(&mut Vec::new(), usize::MAX).unwrap();
        assert_eq!(pause(&mut rest), 1);
    }

    #[test]
    fn no_memory_is_waited_for_while_values_are_queued() {
        let mut rest = Retry::new(&[1_u64]);
        let none = Refused::NoMemory(());
        for _ in 0..100 {
            assert!(rest.pause(none, || false).is_ok());
        }
        assert!(rest.pause(none, || true).is_ok(), "what was taken just now is about to be given back");
        assert_eq!(rest.pause(none, || true), Err(none));
        let mut rest = Retry::new(&[1_u64]);
        let pauses = (0..100).take_while(|_| rest.pause(none, || true).is_ok()).count();
        assert_eq!(pauses, 6, "of 63 milliseconds together");
    }
}
