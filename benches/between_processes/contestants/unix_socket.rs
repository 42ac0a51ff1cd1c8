//! A Unix stream socket between two processes: each message one write and one read, or many at a time.
//!
//! Its room is the kernel's usual buffer, counted in bytes of the kernel's bookkeeping, not [`CAPACITY`] messages.
//!
//! [`CAPACITY`]: crate::traffic::CAPACITY

use std::{
    hint::spin_loop,
    io::{ErrorKind, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
};

use bytemuck::{bytes_of, bytes_of_mut, cast_slice, cast_slice_mut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
};

use super::runtime;
use crate::{
    harness::{rounds::Timing, value::Value},
    lanes::{Figure, Lane, Run, Way},
    partner::{Guest, Host},
    traffic::{
        BATCH, Load, tasks,
        threads::{drain, drain_batches, echo, pump, pump_batches, trips},
    },
};

pub(super) fn lanes<T: Value>() -> Vec<Lane> {
    let lane = |figure, way, run| Lane::new::<T>("Unix socket, 2 processes", figure, way, run);
    vec![
        lane(Figure::OneWay, Way::Busy, one_way::<T, Busy>()),
        lane(Figure::OneWay, Way::Blocking, one_way::<T, Blocking>()),
        lane(Figure::OneWay, Way::Async, Run::Processes { here: receive_async::<T>, there: send_async::<T> }),
        lane(
            Figure::OneWay,
            Way::Batch,
            Run::Processes { here: receive_batches::<T>, there: send_batches::<T> },
        ),
        lane(Figure::RoundTrip, Way::Busy, round_trip::<T, Busy>()),
        lane(Figure::RoundTrip, Way::Blocking, round_trip::<T, Blocking>()),
        lane(
            Figure::RoundTrip,
            Way::Async,
            Run::Processes { here: trips_async::<T>, there: echo_async::<T> },
        ),
    ]
}

/// The parent's end; the child has connected when it returns.
fn accept(host: &mut Host<'_>) -> UnixStream {
    let path = host.venue.path("stream");
    let listener = UnixListener::bind(&path).expect("a fresh path");
    host.call_in();
    std::fs::remove_file(path).expect("our own file");
    listener.accept().expect("the child").0
}

/// The child's end.
fn connect(guest: &Guest<'_>) -> UnixStream {
    let stream = UnixStream::connect(guest.venue.path("stream")).expect("the parent's listener");
    guest.ready();
    stream
}

fn one_way<T: Value, W: Waits>() -> Run {
    Run::Processes {
        here: |host, load| {
            let mut stream = W::prepare(accept(host));
            drain(load, || W::receive::<T>(&mut stream))
        },
        there: |guest, load| {
            let mut stream = W::prepare(connect(guest));
            pump(load, |value: T| W::send(&mut stream, value));
        },
    }
}

fn round_trip<T: Value, W: Waits>() -> Run {
    Run::Processes {
        here: |host, load| {
            let stream = W::prepare(accept(host));
            trips(load, |value: T| W::send(&mut &stream, value), || W::receive(&mut &stream))
        },
        there: |guest, load| {
            let stream = W::prepare(connect(guest));
            echo(load, || W::receive::<T>(&mut &stream), |value| W::send(&mut &stream, value));
        },
    }
}

fn receive_batches<T: Value>(host: &mut Host<'_>, load: Load) -> Timing {
    let mut stream = accept(host);
    let mut room = vec![T::zeroed(); BATCH];
    let mut filled = 0;
    drain_batches(load, |batch: &mut Vec<T>| {
        // A stream keeps no bounds between messages: the rest of one may come with the next read.
        let bytes = cast_slice_mut::<T, u8>(&mut room);
        while filled < size_of::<T>() {
            let read = stream.read(&mut bytes[filled..]).expect("a living peer");
            assert_ne!(read, 0, "the sender has gone");
            filled += read;
        }
        let whole = filled / size_of::<T>();
        batch.extend_from_slice(cast_slice(&bytes[..whole * size_of::<T>()]));
        bytes.copy_within(whole * size_of::<T>()..filled, 0);
        filled %= size_of::<T>();
    })
}

fn send_batches<T: Value>(guest: &Guest<'_>, load: Load) {
    let mut stream = connect(guest);
    pump_batches(load, |batch: &[T]| stream.write_all(cast_slice(batch)).expect("a living peer"));
}

fn receive_async<T: Value>(host: &mut Host<'_>, load: Load) -> Timing {
    let stream = accept(host);
    runtime().block_on(async { tasks::drain::<T>(load, into_tokio(stream).into_split().0).await })
}

fn send_async<T: Value>(guest: &Guest<'_>, load: Load) {
    let stream = connect(guest);
    runtime().block_on(async { tasks::pump::<T>(load, into_tokio(stream).into_split().1).await });
}

fn trips_async<T: Value>(host: &mut Host<'_>, load: Load) -> Timing {
    let stream = accept(host);
    runtime().block_on(async {
        let (input, output) = into_tokio(stream).into_split();
        tasks::trips::<T>(load, output, input).await
    })
}

fn echo_async<T: Value>(guest: &Guest<'_>, load: Load) {
    let stream = connect(guest);
    runtime().block_on(async {
        let (input, output) = into_tokio(stream).into_split();
        tasks::echo::<T>(load, input, output).await
    });
}

impl<T: Value> tasks::Outgoing<T> for OwnedWriteHalf {
    async fn send(&mut self, value: T) {
        self.write_all(bytes_of(&value)).await.expect("a living peer");
    }
}

impl<T: Value> tasks::Incoming<T> for OwnedReadHalf {
    async fn receive(&mut self) -> T {
        let mut value = T::zeroed();
        self.read_exact(bytes_of_mut(&mut value)).await.expect("a living peer");
        value
    }
}

fn into_tokio(stream: UnixStream) -> tokio::net::UnixStream {
    stream.set_nonblocking(true).expect("a socket");
    tokio::net::UnixStream::from_std(stream).expect("a runtime with io")
}

/// One message in and out.
trait Waits {
    fn prepare(stream: UnixStream) -> UnixStream;
    fn send<T: Value>(stream: &mut impl Write, value: T);
    fn receive<T: Value>(stream: &mut impl Read) -> T;
}

struct Busy;

impl Waits for Busy {
    fn prepare(stream: UnixStream) -> UnixStream {
        stream.set_nonblocking(true).expect("a socket");
        stream
    }

    fn send<T: Value>(stream: &mut impl Write, value: T) {
        let mut rest = bytes_of(&value);
        while !rest.is_empty() {
            match stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => spin_loop(),
                Err(error) => panic!("the receiver has gone: {error}"),
            }
        }
    }

    fn receive<T: Value>(stream: &mut impl Read) -> T {
        let mut value = T::zeroed();
        let mut rest = bytes_of_mut(&mut value);
        while !rest.is_empty() {
            match stream.read(rest) {
                Ok(0) => panic!("the sender has gone"),
                Ok(read) => rest = &mut rest[read..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => spin_loop(),
                Err(error) => panic!("the sender has gone: {error}"),
            }
        }
        value
    }
}

struct Blocking;

impl Waits for Blocking {
    fn prepare(stream: UnixStream) -> UnixStream {
        stream
    }

    fn send<T: Value>(stream: &mut impl Write, value: T) {
        stream.write_all(bytes_of(&value)).expect("a living peer");
    }

    fn receive<T: Value>(stream: &mut impl Read) -> T {
        let mut value = T::zeroed();
        stream.read_exact(bytes_of_mut(&mut value)).expect("a living peer");
        value
    }
}
