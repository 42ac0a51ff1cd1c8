//! Sending without a bound beyond tokio: many values at once, from where they are, and to the end of the memory.

use std::{iter, path::Path};

use shmpsc::{
    Options, Receiver, Sender, UnboundedReceiver, UnboundedSender, connect, connect_unbounded,
    connect_unbounded_async,
    error::{OpenError, SendError, SendManyError, TryRecvError, TrySendUnboundedError},
    unbounded_channel,
};

use crate::{
    adapter::{finishes, on_one_thread},
    people::{Value, eventually, room, start, tell, wait_for_parent},
};

/// A value of which a few chunks are soon full.
type Page = [u64; 512];

/// As little memory as a channel needs to work.
const LITTLE: u64 = 1 << 20;

fn page(number: u64) -> Page {
    [number; 512]
}

/// A channel that has all the memory that it may have, and how many values are in it.
fn full() -> (UnboundedSender<Page>, UnboundedReceiver<Page>, u64) {
    let (tx, rx) = Options::new().memory_limit(LITTLE).channel_unbounded::<Page>().unwrap();
    let sent = (0..).take_while(|&number| tx.try_send(page(number)).is_ok()).count();
    (tx, rx, sent as u64)
}

/// Role: sends until the memory is used up, tells how much that was, and goes on when it may.
pub fn sends_to_the_limit(path: &Path) {
    let sender = connect_unbounded::<Page>(path).unwrap();
    let sent = (0..).take_while(|&number| sender.try_send(page(number)).is_ok()).count() as u64;
    assert_eq!(sender.try_send(page(sent)), Err(TrySendUnboundedError::Limit(page(sent))));
    tell(sent);
    wait_for_parent();
    sender.send(page(sent)).unwrap();
}

/// Role: sends many values and tells of it.
pub fn sends_many(count: u64, path: &Path) {
    let sender = connect_unbounded::<Value>(path).unwrap();
    let values: Vec<Value> = (0..count).map(|n| [n, n * n]).collect();
    sender.send_many(&values).unwrap();
    tell("sent");
    wait_for_parent();
}

#[test]
fn many_values_are_sent_at_once_and_in_order() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    let values: Vec<u64> = (0..100_000).collect();
    assert_eq!(tx.send_many(&values), Ok(()));
    assert_eq!(tx.try_send_many(&[100_000, 100_001]), Ok(2));
    assert_eq!((tx.send_many(&[]), tx.try_send_many(&[])), (Ok(()), Ok(0)));
    assert_eq!(rx.len(), 100_002);
    assert!((0..100_002).all(|value| rx.try_recv() == Ok(value)));
    assert!(rx.is_empty());
}

