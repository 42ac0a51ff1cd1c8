//! Both wrappers at work in tasks and threads.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;

use crate::adapter::{block_on, finishes, on_one_thread, on_two_threads};
use crate::mpsc::{Receiver, channel};
use crate::sink::PollSender;
use crate::stream::ReceiverStream;

const SENDERS: u64 = 4;
const EACH: u64 = 1000;

/// Sends the numbers of one sender, each with the sender in its upper half.
async fn sends(mut sender: PollSender<u64>, me: u64) {
    for value in 0..EACH {
        poll_fn(|cx| sender.poll_reserve(cx)).await.unwrap();
        sender.send_item(me << 32 | value).unwrap();
    }
}

/// Receives to the end and finds the numbers of each sender in order.
async fn receives(rx: Receiver<u64>) {
    let mut stream = ReceiverStream::new(rx);
    let mut wanted = [0; SENDERS as usize];
    while let Some(item) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        let wanted = &mut wanted[(item >> 32) as usize];
        assert_eq!(item & 0xffff_ffff, *wanted);
        *wanted += 1;
    }
    assert_eq!(wanted, [EACH; SENDERS as usize]);
    assert_eq!(stream.as_ref().capacity(), stream.as_ref().max_capacity());
}

async fn work_in_tasks() {
    let (tx, rx) = channel(3);
    for me in 0..SENDERS {
        tokio::spawn(sends(PollSender::new(tx.clone()), me));
    }
    drop(tx);
    tokio::spawn(receives(rx)).await.unwrap();
}

#[test]
fn values_of_many_sinks_reach_one_stream_on_one_thread() {
    on_one_thread(work_in_tasks);
}

#[test]
fn values_of_many_sinks_reach_one_stream_on_two_threads() {
    on_two_threads(work_in_tasks);
}

#[test]
fn values_of_many_sinks_reach_one_stream_in_another_executor() {
    finishes(|| {
        let (tx, rx) = channel(3);
        let senders: Vec<_> = (0..SENDERS)
            .map(|me| {
                let sender = PollSender::new(tx.clone());
                std::thread::spawn(move || block_on(sends(sender, me)))
            })
            .collect();
        drop(tx);
        block_on(receives(rx));
        for sender in senders {
            sender.join().unwrap();
        }
    });
}
