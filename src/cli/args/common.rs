//! Arguments that several commands share.

use clap::{Args, ValueEnum};

/// Maximum of `--threads`.
const MAX_THREADS: usize = 1024;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Output format of results
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Random seed [default: the seed in the scenario; 42 for fit, 1 for validate]
    #[arg(long, global = true)]
    pub seed: Option<u64>,
    /// Color on the terminal; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more messages
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Hide the progress bar
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

/// Scenario and the changes to it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// Scenario file, name of a built-in scenario (see `brooks list scenarios`), or `-` for stdin
    pub scenario: String,
    /// Team size, or several where a command accepts them: 4, 1..8, 1,2,4
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// Set a scenario key, repeatable: --set team.profile.error_rate=0.2
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=MAX_THREADS).contains(threads));
    threads.ok_or_else(|| format!("expected a whole number from 1 to {MAX_THREADS}"))
}
