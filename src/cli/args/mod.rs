//! The command line.

mod check;
mod common;
mod sweep;
mod traces;

pub use check::*;
pub use common::{Color, Format, Global, ScenarioArgs};
pub use sweep::*;
pub use traces::*;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use common::threads;

/// Simulates teams of LLM agents: which team size and architecture, at what cost in time and tokens
#[derive(Debug, Parser)]
#[command(name = "brooks", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate one run: metrics, time budget, and the limiting factor
    Run(RunArgs),
    /// Run every point of a scenario many times: the scaling curve
    Sweep(SweepArgs),
    /// Merge the shards of a sweep into one result
    Merge(MergeArgs),
    /// Write the results of a sweep as one HTML page: verdict, charts, every point
    Report(ReportArgs),
    /// Compare architectures with common random numbers
    Compare(CompareArgs),
    /// Find the best team for time, cost or quality, with its confidence and its marginal benefit per agent
    Optimal(OptimalArgs),
    /// Analyze the task graph without a run: work, span, width, bounds on the speedup
    Plan(PlanArgs),
    /// Convert recorded runs (Claude Code, OpenTelemetry, Langfuse, tables) to the brooks trace format
    Import(ImportArgs),
    /// Replay a recorded run exactly, or predict its work under another team
    Replay(ReplayArgs),
    /// Analyze recorded runs: metrics by group, with significance tests
    Analyze(AnalyzeArgs),
    /// Compare simulated with recorded teams: prediction error, noise floor, scaling laws
    Validate(ValidateArgs),
    /// Learn a profile from recorded runs, to predict other teams
    Calibrate(CalibrateArgs),
    /// Fit scaling laws (Amdahl, Gustafson, USL) to measurements: parameters, intervals, tests
    Fit(FitArgs),
    /// Compute the serial fraction from two times (Karp-Flatt)
    InferP(InferPArgs),
    /// Check curves against recorded baselines and against the claims of their scenarios, for CI
    Check(CheckArgs),
    /// Record, review or accept the baselines of `check`
    Baseline {
        #[command(subcommand)]
        command: BaselineCommand,
    },
    /// List architectures, scenarios, profiles, metrics, importers or laws
    List {
        /// Table to print
        #[arg(value_enum)]
        table: Listed,
    },
    /// Explain a term, a metric, a scenario key or an error code
    Explain {
        /// Term to explain [default: list all terms]
        word: Vec<String>,
    },
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Write a commented scenario to start from
    New {
        /// Scenario file to write; `-` for stdout
        path: PathBuf,
        /// Built-in scenario to copy
        #[arg(long, default_value = "hello")]
        from: String,
    },
    /// Print shell completions
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Write man pages, one per command
    Man {
        /// Folder to write to
        #[arg(short, long, default_value = "man")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Architecture [default: the one in the scenario]
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Number of the replication to run
    #[arg(long, default_value_t = 0)]
    pub replication: u64,
    /// Print the run as a narrative
    #[arg(long)]
    pub narrate: bool,
    /// Write a timeline chart with one row per agent
    #[arg(long, value_name = "FILE.svg")]
    pub timeline: Option<PathBuf>,
    /// Write the run as a trace: .steps.jsonl (brooks), .trace.json (Chrome, Perfetto) or .otlp.jsonl (OpenTelemetry)
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,
    /// Exit with code 1 if the run does not complete
    #[arg(long)]
    pub require_complete: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct SweepArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Architectures, instead of those of the scenario: preassigned,self_claim
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Folder for sweep.csv, sweep.parquet and curve.svg, and for finished points during the run
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replications per point [default: the number in the scenario]
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Replicate until the 95% interval of every mean makespan is within this fraction of it, such as 2%
    #[arg(long, value_name = "FRACTION", conflicts_with_all = ["reps", "dry_run"], group = "until", value_parser = share)]
    pub precision: Option<f64>,
    /// Maximum replications with --precision
    #[arg(long, default_value_t = 100_000, requires = "until")]
    pub max_reps: u64,
    /// Points to run: grid is every combination, lhs:K a Latin hypercube of K points, sobol:K a scrambled Sobol
    /// sequence, both between the least and the greatest value of each axis
    #[arg(long, value_name = "grid|lhs:K|sobol:K", default_value = "grid")]
    pub design: String,
    #[command(flatten)]
    pub questions: Questions,
    /// Use independent random numbers for every point, instead of common ones
    #[arg(long)]
    pub independent: bool,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Resume the sweep in the folder: finished points are not run again
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// Interval between saves of finished points
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub save_every: String,
    /// Run only shard I of N, with I from 1; auto reads both from the environment of Slurm, Kubernetes, CI or another
    /// system, auto/N only I
    #[arg(long, value_name = "I/N|auto|auto/N", requires = "output")]
    pub shard: Option<String>,
    /// Print a job script that runs the sweep in shards
    #[arg(long, alias = "plan", value_enum, value_name = "ENGINE")]
    pub job_script: Option<Engine>,
    /// Number of shards with --job-script
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub shards: u32,
    /// Also write every single run: runs.parquet, runs.csv or runs.jsonl
    #[arg(long, value_enum, value_name = "FORMAT", requires = "output", num_args = 0..=1, default_missing_value = "parquet")]
    pub per_run: Option<PerRun>,
    /// Print axes and number of runs, without running
    #[arg(long)]
    pub dry_run: bool,
    /// Run every point again on another number of threads, and compare the digests
    #[arg(long)]
    pub verify: bool,
    /// Exit with code 1 if a run does not complete
    #[arg(long)]
    pub require_complete: bool,
}

