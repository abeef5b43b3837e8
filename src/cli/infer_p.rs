//! `brooks infer-p`: the serial fraction from two times (Karp-Flatt).

use crate::cli::args::{Format, InferPArgs};
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::problem::quantity::duration;
use crate::report;
use crate::report::infer_p::TwoTimes;

pub(super) fn infer_p(console: &Console, args: &InferPArgs) -> CommandResult {
    let (one, team) = (time("--t1", &args.t1)?, time("--tn", &args.tn)?);
    if !(2..=1_000_000_000).contains(&args.n) {
        let message = "expected a team size of at least 2";
        return Err(Failure::Usage(format!("--n {}: {message}", args.n)));
    }
    let times = TwoTimes { one, team, n: args.n as f64 };
    if let Some(refusal) = times.refusal() {
        return Err(Failure::Usage(format!("--t1 {} --tn {} --n {}: {refusal}", args.t1, args.tn, args.n)));
    }
    match console.format {
        Format::Table => {
            let footer = report::footer_without_seed(&command());
            console.print(&format!("{}\n{footer}", times.to_text(console.color)));
        }
        Format::Markdown => console.print(&times.table().to_markdown()),
        Format::Csv => console.print(&times.table().to_csv()),
        Format::Json => console.print_document(None, &command(), times.to_json()),
    }
    Ok(())
}

/// Parses a time above 0, in seconds.
fn time(flag: &str, text: &str) -> Result<f64, Failure> {
    match duration(text) {
        Ok(seconds) if seconds > 0.0 => Ok(seconds),
        Ok(_) => Err(Failure::Usage(format!("{flag} {text}: expected a time above 0, such as 45m"))),
        Err(message) => Err(Failure::Usage(format!("{flag}: {message}; expected a time such as 45m, 1h05m or 90s"))),
    }
}
