//! `docs/parity.md`, made from the parity suite: each item of tokio's contract, whether it holds here, and where that
//! was shown.
//!
//! What the items are and which bodies show them stands in `items.txt`. Where a body runs is told by the
//! folder that it is in, and the reasons of differences are those of `docs/limits.md`. To rewrite the document:
//! `SHMPSC_REWRITE=1 cargo test --test parity_table`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Write};
use std::fs;
use std::path::{Path, PathBuf};

const REWRITE: &str = "SHMPSC_REWRITE";
const DOCUMENT: &str = "docs/parity.md";

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where a body runs, beside tokio's channel.
enum Runs {
    /// On us, and on us with senders in other processes.
    Across,
    /// On us in one process, with the reason.
    Within(String),
    /// Nowhere.
    Tokio,
}

/// The folders of bodies, each with the programs that run it. What is in one whose name has `both` runs on both kinds of channel.
const FOLDERS: [(&str, &[&str]); 7] = [
    ("parity", &["parity_tokio", "parity_ours", "parity_across"]),
    ("parity_both", &["parity_tokio", "parity_ours", "parity_across"]),
    ("within", &["parity_tokio", "parity_ours"]),
    ("within_both", &["parity_tokio", "parity_ours"]),
    ("differs", &["parity_tokio"]),
    ("wrappers", &["parity_tokio", "parity_ours"]),
    ("wrappers_both", &["parity_tokio", "parity_ours"]),
];

fn is_of_both_kinds(folder: &str) -> bool {
    folder.contains("both")
}

struct Body {
    runs: Runs,
    on_both_kinds: bool,
    /// Whether it, or the same on the bounded kind, runs on an unbounded channel.
    on_unbounded: bool,
}

type Bodies = BTreeMap<String, Body>;

/// All bodies of the suite, by name.
fn bodies() -> Bodies {
    let mut bodies = Bodies::new();
    for (folder, _) in FOLDERS {
        for file in fs::read_dir(at("tests/tokio").join(folder)).expect("the bodies are there") {
            let path = file.expect("a file").path();
            let text = read(&path);
            let tests = text.matches("#[test]").count();
            assert_eq!(text.matches("#[test]\nfn ").count(), tests, "unread bodies in {}", path.display());
            for body in text.split("#[test]\nfn ").skip(1) {
                let on_both_kinds = is_of_both_kinds(folder);
                let on_unbounded = on_both_kinds || body.contains("nbounded");
                let name = body.split('(').next().expect("a name").to_owned();
                let runs = match folder {
                    "parity" | "parity_both" => Runs::Across,
                    "within" | "within_both" => Runs::Within(why_within(&path, &text)),
                    "wrappers" | "wrappers_both" => {
                        Runs::Within("`tests/processes/` has their own".to_owned())
                    }
                    _ => Runs::Tokio,
                };
                let body = Body { runs, on_both_kinds, on_unbounded };
                assert!(bodies.insert(name.clone(), body).is_none(), "two bodies are called {name}");
            }
        }
    }
    bodies
}

/// Why the bodies of a file cannot cross, from the sentences at its head.
fn why_within(path: &Path, text: &str) -> String {
    let head: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let head = head.join(" ");
    let why = head.split_once("Within one process: ").and_then(|(_, why)| why.strip_suffix('.'));
    why.unwrap_or_else(|| panic!("{} does not say why within one process", path.display())).to_owned()
}

/// Whether an item of the contract holds here.
enum Verdict {
    Same,
    /// The row of `docs/limits.md`, by its first cell.
    Differs(String),
    LeftOut(String),
}

struct Item {
    name: String,
    verdict: Verdict,
    bodies: Vec<String>,
}

/// The sections of the contract with their items. A line is a section, an item or, behind four spaces, something about
/// the item.
fn sections() -> Vec<(String, Vec<Item>)> {
    let text = read(at("tests/tokio/items.txt"));
    let mut sections: Vec<(String, Vec<Item>)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("# ") {
            sections.push((name.to_owned(), Vec::new()));
            continue;
        }
        let items = &mut sections.last_mut().expect("a section comes first").1;
        let Some(about) = line.strip_prefix("    ") else {
            items.push(Item { name: line.to_owned(), verdict: Verdict::Same, bodies: Vec::new() });
            continue;
        };
        let item = items.last_mut().expect("an item comes first");
        match about.split_once(": ") {
            Some(("differs", row)) => item.verdict = Verdict::Differs(row.to_owned()),
            Some(("left out", why)) => item.verdict = Verdict::LeftOut(why.to_owned()),
            _ => item.bodies.push(about.to_owned()),
        }
    }
    sections
}

