//! Bytes as what a hostile peer does: an image of a segment, moves on it, and writes between and within the moves.
//!
//! The queue, the layout and the messages are the library's own sources, built on a `sync` of this crate, whose words
//! count each access. So nothing of them is public, and what is tried is what is shipped. `replay.rs` tries the
//! corpus and numbers that look like chance with `cargo test`; `fuzz/` lets libFuzzer look for more (`.ci/fuzz`).

extern crate alloc;

#[allow(dead_code, unused_imports, reason = "waiting and repairing is not here")]
#[path = "../../../src/layout/mod.rs"]
mod layout;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "../../../src/queue/mod.rs"]
mod queue;
#[allow(dead_code, unused_imports, reason = "nothing is sent")]
#[path = "../../../src/control"]
mod control {
    // Here, for messages are this room's own.
    #[path = "../../tests/faults/any_bytes/message.rs"]
    pub(crate) mod message;
    mod wire;
}

mod attach;
mod bound;
mod bytes;
mod common;
mod image;
mod memory;
mod moves;
mod sync;
mod table;
mod world;

pub use bound::{Call, most_seen};

/// Does what the bytes say. Panics if the code under test does, touches a word outside the image, or touches more words in
/// one call than `bound` allows.
pub fn any_bytes(data: &[u8]) {
    let mut bytes = bytes::Bytes(data);
    match bytes.byte() % 8 {
        0 => control::message::decode(bytes.0),
        1 => attach::attach(&mut bytes),
        4 | 5 => table::run(&mut bytes),
        _ => moves::run(&mut bytes),
    }
}
