//! The moves one after another in one thread: what each leaves, with senders that stop or die between two steps.
