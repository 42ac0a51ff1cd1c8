//! Waiting in a runtime that nobody drives meanwhile. Within one process: word from another comes to a task through its
//! runtime (`docs/limits.md`, Executors).

use crate::adapter::{Task, on_one_thread};
use crate::mpsc::channel;

#[test]
fn a_recv_begun_in_one_runtime_is_woken_from_another() {
    on_one_thread(|| async {
        let (tx, mut rx) = channel::<u64>(1);
        let mut recv = Task::waiting(rx.recv());
        std::thread::spawn(move || on_one_thread(|| async move { tx.send(1).await }))
            .join()
            .unwrap()
            .unwrap();
        assert!(recv.is_woken());
        assert_eq!(recv.must_finish(), Some(1));
    });
}
