//! What goes beyond tokio: the calls that its users have asked for, in one process and between several. What tokio has too
//! is tested in `parity/`.
//!
//! Each file has tests and the roles that their children play.

#[path = "../adapter/mod.rs"]
mod adapter;
#[path = "../people/mod.rs"]
mod people;
#[path = "../adapter/one_process.rs"]
mod place;
mod receive;
mod send;

/// What the children do.
#[test]
fn role() {
    let Some((role, path)) = people::my_role() else { return };
    people::die_with_parent();
    let words: Vec<&str> = role.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    match words[0] {
        "sends-when-told" => receive::sends_when_told(&path),
        "sends-on" => receive::sends_on(number(1), number(2), &path),
        "holds-all" => send::holds_all(number(1), &path),
        other => panic!("no role {other}"),
    }
}
