//! Arguments of `check` and `baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::common::{ScenarioArgs, threads};

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenarios and baseline files (.json) [default: every baseline in --baselines]
    #[arg(value_name = "BASELINE|SCENARIO")]
    pub targets: Vec<String>,
    /// Folder of the baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baselines: PathBuf,
    /// Tolerated relative difference of the makespan, or of a named metric: 5%, cost=10%, completed=0
    #[arg(long, value_name = "[METRIC=]PERCENT")]
    pub tolerance: Vec<String>,
    /// Maximum runs per point; beyond it the check is inconclusive [default: 10 times those of the baseline]
    #[arg(long, value_name = "RUNS")]
    pub max_reps: Option<u64>,
    /// Accept only identical results
    #[arg(long)]
    pub strict: bool,
    /// Compare although the scenario differs from the recorded one: shows the effect of the change
    #[arg(long)]
    pub despite_changes: bool,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the results as Markdown, for a pull request comment
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Print GitHub annotations, and append the results to the job summary
    #[arg(long)]
    pub github: bool,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Run the sweep of a scenario and write it as a baseline file, to be committed
    Record(RecordArgs),
    /// Show the differences between baselines and the results of failed checks
    Review(PendingArgs),
    /// Replace baselines by the results of failed checks
    Accept(PendingArgs),
}

#[derive(Debug, Args)]
pub struct RecordArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Architectures, instead of those of the scenario: preassigned,self_claim
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Runs per point [default: the number in the scenario, within 10 to 200]
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub reps: Option<u64>,
    /// Baseline file to write [default: baselines/NAME.json, with the name of the scenario]
    #[arg(short, long, value_name = "FILE.json")]
    pub output: Option<PathBuf>,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct PendingArgs {
    /// Baseline files [default: every baseline in --baselines with a failed check]
    #[arg(value_name = "BASELINE")]
    pub targets: Vec<PathBuf>,
    /// Folder of the baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baselines: PathBuf,
}
