//! Values that go into a box, and out of a reference.

use std::thread;

use shmpsc::error::TryRecvError;

use super::{Sends, channel};
use crate::adapter::{REFUSAL, Task, block_on, caught, finishes, on_one_thread};

#[test]
fn every_kind_of_boxed_receipt_gives_the_next_value() {
    finishes(|| {
        let (tx, mut rx) = channel::<[u64; 512]>(4);
        assert_eq!(rx.try_recv_boxed(), Err(TryRecvError::Empty));
        let pages: Vec<_> = (0..4).map(|value| Box::new([value; 512])).collect();
        for page in &pages {
            tx.try_send_ref(page).unwrap();
        }
        let thread = thread::spawn(move || (rx.blocking_recv_boxed(), rx));
        let (first, mut rx) = thread.join().unwrap();
        assert_eq!((first.unwrap(), rx.try_recv_boxed().unwrap()), (pages[0].clone(), pages[1].clone()));
        assert_eq!(block_on(rx.recv_boxed()), Some(pages[2].clone()));
        assert_eq!((rx.len(), rx.try_recv()), (1, Ok(*pages[3])));
        drop(tx);
        assert_eq!(rx.try_recv_boxed(), Err(TryRecvError::Disconnected));
        assert_eq!((rx.blocking_recv_boxed(), block_on(rx.recv_boxed())), (None, None));
    });
}

#[test]
fn a_boxed_receipt_waits_and_is_woken() {
    let (tx, mut rx) = channel::<u64>(1);
    let mut receipt = Task::waiting(rx.recv_boxed());
    tx.send_now(1).unwrap();
    assert!(receipt.is_woken());
    assert_eq!(receipt.must_finish(), Some(Box::new(1)));
}

#[test]
fn a_boxed_receipt_that_blocks_is_refused_where_tasks_run() {
    on_one_thread(|| async {
        let (_tx, mut rx) = channel::<u64>(1);
        assert_eq!(caught(|| rx.blocking_recv_boxed()).message, REFUSAL);
    });
}
