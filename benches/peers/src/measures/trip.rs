//! The time until a message has come back over a second channel: p50, p99 and p99.9.

use super::Part;
use crate::{
    contestant::{Awaits, Contestant},
    harness::value::Value,
    host::{Guest, Play},
    site::{DOWN, UP},
    traffic::{
        tasks::{self, runtime},
        threads::{echo, trips},
        waits::Waits,
    },
};

/// Threads.
pub(crate) fn waited<C: Contestant, T: Value, W: Waits<C>>() -> Part {
    Part {
        here: |play| {
            let wait = W::of(&play.site.order.cell);
            let (mut sender, mut receiver) = open_here::<C, T>(play);
            let send = |value| wait.send(&mut sender, value);
            let outcome = trips(&play.site, send, || wait.receive(&mut receiver));
            close(play);
            outcome
        },
        there: |guest| {
            let wait = W::of(&guest.site.order.cell);
            let (mut sender, mut receiver) = open_there::<C, T>(guest);
            echo(|| wait.receive(&mut receiver), |value| wait.send(&mut sender, value));
            guest.site.linger();
        },
    }
}

/// Futures that a current-thread runtime blocks on, one on each side.
pub(crate) fn awaited<C: Awaits, T: Value>() -> Part {
    Part {
        here: |play| {
            runtime().block_on(async {
                let (mut sender, mut receiver) = open_here::<C, T>(play);
                let outcome = tasks::trips::<C, T>(&play.site, &mut sender, &mut receiver).await;
                close(play);
                outcome
            })
        },
        there: |guest| {
            runtime().block_on(async {
                let (mut sender, mut receiver) = open_there::<C, T>(guest);
                tasks::echo::<C, T>(&mut receiver, &mut sender).await;
                guest.site.linger();
            });
        },
    }
}

fn open_here<C: Contestant, T: Value>(play: &mut Play) -> (C::Sender<T>, C::Receiver<T>) {
    play.site.begin();
    let receiver = C::bind::<T>(&play.site, UP);
    play.call_in();
    (C::connect::<T>(&play.site, DOWN), receiver)
}

fn open_there<C: Contestant, T: Value>(guest: &Guest) -> (C::Sender<T>, C::Receiver<T>) {
    let receiver = C::bind::<T>(&guest.site, DOWN);
    let sender = C::connect::<T>(&guest.site, UP);
    guest.connected(0);
    (sender, receiver)
}

fn close(play: &mut Play) {
    play.site.let_go();
    play.dismiss();
}
