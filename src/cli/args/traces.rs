//! Arguments of commands that read recorded runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::common::threads;

/// Recorded runs.
#[derive(Clone, Debug, Default, Args)]
pub struct TraceArgs {
    /// Files and folders with recorded runs, in any format of `brooks list importers`
    #[arg(required = true, value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Format of the files (see `brooks list importers`) [default: detected]
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Skip broken runs and report their number
    #[arg(long)]
    pub skip_bad: bool,
    /// Columns of a table by field: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Format of the files (see `brooks list importers`), or auto to detect it
    #[arg(value_name = "FORMAT")]
    pub from: String,
    /// Files and folders with recorded runs
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Output: one .steps.jsonl or .steps.jsonl.zst file for all runs, or a folder with one file per run
    #[arg(short, long, value_name = "F.steps.jsonl")]
    pub output: Option<PathBuf>,
    /// Skip broken runs and report their number
    #[arg(long)]
    pub skip_bad: bool,
    /// Columns of a table by field: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

impl ImportArgs {
    /// Returns the arguments of the commands that only read traces.
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
    /// Predict the recorded work (what-if) for this team size, or several: 4, 1..8, 1,2,4
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// Predict the recorded work (what-if) under this architecture, or several
    #[arg(short, long)]
    pub architecture: Option<String>,
    /// Write a timeline chart of the replayed run with one row per agent
    #[arg(long, value_name = "FILE.svg")]
    pub timeline: Option<PathBuf>,
    /// Write the replayed run as a trace: .steps.jsonl (brooks), .trace.json (Chrome, Perfetto) or .otlp.jsonl
    /// (OpenTelemetry)
    #[arg(long, value_name = "FILE")]
    pub trace_out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub traces: TraceArgs,
    /// Labels that define the groups, separated by commas [default: those that differ between runs]
    #[arg(long, value_delimiter = ',')]
    pub by: Vec<String>,
    /// Baseline of speedups: self (one agent, all else equal), solo (the fastest kind of single agent), or labels:
    /// n=1,mode=alone
    #[arg(long, default_value = "self")]
    pub baseline: String,
    /// Print the tables and statistics of a published study, by its definitions
    #[arg(long = "as", value_name = "PRESET")]
    pub preset: Option<StudyPreset>,
}

/// Study with built-in definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StudyPreset {
    /// "Language Model Teams as Distributed Systems" (arXiv 2603.12229)
    Paper,
}

#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Calibrated profile, then files and folders with recorded runs; the profile is optional with --holdout
    #[arg(required = true, value_name = "PROFILE.yaml TRACE")]
    pub inputs: Vec<PathBuf>,
    /// Calibrate without a part of the recordings and predict that part: model, suite, p or another label (each value in
    /// turn), n (the larger team sizes), runs (every other run of a cell)
    #[arg(long, value_name = "PART")]
    pub holdout: Option<String>,
    /// Team sizes to score [default: all above 1]
    #[arg(short = 'n', long)]
    pub agents: Option<String>,
    /// With --holdout: team sizes to calibrate on [default: those of the profile, or 1]
    #[arg(long, value_name = "SIZES", requires = "holdout")]
    pub calibrate_on: Option<String>,
    /// Labels that define the cells, besides architecture and team size [default: those that differ between runs]
    #[arg(long, value_delimiter = ',')]
    pub by: Vec<String>,
    /// Simulated runs per cell
    #[arg(short, long, default_value_t = 1000)]
    pub reps: u64,
    /// Minimum completed runs of a cell; cells with fewer count only for the completion rate
    #[arg(long, default_value_t = 2, value_name = "RUNS")]
    pub min_runs: usize,
    /// Random splits of a cell into halves for the noise floor
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub splits: u64,
    /// Number of threads [default: all cores]
    #[arg(short, long, value_parser = threads)]
    pub threads: Option<usize>,
    /// Write the profile with its measured errors to this file, usually the same one; extrapolating runs then print
    /// them
    #[arg(long, alias = "into", value_name = "PROFILE.yaml", conflicts_with = "holdout")]
    pub update_profile: Option<PathBuf>,
    /// Write an HTML page with every cell and curve
    #[arg(long, value_name = "FILE.html")]
    pub html: Option<PathBuf>,
    /// Format of the recordings (see `brooks list importers`) [default: detected]
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
    /// Skip broken runs and report their number
    #[arg(long)]
    pub skip_bad: bool,
    /// Columns of a table by field: start=begin_ms,end=end_ms,input_tokens=prompt
    #[arg(long, value_name = "FIELD=COLUMN,..")]
    pub columns: Option<String>,
}

#[derive(Debug, Args)]
pub struct CalibrateArgs {
    #[command(flatten)]
    pub traces: TraceArgs,
    /// Profile file to write, for `team: { profile: PROFILE.yaml }` in a scenario
    #[arg(short, long, value_name = "PROFILE.yaml")]
    pub output: PathBuf,
    /// Sampling method of simulated calls
    #[arg(long, alias = "way", value_enum, default_value_t = CalibrateMethod::Resampled)]
    pub method: CalibrateMethod,
    /// Team sizes to learn from: 1 or 1..3
    #[arg(short = 'n', long, default_value = "1")]
    pub agents: String,
    /// Use only runs of this model
    #[arg(long)]
    pub model: Option<String>,
    /// Owner and license of the recordings, written to the profile
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CalibrateMethod {
    /// Calls from fitted parameters (styles of work, latency, tokens); the profile contains no recorded call
    Parametric,
    /// Recorded calls, chosen by the observation of the agent; the profile contains them as an anonymous table
    Resampled,
}
