//! What takes minutes to show between real processes. Not a part of `cargo test`: `.ci/endurance` runs it.
//!
//! Each part prints what it shows, and panics if it shows something else.

mod acknowledged;
mod acknowledgements;
mod burst;
mod crowd;
mod cycles;
mod film;
mod idle;
mod killed;
mod kills;
mod line;
mod memory;
#[path = "../../support/mod.rs"]
mod people;
mod permits;
mod places;
mod soak;
#[path = "../scenarios/mod.rs"]
mod trials;

use std::time::{Duration, Instant};

use memory::Message;
use people::{how::How, kinds::Kind};
use shmpsc::Options;
use trials::cycles::Fences;

/// How much of everything is done.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Everything is done in full, or a hundredth of it.
    pub is_full: bool,
}

impl Scale {
    /// `full`, or a hundredth of it.
    pub fn of(self, full: u64) -> u64 {
        if self.is_full { full } else { full.div_ceil(100) }
    }
}

type Part = (&'static str, fn(Scale));

const PARTS: [Part; 12] = [
    ("crowd", crowd::show),
    ("burst", burst::show),
    ("line", line::show),
    ("permits", permits::show),
    ("idle", idle::show),
    ("cycles", cycles::show),
    ("fences", cycles::show_fences),
    ("killed", killed::show),
    ("kills", kills::show),
    ("acknowledged", acknowledged::show),
    ("soak", soak::show),
    ("film", film::show),
];

fn main() {
    if people::my_role().is_some() {
        return role();
    }
    let (options, mut wanted): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let brief = options.iter().any(|option| option == "--brief");
    if let Some(unknown) = options.iter().find(|option| *option != "--brief") {
        panic!("no option {unknown}");
    }
    if let Some(unknown) = wanted.iter().find(|word| !PARTS.iter().any(|(name, _)| name == word)) {
        panic!("no part {unknown}; there are {}", PARTS.map(|(name, _)| name).join(", "));
    }
    if wanted.is_empty() {
        wanted = PARTS.map(|(name, _)| name.to_owned()).to_vec();
    }
    for (name, show) in PARTS {
        if wanted.iter().any(|word| word == name) {
            println!("== {name}");
            let start = Instant::now();
            // Nothing waits for this; it turns a lost wakeup into a failure.
            let _patience = people::patience(Duration::from_secs(1800));
            show(Scale { is_full: !brief });
            println!("   {:.1} s", start.elapsed().as_secs_f64());
        }
    }
}

/// What the children do.
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let how = |at: usize| How::of(words[at]);
    let kind = || Kind::of(words[1]);
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    match words[0] {
        "sends" => crowd::sends(kind(), how(2), number(3), number(4), &path),
        "receives-nothing" => idle::receives_nothing(kind(), how(2), &path),
        "holds-a-sender" => idle::holds_a_sender(kind(), how(2), &path),
        "holds-a-receiver" => idle::holds_a_receiver(&path),
        "sends-into-full" => idle::sends_into_full(how(1), &path),
        "asks" => trials::cycles::asks(kind(), how(2), Fences::of(words[3]), number(4), &path),
        "answers" => trials::cycles::answers(kind(), how(2), Fences::of(words[3]), number(4), &path),
        "fills" => trials::cycles::fills(how(1), number(2), &path),
        "drains" => trials::cycles::drains(how(1), Fences::of(words[2]), number(3), &path),
        "hosts" => killed::hosts(kind(), how(2), &path),
        "stands-in-crowd" => trials::line::stands_in_crowd(number(1), &path),
        "works-with-permits" => trials::permits::works(number(1), number(2), number(3), &path),
        "forks-who-is-killed" => acknowledged::forks_who_is_killed(kind(), number(2), number(3), &path),
        "lives-a-life" => soak::lives_a_life(kind(), number(2), number(3), &path),
        "joins-till-full" => places::joins_till_full(|| kind().connect(Options::new(), &path)),
        "joins-bursts-till-full" => places::joins_till_full(|| shmpsc::connect_unbounded::<Message>(&path)),
        "sends-bursts" => burst::sends_bursts(number(1), &path),
        "sends-until-told" => burst::sends_until_told(number(1), &path),
        "sends-bursts-till-killed" => kills::sends_bursts_till_killed(number(1), &path),
        "sends-for-ever" => killed::sends_for_ever(kind(), how(2), &path),
        other => panic!("no role {other}"),
    }
}
