//! Bad neighbours: processes that speak the protocol badly, or too much, or not at all, or leave in ways that are not meant.
//! Real processes; what is shown is that the receiver and the other senders do not notice.
//!
//! Each file has tests and the roles that their children play.

mod door;
mod flood;
mod leave;
#[path = "../../support/mod.rs"]
mod people;
mod raw;
mod receivers;
mod strangers;
mod world;

use std::time::Duration;

use people::{Patience, how::How};

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    match words[0] {
        "hosts" => world::hosts(How::of(words[1]), number(2), &path),
        "sends" => world::sends(How::of(words[1]), number(2), &path),
        "stuffs-and-never-reads" => flood::stuffs_and_never_reads(&path),
        "drains-its-doorbell" => flood::drains_its_doorbell(&path),
        "relays-for-ever" => flood::relays(&path),
        "talks-nonsense" => flood::talks_nonsense(&path),
        "invites-and-never-reads" => flood::invites_and_never_reads(&path),
        "takes-every-place" => flood::takes_every_place(&path),
        "is-half-polite" => door::is_half_polite(&path),
        "lies" => door::lies(&path),
        "joins-and-then-errs" => door::joins_and_then_errs(&path),
        "crowds" => door::crowds(&path),
        "asks-and-never-reads" => door::asks_and_never_reads(&path),
        "closes-and-goes-on" => leave::closes_and_goes_on(&path),
        "closes-and-gives-back" => leave::closes_and_gives_back(&path),
        "forks" => leave::forks(&path),
        "passes-its-lifeline" => leave::passes_its_lifeline(&path),
        "joins-in-vain" => receivers::joins_in_vain(&path),
        "is-a-stranger" => strangers::is_a_stranger(&path),
        other => panic!("no role {other}"),
    }
}

/// No test of these takes longer than some seconds.
fn patience() -> Patience {
    people::patience(Duration::from_secs(180))
}
