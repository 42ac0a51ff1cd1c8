//! How callers become members, or do not: at the door, and by what they say there.

use super::*;

#[test]
fn refusals_name_both_sides() {
    let bound = bind(&Terms { members: 2, tag: "frame/1".into(), ..terms() });
    let with = |size, tag: &str| {
        connect(&bound.path, size, ALIGN, &Terms { tag: tag.into(), ..terms() }).err().map(|e| e.to_string())
    };
    let at = bound.path.display();
    assert_eq!(
        with(24, "frame/1").unwrap(),
        format!(
            "the value type here (24 bytes aligned to 8 tagged \"frame/1\") is not the value type there at {at} (16 \
             bytes aligned to 8 tagged \"frame/1\"); send and receive one type with one tag"
        )
    );
    assert_eq!(
        with(16, "frame/2").unwrap(),
        format!(
            "the value type here (16 bytes aligned to 8 tagged \"frame/2\") is not the value type there at {at} (16 \
             bytes aligned to 8 tagged \"frame/1\"); send and receive one type with one tag"
        )
    );
    let guest = connect(&bound.path, SIZE, ALIGN, &Terms { tag: "frame/1".into(), ..terms() }).unwrap();
    assert_eq!(
        with(16, "frame/1").unwrap(),
        format!(
            "all 2 places for processes in the channel at {at} are taken; make it with a larger `max_processes`"
        )
    );
    assert_eq!(
        host(SIZE, ALIGN, &terms(), Some(&bound.path)).err().unwrap().to_string(),
        format!(
            "another receiver already listens at {}; end it or choose another name",
            bound.path.display()
        )
    );
    drop(guest);
}

#[test]
fn another_version_is_refused_in_words_it_understands() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    let mut packet = hello(16);
    packet[4] = 77;
    socket::send(&socket, &packet, &[]).unwrap();
    let Some(Message::Refuse(refusal)) = answer(&socket) else { panic!() };
    assert_eq!(refusal.code, Code::WrongVersion);
    assert_eq!(refusal.facts.layout, layout::VERSION);
    assert_eq!(answer(&socket), None);
}

#[test]
fn nonsense_is_refused_and_hurts_nobody_else() {
    let bound = bind(&terms());
    let silent = raw_connect(&bound);
    let guest = bound.connect().unwrap();
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0], &[0xff; 255], &[0; 5000], &hello(16)[..95]] {
        let socket = raw_connect(&bound);
        socket::send(&socket, nonsense, &[]).unwrap();
        assert!(matches!(answer(&socket), Some(Message::Refuse(_))));
        assert_eq!(answer(&socket), None);
    }
    // One that joins and then talks nonsense keeps its place, for its process lives; but it is not heard any more.
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    assert_eq!(bound.host.ring().common().strong_count(), 2);
    socket::send(&socket, &hello(16), &[]).unwrap();
    // It may have been told so already.
    let more = socket::send(&socket, &Message::Invite { request: 1 }.encode(), &[]);
    assert!(more.is_ok() || more.is_err_and(|error| socket::is_gone(&error)));
    drop_sender(bound.connect().unwrap());
    assert_eq!(bound.host.ring().common().strong_count(), 2);
    drop((silent, guest));
}

/// Shows W94, W95.
#[test]
fn one_who_gives_up_half_way_leaves_no_trace() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    socket::send(&socket, &Message::Goodbye.encode(), &[]).unwrap();
    drop(socket);
    drop(raw_connect(&bound));
    // The next caller is served after them.
    drop_sender(bound.connect().unwrap());
    eventually("nobody is counted", || bound.host.ring().common().strong_count() == 0);
}

/// Shows W94, W95, T68.
#[test]
fn a_caller_that_cannot_be_told_it_joined_did_not_come() {
    let bound = bind(&Terms { end_with_last: true, ..terms() });
    let socket = raw_connect(&bound);
    let socket = UnixStream::from(socket);
    socket.shutdown(std::net::Shutdown::Read).unwrap();
    let socket = OwnedFd::from(socket);
    socket::send(&socket, &hello(16), &[]).unwrap();
    let host = bound.host.host.as_ref().unwrap();
    // Served behind it.
    let gone = connect(&bound.path, SIZE + 8, ALIGN, &terms());
    assert!(matches!(gone, Err(OpenError::WrongType { .. })));
    eventually("its number is free", || host.roster().others() == 0 && !host.roster().is_leaving());
    assert!(!bound.host.ring().common().has_ended(), "the name stands for senders to come");
    let first = bound.connect().unwrap();
    drop_sender(first);
    assert!(bound.host.ring().common().has_ended());
}

