//! The channels under one roof, as far as the mirrored benchmarks use them.
//!
//! Nothing is added to what a call of the channel does.

use bytemuck::Pod;
use tokio::sync::mpsc;

/// The channels of one crate.
pub(crate) trait Channels: 'static {
    /// Makes a bounded one.
    fn bounded<T: Value>(bound: usize) -> (impl Sending<T>, impl Receiving<T>);
    /// Makes an unbounded one.
    fn unbounded<T: Value>() -> (impl Sending<T>, impl Receiving<T>);
}

/// What goes through: plain data that a thread may hand to another.
pub(crate) trait Value: Pod + Send + Sync + Unpin {}

impl<T: Pod + Send + Sync + Unpin> Value for T {}

/// A sender of any channel.
pub(crate) trait Sending<T>: Clone + Send + 'static {
    /// Sends, or fails the benchmark.
    fn send(&self, value: T) -> impl Future<Output = ()> + Send;
}

/// A receiver of any channel.
pub(crate) trait Receiving<T>: 'static {
    /// The next value, or the failure of the benchmark.
    async fn recv(&mut self) -> T;
    /// Some of the next values.
    async fn recv_many(&mut self, values: &mut Vec<T>, limit: usize) -> usize;
}

/// tokio's.
pub(crate) struct Tokio;

impl Channels for Tokio {
    fn bounded<T: Value>(bound: usize) -> (impl Sending<T>, impl Receiving<T>) {
        mpsc::channel(bound)
    }

    fn unbounded<T: Value>() -> (impl Sending<T>, impl Receiving<T>) {
        mpsc::unbounded_channel()
    }
}

impl<T: Value> Sending<T> for mpsc::Sender<T> {
    async fn send(&self, value: T) {
        assert!(mpsc::Sender::send(self, value).await.is_ok());
    }
}

impl<T: Value> Receiving<T> for mpsc::Receiver<T> {
    async fn recv(&mut self) -> T {
        mpsc::Receiver::recv(self).await.expect("an open channel")
    }

    async fn recv_many(&mut self, values: &mut Vec<T>, limit: usize) -> usize {
        mpsc::Receiver::recv_many(self, values, limit).await
    }
}

/// Ours.
pub(crate) struct Shmpsc;

impl Channels for Shmpsc {
    fn bounded<T: Value>(bound: usize) -> (impl Sending<T>, impl Receiving<T>) {
        shmpsc::channel(bound)
    }

    fn unbounded<T: Value>() -> (impl Sending<T>, impl Receiving<T>) {
        shmpsc::unbounded_channel()
    }
}

impl<T: Value> Sending<T> for shmpsc::Sender<T> {
    async fn send(&self, value: T) {
        assert!(shmpsc::Sender::send(self, value).await.is_ok());
    }
}

impl<T: Value> Receiving<T> for shmpsc::Receiver<T> {
    async fn recv(&mut self) -> T {
        shmpsc::Receiver::recv(self).await.expect("an open channel")
    }

    async fn recv_many(&mut self, values: &mut Vec<T>, limit: usize) -> usize {
        shmpsc::Receiver::recv_many(self, values, limit).await
    }
}

impl<T: Value> Sending<T> for mpsc::UnboundedSender<T> {
    async fn send(&self, value: T) {
        assert!(mpsc::UnboundedSender::send(self, value).is_ok());
    }
}

impl<T: Value> Receiving<T> for mpsc::UnboundedReceiver<T> {
    async fn recv(&mut self) -> T {
        mpsc::UnboundedReceiver::recv(self).await.expect("an open channel")
    }

    async fn recv_many(&mut self, values: &mut Vec<T>, limit: usize) -> usize {
        mpsc::UnboundedReceiver::recv_many(self, values, limit).await
    }
}

impl<T: Value> Sending<T> for shmpsc::UnboundedSender<T> {
    async fn send(&self, value: T) {
        assert!(shmpsc::UnboundedSender::send(self, value).is_ok());
    }
}

impl<T: Value> Receiving<T> for shmpsc::UnboundedReceiver<T> {
    async fn recv(&mut self) -> T {
        shmpsc::UnboundedReceiver::recv(self).await.expect("an open channel")
    }

    async fn recv_many(&mut self, values: &mut Vec<T>, limit: usize) -> usize {
        shmpsc::UnboundedReceiver::recv_many(self, values, limit).await
    }
}
