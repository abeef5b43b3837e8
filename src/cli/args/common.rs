//! Arguments that several commands share.

use clap::{Args, ValueEnum};

/// More threads than this are a slip of the finger.
const MOST_THREADS: usize = 1024;

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

pub(super) fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=MOST_THREADS).contains(threads));
    threads.ok_or_else(|| format!("expected a whole number from 1 to {MOST_THREADS}"))
}
