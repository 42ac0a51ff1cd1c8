//! What the documents name is there: each test, model and function that a table points to, each file, and what a link leads to. And no
//! name of a test is too long to be cited.
//!
//! It reads names, not meaning: whether the test shows what its line says is for the reader.

#[path = "documents/links.rs"]
mod links;
#[path = "documents/numbers.rs"]
mod numbers;
#[path = "documents/texts.rs"]
mod texts;
#[path = "documents/words.rs"]
mod words;

use texts::{below, read, root, sources};

/// Set to write down anew what these tests compare.
const REWRITE: &str = "SHMPSC_REWRITE";

/// The documents that point into the sources.
const DOCUMENTS: [&str; 9] = [
    "CONTRIBUTING.md",
    "docs/edges.md",
    "docs/layout.md",
    "docs/limits.md",
    "docs/performance.md",
    "docs/performance/notes.md",
    "docs/protocol.md",
    "docs/recovery.md",
    "docs/trust.md",
];

/// Where the short names of the documents lie: `tests::name` is a unit test of the bounded queue, `matrix::name` one of the matrix,
/// `stall::name` a model; `table::tests::name` and `table::stall::name` are those of the unbounded queue.
const UNIT_TESTS: &str = "src/queue/ring/tests";
const MATRIX: &str = "tests/faults/matrix";
const MODELS: &str = "src/queue/ring/models";
const TABLE: &str = "src/queue/table";

/// All Rust files below a folder, and the file of its name beside it.
fn files(folder: &str) -> Vec<String> {
    let beside = format!("{folder}.rs");
    let mut found = below(folder, ".rs");
    found.extend(Some(beside).filter(|path| root().join(path).exists()));
    found
}

/// The words of a source: names, numbers, and what stands in text and comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Whether one of the files has this word.
fn have(files: &[String], word: &str) -> bool {
    files.iter().any(|path| words(&read(path)).any(|found| found == word))
}

/// What stands between backquotes in a document, outside of drawings and code.
fn quoted(document: &str) -> Vec<String> {
    let text = read(document);
    let prose: Vec<&str> = text.split("```").step_by(2).collect();
    prose.iter().flat_map(|part| part.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// What is wrong with a name, if it is one that points into the sources.
fn fault(name: &str) -> Option<String> {
    if ["src/", "tests/", "benches/", ".ci/"].iter().any(|start| name.starts_with(start)) {
        let (path, word) = name.split_once("::").unwrap_or((name, ""));
        let path = path.split_whitespace().next().expect("a path");
        if !root().join(path).exists() {
            return Some(format!("there is no {path}"));
        }
        let sources = if root().join(path).is_dir() { files(path) } else { vec![path.to_owned()] };
        let is_named = word.is_empty() || have(&sources, word);
        return (!is_named).then(|| format!("nothing in it is {word}"));
    }
    let (is_table, rest) = name.strip_prefix("table::").map_or((false, name), |rest| (true, rest));
    let (place, word) = rest.split_once("::")?;
    let is_word = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_word(place) || !is_word(word) || (place, word) == ("file", "name") || word == "name" {
        return None;
    }
    let places = match place {
        "tests" if is_table => files(&format!("{TABLE}/tests")),
        _ if is_table => files(&format!("{TABLE}/models/{place}")),
        "tests" => files(UNIT_TESTS),
        "matrix" => files(MATRIX),
        _ if place.starts_with(char::is_uppercase) => files("src"),
        _ => files(&format!("{MODELS}/{place}")),
    };
    // A name of another crate or of the system has no place here.
    if places.is_empty() || (place.starts_with(char::is_uppercase) && !have(&places, place)) {
        return Some("there is no such place".to_owned());
    }
    (!have(&places, word)).then(|| "there is no such name".to_owned())
}

#[test]
fn what_a_document_names_is_there() {
    let mut wrong = Vec::new();
    let mut names = 0;
    for document in DOCUMENTS {
        for name in quoted(document) {
            names += usize::from(name.contains("::"));
            wrong.extend(fault(&name).map(|fault| format!("{document}: `{name}`: {fault}")));
        }
    }
    assert!(names > 100, "names are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_document_says_first_for_whom_it_is() {
    for name in ["edges", "layout", "limits", "parity", "protocol", "recovery", "trust"] {
        let document = texts::read(&format!("docs/{name}.md"));
        let (_, text) = document.split_once("\n\n").expect("a title and a text");
        let reader =
            text.strip_prefix("For ").and_then(|text| Some(text.split_once(": this page answers ")?.0));
        assert!(reader.is_some_and(|reader| reader.len() > 3 && !reader.contains('.')), "docs/{name}.md");
    }
}

#[test]
fn a_name_that_is_nowhere_is_found_out() {
    for wrong in [
        "stall::nowhere_to_be_found",
        "table::stall::nowhere_to_be_found",
        "table::nowhere::values_come_out_in_order_over_many_chunks",
        "src/nowhere.rs",
        "tests/processes/meeting.rs::nowhere",
        "Endpoint::nowhere_to_be_found",
    ] {
        assert!(fault(wrong).is_some(), "{wrong}");
    }
    for right in [
        "stall::one_stall_capacity_1",
        "table::stall::one_stall_in_a_chunk",
        "table::tests::values_come_out_in_order_over_many_chunks",
        "src/sync.rs",
        "Endpoint::depart",
        "a plain word",
    ] {
        assert_eq!(fault(right), None, "{right}");
    }
}

/// The most letters that the name of a test may have, with the underscores.
const LONGEST: usize = 60;

/// Returns the names in a source that are too long. A number in hexadecimal digits has no underscore.
fn too_long(text: &str) -> Vec<&str> {
    words(text).filter(|word| word.contains('_') && word.chars().count() > LONGEST).collect()
}

#[test]
fn no_name_of_a_test_is_longer_than_60_letters() {
    let sources = sources();
    assert!(sources.len() > 300, "sources are found");
    let mut wrong = Vec::new();
    for path in sources {
        wrong.extend(too_long(&read(&path)).into_iter().map(|name| format!("{path}: {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_of_61_letters_is_found_out() {
    let name = |letters: usize| format!("fn {}_b() {{}}", "a".repeat(letters - 2));
    assert!(too_long(&name(LONGEST)).is_empty());
    assert_eq!(too_long(&name(LONGEST + 1)).len(), 1);
}
