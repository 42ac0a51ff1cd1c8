//! The result of a show: each producer's own count against what arrived, as a table or JSON.
//! Everything in it was measured elsewhere.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

use super::ending::Ending;
use super::latency::Quantiles;
use super::words::Received;
use crate::channel::Queue;
use crate::exit::Verdict;
use crate::live::{bytes, count, nanoseconds, number};

/// A line below the headings and none between columns, which then fit a terminal of 80 columns.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('\u{2500}').junction('\u{2500}'));

/// What a producer's process told of itself.
#[derive(Clone, Debug)]
pub struct Source {
    /// The process.
    pub pid: u32,
    /// How many records it sent, if it could tell before it ended.
    pub sent: Option<u64>,
    /// How it ended.
    pub ending: Ending,
}

/// What came of a show.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// From the first record to the last.
    pub seconds: f64,
    /// The queue of the channel.
    #[serde(flatten)]
    pub queue: Queue,
    /// The most bytes of memory that an unbounded channel was seen to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_memory_in_use: Option<u64>,
    /// How many records were handed over at once.
    pub batch: usize,
    /// All producers together.
    pub all: Line,
    /// Each producer.
    pub producers: Vec<Line>,
    /// What went wrong, one sentence each.
    pub problems: Vec<String>,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// The process; none for all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How the process ended: done, killed, failed or stuck; none for all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<&'static str>,
    /// Records sent, by the producer's own count; none if it died before it could tell.
    pub sent: Option<u64>,
    /// Different records that arrived.
    pub messages: u64,
    /// Records per second.
    pub rate: f64,
    /// In nanoseconds, from just before a record was handed to the channel until just after it was taken out.
    pub latency_ns: Quantiles,
    /// Records that are known to have been sent and did not arrive. If the producer could not tell how many it sent, those
    /// with a lower number than one that arrived.
    pub lost: u64,
    /// Records that arrived after a later one of the same producer.
    pub reordered: u64,
    /// Records that arrived again.
    pub doubled: u64,
    /// Records with a wrong checksum; none for one producer, because their producer cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<u64>,
}

impl Summary {
    /// Compares what the producers told with what was `received`.
    pub fn new(queue: Queue, batch: usize, sources: &[Source], received: &Received) -> Self {
        let rate = |messages: u64| messages as f64 / received.seconds.max(1e-9);
        let mut problems = Vec::new();
        let mut producers = Vec::new();
        for (Source { pid, sent, ending }, producer) in sources.iter().zip(&received.producers) {
            let lost = sent.unwrap_or(producer.end).saturating_sub(producer.messages);
            if let Some(clause) = ending.clause() {
                let known = match (sent, producer.end) {
                    (None, 1) => format!("; 1 record of it is known to have been sent, and {lost} are lost"),
                    (None, end) => {
                        format!(
                            "; {end} records of it are known to have been sent, and {lost} of them are lost"
                        )
                    }
                    // It had told everything, and the counts below are complete.
                    (Some(_), _) => String::new(),
                };
                problems.push(format!("producer {pid} {clause}{known}"));
            }
            if sent.is_some_and(|sent| producer.messages > sent) {
                problems.push(format!("producer {pid} sent fewer records than arrived"));
            }
            producers.push(Line {
                pid: Some(*pid),
                ending: Some(ending.word()),
                sent: *sent,
                messages: producer.messages,
                rate: rate(producer.messages),
                latency_ns: producer.latency,
                lost,
                reordered: producer.reordered,
                doubled: producer.doubled,
                damaged: None,
            });
        }
        let messages = producers.iter().map(|line| line.messages).sum();
        let all = Line {
            pid: None,
            ending: None,
            sent: producers.iter().map(|line| line.sent).sum(),
            messages,
            rate: rate(messages),
            latency_ns: received.latency,
            lost: producers.iter().map(|line| line.lost).sum(),
            reordered: producers.iter().map(|line| line.reordered).sum(),
            doubled: producers.iter().map(|line| line.doubled).sum(),
            damaged: Some(received.damaged),
        };
        let Received { seconds, most_memory_in_use, .. } = *received;
        Self { seconds, queue, most_memory_in_use, batch, all, producers, problems }
    }

