//! Files through one channel: any number of `producer` processes send chunks, one `consumer` puts them together.
//! Nothing here knows how the channel works; a chunk is a plain value to it.
//!
//! Each producer says what it is going to send ([`chunk::Message::Announce`]), sends it, and says that it is done.
//! One that dies says nothing more, so the consumer can name what is missing.

pub mod assembly;
pub mod chunk;
pub mod consume;
pub mod output;
pub mod produce;
pub mod progress;
pub mod replacement;
pub mod report;
pub mod shard;
pub mod source;

use shmpsc::Options;

/// What both programs must agree on to share a channel.
fn options() -> Options {
    Options::new().type_tag("ipc-demo chunk 1")
}
