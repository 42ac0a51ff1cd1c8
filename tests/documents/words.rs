//! How often the comments and documents of each room name no actor: `who`, `whoever`, `somebody`, `nobody`, `anybody`.
//!
//! `words.txt` beside this file has the limit of each room, in such words per 1000. A limit only falls. `SHMPSC_REWRITE=1 cargo test
//! --test documents` writes lower ones down, and those of new rooms.

use crate::texts::{comments, documents, prose, read, root, sources};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

const TABLE: &str = "tests/documents/words.txt";
const COUNTED: [&str; 5] = ["who", "whoever", "somebody", "nobody", "anybody"];
/// Below 1 in 1000 nothing has to be written down.
const GOAL: u32 = 10;

/// What was counted in a room.
#[derive(Clone, Copy, Default)]
struct Count {
    words: usize,
    without_actor: usize,
}

impl Count {
    fn add(&mut self, prose: &str) {
        let words = prose.split(|c: char| !c.is_alphanumeric() && c != '\'');
        for word in words.filter(|word| word.contains(char::is_alphabetic)) {
            self.words += 1;
            self.without_actor +=
                usize::from(COUNTED.iter().any(|counted| word.eq_ignore_ascii_case(counted)));
        }
    }

    /// How many per 1000 words, in tenths, rounded up.
    fn rate(self) -> u32 {
        (self.without_actor * 10_000).div_ceil(self.words.max(1)) as u32
    }
}

fn tenths(rate: u32) -> String {
    format!("{}.{}", rate / 10, rate % 10)
}

/// Returns the room of a file: its top folder, of `src` and `tests` the folder in that.
fn room(path: &str) -> String {
    let parts: Vec<_> = path.trim_end_matches(".rs").split('/').collect();
    match *parts {
        [_] => "the root".to_owned(),
        [top @ ("src" | "tests"), below, ..] if root().join(top).join(below).is_dir() => {
            format!("{top}/{below}")
        }
        [top, ..] => top.to_owned(),
        [] => unreachable!("a path has parts"),
    }
}

fn counts() -> BTreeMap<String, Count> {
    let mut counts = BTreeMap::<String, Count>::new();
    for path in sources() {
        let source = read(&path);
        let prose = prose(comments(&source).map(|(_, text)| text));
        counts.entry(room(&path)).or_default().add(&prose);
    }
    for path in documents() {
        counts.entry(room(&path)).or_default().add(&prose(read(&path).lines()));
    }
    counts
}

/// Returns the limit of each room.
fn limits(table: &str) -> BTreeMap<String, u32> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (room, limit) = line.rsplit_once(": ").expect("a room and its limit");
            (room.to_owned(), limit.replace('.', "").parse().expect("a limit with one tenth"))
        })
        .collect()
}

/// Returns the limits that stand for these rates: none is higher than it was.
fn lowered(rates: &BTreeMap<String, u32>, limits: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    let lower = |(room, &rate): (&String, &u32)| {
        let limit = rate.max(GOAL).min(limits.get(room).copied().unwrap_or(u32::MAX));
        (room.clone(), limit)
    };
    rates.iter().map(lower).collect()
}

#[test]
fn comments_and_documents_name_the_actor() {
    let counts = counts();
    for (room, count) in &counts {
        let rate = tenths(count.rate());
        println!("{room}: {} of {} words, {rate} in 1000", count.without_actor, count.words);
    }
    let rates: BTreeMap<_, _> = counts.iter().map(|(room, count)| (room.clone(), count.rate())).collect();
    let table = read(TABLE);
    let (head, _) = table.split_at(table.find("\n\n").expect("a head and the limits") + 2);
    let old = limits(&table[head.len()..]);
    let new = lowered(&rates, &old);
    for (room, &limit) in &new {
        let rate = counts[room].rate();
        let (found, most) = (tenths(rate), tenths(limit));
        assert!(
            rate <= limit,
            "{room}: {COUNTED:?} are {found} in 1000 words, more than {most}: name the actor"
        );
    }
    if std::env::var_os(super::REWRITE).is_some() {
        let mut table = head.to_owned();
        for (room, &limit) in &new {
            writeln!(table, "{room}: {}", tenths(limit)).expect("text grows");
        }
        fs::write(root().join(TABLE), table).expect("it can be written");
    } else {
        let known = rates.keys().filter(|room| old.contains_key(*room)).count();
        assert_eq!(
            known,
            rates.len(),
            "a room has no limit in {TABLE}: run this test with {}=1",
            super::REWRITE
        );
        assert!(old == new, "a limit in {TABLE} can be lowered: run this test with {}=1", super::REWRITE);
    }
}

#[test]
fn a_limit_falls_and_never_rises() {
    let of = |pairs: &[(&str, u32)]| {
        pairs.iter().map(|&(room, n)| (room.to_owned(), n)).collect::<BTreeMap<_, _>>()
    };
    let limits = of(&[("higher", 20), ("lower", 30), ("good", 10), ("gone", 50)]);
    let rates = of(&[("higher", 25), ("lower", 28), ("good", 3), ("new", 40)]);
    assert_eq!(lowered(&rates, &limits), of(&[("higher", 20), ("lower", 28), ("good", 10), ("new", 40)]));
}

#[test]
fn words_without_an_actor_are_counted() {
    let mut count = Count::default();
    count.add(&prose("Nobody knows who `who` is.\nWhose it is, somebody says.".lines()));
    assert_eq!((count.words, count.without_actor), (9, 3));
    assert_eq!((count.rate(), tenths(count.rate())), (3334, "333.4".to_owned()));
}
