//! An explicit-state model checker: explores all runs of a model, and shows what breaks without each of its rules. It knows no
//! queue. `tests/models/line`, `table` and `ring` are built with it.

mod lists;
mod search;

pub use lists::{Lists, run};
pub use search::{Outcome, everything, shortest};

/// What a state or a step breaks, in words.
pub type Flaw = String;

/// A state of a model.
///
/// # Safety
///
/// The type has no padding: the fingerprint of a state reads all its bytes.
pub unsafe trait State: Copy {}

/// One set-up of a model.
pub trait Model {
    type World: State;

    /// Returns the state in which every run begins.
    fn start(&self) -> Self::World;

    /// Checks a state and replaces `out` by the states that follow, each with the name of its step if `named`.
    fn successors(
        &self,
        world: &Self::World,
        named: bool,
        out: &mut Vec<(Self::World, String)>,
    ) -> Result<(), Flaw>;

    /// Returns a line that shows a state in a trace.
    fn show(&self, world: &Self::World) -> String;
}

/// Numbers the steps of an actor, and names each for a trace.
macro_rules! steps { ($($name:ident $text:literal,)*) => {
    #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
    enum Number { $($name,)* }
    $(pub const $name: u8 = Number::$name as u8;)*
    pub const NAMES: &[&str] = &[$($text,)*];
} }

/// Declares the switches of a model. Each is on in the protocol; off, it shows why the rule is there.
macro_rules! rules { ($($(#[doc = $why:literal])* $name:ident,)*) => {
    #[derive(Clone)]
    pub struct Rules { $($(#[doc = $why])* pub $name: bool,)* }
    impl Rules {
        pub const NAMES: &'static [(&'static str, &'static str)] = &[$((stringify!($name), concat!($($why),*)),)*];
        pub fn all() -> Rules { Rules { $($name: true,)* } }
        pub fn without(names: &str) -> Rules {
            let mut rules = Rules::all();
            for name in names.split('+') {
                match name { $(stringify!($name) => rules.$name = false,)* _ => panic!("no rule {name}") }
            }
            rules
        }
    }
} }
pub(crate) use {rules, steps};
