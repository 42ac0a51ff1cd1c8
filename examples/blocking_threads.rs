//! Threads without a runtime: two processes with four sending threads each, and a receiver that blocks.
//!
//! ```sh
//! cargo run --example blocking_threads
//! ```

use shmpsc::Options;
use shmpsc::bytemuck::{Pod, Zeroable};
use std::error::Error;
use std::process::Command;
use std::thread;
use std::time::Duration;

const PROCESSES: usize = 2;
const THREADS: usize = 4;
const VALUES: u64 = 1000;

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
struct Step {
    process: u32,
    thread: u32,
    number: u64,
}

fn receive() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("steps.sock");
    let mut receiver = Options::new().capacity(16).bind::<Step>(&path)?;
    let mut children = Vec::new();
    for process in 0..PROCESSES {
        let mut command = Command::new(std::env::current_exe()?);
        children.push(command.arg(&path).arg(process.to_string()).spawn()?);
    }
    let mut next = [[0; THREADS]; PROCESSES];
    for _ in 0..PROCESSES * THREADS * VALUES as usize {
        let step = receiver.blocking_recv_timeout(Duration::from_secs(60))?;
        let next = &mut next[step.process as usize][step.thread as usize];
        assert_eq!(step.number, *next, "the values of one thread come in its order");
        *next += 1;
    }
    for mut child in children {
        assert!(child.wait()?.success());
    }
    assert!(receiver.is_empty());
    Ok(())
}

fn send(path: &str, process: u32) -> Result<(), Box<dyn Error>> {
    let sender = shmpsc::connect::<Step>(path)?;
    thread::scope(|scope| {
        for thread in 0..THREADS as u32 {
            let sender = sender.clone();
            scope.spawn(move || {
                for number in 0..VALUES {
                    // The queue has room for 16, so most of these wait.
                    sender.blocking_send(Step { process, thread, number }).expect("the receiver is there");
                }
            });
        }
    });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [path, process] => send(path, process.parse()?),
        _ => receive(),
    }
}
