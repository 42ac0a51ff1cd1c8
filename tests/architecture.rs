//! The direction of the arrows between the rooms, read from the sources.
//!
//! What a room may use stands in `ALLOWED` and `FOREIGN`; a use that is not there fails here, in review, rather than in
//! a year. No files use one another in a circle, except those in `CIRCLES`.

#[path = "architecture/arrows.rs"]
mod arrows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("layout", &["sync"]),
    ("queue", &["layout", "sync"]),
    ("sys", &["sync"]),
    ("wait", &["layout", "queue", "sync", "sys"]),
    ("error", &[]),
    ("segment", &["layout", "sync", "sys"]),
    ("control", &["error", "layout", "queue", "segment", "sync", "sys", "wait"]),
    ("blocking", &[]),
    ("channel", &["control", "error", "queue", "sync", "wait"]),
    ("docs", &[]),
    ("options", &["bounded", "channel", "control", "error", "unbounded"]),
    ("ends", &["Options", "blocking", "channel", "error"]),
    ("bounded", &["Options", "blocking", "channel", "ends", "error"]),
    ("unbounded", &["Options", "channel", "ends", "error"]),
    ("stream", &["bounded", "unbounded"]),
    ("sink", &["bounded"]),
    ("lib", &["bounded", "control", "error", "options", "unbounded"]),
];

/// The rooms in `control`, each with the others of them that it may use.
const CONTROL: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("porter", &[]),
    ("membership", &["porter", "wire"]),
    ("waking", &["membership", "porter"]),
    ("departure", &["membership", "porter", "waking", "wire"]),
    ("meeting", &["departure", "membership", "porter", "waking", "wire"]),
    ("transfer", &["departure", "meeting", "membership", "porter", "waking", "wire"]),
];

/// Files that use one another, and why they must.
const CIRCLES: &[(&[&str], &str)] = &[
    (
        &["control::meeting::admission", "control::meeting::invite", "control::meeting::lifeline"],
        "the protocol's own: an applicant that is admitted gets a lifeline; what it says there may ask for an \
         invitation; and that makes an applicant",
    ),
    (
        &[
            "bounded::receiver",
            "bounded::sender",
            "bounded::weak",
            "ends::receiver",
            "ends::sender",
            "options",
        ],
        "the programmer's own: an end is made by the builder, and `from_fd` of an end is that of the builder with \
         nothing set; a sender gives a weak one and the reverse",
    ),
    (
        &["unbounded::sender", "unbounded::weak"],
        "the programmer's own: a sender gives a weak one and the reverse",
    ),
];

/// Most lines of a file.
const MOST_LINES: usize = 500;

/// Files that only tests and models are built from: they may look down from above. (What only they use, as the
/// checker's atomics, has no other way in.)
const TESTS: &[&str] = &[
    "queue/models/",
    "queue/ring/models/",
    "queue/ring/tests",
    "queue/table/double.rs",
    "queue/table/models/",
    "queue/table/tests",
    "queue/tests.rs",
    "wait/model.rs",
];

/// The crates, beside `core`, that each room may use. The rooms of the algorithm know no operating system, no time, no
/// process and no task: what they need of those comes in as an argument.
const FOREIGN: &[(&str, &[&str])] = &[
    ("sync", &["loom", "std"]),
    ("layout", &[]),
    ("queue", &["alloc", "bytemuck"]),
    ("sys", &["bytemuck", "libc", "memmap2", "rustix", "std", "tokio"]),
    ("wait", &["std", "tokio"]),
    ("error", &["std"]),
    ("segment", &["std"]),
    ("control", &["libc", "std"]),
    ("blocking", &["tokio"]),
    ("channel", &["bytemuck", "std", "tokio"]),
    ("docs", &[]),
    ("options", &["bytemuck", "std"]),
    ("ends", &["bytemuck", "pin_project_lite", "std", "tokio"]),
    ("bounded", &["bytemuck", "std", "tokio"]),
    ("unbounded", &["bytemuck", "std"]),
    ("stream", &["bytemuck", "futures_core", "std"]),
    ("sink", &["bytemuck", "futures_sink", "std"]),
    ("lib", &[]),
];

