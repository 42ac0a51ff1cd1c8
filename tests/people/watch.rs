//! What the kernel tells of a process: whether its threads sleep, and how often they did. Nothing is changed here.

use std::{fs, path::PathBuf};

fn threads(pid: u32) -> Vec<PathBuf> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads.filter_map(|thread| Some(thread.ok()?.path())).collect()
}

/// Whether all threads of a process are in one of these states; a process that has ended is not.
fn all_are(pid: u32, states: &[char]) -> bool {
    let threads = threads(pid);
    let is = |thread: &PathBuf| {
        let stat = fs::read_to_string(thread.join("stat")).unwrap_or_default();
        // The name of the thread comes before the state, in brackets, and may contain anything.
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        state.is_some_and(|state| states.contains(&state))
    };
    !threads.is_empty() && threads.iter().all(is)
}

pub fn all_sleep(pid: u32) -> bool {
    all_are(pid, &['S'])
}

pub fn all_are_stopped(pid: u32) -> bool {
    all_are(pid, &['T', 't'])
}

/// How often a process gave its processor away, and how often that was taken from it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Switches {
    pub voluntary: u64,
    pub involuntary: u64,
}

/// Of all threads that the process has now.
pub fn switches(pid: u32) -> Switches {
    let mut sum = Switches::default();
    for thread in threads(pid) {
        let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
        for line in status.lines() {
            let count = || line.rsplit('\t').next().and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
            if line.starts_with("voluntary_ctxt_switches") {
                sum.voluntary += count();
            } else if line.starts_with("nonvoluntary_ctxt_switches") {
                sum.involuntary += count();
            }
        }
    }
    sum
}
