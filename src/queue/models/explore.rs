//! How a model is walked through: every interleaving up to a bound, and the story of the run that fails.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

thread_local! {
    /// What happened in the present run, told if it fails. All threads of a model are one of the system's.
    static STORY: RefCell<Vec<(&'static str, u64, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Adds to the story: what was done, by or to which process, and with what.
pub(in crate::queue) fn tell(what: &'static str, who: impl Into<u64>, with: impl Into<u64>) {
    STORY.with_borrow_mut(|story| story.push((what, who.into(), with.into())));
}

/// Walks through every interleaving of `model`, or those with at most `switches` switches away from a thread that
/// could go on. `SHMPSC_LOOM_SWITCHES` (a number or `all`) raises the bound.
pub(in crate::queue) fn explore(switches: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let start = Instant::now();
    let switches = deepened(switches);
    let runs = walk(switches, model);
    println!("{}: switches {}, runs {runs}, {:.1?}", name(), or_all(switches), start.elapsed());
}

/// Walks through `model` for each write before which a sender is killed or stopped, as far as there are writes. The model is told the
/// number of the write, and returns whether a sender came there.
pub(in crate::queue) fn explore_writes(
    switches: Option<usize>,
    model: impl Fn(usize) -> bool + Copy + Send + Sync + 'static,
) {
    explore_pairs(switches, move |[write, _]| [model(write), false]);
}

/// The same for two senders that are killed or stopped, each write of the one with each of the other.
pub(in crate::queue) fn explore_pairs(
    switches: Option<usize>,
    model: impl Fn([usize; 2]) -> [bool; 2] + Copy + Send + Sync + 'static,
) {
    let start = Instant::now();
    let switches = deepened(switches);
    let (mut writes, mut places, mut runs) = ([0, 0], 0, 0);
    let have_come = Arc::new(Mutex::new([true, true]));
    let reset = |i: usize| std::mem::take(&mut have_come.lock().unwrap()[i]);
    while reset(0) {
        while reset(1) {
            let have_come = have_come.clone();
            runs += walk(switches, move || {
                tell("come as far as writes", writes[0] as u64, writes[1] as u64);
                let comes = model(writes);
                let mut have_come = have_come.lock().unwrap();
                *have_come = [have_come[0] | comes[0], have_come[1] | comes[1]];
            });
            places += 1;
            writes[1] += 1;
        }
        have_come.lock().unwrap()[1] = true;
        writes = [writes[0] + 1, 0];
    }
    let (name, bound) = (name(), or_all(switches));
    println!("{name}: places {places}, switches {bound}, runs {runs}, {:.1?}", start.elapsed());
}

fn name() -> String {
    std::thread::current().name().unwrap_or("?").to_string()
}

fn or_all(switches: Option<usize>) -> String {
    switches.map_or("all".to_string(), |bound| bound.to_string())
}

/// Returns the bound, or a deeper one that the environment names.
fn deepened(switches: Option<usize>) -> Option<usize> {
    let deeper = std::env::var("SHMPSC_LOOM_SWITCHES").ok();
    match (switches, deeper.as_deref()) {
        (None, _) | (_, Some("all")) => None,
        (Some(bound), Some(deeper)) => {
            Some(bound.max(deeper.parse().expect("SHMPSC_LOOM_SWITCHES is a number or `all`")))
        }
        (bound, None) => bound,
    }
}

/// Walks through `model` and prints how many runs that took.
fn walk(switches: Option<usize>, model: impl Fn() + Send + Sync + 'static) -> usize {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = switches;
    builder.max_branches = 5_000;
    let runs = Arc::new(Mutex::new(0));
    let counter = runs.clone();
    let walk = AssertUnwindSafe(|| {
        builder.check(move || {
            *counter.lock().unwrap() += 1;
            STORY.with_borrow_mut(Vec::clear);
            model();
        });
    });
    if let Err(failure) = catch_unwind(walk) {
        println!("in run {}:", runs.lock().unwrap_or_else(PoisonError::into_inner));
        STORY.with_borrow(|story| {
            story.iter().for_each(|(what, who, with)| println!("  {who}: {what} {with}"))
        });
        resume_unwind(failure);
    }
    *runs.lock().unwrap()
}
