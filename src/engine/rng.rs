//! Random streams keyed by identity, never by position.
//!
//! A draw belongs to (seed, replication, purpose, entity): the noise of a task's second start is the same in every
//! team size and under every architecture, so that comparisons are paired (common random numbers), and adding a draw,
//! a point of a sweep or an observer moves nothing else.
//!
//! One `ChaCha8` block a replication gives one 64-bit key a [`Purpose`]. A [`Stream`] mixes that key with the entity
//! by two folded multiplications and then runs wyrand, a counter-based generator of 64 bits of state: opening a
//! stream costs about as much as one draw. `tests/it/streams.rs` holds interleaved streams against statistical
//! tests; docs/DESIGN.md tells what else was run.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for. The number is the index of its key in the replication's block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Purpose {
    /// How long a call takes; entity: task and the ordinal of its start.
    Latency,
    /// What goes wrong with an attempt; entity: task and the ordinal of its landed attempt.
    Fault,
    /// What goes wrong with an agent's step; entity: agent and step.
    Mishap,
    /// Lasting differences between agents, rounds and runs; entity: agent, round or run.
    Temperament,
    /// What an architecture decides by lot, and how many tasks a call takes; entity: agent and its step.
    Choice,
    /// Service times at a shared resource; entity: resource and customer.
    Service,
    /// Calls that work on no task; entity: agent and its step.
    Idle,
    /// Generated workloads.
    Workload,
}

const PURPOSES: usize = 8;
/// Blocks that the vectorised `ChaCha8` makes at once; neighbouring replications share one refill.
const REPLICATIONS_A_REFILL: u64 = 4;

const MIX: [u64; 3] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];
/// wyrand's increment and multiplier (public domain, Wang Yi).
const STEP: u64 = 0x2d35_8dcc_aa6c_78a5;
const FOLD: u64 = 0x8bb8_4b93_962e_acc9;

/// The 128-bit product folded to 64 bits.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A 64-bit identity for a name, the same on every platform and in every version.
pub fn key_of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let seed = fold(MIX[0] ^ bytes.len() as u64, MIX[1]);
    bytes.chunks(8).fold(seed, |state, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        fold(state ^ u64::from_le_bytes(word) ^ MIX[2], STEP ^ state)
    })
}

/// The keys of one replication, one a purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys([u64; PURPOSES]);

impl Keys {
    /// The keys of `replication` under `seed`. Opening many replications in turn is cheaper with [`KeySource`].
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

/// Makes the keys of replications, four at a time.
#[derive(Clone, Debug)]
pub struct KeySource {
    cipher: ChaCha8Rng,
    refill: u64,
    keys: [Keys; REPLICATIONS_A_REFILL as usize],
}

impl KeySource {
    /// The source of all replications under `seed`.
    pub fn new(seed: u64) -> KeySource {
        let mut key = *b"........brooks replication keys\x01";
        key[..8].copy_from_slice(&seed.to_le_bytes());
        KeySource { cipher: ChaCha8Rng::from_seed(key), refill: u64::MAX, keys: [Keys::default(); 4] }
    }

    /// The keys of `replication`: block `replication` of the key stream.
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

/// A sequence of independent draws that belongs to one entity.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        fold(self.state, self.state ^ FOLD)
    }

    /// The draw numbered `index` (from 0), whatever was drawn before.
    #[inline]
    pub fn nth(&self, index: u64) -> u64 {
        let state = self.state.wrapping_add(STEP.wrapping_mul(index + 1));
        fold(state, state ^ FOLD)
    }

    /// A whole number below `bound`, each as likely as the next to within 2^-32.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in [0, 1) with 53 random bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.bits())
    }

    /// A standard normal draw by inversion.
    pub fn normal(&mut self) -> f64 {
        crate::engine::math::normal_quantile(open_unit(self.bits()))
    }
}

/// Random bits as a number in [0, 1).
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Random bits as a number in (0, 1), never an end.
#[inline]
pub fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// An event of fixed probability, decided by comparing random bits with a threshold.
///
/// Probability 0 never happens and needs no draw; probability 1 always happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Chance(u64);

impl Chance {
    /// Never happens.
    pub const NEVER: Chance = Chance(0);

    /// Happens with probability `p`, clamped to [0, 1].
    pub fn new(p: f64) -> Chance {
        // 2^63 is "always": bits are compared without their lowest one.
        Chance((p.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64)
    }

    /// Whether it can happen at all.
    #[inline]
    pub const fn is_possible(self) -> bool {
        self.0 != 0
    }

    /// Whether it happens for these random bits.
    #[inline]
    pub const fn happens(self, bits: u64) -> bool {
        (bits >> 1) < self.0
    }

    /// Whether it happens for the draw numbered `index`, which is not made if it never does.
    #[inline]
    pub fn strikes(self, draws: Stream, index: u64) -> bool {
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
        // Golden: a change here changes every result, and needs a new model version.
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
    fn chance_keeps_its_ends() {
        assert!(!Chance::new(0.0).happens(0));
        assert!(Chance::new(1.0).happens(u64::MAX));
        assert!(Chance::new(0.5).happens(u64::MAX / 2 - 1) && !Chance::new(0.5).happens(u64::MAX / 2 + 2));
    }
}
