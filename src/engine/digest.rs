//! Digest of results: equal results have equal digests on every platform.

use std::fmt;

/// Running 64-bit digest of a sequence of numbers; their order matters.
///
/// FNV-1a over whole words instead of bytes, with a shift so that high bits reach low ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Digest {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Returns the digest with this value, as read from a file.
    pub const fn from_value(value: u64) -> Digest {
        Digest(value)
    }

    /// Adds one number.
    #[inline]
    pub fn add(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    /// Adds many numbers in four independent lanes, which the processor computes in parallel.
    #[inline]
    pub fn add_all<const N: usize>(&mut self, numbers: [u64; N]) {
        let mut lanes =
            [Digest(self.0), Digest(!self.0), Digest(self.0.rotate_left(21)), Digest(!self.0.rotate_left(42))];
        for (index, number) in numbers.into_iter().enumerate() {
            lanes[index % 4].add(number);
        }
        for lane in lanes {
            self.add(lane.0);
        }
    }

    /// Adds a text and its length.
    pub fn add_text(&mut self, text: &str) {
        self.add(text.len() as u64);
        for byte in text.bytes() {
            self.add(u64::from(byte));
        }
    }

    /// Returns the digest so far.
    pub const fn value(self) -> u64 {
        self.0
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    fn of(numbers: [u64; 9]) -> u64 {
        let mut digest = Digest::default();
        digest.add_all(numbers);
        digest.value()
    }

    #[test]
    fn every_number_and_every_index_counts() {
        let mut seen = vec![of([0; 9])];
        for index in 0..9 {
            for bit in 0..64 {
                let mut numbers = [0; 9];
                numbers[index] = 1 << bit;
                seen.push(of(numbers));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 1 + 9 * 64);
    }
}
