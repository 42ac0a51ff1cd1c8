//! Where the links of the documents lead, in the tree of files and in rustdoc; and the walks of CONTRIBUTING.

use std::{collections::BTreeMap, env, fs};

use super::{
    REWRITE,
    texts::{self, prose, read, root},
};

/// The rooms, from the top row to the bottom.
const ROWS: [&[&str]; 9] = [
    &["options", "bounded", "unbounded", "ends"],
    &["channel"],
    &["control"],
    &["wait"],
    &["queue"],
    &["segment"],
    &["layout"],
    &["sys"],
    &["sync"],
];

/// Returns what is wrong with the walks in a text: a room that is entered after one below it, or a file that is not of its room.
fn lost_walks(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut deepest = 0;
    for line in text.lines() {
        if line.starts_with("| ---") {
            deepest = 0;
        }
        let Some((rooms, places)) = line.strip_prefix("| `").and_then(|line| line.split_once(" | ")) else {
            continue;
        };
        let rooms: Vec<&str> = rooms.split('`').step_by(2).collect();
        for room in &rooms {
            match ROWS.iter().position(|row| row.contains(room)) {
                Some(row) if row >= deepest => deepest = row,
                _ => wrong.push(format!("{room} is no room, or comes too late")),
            }
        }
        for place in places.split('`').skip(1).step_by(2).filter_map(|place| place.strip_prefix("src/")) {
            if !rooms.contains(&place.split(['/', '.']).next().expect("a room")) {
                wrong.push(format!("{place} is not of {rooms:?}"));
            }
        }
    }
    wrong
}

#[test]
fn each_walk_goes_down_the_rooms() {
    let text = read("CONTRIBUTING.md");
    let (_, walks) = text.split_once("\n## Walks\n").expect("the walks");
    let (walks, _) = walks.split_once("\n## ").expect("what follows");
    assert_eq!(walks.matches("| --- |").count(), 4, "send, recv, connect, and a death");
    let wrong = lost_walks(walks);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lost_walks("| `queue` | |\n| `channel` | |").len(), 1);
    assert_eq!(lost_walks("| `queue` | `src/channel/mod.rs` |").len(), 1);
}

/// Returns all documents in which a link may stand.
fn documents() -> Vec<String> {
    let mut found = texts::documents();
    found.push("ipc-demo/README.md".to_owned());
    found
}

/// Returns the targets that links have by name, as `[name]: target` on a line of its own.
fn targets(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.collect()
}

