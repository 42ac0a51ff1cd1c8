//! What the consumer knows: which producers came, what they announced, which bytes are there, and so what is missing.
//! It neither receives nor writes; it says what each chunk means for the output.

use std::ops::Range;

use super::chunk::{Chunk, Damaged, Ending, Identity, Message, UNKNOWN};
use super::report::{Missing, Outcome, Producer, Report};
use super::shard::Shard;
use crate::ranges::Ranges;

/// So many problems are told in words; the rest is counted.
const TOLD: usize = 8;

/// What is to be done about a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// Nothing.
    None,
    /// Write `bytes` at `start`.
    Write {
        /// Where in the file.
        start: u64,
        /// What.
        bytes: &'a [u8],
    },
    /// Close: nothing that could still come would be of use.
    Close,
}

/// The ledger of one transfer.
#[derive(Debug)]
pub struct Assembly {
    /// Whether the output can only be written from front to back.
    in_order: bool,
    producers: Vec<Known>,
    /// What the accepted producers agree on: size (which a pipe tells only at its end) and number of shards.
    plan: Option<(u64, u32)>,
    received: Ranges,
    damaged: u64,
    problems: Vec<String>,
    untold: usize,
}

#[derive(Debug)]
struct Known {
    identity: Identity,
    range: Range<u64>,
    bytes: u64,
    outcome: Outcome,
}

impl Assembly {
    /// An empty ledger; `in_order` if the output is a pipe.
    pub fn new(in_order: bool) -> Self {
        Self {
            in_order,
            producers: Vec::new(),
            plan: None,
            received: Ranges::new(),
            damaged: 0,
            problems: Vec::new(),
            untold: 0,
        }
    }

