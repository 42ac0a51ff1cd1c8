//! What an end is opened with, checked; and the making of a new channel.

use std::{path::Path, sync::Arc, time::Duration};

use crate::control::{
    meeting::identity::Rules,
    membership::{
        chunks::queue_of,
        endpoint::{Endpoint, Parts, refused},
        fencing::{self, fences},
        host::Host,
        name::Name,
        open_name::OpenName,
        roster::Roster,
    },
    wire::{Facts, MAX_RULES, MAX_TAG},
};
use crate::{
    error::OpenError,
    layout::{
        self, ChannelKind, FenceKind, Geometry, GeometryError, MAX_CAPACITY, MAX_MEMBERS, RingGeometry,
        TableGeometry,
    },
    queue::Number,
    segment::Segment,
    sync::Ordering,
    sys::{
        available,
        fork::Birthplace,
        memory::{self, Pages},
        random,
    },
};

/// The number of the process that makes a channel.
const CREATOR: Number = 1;

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
            return Err(invalid("deadline", format!("{:?}", self.deadline), "at most 4294967295 seconds"));
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

    fn geometry(&self, facts: &Facts) -> Result<Geometry, OpenError> {
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

/// Makes a channel whose receiver lives in this process: without a path one that is known here only, with the first
/// sender counted; with a path one that senders find there, and no sender yet.
pub(crate) fn host(
    size: usize,
    align: usize,
    terms: &Terms,
    path: Option<&Path>,
) -> Result<Arc<Endpoint>, OpenError> {
    make(size, align, terms, path).map_err(|error| match path {
        Some(path) => error.at(path),
        None => error,
    })
}

fn make(size: usize, align: usize, terms: &Terms, path: Option<&Path>) -> Result<Arc<Endpoint>, OpenError> {
    let facts = terms.facts(size, align)?;
    let geometry = terms.geometry(&facts)?;
    let birthplace = Birthplace::here().map_err(refused("mark this process"))?;
    let id = random::number().map_err(refused("get a random number"))?;
    let name = path.map(|path| Name::take(path, terms.mode)).transpose()?;
    let segment = match Segment::create(geometry, terms.pages) {
        Ok(segment) => segment,
        Err(error) => {
            name.into_iter().for_each(Name::close);
            return Err(refused("get memory for the channel")(error));
        }
    };
    let fence_kind = fencing::kind_of_new_channel(terms.full_fences);
    format(&segment, &facts, id, fence_kind);
    queue_of(&segment).common().add_strong(if name.is_some() { 0 } else { CREATOR });
    let roster = Roster::new(geometry.members(), CREATOR);
    let open_name = OpenName::new(name.is_some(), terms.end_with_last);
    let host = Host::new(roster, geometry.members(), terms.rules.clone(), open_name);
    host.set_dead(CREATOR, false);
    *host.name() = name;
    let endpoint = Endpoint::new(Parts {
        segment,
        birthplace,
        facts,
        fence_kind,
        fences: fences(fence_kind),
        me: CREATOR,
        id,
        deadline: terms.deadline,
        host: Some(host),
        guest: None,
    });
    if path.is_none() {
        endpoint.add_handle();
    } else {
        endpoint.open_doors()?;
        endpoint.attend_door()?;
    }
    Ok(endpoint)
}

/// Makes an open, empty channel of zeros. Nobody else maps it yet.
fn format(segment: &Segment, facts: &Facts, id: u128, fences: FenceKind) {
    let (view, geometry) = (segment.view().common(), segment.view().geometry());
    let identity = &view.header.identity;
    let [first, second, third] = geometry.numbers();
    for (word, value) in [
        (&identity.magic, layout::MAGIC),
        (&identity.version, layout::VERSION.into()),
        (&identity.kind, geometry.kind().number().into()),
        (&identity.payload, geometry.payload().into()),
        (&identity.align, facts.align.into()),
        (&identity.members, geometry.members().into()),
        (&identity.numbers[0], first.into()),
        (&identity.numbers[1], second.into()),
        (&identity.numbers[2], third.into()),
        (&identity.id[0], id as u64),
        (&identity.id[1], (id >> 64) as u64),
        (&identity.fences, fences.number().into()),
        (&view.members[usize::from(CREATOR)].pid, std::process::id().into()),
    ] {
        // ORDERING: handing the segment to anybody else is a synchronizing act of its own.
        word.store(value, Ordering::Relaxed);
    }
    queue_of(segment).format();
}
