//! A message type of your own, between processes: the program of README's first screen.
//!
//! ```sh
//! cargo run --example own_type            # all by itself: a receiver and three senders, each a process
//! cargo run --example own_type receive    # or by hand: in one terminal, until Ctrl-C
//! cargo run --example own_type send       # and in others, as many and as often as you like
//! ```

use shmpsc::Options;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use shmpsc::bytemuck::{Pod, Zeroable};

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
struct Reading {
    sensor: u64,
    value: f64,
}

async fn receive() -> Result<(), Box<dyn Error>> {
    let mut receiver = shmpsc::Options::new().capacity(64).bind::<Reading>("readings.sock")?;
    while let Some(reading) = receiver.recv().await {
        println!("sensor {} reads {}", reading.sensor, reading.value);
    }
    Ok(())
}

async fn send() -> Result<(), Box<dyn Error>> {
    let sender = shmpsc::connect_async::<Reading>("readings.sock").await?;
    for value in [20.5, 20.75, 21.0] {
        sender.send(Reading { sensor: 1, value }).await?;
    }
    Ok(())
}

/// A process that is killed when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the others, and looks at what the receiver prints.
async fn all_by_itself() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let start = |word, output| Command::new(&program).arg(word).stdout(output).current_dir(&folder).spawn();
    let mut receiver = Killed(start("receive", Stdio::piped())?);
    // A receiver that is yet to come is waited for.
    let options = Options::new().wait(Duration::from_secs(60));
    let first = options.connect_async::<Reading>(folder.path().join("readings.sock")).await?;
    first.send(Reading::zeroed()).await?;
    for sender in [(); 3].map(|()| start("send", Stdio::null())) {
        assert!(sender?.wait()?.success());
    }
    let lines = BufReader::new(receiver.0.stdout.take().expect("a pipe")).lines().take(10);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(lines[0], "sensor 0 reads 0");
    assert_eq!(lines.iter().filter(|line| *line == "sensor 1 reads 20.75").count(), 3);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => all_by_itself().await,
        Some("receive") => receive().await,
        Some("send") => send().await,
        Some(_) => Err("give the word receive, or the word send, or nothing".into()),
    }
}
