//! The way of an operation: the instructions that it ran once, and which positions on it are worth a visit. Nothing happens to
//! anybody here.

use std::{collections::HashMap, fmt, os::unix::fs::FileExt};

use crate::steps::{Led, Map, Place, Stands};

/// Repeats that are passed over are at least so many of at least so many instructions.
const REPEATS: usize = 8;
const PERIOD: usize = 30;

/// One run of an operation, in steps from its first mark.
pub struct Way {
    pub length: usize,
    /// The instructions, one for each position.
    trace: Vec<u64>,
    map: Map,
    /// For each position how often its instruction was come to, from the beginning to there.
    arrivals: Vec<usize>,
    passed: Vec<(Place, Repeat)>,
    /// The steps that are calls to the system.
    calls: Vec<usize>,
    /// The first step behind which it shares memory with anybody, if it did not from the beginning.
    shares: usize,
    /// The steps that change the memory of the channel.
    changes: Vec<usize>,
}

/// A part of a way that brings nothing new: it runs the same instructions again as before, without a call to the system, and the
/// memory of the channel is at its end as at its beginning.
struct Repeat {
    from: usize,
    to: usize,
    /// The instruction at both, and how often it is come to from the one to the other.
    head: u64,
    times: usize,
    period: usize,
}

impl Way {
    /// As a new run goes.
    pub fn of(led: &mut Led, mut others: impl FnMut()) -> Way {
        let (mut trace, mut calls, mut shares) = (vec![led.stands_at()], Vec::new(), 0);
        let mut stands = Stands::Inside;
        while stands == Stands::Inside {
            let at = trace.len() - 1;
            if led.is_about_to_call() {
                calls.push(at);
                if led.is_about_to_share_memory() {
                    shares = at;
                }
            }
            stands = led.step(&mut others);
            trace.push(led.stands_at());
        }
        let mut passed = repeats(&trace);
        passed.retain(|part| !calls.iter().any(|call| (part.from..part.to).contains(call)));
        if shares > 0 {
            let head = trace[shares];
            let times = trace[1..=shares].iter().filter(|address| **address == head).count();
            // What is shared comes last, so nothing before it is in the way.
            passed = vec![Repeat { from: 0, to: shares, head, times, period: 0 }];
        }
        let map = led.map();
        let passed = passed.into_iter().map(|part| (map.place(part.head), part)).collect();
        let mut counts = HashMap::new();
        let arrivals = trace[1..].iter().map(|address| {
            let count = counts.entry(*address).or_insert(0);
            *count += 1;
            *count
        });
        let arrivals = std::iter::once(usize::MAX).chain(arrivals).collect();
        Way { length: trace.len() - 1, trace, map, arrivals, passed, calls, shares, changes: Vec::new() }
    }

    /// Leads another run along it and notes what changes the memory of the channel.
    pub fn sees_changes(&mut self, led: &mut Led, mut others: impl FnMut()) {
        let (mut steps, mut stands, mut before) = (0, Stands::Inside, Vec::new());
        let mut memory = None;
        while stands == Stands::Inside {
            let first = steps;
            (steps, stands) = self.goes(led, steps, usize::MAX, &mut others);
            memory = memory.or_else(|| led.segment());
            let Some(memory) = &memory else { continue };
            let mut now = vec![0; memory.metadata().expect("it is a file").len() as usize];
            memory.read_exact_at(&mut now, 0).expect("it is there");
            if !before.is_empty() && before != now {
                assert_eq!(steps, first + 1, "what is passed over changes nothing");
                self.changes.push(first);
            }
            before = now;
        }
    }

    /// One step on, or over a part that brings nothing new if the goal lies behind that.
    fn goes(&self, led: &mut Led, steps: usize, goal: usize, others: impl FnMut()) -> (usize, Stands) {
        let part = self.passed.iter().find(|(_, part)| part.from == steps && part.to <= goal);
        match part {
            // Without a call to the system, so it does not sleep there.
            Some((head, part)) => (part.to, led.runs_to(led.map().address(head), part.times, false, others)),
            None => (steps + 1, led.step(others)),
        }
    }

    /// Leads a run to a position, unless it ends before. Gives how many instructions it has run, and where it stands; `None`: it went
    /// another way than the first run, and has ended.
    pub fn leads(&self, led: &mut Led, goal: usize, mut others: impl FnMut()) -> Option<(usize, Stands)> {
        let Some(at) = self.halt(goal) else {
            return Some(self.leads_slowly(led, goal, others));
        };
        let address = led.map().address(&self.map.place(self.trace[at]));
        match led.runs_to(address, self.arrivals[at], true, &mut others) {
            Stands::Inside => Some(self.goes_on(led, at, goal, others)),
            Stands::AtItsEnd => None,
        }
    }

