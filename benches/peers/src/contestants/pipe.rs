//! A pipe with a name, in which the system keeps messages of up to 4096 bytes whole; its room is the system's.
//!
//! A batch is as many messages as are kept whole together.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    marker::PhantomData,
};

use bytemuck::{bytes_of, bytes_of_mut, cast_slice, cast_slice_mut};
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    pipe::PIPE_BUF,
};

use super::unless_it_waits::unless_it_waits;
use crate::{
    cell::BATCH,
    contestant::{Blocks, BlocksMany, Contestant, Reach, Tries, TriesMany},
    harness::value::Value,
    site::Site,
};

/// A pipe whose ends block, or do not.
pub(crate) struct Pipe<const BLOCKS: bool>;

/// An end for messages of one type.
pub(crate) struct For<T>(File, PhantomData<T>);

impl<const BLOCKS: bool> Contestant for Pipe<BLOCKS> {
    const NAME: &'static str = "pipe";
    const REACH: Reach = Reach::Processes;

    type Sender<T: Value> = For<T>;
    type Receiver<T: Value> = For<T>;

    fn bind<T: Value>(site: &Site, name: &str) -> For<T> {
        let path = site.path(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a fresh name");
        // A reader that may write as well never sees an end, not even before the first writer has come.
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.expect("a bound name");
        set_blocking(&file, BLOCKS);
        For(file, PhantomData)
    }

    fn connect<T: Value>(site: &Site, name: &str) -> For<T> {
        let file = OpenOptions::new().write(true).open(site.path(name)).expect("a bound name");
        set_blocking(&file, BLOCKS);
        For(file, PhantomData)
    }
}

fn set_blocking(file: &File, blocks: bool) {
    rustix::io::ioctl_fionbio(file, !blocks).expect("a pipe");
}

/// Returns the first messages, as many as the system keeps whole together.
fn whole<T: Value>(values: &[T]) -> &[T] {
    &values[..values.len().min((PIPE_BUF / size_of::<T>()).max(1))]
}

/// Reads the rest of a last message that came in part, and returns how many messages there are.
fn complete<T: Value>(file: &mut File, read: usize, room: &mut [T]) -> usize {
    let messages = read.div_ceil(size_of::<T>());
    let mut rest = &mut cast_slice_mut::<T, u8>(&mut room[..messages])[read..];
    while !rest.is_empty() {
        if let Some(read) = unless_it_waits(file.read(rest)) {
            rest = &mut rest[read..];
        }
    }
    messages
}

impl Tries for Pipe<false> {
    fn try_send<T: Value>(For(file, _): &mut For<T>, value: T) -> bool {
        unless_it_waits(file.write(bytes_of(&value))).is_some()
    }

    fn try_receive<T: Value>(For(file, _): &mut For<T>) -> Option<T> {
        let mut value = T::zeroed();
        let read = unless_it_waits(file.read(bytes_of_mut(&mut value)))?;
        complete(file, read, std::slice::from_mut(&mut value));
        Some(value)
    }
}

impl TriesMany for Pipe<false> {
    fn try_send_many<T: Value>(For(file, _): &mut For<T>, values: &[T]) -> usize {
        let values = whole(values);
        unless_it_waits(file.write(cast_slice(values))).map_or(0, |_| values.len())
    }

    fn try_receive_many<T: Value>(For(file, _): &mut For<T>, batch: &mut Vec<T>) {
        batch.resize(BATCH, T::zeroed());
        let read = unless_it_waits(file.read(cast_slice_mut(batch)));
        let messages = read.map_or(0, |read| complete(file, read, batch));
        batch.truncate(messages);
    }
}

impl Blocks for Pipe<true> {
    fn send<T: Value>(For(file, _): &mut For<T>, value: T) {
        file.write_all(bytes_of(&value)).expect("a receiver");
    }

    fn receive<T: Value>(For(file, _): &mut For<T>) -> T {
        let mut value = T::zeroed();
        file.read_exact(bytes_of_mut(&mut value)).expect("a sender");
        value
    }
}

impl BlocksMany for Pipe<true> {
    fn send_many<T: Value>(For(file, _): &mut For<T>, values: &[T]) {
        let mut rest = values;
        while !rest.is_empty() {
            let some = whole(rest);
            file.write_all(cast_slice(some)).expect("a receiver");
            rest = &rest[some.len()..];
        }
    }

    fn receive_many<T: Value>(For(file, _): &mut For<T>, batch: &mut Vec<T>) {
        batch.resize(BATCH, T::zeroed());
        let read = file.read(cast_slice_mut(batch)).expect("a pipe");
        let messages = complete(file, read, batch);
        batch.truncate(messages);
    }
}
