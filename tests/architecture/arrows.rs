//! Which file uses which, read from the sources: each path in a `use` or in code is followed to the file that defines what it
//! names, through re-exports. A re-export itself is no arrow. A method call leaves no path, so it is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module's path from the root of the crate: the file `queue/ring/mod.rs` is `["queue", "ring"]`.
pub type Module = Vec<String>;

/// The arrows between modules, each with all modules that it uses.
pub type Arrows = BTreeMap<Module, BTreeSet<Module>>;

/// A path that a file names, and whether a `pub use` does.
struct Named {
    path: Vec<String>,
    is_exported: bool,
}

/// Returns the module that a source file is.
pub fn module(path: &Path) -> Module {
    let mut parts: Module =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// Returns a module as it is written: `queue::ring`.
pub fn written(module: &Module) -> String {
    module.join("::")
}

/// Returns all arrows between these files, given as module and code.
pub fn arrows(files: &[(Module, String)]) -> Arrows {
    let named: BTreeMap<&Module, Vec<Named>> =
        files.iter().map(|(module, code)| (module, paths(code))).collect();
    let mut arrows = Arrows::new();
    for (module, paths) in &named {
        let targets = arrows.entry((*module).clone()).or_default();
        for path in paths.iter().filter(|path| !path.is_exported) {
            let Some(found) = absolute(module, &path.path, &named) else { continue };
            let found = defining(found, &named, 0);
            if found != **module && !found.is_empty() {
                targets.insert(found);
            }
        }
    }
    arrows
}

/// Returns a path from the root, if it begins in this crate.
fn absolute(module: &Module, path: &[String], named: &BTreeMap<&Module, Vec<Named>>) -> Option<Module> {
    let rest = |base: &[String], from: usize| Some([base, &path[from..]].concat());
    match path[0].as_str() {
        "crate" => rest(&[], 1),
        "self" => rest(module, 1),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            rest(module.get(..module.len().checked_sub(ups)?)?, ups)
        }
        child => {
            let child = [module.as_slice(), &[child.to_owned()]].concat();
            named.contains_key(&child).then(|| rest(module, 0)).flatten()
        }
    }
}

/// Follows a path to the module that defines what it names.
fn defining(path: Module, named: &BTreeMap<&Module, Vec<Named>>, depth: u32) -> Module {
    let deepest = (0..=path.len()).rev().find(|end| named.contains_key(&path[..*end].to_vec())).unwrap_or(0);
    let (module, rest) = (path[..deepest].to_vec(), &path[deepest..]);
    let (Some(paths), Some(name)) = (named.get(&module), rest.first()) else { return module };
    let import = paths.iter().find(|path| path.path.last() == Some(name));
    match import.and_then(|import| absolute(&module, &import.path, named)) {
        Some(next) if depth < 8 && next != path => {
            defining([next.as_slice(), &rest[1..]].concat(), named, depth + 1)
        }
        _ => module,
    }
}

/// Returns the paths in code that may lead to another file.
fn paths(code: &str) -> Vec<Named> {
    let (mut named, mut others) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let (visibility, rest) = visibility(line.trim());
        let Some(rest) = rest.strip_prefix("use ") else {
            others.push_str(line);
            others.push('\n');
            continue;
        };
        let mut text = rest.to_owned();
        while !text.contains(';') {
            text.push_str(lines.next().expect("a use ends"));
        }
        // What follows is the name here; a path leads to the name there.
        let end = |part: &str| part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
        let mut parts = text.split(" as ");
        let first = parts.next().unwrap_or_default().to_owned();
        let text = parts.fold(first, |text, part| text + &part[end(part)..]);
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != ';').collect();
        named.extend(expand(&text).into_iter().map(|path| Named { path, is_exported: visibility.is_some() }));
    }
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in others.match_indices(start) {
            let before = &others[..at];
            let is_inside = before.ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c));
            if !is_inside && !before.ends_with("pub(in ") {
                let path = others[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
                let path = path.expect("a start").split("::").filter(|part| !part.is_empty());
                named.push(Named { path: path.map(str::to_owned).collect(), is_exported: false });
            }
        }
    }
    named
}

/// Splits `pub` or `pub(…)` off the front of a line.
fn visibility(line: &str) -> (Option<&str>, &str) {
    let Some(rest) = line.strip_prefix("pub") else { return (None, line) };
    let end = if rest.starts_with('(') { rest.find(')').map_or(0, |end| end + 1) } else { 0 };
    (Some(&rest[..end]), rest[end..].trim_start())
}

/// Returns the paths of a `use` with lists in it: `a::{b, c::d}` are `a::b` and `a::c::d`.
fn expand(text: &str) -> Vec<Vec<String>> {
    let Some((start, list)) = text.split_once('{') else {
        let parts = text.split("::").filter(|part| !["self", "*", ""].contains(part) || text == *part);
        let parts: Vec<String> = parts.map(str::to_owned).collect();
        let is_relative = text.starts_with("self::");
        return vec![if is_relative { [vec!["self".to_owned()], parts].concat() } else { parts }];
    };
    let list = &list[..list.rfind('}').expect("a list ends")];
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if at > from {
                    found.extend(expand(&format!("{start}{}", &list[from..at])));
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Returns the circles: each set of modules that use one another, directly or not.
pub fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach = |from: &Module| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = next.pop() {
            for target in arrows.get(&module).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reach(module))).collect();
    let circles: BTreeSet<Vec<String>> = reached
        .iter()
        .filter(|(module, seen)| seen.contains(**module))
        .map(|(module, seen)| {
            let both =
                seen.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(*module)));
            both.map(written).collect()
        })
        .collect();
    circles.into_iter().collect()
}

#[test]
fn a_path_is_followed_through_a_re_export_to_its_file() {
    let file = |name: &str, code: &str| (name.split("::").map(str::to_owned).collect(), code.to_owned());
    let files = [
        file("room", "mod a;\nmod b;\npub use a::{Thing, Other as Second};\n"),
        file("room::a", "use super::b;\npub(in crate::room) struct Thing;"),
        file("room::b", "fn f() -> crate::room::Thing {}"),
        file("hall", "use crate::{\n    room::{self, b::{C, D}},\n    sync,\n};\nuse std::fmt as _;"),
    ];
    let arrows = arrows(&files);
    let of = |name: &str| -> Vec<String> {
        arrows[&name.split("::").map(str::to_owned).collect::<Module>()].iter().map(written).collect()
    };
    assert_eq!(of("room"), [""; 0]);
    assert_eq!(of("room::a"), ["room::b"]);
    assert_eq!(of("room::b"), ["room::a"]);
    assert_eq!(of("hall"), ["room", "room::b"]);
    assert_eq!(circles(&arrows), [["room::a", "room::b"]]);
}
