//! The ways in which a program can wait: a thread, tokio's two runtimes, and an executor that is none of tokio's. No test
//! is here.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake},
    thread::Thread,
};

use shmpsc::{Sender, error::SendError};
use tokio::runtime::{Builder, Runtime};

use super::{
    Value,
    kinds::{Receiving, Sending},
};

/// A way to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// A thread, with the methods that block.
    Blocking,
    CurrentThread,
    MultiThread,
    /// [`block_on`]: nothing of tokio's runs.
    Plain,
}

impl How {
    pub const ALL: [How; 4] = [How::Blocking, How::CurrentThread, How::MultiThread, How::Plain];
    pub const ASYNC: [How; 3] = [How::CurrentThread, How::MultiThread, How::Plain];

    /// As a word of a role.
    pub fn of(word: &str) -> How {
        let named = How::ALL.into_iter().find(|how| how.to_string() == word);
        named.unwrap_or_else(|| panic!("no way to wait is called {word}"))
    }
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Somebody who waits in one of the ways.
pub struct Runner {
    how: How,
    runtime: Option<Runtime>,
}

impl Runner {
    pub fn new(how: How) -> Runner {
        let runtime = match how {
            How::Blocking | How::Plain => None,
            How::CurrentThread => Some(Builder::new_current_thread().enable_all().build().unwrap()),
            How::MultiThread => {
                Some(Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
            }
        };
        Runner { how, runtime }
    }

    /// Runs a future to its end; in a runtime of several threads on one of its workers.
    pub fn run<R: Send + 'static>(&self, future: impl Future<Output = R> + Send + 'static) -> R {
        match (&self.runtime, self.how) {
            (Some(runtime), How::MultiThread) => {
                runtime.block_on(async { tokio::spawn(future).await.unwrap() })
            }
            (Some(runtime), _) => runtime.block_on(future),
            (None, _) => block_on(future),
        }
    }

    /// Sends one value. `waits` is called when it must wait; by a thread always, just before it would.
    pub fn send(
        &self,
        sender: &Sender<Value>,
        value: Value,
        waits: impl FnOnce() + Send + 'static,
    ) -> Result<(), SendError<Value>> {
        if self.how == How::Blocking {
            waits();
            return sender.blocking_send(value);
        }
        let sender = sender.clone();
        self.run(async move { when_it_waits(sender.send(value), waits).await })
    }

    /// Receives one value. `waits` as in [`Runner::send`].
    pub fn recv(
        &self,
        mut receiver: Receiving,
        waits: impl FnOnce() + Send + 'static,
    ) -> (Receiving, Option<Value>) {
        if self.how == How::Blocking {
            waits();
            let received = receiver.blocking_recv();
            return (receiver, received);
        }
        self.run(async move {
            let received = when_it_waits(receiver.recv(), waits).await;
            (receiver, received)
        })
    }

    /// Receives to the end of the stream, in one task.
    pub fn receive_all(&self, receiver: impl Into<Receiving>, mut each: impl FnMut(Value) + Send + 'static) {
        let mut receiver = receiver.into();
        if self.how == How::Blocking {
            std::iter::from_fn(|| receiver.blocking_recv()).for_each(each);
        } else {
            self.run(async move {
                while let Some(value) = receiver.recv().await {
                    each(value);
                }
            });
        }
    }

    /// Sends `[who, 0]`, `[who, 1]` and so on, `count` values, in one task.
    pub fn send_all(&self, sender: impl Into<Sending>, who: u64, count: u64) {
        let sender = sender.into();
        if self.how == How::Blocking {
            (0..count).for_each(|n| sender.blocking_send([who, n]).unwrap());
        } else {
            self.run(async move {
                for n in 0..count {
                    sender.send([who, n]).await.unwrap();
                }
            });
        }
    }
}

/// Tells when a future is pending for the first time.
pub async fn when_it_waits<F: Future>(future: F, waits: impl FnOnce()) -> F::Output {
    let mut future = pin!(future);
    let mut waits = Some(waits);
    std::future::poll_fn(move |cx| {
        let polled = future.as_mut().poll(cx);
        if polled.is_pending()
            && let Some(waits) = waits.take()
        {
            waits();
        }
        polled
    })
    .await
}

/// The smallest executor: no runtime, so the porter hears for it.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
