//! L1: scaling theory: laws, bounds, queues, and the statistics that compare measurements with them.
//!
//! `n` is the team size, at least 1. It is a floating-point number, so that curves can be drawn between team sizes. A
//! *speedup* is relative to n = 1; a *throughput* is work per unit of time, in any unit.
//!
//! ```
//! use brooks::scaling::{Point, fit, law};
//!
//! // Throughput of a team, measured at six sizes.
//! let measured = [(1.0, 20.0), (4.0, 78.0), (8.0, 130.0), (12.0, 170.0), (16.0, 190.0), (20.0, 200.0)];
//! let points: Vec<Point> = measured.iter().map(|&(n, x)| Point::new(n, x)).collect();
//! let usl = fit::fit(law("usl").expect("registered"), &points).expect("enough points");
//! let peak = usl.peak().expect("this curve has one");
//! assert_eq!(peak.agents, 24);
//! ```

pub mod amdahl;
pub mod bootstrap;
pub mod bounds;
pub mod confidence;
pub mod correlation;
pub mod elementary_effects;
pub mod false_discovery;
pub mod fit;
pub mod gustafson;
pub mod karp_flatt;
pub mod kim_nelson;
pub mod law;
mod least_squares;
pub mod linear;
pub mod log_histogram;
mod near_bounds;
pub mod order_statistics;
mod point;
pub mod precision;
pub mod proportion;
pub mod queueing;
pub mod ranks;
pub mod resample;
pub mod sample;
mod scaling_law;
pub mod signed_ranks;
pub mod sobol_indices;
pub mod stats;
pub mod stochastic_root;
pub mod study;
pub mod sun_ni;
pub mod t_tests;
pub mod tails;
pub mod two_way;
pub mod usl;
mod variance_function;
pub mod variance_reduction;
pub mod verdict;

pub use confidence::Confidence;
pub use correlation::{Correlation, pearson, spearman};
pub use false_discovery::benjamini_hochberg;
pub use fit::{Estimate, FTest, Fit, FitError, Peak, PureError};
pub use law::{LAWS, Law, law};
pub use point::Point;
pub use precision::Precision;
pub use proportion::Proportion;
pub use ranks::{KruskalWallis, MannWhitney, kruskal_wallis, mann_whitney, median, ranks};
pub use resample::Ranged;
pub use sample::{MeasurementKind, Sample};
pub use scaling_law::{Parameter, ScalingLaw, Shape};
pub use signed_ranks::{Alternative, Wilcoxon, wilcoxon};
pub use stats::{Interval, Summary, Welford};
pub use study::Study;
pub use t_tests::{TTest, paired_t, tost_paired, welch};
pub use variance_reduction::Variances;
pub use verdict::{NoRegime, Verdict};
