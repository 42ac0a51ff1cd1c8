//! The numbered rows of two documents, `W17` of the windows and `T5` of the threats, and the tests that show them.
//!
//! A test shows a row if a comment in it names the number: `/// Shows W17.` The last column of a row is written from these comments,
//! by `SHMPSC_REWRITE=1 cargo test --test documents`. A row that no test can show says so there: `none: ` and the reason.

use crate::texts::{comments, documents, prose, read, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The letter of each kind of number, with the document that defines its numbers.
const KINDS: [(char, &str); 2] = [('W', "docs/recovery.md"), ('T', "docs/trust.md")];
const NONE: &str = "none: ";

/// Returns the numbers that a text names.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| {
        let mut characters = word.chars();
        let letter = characters.next();
        let rest = characters.as_str();
        KINDS.iter().any(|&(kind, _)| letter == Some(kind))
            && !rest.is_empty()
            && rest.chars().all(|c| c.is_ascii_digit())
    })
}

/// Returns the number that a line of a document defines, and the text before and in its last cell.
fn row(line: &str) -> Option<(&str, &str, &str)> {
    let (number, _) = line.strip_prefix("| ")?.split_once(" |")?;
    numbers(number).next().filter(|&found| found == number)?;
    let cells = line.strip_suffix('|')?;
    let (before, last) = cells.split_at(cells.rfind('|')? + 1);
    Some((number, before, last.trim()))
}

/// Returns the short name of a source: that of its file, or of its folder if the file's name says nothing.
fn short(path: &str) -> &str {
    let mut parts = path.trim_end_matches(".rs").rsplit('/');
    parts.find(|part| !["mod", "main", "tests"].contains(part)).expect("a name")
}

/// Returns the index of the line from which on a source is a test: 0, or that of its module of tests.
fn first_line_of_tests(path: &str, source: &str) -> Option<usize> {
    let is_test = path.split('/').any(|part| ["tests", "tests.rs", "models"].contains(&part));
    if is_test { Some(0) } else { source.lines().position(|line| line.starts_with("mod tests {")) }
}

/// What the sources say of the numbers.
#[derive(Default)]
struct Citations {
    /// For each number the short names of the tests that show it.
    tests: BTreeMap<String, BTreeSet<String>>,
    /// For each number that is named anywhere, a place.
    named: BTreeMap<String, String>,
}

impl Citations {
    fn read(&mut self, path: &str, source: &str) {
        let tests = first_line_of_tests(path, source);
        for (line, text) in comments(source) {
            let text = prose(std::iter::once(text));
            for number in numbers(&text) {
                self.named.insert(number.to_owned(), format!("{path}:{}", line + 1));
                if tests.is_some_and(|first| line >= first) {
                    self.tests.entry(number.to_owned()).or_default().insert(short(path).to_owned());
                }
            }
        }
    }

    /// The files of this program quote numbers, and show none.
    fn of_all_sources() -> Self {
        let mut citations = Self::default();
        for path in sources().iter().filter(|path| !path.contains("tests/documents")) {
            citations.read(path, &read(path));
        }
        citations
    }

    /// Returns a document with its last column as the tests have it, and what is wrong with its rows.
    fn rewritten(&self, document: &str) -> (String, Vec<String>) {
        let mut seen = BTreeSet::new();
        let mut faults = Vec::new();
        let mut text = String::new();
        for line in document.lines() {
            let Some((number, before, last)) = row(line) else {
                text += line;
                text.push('\n');
                continue;
            };
            if !seen.insert(number) {
                faults.push(format!("{number} stands twice"));
            }
            let tests = self.tests.get(number).into_iter().flatten();
            let tests: Vec<_> = tests.map(|name| format!("`{name}`")).collect();
            let is_reasoned = last.len() > NONE.len() && last.starts_with(NONE);
            let cell = match (tests.is_empty(), is_reasoned) {
                (false, _) => tests.join(", "),
                (true, true) => last.to_owned(),
                (true, false) => {
                    faults.push(format!("no test shows {number}, and no reason stands there"));
                    last.to_owned()
                }
            };
            text += &format!("{before} {cell} |\n");
        }
        (text, faults)
    }
}

#[test]
fn each_numbered_row_has_the_tests_that_show_it() {
    let citations = Citations::of_all_sources();
    for (kind, path) in KINDS {
        let document = read(path);
        let rows = document.lines().filter_map(row).filter(|(number, ..)| number.starts_with(kind)).count();
        assert!(rows > 50, "{path} has rows");
        let (text, faults) = citations.rewritten(&document);
        assert!(faults.is_empty(), "{path}: {}", faults.join("; "));
        if std::env::var_os(super::REWRITE).is_some() {
            fs::write(root().join(path), &text).expect("it can be written");
        }
        assert!(read(path) == text, "{path} is out of date: run this test with {}=1", super::REWRITE);
    }
}

#[test]
fn each_number_that_is_named_has_its_row() {
    let texts: Vec<_> = KINDS.iter().map(|(_, path)| read(path)).collect();
    let rows: BTreeSet<_> =
        texts.iter().flat_map(|text| text.lines().filter_map(row)).map(|row| row.0).collect();
    let mut named = Citations::of_all_sources().named;
    for path in documents() {
        let prose = prose(read(&path).lines());
        named.extend(numbers(&prose).map(|number| (number.to_owned(), path.clone())));
    }
    named.retain(|number, _| !rows.contains(&**number));
    assert!(named.is_empty(), "numbers without a row: {named:?}");
}

#[test]
fn a_row_that_is_wrong_is_found_out() {
    let mut citations = Citations::default();
    citations.read("tests/matrix/main.rs", "/// Shows W1, W3.\n");
    citations.read("src/queue/ring/take.rs", "// See W2.\nmod tests {\n// Shows W3.\n}\n");
    let (text, faults) = citations.rewritten("Text\n| W1 | a | b | |\n| W3 | a | `old` |\n");
    assert_eq!(text, "Text\n| W1 | a | b | `matrix` |\n| W3 | a | `matrix`, `take` |\n");
    assert!(faults.is_empty());
    for wrong in ["| W1 | | |\n| W1 | | |", "| W2 | see | |", "| W2 | see | `take` |", "| W2 | see | none: |"]
    {
        assert_eq!(citations.rewritten(wrong).1.len(), 1, "{wrong}");
    }
    assert!(citations.rewritten("| W2 | see | none: it cannot be stopped there |").1.is_empty());
    assert_eq!(citations.named["W2"], "src/queue/ring/take.rs:1");
}
