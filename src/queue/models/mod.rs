//! What the models of both kinds of queue share. What a queue does is not known here: the models themselves stand beside it, in
//! `ring::models` and `table::models`.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`explore`] | how a model is walked through, and the story of the run that fails |
//! | [`book`] | what became of each value, and the judgement |
//! | [`outside`] | what the kernel knows of deaths and sleepers |
//! | [`receiving`] | what the receiver does |
//! | [`late`] | a receiver that was missed, and the late look for it |
//! | [`gate`] | where senders are stopped |

pub(super) mod book;
pub(super) mod explore;
pub(super) mod gate;
pub(super) mod late;
pub(super) mod outside;
pub(super) mod receiving;
