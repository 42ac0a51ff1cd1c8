//! Round trips of tasks, and the two ways in which a current-thread runtime drives them.

use tokio::runtime::{Builder, Runtime};

use super::trips::{LAST, Watch, is_last, lead};
use crate::{
    cell::{Load, Outcome, Way},
    channel::{AsyncReceiving, AsyncSending},
    harness::value::{Value, check, numbered},
};

/// Makes the runtime of one side.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Sends each value and waits until it has come back.
pub(crate) async fn trips<T: Value>(
    load: Load,
    mut sender: impl AsyncSending<T>,
    mut receiver: impl AsyncReceiving<T>,
) -> Outcome {
    let mut template = T::zeroed();
    for number in 0..lead(load) {
        trip(numbered(&mut template, number), number, &mut sender, &mut receiver).await;
    }
    let mut watch = Watch::start(load);
    for number in lead(load).. {
        trip(numbered(&mut template, number), number, &mut sender, &mut receiver).await;
        if watch.lap() {
            break;
        }
    }
    trip(numbered(&mut template, LAST), LAST, &mut sender, &mut receiver).await;
    watch.outcome()
}

async fn trip<T: Value>(
    value: T,
    number: u64,
    sender: &mut impl AsyncSending<T>,
    receiver: &mut impl AsyncReceiving<T>,
) {
    sender.send_async(value).await;
    check(&receiver.receive_async().await, number);
}

/// Sends each received value back.
pub(crate) async fn echo<T: Value>(mut receiver: impl AsyncReceiving<T>, sender: impl AsyncSending<T>) {
    let mut numbers = 0..;
    loop {
        let value = receiver.receive_async().await;
        let is_last = is_last(&value, &mut numbers);
        sender.send_async(value).await;
        if is_last {
            return;
        }
    }
}

/// How a runtime drives one side.
pub(crate) trait Drives: 'static {
    const WAY: Way;

    /// Makes a future within a runtime of its own, and drives it to its end.
    fn drive<F: Future<Output: Send> + Send + 'static>(make: impl FnOnce() -> F) -> F::Output;
}

/// Blocks on the future itself.
pub(crate) struct BlockOn;

impl Drives for BlockOn {
    const WAY: Way = Way::Async;

    fn drive<F: Future<Output: Send> + Send + 'static>(make: impl FnOnce() -> F) -> F::Output {
        let runtime = runtime();
        let future = {
            let _within = runtime.enter();
            make()
        };
        runtime.block_on(future)
    }
}

/// Spawns the future as a task, and blocks on the task's end.
pub(crate) struct Spawn;

impl Drives for Spawn {
    const WAY: Way = Way::Spawned;

    fn drive<F: Future<Output: Send> + Send + 'static>(make: impl FnOnce() -> F) -> F::Output {
        let runtime = runtime();
        let task = {
            let _within = runtime.enter();
            tokio::spawn(make())
        };
        runtime.block_on(task).expect("a task without a panic")
    }
}