#[test]
fn values_of_several_threads_that_send_many_keep_their_order() {
    finishes(|| {
        let (tx, mut rx) = unbounded_channel::<u64>();
        let threads: Vec<_> = (0..4)
            .map(|me| {
                let tx = tx.clone();
                let values: Vec<u64> = (0..5_000).map(|value| me << 32 | value).collect();
                std::thread::spawn(move || values.chunks(70).for_each(|part| tx.send_many(part).unwrap()))
            })
            .collect();
        drop(tx);
        let mut wanted = [0; 4];
        for value in iter::from_fn(|| rx.blocking_recv()) {
            let wanted = &mut wanted[(value >> 32) as usize];
            assert_eq!(value & 0xffff_ffff, *wanted);
            *wanted += 1;
        }
        assert_eq!(wanted, [5_000; 4]);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_closed_channel_refuses_every_way_to_send() {
    let (tx, mut rx) = unbounded_channel::<u64>();
    tx.send_ref(&1).unwrap();
    tx.try_send_ref(&2).unwrap();
    rx.close();
    assert_eq!(tx.send(9), Err(SendError(9)));
    assert_eq!(tx.try_send(9), Err(TrySendUnboundedError::Closed(9)));
    assert_eq!(tx.send_many(&[9]), Err(SendManyError { sent: 0 }));
    assert_eq!(tx.try_send_many(&[9]), Err(TrySendUnboundedError::Closed(())));
    assert_eq!(tx.send_ref(&9), Err(SendError(())));
    assert_eq!(tx.try_send_ref(&9), Err(TrySendUnboundedError::Closed(())));
    assert_eq!((tx.send_many(&[]), tx.try_send_many(&[])), (Ok(()), Ok(0)));
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn at_the_limit_every_send_is_refused_and_the_channel_is_open() {
    let (tx, _rx, sent) = full();
    assert_eq!(tx.send(page(9)), Err(SendError(page(9))));
    assert_eq!(tx.try_send(page(9)), Err(TrySendUnboundedError::Limit(page(9))));
    assert_eq!(tx.send_many(&[page(9)]), Err(SendManyError { sent: 0 }));
    assert_eq!(tx.try_send_many(&[page(9)]), Err(TrySendUnboundedError::Limit(())));
    assert_eq!(tx.send_ref(&page(9)), Err(SendError(())));
    assert_eq!(tx.try_send_ref(&page(9)), Err(TrySendUnboundedError::Limit(())));
    assert_eq!((tx.is_closed(), tx.len() as u64), (false, sent));
    let used = tx.memory_in_use();
    assert!((sent * 4096..=LITTLE + LITTLE / 4).contains(&used), "{sent} pages use {used} bytes");
}

#[test]
fn once_values_are_received_a_channel_at_its_limit_goes_on() {
    let (tx, mut rx, sent) = full();
    let mut next = 0;
    for round in 0..20 {
        let more = sent + round;
        while tx.try_send(page(more)).is_err() {
            assert!(rx.try_recv() == Ok(page(next)), "value {next} before {more} fits");
            next += 1;
        }
    }
    while let Ok(value) = rx.try_recv() {
        assert!(value == page(next));
        next += 1;
    }
    assert_eq!(next, sent + 20);
    let again = (0..).take_while(|&number| tx.try_send(page(number)).is_ok()).count() as u64;
    assert!(again * 10 >= sent * 9, "{again} fit where {sent} fitted before");
}

#[test]
fn what_fits_of_many_is_sent_and_counted() {
    let values: Vec<Page> = (0..1_000).map(page).collect();
    let (tx, mut rx, sent) = full();
    while rx.try_recv().is_ok() {}
    let first = tx.try_send_many(&values).unwrap();
    assert!(first as u64 * 10 >= sent * 9 && first < 1_000, "{first}");
    assert_eq!(tx.try_send_many(&values), Err(TrySendUnboundedError::Limit(())));
    assert!((0..first as u64).all(|number| rx.try_recv() == Ok(page(number))));
    let error = tx.send_many(&values).unwrap_err();
    assert!(error.to_string().contains("has no memory for more") && !tx.is_closed(), "{error}");
    let SendManyError { sent } = error;
    assert!((0..sent as u64).all(|number| rx.try_recv() == Ok(page(number))));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn memory_comes_with_values_and_goes_with_them() {
    let (tx, mut rx) = unbounded_channel::<Page>();
    let (empty, values) = (tx.memory_in_use(), vec![page(7); 2_000]);
    assert_eq!(empty, rx.memory_in_use());
    for _ in 0..3 {
        tx.send_many(&values).unwrap();
        assert!(tx.memory_in_use() >= empty + 2_000 * 4096);
        while rx.try_recv().is_ok() {}
        assert!(tx.memory_in_use() < empty + 200 * 4096, "{empty} bytes, then {}", tx.memory_in_use());
    }
}

#[test]
fn the_memory_of_what_is_queued_goes_with_the_receiver() {
    let (tx, rx) = unbounded_channel::<Page>();
    let empty = tx.memory_in_use();
    tx.send_many(&vec![page(7); 2_000]).unwrap();
    drop(rx);
    assert_eq!((tx.len(), tx.is_closed()), (0, true));
    assert!(tx.memory_in_use() < empty + 200 * 4096, "{empty} bytes, then {}", tx.memory_in_use());
}

#[test]
fn a_limit_that_is_too_small_is_an_error() {
    for bytes in [0, 1, 4096] {
        let made = Options::new().memory_limit(bytes).channel_unbounded::<Page>();
        assert!(matches!(made, Err(OpenError::InvalidOption { .. })), "{bytes}");
    }
}

#[test]
fn the_error_of_try_send_says_what_happened() {
    type Error = TrySendUnboundedError<u64>;
    let all = [Error::Closed(1), Error::Limit(2), Error::NoMemory(3)];
    assert_eq!(all.map(Error::into_inner), [1, 2, 3]);
    assert_eq!(
        all.map(|error| format!("{error:?}")),
        ["\"Closed(..)\"", "\"Limit(..)\"", "\"NoMemory(..)\""]
    );
    assert_eq!(all[0].to_string(), "channel closed");
    assert!(all[1].to_string().starts_with("the channel has all the memory that it may have; "));
    assert!(all[2].to_string().starts_with("the system has no memory for more values; "));
    assert!(std::error::Error::source(&all[0]).is_none());
}

#[test]
fn senders_of_a_name_join_with_and_without_blocking() {
    let room = room();
    let options = || Options::new().type_tag("numbers");
    let mut rx = options().end_with_last_sender().bind_unbounded::<u64>(room.name()).unwrap();
    options().connect_unbounded::<u64>(room.name()).unwrap().send(1).unwrap();
    assert_eq!((rx.blocking_recv(), rx.blocking_recv()), (Some(1), None));
    drop(rx);
    let mut rx = Options::new().bind_unbounded::<u64>(room.name()).unwrap();
    let wrong = options().connect_unbounded::<u64>(room.name());
    assert!(matches!(wrong, Err(OpenError::WrongType { .. })));
    on_one_thread(|| async move {
        let tx = connect_unbounded_async::<u64>(room.name()).await.unwrap();
        tx.send(2).unwrap();
        assert_eq!(rx.recv().await, Some(2));
    });
}

#[test]
fn a_channel_of_the_other_kind_is_refused_by_name() {
    let room = room();
    let unbounded = Options::new().bind_unbounded::<u64>(room.name()).unwrap();
    let error = connect::<u64>(room.name()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: true, path: Some(_) }), "{error}");
    drop(unbounded);
    let bounded = Options::new().bind::<u64>(room.name()).unwrap();
    let error = connect_unbounded::<u64>(room.name()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: false, path: Some(_) }), "{error}");
    assert!(connect::<u64>(room.name()).is_ok());
    drop(bounded);
}

#[test]
fn a_descriptor_of_the_other_kind_is_refused_and_used_up() {
    let (tx, rx) = unbounded_channel::<u64>();
    let error = Sender::<u64>::from_fd(tx.clone().into_fd().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: true, .. }), "{error}");
    eventually("the sender is dropped", || tx.strong_count() == 1);
    let error = Receiver::<u64>::from_fd(rx.into_fd().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: true, .. }), "{error}");
    eventually("the receiver is dropped", || tx.is_closed());

    let (tx, rx) = shmpsc::channel::<u64>(1);
    let error = UnboundedSender::<u64>::from_fd(tx.clone().into_fd().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: false, .. }), "{error}");
    eventually("the sender is dropped", || tx.strong_count() == 1);
    let error = UnboundedReceiver::<u64>::from_fd(rx.into_fd().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { unbounded: false, .. }), "{error}");
    eventually("the receiver is dropped", || tx.is_closed());
}

#[test]
fn another_process_meets_the_limit_and_goes_on_after_it() {
    let room = room();
    let options = Options::new().memory_limit(LITTLE).end_with_last_sender();
    let mut rx = options.bind_unbounded::<Page>(room.name()).unwrap();
    let mut child = start("sends-to-the-limit", &room.name());
    let sent: u64 = child.hear().parse().unwrap();
    assert!((0..sent).all(|number| rx.blocking_recv() == Some(page(number))));
    child.say();
    assert_eq!((rx.blocking_recv(), rx.blocking_recv()), (Some(page(sent)), None));
    child.end();
}

#[test]
fn what_a_killed_process_sent_is_received_and_its_memory_goes() {
    let room = room();
    let mut rx = Options::new().end_with_last_sender().bind_unbounded::<Value>(room.name()).unwrap();
    let empty = rx.memory_in_use();
    let mut child = start("sends-many 100000", &room.name());
    assert_eq!(child.hear(), "sent");
    child.kill();
    assert!((0..100_000).all(|n| rx.blocking_recv() == Some([n, n * n])));
    assert_eq!(rx.blocking_recv(), None);
    assert!(rx.memory_in_use() < empty + (1 << 20));
}
