//! Arguments of `sweep` for sensitivity analysis and crossover search.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Questions {
    /// Add or replace an axis, repeatable: team.profile.error_rate=0,0.1,0.2; with --design or --sensitivity also a
    /// range 0..0.3
    #[arg(long, value_name = "PATH=VALUES")]
    pub axis: Vec<String>,
    /// Sensitivity of a metric to each axis: morris:R ranks axes by elementary effects on R trajectories, sobol:N
    /// estimates their fractions of the variance from N base points
    #[arg(long, value_name = "morris:R|sobol:N", group = "question", conflicts_with_all = NO_ROWS)]
    pub sensitivity: Option<String>,
    /// Metric of --sensitivity and --find (see `brooks list metrics`)
    #[arg(long, value_name = "METRIC", default_value = "makespan_s", requires = "question")]
    pub of: String,
    /// Also estimate the Sobol indices of pairs of axes
    #[arg(long, requires = "sensitivity")]
    pub pairs: bool,
    /// Search along an axis (--along) for a crossover of two architectures (--between)
    #[arg(long, value_enum, groups = ["until", "question"], requires = "between", conflicts_with_all = NO_ROWS)]
    #[arg(conflicts_with_all = ["axis", "reps", "dry_run", "architecture"])]
    pub find: Option<Find>,
    /// Two architectures: self_claim,preassigned
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "find")]
    pub between: Vec<String>,
    /// Axis and its range: team.agents=1..64, team.profile.error_rate=0..0.5 [default: the team sizes of --agents or the
    /// scenario]
    #[arg(long, value_name = "PATH=LOW..HIGH", requires = "find")]
    pub along: Option<String>,
    /// Number of axis values of the initial scan
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(2..=1000))]
    #[arg(requires = "find")]
    pub scan: u32,
    /// Bootstrap resamples for the intervals of --sensitivity
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    #[arg(requires = "sensitivity")]
    pub resamples: u32,
}

/// Target of `--find`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Find {
    /// Axis value at which one architecture overtakes another
    Crossover,
}

/// Arguments that need one row per point.
const NO_ROWS: [&str; 8] = ["output", "design", "resume", "shard", "job_script", "per_run", "verify", "independent"];
