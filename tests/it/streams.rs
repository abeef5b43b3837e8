//! Whether streams of neighbouring identities look independent: the first draws of each, interleaved, held against
//! what chance allows. Batteries of tests (docs/DESIGN.md) look harder; this runs every time.

use brooks::engine::rng::KeySource;
use brooks::engine::{Keys, Purpose, Stream};

const PURPOSES: [Purpose; 8] = [
    Purpose::Latency,
    Purpose::Fault,
    Purpose::Mishap,
    Purpose::RandomEffect,
    Purpose::Choice,
    Purpose::Service,
    Purpose::Idle,
    Purpose::Workload,
];

/// The streams that a small sweep opens: replications, purposes, agents and steps, all neighbours.
fn streams() -> impl Iterator<Item = Stream> {
    let mut source = KeySource::new(42);
    (0..400).flat_map(move |replication| {
        let keys = source.keys(replication);
        let entities = (0..16_u64).map(|entity| (entity & 3) << 32 | entity >> 2);
        PURPOSES.into_iter().flat_map(move |purpose| {
            entities.clone().map(move |entity| keys.stream(purpose, entity)).collect::<Vec<_>>()
        })
    })
}

/// How far a chi-square statistic is from what is expected, in standard deviations (Wilson and Hilferty).
fn deviation(chi_square: f64, degrees: f64) -> f64 {
    let spread = 2.0 / (9.0 * degrees);
    ((chi_square / degrees).cbrt() - (1.0 - spread)) / spread.sqrt()
}

fn chi_square(counts: &[u32]) -> f64 {
    let expected = counts.iter().map(|&count| f64::from(count)).sum::<f64>() / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - expected) * (f64::from(count) - expected) / expected).sum()
}

#[test]
fn bytes_of_first_draws_are_uniform() {
    for draw in 0..4 {
        for byte in 0..8 {
            let mut counts = [0; 256];
            for stream in streams() {
                counts[stream.nth(draw).to_le_bytes()[byte] as usize] += 1;
            }
            let deviation = deviation(chi_square(&counts), 255.0);
            assert!(deviation.abs() < 4.0, "draw {draw}, byte {byte}: {deviation} standard deviations");
        }
    }
}

type Pair<'a> = &'a dyn Fn(u64) -> (Stream, Stream);

/// The pair of draws of two streams that differ in one step of one identity fills the unit square evenly, and is not
/// correlated.
#[test]
fn neighbouring_streams_are_independent() {
    let keys = Keys::new(1, 0);
    let latency = |entity| keys.stream(Purpose::Latency, entity);
    let of_task = |ordinal| keys.stream_nth(Purpose::Latency, 77, ordinal);
    let of_run = |seed, replication| Keys::new(seed, replication).stream(Purpose::Latency, 3);
    let pairs: [(&str, Pair); 6] = [
        ("entity", &|i| (latency(i), latency(i + 1))),
        ("agent", &|i| (latency(i), latency(i + (1 << 32)))),
        ("ordinal", &|i| (of_task(i), of_task(i + 1))),
        ("purpose", &|i| (latency(i), keys.stream(Purpose::Fault, i))),
        ("replication", &|i| (of_run(1, i), of_run(1, i + 1))),
        ("seed", &|i| (of_run(i, 0), of_run(i + 1, 0))),
    ];
    let cases = 20_000;
    for (what, pair) in pairs {
        let mut square = [0; 256];
        let (mut product, mut draws) = (0.0, 0.0);
        for i in 0..cases {
            let (mut one, mut other) = pair(i);
            let (a, b) = (one.uniform(), other.uniform());
            square[(a * 16.0) as usize * 16 + (b * 16.0) as usize] += 1;
            product += (a - 0.5) * (b - 0.5);
            draws += 1.0;
        }
        // The product of two centred uniforms has variance 1/144.
        let correlation = product * 12.0 / f64::sqrt(draws);
        assert!(correlation.abs() < 4.0, "{what}: correlation {correlation} standard deviations");
        let deviation = deviation(chi_square(&square), 255.0);
        assert!(deviation.abs() < 4.0, "{what}: pairs {deviation} standard deviations");
    }
}

/// Changing one bit of the entity changes each bit of the first draw half of the time.
#[test]
fn every_bit_of_an_identity_reaches_every_bit_of_a_draw() {
    let keys = Keys::new(9, 9);
    let first = |entity| keys.stream(Purpose::Fault, entity).nth(0);
    let cases = 4_000;
    let mut worst: f64 = 0.0;
    for bit in 0..64 {
        let mut flips = [0_u32; 64];
        // Scattered, so that no pair is counted from both ends.
        for entity in (0..cases).map(|case: u64| case.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            let changed = first(entity) ^ first(entity ^ 1 << bit);
            for (place, flips) in flips.iter_mut().enumerate() {
                *flips += (changed >> place & 1) as u32;
            }
        }
        for flips in flips {
            let deviation = (f64::from(flips) - cases as f64 / 2.0) / (cases as f64 / 4.0).sqrt();
            worst = worst.max(deviation.abs());
        }
    }
    // The greatest of 4,096 normal deviations is about 3.7, and above 5.5 once in 7,000 times.
    assert!(worst < 5.5, "{worst} standard deviations");
}
