//! The last words of a guest: it says goodbye when its last handle is gone, so that its host need not wait for the end of its
//! process.

use std::{os::fd::OwnedFd, sync::Arc};

use crate::{
    control::{
        membership::guest::Guest,
        porter::{Porter, Token, Watcher},
        wire::Message,
    },
    sys::{
        events::{Event, Interest},
        socket,
    },
};

impl Drop for Guest {
    /// Says goodbye. The mapping is gone already, so nothing is written to the segment after it.
    fn drop(&mut self) {
        if !self.birthplace.is_here() {
            return;
        }
        self.forget(|tokens| tokens.lifeline.take());
        self.forget(|tokens| tokens.process.take());
        // Also if this end is over: the host may have hung up, or a peer may have closed the channel. Then the host still hears.
        say_goodbye(self.lifeline.clone());
    }
}

/// Says goodbye and hangs up. If the host is too far behind to take the message, or the system has no memory for it, the
/// background thread says it as soon as it can. Without a goodbye the host would keep the number until this process ends.
pub(in crate::control) fn say_goodbye(lifeline: Arc<OwnedFd>) {
    if goodbye(&lifeline) != Goodbye::Over
        && let Ok(porter) = Porter::of_this_process()
    {
        let farewell = Arc::new(Farewell(lifeline.clone()));
        let _ = porter.watch(lifeline, Interest::WRITABLE, farewell);
    }
}

/// What came of a goodbye.
#[derive(PartialEq, Eq)]
enum Goodbye {
    /// It was said, or the host cannot hear it.
    Over,
    /// There was no room for it at the host.
    NoRoom,
    /// The system had nothing to send it with.
    NotNow,
}

fn goodbye(lifeline: &OwnedFd) -> Goodbye {
    match socket::send(lifeline, &Message::Goodbye.encode(), &[]) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Goodbye::NoRoom,
        Err(error) if socket::is_lack(&error) => Goodbye::NotNow,
        _ => {
            socket::hang_up(lifeline);
            Goodbye::Over
        }
    }
}

/// A goodbye that waits for room in the connection.
struct Farewell(Arc<OwnedFd>);

impl Watcher for Farewell {
    fn on_event(self: Arc<Self>, porter: &'static Porter, token: Token, _: Event) {
        match goodbye(&self.0) {
            Goodbye::Over => porter.forget(token),
            Goodbye::NoRoom => {}
            // There is room at the host, so the connection would be reported as writable without pause.
            Goodbye::NotNow => porter.pause(token),
        }
    }

    fn on_deadline(self: Arc<Self>, porter: &'static Porter, token: Token) {
        porter.resume(token, Interest::WRITABLE);
    }
}
