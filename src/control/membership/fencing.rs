//! Which kind of fences a channel has, and how this process passes them. What rests on them is said in [`crate::queue`].

use crate::{
    layout::FenceKind,
    queue::{Fences, Sides},
    sys::membarrier,
};

/// For a process that the barriers of others reach: it leaves the fence out when it sends and receives.
static ASYMMETRIC: Sides = Sides { is_light_full: false, barrier: Some(membarrier::barrier) };

/// For a process that they do not reach, in a channel where others rely on its barriers. It passes both.
static FULL_AND_BARRIER: Sides = Sides { is_light_full: true, barrier: Some(membarrier::barrier) };

/// Returns what kind of fences a channel has that this process makes: asymmetric ones if they are wanted and the system lets it.
pub(in crate::control) fn kind_of_new_channel(wants_asymmetric: bool) -> FenceKind {
    if wants_asymmetric && can_sleep(FenceKind::Asymmetric) && membarrier::register().is_ok() {
        FenceKind::Asymmetric
    } else {
        FenceKind::Full
    }
}

/// Returns whether threads and tasks of this process can sleep in a channel of that kind and be woken for certain.
pub(in crate::control) fn can_sleep(kind: FenceKind) -> bool {
    kind == FenceKind::Full || membarrier::is_allowed()
}

/// Returns how this process passes the fences of a channel in which it [can sleep](can_sleep).
///
/// A process that cannot register passes full fences as it sends and receives. Then no barrier needs to reach it.
pub(in crate::control) fn fences(kind: FenceKind) -> Fences {
    match kind {
        FenceKind::Full => Fences::FULL,
        FenceKind::Asymmetric if membarrier::register().is_ok() => Fences::new(&ASYMMETRIC),
        FenceKind::Asymmetric => Fences::new(&FULL_AND_BARRIER),
    }
}
