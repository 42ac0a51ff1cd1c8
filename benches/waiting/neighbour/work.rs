//! The two processes of a sample: one works and receives in one runtime, the other sends at its rate.

use std::{
    hint::{black_box, spin_loop},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::task::yield_now;

use super::AS_IS;
use crate::{
    harness::{child, cores::pin},
    traffic::tasks::runtime,
};

type Value = u64;

const CAPACITY: usize = 1024;
/// Steps of the work by which its speed is found.
const TELLING: u64 = 2_000_000;

/// Works beside a receiving task, and says how long a unit of work took and how many values came a second.
pub(crate) fn receive(words: &[String]) {
    let [receiver, path, steps, length, core] = words else {
        panic!("a receiver, a path, two times and a core")
    };
    let number = |word: &String| word.parse::<u64>().expect("a number");
    let (steps, length) = (number(steps), Duration::from_micros(number(length)));
    pin(number(core) as usize);
    let path = Path::new(path);
    let figures = if receiver == AS_IS {
        let mut receiver =
            shmpsc::Options::new().capacity(CAPACITY).bind::<Value>(path).expect("a fresh name");
        beside(steps, length, async move |count| {
            while receiver.recv().await.is_some() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    } else {
        let options = shmpsc_sleeps_at_once::Options::new().capacity(CAPACITY);
        let mut receiver = options.bind::<Value>(path).expect("a fresh name");
        beside(steps, length, async move |count| {
            while receiver.recv().await.is_some() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    println!("{} {}", figures[0], figures[1]);
    child::orders().for_each(drop);
}

fn beside<F>(steps: u64, length: Duration, receive: impl FnOnce(Arc<AtomicU64>) -> F) -> [f64; 2]
where
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::new(AtomicU64::new(0));
    let runtime = runtime();
    // The task is polled when the first work begins.
    runtime.spawn(receive(count.clone()));
    println!("bound");
    assert_eq!(child::orders().next().as_deref(), Some("work"));
    let work = runtime.spawn(async move {
        work_for(length / 5, steps).await;
        let before = count.load(Ordering::Relaxed);
        let (elapsed, units) = work_for(length, steps).await;
        let came = count.load(Ordering::Relaxed) - before;
        [elapsed.as_nanos() as f64 / units as f64, came as f64 / elapsed.as_secs_f64()]
    });
    let figures = runtime.block_on(work).expect("a task without a panic");
    // The receiver would end with the runtime, and the sender is not to see that.
    std::mem::forget(runtime);
    figures
}

/// Returns how many steps of the work take so long.
pub(super) fn steps_in(grain: Duration) -> u64 {
    let began = Instant::now();
    work(TELLING);
    u64::try_from(u128::from(TELLING) * grain.as_nanos() / began.elapsed().as_nanos())
        .expect("a small number")
}

/// Works in units, with a yield after each. Returns how long that took, and the number of units.
async fn work_for(length: Duration, steps: u64) -> (Duration, u64) {
    let began = Instant::now();
    for units in 1.. {
        work(steps);
        yield_now().await;
        let elapsed = began.elapsed();
        if elapsed >= length {
            return (elapsed, units);
        }
    }
    unreachable!("an endless range")
}

fn work(steps: u64) {
    let mut state = 1_u64;
    for _ in 0..steps {
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Sends at an even rate, and drops what the queue has no room for.
pub(crate) fn send(words: &[String]) {
    let [path, rate, core] = words else { panic!("a path, a rate and a core") };
    let rate = rate.parse::<u32>().expect("a number");
    pin(core.parse().expect("a number"));
    let sender = shmpsc::connect::<Value>(path).expect("a bound name");
    println!("sends");
    if rate == 0 {
        return child::orders().for_each(drop);
    }
    // The parent ends it.
    let gap = Duration::from_secs(1) / rate;
    let mut next = Instant::now();
    loop {
        while Instant::now() < next {
            spin_loop();
        }
        next += gap;
        match sender.try_send(0) {
            Ok(()) | Err(shmpsc::error::TrySendError::Full(_)) => {}
            Err(shmpsc::error::TrySendError::Closed(_)) => thread::park(),
        }
    }
}