/// Everything that a row of `FOREIGN` can name.
const CRATES: &[&str] = &[
    "alloc",
    "bytemuck",
    "futures_core",
    "futures_sink",
    "libc",
    "loom",
    "memmap2",
    "pin_project_lite",
    "rustix",
    "std",
    "tokio",
];

/// Files in which `unsafe` may stand.
const UNSAFE: &[&str] = &[
    "layout/attach.rs",
    "layout/slot.rs",
    "layout/typed.rs",
    "queue/common/copy.rs",
    "queue/common/payload.rs",
    "segment.rs",
    "sync.rs",
    "sys/available.rs",
    "sys/fork.rs",
    "sys/mapping.rs",
    "sys/memory.rs",
    "sys/raw.rs",
    "sys/readiness.rs",
    "sys/thread.rs",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                found.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found
        .iter_mut()
        .for_each(|(path, _)| *path = path.strip_prefix(&root).expect("below the root").to_path_buf());
    found.sort();
    found
}

/// The code of a file: no comments, and nothing of the module for tests or for the models that ends it.
fn code(text: &str) -> String {
    let others =
        ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub(super) mod ", "#[cfg(shmpsc_loom)]\nmod strength {"];
    let end = others.iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The code of every file that is not for tests alone, with its room.
fn rooms() -> impl Iterator<Item = (PathBuf, String, String)> {
    let real = sources()
        .into_iter()
        .filter(|(path, _)| !TESTS.iter().any(|tests| path.to_string_lossy().starts_with(tests)));
    real.map(|(path, text)| {
        let (room, code) = (room(&path), code(&text));
        (path, room, code)
    })
}

/// The row of a table.
fn row<'a>(table: &'a [(&str, &'a [&'a str])], room: &str) -> &'a [&'a str] {
    let row = table.iter().find(|(name, _)| *name == room);
    row.unwrap_or_else(|| panic!("the room {room:?} has no row in the tables")).1
}

