//! Asymmetric fences on the bells of real threads, and which fences a channel has.

use super::*;
use crate::{
    layout::{Bell, FenceKind},
    queue::{
        Fences,
        edge::{Edge, Fence, acquire, release},
    },
    sync::{AtomicU64, spin_loop},
};
use std::thread;

/// Two threads that meet in each round, then act at the same moment as nearly as they can.
#[derive(Default)]
struct Meeting {
    arrived: AtomicU64,
}

impl Meeting {
    fn meet(&self, round: u64) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        let mut looks = 0_u32;
        while self.arrived.load(Ordering::Acquire) < 2 * round {
            looks += 1;
            if looks.is_multiple_of(1000) { thread::yield_now() } else { spin_loop() }
        }
    }
}

/// In how many rounds, and of how many, a thread that publishes finds no sleeper, while one that registers as a sleeper finds nothing
/// published.
fn both_miss(fences: Fences, time: Duration) -> (u64, u64) {
    let (start, act, end) = (Meeting::default(), Meeting::default(), Meeting::default());
    let (bell, published, found) = (Bell::default(), AtomicU64::new(0), AtomicU64::new(0));
    let is_over = AtomicU64::new(0);
    let (mut missed, mut round) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1.. {
                start.meet(round);
                if is_over.load(Ordering::Acquire) != 0 {
                    break;
                }
                act.meet(round);
                // From round to round a little earlier or later than the other thread.
                (0..round % 64).for_each(|_| spin_loop());
                published.store(round, release(Edge::Stamp));
                fences.light(Fence::Published);
                found.store(u64::from(bell.word.load(Ordering::Relaxed) & 1), Ordering::Relaxed);
                end.meet(round);
            }
        });
        let until = Instant::now() + time;
        loop {
            round += 1;
            if Instant::now() >= until {
                is_over.store(1, Ordering::Release);
            }
            start.meet(round);
            if is_over.load(Ordering::Acquire) != 0 {
                break;
            }
            act.meet(round);
            (0..round / 64 % 64).for_each(|_| spin_loop());
            bell.register(Kind::Thread, fences);
            let is_there = published.load(acquire(Edge::Stamp)) == round;
            end.meet(round);
            missed += u64::from(!is_there && found.load(Ordering::Relaxed) == 0);
            bell.rise();
        }
    });
    (missed, round - 1)
}

#[test]
fn a_sleeper_and_a_sender_never_miss_each_other() {
    let (missed, rounds) = both_miss(alone().fences(), Duration::from_secs(1));
    assert_eq!(missed, 0, "of {rounds}");
}

#[test]
fn a_channel_has_the_fences_that_its_identity_says() {
    let said = |endpoint: &Endpoint| {
        let identity = &endpoint.segment().view().common().header.identity;
        identity.fences.load(Ordering::Relaxed)
    };
    for (asymmetric_fences, kind) in [(false, FenceKind::Full), (true, FenceKind::Asymmetric)] {
        let bound = bind(&Terms { asymmetric_fences, ..terms() });
        let guest = bound.connect().unwrap();
        for endpoint in [&bound.host, &guest] {
            assert_eq!((endpoint.fence_kind, said(endpoint)), (kind, kind.number().into()));
            assert_eq!(endpoint.fences().is_light_full(), !asymmetric_fences);
        }
    }
}
