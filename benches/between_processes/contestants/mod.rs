//! Who is measured: one file each, all with the work of [`crate::traffic`].
//!
//! A contestant opens its ends and says how one message goes in and out; it has no loops of its own.

mod bare_ring;
mod crossbeam;
mod shmpsc;
mod tokio_mpsc;
mod unix_socket;

use tokio::runtime::{Builder, Runtime};

use crate::{harness::value::Value, lanes::Lane};

/// All contestants with messages of type `T`.
pub(crate) fn lanes<T: Value>() -> Vec<Lane> {
    let mut lanes = bare_ring::lanes::<T>();
    lanes.extend(shmpsc::lanes::<T>());
    lanes.extend(crossbeam::lanes::<T>());
    lanes.extend(tokio_mpsc::lanes::<T>());
    lanes.extend(unix_socket::lanes::<T>());
    lanes
}

/// The runtime of one side in [`crate::lanes::Way::Async`].
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
