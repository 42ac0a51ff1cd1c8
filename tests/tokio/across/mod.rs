//! What the parity bodies take for the channel when its senders live in other processes.
//!
//! The receiver is in the test's process, the senders are in two children. Beside `mpsc`, whose stand-ins have tokio's
//! names, there are both ends of the connection (`parent`; `child`, with what borrows in `lent`), what they say (`wire`),
//! and `place`, which knows when a wake has come. Nothing here knows what a body expects.

pub mod child;
pub mod lent;
pub mod mpsc;
mod parent;
pub mod place;
pub mod wire;
