//! iceoryx2's publish-subscribe service between processes: one subscriber, and a publisher for each sender.
//!
//! Each publisher has a queue of its own, of the capacity that the other contestants have for all senders together. A message
//! that finds it full is refused, as in a channel, and not dropped. There is no call here that waits: iceoryx2 wakes through
//! a second service, of events.

use std::fmt;

use ::iceoryx2::{
    port::{publisher::Publisher, subscriber::Subscriber},
    prelude::{
        BackpressureStrategy, Config, LogLevel, Node, NodeBuilder, Path, SemanticString, ServiceName,
        ZeroCopySend, ipc, set_log_level,
    },
    service::port_factory::publish_subscribe::PortFactory,
};

use crate::{
    contestant::{Contestant, Reach, Tries},
    harness::value::Value,
    site::Site,
};

pub(crate) struct Iceoryx2;

/// A message as iceoryx2 wants it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Message<T>(T);

impl<T> fmt::Debug for Message<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }
}

// SAFETY: a message is plain words, the same in every process of this program.
unsafe impl<T: Value> ZeroCopySend for Message<T> {}

type Service = ipc::Service;

/// An end, and what it must not outlive.
pub(crate) struct End<Port> {
    port: Port,
    _node: Node<Service>,
}

/// As many publishers, and nodes, may join.
const MOST: usize = 18;

fn open<T: Value>(site: &Site, name: &str) -> (Node<Service>, PortFactory<Service, Message<T>, ()>) {
    set_log_level(LogLevel::Fatal);
    let mut config = Config::default();
    let root = site.directory().to_str().expect("a plain path");
    config.global.set_root_path(&Path::new(root.as_bytes()).expect("a plain path"));
    let node = NodeBuilder::new().config(&config).create::<Service>().expect("a node");
    let name: ServiceName =
        format!("{name}-{}", site.order.sample).as_str().try_into().expect("a plain name");
    let service = node
        .service_builder(&name)
        .publish_subscribe::<Message<T>>()
        .enable_safe_overflow(false)
        .subscriber_max_buffer_size(site.capacity())
        .subscriber_max_borrowed_samples(1)
        .history_size(0)
        .max_subscribers(1)
        .max_publishers(MOST)
        .max_nodes(MOST)
        .open_or_create()
        .expect("a service");
    (node, service)
}

impl Contestant for Iceoryx2 {
    const NAME: &'static str = "iceoryx2";
    const REACH: Reach = Reach::Processes;
    /// Each takes tens of milliseconds to open.
    const SENDERS: usize = 16;

    type Sender<T: Value> = End<Publisher<Service, Message<T>, ()>>;
    type Receiver<T: Value> = End<Subscriber<Service, Message<T>, ()>>;

    fn bind<T: Value>(site: &Site, name: &str) -> Self::Receiver<T> {
        let (node, service) = open(site, name);
        let subscriber = service.subscriber_builder().buffer_size(site.capacity());
        End { port: subscriber.create().expect("the subscriber"), _node: node }
    }

    fn connect<T: Value>(site: &Site, name: &str) -> Self::Sender<T> {
        let (node, service) = open(site, name);
        let publisher = service.publisher_builder().backpressure_strategy(BackpressureStrategy::DiscardData);
        End { port: publisher.create().expect("a publisher"), _node: node }
    }
}

impl Tries for Iceoryx2 {
    fn try_send<T: Value>(sender: &mut Self::Sender<T>, value: T) -> bool {
        sender.port.send_copy(Message(value)).expect("a publisher that works") == 1
    }

    fn try_receive<T: Value>(receiver: &mut Self::Receiver<T>) -> Option<T> {
        let sample = receiver.port.receive().expect("a subscriber that works")?;
        Some(sample.payload().0)
    }
}
