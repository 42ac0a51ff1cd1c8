//! Models for the checker: small worlds whose every interleaving is walked through, with every value that a weakly
//! ordered load may see. They are no tests of speed, nor of what the system does. Chunks are [memory or not](super::double), and a
//! thread that touches one that is none fails.
//!
//! | file | theme |
//! | --- | --- |
//! | [`flow`] | values over several chunks, batches, two threads of one process |
//! | [`growth`] | chunks that become memory, the limit, a system that refuses |
//! | [`stall`] | senders that are stopped for a while: chunks that are kept, old words |
//! | [`death`] | senders that never publish and are proved dead; whose position it is |
//! | [`close`] | close while sending, the last handle |
//! | [`peek`] | a value that was peeked, and a stopped sender that goes on before it is taken |
//! | [`sleep`] | lost wakeups |
//! | [`late`] | those that asymmetric fences let miss each other, and the late look |
//! | [`halt`] | senders that are stopped between any two steps, and the others do all their work meanwhile |
//! | [`kill`] | senders that are killed before any write |
//!
//! What they share is in `world`, and the moves that are killed or stopped in `moves`. What they share with those of the ring is in
//! [`crate::queue::models`]. `.ci/loom` runs them; `.ci/weaken` shows which of them each ordering needs. A position that is claimed
//! and not yet published counts as stalled at once here, so every thread switch between the two steps is a stall.

mod close;
mod death;
mod flow;
mod growth;
mod halt;
mod kill;
mod late;
mod moves;
mod peek;
mod sleep;
mod stall;
mod world;

use crate::queue::models::explore::{explore, explore_pairs, explore_writes};
use crate::queue::models::receiving::Receiving;
use world::World;
