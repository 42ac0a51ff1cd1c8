//! Values from senders to the receiver, over several chunks. Nothing is refused but by the limit; no sender stops or dies.

use super::{Receiving, World, explore};
use crate::queue::table::Consumer;
use crate::queue::table::Refused;
use crate::queue::{Consume, Taken};
use loom::thread;

/// Two senders of two processes send one value each, the receiver looks twice meanwhile. Some have gone through before.
fn two_senders(chunks: u32, positions: u32, before: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..before {
            world.send(3, 30 + number);
            assert_eq!(world.poll(&mut consumer), Taken::Value(30 + number));
        }
        let senders = [1, 2].map(|me| {
            let world = world.clone();
            thread::spawn(move || world.try_send(me, u64::from(me) * 10))
        });
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Err(Refused::Closed));
        }
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_senders_in_one_chunk() {
    two_senders(2, 2, 0, Some(2));
}

#[test]
fn two_senders_over_a_border() {
    two_senders(2, 2, 1, Some(2));
}

#[test]
fn two_senders_with_a_chunk_each() {
    two_senders(3, 1, 1, Some(2));
}

/// A sender goes on over all chunks, and they are used again.
fn one_sender(chunks: u32, positions: u32, sends: u64, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..sends {
                    assert_ne!(world.try_send(1, 10 + number), Err(Refused::Closed));
                }
            })
        };
        for _ in 0..sends {
            world.poll(&mut consumer);
        }
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn one_sender_uses_chunks_again() {
    one_sender(2, 1, 4, Some(2));
}

#[test]
fn one_sender_uses_chunks_of_two_again() {
    one_sender(2, 2, 4, Some(1));
}

#[test]
fn one_sender_finds_memory_ahead() {
    one_sender(3, 1, 5, Some(1));
}

/// Two threads of one process share what it knows of the table.
fn two_threads_of_one_process(chunks: u32, positions: u32, before: u64) {
    explore(Some(2), move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        for number in 0..before {
            world.send(1, 10 + number);
        }
        let senders = [20, 30].map(|number| {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, number))
        });
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for sender in senders {
            assert_ne!(sender.join().unwrap(), Err(Refused::Closed));
        }
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_threads_of_one_process_in_one_chunk() {
    two_threads_of_one_process(2, 2, 0);
}

#[test]
fn two_threads_of_one_process_over_a_border() {
    two_threads_of_one_process(2, 2, 1);
}

#[test]
fn two_threads_of_one_process_use_a_chunk_again() {
    two_threads_of_one_process(2, 1, 2);
}

/// A batch is claimed chunk by chunk, its values come in order, and the receiver takes batches over borders.
fn batches(chunks: u32, positions: u32) {
    explore(Some(1), move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let batch = {
            let world = world.clone();
            thread::spawn(move || world.send_many(1, 10, 3))
        };
        let single = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll_many(&mut consumer);
        world.poll_many(&mut consumer);
        assert_ne!(batch.join().unwrap(), Err(Refused::Closed));
        assert_ne!(single.join().unwrap(), Err(Refused::Closed));
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn batches_over_a_border() {
    batches(3, 2);
}

#[test]
fn batches_over_three_borders() {
    batches(3, 1);
}

/// A value sent because another one was seen to be sent comes after it.
#[test]
fn causes_come_first() {
    explore(Some(3), || {
        let world = World::with_light_fences(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        let first = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(1, 10);
                world.kill(3); // a flag that the second sender waits for
            })
        };
        let second = {
            let world = world.clone();
            thread::spawn(move || {
                if crate::queue::Peers::is_dead(&*world, 3) {
                    world.send(2, 20);
                }
            })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        assert!(world.received().is_sorted());
        world.settle_whole(&mut consumer);
    });
}

/// A thread that asks for the count while a whole channel of values goes by is told no less than there is at any time.
#[test]
fn the_count_is_right_though_a_chunk_goes_by() {
    explore(Some(2), || {
        let world = World::with_light_fences(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        for number in 10..13 {
            world.send(1, number);
        }
        let asks = {
            let world = world.clone();
            thread::spawn(move || assert!(world.queue().len() > 0, "it was never empty"))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        world.send(2, 20);
        asks.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// A thread that asks whether the words fit each other, and how many values there are, is told no nonsense.
#[test]
fn the_words_fit_at_any_time() {
    explore(Some(2), || {
        let world = World::with_light_fences(2, 1);
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                world.send(1, 10);
                let _ = world.try_send(1, 11);
            })
        };
        let asks = {
            let world = world.clone();
            thread::spawn(move || {
                assert_eq!(world.queue().nonsense(), None);
                assert!(world.queue().len() <= 2);
            })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        sender.join().unwrap();
        asks.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}
