//! 200 senders wait in one line, a thousand times: all complete in the order in which they came.

use std::time::Instant;

use crate::{
    Scale,
    trials::line::{self, Tally},
};

pub fn show(scale: Scale) {
    for (capacity, rounds) in [(1, 1000), (2, 100), (3, 100)] {
        let rounds = scale.of(rounds);
        let began = Instant::now();
        let Tally { waited, completed, gave_up, killed, died } = line::run(capacity, rounds);
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "   capacity {capacity}, {rounds} rounds of 200 senders in 8 processes: {waited} stood in the line, {gave_up} gave up, {died} \
             died with {killed} processes, {completed} completed in the order in which they came; {seconds:.1} s"
        );
        assert_eq!(waited, completed + gave_up + died);
    }
}