fn room(path: &Path) -> String {
    let first =
        path.components().next().expect("a path has a part").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_string()
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// What code names behind `crate::`, also in lists over many lines.
fn named(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(identifier(rest));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                _ if begins && !c.is_whitespace() => {
                    names.insert(identifier(&list[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn a_list_over_many_lines_is_read_to_its_end() {
    let code = "use crate::{\n    error::OpenError,\n    sys::{self, raw},\n};\nuse crate::queue::Wake;\ncrate::Options";
    assert_eq!(named(code), BTreeSet::from(["error", "sys", "queue", "Options"]));
}

#[test]
fn rooms_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for (path, room, code) in rooms() {
        let allowed = row(ALLOWED, &room);
        for name in named(&code).into_iter().filter(|name| *name != room && !allowed.contains(name)) {
            wrong.push(format!("{}: {room} must not use {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The arrows between all files that are not for tests alone.
fn file_arrows() -> arrows::Arrows {
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    let files: Vec<_> = rooms()
        .filter(|(path, ..)| !is_test(path))
        .map(|(path, _, code)| (arrows::module(&path), code))
        .collect();
    arrows::arrows(&files)
}

#[test]
fn files_use_one_another_in_no_circle_but_those_argued() {
    let circles: BTreeSet<Vec<String>> = arrows::circles(&file_arrows()).into_iter().collect();
    let argued = CIRCLES.iter().map(|(files, _)| files.iter().map(|file| file.to_string()).collect());
    assert_eq!(circles, argued.collect::<BTreeSet<_>>());
}

#[test]
fn rooms_of_control_use_only_rooms_below_them() {
    let mut wrong = Vec::new();
    for (file, targets) in file_arrows() {
        let [root, room, ..] = file.as_slice() else { continue };
        if root != "control" {
            continue;
        }
        let allowed = row(CONTROL, room);
        for target in targets.iter().filter(|target| target[0] == "control") {
            match target.get(1) {
                Some(other) if other == room || allowed.contains(&other.as_str()) => {}
                _ => {
                    wrong.push(format!("{} must not use {}", arrows::written(&file), arrows::written(target)))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_concept() {
    let lines = |text: &str| text.lines().count();
    let long: Vec<_> =
        sources().into_iter().filter(|(_, text)| lines(text) > MOST_LINES).map(|(path, _)| path).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines in {long:?}");
}

#[test]
fn a_type_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    for (path, _, code) in rooms().filter(|(path, ..)| !is_test(path)) {
        for line in code.lines().map(str::trim_start) {
            let line = match line.strip_prefix("pub") {
                Some(rest) if rest.starts_with('(') => rest.split_once(") ").map_or("", |(_, rest)| rest),
                Some(rest) => rest.trim_start(),
                None => line,
            };
            let kinds = ["struct ", "enum ", "trait ", "union "];
            if let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) {
                places.entry(identifier(rest).to_owned()).or_default().insert(path.clone());
            }
        }
    }
    // The two kinds of queue have the same concepts. They are named with their kind: `ring::Producer`, `table::Producer`.
    let is_of_two_queues = |paths: &BTreeSet<PathBuf>| {
        paths.len() == 2
            && ["queue/ring", "queue/table"].iter().zip(paths).all(|(room, path)| path.starts_with(room))
    };
    // What a macro defines has no name here.
    places.retain(|name, paths| !name.is_empty() && paths.len() > 1 && !is_of_two_queues(paths));
    assert!(places.is_empty(), "{places:#?}");
}

#[test]
fn rooms_use_only_the_crates_that_are_theirs() {
    let mut wrong = Vec::new();
    for (path, room, code) in rooms() {
        let allowed = row(FOREIGN, &room);
        for name in CRATES.iter().filter(|name| !allowed.contains(name)) {
            let is_part_of_a_name =
                |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            if code.match_indices(&format!("{name}::")).any(|(at, _)| !is_part_of_a_name(at)) {
                wrong.push(format!("{}: {room} must not use {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_stands_in_its_named_places() {
    let is_unsafe = |code: &str| code.contains("unsafe ") || code.contains("allow(unsafe_code");
    let found: Vec<_> =
        rooms().filter(|(_, _, code)| is_unsafe(code)).map(|(path, ..)| path.display().to_string()).collect();
    assert_eq!(found, UNSAFE);
}

#[test]
fn atomics_come_from_the_seam_alone() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| path != Path::new("sync.rs") && code(text).contains("sync::atomic"))
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "raw atomics in {wrong:?}");
}

/// Whether a file begins with its documentation, its own or an included one.
fn is_described(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc = include_str!")
}

#[test]
fn every_file_says_what_it_is() {
    let wrong: Vec<_> =
        sources().into_iter().filter(|(_, text)| !is_described(text)).map(|(path, _)| path).collect();
    assert!(wrong.is_empty(), "no first sentence in {wrong:?}");
}

#[test]
fn every_edge_has_two_ends_and_a_line_in_the_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/edges.md")).expect("the list of edges");
    let queue =
        sources().into_iter().filter(|(path, _)| path.starts_with("queue") && !path.ends_with("edge.rs"));
    let used: String = queue.map(|(_, text)| code(&text)).collect();
    let names = fs::read_to_string(root.join("src/queue/common/edge.rs")).expect("the names of the edges");
    let (mut edges, mut fences) = (0, 0);
    let mut lines = names.lines();
    while let Some(line) = lines.next() {
        let Some((label, _)) = line.trim().strip_prefix("/// ").and_then(|rest| rest.split_once(": ")) else {
            continue;
        };
        let is_label = |first: char| {
            label.strip_prefix(first).is_some_and(|number| number.chars().all(|digit| digit.is_ascii_digit()))
        };
        if !is_label('E') && !is_label('F') {
            continue;
        }
        let name = lines.find(|line| !line.trim().starts_with("///")).expect("a name behind its label");
        let name = name.trim().trim_end_matches(',');
        assert!(document.contains(&format!("| {label} {name} |")), "{label} {name} is not in docs/edges.md");
        if is_label('E') {
            edges += 1;
            for end in ["acquire", "release"] {
                assert!(
                    used.contains(&format!("{end}(Edge::{name})")),
                    "nobody has the {end} of {label} {name}"
                );
            }
        } else {
            fences += 1;
            let passes = |how| used.contains(&format!("{how}(Fence::{name})"));
            assert!(["full_fence", "light", "heavy"].iter().any(passes), "nobody passes {label} {name}");
        }
    }
    assert_eq!((edges, fences), (14, 7), "labels are found");
}
