//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// How many LLM agents should work on this, organised how, and what will it cost in time and tokens?
#[derive(Debug, Parser)]
#[command(name = "brooks", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Args)]
pub struct Global {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// The seed of all randomness; the scenario's own if not given
    #[arg(long, global = true)]
    pub seed: Option<u64>,
    /// Colour on the terminal (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more about what is being done
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// No progress bar
    #[arg(long, global = true)]
    pub no_progress: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// One run: its figures, where the team's time went, and what limits it
    Run(Run),
    /// Every point of a scenario's sweep, each many times: the scaling curve
    Sweep(Sweep),
    /// Architectures side by side on common random numbers
    Compare(Compare),
    /// Work, span, width and bounds, before anything is run
    Plan(Plan),
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

/// The scenario and what is changed in it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// A file, the name of a built-in scenario (`brooks list scenarios`), or `-` for stdin
    pub scenario: String,
    /// Team size, or with sweep and compare several: 4, 1..8, 1,2,4
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// Change any value: --set team.profile.error_rate=0.2
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Run {
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
    /// Write the run: .steps.jsonl (brooks), .trace.json (Chrome, Perfetto)
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,
    /// Exit with 1 if the run does not complete
    #[arg(long)]
    pub require_complete: bool,
}

#[derive(Debug, Args)]
pub struct Sweep {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// The architectures, in place of the scenario's: preassigned,self_claim
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// A folder for sweep.csv, sweep.parquet and curve.svg
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replications a point; the scenario's own number if not given
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
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

#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Which architectures; those on the scenario's axis if not given, or all
    #[arg(short, long, value_delimiter = ',')]
    pub architectures: Vec<String>,
    /// Replications; the scenario's own number if not given
    #[arg(short, long)]
    pub reps: Option<u64>,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Plan {
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
    Laws,
}

/// More threads than this are a slip of the finger.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads));
    threads.ok_or_else(|| format!("expected a whole number from 1 to {MOST_THREADS}"))
}
