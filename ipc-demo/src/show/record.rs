//! The 64-byte value of the show: numbered, stamped and checksummed. It does not know how it travels.
//!
//! ```text
//!  0          8          16         20         24                         56         64
//!  +----------+----------+----------+----------+--------------------------+----------+
//!  | sequence | sent at  | producer |  spare   |        payload           | checksum |
//!  +----------+----------+----------+----------+--------------------------+----------+
//! ```

use std::mem::size_of;

use shmpsc::bytemuck::{self, Pod, Zeroable};

/// One record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Pod, Zeroable)]
#[bytemuck(crate = "shmpsc::bytemuck")]
#[repr(C)]
pub struct Record {
    /// Its number among those of its producer, from 0.
    pub sequence: u64,
    /// When it was handed to the channel, in nanoseconds of the system's monotonic clock; 0 if that was not taken.
    pub sent_at: u64,
    /// Which producer made it.
    pub producer: u32,
    spare: u32,
    payload: [u64; 4],
    checksum: u64,
}

const _: () = assert!(size_of::<Record>() == 64);

impl Record {
    /// Record `sequence` of `producer`, sealed.
    pub fn new(producer: u32, sequence: u64, sent_at: u64) -> Self {
        let mut payload = [0; 4];
        for (index, word) in payload.iter_mut().enumerate() {
            *word = sequence.wrapping_mul(2 * index as u64 + 3) ^ u64::from(producer);
        }
        let mut record = Self { sequence, sent_at, producer, spare: 0, payload, checksum: 0 };
        record.checksum = record.compute();
        record
    }

    /// Whether it is as it was sealed.
    pub fn is_intact(&self) -> bool {
        self.checksum == self.compute()
    }

    /// Mixes all words but the last. Each step is a bijection of the word and of what came before, so one wrong word
    /// is always found, and a record torn from two by chance only once in 2^64. A CRC would cost ten times as much.
    fn compute(&self) -> u64 {
        let words: &[u64; 8] = bytemuck::cast_ref(self);
        let mix = |sum: u64, word: &u64| (sum.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        words[..7].iter().fold(0x243F_6A88_85A3_08D3, mix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_bit_anywhere_is_found() {
        let record = Record::new(2, 77, 123_456);
        assert!(record.is_intact());
        for bit in 0..512 {
            let mut wrong = record;
            bytemuck::bytes_of_mut(&mut wrong)[bit / 8] ^= 1 << (bit % 8);
            assert!(!wrong.is_intact(), "bit {bit}");
        }
    }

    #[test]
    fn a_record_torn_from_two_is_found() {
        let (one, two) = (Record::new(0, 1, 0), Record::new(0, 1025, 0));
        for words in 1..8 {
            let mut torn = one;
            let (from, into): (&[u64; 8], &mut [u64; 8]) =
                (bytemuck::cast_ref(&two), bytemuck::cast_mut(&mut torn));
            into[..words].copy_from_slice(&from[..words]);
            // The first differing words are the sequence and the payload; the spare words are equal in both.
            assert!(!torn.is_intact() || torn == one || torn == two, "{words} words");
        }
    }

    #[test]
    fn all_zero_is_not_a_record() {
        assert!(!Record::zeroed().is_intact());
    }
}