/// A link: its target, or the name of it.
#[derive(PartialEq, Debug)]
enum Link<'a> {
    To(&'a str),
    Named(&'a str),
}

/// Returns the links of prose: `[text](target)`, `[text][name]` and `[name]`.
fn links(prose: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = prose;
    while let Some((before, opened)) = rest.split_once('[') {
        let Some((text, after)) = opened.split_once(']') else { break };
        rest = after;
        if let Some((target, after)) = after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            links.push(Link::To(target));
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('[').and_then(|name| name.split_once(']')) {
            links.push(Link::Named(name));
            rest = after;
        } else if !(after.starts_with(": ") && (before.is_empty() || before.ends_with('\n'))) {
            links.push(Link::Named(text));
        }
    }
    links
}

/// Returns by which names the headings of a document are found.
fn headings(text: &str) -> Vec<String> {
    let titles =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    titles
        .map(|title| title.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

/// Returns where a target leads from a document: a path from the root, and a heading.
fn place(document: &str, target: &str) -> (String, String) {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        return (document.to_owned(), heading.to_owned());
    }
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    (parts.join("/"), heading.to_owned())
}

/// Returns the page of rustdoc that a document becomes, and the document that becomes a page.
fn page(document: &str) -> Option<String> {
    match document {
        "CONTRIBUTING.md" => Some("contributing".to_owned()),
        _ => document.strip_prefix("docs/")?.strip_suffix(".md").map(|name| name.replace('/', "::")),
    }
}

/// Returns what is wrong with the links of a document. `pages` are the targets that rustdoc puts before those of the document.
fn dead_links(document: &str, text: &str, pages: &BTreeMap<&str, &str>) -> Vec<String> {
    let (named, prose) = (targets(text), prose(text.lines()));
    let is_page = document == "README.md" || page(document).is_some();
    let mut wrong = Vec::new();
    for link in links(&prose) {
        let (target, name) = match link {
            Link::To(target) => (target, None),
            Link::Named(name) => match named.get(name) {
                Some(target) => (*target, Some(name)),
                None => {
                    wrong.push(format!("{document}: [{name}] has no target"));
                    continue;
                }
            },
        };
        if target.starts_with("https://") {
            continue;
        }
        let (path, heading) = place(document, target);
        match fs::read_to_string(root().join(&path)) {
            Err(_) => wrong.push(format!("{document}: there is no {target}")),
            Ok(text) if !heading.is_empty() && !headings(&text).contains(&heading) => {
                wrong.push(format!("{document}: {path} has no heading {heading}"));
            }
            Ok(_) if !is_page || path == document => {}
            Ok(_) => {
                let fits = |page: &str| {
                    let there =
                        if heading.is_empty() { page.to_owned() } else { format!("{page}#{heading}") };
                    name.and_then(|name| pages.get(name)) == Some(&format!("crate::docs::{there}").as_str())
                };
                let is_plot = name.is_some_and(|name| name.starts_with("plot of "));
                if !is_plot && !page(&path).is_some_and(|page| fits(&page)) {
                    wrong.push(format!("{document}: in rustdoc the link to {target} leads nowhere"));
                }
            }
        }
    }
    wrong
}

#[test]
fn each_link_leads_somewhere_in_the_tree_and_in_rustdoc() {
    let pages = read("src/docs/links.md");
    let pages = targets(&pages);
    let modules = read("src/docs.rs");
    for page in pages.values() {
        let module =
            page.split(['#', ':']).rfind(|part| !part.is_empty() && page.contains(&format!("::{part}")));
        assert!(modules.contains(&format!("pub mod {} {{", module.expect("a module"))), "{page}");
    }
    let mut wrong = Vec::new();
    for document in documents() {
        let text = read(&document);
        wrong.extend(dead_links(&document, &text, &pages));
        if let Some(page) = page(&document) {
            let file = document.rsplit('/').next().expect("a name");
            assert!(modules.contains(file), "{document} is no page, or should be: {page}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_dead_link_is_found_out() {
    let pages = BTreeMap::from([("limits", "crate::docs::limits"), ("trust", "crate::docs::recovery")]);
    let wrong = |text| dead_links("docs/protocol.md", text, &pages).len();
    assert_eq!(wrong("[a](nowhere.md)"), 1);
    assert_eq!(wrong("[a](#nowhere)"), 1);
    assert_eq!(wrong("[a][b]"), 1, "no target of that name");
    assert_eq!(wrong("see [b]"), 1);
    assert_eq!(wrong("[limits]\n\n[limits]: nowhere.md"), 1);
    assert_eq!(wrong("[limits]\n\n[limits]: limits.md#nowhere"), 1);
    assert_eq!(wrong("[a](limits.md)"), 1, "no name by which rustdoc could give another target");
    assert_eq!(wrong("[trust]\n\n[trust]: trust.md"), 1, "another page in rustdoc");
    let right = "[a](#the-places), [a](https://docs.rs/tokio), [a][limits], [limits], `[x](y)`\n\n[limits]: limits.md";
    assert_eq!(wrong(right), 0);
}

/// Returns data for a link target, with the bytes escaped that could end one.
fn escaped(data: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/=:,;".contains(&byte);
    data.iter()
        .map(|byte| if plain(*byte) { char::from(*byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
fn the_plots_of_rustdoc_are_those_of_the_documents() {
    let plots = [("plot of round trips", "round-trips.svg"), ("plot of throughput", "throughput.svg")];
    let lines = plots.map(|(name, file)| {
        let data = fs::read(root().join("docs/plots").join(file)).expect("a plot");
        format!("[{name}]: data:image/svg+xml,{}\n", escaped(&data))
    });
    let file = root().join("docs/plots/plots.md");
    if env::var_os(REWRITE).is_some() {
        fs::write(&file, lines.concat()).expect("it can be written");
    }
    let is_same = fs::read_to_string(&file).expect("the plots for rustdoc") == lines.concat();
    assert!(is_same, "run SHMPSC_REWRITE=1 cargo test --test documents");
}
