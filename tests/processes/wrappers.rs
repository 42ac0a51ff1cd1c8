//! Sinks of several processes and the stream of one.

use std::{future::poll_fn, path::Path, pin::Pin, task::Poll};

use futures_core::Stream;
use shmpsc::{Receiver, sink::PollSender, stream::ReceiverStream};

use crate::{
    Ledger, bind, bind_ending, connect,
    flow::{enter, let_in},
    people::{
        Person, Value,
        how::{How, Runner, when_it_waits},
        room, start, stay, tell,
    },
};

/// Role: sends `count` values through a sink.
pub fn sinks(how: How, who: u64, count: u64, path: &Path) {
    let mut sender = PollSender::new(enter(path));
    Runner::new(how).run(async move {
        for n in 0..count {
            poll_fn(|cx| sender.poll_reserve(cx)).await.unwrap();
            sender.send_item([who, n]).unwrap();
        }
    });
}

/// Role: waits for room with a sink, and then holds it.
pub fn sink_holds(how: How, path: &Path) {
    let mut sender = PollSender::new(connect(path));
    Runner::new(how).run(async move {
        when_it_waits(poll_fn(|cx| sender.poll_reserve(cx)), || tell("waits")).await.unwrap();
        tell("holds");
        stay();
    });
}

async fn next(stream: &mut ReceiverStream<Value>) -> Option<Value> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

/// Receives to the end.
async fn receives(receiver: Receiver<Value>) -> Ledger {
    let mut stream = ReceiverStream::new(receiver);
    let mut ledger = Ledger::default();
    while let Some(value) = next(&mut stream).await {
        ledger.enter(value);
    }
    assert_eq!(stream.size_hint(), (0, Some(0)));
    ledger
}

#[test]
fn values_of_sinks_come_out_of_the_stream_once_and_in_order() {
    const EACH: u64 = 500;
    let _patience = crate::patience();
    for how in How::ASYNC {
        let room = room();
        let receiver = bind_ending(3, &room.name());
        let role = |who| format!("sinks {how} {who} {EACH}");
        let mut children: Vec<_> = (0..3).map(|who| start(&role(who), &room.name())).collect();
        let_in(&mut children);
        let ledger = Runner::new(how).run(receives(receiver));
        assert_eq!([0, 1, 2].map(|who| ledger.count(who)), [EACH; 3], "{how}");
        children.into_iter().for_each(Person::end);
    }
}

#[test]
fn room_a_killed_sink_held_comes_back_and_the_stream_knows() {
    let _patience = crate::patience();
    for how in How::ASYNC {
        let room = room();
        let mut receiver = bind(1, &room.name());
        // Kept, so that it is the permit whose return ends the stream.
        let sender = connect(&room.name());
        sender.try_send([9, 9]).unwrap();
        let mut holder = start(&format!("sink-holds {how}"), &room.name());
        assert_eq!(holder.hear(), "waits");
        assert_eq!(receiver.blocking_recv(), Some([9, 9]));
        assert_eq!(holder.hear(), "holds");
        let mut stream = ReceiverStream::new(receiver);
        stream.close();
        assert_eq!(stream.size_hint(), (0, Some(1)), "{how}");
        let mut holder = Some(holder);
        Runner::new(how).run(async move {
            let end = poll_fn(|cx| {
                let polled = Pin::new(&mut stream).poll_next(cx);
                if let Some(mut holder) = holder.take() {
                    assert_eq!(polled, Poll::Pending, "the room is still held");
                    holder.kill();
                }
                polled
            });
            assert_eq!(end.await, None);
            assert_eq!((sender.capacity(), stream.size_hint()), (1, (0, Some(0))));
        });
    }
}
