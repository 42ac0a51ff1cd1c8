//! What the unit tests of both kinds of queue share: what is outside of a segment, and any words.

use super::{Kind, Number, Peers, Sleeper, Wake};
use std::cell::{Cell, RefCell};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// A world in which deaths are declared and wakes are written down.
#[derive(Default)]
pub(in crate::queue) struct World {
    pub dead: RefCell<Vec<Number>>,
    pub woken: RefCell<Vec<Sleeper>>,
    /// How many stalled sends bear a number.
    pub borne: Cell<i32>,
}

impl Wake for World {
    fn wake(&self, sleeper: Sleeper, _: Kind) {
        self.woken.borrow_mut().push(sleeper);
    }
}

impl Peers for World {
    fn is_dead(&self, number: Number) -> bool {
        self.dead.borrow().contains(&number)
    }

    fn bears(&self, _: Number, more: bool) {
        self.borne.set(self.borne.get() + if more { 1 } else { -1 });
    }
}

/// Numbers that look random and are the same in every run.
pub(in crate::queue) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let high = self.0 >> 33;
        high ^ (high >> 15)
    }

    /// Anything, but more often what comes close to being right.
    pub fn nonsense(&mut self, right: u64) -> u64 {
        match self.roll() % 8 {
            0 => 0,
            1 => u64::MAX,
            2 => right ^ 1 << (self.roll() % 64),
            3 => right.wrapping_add(self.roll() % 8).wrapping_sub(4),
            4 => right.wrapping_add((self.roll() % 8) << 32).wrapping_sub(4 << 32),
            5 => self.roll() << 32 | self.roll(),
            _ => right,
        }
    }
}

/// Throws the dice for `act` many times, with another seed each time, and fails at the seed at which it panics or hangs.
pub(in crate::queue) fn for_each_seed(act: fn(&mut Dice)) {
    let seeds = if cfg!(miri) { 20 } else { 10_000 };
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for seed in 0..seeds {
            tell.send(seed).unwrap();
            act(&mut Dice(seed));
        }
    });
    let mut last = 0;
    loop {
        match told.recv_timeout(Duration::from_secs(20)) {
            Ok(seed) => last = seed,
            Err(RecvTimeoutError::Timeout) => panic!("hangs at seed {last}"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert_eq!(last + 1, seeds, "panicked at the last seed");
}
