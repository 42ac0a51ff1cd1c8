//! The receiver's process is killed while 200 senders of 8 processes sleep in a send: how soon each has its error.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use nix::sys::signal::{Signal, kill};
use shmpsc::Options;
use tokio::task::JoinSet;

use crate::{
    child::{Partner, now},
    harness::{
        child::orders,
        quantiles::{self, SHARES},
        table::Table,
    },
};

type Value = [u64; 1];

const PROCESSES: usize = 8;
/// Senders of a process: threads, and tasks of one runtime.
const THREADS: usize = 13;
const TASKS: usize = 12;

/// Role: has a full queue and is killed.
pub(crate) fn hosts(path: &Path) {
    let _receiver = Options::new().capacity(1).bind::<Value>(path).expect("a free name");
    let own = shmpsc::connect::<Value>(path).expect("a host");
    own.try_send([0]).expect("there is room");
    println!("in");
    orders().for_each(drop);
}

/// Role: its senders wait for room, in each channel that it is told of, and it tells when each heard that there is no receiver.
pub(crate) fn waits(_: &Path) {
    println!("in");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    for path in orders() {
        let sender = shmpsc::connect::<Value>(&path).expect("a host");
        let [of_threads, of_tasks] = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (sender, heard) = (sender.clone(), of_tasks.clone());
            let waits = async move {
                sender.send([1]).await.expect_err("there is no room");
                let now = now();
                heard.lock().unwrap().push(now);
            };
            tasks.spawn_on(waits, runtime.handle());
        }
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    sender.blocking_send([1]).expect_err("there is no room");
                    let now = now();
                    of_threads.lock().unwrap().push(now);
                });
            }
            println!("waits");
        });
        runtime.block_on(async { while tasks.join_next().await.is_some() {} });
        let line = |heard: &Mutex<Vec<u64>>| {
            heard.lock().unwrap().iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
        };
        println!("{};{}", line(&of_threads), line(&of_tasks));
    }
}

pub(crate) fn measure(directory: &Path, rounds: usize) {
    let mut guests: Vec<_> = (0..PROCESSES).map(|_| Partner::start("waits", directory)).collect();
    let [mut threads, mut tasks, mut last] = [const { Vec::new() }; 3];
    for round in 0..rounds {
        let path = directory.join(format!("killed-{round}"));
        let host = Partner::start("hosts", &path);
        let name = path.to_str().expect("a plain name");
        guests.iter_mut().for_each(|guest| guest.say(name));
        guests.iter_mut().for_each(|guest| assert_eq!(guest.hear(), "waits"));
        while !guests.iter().all(Partner::sleeps) {
            thread::yield_now();
        }
        let killed = now();
        kill(host.pid(), Signal::SIGKILL).expect("it is ours");
        let mut latest = 0;
        for guest in &mut guests {
            let heard = guest.hear();
            let (of_threads, of_tasks) = heard.split_once(';').expect("two lists");
            for (times, all) in [(of_threads, &mut threads), (of_tasks, &mut tasks)] {
                for time in times.split(' ') {
                    let after = time.parse::<u64>().expect("a number") - killed;
                    all.push(after);
                    latest = latest.max(after);
                }
            }
        }
        last.push(latest);
    }
    let mut all = [&threads[..], &tasks[..]].concat();
    println!(
        "receiver killed while {} senders of {PROCESSES} processes sleep: time from just before kill(2) to the error",
        PROCESSES * (THREADS + TASKS)
    );
    println!("ms, over {rounds} deaths\n");
    let head = ["process", "errors"].into_iter().chain(SHARES.map(|(name, _)| name)).chain(["max"]);
    let mut table = Table::new(head);
    let rows = [
        ("threads", &mut threads),
        ("tasks", &mut tasks),
        ("all", &mut all),
        ("the last one of a death", &mut last),
    ];
    for (who, times) in rows {
        let (shares, max) = quantiles::of(times);
        let cells = shares.into_iter().chain([max]).map(|nanoseconds| format!("{:.2}", nanoseconds / 1e6));
        table.row([who.to_owned(), times.len().to_string()].into_iter().chain(cells));
    }
    table.print();
    println!();
}
