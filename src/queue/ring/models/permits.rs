//! Permits: capacity is never exceeded nor lost, a permit's send finds its place whatever stalls, the end of a closed
//! channel waits for the last permit, and a sender that waits for room is woken by one that is given back.

use super::{Receiving, World, explore};
use crate::queue::ring::{Claimed, Consumer};
use crate::queue::{Consume, Taken};
use crate::sync::Ordering;
use crate::wait::Stand;
use loom::thread;

/// Two processes reserve at once, each sends on its permit or gives it back, and a third sends without one.
fn all_at_once(capacity: u32, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let sender = {
            let world = world.clone();
            thread::spawn(move || {
                if world.reserve(1, 1) == Claimed::Granted(()) {
                    world.send_reserved(1, 10);
                }
            })
        };
        let giver = {
            let world = world.clone();
            thread::spawn(move || {
                if world.reserve(2, 1) == Claimed::Granted(()) {
                    world.give_back(2, 1);
                }
            })
        };
        world.try_send(3, 30);
        world.poll(&mut consumer);
        sender.join().unwrap();
        giver.join().unwrap();
        world.settle_whole(&mut consumer);
        assert_eq!(world.reserved(), 0);
    });
}

#[test]
fn all_at_once_capacity_1() {
    all_at_once(1, Some(2));
}

#[test]
fn all_at_once_capacity_2() {
    all_at_once(2, Some(2));
}

/// A request for two takes both or none.
#[test]
fn two_or_none() {
    explore(None, || {
        let world = World::new(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let many = {
            let world = world.clone();
            thread::spawn(move || world.reserve(1, 2) == Claimed::Granted(()))
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        sender.join().unwrap();
        if many.join().unwrap() {
            assert_eq!(world.reserved(), 2);
            world.send_reserved(1, 10);
            world.give_back(1, 1);
        }
        world.settle_whole(&mut consumer);
    });
}

/// A sender that finds a new claim word finds the head that made it possible: no open channel looks like nonsense to it.
#[test]
fn an_open_channel_never_refuses_as_closed() {
    explore(Some(3), || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(1, 10);
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(1, 11))
        };
        let reserver = {
            let world = world.clone();
            thread::spawn(move || match world.reserve(2, 1) {
                Claimed::Granted(()) => world.give_back(2, 1),
                Claimed::Full => {}
                Claimed::Closed => panic!("it is open"),
            })
        };
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        sender.join().unwrap();
        reserver.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// The receiver closes and sleeps until the end, while permits are out: it comes with the last of them and not before.
fn close_with_permits(capacity: u32, act: fn(&World, u16), others: bool, switches: Option<usize>) {
    explore(switches, move || {
        let world = World::new(capacity, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let holders: &[u16] = if others { &[1, 2] } else { &[1] };
        for me in holders {
            assert!(world.queue().common().upgrade(*me));
            assert_eq!(world.reserve(*me, 1), Claimed::Granted(()));
        }
        let threads: Vec<_> = holders
            .iter()
            .map(|me| {
                let (world, me) = (world.clone(), *me);
                thread::spawn(move || act(&world, me))
            })
            .collect();
        world.queue().close(&*world);
        while world.receive_asleep(&mut consumer).is_some() {}
        assert_eq!(world.reserved(), 0, "ended under a permit");
        for thread in threads {
            thread.join().unwrap();
        }
        world.settle();
        assert_eq!(world.queue().free_capacity(), capacity as usize);
    });
}

fn gives_back(world: &World, me: u16) {
    world.give_back(me, 1);
}

fn sends(world: &World, me: u16) {
    world.send_reserved(me, u64::from(me) * 10);
}

/// Shows W41.
#[test]
fn close_and_the_last_permit_is_given_back() {
    close_with_permits(1, gives_back, false, None);
}

#[test]
fn close_and_the_last_permit_is_sent_on() {
    close_with_permits(1, sends, false, None);
}

#[test]
fn close_and_two_permits_are_given_back() {
    close_with_permits(2, gives_back, true, Some(2));
}

#[test]
fn close_and_two_permits_are_sent_on() {
    close_with_permits(2, sends, true, Some(2));
}

/// Everything is reserved; one permit given back wakes one waiter.
/// Shows W40.
#[test]
fn a_permit_given_back_wakes_a_waiter() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.reserve(3, 1), Claimed::Granted(()));
        let waiter = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(1, 10)))
        };
        world.give_back(3, 1);
        waiter.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// A sender waits to reserve while the value of the other one is received.
