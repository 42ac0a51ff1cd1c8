//! What the ends of both kinds of channel do, said once: methods as macros, which are called with the name of an end and with how its
//! channel is made in an example.
//!
//! | file | what it is about |
//! | --- | --- |
//! | [`receiver`](mod@receiver), [`sender`](mod@sender), [`weak`](mod@weak) | the handles: counting, asking, handing over |
//! | [`receive`](mod@receive), [`peek`](mod@peek), [`boxed`](mod@boxed) | receiving, looking without taking, receiving into a box |
//! | [`once`](mod@once) | the futures of one value |

pub(crate) mod boxed;
mod once;
pub(crate) mod peek;
pub(crate) mod receive;
pub(crate) mod receiver;
pub(crate) mod sender;
pub(crate) mod weak;

pub(crate) use boxed::boxed;
pub(crate) use once::once;
pub(crate) use peek::peek;
pub(crate) use receive::receive;
pub(crate) use receiver::receiver;
pub(crate) use sender::sender;
pub(crate) use weak::weak;
