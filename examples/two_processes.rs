//! The first program. As it is it receives, until the last sender has gone; with the word `send` it sends.
//!
//! ```sh
//! cargo run --example two_processes           # in one terminal
//! cargo run --example two_processes send      # then in others
//! ```

use shmpsc::{Options, connect};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join("measurements.sock");
    if std::env::args().nth(1).as_deref() == Some("send") {
        let sender = connect::<[f64; 2]>(&path)?;
        for x in 0..1000 {
            sender.send([f64::from(x), f64::from(x).sin()]).await?;
        }
        return Ok(());
    }
    let mut receiver = Options::new().capacity(64).end_with_last_sender().bind::<[f64; 2]>(&path)?;
    while let Some([x, y]) = receiver.recv().await {
        println!("sin {x} = {y}");
    }
    Ok(())
}
