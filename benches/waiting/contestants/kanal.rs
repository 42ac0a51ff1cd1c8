//! kanal's bounded channel, whose ends block threads and are awaited alike.

use ::kanal::{Receiver, Sender, bounded};

use crate::{
    channel::{AsyncReceiving, AsyncSending, Channel, Receiving, Sending, Within},
    contestants::made_by::made_by,
    harness::value::Value,
};

made_by!(Kanal, bounded);

impl<T: Value> Sending<T> for Sender<T> {
    fn send(&self, value: T) {
        assert!(Sender::send(self, value).is_ok(), "the receiver has gone");
    }

    fn try_send(&self, value: T) -> bool {
        Sender::try_send(self, value).expect("the receiver has gone")
    }
}

impl<T: Value> Receiving<T> for Receiver<T> {
    fn receive(&mut self) -> T {
        self.recv().expect("the senders have gone")
    }

    fn try_receive(&mut self) -> Option<T> {
        self.try_recv().expect("the senders have gone")
    }
}

impl<T: Value> AsyncSending<T> for Sender<T> {
    async fn send_async(&self, value: T) {
        assert!(self.as_async().send(value).await.is_ok(), "the receiver has gone");
    }
}

impl<T: Value> AsyncReceiving<T> for Receiver<T> {
    async fn receive_async(&mut self) -> T {
        self.as_async().recv().await.expect("the senders have gone")
    }
}