    /// Where a run first stops on its way to a position: each arrival at an instruction costs about as much as a step, and the rest
    /// of the way is stepped.
    fn halt(&self, goal: usize) -> Option<usize> {
        let is_passed =
            |at: usize| self.passed.iter().any(|(_, part)| part.to <= goal && part.from < at && at < part.to);
        let (mut best, mut least) = (None, usize::MAX);
        // At its end it stands by itself.
        for at in (1..=goal.min(self.length.saturating_sub(1))).rev() {
            if goal - at >= least {
                break;
            }
            let costs = self.arrivals[at].saturating_add(goal - at);
            if costs < least && !is_passed(at) {
                (best, least) = (Some(at), costs);
            }
        }
        best
    }

    /// As [`Way::leads`], one instruction after the other.
    pub fn leads_slowly(&self, led: &mut Led, goal: usize, others: impl FnMut()) -> (usize, Stands) {
        self.goes_on(led, 0, goal, others)
    }

    fn goes_on(&self, led: &mut Led, from: usize, goal: usize, mut others: impl FnMut()) -> (usize, Stands) {
        let (mut steps, mut stands) = (from, Stands::Inside);
        while steps < goal && stands == Stands::Inside {
            (steps, stands) = self.goes(led, steps, goal, &mut others);
        }
        (steps, stands)
    }

    /// Whether one that was led to a position stands where the first run was then.
    pub fn is_on_it(&self, led: &Led, goal: usize, stands: Stands) -> bool {
        match stands {
            Stands::AtItsEnd => goal >= self.length,
            Stands::Inside => self
                .trace
                .get(goal)
                .is_some_and(|address| led.map().address(&self.map.place(*address)) == led.stands_at()),
        }
    }

    /// All positions that differ, from its beginning to its end.
    pub fn positions(&self) -> Vec<usize> {
        let is_new = |at: usize| !self.passed.iter().any(|(_, part)| part.from < at && at < part.to);
        let is_at_a_call = |at: usize| self.calls.iter().any(|call| at == *call || at == call + 1);
        (0..=self.length)
            .filter(|at| if *at < self.shares { is_at_a_call(*at) } else { is_new(*at) })
            .collect()
    }

    /// The positions before and behind each change of the channel's memory and each call to the system.
    pub fn windows(&self) -> Vec<usize> {
        let mut windows: Vec<_> =
            self.changes.iter().chain(&self.calls).flat_map(|step| [*step, step + 1]).collect();
        windows.extend([0, self.length]);
        windows.sort_unstable();
        windows.dedup();
        windows
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Way { length, changes, calls, .. } = self;
        write!(
            f,
            "{length} instructions, {} changes of the segment, {} system calls",
            changes.len(),
            calls.len()
        )?;
        for (_, Repeat { from, to, period, .. }) in &self.passed {
            if self.shares > 0 {
                write!(f, "; of the first {to}, which share no memory, only the system calls")?;
            } else {
                let count = (to - from) / period;
                write!(
                    f,
                    "; {count} looks of {period} instructions not visited, the same as the two before them"
                )?;
            }
        }
        Ok(())
    }
}

/// The parts of a way that only repeat what came before them. Of each sequence that comes again and again the first two and the
/// last are not in them.
fn repeats(trace: &[u64]) -> Vec<Repeat> {
    let (mut next, mut last) = (vec![usize::MAX; trace.len()], HashMap::new());
    for (at, address) in trace.iter().enumerate().rev() {
        next[at] = last.insert(*address, at).unwrap_or(usize::MAX);
    }
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < trace.len() {
        let period = next[at].saturating_sub(at);
        let comes_again = |time: &usize| {
            let begin = at + time * period;
            trace.get(begin..begin + period) == Some(&trace[at..at + period])
        };
        if period < PERIOD || next[at] == usize::MAX || !comes_again(&1) {
            at += 1;
            continue;
        }
        let times = (1..).take_while(comes_again).count() + 1;
        if times >= REPEATS {
            let (from, to) = (at + 2 * period, at + (times - 1) * period);
            let come_to = trace[from + 1..=to].iter().filter(|address| **address == trace[at]).count();
            parts.push(Repeat { from, to, head: trace[at], times: come_to, period });
            at += times * period;
        } else {
            at += 1;
        }
    }
    parts
}

#[test]
fn of_what_repeats_the_first_two_and_the_last_are_visited() {
    let body: Vec<u64> = (100..140).collect();
    let mut trace = vec![1, 2];
    (0..10).for_each(|_| trace.extend(&body));
    trace.push(3);
    let parts = repeats(&trace);
    let [Repeat { from, to, head: 100, times: 7, period: 40 }] = parts[..] else { panic!("one part") };
    assert_eq!((from, to), (2 + 80, 2 + 9 * 40));
    assert_eq!((trace[from], trace[to]), (100, 100));
}