#[test]
fn on_an_older_kernel_one_is_looked_at_twice() {
    // Other tests that run meanwhile go the same way, and must not notice.
    IS_OLD_KERNEL.store(1, Ordering::Relaxed);
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert_eq!(next(&socket), Some(Message::Again));
    socket::send(&socket, &hello(16), &[]).unwrap();
    assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    let guest = bound.connect().unwrap();
    let further = sender_from_fd(sender_into_fd(&guest).unwrap(), SIZE, ALIGN, &terms()).unwrap();
    IS_OLD_KERNEL.store(0, Ordering::Relaxed);
    assert_eq!(bound.host.ring().common().strong_count(), 3);
    drop((guest, further));
}

#[test]
fn unasked_descriptors_are_not_taken() {
    let bound = bind(&terms());
    let socket = raw_connect(&bound);
    let gift = socket::pair().unwrap().0;
    // A newer kernel refuses to send them; on an older one they are dropped.
    if socket::send(&socket, &hello(16), &[gift.as_fd()]).is_ok() {
        assert!(matches!(answer(&socket), Some(Message::Accept(_))));
    }
    drop_sender(bound.connect().unwrap());
}

/// Shows W92.
#[test]
fn the_silent_one_is_sent_away_after_the_deadline() {
    let bound = bind(&Terms { deadline: Duration::from_millis(50), ..terms() });
    let silent = raw_connect(&bound);
    assert_eq!(answer(&silent), None);
}

/// Shows W98.
#[test]
fn a_host_that_never_answers_is_given_up() {
    let (ours, theirs) = socket::pair().unwrap();
    let short = Terms { deadline: Duration::from_millis(30), ..terms() };
    let error = sender_from_fd(carrier::load(theirs).unwrap(), SIZE, ALIGN, &short).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the other process did not answer within 30ms; try again, or with a longer `timeout`"
    );
    // It said goodbye, in case the host had counted it.
    assert!(matches!(answer(&ours), Some(Message::Hello(_))));
    assert_eq!(answer(&ours), Some(Message::Goodbye));
}

/// Shows W105.
#[test]
fn a_caller_let_in_before_the_receiver_left_returns_to_the_door() {
    let bound = bind(&terms());
    let caller = raw_connect(&bound);
    let waiting = || lock(&bound.host.host.as_ref().unwrap().waiting).len();
    eventually("it was let in", || waiting() == 1);
    let descriptor = receiver_into_fd(&bound.host).unwrap();
    assert!(socket::send(&caller, &hello(16), &[]).is_err_and(|error| socket::is_gone(&error)));
    assert_eq!(next(&caller), None, "not a word of a channel that is closed");
    let joins = std::thread::spawn({
        let path = bound.path.clone();
        move || connect(&path, SIZE, ALIGN, &terms())
    });
    let host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    let guest = joins.join().unwrap().unwrap();
    assert_eq!(guest.id(), host.id());
}

/// A process at a name that does with each caller what comes next.
fn at_a_name(callers: impl IntoIterator<Item = Option<Message>>) -> Result<Arc<Endpoint>, OpenError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed");
    let listener = Listener::bind(&PathAt::new(&path).unwrap(), 0o600).unwrap();
    std::thread::scope(|scope| {
        let joins = scope.spawn(|| connect(&path, SIZE, ALIGN, &terms()));
        for answer in callers {
            assert!(
                socket::wait_readable(&listener, Some(Instant::now() + Duration::from_secs(20))).unwrap()
            );
            let caller = listener.accept().unwrap().unwrap();
            if let Some(answer) = answer {
                assert!(matches!(next(&caller), Some(Message::Hello(_))));
                socket::send(&caller, &answer.encode(), &[]).unwrap();
            }
        }
        joins.join().unwrap()
    })
}

