//! What a sender does, move by move, for models that stop or kill it in the middle.
//!
//! Each may be refused and then does less.

use super::World;
use crate::queue::Number;
use std::sync::Arc;

/// All that a process does in a model. Its values are ten times its number and those after it.
pub(super) type Move = fn(&Arc<World>, Number);

fn first_value(me: Number) -> u64 {
    u64::from(me) * 10
}

pub(super) fn sends(world: &Arc<World>, me: Number) {
    let _ = world.try_send(me, first_value(me));
}

pub(super) fn sends_twice(world: &Arc<World>, me: Number) {
    let _ = world.try_send(me, first_value(me));
    let _ = world.try_send(me, first_value(me) + 1);
}

/// Three values, claimed with as few exchanges as the chunks allow.
pub(super) fn sends_a_batch(world: &Arc<World>, me: Number) {
    let _ = world.send_many(me, first_value(me), 3);
}

/// A handle comes, is copied, is made weak, and all go.
pub(super) fn comes_and_goes(world: &Arc<World>, me: Number) {
    let common = world.queue().common();
    if common.upgrade(me) {
        common.add_strong(me);
        common.add_weak(me);
        common.drop_strong(me, &**world);
        common.drop_strong(me, &**world);
        common.drop_weak(me);
    }
}
