//! A service with a sidecar that takes its records. The service never waits for the sidecar, and outlives its death and restart.
//!
//! ```sh
//! cargo run --example sidecar_and_service
//! ```

use shmpsc::bytemuck::{Pod, Zeroable};
use shmpsc::{Options, Sender};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::time::sleep;

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
struct Record {
    number: u64,
    took_micros: u64,
}

/// What the service hands its records to.
#[derive(Clone, Default)]
struct Shipper {
    /// While there is a sidecar.
    sender: Arc<Mutex<Option<Sender<Record>>>>,
}

impl Shipper {
    /// Joins the sidecar's channel, again and again.
    async fn keep_joined(self, path: PathBuf) {
        loop {
            // A sidecar that is not there is waited for. Every other error comes at once.
            match Options::new().wait(Duration::MAX).connect_async::<Record>(&path).await {
                Ok(sender) => {
                    *self.sender.lock().unwrap() = Some(sender.clone());
                    // It is closed too when the sidecar is killed.
                    sender.closed().await;
                    *self.sender.lock().unwrap() = None;
                }
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Returns whether the record is on its way. It is not if there is no sidecar, or one that does not keep up.
    fn ship(&self, record: Record) -> bool {
        self.sender.lock().unwrap().as_ref().is_some_and(|sender| sender.try_send(record).is_ok())
    }
}

/// The sidecar: it prints the number of each record that it takes.
async fn sidecar(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut receiver = Options::new().capacity(256).bind::<Record>(path)?;
    while let Some(record) = receiver.recv().await {
        println!("{}", record.number);
    }
    Ok(())
}

/// Starts a sidecar, and hears the numbers that it prints.
fn start(path: &Path) -> Result<(Child, Receiver<u64>), Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?).arg(path).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (tell, heard) = channel();
    thread::spawn(move || {
        for number in lines.map_while(Result::ok).filter_map(|line| line.parse().ok()) {
            if tell.send(number).is_err() {
                break;
            }
        }
    });
    Ok((child, heard))
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("records.sock");
    let shipper = Shipper::default();
    let joining = tokio::spawn(shipper.clone().keep_joined(path.clone()));
    let mut number = 0;
    let mut handle_a_request = || {
        number += 1;
        (shipper.ship(Record { number, took_micros: 17 }), number)
    };
    let mut newest = 0;
    for _ in 0..2 {
        let (mut sidecar, taken) = start(&path)?;
        // Requests go on, whether there is a sidecar or not.
        let first = loop {
            handle_a_request();
            assert!(sidecar.try_wait()?.is_none(), "the sidecar lives");
            match taken.try_recv() {
                Ok(taken) => break taken,
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        };
        assert!(first > newest, "a sidecar takes what was sent after the one before had gone");
        sidecar.kill()?;
        sidecar.wait()?;
        newest = loop {
            match handle_a_request() {
                (true, _) => sleep(Duration::from_millis(1)).await,
                (false, number) => break number,
            }
        };
    }
    joining.abort();
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        None => serve().await,
        Some(path) => sidecar(path.as_ref()).await,
    }
}