fn refusal(code: Code) -> Message {
    let Message::Hello(Hello { facts, .. }) = Message::decode(&hello(16)).unwrap() else { panic!() };
    let none = 0;
    Message::Refuse(Refusal {
        code,
        facts,
        members: none,
        leaving: none,
        host_uid: none,
        host_gid: none,
        peer_uid: none,
        peer_gid: none,
    })
}

#[test]
fn a_caller_sent_away_without_an_answer_retries_a_few_times() {
    let joined = at_a_name([None, Some(refusal(Code::HandoverInProgress)), None, Some(refusal(Code::Ended))]);
    assert!(matches!(joined, Err(OpenError::Ended { .. })));
    let joined = at_a_name([None, None, None, None]);
    assert!(matches!(joined, Err(OpenError::HungUp { .. })));
    let joined = at_a_name([Some(refusal(Code::Closed))]);
    assert!(matches!(joined, Err(OpenError::Closed { .. })));
}

/// Shows T60.
#[test]
fn a_door_shut_for_good_by_the_owner_of_a_copy_is_not_watched() {
    let bound = bind(&terms());
    let (listener, token) = bound.door();
    let porter = Porter::of_this_process().unwrap();
    assert!(porter.knows(token));
    socket::hang_up(&*listener);
    eventually("it is forgotten", || !porter.knows(token));
}

/// A watcher that reports each call of the background thread.
struct Called(std::sync::mpsc::Sender<()>);

impl Watcher for Called {
    fn on_event(self: Arc<Self>, _: &'static Porter, _: Token, _: Event) {
        let _ = self.0.send(());
    }
}

/// The porter has gone through all that it had to do, deadlines too.
fn the_porter_has_looked(porter: &'static Porter) {
    // Deadlines come after what it was woken for, so the second call is behind them.
    for _ in 0..2 {
        let (tell, told) = std::sync::mpsc::channel();
        let bell = Arc::new(Doorbell::new().unwrap());
        let token = porter.watch(bell.clone(), Interest::READABLE, Arc::new(Called(tell))).unwrap();
        bell.ring();
        told.recv().unwrap();
        porter.forget(token);
    }
}

#[test]
fn a_door_that_rested_stays_shut_while_the_receiver_moves() {
    let bound = bind(&terms());
    let (listener, token) = bound.door();
    let descriptor = receiver_into_fd(&bound.host).unwrap();
    let porter = Porter::of_this_process().unwrap();
    porter.set_deadline(token, Some(Instant::now()));
    the_porter_has_looked(porter);
    let caller = raw_connect(&bound);
    the_porter_has_looked(porter);
    assert!(socket::wait_readable(&*listener, Some(Instant::now())).unwrap(), "it waits at the door");
    let next_host = receiver_from_fd(descriptor, SIZE, ALIGN, &terms()).unwrap();
    socket::send(&caller, &hello(16), &[]).unwrap();
    assert!(matches!(answer(&caller), Some(Message::Accept(_))));
    drop(next_host);
}

#[test]
fn a_wake_that_comes_before_the_answer_is_no_answer() {
    let host = alone();
    let descriptor = carrier::unload(sender_into_fd(&host).unwrap()).unwrap();
    // A caller in between, so that the order is sure.
    let (ours, theirs) = socket::pair().unwrap();
    let mut buffer = [0; 4096];
    let accept = loop {
        socket::send(&descriptor, &hello(16), &[]).unwrap();
        assert!(socket::wait_readable(&descriptor, None).unwrap());
        let Incoming::Message(message) = socket::receive(&descriptor, &mut buffer).unwrap() else { panic!() };
        if Message::decode(&buffer[..message.len]) != Ok(Message::Again) {
            break message;
        }
    };
    let descriptors: Vec<_> = accept.descriptors.iter().map(|descriptor| descriptor.as_fd()).collect();
    socket::send(&ours, &[0], &[]).unwrap();
    socket::send(&ours, &buffer[..accept.len], &descriptors).unwrap();
    let joined = sender_from_fd(carrier::load(theirs).unwrap(), SIZE, ALIGN, &terms());
    assert!(joined.is_ok(), "{:?}", joined.err());
}