/// What differs from tokio, in the order of the table: what tokio does, what is done here, and why.
fn differences() -> Vec<[String; 3]> {
    let text = read(at("docs/limits.md"));
    let (_, table) = text.split_once("## Differences to tokio").expect("the table is there");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")).skip(2);
    rows.map(|row| {
        let cells: Vec<_> = row.split(" | ").map(str::to_owned).collect();
        cells.try_into().expect("three cells")
    })
    .collect()
}

/// Where the bodies of an item run.
struct Places<'a> {
    item: &'a Item,
    bodies: &'a Bodies,
}

impl Places<'_> {
    fn of(&self) -> impl Iterator<Item = &Runs> {
        self.bodies().map(|body| &body.runs)
    }

    fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.item.bodies.iter().filter_map(|name| self.bodies.get(name))
    }
}

impl Display for Places<'_> {
    /// The last three cells of the item's row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = self.of().filter(|runs| !matches!(runs, Runs::Tokio)).count();
        let across = self.of().filter(|runs| matches!(runs, Runs::Across)).count();
        let reasons: BTreeSet<_> = self
            .of()
            .filter_map(|runs| if let Runs::Within(why) = runs { Some(&**why) } else { None })
            .collect();
        let both = self.bodies().filter(|body| body.on_both_kinds).count();
        match (here, across) {
            (0, _) if self.item.bodies.is_empty() => write!(f, "| |"),
            (0, _) => write!(f, "on tokio alone | |"),
            (_, 0) => write!(f, "{here} | {both} | no: {}", Vec::from_iter(reasons).join("; ")),
            _ => write!(f, "{here} | {both} | {across}"),
        }
    }
}

/// The rows of the table of differences, each with the sections that have an item of it.
fn differences_shown(sections: &[(String, Vec<Item>)]) -> String {
    let mut text = String::new();
    for [tokio, here, why] in differences() {
        let is_of_row = |item: &Item| matches!(&item.verdict, Verdict::Differs(row) if *row == tokio);
        let found = sections.iter().filter(|(_, items)| items.iter().any(is_of_row));
        let found: Vec<_> = found.map(|(section, _)| &**section).collect();
        writeln!(text, "| {tokio} | {here} | {why} | {} |", found.join("; ")).expect("text grows");
    }
    text
}

fn left_out(sections: &[(String, Vec<Item>)]) -> String {
    let mut text = String::new();
    for (section, items) in sections {
        for item in items {
            if let Verdict::LeftOut(why) = &item.verdict {
                writeln!(text, "- {section}. {}: {why}.", item.name).expect("text grows");
            }
        }
    }
    text
}

fn document() -> String {
    let (bodies, sections) = (bodies(), sections());
    let items = || sections.iter().flat_map(|(_, items)| items);
    let count = |is: fn(&Verdict) -> bool| items().filter(|item| is(&item.verdict)).count();
    let runs = |is: fn(&Runs) -> bool| bodies.values().filter(|body| is(&body.runs)).count();
    let mut text = format!(
        "# Parity with tokio's channels

For users that know tokio: this page answers what is different here, and which tests show that the rest is the same. It covers
`tokio::sync::mpsc` 1.54 and the wrappers of tokio-stream and tokio-util.

Of {} items of tokio's contract {} are the same, {} differ, and {} are left out.

## What differs

| tokio | here | why | section below |
| --- | --- | --- | --- |
{}
## What is left out

{}
## How it is shown

The *body* of a test is written once and runs three times: on tokio, which is the referee; on this crate in one process; and on
this crate with senders in two other processes, one of them in a tokio runtime. A body runs across processes if its behaviour can cross.
What is true of both kinds of channel is shown by one body that runs on each.

Of {} bodies {} run across processes, {} in one process only, and {} on tokio alone. {} run on both kinds of channel. The tables
count the bodies of each item. `tests/tokio/items.txt` has their names.

`tests/tokio/parity_table.rs` makes this file, and fails if it is not up to date.
",
        items().count(),
        count(|verdict| matches!(verdict, Verdict::Same)),
        count(|verdict| matches!(verdict, Verdict::Differs(_))),
        count(|verdict| matches!(verdict, Verdict::LeftOut(_))),
        differences_shown(&sections),
        left_out(&sections),
        bodies.len(),
        runs(|runs| matches!(runs, Runs::Across)),
        runs(|runs| matches!(runs, Runs::Within(_))),
        runs(|runs| matches!(runs, Runs::Tokio)),
        bodies.values().filter(|body| body.on_both_kinds).count(),
    );
    for (section, items) in &sections {
        let head = "| item | here | in one process | of these on both kinds | across processes |\n\
                    | --- | --- | --- | --- | --- |";
        write!(text, "\n## {section}\n\n{head}\n").expect("text grows");
        for item in items {
            let verdict = match &item.verdict {
                Verdict::Same => "same",
                Verdict::Differs(_) => "differs",
                Verdict::LeftOut(_) => "left out",
            };
            let places = Places { item, bodies: &bodies };
            writeln!(text, "| {} | {verdict} | {places} |", item.name).expect("text grows");
        }
    }
    text
}

