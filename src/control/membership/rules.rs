//! Which users may join under a name. What is asked is the word of the kernel, never that of a peer.

use crate::sys::socket::Credentials;

/// The user that stands for all users that are not known in this user namespace.
const OVERFLOW_ID: u32 = 65534;

/// The users and groups that may join under a name, beside the user of the receiver.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub uids: Vec<u32>,
    pub gids: Vec<u32>,
}

impl Rules {
    /// Returns whether a process with these credentials may join a receiver of the user `own`. That user may, and so may the
    /// listed users and groups. `groups` are the supplementary groups of the process.
    ///
    /// The overflow user may not, unless it is listed. In a user namespace it stands for every user that has no name there.
    pub fn admit(&self, peer: &Credentials, groups: impl FnOnce() -> Vec<u32>, own: u32) -> bool {
        if self.uids.contains(&peer.uid) {
            return true;
        }
        if peer.uid == OVERFLOW_ID {
            return false;
        }
        let listed = |gid: &u32| *gid != OVERFLOW_ID && self.gids.contains(gid);
        peer.uid == own || listed(&peer.gid) || (!self.gids.is_empty() && groups().iter().any(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(uid: u32, gid: u32) -> Credentials {
        Credentials { pid: None, uid, gid }
    }

    fn admits(rules: &Rules, who: Credentials, groups: &[u32], own: u32) -> bool {
        rules.admit(&who, || groups.to_vec(), own)
    }

    #[test]
    fn own_user_and_those_listed_are_admitted() {
        let rules = Rules { uids: vec![1001], gids: vec![50] };
        assert!(admits(&rules, who(1000, 1000), &[], 1000));
        assert!(admits(&rules, who(1001, 1001), &[], 1000));
        assert!(admits(&rules, who(1002, 50), &[], 1000));
        assert!(admits(&rules, who(1002, 1002), &[7, 50], 1000));
        assert!(!admits(&rules, who(1002, 1002), &[7], 1000));
        assert!(!admits(&rules, who(0, 0), &[], 1000), "the superuser is a user like others");
    }

    #[test]
    fn the_overflow_user_is_nobody_unless_listed() {
        let rules = Rules { uids: vec![], gids: vec![50, OVERFLOW_ID] };
        assert!(!admits(&rules, who(OVERFLOW_ID, 50), &[50], OVERFLOW_ID));
        assert!(!admits(&rules, who(1002, OVERFLOW_ID), &[OVERFLOW_ID], 1000));
        let listed = Rules { uids: vec![OVERFLOW_ID], gids: vec![] };
        assert!(admits(&listed, who(OVERFLOW_ID, 1), &[], 1000));
    }
}
