//! What the kernel tells of a process: whether its threads sleep, how often they did, and what it holds. Nothing is changed here.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn threads(pid: u32) -> Vec<PathBuf> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads.filter_map(|thread| Some(thread.ok()?.path())).collect()
}

fn state(thread: &Path) -> Option<char> {
    let stat = fs::read_to_string(thread.join("stat")).unwrap_or_default();
    // The name of the thread comes before the state, in brackets, and may contain anything.
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next())
}

/// Whether all threads of a process are in one of these states; a process that has ended is not.
fn all_are(pid: u32, states: &[char]) -> bool {
    let threads = threads(pid);
    let is = |thread: &PathBuf| state(thread).is_some_and(|state| states.contains(&state));
    !threads.is_empty() && threads.iter().all(is)
}

/// Whether a thread of this process sleeps.
pub fn sleeps_here(thread: i32) -> bool {
    state(Path::new(&format!("/proc/self/task/{thread}"))) == Some('S')
}

/// Whether a thread of another process sleeps.
pub fn is_asleep(pid: u32, thread: i32) -> bool {
    state(Path::new(&format!("/proc/{pid}/task/{thread}"))) == Some('S')
}

pub fn all_sleep(pid: u32) -> bool {
    all_are(pid, &['S'])
}

pub fn all_are_stopped(pid: u32) -> bool {
    all_are(pid, &['T', 't'])
}

/// Whether a signal to a process has not reached any of its threads yet.
pub fn awaits_a_signal(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    pending.is_some_and(|signals| signals.contains(|digit: char| digit.is_ascii_hexdigit() && digit != '0'))
}

/// How often a process gave its processor away, and how often that was taken from it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Switches {
    pub voluntary: u64,
    pub involuntary: u64,
}

impl Switches {
    fn of(thread: &Path) -> Switches {
        let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
        let count = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
        };
        Switches {
            voluntary: count("voluntary_ctxt_switches:"),
            involuntary: count("nonvoluntary_ctxt_switches:"),
        }
    }
}

/// Of all threads that the process has now.
pub fn switches(pid: u32) -> Switches {
    threads(pid).iter().map(|thread| Switches::of(thread)).fold(Switches::default(), |sum, one| Switches {
        voluntary: sum.voluntary + one.voluntary,
        involuntary: sum.involuntary + one.involuntary,
    })
}

/// How often the thread that slept most often did so.
pub fn sleeps(pid: u32) -> u64 {
    threads(pid).iter().map(|thread| Switches::of(thread).voluntary).max().unwrap_or(0)
}

/// Descriptors that this process has open. To look costs one more, each time.
pub fn own_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("proc is mounted").count()
}

/// How often the kernel had to map a page for this thread when it touched the page.
pub fn own_faults() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").expect("proc is mounted");
    // Behind the name come the state and six numbers.
    let count = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(7));
    count.and_then(|count| count.parse().ok()).expect("a number")
}

/// Kilobytes of memory that a process has for itself alone: none of a channel, none of a program file.
fn own_kilobytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|size| size.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// What a process holds.
#[derive(Clone, Copy, Default, Debug)]
pub struct Holdings {
    pub threads: usize,
    pub descriptors: usize,
    pub mappings: usize,
    /// Of these, mappings of a channel's memory.
    pub segments: usize,
    /// Kilobytes of memory that it has for itself alone.
    pub memory: u64,
}

/// Of a process that lives.
pub fn holdings(pid: u32) -> Holdings {
    let of = |what: &str| format!("/proc/{pid}/{what}");
    let maps = fs::read_to_string(of("maps")).expect("it lives");
    Holdings {
        threads: threads(pid).len(),
        descriptors: fs::read_dir(of("fd")).expect("it lives").count(),
        mappings: maps.lines().count(),
        segments: maps.lines().filter(|line| line.contains("memfd:")).count(),
        memory: own_kilobytes(pid),
    }
}
