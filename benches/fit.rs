//! How fast are the fits? Ten points of the USL, all of a study, and the bootstrap of its peak.
//!
//! What `sweep` and `check` do for every curve is `fit`; the rest is done once for each answer.

use std::hint::black_box;

use brooks::scaling::study::StudyOptions;
use brooks::scaling::{LAWS, MeasurementKind, Point, Sample, Study, fit, law, usl};
use criterion::{Criterion, criterion_group, criterion_main};

const SIZES: [f64; 10] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0];

/// Throughputs of the USL, off by up to 5 per cent in a way that looks like noise.
fn rows(runs: u32) -> Vec<(f64, f64)> {
    let off = |n: f64, run: u32| 0.95 + 0.01 * f64::from((7 * n as u32 + 3 * run) % 11);
    SIZES
        .iter()
        .flat_map(|&n| (0..runs).map(move |run| (n, usl::throughput(10.0, 0.05, 0.002, n) * off(n, run))))
        .collect()
}

fn fits(criterion: &mut Criterion) {
    let points: Vec<Point> = rows(1).iter().map(|&(n, x)| Point::new(n, x)).collect();
    let mut group = criterion.benchmark_group("fit/10 points");
    for row in LAWS {
        group.bench_function(row.name, |bencher| bencher.iter(|| fit::fit(row, black_box(&points))));
    }
}

fn studies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("study");
    group.sample_size(10);
    for (name, runs, resamples) in [
        ("10 points, no bootstrap", 1, 0),
        ("10 points, 10,000 resamples", 1, 10_000),
        ("10 x 20 points, 10,000 resamples", 20, 10_000),
    ] {
        let plan = StudyOptions { laws: law("usl").into_iter().collect(), judge_all: true, seed: 1, resamples };
        let rows = rows(runs);
        group.bench_function(name, |bencher| {
            bencher.iter(|| Study::new(Sample::from_rows(MeasurementKind::Throughput, black_box(&rows)), &plan));
        });
    }
    // Amdahl's curve lies at the bound of the USL, where intervals are profiles.
    let at_bound: Vec<(f64, f64)> =
        rows(1).iter().map(|&(n, x)| (n, x * (1.0 + 0.002 * n * (n - 1.0) / (1.0 + 0.05 * (n - 1.0))))).collect();
    let plan = StudyOptions { laws: law("usl").into_iter().collect(), judge_all: true, seed: 1, resamples: 0 };
    group.bench_function("10 points at a bound, no bootstrap", |bencher| {
        bencher.iter(|| Study::new(Sample::from_rows(MeasurementKind::Throughput, black_box(&at_bound)), &plan));
    });
}

criterion_group!(benches, fits, studies);
criterion_main!(benches);
