//! The making of a new channel, whose receiver lives in this process.

use std::{path::Path, sync::Arc};

use super::{door::attend_door, terms::Terms};
use crate::{
    control::{
        departure::wake::look_late,
        membership::{
            chunks::queue_of,
            endpoint::{Endpoint, EndpointParts},
            fencing,
            host::Host,
            name::Name,
            name_as_sender::NameAsSender,
            roster::Roster,
        },
        wire::Facts,
    },
    error::OpenError,
    layout::{self, FenceKind},
    queue::Number,
    segment::Segment,
    sync::Ordering,
    sys::{fork::Birthplace, random},
};

/// The number of the process that makes a channel.
const CREATOR: Number = 1;

/// Makes a channel whose receiver lives in this process.
///
/// Without a path the channel is known to this process only, and its first sender is counted. With a path other processes can
/// connect, and there is no sender yet.
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
    let birthplace = Birthplace::here().map_err(OpenError::system("mark this process"))?;
    let id = random::number().map_err(OpenError::system("get a random number"))?;
    let name = path.map(|path| Name::take(path, terms.mode)).transpose()?;
    let segment = match Segment::create(geometry, terms.pages) {
        Ok(segment) => segment,
        Err(error) => {
            name.into_iter().for_each(Name::close);
            return Err(OpenError::system("get memory for the channel")(error));
        }
    };
    let (fence_kind, fences) = fencing::of_new_channel(terms.full_fences);
    format(&segment, &facts, id, fence_kind);
    queue_of(&segment).common().add_strong(if name.is_some() { 0 } else { CREATOR });
    let roster = Roster::new(geometry.members(), CREATOR);
    let name_as_sender = NameAsSender::new(name.is_some(), terms.end_with_last);
    let host = Host::new(roster, geometry.members(), terms.rules.clone(), name_as_sender);
    host.set_dead(CREATOR, false);
    *host.name() = name;
    let endpoint = Endpoint::new(EndpointParts {
        segment,
        birthplace,
        facts,
        fence_kind,
        fences,
        me: CREATOR,
        id,
        deadline: terms.deadline,
        host: Some(host),
        guest: None,
        look_late,
    });
    if path.is_none() {
        endpoint.add_handle();
    } else {
        endpoint.open_bells()?;
        attend_door(&endpoint)?;
    }
    Ok(endpoint)
}

/// Makes an open, empty channel of the zeros in a new segment. No other process maps it yet.
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
        // ORDERING: handing the segment to another process is a synchronizing act of its own.
        word.store(value, Ordering::Relaxed);
    }
    queue_of(segment).format();
}
