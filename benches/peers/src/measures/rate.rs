//! Messages per second from some senders to one receiver.

use std::thread;

use tokio::task::LocalSet;

use super::Part;
use crate::{
    contestant::{Awaits, Contestant},
    harness::value::Value,
    host::{Guest, Play},
    site::UP,
    traffic::{
        tasks::{self, runtime},
        threads::{drain, drain_batches, pump, pump_batches},
        waits::{Waits, WaitsMany},
    },
};

/// Threads that move one message a call.
pub(crate) fn single<C: Contestant, T: Value, W: Waits<C>>() -> Part {
    Part {
        here: |play| {
            let wait = W::of(&play.site.order.cell);
            let mut receiver = open::<C, T>(play);
            let outcome = drain(&play.site, || wait.receive(&mut receiver));
            close(play);
            outcome
        },
        there: |guest| {
            let wait = W::of(&guest.site.order.cell);
            each_sender(guest, |number| {
                let mut sender = C::connect::<T>(&guest.site, UP);
                guest.connected(0);
                pump(&guest.site, number, |value| wait.send(&mut sender, value));
                guest.site.linger();
            });
        },
    }
}

/// Threads that move a batch a call.
pub(crate) fn batched<C: Contestant, T: Value, W: WaitsMany<C>>() -> Part {
    Part {
        here: |play| {
            let wait = W::of(&play.site.order.cell);
            let mut receiver = open::<C, T>(play);
            let outcome = drain_batches(&play.site, |batch| wait.receive(&mut receiver, batch));
            close(play);
            outcome
        },
        there: |guest| {
            let wait = W::of(&guest.site.order.cell);
            each_sender(guest, |number| {
                let mut sender = C::connect::<T>(&guest.site, UP);
                guest.connected(0);
                pump_batches(&guest.site, number, |values| wait.send(&mut sender, values));
                guest.site.linger();
            });
        },
    }
}

/// Tasks: the receiver is one, and each guest has one for each of its senders, in a runtime of its own.
pub(crate) fn awaited<C: Awaits, T: Value>() -> Part {
    Part {
        here: |play| {
            runtime().block_on(async {
                let mut receiver = open::<C, T>(play);
                let outcome = tasks::drain::<C, T>(&play.site, &mut receiver).await;
                close(play);
                outcome
            })
        },
        there: |guest| {
            runtime().block_on(LocalSet::new().run_until(async {
                let start = |number| {
                    let site = guest.site.clone();
                    let mut sender = C::connect::<T>(&site, UP);
                    guest.connected(0);
                    tokio::task::spawn_local(async move {
                        tasks::pump::<C, T>(&site, number, &mut sender).await;
                        sender
                    })
                };
                let tasks: Vec<_> = guest.senders.clone().map(start).collect();
                let mut senders = Vec::new();
                for task in tasks {
                    senders.push(task.await.expect("a task without a panic"));
                }
                guest.site.linger();
            }));
        },
    }
}

/// Makes the channel and lets the senders connect.
fn open<C: Contestant, T: Value>(play: &mut Play) -> C::Receiver<T> {
    play.site.begin();
    let receiver = C::bind::<T>(&play.site, UP);
    play.call_in();
    receiver
}

/// Ends a sample whose messages have all come.
fn close(play: &mut Play) {
    play.site.let_go();
    play.dismiss();
}

/// Runs what each sender of a guest does in a thread of its own, or in this one if there is one sender.
fn each_sender(guest: &Guest, run: impl Fn(usize) + Sync) {
    if guest.senders.len() == 1 {
        return run(guest.senders.start);
    }
    thread::scope(|scope| {
        for number in guest.senders.clone() {
            let run = &run;
            scope.spawn(move || run(number));
        }
    });
}
