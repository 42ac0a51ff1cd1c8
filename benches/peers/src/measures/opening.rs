//! The time to make a channel, to connect a sender to it from where senders are, and to drop the receiver: the p50 of each.

use super::{Part, timed};
use crate::{
    cell::Outcome,
    contestant::Contestant,
    harness::{quantiles, value::Value},
    site::UP,
};

/// No more channels than this make a sample; each asks the other side over a pipe.
const MOST: u64 = 64;

/// Returns the parts; the figures are the nanoseconds to make, to connect and to drop.
pub(crate) fn timed_opening<C: Contestant, T: Value>() -> Part {
    Part {
        here: |play| {
            let mut times = [const { Vec::new() }; 3];
            let items = play.site.order.items.clamp(1, MOST);
            for channel in 0..items as u32 {
                play.site = play.site.another(channel).into();
                play.site.begin();
                let (receiver, made) = timed(|| C::bind::<T>(&play.site, UP));
                let connected = play.call_in();
                play.site.let_go();
                play.dismiss();
                let ((), dropped) = timed(|| drop(receiver));
                for (times, time) in times.iter_mut().zip([made, connected, dropped]) {
                    times.push(time);
                }
            }
            let nanoseconds = times.iter().flatten().sum();
            let figures = times.iter_mut().map(|times| quantiles::of(times).0[0]).collect();
            Outcome { items, nanoseconds, figures }
        },
        there: |guest| {
            let (sender, connected) = timed(|| C::connect::<T>(&guest.site, UP));
            guest.connected(connected);
            guest.site.linger();
            drop(sender);
        },
    }
}
