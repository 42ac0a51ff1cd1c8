//! A service that gets SIGTERM closes its channel, takes what is queued, and ends. No value whose `send` was `Ok` is lost.
//!
//! ```sh
//! cargo run --example graceful_shutdown
//! ```

use rustix::process::{Pid, Signal, kill_process};
use shmpsc::Options;
use std::error::Error;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

async fn serve(path: &Path) -> Result<(), Box<dyn Error>> {
    // Before the name is there: a service that can be found can also be told to end.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut receiver = Options::new().capacity(16).bind::<u64>(path)?;
    let mut received = 0_u64;
    loop {
        tokio::select! {
            Some(()) = terminate.recv() => receiver.close(),
            job = receiver.recv() => match job {
                Some(_) => received += 1,
                // Closed, and nothing is left to take.
                None => break,
            },
        }
    }
    println!("{received}");
    Ok(())
}

async fn work(path: &Path) -> Result<(), Box<dyn Error>> {
    let sender = Options::new().wait(Duration::from_secs(60)).connect_async::<u64>(path).await?;
    let mut sent = 0;
    // Until the channel is closed. The value that comes back with the error was not sent.
    while sender.send(sent).await.is_ok() {
        sent += 1;
        if sent == 1 {
            println!("at work");
        }
    }
    println!("{sent}");
    Ok(())
}

/// A child whose lines this process reads.
struct Part {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Part {
    fn start(word: &str, path: &Path) -> Result<Part, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(word).arg(path).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Ok(Part { child, lines })
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        Ok(self.lines.next().ok_or("it ended early")??)
    }
}

fn all_by_itself() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("jobs.sock");
    let mut service = Part::start("serve", &path)?;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(Part::start("work", &path)?);
    }
    for worker in &mut workers {
        assert_eq!(worker.line()?, "at work");
    }
    kill_process(Pid::from_child(&service.child), Signal::TERM)?;
    let received: u64 = service.line()?.parse()?;
    let mut sent = 0;
    for worker in &mut workers {
        sent += worker.line()?.parse::<u64>()?;
        assert!(worker.child.wait()?.success());
    }
    assert!(service.child.wait()?.success());
    assert_eq!(received, sent, "what was sent was received");
    assert!(!path.exists(), "the name is free");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [word, path] if word == "serve" => serve(path.as_ref()).await,
        [_, path] => work(path.as_ref()).await,
        _ => all_by_itself(),
    }
}
