//! What a model is run on from the command line: one set-up, or its lists.

use super::{Model, Outcome, everything, shortest};
use std::time::Instant;

/// The lists of a model.
pub struct Lists {
    /// The words of a set-up, and what they mean.
    pub usage: &'static str,
    /// Set-ups of every kind, each explored to its end in seconds, a few in a minute.
    pub small: &'static [&'static str],
    /// All rules, each with what it says.
    pub rules: &'static [(&'static str, &'static str)],
    /// For each rule a set-up in which something breaks without it. For a rule that is not here, all of `small` are tried for a
    /// second each: it stands on argument, or its order does not matter.
    pub breaking: &'static [(&'static str, &'static str)],
    /// The words that are added to a set-up that lacks a rule.
    pub lacking: &'static [&'static str],
}

/// The words that every model has.
const COMMON: &str = "[without=RULE+RULE] [bfs] [bits=26] [seconds=160]
  bfs       looks for a shortest run to a flaw
  bits      of the number of states that there is memory for
small          all runs of small set-ups of every kind
rules [RULE]   for each rule what breaks without it; for one, also the run";

/// Runs what the command line says. `parse` makes a model of the words of a set-up; it returns `None` for a word that it does not
/// know. The word `without` is among them.
pub fn run<M: Model>(lists: &Lists, parse: impl Fn(&[&str]) -> Option<M>) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parse = |words: &[&str]| parse(words).unwrap_or_else(|| panic!("{}\n{COMMON}", lists.usage));
    match arguments.first().map(String::as_str) {
        Some("small") => return every_small(lists, parse),
        Some("rules") => return every_rule(lists, arguments.get(1).map_or("", |rule| rule), parse),
        _ => {}
    }
    let (mut is_breadth_first, mut bits, mut seconds) = (false, 26, 160);
    let mut words = Vec::new();
    for word in &arguments {
        match word.split_once('=') {
            None if word == "bfs" => is_breadth_first = true,
            Some(("bits", number)) => bits = number.parse().expect(COMMON),
            Some(("seconds", number)) => seconds = number.parse().expect(COMMON),
            _ => words.push(word.as_str()),
        }
    }
    let model = parse(&words);
    tell(&if is_breadth_first { shortest(&model, 6_000_000) } else { everything(&model, bits, seconds) });
}

fn tell(outcome: &Outcome) {
    match outcome {
        Outcome::Holds(states) => println!("holds: {states} states"),
        Outcome::Limit(states) => println!("no flaw within {states} states (limit)"),
        Outcome::Flawed(states, flaw, trace) => {
            for (number, line) in trace.iter().enumerate() {
                println!("{:3} {line}", number + 1);
            }
            println!("FLAW within {states} states, {} steps: {flaw}", trace.len());
        }
    }
}

fn every_small<M: Model>(lists: &Lists, parse: impl Fn(&[&str]) -> M) {
    let began = Instant::now();
    for text in lists.small {
        let outcome = everything(&parse(&text.split(' ').collect::<Vec<_>>()), 26, 160);
        print!("{text:48} ");
        tell(&outcome);
        if !matches!(outcome, Outcome::Holds(_)) {
            std::process::exit(1);
        }
    }
    println!("{} s", began.elapsed().as_secs());
}

/// Says for each rule what breaks without it. Ends with a failure if a rule of `breaking` breaks nothing.
fn every_rule<M: Model>(lists: &Lists, only: &str, parse: impl Fn(&[&str]) -> M) {
    let mut is_as_said = true;
    for (rule, why) in lists.rules.iter().filter(|(rule, _)| only.is_empty() || *rule == only) {
        println!("{rule}:{why}");
        let known = lists.breaking.iter().find(|(known, _)| known == rule).map(|(_, text)| *text);
        let without = |text: &str| {
            let switch = format!("without={rule}");
            let words = text.split(' ').chain([switch.as_str()]).chain(lists.lacking.iter().copied());
            parse(&words.collect::<Vec<_>>())
        };
        // Depth first finds a flaw soon; breadth first finds a shortest run to it, if that is near enough.
        let found = |text: &str, seconds| match everything(&without(text), 25, seconds) {
            Outcome::Flawed(states, flaw, trace) => match shortest(&without(text), 300_000) {
                Outcome::Flawed(states, flaw, trace) => Some((text.to_string(), states, flaw, trace)),
                _ => Some((format!("{text}, not the shortest"), states, flaw, trace)),
            },
            _ => None,
        };
        let found = match known {
            Some(text) => found(text, 60),
            None => lists.small.iter().find_map(|text| found(text, 1)),
        };
        let Some((text, states, flaw, trace)) = found else {
            println!("    nothing breaks without it");
            is_as_said &= known.is_none();
            continue;
        };
        println!("    without it: {flaw} ({} steps, {states} states, {text})", trace.len());
        if !only.is_empty() {
            trace.iter().for_each(|line| println!("{line}"));
        }
    }
    if !is_as_said {
        eprintln!("a rule broke nothing, or not where this says");
        std::process::exit(1);
    }
}
