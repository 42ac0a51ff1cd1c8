//! What the queue asks of the world outside: who is dead is told by the input, and wakes are only counted.

use std::cell::Cell;

use crate::queue::{Kind, Number, Peers, Sleeper, Wake};

/// Deaths as bits, and how often somebody was woken.
#[derive(Default)]
pub(crate) struct World {
    pub dead: Cell<u64>,
    pub woken: Cell<u64>,
    pub borne: Cell<i64>,
}

impl World {
    pub fn declare(&self, number: Number, is_dead: bool) {
        let bit = 1 << number;
        self.dead.set(if is_dead { self.dead.get() | bit } else { self.dead.get() & !bit });
    }
}

impl Wake for World {
    fn wake(&self, _: Sleeper, _: Kind) {
        self.woken.set(self.woken.get() + 1);
    }
}

impl Peers for World {
    fn is_dead(&self, number: Number) -> bool {
        // Any number may be asked for: nobody with a number beyond the roster lives.
        self.dead.get().checked_shr(number.into()).is_none_or(|dead| dead & 1 == 1)
    }

    fn bears(&self, _: Number, more: bool) {
        self.borne.set(self.borne.get() + if more { 1 } else { -1 });
        assert!(self.borne.get() >= 0, "a number is released that no entry bore");
    }
}
