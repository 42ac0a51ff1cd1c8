//! Models for the checker: small worlds whose every interleaving is walked through, with every value that a weakly
//! ordered load may see. They are no tests of speed, of memory, or of anything that the system does.
//!
//! | file | theme |
//! | --- | --- |
//! | [`flow`] | values, laps, batches, two threads of one process |
//! | [`close`] | close while sending |
//! | [`death`] | senders that never publish and are proved dead; which sender owns a position |
//! | [`stall`] | senders that are stopped for a while: quarantine and void positions |
//! | [`stop`] | one or two senders stopped between any two steps, while the others do all their work |
//! | [`peek`] | a value that was peeked, and a stopped sender that goes on before it is taken |
//! | [`line`] | which senders wait for capacity, in which order |
//! | [`sleep`] | lost wakeups |
//! | [`late`] | a sleeper and a waker that miss each other by asymmetric fences, and the late look |
//! | [`permits`] | capacity held: taken, used, given back, waited for |
//! | [`recovery`] | what dead processes held in permits |
//! | [`life`] | the last handle |
//! | [`epoch`] | copies of head that are old |
//! | [`halt`] | senders that are stopped between any two steps of any move, while the others finish |
//! | [`kill`] | senders that are killed before any write of any move |
//!
//! What they share is in `world`, what senders do there in `sending`, and the moves that are killed or stopped in `moves`. What
//! they share with those of the other kind of queue is in [`crate::queue::models`].
//!
//! `.ci/loom` runs them; `.ci/weaken` shows which of them each ordering needs. A position that is claimed and not
//! yet published counts as stalled at once here, so every thread switch between the two steps is a stall.

mod close;
mod death;
mod epoch;
mod flow;
mod halt;
mod kill;
mod late;
mod life;
mod line;
mod moves;
mod peek;
mod permits;
mod recovery;
mod sending;
mod sleep;
mod stall;
mod stop;
mod world;

use crate::queue::models::explore::{explore, explore_pairs, explore_writes};
use crate::queue::models::receiving::Receiving;
use world::World;
