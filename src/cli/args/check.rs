//! The arguments of `check` and of `baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::common::{ScenarioArgs, threads};

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenarios and baselines (.json); every baseline in the folder if none is given
    #[arg(value_name = "BASELINE|SCENARIO")]
    pub targets: Vec<String>,
    /// The folder of the baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baselines: PathBuf,
    /// Which difference is none, of the makespan or of another figure: 5%, cost=10%, completed=0
    #[arg(long, value_name = "[FIGURE=]PERCENT")]
    pub tolerance: Vec<String>,
    /// Most runs of a point before the check says that it can't tell; ten times those of the baseline if not given
    #[arg(long, value_name = "RUNS")]
    pub max_reps: Option<u64>,
    /// Only what is identical passes
    #[arg(long)]
    pub strict: bool,
    /// Compare although the scenario is not the recorded one any more: what did the change do?
    #[arg(long)]
    pub despite_changes: bool,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the results as Markdown, for a comment
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Annotate findings and append to the summary of a GitHub workflow
    #[arg(long)]
    pub github: bool,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Run a scenario's sweep and keep it, to be committed
    Record(RecordArgs),
    /// What differs between baselines and what a failed check left beside them
    Review(Pending),
    /// Take over what a failed check left
    Accept(Pending),
}

#[derive(Debug, Args)]
pub struct RecordArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The architectures, in place of the scenario's: preassigned,self_claim
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Runs of each point; the scenario's own number, from 10 to 200, if not given
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub reps: Option<u64>,
    /// Where to; a file named after the scenario in the folder baselines if not given
    #[arg(short, long, value_name = "FILE.json")]
    pub output: Option<PathBuf>,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Pending {
    /// Baselines; every one in the folder that has something to review if none is given
    #[arg(value_name = "BASELINE")]
    pub targets: Vec<PathBuf>,
    /// The folder of the baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baselines: PathBuf,
}
