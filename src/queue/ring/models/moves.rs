//! What a sender does, move by move, for models that stop or kill it in the middle.
//!
//! Each may find the channel full or closed and then does less. None sleeps: a sender that would, looks once more and gives up.

use super::World;
use crate::queue::Number;
use crate::queue::ring::Claimed;
use crate::wait::Stand;
use std::sync::Arc;

/// All that a process does in a model. Its values are ten times its number and those after it.
pub(super) type Move = fn(&Arc<World>, Number);

fn first_value(me: Number) -> u64 {
    u64::from(me) * 10
}

pub(super) fn sends(world: &Arc<World>, me: Number) {
    world.try_send(me, first_value(me));
}

/// One claim for up to three values.
pub(super) fn sends_a_batch(world: &Arc<World>, me: Number) {
    if let Claimed::Granted(span) = world.claim(me, 3) {
        world.publish(me, span, first_value(me));
    }
}

/// A batch so long that it is claimed in two parts.
pub(super) fn sends_a_batch_in_parts(world: &Arc<World>, me: Number) {
    for part in 0..2 {
        if let Claimed::Granted(span) = world.claim(me, 1) {
            world.publish(me, span, first_value(me) + part);
        }
    }
}

/// Into the line, or before the full line, and a second turn if the first one came to nothing; then cancelled.
pub(super) fn waits(world: &Arc<World>, me: Number) {
    let mut stand = Stand::Nowhere;
    for _ in 0..2 {
        if let Some(span) = world.turn(me, &mut stand) {
            return world.publish(me, span, first_value(me));
        }
    }
    world.leave(me, &mut stand);
}

/// The same for a sender that wants to reserve two.
pub(super) fn waits_for_two(world: &Arc<World>, me: Number) {
    let mut stand = Stand::Nowhere;
    for _ in 0..2 {
        if world.turn_to_reserve(me, 2, &mut stand) {
            world.send_reserved(me, first_value(me));
            return world.give_back(me, 1);
        }
    }
    world.leave(me, &mut stand);
}

pub(super) fn reserves_and_sends(world: &Arc<World>, me: Number) {
    if world.reserve(me, 1) == Claimed::Granted(()) {
        world.send_reserved(me, first_value(me));
    }
}

pub(super) fn reserves_and_gives_back(world: &Arc<World>, me: Number) {
    if world.reserve(me, 1) == Claimed::Granted(()) {
        world.give_back(me, 1);
    }
}

/// A handle comes, is copied, is made weak, and all go.
pub(super) fn comes_and_goes(world: &Arc<World>, me: Number) {
    let queue = world.queue();
    if queue.common().upgrade(me) {
        queue.common().add_strong(me);
        queue.common().add_weak(me);
        queue.common().drop_strong(me, &**world);
        queue.common().drop_strong(me, &**world);
        queue.common().drop_weak(me);
    }
}
