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

/// How many LLM agents should work on this, organised how, and what will it cost in time and tokens?
#[derive(Debug, Parser)]
#[command(name = "brooks", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// One run: its figures, where the team's time went, and what limits it
    Run(RunArgs),
    /// Every point of a scenario's sweep, each many times: the scaling curve
    Sweep(SweepArgs),
    /// Shards of a sweep to one result
    Merge(MergeArgs),
    /// The folder of a sweep as one page: verdict, pictures, every point
    Report(ReportArgs),
    /// Architectures side by side on common random numbers
    Compare(CompareArgs),
    /// The best team for time, cost or quality, how sure that is, and where the next agent stops paying
    Optimal(OptimalArgs),
    /// Work, span, width and bounds, before anything is run
    Plan(PlanArgs),
    /// Recorded runs of others (Claude Code, OpenTelemetry, Langfuse, tables) in brooks' own form
    Import(ImportArgs),
    /// A recorded run again: exactly, or the same work under another team
    Replay(ReplayArgs),
    /// Every figure of a corpus of recorded runs, in groups, with tests
    Analyze(AnalyzeArgs),
    /// Simulated teams against recorded ones, beside the noise floor and the laws: what a profile is worth
    Validate(ValidateArgs),
    /// A profile from recorded runs: what their agents would do in other teams
    Calibrate(CalibrateArgs),
    /// Measurements of your own against Amdahl, Gustafson and the USL: parameters, intervals, tests, verdict
    Fit(FitArgs),
    /// The serial fraction that two times reveal (Karp-Flatt)
    InferP(InferPArgs),
    /// Whether curves are still what they were, and what their scenarios claim: for CI
    Check(CheckArgs),
    /// What `check` holds curves to: record it, review what changed, accept it
    Baseline {
        #[command(subcommand)]
        what: BaselineCommand,
    },
    /// What there is: architectures, scenarios, profiles, metrics, laws
    List {
        /// Of what
        #[arg(value_enum)]
        what: Listed,
    },
    /// What a word, a metric, a scenario key or an error code means
    Explain {
        /// The word; without one, all of them
        word: Vec<String>,
    },
    /// The JSON Schema of scenario files, for your editor
    Schema,
    /// A commented scenario to start from
    New {
        /// Where to write it; `-` prints it
        path: PathBuf,
        /// The built-in scenario to start from
        #[arg(long, default_value = "hello")]
        from: String,
    },
    /// Completions for your shell, to stdout
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Man pages, one a command
    Man {
        /// The folder to write them to
        #[arg(short, long, default_value = "man")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The architecture
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Which replication to run
    #[arg(long, default_value_t = 0)]
    pub replication: u64,
    /// Tell the run as a story
    #[arg(long)]
    pub narrate: bool,
    /// Draw the run: a row an agent
    #[arg(long, value_name = "FILE.svg")]
    pub timeline: Option<PathBuf>,
    /// Write the run: .steps.jsonl (brooks), .trace.json (Chrome, Perfetto), .otlp.jsonl (OpenTelemetry)
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,
    /// Exit with 1 if the run does not complete
    #[arg(long)]
    pub require_complete: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct SweepArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The architectures, in place of the scenario's: preassigned,self_claim
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// A folder for sweep.csv, sweep.parquet and curve.svg, and for finished points while it runs
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replications a point; the scenario's own number if not given
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// As many replications as it takes to know every makespan to this share of itself, such as 2%
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["reps", "dry_run"], group = "until", value_parser = share)]
    pub precision: Option<f64>,
    /// Where replications end that never get so precise
    #[arg(long, default_value_t = 100_000, requires = "until")]
    pub max_reps: u64,
    /// Points in place of every combination: lhs:K is a Latin hypercube of K points, sobol:K a scrambled Sobol sequence,
    /// both between the least and the greatest value of every axis
    #[arg(long, value_name = "grid|lhs:K|sobol:K", default_value = "grid")]
    pub design: String,
    #[command(flatten)]
    pub questions: Questions,
    /// Random numbers of its own for every point, in place of those that all points share
    #[arg(long)]
    pub independent: bool,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Go on with what is in the folder: finished points are not run again
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// How often finished points are saved in the folder
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub save_every: String,
    /// Run only a part of the points: I/N with I from 1, or auto to ask the variables of Slurm, Kubernetes, CI and others
    /// which task this is; auto/N where they do not say how many there are
    #[arg(long, value_name = "I/N|auto", requires = "output")]
    pub shard: Option<String>,
    /// Print a job script that runs the sweep in shards
    #[arg(long, alias = "plan", value_enum, value_name = "ENGINE")]
    pub job_script: Option<Engine>,
    /// Into how many, with --job-script
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub shards: u32,
    /// Write every single run too: runs.parquet, runs.csv or runs.jsonl
    #[arg(long, value_enum, value_name = "FORMAT", requires = "output", num_args = 0..=1, default_missing_value = "parquet")]
    pub per_run: Option<PerRun>,
    /// Only say what would be run
    #[arg(long)]
    pub dry_run: bool,
    /// Run every point again on another number of threads, and compare
    #[arg(long)]
    pub verify: bool,
    /// Exit with 1 if a run does not complete
    #[arg(long)]
    pub require_complete: bool,
}

/// Who runs many tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// A job array (sbatch)
    Slurm,
    /// A Kubernetes Indexed Job
    K8s,
    #[value(help = "A HyperQueue task array")]
    Hq,
    /// GNU Parallel, on this machine or by ssh
    Parallel,
    /// Jobs of a GitHub workflow
    GithubMatrix,
}

/// A form of tables of single runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PerRun {
    Parquet,
    Csv,
    Jsonl,
}

