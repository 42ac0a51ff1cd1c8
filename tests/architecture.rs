//! The direction of the arrows between the rooms, read from the sources.
//!
//! What a room may use stands in `ALLOWED`; a use that is not there fails here, in review, rather than in a year.

use std::collections::BTreeSet;
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
    ("options", &["bounded", "channel", "control", "error"]),
    ("bounded", &["Options", "blocking", "channel", "error"]),
    ("lib", &["bounded", "control", "error", "options"]),
];

/// Files that only tests and models are built from: they may look down from above. (What only they use, as the
/// checker's atomics, has no other way in.)
const TESTS: &[&str] = &["queue/models/", "queue/tests.rs", "wait/model.rs"];

/// Rooms in which `unsafe` may stand, as path prefixes.
const UNSAFE: &[&str] = &["layout/attach.rs", "layout/typed.rs", "segment.rs", "sync.rs", "sys/"];

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

/// The code of a file: no comments, and nothing of its test module.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn room(path: &Path) -> String {
    let first =
        path.components().next().expect("a path has a part").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_string()
}

/// What a line names behind `crate::`.
fn named(line: &str) -> BTreeSet<String> {
    let behind = line
        .match_indices("crate::")
        .filter(|(at, _)| !line[..*at].ends_with("pub("))
        .map(|(at, found)| &line[at + found.len()..]);
    behind
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split([',', '}']).map(|part| part.trim().to_string()).collect::<Vec<_>>(),
            None => vec![rest.to_string()],
        })
        .map(|name| name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn rooms_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if TESTS.iter().any(|tests| path.to_string_lossy().starts_with(tests)) {
            continue;
        }
        let room = room(&path);
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("the room {room:?} of {} has no row in ALLOWED", path.display()));
        for line in code(&text) {
            for name in named(line) {
                if name != room && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}: {room} must not use {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_stands_in_its_named_places() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| !UNSAFE.iter().any(|allowed| path.to_string_lossy().starts_with(allowed)))
        .filter(|(_, text)| {
            code(text).any(|line| line.contains("unsafe ") || line.contains("allow(unsafe_code)"))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "unsafe code in {wrong:?}");
}

#[test]
fn atomics_come_from_the_seam_alone() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| path != Path::new("sync.rs"))
        .filter(|(_, text)| code(text).any(|line| line.contains("sync::atomic")))
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