/// System that runs the tasks of a job script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Slurm job array (sbatch)
    Slurm,
    /// Kubernetes Indexed Job
    K8s,
    #[value(help = "HyperQueue task array")]
    Hq,
    /// GNU Parallel, local or over ssh
    Parallel,
    /// Matrix jobs of a GitHub workflow
    GithubMatrix,
}

/// Format of the table of single runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PerRun {
    Parquet,
    Csv,
    Jsonl,
}

impl PerRun {
    /// Returns the name, which is also the file extension.
    pub fn name(self) -> &'static str {
        match self {
            PerRun::Parquet => "parquet",
            PerRun::Csv => "csv",
            PerRun::Jsonl => "jsonl",
        }
    }

    /// Returns the format of a name.
    pub fn from_name(name: &str) -> Option<PerRun> {
        [PerRun::Parquet, PerRun::Csv, PerRun::Jsonl].into_iter().find(|format| format.name() == name)
    }
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Folders of shards, or folders that contain them
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Folder for sweep.csv, sweep.parquet and curve.svg
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Exit with code 1 if a run did not complete
    #[arg(long)]
    pub require_complete: bool,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Folder of a sweep or a merge; for an unfinished sweep the page shows the finished points (exit code 3)
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// HTML page to write, or `-` for stdout [default: DIR/report.html]
    #[arg(short, long, value_name = "FILE.html")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Architectures, separated by commas [default: those on the axis of the scenario, or all]
    #[arg(short, long, value_delimiter = ',')]
    pub architectures: Vec<String>,
    /// Replications [default: the number in the scenario]
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Replicate until the 95% interval of every mean makespan is within this fraction of it, such as 2%
    #[arg(long, value_name = "FRACTION", conflicts_with = "reps", value_parser = share)]
    pub precision: Option<f64>,
    /// Maximum replications with --precision
    #[arg(long, default_value_t = 100_000, requires = "precision")]
    pub max_reps: u64,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct OptimalArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Objective of the choice
    #[arg(long, value_enum, default_value_t = Goal::Time)]
    pub objective: Goal,
    /// Maximum team size; all sizes from 1 are candidates [default: the axis of the scenario, or 8]
    #[arg(long, value_name = "N", conflicts_with = "agents", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_agents: Option<u32>,
    /// Architectures, separated by commas [default: those on the axis of the scenario, or all]
    #[arg(short, long, value_delimiter = ',')]
    pub architectures: Vec<String>,
    /// Maximum time of a run: 45s, 19m
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
    /// Minimum fraction of runs within the deadline
    #[arg(long, value_name = "FRACTION", default_value = "95%", value_parser = share)]
    pub on_time: f64,
    /// Maximum mean cost of a run: $0.50, or without prices 200k tokens
    #[arg(long, value_name = "COST")]
    pub budget: Option<String>,
    /// Value of an hour: an agent pays off if the time it saves is worth more than its cost
    #[arg(long, value_name = "$/h")]
    pub value_of_time: Option<String>,
    /// Minimum probability that the choice is right
    #[arg(long, value_name = "FRACTION", default_value = "95%", value_parser = share)]
    pub confidence: f64,
    /// Indifference zone: smaller relative differences from the best do not matter
    #[arg(long, value_name = "FRACTION", default_value = "2%", value_parser = share)]
    pub indifference: f64,
    /// Replications of every team before the choice [default: the number in the scenario, at least 100, or 1,000 with a
    /// deadline]
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Maximum replications of a team
    #[arg(long, default_value_t = 100_000)]
    pub max_reps: u64,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Write a chart of time against cost: all teams and the Pareto front
    #[arg(long, value_name = "FILE.svg")]
    pub svg: Option<PathBuf>,
}

