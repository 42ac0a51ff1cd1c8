//! Requests and responses: each client has a channel of its own, on which the service answers.
//!
//! ```sh
//! cargo run --example request_and_response
//! ```

use shmpsc::bytemuck::{Pod, Zeroable};
use shmpsc::error::OpenError;
use shmpsc::{Options, Receiver, Sender};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::timeout;

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
struct Request {
    /// The client's number, under which its channel is found.
    client: u64,
    /// Counts the client's calls.
    call: u64,
    value: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
struct Response {
    call: u64,
    square: u64,
}

/// Returns the name of a client's channel.
fn answers(folder: &Path, client: u64) -> PathBuf {
    folder.join(format!("client-{client}.sock"))
}

async fn serve(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut requests = Options::new().capacity(64).bind::<Request>(folder.join("service.sock"))?;
    let mut clients: HashMap<u64, Sender<Response>> = HashMap::new();
    while let Some(Request { client, call, value }) = requests.recv().await {
        // A number is given again after its client has gone. A closed channel is that of the client before.
        clients.retain(|_, client| !client.is_closed());
        let sender = match clients.entry(client) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                // A client that is stopped holds up the others for as long as this. To avoid that too, join in a task.
                let options = Options::new().timeout(Duration::from_secs(1));
                match options.connect_async(answers(folder, client)).await {
                    Ok(sender) => new.insert(sender),
                    Err(_) => continue,
                }
            }
        };
        // A client that does not take its responses must not hold up the others either, so this does not wait.
        if sender.try_send(Response { call, square: value * value }).is_err() {
            clients.remove(&client);
        }
    }
    Ok(())
}

struct Client {
    number: u64,
    calls: u64,
    requests: Sender<Request>,
    responses: Receiver<Response>,
}

impl Client {
    /// Takes the first free number. That of a client that was killed is free, and `bind` takes over the two files that it left.
    async fn join(folder: &Path) -> Result<Client, OpenError> {
        let options = Options::new().wait(Duration::from_secs(60));
        let requests = options.connect_async(folder.join("service.sock")).await?;
        let mut number = 0;
        let responses = loop {
            match Options::new().capacity(4).bind(answers(folder, number)) {
                Err(OpenError::NameInUse { .. }) => number += 1,
                bound => break bound?,
            }
        };
        Ok(Client { number, calls: 0, requests, responses })
    }

    async fn square(&mut self, value: u64) -> Result<u64, Box<dyn Error>> {
        self.calls += 1;
        self.requests.send(Request { client: self.number, call: self.calls, value }).await?;
        loop {
            tokio::select! {
                response = timeout(Duration::from_secs(30), self.responses.recv()) => match response? {
                    Some(response) if response.call == self.calls => return Ok(response.square),
                    // The response to a call that has timed out.
                    Some(_) => {}
                    None => return Err("the channel of the responses is closed".into()),
                },
                () = self.requests.closed() => return Err("the service is gone".into()),
            }
        }
    }
}

async fn call(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut client = Client::join(folder).await?;
    for value in 0..100 {
        assert_eq!(client.square(value).await?, value * value);
    }
    Ok(())
}

async fn all_by_itself() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(Command::new(std::env::current_exe()?).arg(folder.path()).spawn()?);
    }
    let ends = tokio::task::spawn_blocking(|| {
        clients.into_iter().map(|mut client| client.wait()).collect::<Result<Vec<_>, _>>()
    });
    tokio::select! {
        failed = serve(folder.path()) => failed?,
        ends = ends => assert!(ends??.iter().all(|end| end.success()), "each response was right"),
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        None => all_by_itself().await,
        Some(folder) => call(folder.as_ref()).await,
    }
}
