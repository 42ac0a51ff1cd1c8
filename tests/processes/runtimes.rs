//! Ends are handed between runtimes, executors and threads of one process, while the other side is another process.

use std::{
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use shmpsc::Sender;

use crate::{
    bind, connect,
    people::{
        Person, Value,
        how::{How, Runner},
        room, start, tell, wait_for_parent,
    },
};

/// Every way to wait after every other, and after itself.
fn all_pairs() -> [How; 17] {
    [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3, 0].map(|at| How::ALL[at])
}

/// The runners for [`all_pairs`]: one of each kind, all of them there to the end, or a new one for each turn, and the last one
/// gone by then.
struct Runners {
    kept: Option<[Runner; 4]>,
    last: Option<Runner>,
}

impl Runners {
    fn all() -> [Runners; 2] {
        let kept = How::ALL.map(Runner::new);
        [Runners { kept: Some(kept), last: None }, Runners { kept: None, last: None }]
    }

    fn get(&mut self, how: How) -> &Runner {
        match &self.kept {
            Some(kept) => &kept[how as usize],
            None => {
                self.last = None;
                self.last.insert(Runner::new(how))
            }
        }
    }
}

/// Role: sends one value each time it is told to.
pub fn sends_when_told(path: &Path) {
    let sender = connect(path);
    tell("in");
    for n in 0..all_pairs().len() as u64 {
        wait_for_parent();
        sender.blocking_send([n, n]).unwrap();
    }
}

/// Role: receives one value each time it is told to.
pub fn receives_when_told(path: &Path) {
    let mut receiver = bind(1, path);
    tell("bound");
    for n in 0..all_pairs().len() as u64 {
        wait_for_parent();
        assert_eq!(receiver.blocking_recv(), Some([n, n]));
    }
    wait_for_parent();
}

/// What tells a child to act.
fn say_to(child: &Arc<Mutex<Person>>) -> impl FnOnce() + Send + use<> {
    let child = child.clone();
    move || child.lock().unwrap().say()
}

fn finish(child: Arc<Mutex<Person>>) {
    Arc::into_inner(child).expect("nobody else has it").into_inner().unwrap().end();
}

#[test]
fn a_receiver_goes_from_runtime_to_runtime() {
    let _patience = crate::patience();
    for mut runners in Runners::all() {
        let room = room();
        let mut receiver = bind(1, &room.name()).into();
        let mut child = start("sends-when-told", &room.name());
        assert_eq!(child.hear(), "in");
        let child = Arc::new(Mutex::new(child));
        for (n, how) in (0..).zip(all_pairs()) {
            let (back, received) = runners.get(how).recv(receiver, say_to(&child));
            assert_eq!(received, Some([n, n]), "in {how}");
            receiver = back;
        }
        finish(child);
    }
}

#[test]
fn a_sender_goes_from_runtime_to_runtime() {
    let _patience = crate::patience();
    for mut runners in Runners::all() {
        let room = room();
        let mut child = start("receives-when-told", &room.name());
        assert_eq!(child.hear(), "bound");
        let child = Arc::new(Mutex::new(child));
        let sender = connect(&room.name());
        sender.try_send([0, 0]).unwrap();
        for (n, how) in (1..).zip(all_pairs()) {
            runners.get(how).send(&sender, [n, n], say_to(&child)).unwrap();
        }
        finish(child);
    }
}

type Begun<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// Polls once, which must not finish it.
async fn begin<R>(mut future: Begun<R>) -> Begun<R> {
    let mut first = None;
    std::future::poll_fn(|cx| {
        first = Some(future.as_mut().poll(cx));
        Poll::Ready(())
    })
    .await;
    assert!(first.is_some_and(|polled| polled.is_pending()));
    future
}

async fn send(sender: Sender<Value>, value: Value) {
    sender.send(value).await.unwrap();
}

#[test]
fn a_future_begun_in_one_runtime_ends_in_another() {
    let _patience = crate::patience();
    for from in How::ASYNC {
        for to in How::ASYNC {
            let room = room();
            let mut receiver = bind(1, &room.name());
            let mut child = start("sends-when-told", &room.name());
            assert_eq!(child.hear(), "in");
            let first = Runner::new(from);
            let begun = first.run(begin(Box::pin(async move {
                let received = receiver.recv().await;
                (receiver, received)
            })));
            // The first one stays, and is not driven any more.
            child.say();
            let (mut receiver, received) = Runner::new(to).run(begun);
            assert_eq!(received, Some([0, 0]), "from {from} to {to}");

            let sender = connect(&room.name());
            sender.try_send([99, 0]).unwrap();
            let begun = first.run(begin(Box::pin(send(sender, [99, 1]))));
            drop(first);
            // The child stands behind it.
            child.say();
            child.sleeps();
            assert_eq!(receiver.try_recv(), Ok([99, 0]));
            Runner::new(to).run(begun);
            assert_eq!(receiver.blocking_recv(), Some([99, 1]));
            assert_eq!(receiver.blocking_recv(), Some([1, 1]));
        }
    }
}
