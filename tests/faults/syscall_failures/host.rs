//! A receiver's process that is refused one call while somebody joins, sends and leaves.

use std::{path::Path, thread, time::Duration};

use crate::{
    LACKS, ONE, PLENTY, heard, is_in_words, options, panics, patience,
    people::{eventually, kinds::Kind, next_order, room, start, tell, watch::own_descriptors},
    refuser::{Refuser, What},
};

/// Role: receives all that comes, and is refused what it is told to be.
pub fn hosts(kind: Kind, path: &Path, refuser: &Refuser) {
    let mut receiver = kind.bind(options(), path).unwrap();
    tell("bound");
    thread::spawn(move || while receiver.blocking_recv().is_some() {});
    while let Some(order) = next_order() {
        match order.split(' ').collect::<Vec<_>>()[..] {
            ["refuse", nth, errno] => {
                refuser.refuse(What::Nth(nth.parse().unwrap()), errno.parse().unwrap());
                tell("it is");
            }
            ["relent"] => tell(refuser.relent().unwrap_or("none")),
            ["held"] => tell(own_descriptors()),
            ["panics"] => tell(panics()),
            _ => panic!("no order {order}"),
        }
    }
}

/// Shows T35.
#[test]
fn a_host_survives_the_refusal_of_each_call_and_members_go_on() {
    lets_in_after_each_refused_call(Kind::Bounded);
}

#[test]
fn who_lets_in_to_an_unbounded_channel_does_so_after_a_refusal() {
    lets_in_after_each_refused_call(Kind::Unbounded);
}

fn lets_in_after_each_refused_call(kind: Kind) {
    let _patience = patience();
    let room = room();
    let mut host = start(&format!("hosts {kind}"), &room.name());
    if heard(&mut host).is_none() {
        return;
    }
    let mut ask = |what: String| {
        host.order(what);
        host.hear()
    };
    let joins = |deadline| kind.connect(options().timeout(deadline), &room.name());
    let member = joins(Duration::from_secs(20)).unwrap();
    drop(joins(Duration::from_secs(20)).unwrap());
    let (mut here, mut there) = (0, 0);
    eventually("the porters are at rest", || {
        let now = (own_descriptors(), ask("held".into()).parse::<usize>().unwrap());
        let same = now == (here, there);
        (here, there) = now;
        same
    });
    let (mut refusals, mut errors) = (0, 0);
    for errno in LACKS {
        for nth in 0.. {
            assert!(nth < PLENTY, "never done");
            ask(format!("refuse {nth} {errno}"));
            // If the caller is turned away without a word, that is what it notices.
            let joined = joins(Duration::from_millis(500)).map(|sender| sender.blocking_send(ONE).unwrap());
            member.blocking_send(ONE).unwrap();
            let at_rest = |there_now: usize| own_descriptors() <= here && there_now <= there;
            let refused = ask("relent".into());
            let case = format!("call {nth}, {refused}, error {errno}: {joined:?}");
            assert_eq!(ask("panics".into()), "0", "{case}");
            assert!(joined.as_ref().err().is_none_or(is_in_words), "{case}");
            eventually(&format!("somebody is let in again: {case}"), || {
                joins(Duration::from_secs(20)).is_ok_and(|sender| sender.blocking_send(ONE).is_ok())
            });
            eventually(&format!("all descriptors are back: {case}"), || {
                at_rest(ask("held".into()).parse().unwrap())
            });
            if refused == "none" {
                break;
            }
            refusals += 1;
            errors += u32::from(joined.is_err());
        }
    }
    println!("{kind}, lets in: {refusals} calls refused, {errors} callers turned away");
    assert!(errors > 0 && !member.is_closed());
}
