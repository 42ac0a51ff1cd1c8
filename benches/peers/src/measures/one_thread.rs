//! What a send and a receive cost in one thread that has both ends, so that everything is in its own cache.
//!
//! A batch of sends and a batch of receives take turns, and each batch is timed.

use std::hint::black_box;

use super::{Part, timed};
use crate::{
    cell::{Outcome, SMALL},
    contestant::Tries,
    harness::value::{Value, check},
    site::UP,
};

/// Batches before the measured ones.
const LEAD: u64 = 16;

/// Returns the parts; the figures are the nanoseconds of a send and of a receive.
pub(crate) fn tried<C: Tries, T: Value>() -> Part {
    Part {
        here: |play| {
            play.site.begin();
            let mut receiver = C::bind::<T>(&play.site, UP);
            let mut sender = C::connect::<T>(&play.site, UP);
            let batches = play.site.order.items.div_ceil(SMALL as u64);
            let (mut sent, mut received) = (0, 0);
            let mut messages = [T::zeroed(); SMALL];
            for batch in 0..LEAD + batches {
                // Numbers are given and checked outside of the measured time.
                let numbers = batch * SMALL as u64..;
                messages
                    .iter_mut()
                    .zip(numbers.clone())
                    .for_each(|(message, number)| message.set_number(number));
                let ((), sends) = timed(|| {
                    for message in black_box(&messages) {
                        assert!(C::try_send(&mut sender, *message), "there is room");
                    }
                });
                let ((), receives) = timed(|| {
                    for message in &mut messages {
                        *message = C::try_receive(&mut receiver).expect("what was sent");
                    }
                });
                messages.iter().zip(numbers).for_each(|(message, number)| check(message, number));
                if batch >= LEAD {
                    sent += sends;
                    received += receives;
                }
            }
            let items = batches * SMALL as u64;
            let figures = [sent, received].map(|time| time as f64 / items as f64).to_vec();
            Outcome { items, nanoseconds: sent + received, figures }
        },
        there: |_| unreachable!("no guest is called in"),
    }
}
