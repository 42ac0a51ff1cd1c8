//! The bound name as a sender. While a channel is bound to a name, more senders may connect, so the name itself counts as one
//! sender, under number 0. It stops counting when the name is closed or, with `end_with_last_sender`, when the first sender
//! connects. The files of a name are [`super::name`]'s.

use crate::queue::Queue;

/// In the host's private memory. Its lock is held while the handle in the segment is changed, and never while a waker runs.
pub(in crate::control) struct NameAsSender {
    /// The channel has a name, and senders can connect by it.
    is_there: bool,
    /// `recv` returns `None` once a sender has connected and all have gone: the first sender takes the name's place.
    gives_way: bool,
    /// How many senders have connected.
    came: u64,
}

impl NameAsSender {
    /// `counts`: its handle is in the segment.
    pub fn new(counts: bool, gives_way: bool) -> NameAsSender {
        NameAsSender { is_there: counts, gives_way, came: 0 }
    }

    /// Returns whether the name counts as a sender now.
    pub fn counts(&self) -> bool {
        self.is_there && !(self.gives_way && self.came > 0)
    }

    /// Returns whether the name counts only until the first sender connects.
    pub fn gives_way(&self) -> bool {
        self.gives_way
    }

    /// Notes that the name is closed.
    pub fn close(&mut self) {
        self.is_there = false;
    }

    /// Notes that a sender has connected.
    pub fn sender_came(&mut self) {
        self.came += 1;
    }

    /// Notes that a sender which was counted could not be told that it has joined. It never knew of the channel.
    pub fn sender_came_in_vain(&mut self) {
        self.came -= 1;
    }

    /// Clears the name's handle if the name does not count: a peer may have written one there. The caller then looks whether the
    /// stream has ended.
    pub fn forget_closed(&self, queue: &Queue<'_>) {
        if !self.counts() {
            queue.common().reset_strong(0);
        }
    }

    /// Makes a change, and the name's handle in the segment follows. Returns whether the name counted before and counts no
    /// longer. The caller then looks whether the stream has ended.
    pub fn change(&mut self, queue: &Queue<'_>, change: impl FnOnce(&mut NameAsSender)) -> bool {
        let before = self.counts();
        change(self);
        match (before, self.counts()) {
            (true, false) => {
                // Set to zero, not decremented: a peer may have written another count there.
                queue.common().reset_strong(0);
                true
            }
            (false, true) => {
                // After the end of the stream, which only corruption by a peer can have brought, nothing is counted.
                let _ = queue.common().upgrade(0);
                false
            }
            _ => false,
        }
    }
}