    /// Takes note of a chunk.
    pub fn take<'a>(&mut self, chunk: &'a Chunk) -> Step<'a> {
        match chunk.read() {
            Err(Damaged) => {
                self.damaged += 1;
                Step::None
            }
            Ok((identity, Message::Announce { range, total })) => self.announced(identity, range, total),
            Ok((identity, Message::Data { range, bytes })) => self.arrived(identity, range, bytes),
            Ok((identity, Message::End { end, ending })) => {
                self.ended(identity, end, ending);
                Step::None
            }
        }
    }

    /// How many bytes are there.
    pub fn bytes(&self) -> u64 {
        self.received.total()
    }

    /// How many bytes there will be, if a producer said.
    pub fn total(&self) -> Option<u64> {
        self.plan.map(|(total, _)| total).filter(|&total| total != UNKNOWN)
    }

    /// Whether a producer has come.
    pub fn has_begun(&self) -> bool {
        !self.producers.is_empty()
    }

    /// Returns whether a producer of each shard has come, so that the consumer need not wait for more.
    pub fn has_everybody(&self) -> bool {
        self.plan.is_some_and(|(_, count)| Shard::all(count).all(|shard| self.has(shard)))
    }

    /// Makes the judgement, after the last chunk. The owner of the output fills `sha256` in.
    pub fn finish(self, interrupted: bool, seconds: f64) -> Report {
        let missing = self.missing();
        let total = self.total();
        let mut problems = self.problems;
        if self.untold > 0 {
            problems.push(format!("and {} more of the kind", self.untold));
        }
        if self.damaged > 0 {
            let chunks = if self.damaged == 1 { "chunk was" } else { "chunks were" };
            problems.push(format!("{} {chunks} damaged", self.damaged));
        }
        // A producer that our own end cuts off has not gone by itself.
        let vanished = |known: &&Known| known.outcome == Outcome::Vanished && !interrupted;
        for known in self.producers.iter().filter(vanished) {
            problems.push(format!("{} left without finishing", known.name()));
        }
        if self.producers.is_empty() {
            problems.push("no producer came".to_owned());
        }
        Report {
            complete: total == Some(self.received.total()) && missing.is_empty() && problems.is_empty(),
            interrupted,
            bytes: self.received.total(),
            total,
            sha256: None,
            most_memory_in_use: None,
            seconds,
            producers: self.producers.iter().map(Known::report).collect(),
            missing,
            damaged: self.damaged,
            problems,
        }
    }

    fn announced(&mut self, identity: Identity, range: Range<u64>, total: u64) -> Step<'static> {
        let refusal = self.refusal(identity, &range, total);
        let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Vanished };
        self.producers.push(Known { identity, range, bytes: 0, outcome });
        match refusal {
            None => {
                self.plan = Some((total, identity.shard.count()));
                Step::None
            }
            Some(refusal) => {
                self.tell(refusal);
                if self.plan.is_none() { Step::Close } else { Step::None }
            }
        }
    }

    /// Why a producer cannot take part, if so.
    fn refusal(&self, identity: Identity, range: &Range<u64>, total: u64) -> Option<String> {
        let Identity { producer, shard, .. } = identity;
        let who = name(identity);
        if self.find(producer).is_some() {
            return Some(format!("{who} announced itself twice"));
        }
        if *range != if total == UNKNOWN { 0..UNKNOWN } else { shard.range(total) } {
            return Some(format!("{who} announced bytes that are not its shard"));
        }
        if self.in_order && !shard.is_whole() {
            return Some(format!(
                "{who} cannot join, because shards come out of order and the output is not a file that takes them so"
            ));
        }
        let (known, count) = self.plan?;
        if (known, count) != (total, shard.count()) || shard.is_whole() {
            let already = match (count, known) {
                (1, _) => "whole".to_owned(),
                _ => format!("in {count} shards of {known} bytes together"),
            };
            return Some(format!("{who} cannot join, because a file is being sent {already} already"));
        }
        None
    }

    fn arrived<'a>(&mut self, identity: Identity, range: Range<u64>, bytes: &'a [u8]) -> Step<'a> {
        let Some(at) = self.find(identity.producer) else {
            self.tell(format!("{} sent bytes that it had not announced", name(identity)));
            return Step::None;
        };
        let known = &mut self.producers[at];
        if known.outcome == Outcome::Refused {
            return Step::None;
        }
        if range.start < known.range.start || range.end > known.range.end {
            self.tell(format!(
                "{} sent bytes {}..{} of another shard",
                name(identity),
                range.start,
                range.end
            ));
            return Step::None;
        }
        match self.received.insert(range.clone()) {
            Ok(()) => {
                known.bytes += bytes.len() as u64;
                Step::Write { start: range.start, bytes }
            }
            Err(twice) => {
                self.tell(format!(
                    "bytes {}..{} came twice, again from {}",
                    twice.start,
                    twice.end,
                    name(identity)
                ));
                Step::None
            }
        }
    }

    fn ended(&mut self, identity: Identity, end: u64, ending: Ending) {
        let Some(at) = self.find(identity.producer) else {
            self.tell(format!("{} ended without having begun", name(identity)));
            return;
        };
        let known = &mut self.producers[at];
        if known.outcome == Outcome::Refused {
            return;
        }
        let wanted = known.range.end;
        match ending {
            Ending::Complete if wanted == UNKNOWN => {
                known.outcome = Outcome::Complete;
                self.plan = Some((end, 1));
            }
            Ending::Complete => known.outcome = Outcome::Complete,
            Ending::Unreadable => {
                known.outcome = Outcome::Unreadable;
                self.tell(format!("{} could not read its input beyond byte {end}", name(identity)));
            }
            Ending::Interrupted => {
                known.outcome = Outcome::Interrupted;
                self.tell(format!("{} was interrupted at byte {end}", name(identity)));
            }
        }
    }

    fn missing(&self) -> Vec<Missing> {
        let Some((total, count)) = self.plan else { return Vec::new() };
        if total == UNKNOWN {
            let start = self.received.gaps(0..UNKNOWN).first().map_or(UNKNOWN, |gap| gap.start);
            return vec![Missing { start, end: None, shard: Shard::WHOLE }];
        }
        Shard::all(count)
            .flat_map(|shard| self.received.gaps(shard.range(total)).into_iter().map(move |gap| (gap, shard)))
            .map(|(gap, shard)| Missing { start: gap.start, end: Some(gap.end), shard })
            .collect()
    }

    fn has(&self, shard: Shard) -> bool {
        self.producers.iter().any(|known| known.identity.shard == shard && known.outcome != Outcome::Refused)
    }

    fn find(&self, producer: u64) -> Option<usize> {
        self.producers.iter().position(|known| known.identity.producer == producer)
    }

    fn tell(&mut self, problem: String) {
        if self.problems.len() < TOLD { self.problems.push(problem) } else { self.untold += 1 }
    }
}

