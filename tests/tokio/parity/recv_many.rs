//! `recv_many` of a ring.

use crate::adapter::Task;
use crate::mpsc::channel;

#[test]
fn recv_many_takes_across_the_end_of_the_ring() {
    let (tx, mut rx) = channel::<u64>(5);
    let mut next = 0;
    let mut batch = Vec::new();
    for _ in 0..50 {
        let begin = next;
        while tx.try_send(next).is_ok() {
            next += 1;
        }
        batch.clear();
        let taken = Task::new(rx.recv_many(&mut batch, 3)).must_finish();
        assert_eq!(taken, 3);
        assert!(batch.is_sorted() && batch[2] < next && (begin == 0 || batch[0] < begin));
    }
    batch.clear();
    assert_eq!(Task::new(rx.recv_many(&mut batch, 10)).must_finish(), 2);
    assert_eq!(batch, [next - 2, next - 1]);
}
