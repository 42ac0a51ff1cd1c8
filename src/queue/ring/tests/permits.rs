//! Permits one after another in one thread, what the dead leave of them, and what nonsense in the shared words can do.

use super::*;
use crate::queue::ring::account::{Account, Operation};
use crate::queue::ring::words::{Claim, Waiter};
use std::cell::RefCell;

impl Bench {
    fn reserve(&self, me: Number, count: u32) -> Claimed<()> {
        Permits(count).ask(&self.sender(me), Rank::Newcomer, &self.world)
    }

    fn send_reserved(&self, me: Number, value: u64) {
        let sender = self.sender(me);
        let span = sender.redeem(&self.world).expect("a permit is room that is set aside");
        sender.publish(span, &[value], &self.world);
    }

    fn give_back(&self, me: Number, count: u32) {
        self.sender(me).give_back(count, &self.world);
    }

    fn word(&self) -> Claim {
        Claim(self.queue().view.words.claim.load(Ordering::Relaxed))
    }

    fn account(&self, number: Number) -> Account {
        Account(self.queue().view.common.members[usize::from(number)].account.load(Ordering::Relaxed))
    }

    fn recover(&self, recovery: &mut Recovery, dead: Number) -> Vec<Number> {
        recovery.add(&self.queue(), dead);
        recovery.go_on(&self.queue())
    }
}

#[test]
fn what_is_reserved_is_neither_free_nor_sent() {
    for capacity in [1, 2, 3, 5] {
        let bench = Bench::new(capacity);
        let mut consumer = Consumer::new(&bench.queue());
        for round in 0..20 {
            assert_eq!(bench.reserve(1, capacity), Claimed::Granted(()));
            assert_eq!(bench.reserve(2, 1), Claimed::Full);
            assert!(bench.is_full(2));
            assert_eq!((bench.queue().len(), bench.queue().free_capacity()), (0, 0));
            assert_eq!(bench.account(1).total(), capacity);
            for i in 0..u64::from(capacity) - 1 {
                bench.send_reserved(1, round * 100 + i);
                assert_eq!(bench.receive(&mut consumer), Taken::Value(round * 100 + i));
            }
            bench.give_back(1, 1);
            assert_eq!(bench.queue().free_capacity(), capacity as usize);
            assert_eq!((bench.word().reserved(), bench.account(1).total()), (0, 0));
        }
    }
}

#[test]
fn a_permit_is_good_on_a_closed_channel_and_delays_its_end() {
    let bench = Bench::new(2);
    let mut consumer = Consumer::new(&bench.queue());
    assert_eq!(bench.reserve(1, 2), Claimed::Granted(()));
    bench.queue().close(&bench.world);
    assert_eq!(bench.reserve(1, 1), Claimed::Closed);
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.send_reserved(1, 7);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(7));
    assert_eq!(bench.receive(&mut consumer), Taken::Empty);
    bench.give_back(1, 1);
    assert_eq!(bench.receive(&mut consumer), Taken::End);
}

/// Looks, at each wake, whether a permit operation of process 2 is under way.
struct Onlooker<'a>(&'a Bench, RefCell<Vec<bool>>);

impl Wake for Onlooker<'_> {
    fn wake(&self, _: Sleeper, _: Kind) {
        self.1.borrow_mut().push(self.0.account(2).is_idle());
    }
}

#[test]
fn nobody_is_woken_in_the_middle_of_a_permit_operation() {
    let bench = Bench::new(2);
    let mut consumer = Consumer::new(&bench.queue());
    // One is stopped in the middle of a send, and the tail comes to stand on its slot.
    let _stopped = bench.claim(1);
    bench.send(3, 30);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(30));
    assert_eq!(bench.reserve(2, 1), Claimed::Granted(()));
    let _asleep =
        bench.queue().view.common.header.receiver_bell.register(Kind::Task, crate::queue::Fences::FULL);
    let onlooker = Onlooker(&bench, RefCell::default());
    let sender = bench.sender(2);
    let span = sender.redeem(&onlooker).expect("a permit is room that is set aside");
    sender.publish(span, &[20u64], &bench.world);
    // A void position was claimed, and the receiver told.
    assert_eq!(*onlooker.1.borrow(), [true]);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(20));
}

#[test]
fn a_death_frees_what_that_process_held_and_nothing_else() {
    let bench = Bench::new(5);
    let mut recovery = Recovery::default();
    assert_eq!(bench.reserve(1, 2), Claimed::Granted(()));
    assert_eq!(bench.reserve(2, 1), Claimed::Granted(()));
    assert_eq!(bench.recover(&mut recovery, 1), [1]);
    assert_eq!((bench.word().reserved(), bench.account(1), bench.account(2).total()), (1, Account(0), 1));
    assert_eq!(bench.word().phase(), 0, "no process was in the middle of an operation");
}

