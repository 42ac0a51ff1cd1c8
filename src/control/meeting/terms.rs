//! What an end is opened with, checked.

use std::time::Duration;

use crate::{
    control::{
        membership::rules::Rules,
        wire::{Facts, MAX_RULES, MAX_TAG},
    },
    error::OpenError,
    layout::{
        self, ChannelKind, Geometry, GeometryError, MAX_CAPACITY, MAX_MEMBERS, RingGeometry, TableGeometry,
    },
    sys::{
        available,
        memory::{self, Pages},
    },
};

/// The longest deadline: no process lives to see its end, and it can be added to any point in time.
const MAX_DEADLINE: Duration = Duration::from_secs(u32::MAX as u64);

/// What the builder collects.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub kind: ChannelKind,
    pub capacity: usize,
    /// Bytes that the queue of an unbounded channel may have; `None`: half of what there is.
    pub memory_limit: Option<u64>,
    pub members: usize,
    pub mode: u32,
    pub rules: Rules,
    pub tag: String,
    pub deadline: Duration,
    /// How long to wait for a receiver that is not there.
    pub wait: Duration,
    pub end_with_last: bool,
    /// A new channel has full fences, also where it could have asymmetric ones.
    pub full_fences: bool,
    /// How this process maps a bounded channel.
    pub pages: Pages,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            kind: ChannelKind::Bounded,
            capacity: 1024,
            memory_limit: None,
            members: 256,
            mode: 0o600,
            rules: Rules::default(),
            tag: String::new(),
            deadline: Duration::from_secs(5),
            wait: Duration::ZERO,
            end_with_last: false,
            full_fences: false,
            pages: Pages::default(),
        }
    }
}

impl Terms {
    /// What both sides of a channel of such values must agree on.
    pub fn facts(&self, size: usize, align: usize) -> Result<Facts, OpenError> {
        if self.tag.len() > MAX_TAG {
            return Err(invalid(
                "length of the type tag",
                format!("{} bytes", self.tag.len()),
                "at most 64 bytes",
            ));
        }
        if self.deadline > MAX_DEADLINE {
            return Err(invalid("timeout", format!("{:?}", self.deadline), "at most 4294967295 seconds"));
        }
        match (u32::try_from(size), u32::try_from(align)) {
            (Ok(size), Ok(align)) if size <= Geometry::MAX_PAYLOAD => Ok(Facts {
                layout: layout::VERSION,
                size,
                align,
                word: usize::BITS,
                tag: self.tag.clone(),
                kind: self.kind,
            }),
            _ => Err(invalid(
                "size of a value",
                format!("{size} bytes"),
                "at most 67108864 bytes, which are 64 MiB",
            )),
        }
    }

    /// Returns where everything lies in the segment of a channel of such values.
    pub(super) fn geometry(&self, facts: &Facts) -> Result<Geometry, OpenError> {
        let members = u32::try_from(self.members).unwrap_or(u32::MAX);
        for (what, allowed) in
            [("number of allowed users", &self.rules.uids), ("number of allowed groups", &self.rules.gids)]
        {
            if allowed.len() > MAX_RULES {
                return Err(invalid(what, allowed.len().to_string(), "at most 1024"));
            }
        }
        let geometry = match facts.kind {
            ChannelKind::Bounded => Geometry::Ring(RingGeometry {
                capacity: u32::try_from(self.capacity).unwrap_or(u32::MAX),
                payload: facts.size,
                line: RingGeometry::LINE,
                members,
                entries: RingGeometry::ENTRIES,
            }),
            ChannelKind::Unbounded => {
                let limit = self.memory_limit.unwrap_or_else(|| available::memory() / 2);
                Geometry::Table(TableGeometry::for_limit(facts.size, members, limit, memory::page_size()))
            }
        };
        geometry.check().map_err(|error| match error {
            GeometryError::Capacity => invalid("capacity", self.capacity.to_string(), "from 1 to 1048575"),
            GeometryError::Chunks => invalid(
                "memory limit",
                self.memory_limit
                    .map_or_else(|| "half of what is free".into(), |limit| format!("{limit} bytes")),
                "at least 160 KiB, or two values and four pages if that is more",
            ),
            GeometryError::Members => {
                invalid("number of members", self.members.to_string(), "from 1 to 1023")
            }
            _ => invalid(
                "size of the channel",
                format!("{:?} of values of {} bytes", facts.kind, facts.size),
                "less than the address space",
            ),
        })?;
        Ok(geometry)
    }
}

// The numbers that the errors name.
const _: () = assert!(MAX_CAPACITY == 1_048_575 && MAX_MEMBERS == 1023 && MAX_RULES == 1024 && MAX_TAG == 64);
const _: () = assert!(Geometry::MAX_PAYLOAD == 67_108_864 && MAX_DEADLINE.as_secs() == 4_294_967_295);

/// Returns the error that an option is out of its range.
fn invalid(what: &'static str, given: String, range: &'static str) -> OpenError {
    OpenError::InvalidOption { what, given, range }
}
