//! A fair semaphore across processes, by tickets: how senders wait for capacity. No thread or task sleeps here.
//!
//! The claim word is the semaphore's value, and the *line* is its queue. A sender that waits has one *record*. It says how much capacity
//! the sender waits for, and its *ticket*, drawn from the word of the line. Records are used in any order, and only tickets rank. So a
//! walk reads all records in use, and a sender that is stopped in the line costs the others nothing but its need.
//!
//! The rule is *coverage*. A waiter may take capacity when the free capacity covers its own need and those of all waiters with older
//! tickets. A newcomer may take only what the whole line leaves over. So no sender grants capacity to another one, nothing is locked,
//! and a dead or cancelled waiter is one record to free. A thread that gives capacity back walks along the line and rings each waiter
//! that is covered now.
//!
//! Guarantee: an operation that began after a waiter was in the line never overtakes that waiter.
//!
//! The common records can all be in use. Further senders then wait in the *backlog* of their process, a private queue that
//! `crate::wait` keeps. Each process has one record of its own beside the common ones, for its first sender that finds those in
//! use. So a backlog is never without a waiter in the line, and comes forward whatever other processes do. If the capacity covers
//! the whole line and more, a look also rings each process that has a backlog.
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`place`] | coming to the line, and leaving it |
//! | [`walk`] | which waiters are covered |
//! | [`ranking`] | what a process remembers of the order |
//! | [`promise`] | what waiters keep when the channel closes |
//!
//! # Orderings
//!
//! A sender that comes sets the bit of its record before it draws its ticket. The draw releases the word of the line, and each walk
//! acquires it first. So a walk finds every waiter whose ticket was drawn before. A record publishes nothing but itself, so the walk
//! reads it relaxed.
//!
//! A walk may be out of date when its caller acts on it. A sender that takes capacity does so by an exchange of the claim word, which
//! fails if capacity has changed since. A sender that goes to sleep has passed a Dekker fence after its registration, and so has every
//! thread that frees a record or capacity and then looks for sleepers. The fences are full, or the two sides of asymmetric ones: a
//! heavy one of the sender, a light one of the receiver.

pub(crate) mod place;
mod promise;
pub(crate) mod ranking;
pub(crate) mod walk;

pub(crate) use place::Place;
pub(crate) use ranking::Ranking;
pub(crate) use walk::Rank;
