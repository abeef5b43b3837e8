//! L10: the command line, with one file per subcommand. Only this layer uses files, environment, clock and terminal.

mod analyze;
pub mod args;
mod atomic_file;
mod baseline;
mod calibrate;
mod check;
mod command_output;
mod compare;
mod console;
mod exit_code;
mod explain;
mod fit;
mod import;
mod infer_p;
mod input;
mod list;
mod merge;
mod new;
mod optimal;
mod pages;
mod plan;
mod progress;
mod replay;
mod report;
mod run;
mod sweep;
mod threads;
mod tour;
mod trace_format;
mod traces;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::console::Console;

/// Parses the command line, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            console::usage(&error);
            return if error.use_stderr() { ExitCode::from(exit_code::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let console = Console::new(&cli.global);
    let result = match &cli.command {
        None => tour::tour(&console),
        Some(Command::Run(args)) => run::run(&console, args),
        Some(Command::Sweep(args)) => sweep::sweep(&console, args),
        Some(Command::Merge(args)) => merge::merge(&console, args),
        Some(Command::Report(args)) => report::report(&console, args),
        Some(Command::Compare(args)) => compare::compare(&console, args),
        Some(Command::Optimal(args)) => optimal::optimal(&console, args),
        Some(Command::Plan(args)) => plan::plan(&console, args),
        Some(Command::Import(args)) => import::import(&console, args),
        Some(Command::Replay(args)) => replay::replay(&console, args),
        Some(Command::Analyze(args)) => analyze::analyze(&console, args),
        Some(Command::Validate(args)) => validate::validate(&console, args),
        Some(Command::Calibrate(args)) => calibrate::calibrate(&console, args),
        Some(Command::Fit(args)) => fit::fit(&console, args),
        Some(Command::InferP(args)) => infer_p::infer_p(&console, args),
        Some(Command::Check(args)) => check::check(&console, args),
        Some(Command::Baseline { command }) => baseline::baseline(&console, command),
        Some(Command::List { table }) => list::list(&console, *table),
        Some(Command::Explain { word }) => explain::explain(&console, &word.join(" ")),
        Some(Command::Schema) => pages::schema(&console),
        Some(Command::New { path, from }) => new::new(&console, path, from),
        Some(Command::Completions { shell }) => pages::completions(&console, *shell),
        Some(Command::Man { output }) => pages::man(&console, output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console.error(&failure);
            ExitCode::from(exit_code::from_failure(&failure))
        }
    }
}
