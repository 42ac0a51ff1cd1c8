//! A bounded channel whose pages are to be huge and mapped at once, and whose maker is refused a call.

use shmpsc::{Options, Receiver, Sender, error::OpenError};

use crate::{
    FORBIDS, LACKS, PLENTY, heard, is_in_words, panics, patience,
    people::{Value, room, start, tell, watch::own_faults},
    refuser::{Refuser, What},
};

const CAPACITY: usize = 100_000;

fn made() -> Result<(Sender<Value>, Receiver<Value>), OpenError> {
    Options::new().capacity(CAPACITY).prefault(true).huge_pages(true).channel()
}

/// Sends a lap and receives it, and tells how many pages were mapped only then.
fn laps((sender, mut receiver): (Sender<Value>, Receiver<Value>)) -> u64 {
    let before = own_faults();
    (0..CAPACITY as u64).for_each(|n| sender.try_send([n, n]).unwrap());
    (0..CAPACITY as u64).for_each(|n| assert_eq!(receiver.try_recv(), Ok([n, n])));
    own_faults() - before
}

/// Role: makes a channel while the first call is refused, then the second, and so on until there is none to refuse.
pub fn maps(refuser: &Refuser) {
    let pages = CAPACITY * size_of::<Value>() / rustix::param::page_size();
    let (mut refusals, mut errors, mut advice) = (0, 0, 0);
    for errno in LACKS.into_iter().chain(FORBIDS) {
        for nth in 0..PLENTY {
            refuser.refuse(What::Nth(nth), errno);
            let made = made();
            let Some(call) = refuser.relent() else { break };
            refusals += 1;
            match made {
                Err(error) => {
                    assert!(is_in_words(&error), "{call}, error {errno}: {error:?}");
                    errors += 1;
                }
                Ok(ends) => {
                    let faults = laps(ends);
                    assert!(faults <= pages as u64 / 32, "{call}, error {errno}: {faults} faults");
                    advice += u32::from(call == "madvise");
                }
            }
            assert_eq!(panics(), 0, "{call}, error {errno}");
        }
    }
    tell(format!("{refusals} {errors} {advice}"));
}

/// Shows T35.
#[test]
fn pages_are_mapped_at_once_or_the_channel_is_an_error() {
    let _patience = patience();
    let room = room();
    let mut child = start("maps", &room.name());
    let Some(said) = heard(&mut child) else { return };
    let numbers: Vec<u64> = said.split(' ').map(|word| word.parse().expect("a number")).collect();
    let [refusals, errors, advice] = numbers[..] else { panic!("three numbers") };
    println!(
        "maps: {refusals} calls refused, {errors} errors, {advice} times advice was refused and not needed"
    );
    assert!(errors > 0 && advice > 0);
    child.end();
}
