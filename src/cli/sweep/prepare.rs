//! The sweep that the command line describes: axes, replications and design.

use crate::cli::args::SweepArgs;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::cli::input;
use crate::cli::threads::precision;
use crate::experiment::Sweep;
use crate::experiment::sweep::ReplicationCount;
use crate::experiment::sweep::design::Design;
use crate::scenario::ScenarioFile;

/// Maximum replications per point with `--per-run`: single runs stay in memory until their point is finished.
const MAX_KEPT_RUNS: u64 = 1 << 18;

/// Applies `--set`, `--agents`, `--architecture` and `--axis`. Designs between the ends of an axis take a range as its
/// two ends.
pub(super) fn with_axes(file: ScenarioFile, args: &SweepArgs) -> Result<ScenarioFile, Failure> {
    let mut file =
        input::with_axes(file, &args.scenario.set, args.scenario.agents.as_deref(), args.architecture.as_deref())?;
    let is_between = args.design != "grid" || args.questions.sensitivity.is_some();
    for axis in &args.questions.axis {
        let Some((path, values)) = axis.split_once('=') else {
            let message = format!("--axis {axis}: expected PATH=VALUES, such as team.profile.error_rate=0,0.1,0.2");
            return Err(Failure::Usage(message));
        };
        let ends = values.split_once("..").filter(|(_, high)| is_between && !high.contains(" by "));
        let values = ends.map_or_else(|| values.to_owned(), |(low, high)| format!("{low},{high}"));
        file = input::with_axis(&file, "--axis", path.trim(), &values)?;
    }
    Ok(file)
}

/// Returns the sweep over the axes of a scenario file.
pub(super) fn sweep<'a>(file: &'a ScenarioFile, args: &SweepArgs) -> Result<Sweep<'a>, Failure> {
    let sweep = Sweep::new(file, 1).with_replications(replications(args, file)?);
    Ok(if args.independent { sweep.independent() } else { sweep })
}

fn replications(args: &SweepArgs, file: &ScenarioFile) -> Result<ReplicationCount, Failure> {
    if let Some(relative) = args.precision {
        return Ok(ReplicationCount::Precise(precision(relative, args.max_reps)?));
    }
    match args.reps.unwrap_or_else(|| file.replications()) {
        0 => Err(Failure::Usage("--reps 0: expected at least 1".to_owned())),
        replications => Ok(ReplicationCount::Fixed(replications)),
    }
}

/// Applies `--design`.
pub(super) fn with_design<'a>(sweep: Sweep<'a>, file: &ScenarioFile, args: &SweepArgs) -> Result<Sweep<'a>, Failure> {
    let usage = |why: String| Failure::Usage(format!("--design {why}"));
    let design = Design::parse(&args.design).map_err(usage)?;
    Ok(match design.points(sweep.axes(), file.seed()).map_err(usage)? {
        Some(points) => sweep.of_points(points),
        None => sweep,
    })
}

/// Checks the limit of `--per-run`, and notes values outside the range of a learned profile.
pub(super) fn check(console: &Console, args: &SweepArgs, sweep: &Sweep<'_>) -> CommandResult {
    if args.per_run.is_some() && sweep.replications() > MAX_KEPT_RUNS {
        return Err(Failure::Usage(format!(
            "--per-run: {} replications per point; expected at most {MAX_KEPT_RUNS}",
            sweep.replications()
        )));
    }
    if let Some(outside) = sweep.outside() {
        console.note(&outside);
    }
    Ok(())
}
