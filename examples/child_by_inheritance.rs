//! A child that inherits its sender as its standard input: no name, no file, nothing to clean up.
//!
//! ```sh
//! cargo run --example child_by_inheritance
//! ```

use shmpsc::Sender;
use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

async fn parent() -> Result<(), Box<dyn Error>> {
    let (sender, mut receiver) = shmpsc::channel::<u64>(8);
    let mut child = Command::new(std::env::current_exe()?)
        .arg("child")
        // The parent's copy of the descriptor is closed with the command, at the end of this statement.
        .stdin(Stdio::from(sender.into_fd()?))
        .spawn()?;
    let mut sum = 0;
    // The stream ends with the child's sender, because there is no other.
    while let Some(value) = receiver.recv().await {
        sum += value;
    }
    assert_eq!(sum, 5050);
    assert!(child.wait()?.success());
    Ok(())
}

async fn child() -> Result<(), Box<dyn Error>> {
    let sender = Sender::<u64>::from_fd(stdin().as_fd().try_clone_to_owned()?)?;
    for value in 1..=100 {
        sender.send(value).await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        None => parent().await,
        Some(_) => child().await,
    }
}
