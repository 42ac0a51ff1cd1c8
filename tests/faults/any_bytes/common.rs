//! What the input does in a channel of either kind: handles and the receiver's bell.

use crate::layout::CommonView;
use crate::queue::{Common, Fences, Kind, Number};
use crate::world::World;

/// One handle more or fewer of a process, or none.
pub(crate) fn handles(common: Common<'_>, me: Number, which: u8, world: &World) {
    match which % 6 {
        0 => drop(common.upgrade(me)),
        1 => common.drop_strong(me, world),
        2 => common.add_strong(me),
        3 => common.clear_strong(me, world),
        4 => common.add_weak(me),
        _ => common.drop_weak(me),
    }
}

/// The receiver lies down, and rises or is rung.
pub(crate) fn bells(view: &CommonView<'_>, who: usize) {
    let bell = &view.header.receiver_bell;
    let kind = if who.is_multiple_of(2) { Kind::Task } else { Kind::Thread };
    let ticket = bell.register(kind, Fences::FULL);
    if who % 4 < 2 && bell.is_quiet(ticket) {
        bell.deregister();
    }
}
