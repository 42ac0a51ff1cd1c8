//! The result of a show: each producer's own count against what arrived, as a table or JSON.
//! Everything in it was measured elsewhere.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use super::latency::Quantiles;
use super::words::Received;
use crate::exit::Verdict;
use crate::live::{count, nanoseconds};

/// What came of a show.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// From the first record to the last.
    pub seconds: f64,
    /// How many records the channel held.
    pub capacity: usize,
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
    /// Records sent, by the producer's own count; none if it died before it could tell.
    pub sent: Option<u64>,
    /// Different records that arrived.
    pub messages: u64,
    /// Records per second.
    pub rate: f64,
    /// In nanoseconds, from just before a record was handed to the channel until just after it was taken out.
    pub latency_ns: Quantiles,
    /// Records sent that did not arrive; none if nobody knows how many were sent.
    pub lost: Option<u64>,
    /// Records that arrived after a later one of the same producer.
    pub reordered: u64,
    /// Records that arrived again.
    pub doubled: u64,
    /// Records with a wrong checksum; none for one producer, because nobody can say whose they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<u64>,
}

impl Summary {
    /// Compares what was `sent`, by process, with what was `received`.
    pub fn new(
        capacity: usize,
        batch: usize,
        sent: &[(u32, Option<u64>)],
        received: &Received,
        mut problems: Vec<String>,
    ) -> Self {
        let rate = |messages: u64| messages as f64 / received.seconds.max(1e-9);
        let producers: Vec<Line> = sent
            .iter()
            .zip(&received.producers)
            .map(|(&(pid, sent), producer)| Line {
                pid: Some(pid),
                sent,
                messages: producer.messages,
                rate: rate(producer.messages),
                latency_ns: producer.latency,
                lost: sent.map(|sent| sent.saturating_sub(producer.messages)),
                reordered: producer.reordered,
                doubled: producer.doubled,
                damaged: None,
            })
            .collect();
        for line in &producers {
            if line.sent.is_some_and(|sent| line.messages > sent) {
                problems.push(format!("producer {} sent fewer records than arrived", line.pid.unwrap_or(0)));
            }
        }
        let messages = producers.iter().map(|line| line.messages).sum();
        let all = Line {
            pid: None,
            sent: producers.iter().map(|line| line.sent).sum(),
            messages,
            rate: rate(messages),
            latency_ns: received.latency,
            lost: producers.iter().map(|line| line.lost).sum(),
            reordered: producers.iter().map(|line| line.reordered).sum(),
            doubled: producers.iter().map(|line| line.doubled).sum(),
            damaged: Some(received.damaged),
        };
        Self { seconds: received.seconds, capacity, batch, all, producers, problems }
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "producer",
            "messages",
            "per second",
            "p50",
            "p99",
            "p99.9",
            "lost",
            "reordered",
            "doubled",
            "damaged",
        ]);
        for line in &self.producers {
            table.add_row(line.cells());
        }
        table.add_row(self.all.cells());
        table.column_iter_mut().skip(1).for_each(|column| {
            column.set_cell_alignment(CellAlignment::Right);
        });
        format!(
            "{table}\n{:.2} s; capacity {}, {} records handed over at once.\n\
             Latency ({} sampled): from just before a record is handed to the channel until just after it is taken out,\n\
             so it includes waiting for room and standing in the queue.",
            self.seconds,
            self.capacity,
            self.batch,
            count(self.all.latency_ns.samples as f64)
        )
    }

    /// Nothing if every record arrived once, in order and undamaged.
    pub fn verdict(&self) -> Option<Verdict> {
        let Line { lost, reordered, doubled, damaged, messages, .. } = self.all;
        let mut parts = self.problems.clone();
        let counts = [
            ("lost", lost.unwrap_or(0)),
            ("reordered", reordered),
            ("doubled", doubled),
            ("damaged", damaged.unwrap_or(0)),
        ];
        parts.extend(
            counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")),
        );
        if lost.is_none() {
            parts.push("nobody knows how many records are lost".to_owned());
        }
        if messages == 0 {
            parts.push("no record arrived".to_owned());
        }
        (!parts.is_empty()).then(|| Verdict { sentence: parts.join("; "), interrupted: false })
    }
}

impl Line {
    fn cells(&self) -> [String; 10] {
        let or = |value: Option<u64>, none: &str| value.map_or(none.to_owned(), |value| value.to_string());
        let latency = self.latency_ns;
        [
            self.pid.map_or("all".to_owned(), |pid| pid.to_string()),
            self.messages.to_string(),
            count(self.rate),
            nanoseconds(latency.p50),
            nanoseconds(latency.p99),
            nanoseconds(latency.p999),
            or(self.lost, "?"),
            self.reordered.to_string(),
            self.doubled.to_string(),
            or(self.damaged, ""),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::FromProducer;
    use super::*;

    fn summary(sent: [Option<u64>; 2], messages: [u64; 2], damaged: u64, problems: Vec<String>) -> Summary {
        let latency = Quantiles { samples: 1000, p50: 900, p99: 1100, p999: 25_000, max: 30_000 };
        let producers = messages
            .iter()
            .map(|&messages| FromProducer { messages, reordered: 0, doubled: 0, latency })
            .collect();
        let received = Received { seconds: 2.0, damaged, latency, producers };
        Summary::new(1024, 32, &[(11, sent[0]), (12, sent[1])], &received, problems)
    }

    #[test]
    fn a_clean_show_has_no_verdict_and_a_whole_table() {
        let summary = summary([Some(10), Some(20)], [10, 20], 0, Vec::new());
        assert!(summary.verdict().is_none());
        assert_eq!((summary.all.sent, summary.all.lost, summary.all.messages), (Some(30), Some(0), 30));
        let table = summary.table();
        for words in ["11", "all", "30", "900 ns", "25.0 µs", "p99.9", "queue"] {
            assert!(table.contains(words), "{words} in\n{table}");
        }
    }

    #[test]
    fn whatever_is_not_zero_is_in_the_verdict() {
        let verdict = summary([Some(10), Some(20)], [10, 18], 3, Vec::new()).verdict().unwrap();
        assert_eq!(verdict.sentence, "2 lost; 3 damaged");
        let verdict = summary([Some(10), None], [10, 18], 0, vec!["a died".to_owned()]).verdict().unwrap();
        assert_eq!(verdict.sentence, "a died; nobody knows how many records are lost");
        assert!(
            summary([Some(9), Some(20)], [10, 20], 0, Vec::new())
                .verdict()
                .unwrap()
                .sentence
                .contains("fewer")
        );
        assert!(summary([Some(0), Some(0)], [0, 0], 0, Vec::new()).verdict().is_some());
    }
}