#[test]
fn room_wakes_who_waits_to_reserve() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        let waiter = {
            let world = world.clone();
            thread::spawn(move || {
                assert!(world.reserve_asleep(1, 1));
                world.send_reserved(1, 10);
            })
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        waiter.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// The receiver, whose fence is light, and a sender give back one each at the same time. The sender that waits for both has registered
/// before, and is rung by one of the two at least.
#[test]
fn two_that_give_back_at_once_ring_who_waits_for_both() {
    explore(None, || {
        let world = World::with_light_fences(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        assert_eq!(world.reserve(4, 1), Claimed::Granted(()));
        let mut stand = Stand::Nowhere;
        assert!(!world.turn_to_reserve(1, 2, &mut stand));
        let Stand::InLine(place) = stand else { panic!("there is a record") };
        let bell = |world: &World| world.queue().view.bells[place.record].word.load(Ordering::Relaxed);
        let asleep = bell(&world);
        let giver = {
            let world = world.clone();
            thread::spawn(move || world.give_back(4, 1))
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        giver.join().unwrap();
        assert_ne!(bell(&world), asleep, "it was not rung");
        assert!(world.turn_to_reserve(1, 2, &mut stand));
        world.give_back(1, 2);
        world.settle_whole(&mut consumer);
    });
}

/// The first in the line wants two, the second one; one place becomes free, which is for neither yet. What `act` does to
/// the first lets the second one have it.
fn a_large_request_goes(act: fn(&World, &mut Stand)) {
    explore(Some(2), move || {
        let world = World::new(2, 2, 1);
        let mut consumer = Consumer::new(&world.queue());
        world.send(3, 30);
        assert_eq!(world.reserve(3, 1), Claimed::Granted(()));
        let mut large = Stand::Nowhere;
        assert!(!world.turn_to_reserve(1, 2, &mut large));
        let second = {
            let world = world.clone();
            thread::spawn(move || assert!(world.send_asleep(2, 20)))
        };
        let first = {
            let world = world.clone();
            thread::spawn(move || act(&world, &mut large))
        };
        assert_eq!(world.poll(&mut consumer), Taken::Value(30));
        first.join().unwrap();
        second.join().unwrap();
        world.give_back(3, 1);
        world.settle_whole(&mut consumer);
    });
}

/// Shows W23.
#[test]
fn a_large_request_is_cancelled_and_the_next_one_has_its_room() {
    a_large_request_goes(|world, stand| world.leave(1, stand));
}

/// Shows W21.
#[test]
fn a_large_request_dies_and_the_next_one_has_its_room() {
    a_large_request_goes(|world, _| {
        // The stream does not end with it.
        assert!(world.queue().common().upgrade(4));
        world.kill(1, 0);
        world.queue().repair(1, world);
    });
}

/// A permit is sent on while a send is stalled in the slot that comes next: its position is void, the permit's value
/// stands behind it.
fn a_permit_goes_round_a_stalled_send(capacity: u32, closes: bool) {
    explore(Some(2), move || {
        let world = World::new(capacity, 1, 2);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        assert_eq!(world.reserve(2, capacity - 1), Claimed::Granted(()));
        let holder = {
            let world = world.clone();
            thread::spawn(move || {
                for number in 1..u64::from(capacity) {
                    world.send_reserved(2, 20 + number);
                }
            })
        };
        let late = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, stalled, 10))
        };
        if closes {
            world.queue().close(&*world);
        }
        world.poll(&mut consumer);
        world.poll(&mut consumer);
        holder.join().unwrap();
        late.join().unwrap();
        if closes {
            assert_eq!(world.drain(&mut consumer), Taken::End);
            world.settle();
        } else {
            world.settle_whole(&mut consumer);
        }
    });
}

/// Shows W35.
#[test]
fn a_permit_goes_round_a_stalled_send_capacity_2() {
    a_permit_goes_round_a_stalled_send(2, false);
}

/// Shows W37.
#[test]
fn a_permit_goes_round_a_stalled_send_on_a_closed_channel() {
    a_permit_goes_round_a_stalled_send(2, true);
}

#[test]
fn permits_go_round_a_stalled_send_capacity_3() {
    a_permit_goes_round_a_stalled_send(3, false);
}

/// The only slot that is left is in quarantine when the permit is sent on.
/// Shows W35.
#[test]
fn a_permit_finds_its_place_behind_a_void_one() {
    explore(None, || {
        let world = World::new(2, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        let stalled = world.claim_one(1);
        world.send(2, 20);
        assert_eq!(world.poll(&mut consumer), Taken::Value(20));
        assert_eq!(world.reserve(2, 1), Claimed::Granted(()));
        let holder = {
            let world = world.clone();
            thread::spawn(move || world.send_reserved(2, 21))
        };
        let late = {
            let world = world.clone();
            thread::spawn(move || world.publish(1, stalled, 10))
        };
        world.poll(&mut consumer);
        holder.join().unwrap();
        late.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}

/// A process dies between redeeming its permit and publishing: the position is skipped, the permit is spent.
/// Shows W36, W37.
#[test]
fn a_redeemer_dies_before_publishing() {
    explore(None, || {
        let world = World::new(1, 1, 1);
        let mut consumer = Consumer::new(&world.queue());
        assert_eq!(world.reserve(1, 1), Claimed::Granted(()));
        let dying = {
            let world = world.clone();
            thread::spawn(move || {
                let _ = world.redeem(1);
                world.kill(1, 1);
                world.recover(vec![1]);
            })
        };
        let sender = {
            let world = world.clone();
            thread::spawn(move || world.try_send(2, 20))
        };
        world.poll(&mut consumer);
        dying.join().unwrap();
        sender.join().unwrap();
        world.settle_whole(&mut consumer);
    });
}
