//! What is outside of a segment: what the kernel knows of deaths and sleepers, and the book of the values.

use super::book::Book;
use super::explore::tell;
use crate::queue::{Fences, Kind, Number, Sides, Sleeper, Wake};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::model::Futexes;
use std::cell::Cell;
use std::sync::Mutex;

/// A light side without the barriers that it rests on, which the checker does not know: for models in which no sleeper registers
/// while another thread makes a change.
pub(in crate::queue) const LIGHT: Fences = Fences::new(&Sides { is_light_full: false, barrier: None });

/// Notes that a sleeper was woken.
#[derive(Default)]
pub(in crate::queue) struct Woken(Cell<bool>);

impl Woken {
    pub fn is_woken(&self) -> bool {
        self.0.get()
    }
}

impl Wake for Woken {
    fn wake(&self, _: Sleeper, _: Kind) {
        self.0.set(true);
    }
}

/// Most processes of a model; number 0 is the receiver's.
const PROCESSES: usize = 5;

/// All of it, for one channel.
pub(in crate::queue) struct Outside {
    dead: [AtomicU32; PROCESSES],
    /// Stalled sends by the number that they bear, if the model asks for it.
    borne: Option<[AtomicU32; PROCESSES]>,
    pub futexes: Futexes,
    pub book: Mutex<Book>,
}

impl Outside {
    /// All processes live. `records` sleepers wait for capacity, each on a bell of its own.
    pub fn new(records: usize) -> Outside {
        let futexes = Futexes::new(records, PROCESSES as u32 - 1);
        Outside { dead: Default::default(), borne: None, futexes, book: Mutex::default() }
    }

    /// From now on stalled sends are counted by number.
    pub fn count_borne(&mut self) {
        self.borne = Some(Default::default());
    }

    pub fn is_dead(&self, number: Number) -> bool {
        // ORDERING: the kernel tells of a death after everything the process did.
        self.dead[usize::from(number)].load(Ordering::Acquire) == 1
    }

    pub fn bears(&self, number: Number, more: bool) {
        if let Some(borne) = &self.borne {
            // ORDERING: as the host does.
            borne[usize::from(number)].fetch_add(if more { 1 } else { u32::MAX }, Ordering::Release);
        }
    }

    /// Returns whether no stalled send bears the number. The model has asked for the count.
    pub fn bears_none(&self, number: Number) -> bool {
        let borne = self.borne.as_ref().expect("the model asks for it");
        // ORDERING: as the host does.
        borne[usize::from(number)].load(Ordering::Acquire) == 0
    }

    /// From now on the kernel says that this process is dead.
    pub fn kill(&self, number: Number) {
        self.dead[usize::from(number)].store(1, Ordering::Release);
    }

    /// This process may be killed in the middle of its moves, wherever that is.
    pub fn expect_kill(&self, number: Number) {
        self.book.lock().unwrap().killed.push(u64::from(number));
    }

    /// Gives the number of a dead process, of which nothing is left, again.
    pub fn give_again(&self, number: Number) {
        tell("is given again", number, 0u16);
        self.dead[usize::from(number)].store(0, Ordering::Release);
    }
}
