//! Whether the stream ends, as the bound name begins or ceases to count as a sender.

use super::wake::CatchPanics;
use crate::{
    control::membership::{endpoint::Endpoint, name_as_sender::NameAsSender},
    sync::lock,
};

/// Counts a sender that connects. From now on, if the receiver asked for that, the stream ends with the last sender.
pub(in crate::control) fn sender_came(endpoint: &Endpoint) {
    change(endpoint, NameAsSender::sender_came);
}

/// Takes back [`sender_came`]: the sender could not be told that it has joined. Its handle is still counted, so the stream
/// has not ended meanwhile.
pub(in crate::control) fn sender_came_in_vain(endpoint: &Endpoint) {
    change(endpoint, NameAsSender::sender_came_in_vain);
}

/// Ends the counting of the name as a sender: it is closed.
pub(super) fn name_is_closed(endpoint: &Endpoint) {
    change(endpoint, NameAsSender::close);
}

fn change(endpoint: &Endpoint, change: impl FnOnce(&mut NameAsSender)) {
    let Some(host) = &endpoint.host else { return };
    let queue = endpoint.queue();
    // A statement of its own: the lock is released before a waker runs.
    let has_ceased = lock(&host.name_as_sender).change(&queue, change);
    if has_ceased {
        queue.common().end_if_last(&CatchPanics(endpoint));
    }
}
