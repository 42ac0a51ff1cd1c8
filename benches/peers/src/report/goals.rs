//! What the channel must show, as ratios within one run, and whether it does.

use crate::{
    cell::{Cell, Measure, Placement, Way},
    contestants::{self, Group},
    harness::{
        goal::Goal,
        spread::Spread,
        table::{Table, figure},
    },
    plan::SIZE,
    results::{Column, FIRST, RATE, Results, SECOND, cell, rate},
};

/// The bounded and the unbounded channel of this project.
pub(crate) const OURS: &str = "shmpsc";
const UNBOUNDED: &str = "shmpsc, unbounded";
/// The bare contestants.
const SPSC: &str = "bare SPSC ring";
const MPSC: &str = "bare MPSC ring";
const FUTEX: &str = "bare futex";

/// A figure of ours over another's, or alone, and what it should be.
struct Line {
    name: String,
    figure: Option<Spread>,
    goal: Goal,
}

/// Returns the goals whose cells were measured.
pub(crate) fn table(results: &Results) -> Table {
    let mut table = Table::new(["", "ratio", "goal", ""]);
    for Line { name, figure: measured, goal } in lines(results) {
        let Some(spread) = measured else { continue };
        let verdict = goal.verdict(spread.median).replace("met", "reached");
        table.row([name, figure(spread), goal.text(), verdict]);
    }
    table
}

fn lines(results: &Results) -> Vec<Line> {
    [rates(results), trips(results), one_thread(results), others(results)].into_iter().flatten().collect()
}

fn rates(results: &Results) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = |senders: usize, bytes: usize, others: Vec<&'static str>, called: &str, least: f64| {
        let ours = rate(OURS, Way::Busy, senders, bytes);
        let best = best(results, &others, senders, bytes);
        let name = best.as_ref().map_or(String::new(), |best| {
            let plural = if senders == 1 { "sender" } else { "senders" };
            let (other, way) = (&best.contestant, best.way.name());
            format!("messages/s, {senders} {plural}, {bytes} bytes, busy : {called}{other}, {way}")
        });
        let figure = best.and_then(|best| results.ratio(&ours, &best, RATE));
        lines.push(Line { name, figure, goal: Goal::AtLeast(least) });
    };
    const WITHIN: &str = "the best in process, ";
    line(1, 64, vec![SPSC], "", 0.6);
    line(1, 64, vec![MPSC], "", 1.0);
    line(1, 64, vec!["kanal"], "", 1.4);
    line(1, 64, names(Group::Between), "the best between processes, ", 8.0);
    line(
        1,
        8,
        vec!["crossbeam", "kanal", "thingbuf", "std sync_channel"],
        "the best of four in process, ",
        1.3,
    );
    for senders in [2, 4] {
        line(senders, 64, names(Group::Within), WITHIN, 1.5);
        line(senders, 8, names(Group::Within), WITHIN, 1.0);
    }
    line(1, 1024, names(Group::Within), WITHIN, 1.0);
    line(1, 4096, names(Group::Within), WITHIN, 1.0);
    for senders in [16, 64] {
        for bytes in [8, 64] {
            let [many, four] = [senders, 4].map(|senders| rate(OURS, Way::Busy, senders, bytes));
            let name = format!("messages/s, {bytes} bytes, busy, {senders} senders : 4 senders");
            lines.push(Line { name, figure: results.ratio(&many, &four, RATE), goal: Goal::AtLeast(0.5) });
        }
    }
    let [batches, single] = [rate(OURS, Way::BusyBatch, 1, 8), rate(SPSC, Way::Busy, 1, 8)];
    let name = format!("messages/s, 1 sender, 8 bytes, batches : {SPSC}, one by one");
    lines.push(Line { name, figure: results.ratio(&batches, &single, RATE), goal: Goal::AtLeast(0.6) });
    let [unbounded, bounded] = [UNBOUNDED, OURS].map(|name| rate(name, Way::Busy, 1, SIZE));
    let name = format!("messages/s, 1 sender, {SIZE} bytes, busy, unbounded : bounded");
    lines.push(Line { name, figure: results.ratio(&unbounded, &bounded, RATE), goal: Goal::AtLeast(0.9) });
    lines
}