impl PerRun {
    /// Its name, which is the end of its files' names.
    pub fn name(self) -> &'static str {
        match self {
            PerRun::Parquet => "parquet",
            PerRun::Csv => "csv",
            PerRun::Jsonl => "jsonl",
        }
    }

    /// The one of that name.
    pub fn of(name: &str) -> Option<PerRun> {
        [PerRun::Parquet, PerRun::Csv, PerRun::Jsonl].into_iter().find(|form| form.name() == name)
    }
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Folders of shards, or folders in which they are
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// The folder for sweep.csv, sweep.parquet and curve.svg
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Exit with 1 if a run did not complete
    #[arg(long)]
    pub require_complete: bool,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder of a sweep or a merge; of one that is not finished the page shows what is there (exit code 3)
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The page; report.html in the folder if not given, `-` for stdout
    #[arg(short, long, value_name = "FILE.html")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Which architectures; those on the scenario's axis if not given, or all
    #[arg(short, long, value_delimiter = ',')]
    pub architectures: Vec<String>,
    /// Replications; the scenario's own number if not given
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// As many replications as it takes to know every makespan to this share of itself, such as 2%
    #[arg(long, value_name = "SHARE", conflicts_with = "reps", value_parser = share)]
    pub precision: Option<f64>,
    /// Where replications end that never get so precise
    #[arg(long, default_value_t = 100_000, requires = "precision")]
    pub max_reps: u64,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct OptimalArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// What the team should be best at
    #[arg(long, value_enum, default_value_t = Goal::Time)]
    pub objective: Goal,
    /// Teams of 1 to this many agents; those on the scenario's axis if not given, or up to 8
    #[arg(long, value_name = "N", conflicts_with = "agents", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_agents: Option<u32>,
    /// Which architectures; those on the scenario's axis if not given, or all
    #[arg(short, long, value_delimiter = ',')]
    pub architectures: Vec<String>,
    /// How long a run may take: 45s, 19m
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<String>,
    /// The share of runs that have to be inside the deadline
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = share)]
    pub on_time: f64,
    /// What a run may cost on average: $0.50, or where nothing has a price 200k tokens
    #[arg(long, value_name = "COST")]
    pub budget: Option<String>,
    /// What an hour is worth: an agent pays if the time it buys is worth more than it costs
    #[arg(long, value_name = "$/h")]
    pub value_of_time: Option<String>,
    /// The probability of a right choice
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = share)]
    pub confidence: f64,
    /// A difference below this share of the best is none
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share)]
    pub indifference: f64,
    /// Replications of every team before the choice; the scenario's own number if not given, at least 100, with a
    /// deadline 1,000
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Most replications of a team
    #[arg(long, default_value_t = 100_000)]
    pub max_reps: u64,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Draw time against cost: all teams, and the front
    #[arg(long, value_name = "FILE.svg")]
    pub svg: Option<PathBuf>,
}

/// What a team can be best at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Goal {
    /// The least makespan
    Time,
    /// The least cost; tokens where nothing has a price
    Cost,
    /// The greatest share of right results
    Quality,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Exit with 1 if there is something to mend: tasks that may overwrite each other
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
    /// A table: CSV, JSON, JSON lines or Parquet, a row a measurement; `-` for stdin
    #[arg(value_name = "TABLE")]
    pub table: PathBuf,
    /// The column of team sizes, if its name is not a usual one (n, agents, threads, users, ..)
    #[arg(long, value_name = "COLUMN")]
    pub x: Option<String>,
    /// The column of measurements, or what to look for: makespan, throughput, speedup
    #[arg(long, value_name = "COLUMN")]
    pub y: Option<String>,
    /// What the measurements are, if the name of the column does not say it
    #[arg(long, value_enum)]
    pub kind: Option<FitKind>,
    /// Which laws, with commas between them; `brooks list laws`. Named laws are all judged; of all, Gustafson's only
    /// where the work may grow with the team: for throughput
    #[arg(long, value_name = "LAW,..", default_value = "all", value_delimiter = ',')]
    pub law: Vec<String>,
    /// Columns whose values tell curves apart: a fit each
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub by: Vec<String>,
    /// The column of weights (inverse variances), if its name is not `weight`
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    /// How far measurements are off: all alike, or by a share of themselves. Without it repetitions say; where there are
    /// none, times are taken to be off by a share and rates by as much everywhere
    #[arg(long, value_enum)]
    pub error: Option<FitErrorChoice>,
    /// What the curve says of these team sizes, measured or not: 64,128
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = team_size)]
    pub predict: Vec<f64>,
    /// Draw the measurements and the fitted laws
    #[arg(long, value_name = "FILE.svg")]
    pub svg: Option<PathBuf>,
    /// How often the data are drawn again for the interval of the peak
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub resamples: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitKind {
    /// The time that the same work takes
    Time,
    /// Work a unit of time
    Throughput,
    /// Throughput relative to that of one
    Speedup,
    /// How long each of n concurrent requests takes
    Response,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitErrorChoice {
    /// By as much at every team size
    Same,
    /// By a share of the measurement
    Share,
}

fn team_size(text: &str) -> Result<f64, String> {
    let size = text.trim().parse().ok().filter(|size| (1.0..=1e9).contains(size));
    size.ok_or_else(|| "expected a team size from 1 to 1e9".to_owned())
}

#[derive(Debug, Args)]
pub struct InferPArgs {
    /// How long one agent needs: 45m, 1h05m, 90s
    #[arg(long, value_name = "TIME")]
    pub t1: String,
    /// How long the team needs for the same work
    #[arg(long, value_name = "TIME")]
    pub tn: String,
    /// How many agents the team has
    #[arg(short, long)]
    pub n: u64,
}

fn share(text: &str) -> Result<f64, String> {
    crate::scaling::precision::share(text)
}
