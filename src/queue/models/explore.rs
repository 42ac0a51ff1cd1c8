//! How a model is walked through: every interleaving up to a bound, and the story of the run that fails.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

thread_local! {
    /// What happened in the present run, told if it fails. All threads of a model are one of the system's.
    static STORY: RefCell<Vec<(&'static str, u64, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Adds to the story: what was done, by whom or to whom, and with what.
pub(super) fn tell(what: &'static str, who: impl Into<u64>, with: impl Into<u64>) {
    STORY.with_borrow_mut(|story| story.push((what, who.into(), with.into())));
}

/// Walks through every interleaving of `model`, or those with at most `switches` switches away from a thread that
/// could go on. `SHMPSC_LOOM_SWITCHES` (a number or `all`) raises the bound.
pub(super) fn explore(switches: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let deeper = std::env::var("SHMPSC_LOOM_SWITCHES").ok();
    let switches = match (switches, deeper.as_deref()) {
        (None, _) | (_, Some("all")) => None,
        (Some(bound), Some(deeper)) => {
            Some(bound.max(deeper.parse().expect("SHMPSC_LOOM_SWITCHES is a number or `all`")))
        }
        (bound, None) => bound,
    };
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = switches;
    builder.max_branches = 5_000;
    let runs = Arc::new(Mutex::new(0));
    let counter = runs.clone();
    let start = Instant::now();
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
    let bound = switches.map_or("all".to_string(), |bound| bound.to_string());
    let name = std::thread::current().name().unwrap_or("?").to_string();
    println!("{name}: switches {bound}, runs {}, {:.1?}", runs.lock().unwrap(), start.elapsed());
}
