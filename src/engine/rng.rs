//! Random streams keyed by identity, never by position.
//!
//! The key of a draw is (seed, replication, purpose, entity). The noise of a task's second start is the same for every
//! team size and architecture, so comparisons are paired (common random numbers). An additional draw, point of a sweep
//! or observer changes no other draw.
//!
//! One `ChaCha8` block a replication gives one 64-bit key a [`Purpose`]. A [`Stream`] mixes that key with the entity by
//! two folded multiplications. It then runs wyrand, a counter-based generator with 64 bits of state. Opening a stream
//! costs about as much as one draw. Statistical tests: `tests/it/streams.rs` and docs/DESIGN.md.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Use of a stream. The number is the index of its key in the replication's block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Purpose {
    /// Latency of a call; entity: task and the ordinal of its start.
    Latency,
    /// Faults of an attempt; entity: task and the ordinal of its committed attempt.
    Fault,
    /// Faults of an agent's step; entity: agent and step.
    Mishap,
    /// Random effects of agents, rounds and runs; entity: agent, round or run.
    RandomEffect,
    /// Random choices of an architecture, and batch sizes; entity: agent and its step.
    Choice,
    /// Service times at a shared resource; entity: resource and customer.
    Service,
    /// Idle calls; entity: agent and its step.
    Idle,
    /// Generated workloads.
    Workload,
}

const PURPOSES: usize = 8;
/// Blocks that the vectorised `ChaCha8` computes at once; neighbouring replications share one refill.
const REPLICATIONS_A_REFILL: u64 = 4;

const MIX: [u64; 3] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];
/// Increment of wyrand (public domain, Wang Yi); [`FOLD`] is its multiplier.
const STEP: u64 = 0x2d35_8dcc_aa6c_78a5;
const FOLD: u64 = 0x8bb8_4b93_962e_acc9;

/// Returns the 128-bit product folded to 64 bits.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Returns a 64-bit key for a name, the same on every platform and in every version.
pub fn key_of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let seed = fold(MIX[0] ^ bytes.len() as u64, MIX[1]);
    bytes.chunks(8).fold(seed, |state, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        fold(state ^ u64::from_le_bytes(word) ^ MIX[2], STEP ^ state)
    })
}

/// Keys of one replication, one a purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys([u64; PURPOSES]);

impl Keys {
    /// Returns the keys of `replication` under `seed`. [`KeySource`] is cheaper for many replications in turn.
    pub fn new(seed: u64, replication: u64) -> Keys {
        KeySource::new(seed).keys(replication)
    }

    /// Opens the stream of `entity`.
    #[inline]
    pub fn stream(&self, purpose: Purpose, entity: u64) -> Stream {
        let key = self.0[purpose as usize];
        Stream { state: fold(fold(entity ^ MIX[0], key ^ MIX[1]) ^ MIX[2], key) }
    }

    /// Opens the stream of an entity named by a key and an ordinal: a task and the number of its attempt.
    #[inline]
    pub fn stream_nth(&self, purpose: Purpose, key: u64, ordinal: u64) -> Stream {
        self.stream(purpose, key.wrapping_add(ordinal.wrapping_mul(MIX[1])))
    }
}

/// Generator of the keys of replications, four at a time.
#[derive(Clone, Debug)]
pub struct KeySource {
    cipher: ChaCha8Rng,
    refill: u64,
    keys: [Keys; REPLICATIONS_A_REFILL as usize],
}

impl KeySource {
    /// Returns the source of all replications under `seed`.
    pub fn new(seed: u64) -> KeySource {
        let mut key = *b"........brooks replication keys\x01";
        key[..8].copy_from_slice(&seed.to_le_bytes());
        KeySource { cipher: ChaCha8Rng::from_seed(key), refill: u64::MAX, keys: [Keys::default(); 4] }
    }

    /// Returns the keys of `replication`: block `replication` of the key stream.
    #[inline]
    pub fn keys(&mut self, replication: u64) -> Keys {
        let refill = replication / REPLICATIONS_A_REFILL;
        if refill != self.refill {
            self.make(refill);
        }
        self.keys[(replication % REPLICATIONS_A_REFILL) as usize]
    }

