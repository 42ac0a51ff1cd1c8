//! What tokio's channel does and this crate does not.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::adapter::{Otherwise, auto_traits, given, some, table};
use crate::mpsc::{Sender, UnboundedSender, unbounded_channel};

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

#[test]
fn closed_of_an_unbounded_sender_crosses_no_caught_panic() {
    let found = table! { "closed": |T| given(|tx: &UnboundedSender<T>| tx.closed()); };
    let (_, columns) = found[0].split_at(16);
    assert!(columns.split_whitespace().all(|column| column.ends_with("--")), "{columns}");
}

/// Tells the process which this test starts that it is the one without memory.
const SENDS_TO_THE_END: &str = "SHMPSC_SENDS_TO_THE_END";

#[test]
fn without_memory_an_unbounded_send_ends_the_process() {
    if std::env::var_os(SENDS_TO_THE_END).is_some() {
        let pages: u64 = read("/proc/self/statm").split(' ').next().unwrap().parse().unwrap();
        limit(Resource::Core, 0);
        limit(Resource::As, pages * rustix::param::page_size() as u64 + (64 << 20));
        let (tx, _rx) = unbounded_channel::<[u64; 1024]>();
        while tx.send([1; 1024]).is_ok() {}
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "differs::channel::without_memory_an_unbounded_send_ends_the_process"]);
    let output = child.env(SENDS_TO_THE_END, "yes").output().unwrap();
    assert_eq!(output.status.signal(), Some(Signal::ABORT.as_raw()), "{output:?}");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn limit(what: Resource, to: u64) {
    setrlimit(what, Rlimit { current: Some(to), maximum: Some(to) }).unwrap();
}
