//! `brooks run`: one run, with narrative, timeline and trace.

use crate::cli::args::{Format, RunArgs};
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::input;
use crate::cli::trace_format::TraceFormat;
use crate::experiment::solo_baseline;
use crate::record::{Ending, Facts, Log, Stats};
use crate::report::run::RunReport;
use crate::report::witness::Witness;
use crate::report::{narrate, timeline};
use crate::scenario::extrapolation;
use crate::simulation::Simulator;
use crate::trace::RunFacts;

pub(super) fn run(console: &Console, args: &RunArgs) -> CommandResult {
    // A file that cannot be written is an error before the run.
    let format = args.trace_out.as_deref().map(TraceFormat::from_path).transpose()?;
    let mut settings = Vec::new();
    if let Some(agents) = &args.scenario.agents {
        settings.push(("--agents", "team.agents", agents.as_str()));
    }
    if let Some(architecture) = &args.architecture {
        settings.push(("--architecture", "architecture", architecture.as_str()));
    }
    let file = input::scenario(console, &args.scenario, &settings)?;
    let scenario = file.scenario()?;
    let scenario = scenario.of_replication(args.replication).into_owned();
    let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
    Simulator::new(&scenario).run(&*scenario.architecture, args.replication, &mut (&mut stats, &mut log));
    let metrics = stats.metrics();
    let facts = Facts::new(&scenario.team, &scenario.graph, &scenario.resources);
    let alone = solo_baseline::metrics(&file, &scenario, args.replication);
    let mut report = RunReport::new(&file, &scenario, metrics, alone, repeat(scenario.seed));
    if report.run.ending != Ending::Completed {
        report.witness = Some(Witness::from_log(&facts, &log).describe(&facts, report.run.ending));
    }
    if args.narrate {
        let story = narrate::narrate(&facts, &log);
        if console.format == Format::Table { console.print(&story) } else { console.status(story.trim_end()) }
    }
    match console.format {
        Format::Table => console.print(&report.to_text()),
        Format::Json => console.print_json(&report.to_json()),
        Format::Csv => console.print(&report.to_csv()),
        Format::Markdown => console.print(&report.to_markdown()),
    }
    let context = report.run.input_tokens as f64 / f64::from(report.run.llm_calls.max(1));
    if let Some(outside) = extrapolation::outside(&[&scenario], Some(context)) {
        console.note(&outside);
    }
    if let Some(path) = &args.timeline {
        let title = format!("{}: {}", scenario.name, scenario.architecture_name);
        console.write(path, timeline::to_svg(&title, &facts, &log).as_bytes())?;
    }
    if let (Some(path), Some(format)) = (&args.trace_out, format) {
        let trace = RunFacts::of(&scenario, args.replication, &log);
        console.write(path, format.write_simulated(&trace, &log).as_bytes())?;
    }
    if args.require_complete && report.run.ending != Ending::Completed {
        return Err(Failure::Finding(format!("the run did not complete: {}", report.verdict())));
    }
    Ok(())
}
