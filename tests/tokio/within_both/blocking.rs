//! Where blocking methods may be called. Within one process: the thread in question is the caller's own.

use tokio::runtime::Builder;

use super::{Sends, channel};
use crate::adapter::{REFUSAL, block_on, caught, finishes, on_one_thread, on_two_threads};

#[test]
fn in_a_task_blocking_recv_panics_at_the_caller_despite_a_value() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.send_now(1).unwrap();
        let mut line = 0;
        let panic = caught(|| {
            line = line!() + 1;
            rx.blocking_recv()
        });
        assert_eq!(panic.message, REFUSAL);
        assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        assert_eq!(rx.try_recv(), Ok(1));
    });
}

#[test]
fn in_a_task_blocking_recv_many_panics_at_the_caller() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        tx.send_now(1).unwrap();
        for limit in [0, 1] {
            let mut line = 0;
            let panic = caught(|| {
                line = line!() + 1;
                rx.blocking_recv_many(&mut Vec::new(), limit)
            });
            assert_eq!(panic.message, REFUSAL);
            assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        }
        assert_eq!(rx.len(), 1);
    });
}

#[test]
fn blocking_calls_are_fine_in_spawn_blocking() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let sending = tokio::task::spawn_blocking(move || {
            for value in 0..100 {
                tx.send_in_thread(value).unwrap();
            }
        });
        for value in 0..100 {
            assert_eq!(rx.recv().await, Some(value));
        }
        sending.await.unwrap();
        let ended = tokio::task::spawn_blocking(move || rx.blocking_recv()).await.unwrap();
        assert_eq!(ended, None);
    });
}

#[test]
fn blocking_calls_are_fine_in_block_in_place() {
    on_two_threads(|| async {
        tokio::spawn(async {
            let (tx, mut rx) = channel::<u64>(1);
            tokio::task::block_in_place(|| {
                tx.send_in_thread(1).unwrap();
                assert_eq!(rx.blocking_recv(), Some(1));
                assert_eq!(rx.blocking_recv_many(&mut Vec::new(), 0), 0);
            });
        })
        .await
        .unwrap();
    });
}

#[test]
fn blocking_calls_are_fine_in_an_entered_but_idle_runtime() {
    finishes(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let (tx, mut rx) = channel::<u64>(1);
        tx.send_in_thread(1).unwrap();
        assert_eq!(rx.blocking_recv(), Some(1));
        let receiving = std::thread::spawn(move || rx.blocking_recv());
        tx.send_in_thread(2).unwrap();
        assert_eq!(receiving.join().unwrap(), Some(2));
    });
}

#[test]
fn blocking_calls_are_fine_inside_another_executor() {
    finishes(|| {
        block_on(async {
            let (tx, mut rx) = channel::<u64>(1);
            tx.send_in_thread(1).unwrap();
            assert_eq!(rx.blocking_recv(), Some(1));
        });
    });
}
