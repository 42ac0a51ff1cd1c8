//! The open name: it counts as a sender, under number 0, for as long as it stands for senders to come. Its files
//! are [`crate::control::membership::name`]'s.

use crate::control::{
    membership::{endpoint::Endpoint, host::Host},
    waking::Calmly,
};
use crate::sync::lock;

/// In the host's private memory. Its lock is held while the handle in the segment is changed, and never while somebody is woken.
pub(in crate::control) struct OpenName {
    /// There is a name, and senders can come by it.
    is_there: bool,
    /// `recv` returns `None` once a sender came and all have gone: the first one takes the name's place.
    gives_way: bool,
    /// How many senders have come.
    came: u64,
}

impl OpenName {
    /// `counts`: its handle is in the segment.
    pub fn new(counts: bool, gives_way: bool) -> OpenName {
        OpenName { is_there: counts, gives_way, came: 0 }
    }

    fn counts(&self) -> bool {
        self.is_there && !(self.gives_way && self.came > 0)
    }
}

impl Host {
    /// Whether the open name counts as a sender, and whether it gives way: what [`OpenName::new`] takes.
    pub fn open_name_facts(&self) -> (bool, bool) {
        let name = lock(&self.open_name);
        (name.counts(), name.gives_way)
    }
}

impl Endpoint {
    /// The open name counts as a sender no longer.
    pub(in crate::control) fn shut_open_name(&self) {
        self.change_open_name(|name| name.is_there = false);
    }

    /// A sender has come: from now on, if that was asked for, the stream ends with the last one.
    pub(in crate::control) fn sender_came(&self) {
        self.change_open_name(|name| name.came += 1);
    }

    /// A sender that came could not be told so, and never knew of the channel. Its handle is still counted, so the stream has not
    /// ended meanwhile.
    pub(in crate::control) fn sender_came_in_vain(&self) {
        self.change_open_name(|name| name.came -= 1);
    }

    /// Clears the name's handle if it does not count, whoever wrote one there. The caller sees to the end of the stream.
    pub(in crate::control) fn forget_shut_name(&self) {
        let Some(host) = &self.host else { return };
        let name = lock(&host.open_name);
        if !name.counts() {
            self.queue().common().forget_strong(0);
        }
    }

    fn change_open_name(&self, change: impl FnOnce(&mut OpenName)) {
        let Some(host) = &self.host else { return };
        let queue = self.queue();
        let has_shut = {
            let mut name = lock(&host.open_name);
            let before = name.counts();
            change(&mut name);
            match (before, name.counts()) {
                (true, false) => {
                    // Cleared, not taken from: anybody may have written another number there.
                    queue.common().forget_strong(0);
                    true
                }
                (false, true) => {
                    // After the end, which only a peer's nonsense can have brought, nothing is counted and nobody comes.
                    let _ = queue.common().upgrade(0);
                    false
                }
                _ => false,
            }
        };
        if has_shut {
            queue.common().end_if_last(&Calmly(self));
        }
    }
}
