//! The first program. As it is it receives, until Ctrl-C ends it; with the word `send` it sends.
//!
//! ```sh
//! cargo run --example two_processes           # in one terminal
//! cargo run --example two_processes send      # then in others
//! ```

use shmpsc::{Options, connect};
use std::io::{Write, stdout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join("measurements.sock");
    match std::env::args().nth(1).as_deref() {
        None => {
            let mut receiver = Options::new().capacity(64).bind::<[f64; 2]>(&path)?;
            while let Some([x, y]) = receiver.recv().await {
                writeln!(stdout(), "sin {x} = {y}")?;
            }
        }
        Some("send") => {
            let sender = connect::<[f64; 2]>(&path)?;
            for x in 0..1000 {
                sender.send([f64::from(x), f64::from(x).sin()]).await?;
            }
        }
        Some(_) => return Err("give the word send, or nothing".into()),
    }
    Ok(())
}
