//! Which kind of fences a channel has, and how this process passes them. What rests on them is said in [`crate::queue`].

use crate::{
    layout::FenceKind,
    queue::{Fences, Sides},
    sys::membarrier::{self, barrier},
};

/// For a process that the barriers of others reach: it leaves the fence out when it sends and receives.
static ASYMMETRIC: Sides = Sides { is_light_full: false, barrier: Some(barrier) };

/// For a process that they do not reach, in a channel where others rely on its barriers. It passes both.
static FULL_AND_BARRIER: Sides = Sides { is_light_full: true, barrier: Some(barrier) };

/// The same two for a process that may not issue barriers: its sleepers rely on late looks alone.
static NO_BARRIER: Sides = Sides { is_light_full: false, barrier: None };
static FULL_AND_NO_BARRIER: Sides = Sides { is_light_full: true, barrier: None };

/// Returns what kind of fences a channel has that this process makes, and how the process passes them: asymmetric ones, unless full ones
/// are wanted or the system lets it have no others.
pub(in crate::control) fn of_new_channel(wants_full: bool) -> (FenceKind, Fences) {
    if !wants_full && membarrier::is_allowed() && membarrier::register().is_ok() {
        (FenceKind::Asymmetric, Fences::new(&ASYMMETRIC))
    } else {
        (FenceKind::Full, Fences::FULL)
    }
}

/// Returns how this process passes the fences of a channel that it joins.
///
/// A process that cannot register passes full fences as it sends and receives. Then no barrier needs to reach it.
pub(in crate::control) fn fences(kind: FenceKind) -> Fences {
    if kind == FenceKind::Full {
        return Fences::FULL;
    }
    Fences::new(match (membarrier::register().is_ok(), membarrier::is_allowed()) {
        (true, true) => &ASYMMETRIC,
        (true, false) => &NO_BARRIER,
        (false, true) => &FULL_AND_BARRIER,
        (false, false) => &FULL_AND_NO_BARRIER,
    })
}