    /// The table for people. No line of it has more than 80 columns.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(STYLE).set_header([
            "producer",
            "messages",
            "p50",
            "p99",
            "p99.9",
            "lost",
            "reordered",
            "doubled",
        ]);
        for line in self.producers.iter().chain([&self.all]) {
            table.add_row(line.cells());
        }
        table.column_iter_mut().enumerate().for_each(|(number, column)| {
            column.set_padding((0, if number < 7 { 1 } else { 0 }));
            if number > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        });
        format!(
            "{table}\n{} records per second for {:.2} s; damaged: {}.\n\
             {}\n\
             Latency ({} sampled): from just before a record is handed to the channel\n\
             until just after it is taken out, with the waiting for {} and in the queue.",
            count(self.all.rate),
            self.seconds,
            number(self.all.damaged.unwrap_or(0), 9),
            self.channel(),
            count(self.all.latency_ns.samples as f64),
            if matches!(self.queue, Queue::Bounded { .. }) { "room" } else { "memory" },
        )
    }

    /// Says what the channel could hold and how it was filled.
    fn channel(&self) -> String {
        let batch = self.batch;
        match self.queue {
            Queue::Bounded { capacity } => {
                format!("The channel had room for {capacity}; {batch} were handed over at once.")
            }
            Queue::Unbounded { memory_limit } => {
                let most = bytes(self.most_memory_in_use.unwrap_or(0));
                let limit = memory_limit
                    .map_or_else(String::new, |limit| format!("; the queue's limit was {}", bytes(limit)));
                format!(
                    "The channel was unbounded; {batch} records were handed over at once.\n\
                     At most {most} of memory was in use{limit}."
                )
            }
        }
    }

    /// Nothing if every record arrived once, in order and undamaged.
    pub fn verdict(&self) -> Option<Verdict> {
        let Line { lost, reordered, doubled, damaged, messages, .. } = self.all;
        let mut parts = self.problems.clone();
        let counts = [
            ("lost", lost),
            ("reordered", reordered),
            ("doubled", doubled),
            ("damaged", damaged.unwrap_or(0)),
        ];
        parts.extend(
            counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")),
        );
        if messages == 0 {
            parts.push("no record arrived".to_owned());
        }
        (!parts.is_empty()).then(|| Verdict { sentence: parts.join("; "), interrupted: false })
    }
}

