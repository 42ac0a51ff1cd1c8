//! The documents, each as a page. They are the files of the folder `docs` in the source.
//!
//! | page | for whom | what it says |
//! | --- | --- | --- |
//! | [`guide`] | users | from tokio to here, messages of your own, shutdown, errors, services, questions |
//! | [`limits`] | users | sizes, limits, differences to tokio |
//! | [`performance`] | users | figures beside other channels |
//! | [`parity`] | users | tokio's contract, item by item |
//! | [`trust`] | users, auditors | which process can do what to which |
//! | [`recovery`] | maintainers | what a kill or a stop leaves, and what puts it right |
//! | [`protocol`] | maintainers, other languages | how a process joins and leaves |
//! | [`layout`] | maintainers, other languages | the bytes of a segment |
//! | [`edges`] | maintainers | every memory ordering, and the model that shows what it is for |
//! | [`contributing`] | maintainers | your first change, the rooms of the code, what is run |
// Each page begins with the targets of its links. A document ends with targets of the same names that fit the file tree, and the first
// target of a name counts. So a link works in both places; `tests/documents.rs` checks that each link has both targets.

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../CONTRIBUTING.md")]
pub mod contributing {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/edges.md")]
pub mod edges {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/layout.md")]
pub mod layout {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/parity.md")]
pub mod parity {}

#[doc = include_str!("docs/links.md")]
// The plots, as data: a page of rustdoc has no files beside it.
#[doc = include_str!("../docs/plots/plots.md")]
#[doc = include_str!("../docs/performance.md")]
pub mod performance {
    #[doc = include_str!("docs/links.md")]
    #[doc = include_str!("../docs/performance/notes.md")]
    pub mod notes {}

    #[doc = include_str!("docs/links.md")]
    #[doc = include_str!("../docs/performance/tables.md")]
    pub mod tables {}
}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/protocol.md")]
pub mod protocol {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/recovery.md")]
pub mod recovery {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/trust.md")]
pub mod trust {}
