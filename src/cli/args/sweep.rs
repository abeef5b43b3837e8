//! Arguments of `sweep` for questions about a whole range: what moves a figure, and where one architecture overtakes another.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Questions {
    /// An axis, in place of the scenario's or beside its: team.profile.error_rate=0,0.1,0.2; where points lie between the
    /// ends (--design, --sensitivity) also 0..0.3
    #[arg(long, value_name = "PATH=VALUES")]
    pub axis: Vec<String>,
    /// What moves a figure: morris:R says from R walks which axes matter at all, sobol:N from N rows of points which share of
    /// the variance each is the cause of
    #[arg(long, value_name = "morris:R|sobol:N", group = "question", conflicts_with_all = NO_ROWS)]
    pub sensitivity: Option<String>,
    /// The figure in question, with --sensitivity and --find (`brooks list metrics`)
    #[arg(long, value_name = "METRIC", default_value = "makespan_s", requires = "question")]
    pub of: String,
    /// The shares of pairs of axes too; with sobol
    #[arg(long, requires = "sensitivity")]
    pub pairs: bool,
    /// Where on an axis something happens; with --between and --along
    #[arg(long, value_enum, groups = ["until", "question"], requires = "between", conflicts_with_all = NO_ROWS)]
    #[arg(conflicts_with_all = ["axis", "reps", "dry_run", "architecture"])]
    pub find: Option<Find>,
    /// Which two architectures: self_claim,preassigned
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "find")]
    pub between: Vec<String>,
    /// Along which axis, from where to where: team.agents=1..64, team.profile.error_rate=0..0.5; the team size if not given
    #[arg(long, value_name = "PATH=LOW..HIGH", requires = "find")]
    pub along: Option<String>,
    /// At how many places to look first
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(2..=1000))]
    #[arg(requires = "find")]
    pub scan: u32,
    /// Resamples for the intervals of --sensitivity
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    #[arg(requires = "sensitivity")]
    pub resamples: u32,
}

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Find {
    /// Where one architecture overtakes another
    Crossover,
}

/// What only goes with a row a point.
const NO_ROWS: [&str; 8] = ["output", "design", "resume", "shard", "job_script", "per_run", "verify", "independent"];