impl Line {
    fn cells(&self) -> [String; 8] {
        let latency = self.latency_ns;
        let producer = match (self.pid, self.ending) {
            (None, _) => "all".to_owned(),
            (Some(pid), None | Some("done")) => pid.to_string(),
            (Some(pid), Some(ending)) => format!("{pid} {ending}"),
        };
        [
            producer,
            number(self.messages, 9),
            nanoseconds(latency.p50),
            nanoseconds(latency.p99),
            nanoseconds(latency.p999),
            number(self.lost, 6),
            number(self.reordered, 6),
            number(self.doubled, 6),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::FromProducer;
    use super::*;

    fn source(pid: u32, sent: Option<u64>) -> Source {
        let ending = if sent.is_some() { Ending::Done } else { Ending::Killed { signal: 9 } };
        Source { pid, sent, ending }
    }

    fn summary(sent: [Option<u64>; 2], arrived: [(u64, u64); 2], damaged: u64) -> Summary {
        let latency = Quantiles { samples: 1000, p50: 900, p99: 1100, p999: 25_000, max: 30_000 };
        let producers = arrived
            .iter()
            .map(|&(messages, end)| FromProducer { messages, end, reordered: 0, doubled: 0, latency })
            .collect();
        let received = Received { seconds: 2.0, most_memory_in_use: None, damaged, latency, producers };
        let queue = Queue::Bounded { capacity: 1024 };
        Summary::new(queue, 32, &[source(11, sent[0]), source(12, sent[1])], &received)
    }

    fn sentence(sent: [Option<u64>; 2], arrived: [(u64, u64); 2], damaged: u64) -> String {
        summary(sent, arrived, damaged).verdict().expect("something is wrong").sentence
    }

    #[test]
    fn a_clean_show_has_no_verdict_and_a_whole_table() {
        let summary = summary([Some(10), Some(20)], [(10, 10), (20, 20)], 0);
        assert!(summary.verdict().is_none());
        assert_eq!((summary.all.sent, summary.all.lost, summary.all.messages), (Some(30), 0, 30));
        let table = summary.table();
        for words in ["11", "all", "30", "900 ns", "25.0 µs", "p99.9", "queue"] {
            assert!(table.contains(words), "{words} in\n{table}");
        }
    }

    #[test]
    fn the_table_says_the_most_memory_that_was_in_use() {
        let mut summary = summary([Some(10), Some(20)], [(10, 10), (20, 20)], 0);
        summary.queue = Queue::Unbounded { memory_limit: Some(1 << 20) };
        summary.most_memory_in_use = Some(1 << 19);
        let table = summary.table();
        assert!(
            table.contains("At most 512 KiB of memory was in use; the queue's limit was 1.0 MiB."),
            "{table}"
        );
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!((&json["kind"], &json["memory_limit"]), (&"unbounded".into(), &(1 << 20).into()));
    }

    #[test]
    fn whatever_is_not_zero_is_in_the_verdict() {
        assert_eq!(sentence([Some(10), Some(20)], [(10, 10), (18, 20)], 3), "2 lost; 3 damaged");
        assert!(sentence([Some(9), Some(20)], [(10, 10), (20, 20)], 0).contains("fewer"));
        assert_eq!(sentence([Some(0), Some(0)], [(0, 0), (0, 0)], 0), "no record arrived");
    }

    #[test]
    fn a_killed_producer_has_lost_what_is_missing_before_its_last() {
        let killed = "producer 12 was killed by signal 9; ";
        assert_eq!(
            sentence([Some(10), None], [(10, 10), (18, 18)], 0),
            format!("{killed}18 records of it are known to have been sent, and 0 of them are lost")
        );
        assert_eq!(
            sentence([Some(10), None], [(10, 10), (18, 20)], 0),
            format!("{killed}20 records of it are known to have been sent, and 2 of them are lost; 2 lost")
        );
        let summary = summary([Some(10), None], [(10, 10), (18, 20)], 0);
        let [whole, part] = &summary.producers[..] else { panic!("two producers") };
        assert_eq!((whole.sent, whole.lost, whole.ending), (Some(10), 0, Some("done")));
        assert_eq!((part.sent, part.lost, part.ending), (None, 2, Some("killed")));
        assert!(summary.table().contains("12 killed"), "{}", summary.table());
    }

    #[test]
    fn the_table_fits_80_columns_whatever_it_shows() {
        let latency =
            Quantiles { samples: u64::MAX, p50: 99_900, p99: 999_999, p999: 60_000_000_000, max: 0 };
        for messages in [0, 999_999_999, u64::MAX / 3] {
            let producer =
                FromProducer { messages, end: messages, reordered: messages, doubled: messages, latency };
            let received = Received {
                seconds: if messages == 0 { 86_400.0 } else { 1e-9 },
                most_memory_in_use: Some(messages),
                damaged: messages,
                latency,
                producers: vec![producer; 2],
            };
            let sources = [source(4_194_304, None), source(1, Some(u64::MAX / 2))];
            for queue in [
                Queue::Bounded { capacity: 1_048_575 },
                Queue::Unbounded { memory_limit: None },
                Queue::Unbounded { memory_limit: Some(u64::MAX) },
            ] {
                let table = Summary::new(queue, 4096, &sources, &received).table();
                let widest = table.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
                assert!(widest <= 80, "{widest} in\n{table}");
            }
        }
    }
}