/// Objective of `optimal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// Least mean makespan
    Time,
    /// Least mean cost; tokens without prices
    Cost,
    /// Greatest mean quality: the fraction of right results
    Quality,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Exit with code 1 if tasks may overwrite each other's artifacts
    #[arg(long)]
    pub lint: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    Architectures,
    Scenarios,
    Profiles,
    Metrics,
    Importers,
    Laws,
}

#[derive(Debug, Args)]
pub struct FitArgs {
    /// Table with one measurement per row: CSV, JSON, JSON Lines or Parquet; `-` for stdin
    #[arg(value_name = "TABLE")]
    pub table: PathBuf,
    /// Column of team sizes [default: a usual name such as n, agents, threads or users]
    #[arg(long, value_name = "COLUMN")]
    pub x: Option<String>,
    /// Column of measurements, or their kind: makespan, throughput, speedup
    #[arg(long, value_name = "COLUMN")]
    pub y: Option<String>,
    /// Kind of the measurements [default: inferred from the column name]
    #[arg(long, value_enum)]
    pub kind: Option<FitKind>,
    /// Laws to fit, separated by commas (see `brooks list laws`). With all, Gustafson is compared only for throughput,
    /// where the work may grow with the team; named laws are always compared
    #[arg(long, value_name = "LAW,..", default_value = "all", value_delimiter = ',')]
    pub law: Vec<String>,
    /// Columns that separate curves, by commas: one fit per combination of values
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub by: Vec<String>,
    /// Column of weights (inverse variances) [default: weight, if it exists]
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    /// Error model: the same standard deviation everywhere, or one proportional to the measurement [default: estimated
    /// from repetitions; without repetitions share for times, same for rates]
    #[arg(long, value_enum)]
    pub error: Option<FitErrorChoice>,
    /// Team sizes to predict, measured or not: 64,128
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = team_size)]
    pub predict: Vec<f64>,
    /// Write a chart of measurements and fitted laws
    #[arg(long, value_name = "FILE.svg")]
    pub svg: Option<PathBuf>,
    /// Bootstrap resamples for the interval of the peak
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub resamples: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitKind {
    /// Time for a fixed amount of work
    Time,
    /// Work per unit of time
    Throughput,
    /// Throughput relative to one agent
    Speedup,
    /// Response time of each of n concurrent requests
    Response,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitErrorChoice {
    /// Same standard deviation at every team size
    Same,
    /// Standard deviation proportional to the measurement
    Share,
}

fn team_size(text: &str) -> Result<f64, String> {
    let size = text.trim().parse().ok().filter(|size| (1.0..=1e9).contains(size));
    size.ok_or_else(|| "expected a team size from 1 to 1e9".to_owned())
}

#[derive(Debug, Args)]
pub struct InferPArgs {
    /// Time of one agent: 45m, 1h05m, 90s
    #[arg(long, value_name = "TIME")]
    pub t1: String,
    /// Time of the team for the same work
    #[arg(long, value_name = "TIME")]
    pub tn: String,
    /// Number of agents in the team, at least 2
    #[arg(short, long)]
    pub n: u64,
}

fn share(text: &str) -> Result<f64, String> {
    crate::scaling::precision::share(text)
}
