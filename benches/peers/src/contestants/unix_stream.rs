//! A stream socket of the system, from one sender to one receiver; its room is the system's.

use std::{
    io::{Read, Write},
    marker::PhantomData,
    os::unix::net::{UnixListener, UnixStream},
};

use bytemuck::{bytes_of, bytes_of_mut, cast_slice, cast_slice_mut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::unless_it_waits::unless_it_waits;
use crate::{
    cell::BATCH,
    contestant::{Awaits, Blocks, BlocksMany, Contestant, Reach, Tries, TriesMany},
    harness::value::Value,
    site::Site,
};

/// A stream whose ends block, or do not.
pub(crate) struct Stream<const BLOCKS: bool>;

/// The end that sends, with how many bytes of the next message are written already.
pub(crate) struct Out<T> {
    stream: UnixStream,
    written: usize,
    _messages: PhantomData<T>,
}

/// The end that receives, with the messages that were read, of which the last may have come in part.
pub(crate) struct In<T> {
    listener: UnixListener,
    stream: Option<UnixStream>,
    blocks: bool,
    room: Vec<T>,
    filled: usize,
}

impl<const BLOCKS: bool> Contestant for Stream<BLOCKS> {
    const NAME: &'static str = "Unix stream";
    const REACH: Reach = Reach::Processes;
    const SENDERS: usize = 1;

    type Sender<T: Value> = Out<T>;
    type Receiver<T: Value> = In<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> In<T> {
        let listener = UnixListener::bind(site.path(name)).expect("a fresh name");
        In { listener, stream: None, blocks: BLOCKS, room: vec![T::zeroed(); BATCH], filled: 0 }
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Out<T> {
        let stream = UnixStream::connect(site.path(name)).expect("a bound name");
        stream.set_nonblocking(!BLOCKS).expect("a socket");
        Out { stream, written: 0, _messages: PhantomData }
    }
}

impl<T: Value> Out<T> {
    /// Writes as much of some messages as there is room for, and returns how many are whole. Those that are not come again.
    fn try_write(&mut self, values: &[T]) -> usize {
        let bytes = cast_slice(values);
        let written = unless_it_waits(self.stream.write(&bytes[self.written..])).unwrap_or(0);
        let written = self.written + written;
        self.written = written % size_of::<T>();
        written / size_of::<T>()
    }
}

impl<T: Value> In<T> {
    /// Reads as much as there is for so many messages, and returns how many are whole.
    fn read(&mut self, most: usize) -> usize {
        // A stream keeps no bounds between messages: the rest of one comes with the next read.
        let bytes = cast_slice_mut::<T, u8>(&mut self.room[..most]);
        // The sender has connected before anything is received.
        let stream = self.stream.get_or_insert_with(|| {
            let (stream, _) = self.listener.accept().expect("a sender");
            stream.set_nonblocking(!self.blocks).expect("a socket");
            stream
        });
        let read = unless_it_waits(stream.read(&mut bytes[self.filled..]));
        assert_ne!(read, Some(0), "the sender has gone");
        self.filled += read.unwrap_or(0);
        self.filled / size_of::<T>()
    }

    /// Reads a message if all of it is there.
    fn read_one(&mut self) -> Option<T> {
        (self.read(1) == 1).then(|| {
            self.filled = 0;
            self.room[0]
        })
    }

    /// Reads messages and appends those that are whole.
    fn read_many(&mut self, batch: &mut Vec<T>) {
        let whole = self.read(BATCH);
        batch.extend_from_slice(&self.room[..whole]);
        let bytes = cast_slice_mut::<T, u8>(&mut self.room);
        bytes.copy_within(whole * size_of::<T>()..self.filled, 0);
        self.filled %= size_of::<T>();
    }
}

impl Tries for Stream<false> {
    fn try_send<T: Value>(sender: &mut Out<T>, value: T) -> bool {
        sender.try_write(&[value]) == 1
    }

    fn try_receive<T: Value>(receiver: &mut In<T>) -> Option<T> {
        receiver.read_one()
    }
}

impl TriesMany for Stream<false> {
    fn try_send_many<T: Value>(sender: &mut Out<T>, values: &[T]) -> usize {
        sender.try_write(values)
    }

    fn try_receive_many<T: Value>(receiver: &mut In<T>, batch: &mut Vec<T>) {
        receiver.read_many(batch);
    }
}

impl Blocks for Stream<true> {
    fn send<T: Value>(sender: &mut Out<T>, value: T) {
        sender.stream.write_all(bytes_of(&value)).expect("a receiver");
    }

    fn receive<T: Value>(receiver: &mut In<T>) -> T {
        loop {
            if let Some(value) = receiver.read_one() {
                return value;
            }
        }
    }
}

impl BlocksMany for Stream<true> {
    fn send_many<T: Value>(sender: &mut Out<T>, values: &[T]) {
        sender.stream.write_all(cast_slice(values)).expect("a receiver");
    }

    fn receive_many<T: Value>(receiver: &mut In<T>, batch: &mut Vec<T>) {
        while batch.is_empty() {
            receiver.read_many(batch);
        }
    }
}

/// A stream whose ends are awaited in a tokio runtime.
pub(crate) struct AsyncStream;

/// The end that receives in a task.
pub(crate) struct AsyncIn<T> {
    listener: tokio::net::UnixListener,
    stream: Option<tokio::net::UnixStream>,
    _messages: PhantomData<T>,
}

/// The end that sends in a task.
pub(crate) struct AsyncOut<T>(tokio::net::UnixStream, PhantomData<T>);

impl Contestant for AsyncStream {
    const NAME: &'static str = Stream::<true>::NAME;
    const REACH: Reach = Reach::Processes;
    const SENDERS: usize = 1;

    type Sender<T: Value> = AsyncOut<T>;
    type Receiver<T: Value> = AsyncIn<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> AsyncIn<T> {
        let listener = tokio::net::UnixListener::bind(site.path(name)).expect("a fresh name");
        AsyncIn { listener, stream: None, _messages: PhantomData }
    }

    fn connect<T: Value>(site: &Site, name: &str) -> AsyncOut<T> {
        let stream = UnixStream::connect(site.path(name)).expect("a bound name");
        stream.set_nonblocking(true).expect("a socket");
        AsyncOut(tokio::net::UnixStream::from_std(stream).expect("a runtime with io"), PhantomData)
    }
}

impl Awaits for AsyncStream {
    async fn send<T: Value>(AsyncOut(stream, _): &mut AsyncOut<T>, value: T) {
        stream.write_all(bytes_of(&value)).await.expect("a receiver");
    }

    async fn receive<T: Value>(receiver: &mut AsyncIn<T>) -> T {
        if receiver.stream.is_none() {
            receiver.stream = Some(receiver.listener.accept().await.expect("a sender").0);
        }
        let stream = receiver.stream.as_mut().expect("just accepted");
        let mut value = T::zeroed();
        stream.read_exact(bytes_of_mut(&mut value)).await.expect("a sender");
        value
    }
}