#[test]
fn the_document_says_what_the_suite_shows() {
    let document = document();
    if std::env::var_os(REWRITE).is_some() {
        fs::write(at(DOCUMENT), &document).expect("it can be written");
    }
    assert!(read(at(DOCUMENT)) == document, "{DOCUMENT} is out of date: run this test with {REWRITE}=1");
}

#[test]
fn every_body_shows_an_item_and_every_name_is_that_of_a_body() {
    let bodies = bodies();
    let sections = sections();
    let named: BTreeSet<_> =
        sections.iter().flat_map(|(_, items)| items).flat_map(|item| &item.bodies).collect();
    let idle: Vec<_> = bodies.keys().filter(|body| !named.contains(body)).collect();
    assert!(idle.is_empty(), "bodies that show no item: {idle:#?}");
    let unknown: Vec<_> = named.into_iter().filter(|body| !bodies.contains_key(*body)).collect();
    assert!(unknown.is_empty(), "bodies that are not there: {unknown:#?}");
}

#[test]
fn every_file_of_bodies_is_run_where_its_folder_says() {
    for (folder, programs) in FOLDERS {
        for program in programs {
            let text = read(at(&format!("tests/tokio/{program}.rs")));
            assert!(text.contains(&format!("\nmod {folder};\n")), "{program} does not run {folder}");
        }
        let of_both_kinds = is_of_both_kinds(folder);
        let folder = at("tests/tokio").join(folder);
        let modules = read(folder.join("mod.rs"));
        for file in fs::read_dir(folder).expect("the bodies are there") {
            let path = file.expect("a file").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            let times = modules.lines().filter(|line| line.trim() == format!("mod {name};")).count();
            let wanted = if name == "mod" { 0 } else { 1 + usize::from(of_both_kinds) };
            assert_eq!(times, wanted, "how often {} is run", path.display());
        }
    }
}

#[test]
fn every_item_is_shown_on_us_or_said_to_differ_or_left_out() {
    let bodies = bodies();
    for item in sections().iter().flat_map(|(_, items)| items) {
        let is_tokios = |body| bodies.get(body).is_some_and(|body| matches!(body.runs, Runs::Tokio));
        let on_us = item.bodies.iter().any(|body| !is_tokios(body));
        match item.verdict {
            Verdict::Same => assert!(on_us, "nothing shows on us: {}", item.name),
            Verdict::Differs(_) => assert!(!item.bodies.is_empty(), "nothing shows: {}", item.name),
            Verdict::LeftOut(_) => assert!(item.bodies.is_empty(), "shown and left out: {}", item.name),
        }
    }
}

#[test]
fn every_difference_that_is_documented_is_one_of_an_item() {
    let (sections, differences) = (sections(), differences());
    let verdicts = sections.iter().flat_map(|(_, items)| items).map(|item| &item.verdict);
    let used: BTreeSet<_> = verdicts
        .filter_map(|verdict| if let Verdict::Differs(row) = verdict { Some(&**row) } else { None })
        .collect();
    assert_eq!(used, differences.iter().map(|[tokio, ..]| &**tokio).collect());
}

#[test]
fn bodies_that_only_tokio_passes_show_differences_alone() {
    let bodies = bodies();
    for item in sections().iter().flat_map(|(_, items)| items) {
        let is_tokios = |body| bodies.get(body).is_some_and(|body| matches!(body.runs, Runs::Tokio));
        let tokio_alone = item.bodies.iter().any(is_tokios);
        let differs = matches!(item.verdict, Verdict::Differs(_));
        assert!(differs || !tokio_alone, "shown on tokio alone and yet the same: {}", item.name);
    }
}

#[test]
fn items_of_the_unbounded_channel_are_shown_on_one() {
    let bodies = bodies();
    let mut sections = sections().into_iter();
    let is_unbounded = |(section, _): &(String, _)| section.starts_with("`UnboundedSender`");
    let (section, items) = sections.find(is_unbounded).expect("the section is there");
    for body in items.iter().flat_map(|item| &item.bodies) {
        assert!(bodies[body].on_unbounded, "{body} does not show an item of {section}");
    }
}
