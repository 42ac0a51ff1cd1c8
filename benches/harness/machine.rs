//! One line about the machine, so that a pasted table says where it was taken.
//!
//! Names of hosts and users are left out on purpose.

use std::fs;

/// More load than this beside us, and the figures are about the neighbours.
const QUIET: f64 = 0.5;

/// Processor, number of cores, kernel, and how busy the machine is before the first sample, with a warning if it is.
pub(crate) fn describe() -> String {
    let processor =
        first_value("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.into());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = rustix::system::uname();
    let kernel = kernel.release().to_string_lossy();
    // What a builder of kernels appends says nothing about speed.
    let kernel = kernel.split('-').next().unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let warning = match load.parse::<f64>() {
        Ok(load) if load > QUIET => "\nNOT A QUIET MACHINE (or only just): these figures are rough",
        _ => "",
    };
    format!("{processor}, {cores} cores, Linux {kernel}, load {load} at the start{warning}")
}

fn first_value(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
