//! What goes beyond tokio: the calls that its users have asked for, in one process and between several. What tokio has too
//! is tested in `tokio/parity/`.
//!
//! Each file has tests and the roles that their children play.

#[path = "../../tokio/adapter/mod.rs"]
mod adapter;
mod both;
mod descriptors;
#[path = "../../tokio/adapter/kinds.rs"]
mod kinds;
mod large;
mod pages;
mod peek;
#[path = "../../support/mod.rs"]
mod people;
#[path = "../../tokio/adapter/one_process.rs"]
mod place;
mod processes;
mod send;
mod traits;
mod unbounded;

use std::time::Duration;

use shmpsc as mpsc;
use shmpsc::{Receiver, Sender, channel};

/// Long enough to be cut short by what the test waits for.
const HOUR: Duration = Duration::from_secs(3600);

/// A channel with so many values in it, 0 and up.
fn holding(values: u64, capacity: usize) -> (Sender<u64>, Receiver<u64>) {
    let (tx, rx) = channel(capacity);
    (0..values).for_each(|value| tx.try_send(value).unwrap());
    (tx, rx)
}

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    match words[0] {
        "calls" => large::calls(&role["calls ".len()..]),
        "sends-when-told" => processes::sends_when_told(&path),
        "sends-on" => processes::sends_on(number(1), number(2), &path),
        "holds-all" => send::holds_all(number(1), &path),
        "sends-to-the-limit" => unbounded::sends_to_the_limit(&path),
        "sends-many" => unbounded::sends_many(number(1), &path),
        "sends-a-lap" => pages::sends_a_lap(number(1), &path),
        other => panic!("no role {other}"),
    }
}
