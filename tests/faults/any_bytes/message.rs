//! Any packet as a message of a connection: it is read or refused, and what was read can be written and read again.

use super::wire::Message;

pub(crate) fn decode(packet: &[u8]) {
    if let Ok(message) = Message::decode(packet) {
        let again = message.encode();
        let is_same = Message::decode(&again).is_ok_and(|message| message.encode() == again);
        assert!(is_same, "what is written is read again");
    }
}
