//! Many senders on one channel: threads of one process, or threads of up to four processes.

use std::thread;

use crate::{
    cell::{Cell, Key, Placement, Run, Way},
    channel::{Between, Within},
    contestants::{CROSSBEAM, Crossbeam, KANAL, Kanal, OURS, OURS_BETWEEN, Shmpsc, TOKIO, Tokio},
    cpu::Clocks,
    harness::value::Value,
    traffic::{
        Waits,
        many::{arm, drain, pump},
    },
};

const NAME: &str = "many";

/// Returns the cells of all contestants under one load.
pub(super) fn cells<T: Value, W: Waits>(part: &'static str, senders: usize, capacity: usize) -> [Cell; 5] {
    let cell =
        |contestant, run| Cell { part, key: key(contestant, W::WAY, size_of::<T>(), senders, capacity), run };
    [
        cell(OURS, within::<Shmpsc, T, W>()),
        cell(OURS_BETWEEN, between::<Shmpsc, T, W>()),
        cell(TOKIO, within::<Tokio, T, W>()),
        cell(CROSSBEAM, within::<Crossbeam, T, W>()),
        cell(KANAL, within::<Kanal, T, W>()),
    ]
}

/// Returns the key of a cell with many senders.
pub(super) fn key(contestant: &'static str, way: Way, bytes: usize, senders: usize, capacity: usize) -> Key {
    Key { contestant, way, placement: Placement::Free, bytes, senders, capacity }
}

fn within<C: Within<T>, T: Value, W: Waits>() -> Run {
    Run::Within(|host, load| {
        let stop = host.site.stop();
        arm(stop);
        let (sender, mut receiver) = C::bounded(load.capacity);
        thread::scope(|scope| {
            for number in 0..load.senders {
                let sender = sender.clone();
                scope.spawn(move || pump(number, stop, |value: T| W::send(&sender, value)));
            }
            drain(load, stop, &Clocks::with([]), || W::receive(&mut receiver))
        })
    })
}

fn between<C: Between<T>, T: Value, W: Waits>() -> Run {
    Run::Between {
        here: |host, load| {
            arm(host.site.stop());
            let mut receiver = C::bind(&host.site.path(NAME), load.capacity);
            host.call_in(load.senders, load.items);
            drain(load, host.site.stop(), &host.clocks(), || W::receive(&mut receiver))
        },
        there: |guest, _, numbers| {
            let sender = C::connect(&guest.path(NAME));
            guest.ready();
            thread::scope(|scope| {
                for number in numbers {
                    let (sender, stop) = (sender.clone(), guest.stop());
                    scope.spawn(move || pump(number, stop, |value: T| W::send(&sender, value)));
                }
            });
        },
    }
}
