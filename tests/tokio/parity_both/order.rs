//! In which order values come out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Receiver, Sender, Sends, channel};
use crate::adapter::{finishes, on_one_thread, on_two_threads};

/// Values name their sender in the high half and count up in the low half.
fn named(sender: u64, number: u64) -> u64 {
    sender << 32 | number
}

/// Checks that each of `senders` sent 0, 1, 2, ... up to `each`, in that order, and nothing else came.
#[derive(Clone)]
struct Book {
    next: Vec<u64>,
    each: u64,
}

impl Book {
    fn new(senders: u64, each: u64) -> Self {
        Self { next: vec![0; senders as usize], each }
    }

    #[track_caller]
    fn enter(&mut self, value: u64) {
        let (sender, number) = ((value >> 32) as usize, value & 0xffff_ffff);
        assert_eq!(number, self.next[sender], "out of order, lost or doubled, from sender {sender}");
        self.next[sender] += 1;
    }

    #[track_caller]
    fn close(self) {
        assert!(self.next.iter().all(|&count| count == self.each), "lost: {:?} of {}", self.next, self.each);
    }
}

#[test]
fn values_of_one_sender_come_in_the_order_sent() {
    let (tx, mut rx) = channel::<u64>(100);
    for value in 0..100 {
        tx.send_now(value).unwrap();
    }
    for value in 0..100 {
        assert_eq!(rx.try_recv(), Ok(value));
    }
}

#[test]
fn a_send_that_ended_before_another_began_comes_first() {
    let (tx, mut rx) = channel::<u64>(100);
    let handles = [tx.clone(), tx.clone(), tx];
    for value in 0..99 {
        handles[value as usize % 3].send_now(value).unwrap();
    }
    for value in 0..99 {
        assert_eq!(rx.try_recv(), Ok(value));
    }
}

#[test]
fn what_was_written_before_a_send_is_seen_after_its_receipt() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(4);
        let cells: Arc<Vec<AtomicU64>> = Arc::new((0..2_000).map(|_| AtomicU64::new(0)).collect());
        let theirs = cells.clone();
        let sending = std::thread::spawn(move || {
            for at in 0..2_000 {
                theirs[at as usize].store(at + 1, Ordering::Relaxed);
                tx.send_in_thread(at).unwrap();
            }
        });
        while let Some(at) = rx.blocking_recv() {
            assert_eq!(cells[at as usize].load(Ordering::Relaxed), at + 1);
        }
        sending.join().unwrap();
    });
}

async fn tasks_send(capacity: usize, senders: u64, each: u64) -> (Receiver<u64>, Book) {
    let (tx, rx) = channel::<u64>(capacity);
    for sender in 0..senders {
        let tx = tx.clone();
        tokio::spawn(async move {
            for number in 0..each {
                tx.send_in_task(named(sender, number)).await.unwrap();
            }
        });
    }
    (rx, Book::new(senders, each))
}

#[test]
fn every_value_of_many_tasks_comes_once_in_its_senders_order() {
    for capacity in [1, 2, 7, 64] {
        on_two_threads(move || async move {
            let (mut rx, mut book) = tasks_send(capacity, 5, 400).await;
            while let Some(value) = rx.recv().await {
                book.enter(value);
            }
            book.close();
        });
    }
}

#[test]
fn every_value_of_many_tasks_comes_once_in_batches_too() {
    for capacity in [1, 3, 64] {
        on_two_threads(move || async move {
            let (mut rx, mut book) = tasks_send(capacity, 5, 400).await;
            let mut batch = Vec::new();
            while rx.recv_many(&mut batch, 10).await > 0 {
                assert!(batch.len() <= 10);
                batch.drain(..).for_each(|value| book.enter(value));
            }
            book.close();
        });
    }
}

#[test]
fn every_value_of_many_tasks_comes_once_on_one_thread_too() {
    on_one_thread(|| async {
        let (mut rx, mut book) = tasks_send(3, 20, 50).await;
        while let Some(value) = rx.recv().await {
            book.enter(value);
        }
        book.close();
    });
}

fn threads_send(tx: Sender<u64>, senders: u64, each: u64, send: fn(&Sender<u64>, u64)) {
    for sender in 0..senders {
        let tx = tx.clone();
        std::thread::spawn(move || (0..each).for_each(|number| send(&tx, named(sender, number))));
    }
}

#[test]
fn every_value_of_many_threads_comes_once_in_its_senders_order() {
    for capacity in [1, 2, 16] {
        finishes(move || {
            let (tx, mut rx) = channel::<u64>(capacity);
            threads_send(tx, 4, 400, |tx, value| tx.send_in_thread(value).unwrap());
            let mut book = Book::new(4, 400);
            while let Some(value) = rx.blocking_recv() {
                book.enter(value);
            }
            book.close();
        });
    }
}

#[test]
fn every_value_of_threads_that_try_again_comes_once() {
    finishes(|| {
        let (tx, mut rx) = channel::<u64>(8);
        threads_send(tx, 4, 400, |tx, value| {
            while tx.send_now(value).is_err() {
                std::thread::yield_now();
            }
        });
        let mut book = Book::new(4, 400);
        while let Some(value) = rx.blocking_recv() {
            book.enter(value);
        }
        book.close();
    });
}

#[test]
fn tasks_threads_and_tries_mix_in_one_channel() {
    on_two_threads(|| async {
        let mut rx = {
            let (tx, rx) = channel::<u64>(2);
            threads_send(tx.clone(), 2, 300, |tx, value| tx.send_in_thread(value).unwrap());
            for sender in 2..4 {
                let tx = tx.clone();
                tokio::spawn(async move {
                    for number in 0..300 {
                        tx.send_in_task(named(sender, number)).await.unwrap();
                    }
                });
            }
            let tx = tx.clone();
            tokio::spawn(async move {
                for number in 0..300 {
                    while tx.send_now(named(4, number)).is_err() {
                        tokio::task::yield_now().await;
                    }
                }
            });
            rx
        };
        let mut book = Book::new(5, 300);
        let mut batch = Vec::new();
        while let Some(value) = rx.recv().await {
            book.enter(value);
            while let Ok(value) = rx.try_recv() {
                book.enter(value);
            }
            if rx.recv_many(&mut batch, 4).await == 0 {
                break;
            }
            batch.drain(..).for_each(|value| book.enter(value));
        }
        book.close();
    });
}
