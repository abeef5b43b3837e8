//! `brooks compare`: architectures with common random numbers.

use std::fmt::Write;

use crate::cli::args::{CompareArgs, Format};
use crate::cli::console::{CommandResult, Console, repeat};
use crate::cli::progress::Progress;
use crate::cli::{input, threads};
use crate::experiment::compare::{self, Comparison};
use crate::experiment::refused::RefusedTeam;
use crate::report;
use crate::scenario::{Node, ScenarioFile};

pub(super) fn compare(console: &Console, args: &CompareArgs) -> CommandResult {
    let file = input::scenario(console, &args.scenario, &[])?;
    let names = input::architectures("--architectures", &args.architectures)?;
    let architectures = compare::choose(&file, &names);
    let sizes: Vec<Node> = match &args.scenario.agents {
        Some(agents) => {
            let file = input::with_axis(&file, "--agents", "agents", agents)?;
            file.axes().iter().find(|axis| axis.label == "agents").map(|axis| axis.values.clone()).unwrap_or_default()
        }
        None => vec![Node::from(file.scenario()?.team.len() as u32)],
    };
    let replications = match args.precision {
        Some(relative) => threads::precise(console, args.threads, relative, args.max_reps, |precision, done| {
            compare::replications(&file, &architectures, &sizes, precision, done)
        })?,
        None => args.reps.unwrap_or_else(|| file.replications()),
    };
    let points = (architectures.len() * sizes.len()) as u64;
    let progress = Progress::new(console, 2 * points * replications);
    let comparisons = threads::on_threads(args.threads, || {
        compare::compare(&file, &architectures, &sizes, replications, &|runs| progress.add(runs))
    })??;
    let took = progress.finish();
    console.verbose(&format!("{} runs in {:.2} s", 2 * points * replications, took.as_secs_f64()));
    print(console, &file, &comparisons, replications)
}

fn print(console: &Console, file: &ScenarioFile, comparisons: &[Comparison], replications: u64) -> CommandResult {
    let command = repeat(file.seed());
    let has_prices = file.scenario()?.prices != crate::record::Prices::default();
    let table = report::compare::table(comparisons, has_prices);
    let refused: Vec<RefusedTeam> = comparisons.iter().flat_map(|comparison| comparison.refused.clone()).collect();
    let left_out = report::refused::lines(&refused);
    let note = |lines: &[String]| {
        for line in lines {
            console.note(line);
        }
    };
    match console.format {
        Format::Table => {
            let mut text: String = comparisons.iter().map(|c| report::compare::verdict(c) + "\n").collect();
            text.push('\n');
            text.push_str(&table.to_text(console.color));
            let _ = write!(
                text,
                "\n{replications} replications, the same noise for all; differences are paired; speedup over solo: one agent alone\n{}{}\n{}",
                report::compare::noise(comparisons).map_or(String::new(), |noise| noise + "\n"),
                left_out.iter().fold(String::new(), |lines, line| lines + line + "\n"),
                report::footer(file.seed(), &command),
            );
            console.print(&text);
        }
        Format::Markdown => {
            note(&left_out);
            console.print(&table.to_markdown());
        }
        Format::Csv => {
            note(&left_out);
            console.print(&table.to_csv());
        }
        Format::Json => {
            let mut document = report::document(Some(file.seed()), &command);
            document["scenario"] = file.name().into();
            document["comparisons"] = report::compare::to_json(comparisons);
            console.print_json(&document);
        }
    }
    Ok(())
}
