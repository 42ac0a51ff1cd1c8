//! Waiting in a runtime that is not driven meanwhile, or that has no driver. Within one process: between processes
//! `tests/processes/listening.rs` shows it.

use tokio::runtime::Builder;

use super::{Sends, channel};
use crate::adapter::{Task, finishes, on_one_thread};

#[test]
fn a_recv_begun_in_one_runtime_is_woken_from_another() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut recv = Task::waiting(rx.recv());
        std::thread::spawn(move || on_one_thread(|| async move { tx.send_in_task(1).await }))
            .join()
            .unwrap()
            .unwrap();
        assert!(recv.is_woken());
        assert_eq!(recv.must_finish(), Some(1));
    });
}

#[test]
fn a_runtime_without_any_driver_is_enough_for_the_rest() {
    finishes(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let (tx, mut rx) = channel::<u64>(1);
            let watching = tokio::spawn({
                let tx = tx.clone();
                async move { tx.closed().await }
            });
            tokio::spawn(async move {
                for value in 0..100 {
                    tx.send_in_task(value).await.unwrap();
                }
            });
            for value in 0..100 {
                assert_eq!(rx.recv().await, Some(value));
            }
            drop(rx);
            watching.await.unwrap();
        });
    });
}
