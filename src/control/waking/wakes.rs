//! Wakes of other processes, and of all sleepers of this one.
//!
//! A sleeping thread waits on a futex word of the segment, so any process can wake it. A sleeping task is woken by its own
//! process, which has its waker. This file tells that process to look. [`Wake`](crate::queue::Wake), by which the queue asks
//! for a wake, is implemented in [`departure::wake`](crate::control::departure::wake).

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    control::membership::endpoint::Endpoint,
    queue::{Number, Queue, Sleeper},
    sync::Ordering,
    sys::futex,
};

/// Tells the process that has this number to look at its tasks.
pub(in crate::control) fn wake_process(endpoint: &Endpoint, number: Number) {
    if number == endpoint.me() {
        return;
    }
    match (endpoint.guest.get(), &endpoint.host) {
        (Some(guest), _) if number == guest.host => guest.ring(),
        (Some(guest), _) => {
            if let Some(member) = endpoint.segment().view().common().members.get(usize::from(number)) {
                // ORDERING: Release is enough. The message after it is a system call, and the background thread that
                // reads the message reads the word after it.
                member.relay.store(1, Ordering::Release);
                guest.relay();
            }
        }
        (None, Some(host)) => host.ring(number),
        (None, None) => {}
    }
}

/// Wakes sending tasks of this process. A waker's panic stays with its task: the waking thread is in the middle of an
/// operation. It may have others still to wake, or a claimed position that only it can publish.
pub(in crate::control) fn wake_waiters(endpoint: &Endpoint, sleeper: Sleeper) {
    let _ = catch_unwind(AssertUnwindSafe(|| endpoint.sleepers().wake(sleeper)));
}

/// Wakes every task of this process that waits to send, or for the close. A waker's panic stays with its task.
pub(in crate::control) fn wake_senders(endpoint: &Endpoint) {
    let _ = catch_unwind(AssertUnwindSafe(|| endpoint.sleepers().wake_senders()));
}

/// Looks at every sleeping task of this process, and at its backlog. A waker's panic stays with its task.
pub(in crate::control) fn look_at_sleepers(endpoint: &Endpoint) {
    let queue = endpoint.queue();
    let _ = catch_unwind(AssertUnwindSafe(|| endpoint.sleepers().hear(&queue)));
    if let Queue::Ring(_) = queue {
        endpoint.sleepers().backlog.admit(&endpoint.producer(), endpoint);
    }
}

/// Wakes every thread in every process that waits in the channel, and the tasks of all other processes, whatever the bells and
/// the line say: a peer has written over the segment.
pub(in crate::control) fn force_wake_all(endpoint: &Endpoint) {
    endpoint.queue().bump_all().for_each(|bell| futex::wake(&bell.word));
    match (endpoint.guest.get(), &endpoint.host) {
        (Some(guest), _) => {
            // Number 0 is no process, so its relay word stands for all processes.
            wake_process(endpoint, 0);
            guest.ring();
        }
        (None, Some(host)) => host.ring_all(),
        (None, None) => {}
    }
}

/// Tells each process with a set relay word to look at its tasks. In the receiver's process.
pub(in crate::control) fn pass_on_relays(endpoint: &Endpoint) {
    let Some(host) = &endpoint.host else { return };
    let members = endpoint.segment().view().common().members;
    // ORDERING: AcqRel: what the waking process did before it set the word is seen by the process that is woken for it.
    let taken = |index: usize| {
        let word = &members[index].relay;
        word.load(Ordering::Relaxed) != 0 && word.swap(0, Ordering::AcqRel) != 0
    };
    if taken(0) {
        host.ring_all();
        look_at_sleepers(endpoint);
    }
    for number in 1..members.len() {
        if taken(number) {
            host.ring(number as Number);
        }
    }
}
