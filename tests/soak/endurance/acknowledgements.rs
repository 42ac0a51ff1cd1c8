//! How many of their values senders know to be sent: a file in which each has its place, so that it is known also of those that are killed.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use crate::people::Room;

pub struct Acknowledgements(File);

impl Acknowledgements {
    /// The parent's. What an earlier one has written stays.
    pub fn of(room: &Room) -> Acknowledgements {
        let path = room.path().join("acknowledged");
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path);
        Acknowledgements(file.expect("a file"))
    }

    /// In the child, whose channel has this name: the file of the same room.
    pub fn beside(name: &Path) -> Acknowledgements {
        let path = name.parent().expect("a room").join("acknowledged");
        Acknowledgements(File::options().write(true).open(path).expect("the parent has made it"))
    }

    pub fn write(&self, place: u64, sent: u64) {
        self.0.write_all_at(&sent.to_ne_bytes(), place * 8).expect("room on the disk");
    }

    pub fn read(&self, place: u64) -> u64 {
        let mut sent = [0; 8];
        self.0.read_exact_at(&mut sent, place * 8).expect("it is there");
        u64::from_ne_bytes(sent)
    }
}
