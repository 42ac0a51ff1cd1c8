//! The parent's side: the two children, what is asked of them, and the wakers that they call.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::wire::{Answer, Line, WAITS};
use crate::people;

/// Both serve all tests. One polls its futures in a tokio runtime and one without, so that wakes come
/// in both ways.
static CHILDREN: LazyLock<[Arc<Child>; 2]> =
    LazyLock::new(|| [Child::start("serves in a runtime"), Child::start("serves")]);

pub fn children() -> &'static [Arc<Child>; 2] {
    &CHILDREN
}

/// A name that nothing had before.
pub fn fresh() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// A process with senders.
pub struct Child {
    line: Line,
    pid: u32,
    /// Who waits for an answer, by the name of the call.
    calls: Mutex<HashMap<u64, Arc<Call>>>,
    /// One for each waker that the child keeps, and as long as it keeps it.
    wakers: Mutex<HashMap<u64, Waker>>,
}

impl Child {
    fn start(role: &'static str) -> Arc<Child> {
        let (line, theirs) = Line::pair();
        let (tell, told) = channel();
        // The thread that starts the child stays, for the child is to die with it.
        thread::spawn(move || Child::listen(role, line, theirs, tell));
        told.recv().expect("it tells as soon as the child runs")
    }

    fn listen(role: &str, line: Line, theirs: OwnedFd, tell: Sender<Arc<Child>>) {
        let person = people::start_with(role, Path::new(""), move |command| {
            command.stdin(theirs);
        })
        .expect("a child can be started");
        let (calls, wakers) = Default::default();
        let child = Arc::new(Child { line, pid: person.pid(), calls, wakers });
        tell.send(child.clone()).expect("the first test waits");
        while let Some(message) = child.line.hear() {
            let [about, word] = message.words();
            let name = word_to_name(about);
            match word {
                "woken" => {
                    let waker = child.wakers.lock().unwrap().get(&name).cloned();
                    waker.expect("the child keeps it").wake();
                }
                "released" => drop(child.wakers.lock().unwrap().remove(&name)),
                word => {
                    let call = child.calls.lock().unwrap().remove(&name).expect("somebody asked");
                    call.give(Answer { word: word.to_owned(), value: message.value });
                }
            }
        }
        eprintln!("a child has ended: nothing can be shown without it");
        std::process::abort();
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Has the child do something, in its order with all other such calls, and waits until it has.
    fn ask(&self, thing: u64, verb: &str, with: impl Display, value: &[u8]) -> Answer {
        let (name, call) = (fresh(), Arc::new(Call::default()));
        self.calls.lock().unwrap().insert(name, call.clone());
        self.line.say(format_args!("{name} {thing} {verb} {with}"), value);
        call.wait()
    }
}

/// Somebody who waits for an answer. Not a channel: that parks the thread, and would take the `unpark` that is meant
/// for an executor whose future asks.
#[derive(Default)]
struct Call {
    answer: Mutex<Option<Answer>>,
    given: Condvar,
}

impl Call {
    fn give(&self, answer: Answer) {
        *self.answer.lock().unwrap() = Some(answer);
        self.given.notify_one();
    }

    fn wait(&self) -> Answer {
        let answer = self.answer.lock().unwrap();
        let mut answer = self.given.wait_while(answer, |answer| answer.is_none()).unwrap();
        answer.take().expect("it was waited for")
    }
}

fn word_to_name(word: &str) -> u64 {
    word.parse().expect("a name is a number")
}

/// A thing in a child: a sender, a permit, a future. It is dropped there when it is dropped here.
pub struct There {
    child: &'static Child,
    id: u64,
}

impl There {
    /// A thing that the child is about to make, or has made.
    pub fn new(child: &'static Child, id: u64) -> There {
        There { child, id }
    }

    /// Another thing in the same child.
    pub fn beside(&self, id: u64) -> There {
        There::new(self.child, id)
    }

    pub fn child(&self) -> &'static Child {
        self.child
    }

    pub fn ask(&self, verb: &str, with: impl Display, value: &[u8]) -> Answer {
        self.child.ask(self.id, verb, with, value)
    }
}

impl Drop for There {
    fn drop(&mut self) {
        self.child.ask(self.id, "drop", 0, &[]);
    }
}

/// A future in a child. Each poll here is a poll there, with a waker there that calls the waker here.
pub struct Distant(Option<There>);

impl Distant {
    pub fn new(there: There) -> Distant {
        Distant(Some(there))
    }
}

impl Future for Distant {
    /// What came of it, and what it has become: a permit, if it was a reservation.
    type Output = (There, Answer);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let there = self.0.take().expect("polled after its end");
        let waker = fresh();
        there.child.wakers.lock().unwrap().insert(waker, cx.waker().clone());
        let answer = there.ask("poll", waker, &[]);
        if answer.word == WAITS {
            self.0 = Some(there);
            return Poll::Pending;
        }
        Poll::Ready((there, answer))
    }
}