impl Known {
    fn name(&self) -> String {
        name(self.identity)
    }

    fn report(&self) -> Producer {
        let Identity { pid, shard, .. } = self.identity;
        Producer { pid, shard, bytes: self.bytes, outcome: self.outcome }
    }
}

fn name(Identity { pid, shard, .. }: Identity) -> String {
    if shard.is_whole() { format!("producer {pid}") } else { format!("producer {pid} (shard {shard})") }
}

#[cfg(test)]
mod tests {
    use shmpsc::bytemuck::Zeroable;

    use super::*;

    fn who(producer: u64, index: u32, count: u32) -> Identity {
        Identity { producer, pid: 100 + producer as u32, shard: Shard::new(index, count).unwrap() }
    }

    fn announce(identity: Identity, total: u64) -> Chunk {
        let range = if total == UNKNOWN { 0..UNKNOWN } else { identity.shard.range(total) };
        Chunk::announce(identity, range, total)
    }

    fn data(identity: Identity, start: u64, length: usize) -> Chunk {
        let mut chunk = Chunk::zeroed();
        chunk.room()[..length].fill(1);
        chunk.carry(identity, start, length);
        chunk
    }

    fn done(identity: Identity, end: u64) -> Chunk {
        Chunk::end(identity, end, Ending::Complete)
    }

    fn after(in_order: bool, chunks: &[Chunk]) -> (Assembly, Vec<(u64, usize)>) {
        let mut assembly = Assembly::new(in_order);
        let mut written = Vec::new();
        for chunk in chunks {
            if let Step::Write { start, bytes } = assembly.take(chunk) {
                written.push((start, bytes.len()));
            }
        }
        (assembly, written)
    }

    fn report(in_order: bool, chunks: &[Chunk]) -> Report {
        after(in_order, chunks).0.finish(false, 1.0)
    }

    #[test]
    fn shards_in_any_order_make_the_file() {
        let (a, b) = (who(1, 1, 2), who(2, 2, 2));
        let (assembly, written) = after(
            false,
            &[
                announce(b, 10),
                data(b, 5, 5),
                announce(a, 10),
                done(b, 10),
                data(a, 0, 2),
                data(a, 2, 3),
                done(a, 5),
            ],
        );
        assert_eq!(written, [(5, 5), (0, 2), (2, 3)]);
        assert!(assembly.has_everybody());
        let report = assembly.finish(false, 1.0);
        assert!(report.complete);
        assert_eq!(report.sentence(), None);
        assert_eq!((report.bytes, report.total), (10, Some(10)));
    }

    #[test]
    fn an_empty_file_is_complete() {
        let report = report(false, &[announce(who(1, 1, 1), 0), done(who(1, 1, 1), 0)]);
        assert!(report.complete);
        assert_eq!(report.total, Some(0));
    }

    #[test]
    fn a_producer_that_vanished_is_named_with_what_it_owes() {
        let (a, b) = (who(1, 1, 2), who(2, 2, 2));
        let report =
            report(false, &[announce(a, 10), announce(b, 10), data(b, 5, 2), data(a, 0, 5), done(a, 5)]);
        assert!(!report.complete);
        assert_eq!(report.producers[1].outcome, Outcome::Vanished);
        let sentence = "producer 102 (shard 2/2) left without finishing; missing: bytes 7..10 of shard 2/2";
        assert_eq!(report.sentence().as_deref(), Some(sentence));
    }

    #[test]
    fn a_shard_that_nobody_sent_is_missing() {
        let a = who(1, 1, 2);
        let (assembly, _) = after(false, &[announce(a, 10), data(a, 0, 5), done(a, 5)]);
        assert!(!assembly.has_everybody());
        let sentence = assembly.finish(false, 1.0).sentence();
        assert_eq!(sentence.as_deref(), Some("missing: bytes 5..10 of shard 2/2"));
    }

    #[test]
    fn a_pipe_tells_its_size_at_the_end() {
        let a = who(1, 1, 1);
        let begun = [announce(a, UNKNOWN), data(a, 0, 4), data(a, 4, 3)];
        let (assembly, _) = after(true, &begun);
        assert_eq!(assembly.total(), None);
        let cut_off = assembly.finish(false, 1.0);
        assert!(!cut_off.complete);
        assert_eq!(cut_off.missing, [Missing { start: 7, end: None, shard: Shard::WHOLE }]);
        let whole = report(true, &[&begun[..], &[done(a, 7)]].concat());
        assert!(whole.complete);
        assert_eq!(whole.total, Some(7));
    }

