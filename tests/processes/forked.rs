//! A child that `fork` made, with a handle of every kind that it cannot use: each gives an error or does nothing, and nobody
//! notices.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use shmpsc::{Receiver, Sender, sink::PollSender, stream::ReceiverStream};

use crate::{
    bind, connect,
    people::{Value, eventually, room, start, tell, wait_for_parent},
};

/// Places of the channel in which the forked process sends: as many as it holds permits for, and two more.
const CAPACITY: usize = 7;

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn begun<F: Future>(mut future: Pin<&mut F>) {
    assert!(poll(future.as_mut()).is_pending());
}

/// Waits for the end of a copy of this process.
fn ends_well(copy: libc::pid_t, what: &str) {
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(copy, &raw mut status, 0) }, copy);
    assert_eq!(status, 0, "{what}");
}

/// Role: has one of everything when it forks, and has it all the same when the copy is through with it.
pub fn forks_with_everything(path: &Path) {
    let far: Sender<Value> = connect(path);
    let weak = far.downgrade();
    let permit = far.try_reserve().unwrap();
    let mut permits = far.try_reserve_many(2).unwrap();
    let owned = far.clone().try_reserve_owned().unwrap();
    let mut sink = PollSender::new(far.clone());
    assert!(matches!(sink.poll_reserve(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
    let mut waits = pin!(far.reserve_many(CAPACITY));
    begun(waits.as_mut());
    let mut closed = pin!(far.closed());
    begun(closed.as_mut());

    let own = path.with_extension("own");
    let receiver: Receiver<Value> = bind(2, &own);
    let near = connect(&own);
    near.try_send([5, 5]).unwrap();
    let mut stream = ReceiverStream::new(receiver);

    // SAFETY: the copy allocates, which the C library supports after a fork, and ends by `_exit`.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        let is_well = catch_unwind(AssertUnwindSafe(|| {
            assert!(poll(closed.as_mut()).is_ready(), "to the copy the channel is closed");
            assert!(matches!(poll(waits.as_mut()), Poll::Ready(Err(_))));
            permit.send([9, 1]);
            permits.next().unwrap().send([9, 2]);
            drop(permits);
            let sender = owned.send([9, 3]);
            assert!(sender.try_send([9, 4]).is_err() && sender.try_reserve().is_err());
            assert!(sender.blocking_send([9, 5]).is_err() && sender.is_closed());
            assert!(weak.upgrade().is_none() && weak.clone().upgrade().is_none());
            let _ = sink.send_item([9, 6]);
            sink.abort_send();
            sink.close();
            assert!(sink.is_closed());
            let next = Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
            assert_eq!(next, Poll::Ready(None));
            stream.close();
            let shown = format!("{sender:?} {weak:?} {sink:?} {stream:?}");
            assert!(shown.contains("Sender"));
            drop((sender, weak, sink, stream, near));
        }));
        // SAFETY: ends this process and nothing else; the parent's test harness must not run on in it. What it has pinned it
        // does not drop: those are the parent's words too.
        unsafe { libc::_exit(i32::from(is_well.is_err())) };
    }
    ends_well(copy, "what the copy found");

    assert!(poll(waits.as_mut()).is_pending() && poll(closed.as_mut()).is_pending());
    permit.send([1, 0]);
    permits.for_each(|permit| permit.send([1, 1]));
    drop(owned.send([1, 2]));
    sink.send_item([1, 3]).unwrap();
    assert!(weak.upgrade().is_some());
    let mut received = |expected: Value| {
        let next = Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
        assert_eq!(next, Poll::Ready(Some(expected)));
    };
    received([5, 5]);
    connect(&own).try_send([6, 6]).unwrap();
    received([6, 6]);
    tell("fine");
    wait_for_parent();
}

/// Shows T12.
#[test]
fn a_forked_child_can_use_nothing_that_it_inherits() {
    let room = room();
    let mut receiver: Receiver<Value> = bind(CAPACITY, &room.name());
    let mut child = start("forks-with-everything", &room.name());
    assert_eq!(child.hear(), "fine");
    assert_eq!(receiver.blocking_recv(), Some([1, 0]));
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
    assert_eq!(receiver.blocking_recv(), Some([1, 1]));
    assert_eq!(receiver.blocking_recv(), Some([1, 2]));
    assert_eq!(receiver.blocking_recv(), Some([1, 3]));
    assert!(receiver.try_recv().is_err(), "the copy has sent nothing");
    child.end();
    eventually("all that it had is free", || {
        receiver.sender_strong_count() == 0 && receiver.capacity() == CAPACITY
    });
}

/// Role: a task of its runtime listens for a receiver when it forks, and the copy drops that receiver.
pub fn forks_while_a_task_listens(path: &Path) {
    let receiver: Receiver<Value> = bind(2, path);
    let near: Sender<Value> = connect(path);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut receiver = Some(receiver);
    let mut listens = || {
        runtime.block_on(async {
            let next = receiver.as_mut().unwrap().recv();
            let yields = async {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! { biased; _ = next => unreachable!("nothing was sent"), () = yields => {} }
        });
        runtime.metrics().num_alive_tasks() == 1
    };
    eventually("a task listens", &mut listens);
    eventually("and goes on listening", &mut listens);
    // SAFETY: the copy allocates, which the C library supports after a fork, and ends by `_exit`.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        receiver = None;
        let is_untouched = receiver.is_none() && runtime.metrics().global_queue_depth() == 0;
        // SAFETY: ends this process and nothing else; the parent's test harness must not run on in it.
        unsafe { libc::_exit(i32::from(!is_untouched)) };
    }
    ends_well(copy, "the copy has told the parent's runtime to end a task");
    near.try_send([3, 3]).unwrap();
    assert_eq!(runtime.block_on(receiver.as_mut().unwrap().recv()), Some([3, 3]));
    tell("fine");
    wait_for_parent();
}

#[test]
fn a_forked_child_leaves_its_parents_runtime_alone() {
    let room = room();
    let mut child = start("forks-while-a-task-listens", &room.name());
    assert_eq!(child.hear(), "fine");
    child.end();
}
