//! How sleepers are woken, wherever they are, and how this process hears that others wake its own. Which sleepers must be woken
//! is decided in [`crate::queue`].
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`wakes`] | wakes of other processes, and of all sleepers of this one |
//! | [`hearing`] | the background thread, or a runtime, watches the bells of this process |

pub(in crate::control) mod hearing;
pub(in crate::control) mod wakes;
