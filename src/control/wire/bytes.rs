//! The parts of messages as bytes, written behind one another and read from the front. Which parts make a message is not
//! known here.

use super::message::{Accept, Facts, Handover, MAX_RULES, MAX_TAG, NameFacts};
use crate::{
    layout::{ChannelKind, FenceKind, Geometry},
    queue::Number,
};

/// Puts numbers behind one another.
pub(super) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn u16(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    pub fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    pub fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub fn facts(&mut self, facts: &Facts) {
        for number in [facts.layout, facts.size, facts.align, facts.word, facts.tag.len() as u32] {
            self.u32(number);
        }
        let mut tag = [0; MAX_TAG];
        tag[..facts.tag.len()].copy_from_slice(facts.tag.as_bytes());
        self.0.extend(tag);
        self.u32(facts.kind.number());
    }

    pub fn accept(&mut self, accept: &Accept) {
        let geometry = accept.geometry;
        let (number, host) = (accept.number.into(), accept.host.into());
        for number in
            [number, host, geometry.kind().number(), geometry.payload(), accept.align, geometry.members()]
        {
            self.u32(number);
        }
        geometry.numbers().into_iter().for_each(|number| self.u32(number));
        self.u64(accept.id as u64);
        self.u64((accept.id >> 64) as u64);
        self.u32(accept.fences.number());
    }

    pub fn handover(&mut self, handover: &Handover) {
        self.accept(&handover.accept);
        let path = handover.name.as_ref().map_or(&[][..], |name| &name.path);
        self.u32(
            u32::from(handover.name.is_some())
                | u32::from(handover.end_with_last) << 1
                | u32::from(handover.open) << 2,
        );
        for count in [handover.uids.len(), handover.gids.len(), path.len()] {
            self.u32(count as u32);
        }
        // No file has inode 0.
        let (device, inode) = handover.name.as_ref().and_then(|name| name.file).unwrap_or_default();
        self.u64(device);
        self.u64(inode);
        for id in handover.uids.iter().chain(&handover.gids) {
            self.u32(*id);
        }
        self.0.extend(path);
    }
}

/// Takes numbers from the front; `None` when the bytes have run out or are out of range.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn facts(&mut self) -> Option<Facts> {
        let (layout, size, align, word) = (self.u32()?, self.u32()?, self.u32()?, self.u32()?);
        let length = self.u32()? as usize;
        let tag = self.bytes(MAX_TAG)?;
        let (tag, rest) = tag.split_at_checked(length)?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        let tag = str::from_utf8(tag).ok()?.to_owned();
        let kind = ChannelKind::from_number(self.u32()?)?;
        Some(Facts { layout, size, align, word, tag, kind })
    }

    pub fn accept(&mut self) -> Option<Accept> {
        let (number, host) = (self.u32()?, self.u32()?);
        let kind = ChannelKind::from_number(self.u32()?)?;
        let (payload, align, members) = (self.u32()?, self.u32()?, self.u32()?);
        let numbers = [self.u32()?, self.u32()?, self.u32()?];
        let id = u128::from(self.u64()?) | u128::from(self.u64()?) << 64;
        let geometry = Geometry::of(kind, payload, members, numbers);
        let fences = FenceKind::from_number(self.u32()?)?;
        geometry.check().ok()?;
        let seats = 1..=members;
        if !seats.contains(&number) || !seats.contains(&host) || number == host {
            return None;
        }
        Some(Accept { number: number as Number, host: host as Number, geometry, align, id, fences })
    }

    pub fn handover(&mut self) -> Option<Handover> {
        let accept = self.accept()?;
        let flags = self.u32()?;
        let (uids, gids, path) = (self.u32()? as usize, self.u32()? as usize, self.u32()? as usize);
        if flags > 7 || uids > MAX_RULES || gids > MAX_RULES || path > 4096 {
            return None;
        }
        let (device, inode) = (self.u64()?, self.u64()?);
        let mut ids = |count: usize| (0..count).map(|_| self.u32()).collect::<Option<Vec<u32>>>();
        let (uids, gids) = (ids(uids)?, ids(gids)?);
        let path = self.bytes(path)?;
        let name = (flags & 1 != 0)
            .then(|| NameFacts { path: path.to_owned(), file: (inode != 0).then_some((device, inode)) });
        if name.is_none() && !path.is_empty() {
            return None;
        }
        Some(Handover { accept, name, end_with_last: flags & 2 != 0, open: flags & 4 != 0, uids, gids })
    }
}
