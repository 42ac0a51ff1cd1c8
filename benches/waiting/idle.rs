//! Idle ends: how often the threads of two processes are switched to while a receiver and a sender sleep.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use shmpsc::Options;

use crate::{
    cpu::Clocks,
    harness::{
        child::{self, Child},
        goal::Goal,
        rounds::Pace,
        table::Table,
    },
    results::print,
    traffic::tasks::runtime,
};

/// Its name for `--only`.
pub(crate) const LABEL: &str = "idle, shmpsc, processes";
/// The role of a process that holds ends.
pub(crate) const END: &str = "idle-end";

type Value = [u64; 1];

const WAYS: [&str; 2] = ["blocking", "async"];
const SIDES: [&str; 2] = ["receives", "sends"];

/// Measures a pair of processes for each way, all during the same time, and prints the table.
pub(crate) fn measure(pace: Pace, directory: &Path) {
    // A quick run has a tenth of the usual length.
    let length = match pace {
        Pace::Smoke => Duration::from_millis(100),
        Pace::Timed { length, .. } => (length / 20).clamp(Duration::from_secs(1), Duration::from_secs(5)),
    };
    let mut pairs = WAYS.map(|way| {
        let path = directory.join(format!("idle-{way}"));
        SIDES.map(|side| {
            let mut end = Child::start([END, way, side, path.to_str().expect("a plain path")]);
            end.expect("ready");
            end
        })
    });
    Clocks::with(pairs.iter().flatten().map(Child::pid)).wait_for_quiet();
    let count = |pairs: &[[Child; 2]; 2]| {
        pairs.each_ref().map(|pair| pair.iter().map(|end| switches(end.pid())).sum::<u64>())
    };
    let (before, began) = (count(&pairs), Instant::now());
    thread::sleep(length);
    let (after, elapsed) = (count(&pairs), began.elapsed());
    for pair in &mut pairs {
        pair.iter_mut().for_each(|end| end.say("wake"));
        pair.iter_mut().for_each(|end| end.expect("woken"));
    }
    println!(
        "\n## idle\n\nA receiver and a sender of two processes asleep for {:.1} s; each was woken afterwards.\n",
        length.as_secs_f64()
    );
    let mut table = Table::new(["both ends asleep", "context switches/s", "goal", ""]);
    for (index, way) in WAYS.iter().enumerate() {
        let rate = (after[index] - before[index]) as f64 / elapsed.as_secs_f64();
        let goal = Goal::AtMost(0.0);
        table.row([(*way).to_owned(), format!("{rate:.1}"), goal.text(), goal.verdict(rate).to_owned()]);
    }
    print(&table);
}

/// Returns how often the threads of a process were switched to.
fn switches(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process that lives");
    let of_thread = |thread: fs::DirEntry| {
        let status = fs::read_to_string(thread.path().join("status")).expect("a thread that lives");
        let counts = status.lines().filter(|line| line.contains("_ctxt_switches"));
        counts
            .map(|line| line.split_whitespace().last().expect("a count").parse::<u64>().expect("a number"))
            .sum::<u64>()
    };
    threads.map(|thread| of_thread(thread.expect("a thread"))).sum()
}

/// Holds the ends of one side, of which one sleeps, and wakes the other side's when it is told to.
pub(crate) fn serve(words: &[String]) {
    let [way, side, path] = words else { panic!("a way, a side and a path") };
    let is_async = way == WAYS[1];
    let [empty, full] = ["empty", "full"].map(|name| PathBuf::from(format!("{path}-{name}")));
    if side == SIDES[0] {
        let bind = |path| Options::new().capacity(1).bind::<Value>(path).expect("a fresh name");
        let (mut receiver, mut other) = (bind(&empty), bind(&full));
        until_woken(
            move || {
                let value =
                    if is_async { runtime().block_on(receiver.recv()) } else { receiver.blocking_recv() };
                assert_eq!(value, Some([3]));
            },
            move || assert_eq!([(); 2].map(|()| other.blocking_recv()), [Some([1]), Some([2])]),
        );
    } else {
        let connect = |path| shmpsc::connect::<Value>(path).expect("a bound name");
        let (other, sender) = (connect(&empty), connect(&full));
        sender.try_send([1]).expect("there is room");
        until_woken(
            move || {
                let sent =
                    if is_async { runtime().block_on(sender.send([2])) } else { sender.blocking_send([2]) };
                sent.expect("a receiver");
            },
            move || other.blocking_send([3]).expect("a receiver"),
        );
    }
}

/// Lets a thread sleep until the other side wakes it, and wakes the other side's when it is told to.
fn until_woken(sleep: impl FnOnce() + Send + 'static, wake: impl FnOnce()) {
    let sleeper = thread::spawn(sleep);
    println!("ready");
    assert_eq!(child::orders().next().as_deref(), Some("wake"));
    wake();
    sleeper.join().expect("a thread without a panic");
    println!("woken");
    child::orders().for_each(drop);
}
