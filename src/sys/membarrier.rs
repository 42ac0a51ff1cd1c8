//! A fence that one thread has all others pass: `membarrier`. It costs the threads that wait for nothing; they are interrupted.
//!
//! The command is `GLOBAL_EXPEDITED` (Linux 4.16). It returns once every thread that runs, of every process that has registered for it,
//! has passed a full fence. A thread that does not run has passed one when it was switched out.

use std::{io, thread::sleep, time::Duration};

use rustix::thread::{MembarrierCommand, membarrier};

use super::fork::PerProcess;

/// Longer than any processor keeps a store to itself.
pub(crate) const LONG: Duration = Duration::from_millis(5);

/// How often a call is made that fails.
const TRIES: u32 = 3;

/// Registers this process, so that its threads pass the fences that others issue. Once in each process: a program that is executed in
/// its place has to register again, and a child that `fork` made does. It takes some milliseconds in a process of several threads.
pub(crate) fn register() -> io::Result<()> {
    static REGISTERED: PerProcess<()> = PerProcess::new();
    let register = || Ok(membarrier(MembarrierCommand::RegisterGlobalExpedited)?);
    REGISTERED.get(register).copied()
}

/// Returns whether this process may issue fences. A lack of memory for a moment is no refusal.
pub(crate) fn is_allowed() -> bool {
    (0..TRIES).any(|_| membarrier(MembarrierCommand::GlobalExpedited).is_ok())
}

/// Has every thread that runs, of every process that has registered, pass a full fence. The calling thread passes one before and one
/// behind.
///
/// It cannot fail: a process calls it where [`is_allowed`] was true.
pub(crate) fn barrier() {
    if membarrier(MembarrierCommand::GlobalExpedited).is_err() {
        barrier_without_it(|command| membarrier(command).is_ok(), sleep);
    }
}

/// Does what [`barrier`] does once that call is refused though it was allowed: the system has no memory for a moment, or this process has
/// forbidden itself the call since.
///
/// Without any such call it waits. A processor writes each store to its cache as soon as it has got the line there; that takes less than a
/// microsecond, and nothing in a program can hold it up. So all that other threads had stored by the time of the call is visible
/// when this returns, and their loads from before it are done. No specification says so, but no processor that Linux runs on needs as
/// much as a millisecond. A thread that was switched out has passed a fence.
#[cold]
fn barrier_without_it(mut issue: impl FnMut(MembarrierCommand) -> bool, wait: impl FnOnce(Duration)) {
    let commands = [MembarrierCommand::GlobalExpedited, MembarrierCommand::Global];
    let is_done = commands.into_iter().any(|command| (0..TRIES).any(|_| issue(command)));
    if !is_done {
        wait(LONG);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked of a system that refuses so many calls, and how long is waited.
    fn asked(refusals: usize) -> (Vec<MembarrierCommand>, Option<Duration>) {
        let (mut asked, mut waited) = (Vec::new(), None);
        let issue = |command| {
            asked.push(command);
            asked.len() > refusals
        };
        barrier_without_it(issue, |time| waited = Some(time));
        (asked, waited)
    }

    #[test]
    fn a_refused_barrier_is_issued_again_then_another_way() {
        use MembarrierCommand::{Global, GlobalExpedited};
        assert_eq!(asked(0), (vec![GlobalExpedited], None));
        assert_eq!(asked(2), (vec![GlobalExpedited; 3], None));
        assert_eq!(asked(3), (vec![GlobalExpedited, GlobalExpedited, GlobalExpedited, Global], None));
    }

    #[test]
    fn a_barrier_that_nothing_can_issue_waits_and_returns() {
        let (asked, waited) = asked(usize::MAX);
        assert_eq!((asked.len(), waited), (6, Some(LONG)));
    }
}
