//! The numbers of `docs/limits.md` that a program can count for itself.

#[path = "support/mod.rs"]
mod people;

use people::{Value, my_role, room, start, stay, tell, watch::own_descriptors};
use shmpsc::Options;

/// What the child does.
#[test]
fn role() {
    let Some((_, path)) = my_role() else { return };
    let alone = own_descriptors();
    let sender = shmpsc::connect::<Value>(&path).unwrap();
    tell(own_descriptors() - alone);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let joined = own_descriptors();
    runtime.block_on(async {
        let mut closed = std::pin::pin!(sender.closed());
        // Until the runtime listens.
        while own_descriptors() == joined {
            tokio::select! {
                biased;
                () = &mut closed => unreachable!("the receiver stays"),
                () = tokio::task::yield_now() => {}
            }
        }
    });
    tell(own_descriptors() - joined);
    stay();
}

/// The only test of this program that opens anything, so that nothing else is counted.
#[test]
fn a_process_has_as_many_descriptors_as_documented() {
    const PORTER: usize = 1;
    const RUNTIME: usize = 1;
    const BOUND: usize = 7;
    const SENDER: usize = 3;
    const JOINED: usize = 5;
    /// The receiver's process opens itself when the first sender comes.
    const ITSELF: usize = 1;
    /// To talk with the child.
    const PIPES: usize = 2;

    let room = room();
    let alone = own_descriptors();
    let receiver = Options::new().bind::<Value>(room.name()).unwrap();
    assert_eq!(own_descriptors() - alone, BOUND - ITSELF + PORTER);
    let mut children = Vec::new();
    for count in 1..=3 {
        let mut child = start("joins", &room.name());
        assert_eq!(child.hear(), (JOINED + PORTER).to_string());
        assert_eq!(child.hear(), RUNTIME.to_string());
        children.push(child);
        assert_eq!(own_descriptors() - alone, BOUND + PORTER + count * (SENDER + PIPES));
    }
    drop(receiver);
}
