//! ipc-channel's channel of bytes, over sockets of the system. It has no send that never waits, so it is not measured busy.
//!
//! A sender asks a one-shot server for its end. A thread of the receiver's process answers.

use std::{fs, marker::PhantomData, path::PathBuf, thread};

use ::ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender, channel};
use bytemuck::{bytes_of, pod_read_unaligned};

use crate::{
    contestant::{Blocks, Contestant, Reach},
    harness::value::Value,
    host::GUESTS,
    site::Site,
};

pub(crate) struct IpcChannel;

/// An end for messages of one type.
pub(crate) struct For<T, End>(End, PhantomData<T>);

/// What a sender's process sends to be given its end.
type Request = IpcSender<IpcBytesSender>;

impl Contestant for IpcChannel {
    const NAME: &'static str = "ipc-channel";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = For<T, IpcBytesSender>;
    type Receiver<T: Value> = For<T, IpcBytesReceiver>;

    fn bind<T: Value>(site: &Site, name: &str) -> For<T, IpcBytesReceiver> {
        let (sender, receiver) = ipc::bytes_channel().expect("a channel");
        for place in 0..site.order.cell.senders.min(GUESTS) {
            let (server, address) = IpcOneShotServer::<Request>::new().expect("a server");
            fs::write(address_file(site, name, place), address).expect("a fresh name");
            let sender = sender.clone();
            thread::spawn(move || {
                let (_, request) = server.accept().expect("a sender's process that asks");
                request.send(sender).expect("a sender's process that waits");
            });
        }
        For(receiver, PhantomData)
    }

    fn connect<T: Value>(site: &Site, name: &str) -> For<T, IpcBytesSender> {
        let ask = || {
            let servers = (0..GUESTS).map(|place| address_file(site, name, place));
            let address = servers.filter_map(take).next().expect("a server for each process");
            let (request, answer) = channel().expect("a channel");
            let server: IpcSender<Request> = IpcSender::connect(address).expect("a server");
            server.send(request).expect("a server that accepts");
            answer.recv().expect("an answer")
        };
        For(site.shared(name, ask), PhantomData)
    }
}

/// Returns the file that holds the address of a server.
fn address_file(site: &Site, name: &str, place: usize) -> PathBuf {
    site.path(&format!("{name}-server-{place}"))
}

/// Returns the address in a file, unless another process took it.
fn take(file: PathBuf) -> Option<String> {
    let address = fs::read_to_string(&file).ok()?;
    fs::remove_file(file).ok().map(|()| address)
}

impl Blocks for IpcChannel {
    fn send<T: Value>(For(sender, _): &mut For<T, IpcBytesSender>, value: T) {
        sender.send(bytes_of(&value)).expect("a receiver");
    }

    fn receive<T: Value>(For(receiver, _): &mut For<T, IpcBytesReceiver>) -> T {
        pod_read_unaligned(&receiver.recv().expect("a sender"))
    }
}