    #[test]
    fn what_comes_twice_is_a_problem_and_is_not_written_again() {
        let a = who(1, 1, 1);
        let chunks = [announce(a, 6), data(a, 0, 4), data(a, 2, 4), data(a, 4, 2), done(a, 6)];
        let (assembly, written) = after(false, &chunks);
        assert_eq!(written, [(0, 4), (4, 2)]);
        let sentence = assembly.finish(false, 1.0).sentence();
        assert_eq!(sentence.as_deref(), Some("bytes 2..4 came twice, again from producer 101"));
    }

    #[test]
    fn bytes_of_another_shard_or_of_nobody_are_not_written() {
        let (a, b) = (who(1, 1, 2), who(2, 2, 2));
        let (assembly, written) = after(false, &[announce(a, 10), data(a, 4, 2), data(b, 5, 5)]);
        assert_eq!(written, []);
        assert_eq!(assembly.problems.len(), 2);
    }

    #[test]
    fn a_damaged_chunk_is_counted_and_its_bytes_are_missing() {
        let a = who(1, 1, 1);
        let mut damaged = data(a, 0, 4);
        damaged.room()[2] = 9;
        let report = report(false, &[announce(a, 8), damaged, data(a, 4, 4), done(a, 8)]);
        assert_eq!(report.damaged, 1);
        assert_eq!(report.sentence().as_deref(), Some("1 chunk was damaged; missing: bytes 0..4"));
    }

    #[test]
    fn a_second_whole_file_is_refused_and_the_first_is_unharmed() {
        let (a, b) = (who(1, 1, 1), who(2, 1, 1));
        for total in [4, UNKNOWN] {
            let (assembly, written) = after(
                false,
                &[announce(a, 4), announce(b, total), data(b, 0, 4), done(b, 4), data(a, 0, 4), done(a, 4)],
            );
            assert_eq!(written, [(0, 4)]);
            let report = assembly.finish(false, 1.0);
            assert_eq!(
                (report.producers[0].outcome, report.producers[1].outcome),
                (Outcome::Complete, Outcome::Refused)
            );
            assert!(report.missing.is_empty());
            let sentence = "producer 102 cannot join, because a file is being sent whole already";
            assert_eq!(report.sentence().as_deref(), Some(sentence));
        }
    }

    #[test]
    fn shards_of_another_file_are_refused() {
        let (a, other_size, other_count) = (who(1, 1, 2), who(2, 2, 2), who(3, 2, 3));
        let (assembly, _) =
            after(false, &[announce(a, 10), announce(other_size, 11), announce(other_count, 10)]);
        assert_eq!(assembly.problems.len(), 2);
        assert!(!assembly.has_everybody());
    }

    #[test]
    fn a_pipe_as_output_takes_no_shards_and_waits_for_nothing_more() {
        let shard = announce(who(1, 2, 3), 10);
        let mut assembly = Assembly::new(true);
        assert_eq!(assembly.take(&shard), Step::Close);
        assert!(assembly.finish(false, 1.0).sentence().unwrap().contains("shards come out of order"));
    }

    #[test]
    fn an_interrupted_or_unreadable_producer_is_named() {
        for (ending, words) in
            [(Ending::Interrupted, "was interrupted"), (Ending::Unreadable, "could not read")]
        {
            let a = who(1, 1, 1);
            let report = report(false, &[announce(a, 8), data(a, 0, 4), Chunk::end(a, 4, ending)]);
            let sentence = report.sentence().unwrap();
            assert!(sentence.contains(words) && sentence.ends_with("missing: bytes 4..8"), "{sentence}");
        }
    }

    #[test]
    fn problems_without_end_are_counted_not_kept() {
        let chunks: Vec<_> = (0..100).map(|producer| data(who(producer, 1, 1), 0, 1)).collect();
        let report = report(false, &chunks);
        assert!(report.problems.len() <= TOLD + 2);
        assert!(report.problems.iter().any(|problem| problem == "and 92 more of the kind"));
    }
}
