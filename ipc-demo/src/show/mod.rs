//! The show of `ipc-demo`: one stage process starts a sink and several sources, which stream records through a channel.
//! Files are no matter of this room.
//!
//! ```text
//!  source 0 --+
//!  source 1 --+--> channel of records --> sink --+
//!  source 2 --+                                  |
//!      |                                         v
//!      +------- words, one line each -------> stage --> one table
//! ```
//!
//! The sources' own counts do not go through the channel that they are to judge: they are told to the stage. A source that is
//! killed tells nothing, and then the numbers of its records say what is known to be lost; the others go on.

pub mod actor;
pub mod ending;
pub mod latency;
pub mod record;
pub mod result;
pub mod sink;
pub mod source;
pub mod stage;
pub mod track;
pub mod words;

use shmpsc::Options;

/// What all roles must agree on to share a channel.
fn options() -> Options {
    Options::new().type_tag("ipc-demo record 1")
}
