//! The words that both kinds of channel have: identity, the receiver's bell, the latch, the processes. Names for words, no operations
//! on them.

use super::geometry::HEADER_SIZE;
use crate::sync::{AtomicU32, AtomicU64};

/// A word, or a few that are written together, alone on two cache lines.
#[repr(C, align(128))]
#[derive(Default)]
pub(crate) struct Block<T>(T);

impl<T> core::ops::Deref for Block<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The head of a segment.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Header {
    /// Written once, before another process maps the segment. For observers: members learn it by message.
    pub identity: Block<Identity>,
    /// Where the receiver sleeps.
    pub receiver_bell: Block<Bell>,
    /// `{ version: 63 | ended: 1 }`: ended when the last strong handle is gone.
    pub latch: Block<AtomicU64>,
}

/// How the processes of a channel pass the Dekker fences between a thread that makes a change and one that is about to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FenceKind {
    /// Each of the two passes a full fence.
    Full = 1,
    /// Asymmetric fences: the thread that is about to sleep has the system pass one in all others.
    Asymmetric = 2,
}

impl FenceKind {
    pub fn number(self) -> u32 {
        self as u32
    }

    pub fn from_number(number: u32) -> Option<FenceKind> {
        [FenceKind::Full, FenceKind::Asymmetric].into_iter().find(|kind| kind.number() == number)
    }
}

/// What the segment says of itself.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Identity {
    /// [`super::MAGIC`]
    pub magic: AtomicU64,
    /// [`super::VERSION`]
    pub version: AtomicU64,
    /// [`super::ChannelKind`]
    pub kind: AtomicU64,
    pub payload: AtomicU64,
    pub align: AtomicU64,
    pub members: AtomicU64,
    /// [`super::Geometry::numbers`]
    pub numbers: [AtomicU64; 3],
    /// A random number that tells this channel from every other.
    pub id: [AtomicU64; 2],
    /// The number of its [`FenceKind`].
    pub fences: AtomicU64,
}

/// A word to sleep on, an eventcount, alone in eight bytes: `{ count: 30 | task: 1 | asleep: 1 }`.
#[repr(C, align(8))]
#[derive(Default)]
pub(crate) struct Bell {
    pub word: AtomicU32,
}

/// One process in the channel. While it takes part, what it holds is its own to write; its first handle, its end and its number
/// are written by the receiver's process, and `relay` by any process.
#[repr(C, align(64))]
#[derive(Default)]
pub(crate) struct MemberWords {
    /// `{ held odd: 21 | held even: 21 | in flight odd: 11 | in flight even: 11 }`: permits, for recovery.
    pub account: AtomicU64,
    /// Strong handles.
    pub strong: AtomicU64,
    /// Weak handles.
    pub weak: AtomicU64,
    /// Not zero: a process that cannot ring this one's doorbell asks the receiver's process to do so.
    pub relay: AtomicU64,
    /// The process, as the receiver's process sees it. For observers only.
    pub pid: AtomicU64,
}

/// What every channel has, as the algorithms see it. Copying it copies two references.
#[derive(Clone, Copy)]
pub(crate) struct CommonView<'a> {
    pub header: &'a Header,
    /// One for each process, by its number.
    pub members: &'a [MemberWords],
}

#[cfg(not(shmpsc_loom))]
const _: () = {
    use core::mem::{align_of, offset_of, size_of};
    assert!(size_of::<Header>() == HEADER_SIZE && align_of::<Header>() == 128);
    assert!(offset_of!(Header, identity) == 0);
    assert!(offset_of!(Header, receiver_bell) == 128);
    assert!(offset_of!(Header, latch) == 256);
    assert!(size_of::<Bell>() == 8 && offset_of!(Bell, word) == 0);
    assert!(size_of::<MemberWords>() == 64 && offset_of!(MemberWords, account) == 0);
    assert!(offset_of!(MemberWords, strong) == 8 && offset_of!(MemberWords, weak) == 16);
    assert!(offset_of!(MemberWords, relay) == 24 && offset_of!(MemberWords, pid) == 32);
    assert!(offset_of!(Identity, numbers) == 48 && offset_of!(Identity, id) == 72);
    assert!(offset_of!(Identity, fences) == 88);
};
