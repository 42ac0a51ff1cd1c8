//! Which process is behind a message, by the word of the kernel. Nothing that a peer writes itself counts here.
//!
//! A kernel from 6.5 on sends a pidfd along with a message. An older one sends only a process id, which may belong to another
//! process by the time it is looked at. So the peer is asked to say its message twice, with a pidfd opened in between.

use crate::sys::{process::Process, socket::Packet};

/// What looking at the sender of a message has shown.
pub(in crate::control) enum Verdict {
    /// The process that sent it, beyond doubt.
    Known(Process),
    /// Ask it to say its message again. Only a second message shows that its id was not given to another process between the
    /// sending and this look.
    Again(Identification),
    /// The kernel will not say.
    Unknown,
    /// The kernel would say, but this process has no descriptor left to hold on to the other.
    NoDescriptors,
}

/// For tests: not zero makes this process see what a kernel before 6.5 shows.
#[cfg(test)]
pub(in crate::control) static IS_OLD_KERNEL: crate::sync::AtomicU32 = crate::sync::AtomicU32::new(0);

/// What the first look left.
#[derive(Default)]
pub(in crate::control) struct Identification {
    looks: u32,
    process: Option<(i32, Process)>,
    no_descriptors: bool,
}

impl Identification {
    /// Looks at the sender of one more message.
    pub fn look(self, message: &mut Packet) -> Verdict {
        #[cfg(test)]
        if IS_OLD_KERNEL.load(crate::sync::Ordering::Relaxed) != 0 {
            message.sender_pidfd = None;
        }
        if let Some(pidfd) = message.sender_pidfd.take() {
            return Process::from_fd(pidfd).map_or(Verdict::Unknown, Verdict::Known);
        }
        let pid = message.sender.and_then(|sender| sender.pid);
        let number = pid.map_or(0, |pid| pid.as_raw_nonzero().get());
        if let Some((before, process)) = self.process
            && before == number
            && !process.has_ended()
        {
            // The process had this id when the pidfd was opened, and it has not ended since. A process with this id has spoken
            // in between, so it was this one.
            return Verdict::Known(process);
        }
        // A first message can have been sent before this process asked the kernel to stamp messages.
        if self.looks >= 2 || (pid.is_none() && self.looks >= 1) {
            return if self.no_descriptors { Verdict::NoDescriptors } else { Verdict::Unknown };
        }
        let opened = pid.map(Process::from_pid);
        let no_descriptors = matches!(&opened, Some(Err(error)) if is_exhausted(error));
        let process = opened.and_then(|process| Some((number, process.ok()?)));
        Verdict::Again(Identification { looks: self.looks + 1, process, no_descriptors })
    }
}

fn is_exhausted(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::socket::{self, Incoming};

    fn message(stamped: bool, modern: bool) -> Packet {
        let (a, b) = socket::pair().unwrap();
        if stamped {
            socket::set_pass_credentials(&a).unwrap();
        }
        socket::send(&b, b"x", &[]).unwrap();
        let Incoming::Message(mut message) = socket::receive(&a, &mut [0; 8]).unwrap() else { panic!() };
        if !modern {
            message.sender_pidfd = None;
        }
        message
    }

    #[test]
    fn an_older_kernel_needs_a_second_look() {
        let Verdict::Again(first) = Identification::default().look(&mut message(true, false)) else {
            panic!()
        };
        let Verdict::Known(process) = first.look(&mut message(true, false)) else { panic!() };
        assert!(!process.has_ended());
    }

    #[test]
    fn one_unstamped_message_is_asked_for_again_and_no_more() {
        let Verdict::Again(first) = Identification::default().look(&mut message(false, false)) else {
            panic!()
        };
        assert!(matches!(first.look(&mut message(false, false)), Verdict::Unknown));
        let Verdict::Again(first) = Identification::default().look(&mut message(false, false)) else {
            panic!()
        };
        let Verdict::Again(second) = first.look(&mut message(true, false)) else { panic!() };
        assert!(matches!(second.look(&mut message(true, false)), Verdict::Known(_)));
    }
}
