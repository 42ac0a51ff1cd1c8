//! What tokio does and this crate does not, by choice: each stands in `docs/limits.md` with its reason.

use std::time::Duration;

use crate::adapter::{Otherwise, auto_traits, given, some, table};
use crate::mpsc::Sender;

#[test]
fn the_futures_of_senders_do_not_cross_a_caught_panic() {
    let found = table! {
        "send": |T| given(|tx: &Sender<T>| tx.send(some()));
        "send_timeout": |T| given(|tx: &Sender<T>| tx.send_timeout(some(), Duration::ZERO));
        "closed": |T| given(|tx: &Sender<T>| tx.closed());
        "reserve": |T| given(|tx: &Sender<T>| tx.reserve());
        "reserve_many": |T| given(|tx: &Sender<T>| tx.reserve_many(1));
        "reserve_owned": |T| given(|tx: Sender<T>| tx.reserve_owned());
    };
    for line in found {
        let (name, columns) = line.split_at(16);
        assert!(columns.split_whitespace().all(|column| column.ends_with("--")), "{name}");
    }
}
