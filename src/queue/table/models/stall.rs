//! Senders that are stopped in the middle of a send, for a while: no other thread waits for them, their chunks are kept, their values come
//! when they come, and what they knew before changes nothing.

use super::{Receiving, World, explore};
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Taken};
use loom::thread;

/// One stalled send from the beginning on, another sender sends `sends` values meanwhile.
fn one_stall(
    (chunks, positions): (u32, u32),
    sends: u64,
    dies: bool,
    is_noted: bool,
    switches: Option<usize>,
) {
    explore(switches, move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        if is_noted {
            world.send(2, 20);
            assert_eq!(world.poll(&mut consumer), Taken::Value(20));
            assert!(consumer.has_stalled());
        }
        let late = {
            let world = world.clone();
            thread::spawn(move || if dies { world.kill(1) } else { world.publish(1, stalled, 10) })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 1..=sends {
                    assert_ne!(world.try_send(2, 20 + number), Err(Refused::Closed));
                }
            })
        };
        for _ in 0..=sends {
            world.poll(&mut consumer);
        }
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W75.
#[test]
fn one_stall_in_a_chunk() {
    one_stall((2, 2), 2, false, false, Some(2));
}

#[test]
fn one_stall_in_a_chunk_of_its_own() {
    one_stall((3, 1), 2, false, false, Some(2));
}

#[test]
fn one_stall_that_is_noted() {
    one_stall((3, 1), 2, false, true, Some(2));
}

#[test]
fn one_stall_that_dies() {
    one_stall((3, 1), 2, true, true, Some(2));
}

/// A send is stalled while the table comes round: another chunk stands at the place of its entry, and nothing is written there.
fn while_the_table_comes_round(dies: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(3, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        for number in 20..22 {
            world.send(2, number);
            assert_eq!(world.poll(&mut consumer), Taken::Value(number));
        }
        let late = {
            let world = world.clone();
            thread::spawn(move || if dies { world.kill(1) } else { world.publish(1, stalled, 10) })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 22..25 {
                    assert_ne!(world.try_send(2, number), Err(Refused::Closed));
                }
            })
        };
        for _ in 0..3 {
            world.poll(&mut consumer);
        }
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W84.
#[test]
fn while_the_table_comes_round_and_goes_on() {
    while_the_table_comes_round(false, Some(2));
}

/// Shows W83.
#[test]
fn while_the_table_comes_round_and_dies() {
    while_the_table_comes_round(true, Some(2));
}

/// Two stalled sends, in one chunk or in one each; the first one may die.
fn two_stalls((chunks, positions): (u32, u32), dies: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let first = world.claim_one(1);
        let second = world.claim_one(2);
        let late = {
            let world = world.clone();
            thread::spawn(move || {
                if dies {
                    world.kill(1)
                } else {
                    world.publish(1, first, 10)
                }
                world.publish(2, second, 20);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 30..32 {
                    assert_ne!(world.try_send(3, number), Err(Refused::Closed));
                }
            })
        };
        for _ in 0..3 {
            world.poll(&mut consumer);
        }
        late.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn two_stalls_in_one_chunk() {
    two_stalls((2, 2), false, Some(1));
}

#[test]
fn two_stalls_in_two_chunks() {
    two_stalls((4, 1), false, Some(1));
}

#[test]
fn two_stalls_one_dies() {
    two_stalls((2, 2), true, Some(1));
}

/// A sender is stopped anywhere before its exchange of the claim word, while all chunks come round: it may touch the record in a
/// chunk that is used again, or was given back, and have a chunk made memory that is on offer elsewhere.
fn with_old_words((chunks, positions): (u32, u32), sends: u64, switches: usize) {
    explore(Some(switches), move || {
        let world = World::with_light_fences(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        let stopped = {
            let world = world.clone();
            thread::spawn(move || assert_ne!(world.try_send(1, 10), Err(Refused::Closed)))
        };
        for number in 30..30 + sends {
            let _ = world.try_send(3, number);
            world.poll(&mut consumer);
        }
        stopped.join().unwrap();
        world.settle_whole(&mut consumer);
        let needed = 3 + world.memory().strays();
        assert!(world.memory().count() <= needed, "memory that no sender needs");
    });
}

/// Shows W81.
#[test]
fn with_old_words_two_chunks() {
    with_old_words((2, 1), 4, 1);
}

/// Shows W79.
#[test]
fn with_old_words_three_chunks() {
    with_old_words((3, 1), 4, 2);
}

#[test]
fn with_old_words_four_chunks() {
    with_old_words((4, 1), 5, 1);
}

/// A sender read the claim word, and was stopped before it looked at the record it needs. Meanwhile the chunk of that record comes round,
/// and what is recorded there next must not be hidden by the old one.
/// Shows W82.
#[test]
fn an_old_record_does_not_hide_a_newer_one() {
    explore(Some(1), || {
        let world = World::with_light_fences(2, 2);
        let mut consumer = Consumer::new(&world.queue());
        world.send(2, 20);
        world.poll(&mut consumer);
        let stopped = {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, 10))
        };
        // They come to their end by themselves, so that one switch is enough to stop the other one.
        let others = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 30..33 {
                    let _ = world.try_send(3, number);
                    world.poll(&mut consumer);
                }
                let held = world.claim(2, 1);
                let _ = world.claim(3, 1);
                world.kill(3);
                (consumer, held)
            })
        };
        let (mut consumer, held) = others.join().unwrap();
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        if let Ok(held) = held {
            world.publish(2, held, 21);
        }
        let _ = stopped.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}
