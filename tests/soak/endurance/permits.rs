//! A hundred thousand times somebody takes capacity, and every 100 ms somebody dies with what it has: in the end it is whole.

use std::time::Instant;

use crate::{
    Scale,
    trials::permits::{self, Shares, Tally},
};

pub fn show(scale: Scale) {
    for shares in Shares::ALL {
        let Shares { capacity, kept, .. } = shares;
        let began = Instant::now();
        let Tally { rounds, values, killed } = permits::run(shares, scale.of(100_000), scale.of(200));
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "   capacity {capacity}, of which {kept} are kept, 8 processes: {rounds} rounds, {values} values, each once and in order, \
             {killed} processes killed; all of it free at the end; {seconds:.1} s"
        );
    }
}