    #[cold]
    fn make(&mut self, refill: u64) {
        // A block is 16 words of 32 bits; a refill is four blocks.
        self.cipher.set_word_pos(u128::from(refill) * u128::from(REPLICATIONS_A_REFILL) * 16);
        for keys in &mut self.keys {
            for key in &mut keys.0 {
                *key = self.cipher.next_u64();
            }
        }
        self.refill = refill;
    }
}

/// Sequence of independent draws of one entity.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// Returns the next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        fold(self.state, self.state ^ FOLD)
    }

    /// Returns the draw numbered `index` (from 0), independent of earlier draws.
    #[inline]
    pub fn nth(&self, index: u64) -> u64 {
        let state = self.state.wrapping_add(STEP.wrapping_mul(index + 1));
        fold(state, state ^ FOLD)
    }

    /// Returns bits that identify the stream, without a draw.
    #[inline]
    pub fn tag(self) -> u64 {
        self.state
    }

    /// Returns a whole number below `bound`, uniform to within 2^-32.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// Returns a number in [0, 1) with 53 random bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Returns a standard normal draw by inversion.
    pub fn normal(&mut self) -> f64 {
        crate::engine::math::normal_quantile(open_unit(self.bits()))
    }
}

/// Returns random bits as a number in [0, 1).
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Returns random bits as a number in (0, 1), both ends excluded.
#[inline]
pub fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// Bernoulli distribution, sampled by comparison of random bits with a threshold.
///
/// Probability 0 never happens and takes no draw; probability 1 always happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bernoulli(u64);

impl Bernoulli {
    /// Returns the distribution with probability `p`, clamped to [0, 1].
    pub fn new(p: f64) -> Bernoulli {
        // 2^63 is "always": bits are compared without their lowest one.
        Bernoulli((p.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64)
    }

    /// Returns true if the probability is above 0.
    #[inline]
    pub const fn is_possible(self) -> bool {
        self.0 != 0
    }

    /// Returns the outcome for these random bits.
    #[inline]
    pub const fn happens(self, bits: u64) -> bool {
        (bits >> 1) < self.0
    }

    /// Returns the outcome of the draw numbered `index`; takes no draw at probability 0.
    #[inline]
    pub fn sample_at(self, draws: Stream, index: u64) -> bool {
        self.is_possible() && self.happens(draws.nth(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_depend_on_the_way_there() {
        let mut source = KeySource::new(42);
        let forward: Vec<_> = (0..9).map(|r| source.keys(r).0).collect();
        for r in (0..9).rev() {
            assert_eq!(source.keys(r).0, forward[r as usize]);
            assert_eq!(Keys::new(42, r).0, forward[r as usize]);
        }
        assert_ne!(forward[0], forward[1]);
        assert_ne!(Keys::new(43, 0).0, forward[0]);
    }

    #[test]
    fn draws_are_the_same_for_ever() {
        // A change here changes every result and needs a new model version.
        let mut stream = Keys::new(42, 0).stream(Purpose::Latency, key_of("task-1"));
        assert_eq!([stream.bits(), stream.bits()], GOLDEN);
    }
    const GOLDEN: [u64; 2] = [66_905_291_367_720_319, 8_192_994_031_861_591_624];

    #[test]
    fn nth_is_the_nth() {
        let stream = Keys::new(1, 2).stream(Purpose::Fault, 3);
        let mut walked = stream;
        for index in 0..5 {
            assert_eq!(walked.bits(), stream.nth(index));
        }
    }

    #[test]
    fn bernoulli_keeps_its_ends() {
        assert!(!Bernoulli::new(0.0).happens(0));
        assert!(Bernoulli::new(1.0).happens(u64::MAX));
        assert!(Bernoulli::new(0.5).happens(u64::MAX / 2 - 1) && !Bernoulli::new(0.5).happens(u64::MAX / 2 + 2));
    }
}
