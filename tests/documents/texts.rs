//! The project's own files, and of a source the text of its comments.

use std::fs;
use std::path::Path;

/// Folders that hold no text of the project.
const SKIPPED: [&str; 4] = ["target", ".git", "corpus", "artifacts"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the paths of all files below a folder with this ending, in order, each relative to the project.
pub fn below(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).into_iter().flatten() {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a plain name");
            let path = format!("{folder}/{name}");
            if !entry.path().is_dir() {
                found.extend(Some(path).filter(|path| path.ends_with(ending)));
            } else if !SKIPPED.contains(&&*name) {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns all Rust sources of the project.
pub fn sources() -> Vec<String> {
    ["src", "tests", "benches", "examples", "ipc-demo"]
        .iter()
        .flat_map(|folder| below(folder, ".rs"))
        .collect()
}

/// Returns all documents of the project: those of the root, and those of `docs/`.
pub fn documents() -> Vec<String> {
    let names = fs::read_dir(root()).expect("the project").map(|entry| entry.expect("an entry").file_name());
    let mut found: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    found.retain(|name| name.ends_with(".md"));
    found.sort();
    found.extend(below("docs", ".md"));
    found
}

/// Returns the comment of a line of Rust, if it has one.
fn comment(line: &str) -> Option<&str> {
    let start = match line.trim_start().starts_with("//") {
        true => line.find("//")?,
        // Behind code. Within a text the quotes before it are odd in number.
        false => line.find(" // ").filter(|&start| line[..start].matches('"').count().is_multiple_of(2))?,
    };
    Some(line[start..].trim_start_matches(['/', '!', ' ']))
}

/// Returns the comments of a source, each with the index of its line.
pub fn comments(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.lines().enumerate().filter_map(|(index, line)| Some((index, comment(line)?)))
}

/// Returns the prose of a text in Markdown: without code, drawings, and what stands between backquotes.
pub fn prose<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in lines {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            prose.extend(line.split('`').step_by(2).flat_map(|part| [part, " "]));
            prose.push('\n');
        }
    }
    prose
}

#[test]
fn comments_are_told_from_code_and_from_texts() {
    let source =
        "//! Of the file.\nlet a = 1; // Of the line.\nlet b = \"http://x // y\";\n    /// Of an item.\n";
    let found: Vec<_> = comments(source).collect();
    assert_eq!(found, [(0, "Of the file."), (1, "Of the line."), (3, "Of an item.")]);
}

#[test]
fn prose_has_no_code() {
    let text = "One `code` two\n```text\nthree\n```\nfour";
    let prose = prose(text.lines());
    assert_eq!(prose.split_whitespace().collect::<Vec<_>>(), ["One", "two", "four"]);
}
