//! A receiver that sleeps in a thread of its own until a value of the first of the others comes, or the end of the stream.

use std::{
    sync::mpsc::channel,
    thread::{self, JoinHandle},
};

use crate::{
    people::{eventually, watch},
    world::Value,
};

/// The thread, which gives the receiver back, and what it has received.
pub type Sleeper<R> = JoinHandle<(R, Vec<Value>)>;

/// Returns once the receiver sleeps.
pub fn sleeper<R: Send + 'static>(mut receiver: R, blocking_recv: fn(&mut R) -> Option<Value>) -> Sleeper<R> {
    let (is_there, there) = channel();
    let sleeper = thread::spawn(move || {
        is_there.send(rustix::thread::gettid().as_raw_nonzero().get()).expect("the caller waits for it");
        let mut received: Vec<Value> = Vec::new();
        while let Some(taken) = blocking_recv(&mut receiver) {
            received.push(taken);
            if taken[0] == 0 {
                break;
            }
        }
        (receiver, received)
    });
    let thread = there.recv().expect("it begins");
    eventually("the receiver sleeps", || watch::sleeps_here(thread));
    sleeper
}
