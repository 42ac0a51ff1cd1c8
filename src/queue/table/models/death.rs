//! Senders that stop for ever and are proved dead: what they published is received, what they did not is skipped,
//! and no position of another process is taken for theirs.

use super::{Receiving, World, explore};
use crate::queue::table::{Consumer, Refused};
use crate::queue::{Consume, Taken};
use loom::thread;

/// A sender dies between claim and publish, or right after its send, while another one sends.
fn one_dies((chunks, positions): (u32, u32), is_published: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                if is_published {
                    let _ = world.try_send(1, 10);
                } else {
                    let _ = world.claim(1, 1);
                }
                world.kill(1);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        dying.join().unwrap();
        assert_ne!(sender.join().unwrap(), Err(Refused::Closed));
        world.settle_whole(&mut consumer);
    });
}

/// Shows W75.
#[test]
fn dies_before_publishing() {
    one_dies((2, 2), false, Some(2));
}

#[test]
fn dies_before_publishing_in_a_chunk_of_its_own() {
    one_dies((3, 1), false, Some(2));
}

/// Shows W76.
#[test]
fn dies_after_publishing() {
    one_dies((2, 2), true, Some(2));
}

#[test]
fn dies_after_publishing_in_a_chunk_of_its_own() {
    one_dies((3, 1), true, Some(2));
}

/// Two processes claim one after the other, in one chunk or in two. One of them dies, the other publishes: the live one's position must
/// not be taken for the dead one's.
fn whose_position((chunks, positions): (u32, u32), dead_first: bool) {
    explore(Some(3), move || {
        let world = World::new(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let (one, two) = if dead_first { (1, 2) } else { (2, 1) };
        let held = world.claim_one(one);
        let other = {
            let world = world.clone();
            thread::spawn(move || {
                let claimed = world.claim_one(two);
                if dead_first { world.publish(two, claimed, 20) } else { world.kill(two) }
            })
        };
        let holder = {
            let world = world.clone();
            thread::spawn(move || if dead_first { world.kill(one) } else { world.publish(one, held, 10) })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        other.join().unwrap();
        holder.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// Shows W74.
#[test]
fn whose_position_the_first_dies() {
    whose_position((2, 2), true);
}

#[test]
fn whose_position_the_second_dies() {
    whose_position((2, 2), false);
}

/// Shows W74.
#[test]
fn whose_position_over_a_border_the_first_dies() {
    whose_position((3, 1), true);
}

#[test]
fn whose_position_over_a_border_the_second_dies() {
    whose_position((3, 1), false);
}

/// As before, with a third process that claims behind the two, so that two records stand.
fn whose_position_of_three((chunks, positions): (u32, u32)) {
    explore(Some(1), move || {
        let world = World::new(chunks, positions);
        let mut consumer = Consumer::new(&world.queue());
        let held = world.claim_one(1);
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let _ = world.claim_one(2);
                world.kill(2);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.send(3, 30))
        };
        let holder = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, held, 10))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        for thread in [dying, sender, holder] {
            thread.join().unwrap();
        }
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn whose_position_of_three_in_two_chunks() {
    whose_position_of_three((2, 2));
}

#[test]
fn whose_position_of_three_in_three_chunks() {
    whose_position_of_three((4, 1));
}

/// Explores a number that is given again. A process ends with `published` values in the queue and `unpublished` positions behind
/// them. Its number is given again as soon as none of its positions is unpublished, wherever the receiver is. Then the next
/// process with that number sends, or `is_killed_too`. Nothing of the first process is taken for the second one's.
fn a_number_is_given_again(published: u64, unpublished: u32, is_killed_too: bool) {
    explore(Some(1), move || {
        let world = World::with_numbers(3, 2);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 0..published {
                    world.send(1, 10 + number);
                }
                for _ in 0..unpublished {
                    let _ = world.claim_one(1);
                }
                world.bury(1);
                if !world.give_again_if_it_owns_nothing(1) {
                    return;
                }
                if let Ok(span) = world.claim(1, 1) {
                    if is_killed_too {
                        world.kill(1);
                    } else {
                        world.publish(1, span, 15);
                    }
                }
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        porter.join().unwrap();
        assert_ne!(sender.join().unwrap(), Err(Refused::Closed));
        world.settle_whole(&mut consumer);
    });
}

#[test]
fn a_number_given_again_with_values_queued() {
    a_number_is_given_again(2, 0, false);
}

#[test]
fn a_number_given_again_with_values_queued_dies() {
    a_number_is_given_again(1, 0, true);
}

#[test]
fn a_number_of_unpublished_positions_is_kept() {
    a_number_is_given_again(1, 1, false);
}

/// A number is kept while a position behind whole chunks is not published, though those chunks come to their end, and a sender goes on
/// where they were, while the host looks.
#[test]
fn a_number_is_kept_while_chunks_before_its_position_end() {
    explore(Some(2), || {
        let world = World::with_numbers(4, 1);
        let mut consumer = Consumer::new(&world.queue());
        assert!(world.queue().common().upgrade(4));
        world.send(3, 30);
        world.send(3, 31);
        let _ = world.claim_one(1);
        world.send(3, 32);
        let porter = {
            let world = world.clone();
            thread::spawn(move || {
                world.bury(1);
                world.give_again_if_it_owns_nothing(1);
            })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        assert_ne!(world.try_send(2, 20), Err(Refused::Closed));
        porter.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// The model can fail: a receiver that takes each unpublished position for one of the dead loses values.
#[test]
#[should_panic(expected = "lost, or never sent")]
fn a_position_that_is_given_up_too_soon_is_noticed() {
    explore(Some(0), || {
        let world = World::new(2, 2);
        let mut consumer = Consumer::new(&world.queue());
        let held = world.claim_one(1);
        world.kill(1);
        assert_eq!(world.drain(&mut consumer), Taken::Empty);
        world.publish(1, held, 10);
        world.settle();
    });
}
