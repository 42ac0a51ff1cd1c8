//! Models for the checker: small worlds whose every interleaving is walked through, with every value that a weakly
//! ordered load may see. They are no tests of speed, of memory, or of anything that the system does.
//!
//! | file | theme |
//! | --- | --- |
//! | [`flow`] | values, laps, batches, two threads of one process |
//! | [`close`] | close while sending |
//! | [`death`] | senders that never publish and are proved dead; whose position it is |
//! | [`stall`] | senders that are stopped for a while: quarantine and void positions |
//! | [`stop`] | one or two stopped between any two steps, while the others do all their work |
//! | [`peek`] | a value that was peeked, and a stopped sender that goes on before it is taken |
//! | [`line`] | which senders wait for capacity, in which order |
//! | [`sleep`] | lost wakeups |
//! | [`permits`] | capacity held: taken, used, given back, waited for |
//! | [`recovery`] | what dead processes held in permits |
//! | [`life`] | the last handle |
//! | [`epoch`] | copies of head that are old |
//! | [`halt`] | senders that are stopped between any two steps of any move, and the others finish meanwhile |
//! | [`kill`] | senders that are killed before any write of any move |
//!
//! What they share is in `world`, what is done there in `sending` and `receiving`, and how values are judged in `book`. The
//! moves that are killed or stopped are in `moves`, where they are stopped in `gate`; `explore` walks through the models.
//!
//! `.ci/loom` runs them; `.ci/weaken` shows which of them each ordering needs. A position that is claimed and not
//! yet published counts as stalled at once here, so every thread switch between the two steps is a stall.

mod book;
mod close;
mod death;
mod epoch;
mod explore;
mod flow;
mod gate;
mod halt;
mod kill;
mod life;
mod line;
mod moves;
mod peek;
mod permits;
mod receiving;
mod recovery;
mod sending;
mod sleep;
mod stall;
mod stop;
mod world;

use explore::{explore, explore_pairs, explore_writes};
use world::World;
