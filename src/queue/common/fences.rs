//! Asymmetric fences, as in liburcu and folly: which of the two sides of a Dekker pair pays for both. The operating system is not
//! known here: its part comes in as a function.
//!
//! The *light side* makes a change and looks for a sleeper: [`Fence::Published`] and the receiver's [`Fence::Freed`]. It stands on the
//! hot path. The *heavy side* is about to sleep: [`Fence::Asleep`]. It registers, and looks again. With full fences alone each side
//! passes one. With asymmetric fences the light side keeps only the compiler from moving the look before the change. The heavy side
//! passes a full fence and then has the system pass one in every thread that runs, of every process whose light side relies on that.
//!
//! The system's part can miss a thread. So in such a channel each sleeper gets a *late look*, once after each registration on a bell. It
//! comes when so much time has passed that every store from before the registration is visible: a full fence, then the second look once
//! more. The caller keeps the time.
//!
//! A light fence is ordered with heavy fences, and with nothing else. Two light fences are not ordered with each other. So all else that
//! rests on a light fence needs an ordering of its own: `docs/edges.md`, "Asymmetric fences", has the list.

use super::edge::{Fence, full_fence};
use crate::sync::compiler_fence;

/// How this process passes the fences of one channel: a reference to its two [`Sides`], so that it takes one word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fences(&'static Sides);

/// What the light side and the heavy side do.
#[derive(Debug)]
pub(crate) struct Sides {
    /// Whether the light side passes a full fence.
    pub is_light_full: bool,
    /// Returns once every thread that runs, of every process whose light side passes no full fence, has passed one. `None`: there is
    /// no such process, or this one cannot have that done and relies on late looks.
    pub barrier: Option<fn()>,
}

impl Fences {
    /// Full fences on both sides: no process of the channel has others.
    pub const FULL: Fences = Fences(&Sides { is_light_full: true, barrier: None });

    /// Returns fences of which each side does what `sides` say.
    pub const fn new(sides: &'static Sides) -> Fences {
        Fences(sides)
    }

    /// Returns whether the light side passes a full fence.
    #[inline(always)]
    pub fn is_light_full(self) -> bool {
        self.0.is_light_full
    }

    /// Passes the fence of the light side: between a change, and the look for a sleeper.
    #[inline(always)]
    #[cfg_attr(shmpsc_loom, track_caller)]
    pub fn light(self, fence: Fence) {
        if self.0.is_light_full {
            full_fence(fence);
        } else {
            compiler_fence();
        }
    }

    /// Passes the fence of the heavy side: between the registration of a sleeper, and its second look.
    #[cfg_attr(shmpsc_loom, track_caller)]
    pub fn heavy(self, fence: Fence) {
        full_fence(fence);
        if let Some(barrier) = self.0.barrier {
            barrier();
        }
    }
}