fn trips(results: &Results) -> Vec<Line> {
    let trip = |contestant: &str, way, placement| cell(Measure::Trip, contestant, way, placement, SIZE);
    let line = |placement: Placement, way: Way, other: (&str, Way), share: (&str, Column), most: f64| {
        let (ours, under) = (trip(OURS, way, placement), trip(other.0, other.1, placement));
        let (called, column) = share;
        let (placement, way, other_way) = (placement.name(), way.name(), other.1.name());
        Line {
            name: format!("round trip {called}, {placement}, {way} : {}, {other_way}", other.0),
            figure: results.ratio(&ours, &under, column),
            goal: Goal::AtMost(most),
        }
    };
    let [p50, p99]: [(&str, Column); 2] = [("p50", FIRST), ("p99", SECOND)];
    let alone = results.spread(&trip(OURS, Way::Async, Placement::Apart), FIRST);
    vec![
        line(Placement::Apart, Way::Busy, (SPSC, Way::Busy), p50, 1.4),
        line(Placement::Apart, Way::Blocking, ("kanal", Way::Blocking), p50, 1.2),
        line(Placement::Apart, Way::Blocking, ("kanal", Way::Blocking), p99, 2.0),
        line(Placement::OneCore, Way::Blocking, (FUTEX, Way::Blocking), p50, 1.3),
        Line {
            name: "round trip p50, a core each, async, µs".to_owned(),
            figure: alone.map(|spread| spread.map(|nanoseconds| nanoseconds / 1e3)),
            goal: Goal::AtMost(2.0),
        },
    ]
}

fn one_thread(results: &Results) -> Vec<Line> {
    let alone = |contestant| cell(Measure::OneThread, contestant, Way::Busy, Placement::OneCore, SIZE);
    let line = |call: &str, column, most| Line {
        name: format!("one thread, {SIZE} bytes, {call} : crossbeam"),
        figure: results.ratio(&alone(OURS), &alone("crossbeam"), column),
        goal: Goal::AtMost(most),
    };
    vec![line("try_send", FIRST, 2.4), line("try_recv", SECOND, 1.0)]
}

fn others(results: &Results) -> Vec<Line> {
    let free = |measure, contestant, way| cell(measure, contestant, way, Placement::Free, SIZE);
    let mut lines = vec![Line {
        name: "to make a channel : tokio".to_owned(),
        figure: results.ratio(
            &free(Measure::Opening, OURS, Way::Busy),
            &free(Measure::Opening, "tokio", Way::Busy),
            FIRST,
        ),
        goal: Goal::None,
    }];
    for contestant in [OURS, UNBOUNDED] {
        for way in [Way::Blocking, Way::Async] {
            lines.push(Line {
                name: format!("wakeups/s of an idle receiver, {contestant}, {}", way.name()),
                figure: results.spread(&free(Measure::Idle, contestant, way), FIRST),
                goal: Goal::AtMost(0.0),
            });
        }
    }
    lines
}

/// Returns the names of a group.
fn names(group: Group) -> Vec<&'static str> {
    contestants::all().into_iter().filter(|entry| entry.group == group).map(|entry| entry.name).collect()
}

/// Returns the cell of the highest median among contestants that move one message a call.
fn best(results: &Results, contestants: &[&str], senders: usize, bytes: usize) -> Option<Cell> {
    let cells = contestants
        .iter()
        .flat_map(|contestant| [Way::Busy, Way::Blocking].map(|way| rate(contestant, way, senders, bytes)));
    let measured = cells.filter_map(|cell| Some((results.spread(&cell, RATE)?.median, cell)));
    measured.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, cell)| cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cell::Outcome, results::Samples};

    /// Returns results in which each contestant had so many million messages a second, round by round.
    fn results(rates: &[(&str, Way, [u64; 3])]) -> Results {
        let mut results = Results::new(false);
        for &(contestant, way, rounds) in rates {
            let outcome = |rate| Outcome { items: rate, nanoseconds: 1000, figures: vec![] };
            let cell = rate(contestant, way, 1, 64);
            results.samples.push(Samples { cell, rounds: rounds.map(outcome).to_vec() });
        }
        results
    }

    fn lines_of(results: &Results) -> Vec<(String, f64)> {
        let lines = lines(results).into_iter();
        lines.filter_map(|line| Some((line.name, line.figure?.median))).collect()
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let results = results(&[(OURS, Way::Busy, [10, 40, 90]), ("kanal", Way::Busy, [20, 40, 30])]);
        let expected = ("messages/s, 1 sender, 64 bytes, busy : kanal, busy".to_owned(), 1.0);
        assert_eq!(lines_of(&results), [expected]);
    }

    #[test]
    fn ours_is_compared_with_the_best_median_of_any_way() {
        let results = results(&[
            (OURS, Way::Busy, [80; 3]),
            ("pipe", Way::Busy, [1, 2, 100]),
            ("ipmpsc", Way::Blocking, [4, 8, 9]),
        ]);
        let name = "messages/s, 1 sender, 64 bytes, busy : the best between processes, ipmpsc, blocking";
        assert_eq!(lines_of(&results), [(name.to_owned(), 10.0)]);
    }
}
