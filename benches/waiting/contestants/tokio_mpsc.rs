//! tokio's bounded mpsc channel.

use ::tokio::sync::mpsc::{
    Receiver, Sender, channel,
    error::{TryRecvError, TrySendError},
};

use crate::{
    channel::{AsyncReceiving, AsyncSending, Channel, Receiving, Sending, Within},
    contestants::{like_tokio::ends_like_tokio, made_by::made_by},
    harness::value::Value,
};

made_by!(Tokio, channel);

ends_like_tokio!(Sender, Receiver);
