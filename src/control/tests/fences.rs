//! Asymmetric fences on the bells of real threads, and which fences a channel has.

use super::*;
use crate::{
    layout::{Bell, FenceKind},
    queue::{
        Fences, Sides,
        edge::{Edge, Fence, acquire, full_fence, release},
    },
    sync::{AtomicU64, spin_loop},
    sys::membarrier::LONG,
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
/// published. Each time the late look must find it.
fn both_miss(fences: Fences, time: Duration) -> (u64, u64) {
    let (start, act) = (Meeting::default(), Meeting::default());
    let (bell, published, is_over) = (Bell::default(), AtomicU64::new(0), AtomicU64::new(0));
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
                bell.ring(|_| {});
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
            let key = bell.register(Kind::Thread, fences);
            let look = || published.load(acquire(Edge::Stamp)) == round;
            if !look() {
                let is_rung = |until: Instant| {
                    while bell.is_quiet(key) && Instant::now() < until {
                        thread::yield_now();
                    }
                    !bell.is_quiet(key)
                };
                if !is_rung(Instant::now() + LONG) {
                    full_fence(Fence::Asleep);
                    // Else the other thread has not come to its look yet.
                    let is_found = look();
                    missed += u64::from(is_found);
                    assert!(is_found || is_rung(Instant::now() + Duration::from_secs(20)), "left asleep");
                }
            }
            bell.deregister();
        }
    });
    (missed, round - 1)
}

#[test]
fn a_sleeper_and_a_sender_never_miss_each_other() {
    let (missed, rounds) = both_miss(Fences::FULL, Duration::from_secs(1));
    assert_eq!(missed, 0, "of {rounds}");
}

/// Without a barrier they miss each other now and then, where the machine shows it.
#[test]
fn what_a_second_look_misses_a_late_look_finds() {
    let no_barrier = Fences::new(&Sides { is_light_full: false, barrier: None });
    for (what, fences) in [("without", no_barrier), ("with", alone().fences())] {
        let (missed, rounds) = both_miss(fences, Duration::from_secs(2));
        println!("{what} barriers missed {missed} times in {rounds} rounds");
    }
}

#[test]
fn a_channel_has_the_fences_that_its_identity_says() {
    let said = |endpoint: &Endpoint| {
        let identity = &endpoint.segment().view().common().header.identity;
        identity.fences.load(Ordering::Relaxed)
    };
    for (full_fences, kind) in [(true, FenceKind::Full), (false, FenceKind::Asymmetric)] {
        let bound = bind(&Terms { full_fences, ..terms() });
        let guest = bound.connect().unwrap();
        for endpoint in [&bound.host, &guest] {
            assert_eq!((endpoint.fence_kind, said(endpoint)), (kind, kind.number().into()));
            assert_eq!(endpoint.fences().is_light_full(), full_fences);
        }
    }
}
