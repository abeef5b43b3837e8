//! The arguments of commands that read recorded runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::common::threads;

/// Recorded runs.
#[derive(Clone, Debug, Default, Args)]
pub struct TraceArgs {
    /// Files and folders with recorded runs, of any format that `brooks list importers` names
    #[arg(required = true, value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// The format, if it can't be told from the files
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Leave out what is broken and say how much that was
    #[arg(long)]
    pub skip_bad: bool,
    /// What the columns of a table mean: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The format (`brooks list importers`), or auto
    #[arg(value_name = "FORMAT")]
    pub from: String,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Where to: one .steps.jsonl or .steps.jsonl.zst for all runs, or a folder with a file a run
    #[arg(short, long, value_name = "F.steps.jsonl")]
    pub output: Option<PathBuf>,
    /// Leave out what is broken and say how much that was
    #[arg(long)]
    pub skip_bad: bool,
    /// What the columns of a table mean: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

impl ImportArgs {
    /// What is read, as other commands say it.
    pub fn trace_args(&self) -> TraceArgs {
        TraceArgs {
            traces: self.paths.clone(),
            from: Some(self.from.clone()),
            skip_bad: self.skip_bad,
            columns: self.columns.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub traces: TraceArgs,
    /// What if: the recorded work under a team of this size, or of several: 4, 1..8, 1,2,4
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// What if: the recorded work under this architecture, or several
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Draw the replayed run: a row an agent
    #[arg(long, value_name = "FILE.svg")]
    pub timeline: Option<PathBuf>,
    /// Write the replayed run: .steps.jsonl (brooks), .trace.json (Chrome, Perfetto), .otlp.jsonl (OpenTelemetry)
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub traces: TraceArgs,
    /// The labels that make the groups; those that differ between runs if not given
    #[arg(long, value_delimiter = ',')]
    pub by: Vec<String>,
    /// What speedups are relative to: self (one agent, all else the same), solo (the fastest kind of single agent), or
    /// labels: n=1,mode=alone
    #[arg(long, default_value = "self")]
    pub baseline: String,
    /// The tables and statistics of a study in its own definitions
    #[arg(long = "as", value_name = "PRESET")]
    pub preset: Option<StudyPreset>,
}

/// A study whose definitions are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StudyPreset {
    /// "Language Model Teams as Distributed Systems" (arXiv 2603.12229)
    Paper,
}

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// A calibrated profile, and then files and folders with recorded runs; with --holdout no profile is needed
    #[arg(required = true, value_name = "PROFILE.yaml TRACE")]
    pub inputs: Vec<PathBuf>,
    /// Calibrate without a part of the recordings and predict that part: model, suite, p or any other label (each value
    /// in turn), n (the larger team sizes), runs (every other run of a cell)
    #[arg(long, value_name = "PART")]
    pub holdout: Option<String>,
    /// Team sizes that are scored; all above one if not given
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// With --holdout: team sizes to calibrate on; those of the profile, or one agent, if not given
    #[arg(long, value_name = "SIZES", requires = "holdout")]
    pub calibrate_on: Option<String>,
    /// The labels that make the cells, beside architecture and team size; those that differ between runs if not given
    #[arg(long, value_delimiter = ',')]
    pub by: Vec<String>,
    /// Simulated runs a cell
    #[arg(short, long, default_value_t = 1000)]
    pub reps: u64,
    /// Cells with fewer completed runs count for the completion rate only
    #[arg(long, default_value_t = 2, value_name = "RUNS")]
    pub min_runs: usize,
    /// How often cells are split in halves for the noise floor
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub splits: u64,
    /// Threads; all cores if not given
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Write the profile with its measured errors to this file, usually the same one; runs beyond its data then print them
    #[arg(long, alias = "into", value_name = "PROFILE.yaml", conflicts_with = "holdout")]
    pub update_profile: Option<PathBuf>,
    /// Write a page with every cell and curve
    #[arg(long, value_name = "FILE.html")]
    pub html: Option<PathBuf>,
    /// The format of the recordings, if it can't be told from the files
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Leave out what is broken and say how much that was
    #[arg(long)]
    pub skip_bad: bool,
    /// What the columns of a table mean: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

#[derive(Debug, Args)]
pub struct CalibrateArgs {
    #[command(flatten)]
    pub traces: TraceArgs,
    /// The profile to write, for `team: { profile: PROFILE.yaml }`
    #[arg(short, long, value_name = "PROFILE.yaml")]
    pub output: PathBuf,
    /// The source of simulated calls
    #[arg(long, alias = "way", value_enum, default_value_t = CalibrateMethod::Resampled)]
    pub method: CalibrateMethod,
    /// The team sizes whose runs are used: 1, or 1..3
    #[arg(short = 'n', long, default_value = "1")]
    pub agents: String,
    /// Only runs of this model
    #[arg(long)]
    pub model: Option<String>,
    /// Whose the recordings are and under which licence, for the profile to say
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CalibrateMethod {
    /// From parameters: styles of work, latency, tokens; the profile holds no recorded call
    Parametric,
    /// Recorded calls, by what the agent saw; the profile keeps them as an anonymous table
    Resampled,
}
