//! The parity suite with senders in other processes: the bodies that `parity_tokio.rs` runs on tokio's channel, unchanged.
//!
//! Bodies that only one process can run stand in `tests/tokio/within/` and `tests/tokio/within_both/`, and are not here.

use std::os::fd::AsFd;

use across::{child, lent, mpsc, place, wire::Line};

mod across;
mod adapter;
#[path = "adapter/kinds.rs"]
mod kinds;
mod parity;
mod parity_both;
#[path = "../support/mod.rs"]
mod people;

/// What the children do.
#[test]
fn role() {
    let Some((role, _)) = people::my_role() else { return };
    people::die_with_parent();
    let _entered = (role == "serves in a runtime").then(|| lent::RUNTIME.enter());
    let line = std::io::stdin().as_fd().try_clone_to_owned().expect("a descriptor");
    child::serve(Line::new(line));
    std::process::exit(0);
}
