//! Packed words as types with named fields: how they are made, and the one that every channel has. No shared word is read
//! here.
//!
//! Each type is a plain copy of what an atomic held or shall hold. Every bit pattern is a value of each type, so a peer that
//! writes nonsense makes wrong numbers and nothing else.

/// Makes the accessors of a packed word: `name / with_name: bits at shift`.
macro_rules! packed {
    ($(#[$doc:meta])* $word:ident { $($(#[$field_doc:meta])* $get:ident / $with:ident : $as:ty = $bits:literal << $shift:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub(crate) struct $word(pub u64);
        #[allow(dead_code, reason = "every field can be read and written, whether or not it is today")]
        impl $word {
            $(
                $(#[$field_doc])*
                #[inline(always)]
                pub fn $get(self) -> $as {
                    ((self.0 >> $shift) & ((1 << $bits) - 1)) as $as
                }
                #[inline(always)]
                pub fn $with(self, value: $as) -> $word {
                    const MASK: u64 = ((1 << $bits) - 1) << $shift;
                    $word(self.0 & !MASK | (u64::from(value) << $shift) & MASK)
                }
            )*
        }
    };
}

pub(in crate::queue) use packed;

packed! {
    /// Whether the last strong handle is gone for ever.
    Latch {
        /// Counts upgrades, so that a scan that missed one fails.
        version / with_version: u64 = 63 << 1,
        ended / with_ended: u32 = 1 << 0,
    }
}