/// Shows W33.
#[test]
fn a_death_while_taking_awaits_and_is_told_the_end_of_others() {
    let bench = Bench::new(5);
    let mut recovery = Recovery::default();
    assert_eq!(bench.reserve(2, 1), Claimed::Granted(()));
    // Number 1 has taken two and died before it could write that down.
    let mut dying = Operation::begin(bench.queue(), 1);
    let claim = dying.claim();
    let word = &bench.queue().view.words.claim;
    word.store(claim.with_reserved(3).0, Ordering::Relaxed);
    // Number 2 is stopped in the middle of an operation.
    let stopped = Operation::begin(bench.queue(), 2);
    assert_eq!(bench.recover(&mut recovery, 1), []);
    assert_eq!(bench.word().phase(), 1);
    // Others go on meanwhile, and one leaves.
    assert_eq!(bench.reserve(3, 2), Claimed::Granted(()));
    assert_eq!(bench.recover(&mut recovery, 3), [3]);
    assert_eq!(bench.word().reserved(), 3);
    bench.world.woken.borrow_mut().clear();
    stopped.end(0, &bench.world);
    assert_eq!(*bench.world.woken.borrow(), [Sleeper::Recovery]);
    assert_eq!(recovery.go_on(&bench.queue()), [1]);
    assert_eq!((bench.word().reserved(), bench.account(2).total()), (1, 1));
    // The next grace period begins where this one ended.
    bench.give_back(2, 1);
    let _dying = Operation::begin(bench.queue(), 1);
    assert_eq!(bench.recover(&mut recovery, 1), [1]);
    assert_eq!((bench.word().reserved(), bench.account(2).total(), bench.word().phase()), (0, 0, 0));
}

/// Shows W44.
#[test]
fn a_round_stays_exact_though_a_number_is_given_again_meanwhile() {
    let bench = Bench::new(9);
    let mut recovery = Recovery::default();
    assert_eq!((bench.reserve(2, 1), bench.reserve(3, 2)), (Claimed::Granted(()), Claimed::Granted(())));
    // Number 1 dies in the middle of something, with three; number 2 is stopped in the middle of an operation.
    assert_eq!(bench.reserve(1, 3), Claimed::Granted(()));
    let _dying = Operation::begin(bench.queue(), 1);
    let stopped = Operation::begin(bench.queue(), 2);
    assert_eq!(bench.recover(&mut recovery, 1), []);
    // Number 3 leaves; the next one with it takes and leaves; so does one after that, in the new phase alone.
    assert_eq!(bench.recover(&mut recovery, 3), [3]);
    for _ in 0..2 {
        assert_eq!(bench.reserve(3, 2), Claimed::Granted(()));
        bench.give_back(3, 1);
        assert_eq!(bench.recover(&mut recovery, 3), [3]);
        assert_eq!(bench.word().reserved(), 4);
    }
    // The last one with it stays, and has two when the grace period ends.
    assert_eq!(bench.reserve(3, 2), Claimed::Granted(()));
    stopped.end(0, &bench.world);
    assert_eq!(recovery.go_on(&bench.queue()), [1]);
    assert_eq!(bench.word().reserved(), 3);
    assert_eq!((bench.account(2).total(), bench.account(3).total()), (1, 2));
}

/// Shows W42.
#[test]
fn a_round_is_void_if_the_next_process_with_its_number_dies() {
    let bench = Bench::new(9);
    let mut recovery = Recovery::default();
    assert_eq!((bench.reserve(2, 1), bench.reserve(3, 2)), (Claimed::Granted(()), Claimed::Granted(())));
    let _dying = Operation::begin(bench.queue(), 1);
    let stopped = Operation::begin(bench.queue(), 2);
    assert_eq!(bench.recover(&mut recovery, 1), []);
    assert_eq!(bench.recover(&mut recovery, 3), [3]);
    assert_eq!(bench.reserve(3, 4), Claimed::Granted(()));
    let _dying_too = Operation::begin(bench.queue(), 3);
    assert_eq!(bench.recover(&mut recovery, 3), []);
    stopped.end(0, &bench.world);
    assert_eq!(recovery.go_on(&bench.queue()), [1, 3]);
    assert_eq!((bench.word().reserved(), bench.account(2).total(), bench.word().phase()), (1, 1, 0));
}

#[test]
fn a_waiter_for_more_than_is_free_holds_up_those_behind_it() {
    let bench = Bench::new(3);
    let mut consumer = Consumer::new(&bench.queue());
    bench.send(2, 1);
    let place = bench.queue().enter(1, 3).expect("a record");
    assert_eq!(bench.queue().free_capacity(), 0);
    assert!(bench.is_full(2) && bench.reserve(2, 1) == Claimed::Full);
    let turn = || Permits(3).ask(&bench.sender(1), Rank::Waiter(place.ticket), &bench.world);
    assert_eq!(turn(), Claimed::Full);
    assert_eq!(bench.receive(&mut consumer), Taken::Value(1));
    assert_eq!(turn(), Claimed::Granted(()));
    bench.queue().vacate(place);
    assert_eq!(bench.word().reserved(), 3);
}

#[test]
fn nonsense_makes_no_permit_operation_panic_or_go_on_for_ever() {
    let words = [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, 0x5555_5555_5555_5555, (1 << 32) - 1, 0xfff << 12];
    for capacity in [1, 2, 3] {
        for claim in words {
            for other in words {
                let bench = Bench::new(capacity);
                let view = bench.queue().view;
                view.words.claim.store(claim, Ordering::Relaxed);
                view.words.receiver.head.store(other, Ordering::Relaxed);
                view.common.members[1].account.store(other, Ordering::Relaxed);
                view.waiters[0].store(Waiter::waits_at(2, 1, capacity).0 ^ other, Ordering::Relaxed);
                let sender = bench.sender(1);
                let _ = bench.reserve(1, capacity);
                if let Some(span) = sender.redeem(&bench.world) {
                    sender.publish(span, &[7u64], &bench.world);
                }
                bench.give_back(1, capacity);
                let mut recovery = Recovery::default();
                recovery.add(&bench.queue(), 1);
                let _ = recovery.go_on(&bench.queue());
                assert!(bench.queue().free_capacity() <= capacity as usize);
            }
        }
    }
}
