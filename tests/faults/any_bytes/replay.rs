//! What `.ci/fuzz` has found worth keeping, as a plain test; and for some seconds what looks like chance.

#[allow(dead_code, reason = "others shuffle")]
#[path = "../../support/chance.rs"]
mod chance;

use chance::Chance;
use shmpsc_any_bytes::{any_bytes, most_seen};
use std::fs;
use std::path::Path;

/// The inputs of the corpus, and those that once failed.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = fs::read_dir(folder).expect("the corpus is there").map(|file| file.expect("an entry").path());
    let mut inputs: Vec<_> = files
        .map(|path| (path.display().to_string(), fs::read(&path).expect("an input is a file")))
        .collect();
    inputs.sort();
    inputs
}

/// Tries an input, and shows it if it fails.
fn tried(name: &str, input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| any_bytes(input)) {
        eprintln!("{name}: {input:?}");
        std::panic::resume_unwind(panic);
    }
}

fn show(what: &str, inputs: usize) {
    println!("{what}: {inputs} inputs");
    for (call, made, allowed) in most_seen() {
        println!("  {call}: at most {made} accesses to shared words in a call, where {allowed} are allowed");
    }
}

/// Shows T9.
#[test]
fn whatever_the_corpus_writes_nothing_panics_or_runs_for_ever() {
    let inputs = corpus();
    assert!(!inputs.is_empty());
    inputs.iter().for_each(|(name, input)| tried(name, input));
    show("corpus", inputs.len());
}

/// Shows T38.
#[test]
fn whatever_chance_writes_nothing_panics_or_goes_on_without_end() {
    let inputs = 16_000;
    for seed in 0..inputs {
        let mut chance = Chance::new(seed);
        let length = chance.below(600) + 8;
        let input: Vec<u8> = (0..length).map(|_| chance.number() as u8).collect();
        tried(&format!("seed {seed}"), &input);
    }
    show("chance", inputs as usize);
}

/// Shows T71.
#[test]
fn the_corpus_with_a_few_bytes_changed_does_no_harm_either() {
    let corpus = corpus();
    let mut chance = Chance::new(7);
    let times = 10;
    for (name, input) in &corpus {
        for _ in 0..times {
            let mut input = input.clone();
            for _ in 0..=chance.below(4) {
                if !input.is_empty() {
                    let place = chance.below(input.len() as u64) as usize;
                    input[place] = chance.number() as u8;
                }
            }
            if chance.once_in(3) {
                let (_, other) = &corpus[chance.below(corpus.len() as u64) as usize];
                input.extend(other.iter().skip(chance.below(20) as usize));
            }
            tried(name, &input);
        }
    }
    show("corpus, changed", corpus.len() * times);
}
