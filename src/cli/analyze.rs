//! `brooks analyze`: metrics of recorded runs by group, with significance tests.

use crate::cli::args::{AnalyzeArgs, Format, StudyPreset};
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::cli::traces;
use crate::corpus::{CorpusBaseline, Grouping, RecordedRun, findings, groups, paper};
use crate::record::Prices;
use crate::report;
use crate::report::analyze::AnalyzeReport;

/// Labels required by the preset.
const PAPER_LABELS: [&str; 4] = ["model", "suite", "p", "architecture"];

pub(super) fn analyze(console: &Console, args: &AnalyzeArgs) -> CommandResult {
    let mut runs = Vec::new();
    traces::each(console, &args.traces, |trace| {
        runs.push(RecordedRun::from_trace(&trace, Prices::default()));
        Ok(())
    })?;
    match args.preset {
        Some(StudyPreset::Paper) => as_paper(console, &runs),
        None => in_groups(console, args, &runs),
    }
}

fn as_paper(console: &Console, runs: &[RecordedRun]) -> CommandResult {
    if let Some(label) = PAPER_LABELS.iter().find(|label| runs.iter().all(|run| run.label(label).is_empty())) {
        let message = format!("--as paper: no run has the label {label}; expected runs of the importer llm-teams");
        return Err(Failure::Usage(message));
    }
    let figures = paper::figures(runs);
    match console.format {
        Format::Table => {
            let footer = report::footer_without_seed(&command());
            console.print(&format!("{}\n{footer}", report::paper::to_text(&figures, console.color)));
        }
        Format::Csv => console.print(&report::paper::cells(&figures).to_csv()),
        Format::Markdown => {
            let tables = [report::paper::contrasts(&figures), report::paper::cells(&figures)];
            console.print(&tables.map(|table| table.to_markdown()).join("\n"));
        }
        Format::Json => console.print_document(None, &command(), report::paper::to_json(&figures).into()),
    }
    Ok(())
}

fn in_groups(console: &Console, args: &AnalyzeArgs, runs: &[RecordedRun]) -> CommandResult {
    let by = if args.by.is_empty() { Grouping::by_what_differs(runs) } else { args.by.clone() };
    let mut known: Vec<&str> = runs.iter().flat_map(|run| run.labels.iter().map(|(name, _)| name.as_str())).collect();
    known.sort_unstable();
    known.dedup();
    if let Some(unknown) = by.iter().find(|name| !known.contains(&name.as_str())) {
        let message = format!("--by {unknown}: no run has this label; expected one of {}", known.join(", "));
        return Err(Failure::Usage(message));
    }
    let grouping = Grouping { by: by.clone(), baseline: baseline(&args.baseline, &by)? };
    if let CorpusBaseline::Labels(labels) = &grouping.baseline {
        for (name, value) in labels {
            let mut values: Vec<&str> = runs.iter().map(|run| run.label(name)).collect();
            values.sort_unstable();
            values.dedup();
            if !values.contains(&value.as_str()) {
                let message =
                    format!("--baseline {name}={value}: no run has this value; expected one of {}", values.join(", "));
                return Err(Failure::Usage(message));
            }
        }
    }
    let completed: Vec<&RecordedRun> = runs.iter().filter(|run| run.is_completed()).collect();
    let report = AnalyzeReport {
        runs: runs.len(),
        completed: completed.len(),
        groups: groups(runs, &grouping),
        findings: findings(&completed, &by),
        baseline: grouping.baseline,
        by,
    };
    match console.format {
        Format::Table => {
            let footer = report::footer_without_seed(&command());
            console.print(&format!("{}\n{footer}", report.to_text(console.color)));
        }
        Format::Csv => console.print(&report.table().to_csv()),
        Format::Markdown => console.print(&report.table().to_markdown()),
        Format::Json => {
            let mut document = report::document(None, &command());
            document["by"] = report.by.clone().into();
            document["baseline"] = args.baseline.as_str().into();
            (document["groups"], document["tests"]) = report.to_json();
            console.print_json(&document);
        }
    }
    Ok(())
}

/// Parses `self`, `solo`, or labels: `n=1,mode=alone`.
fn baseline(text: &str, by: &[String]) -> Result<CorpusBaseline, Failure> {
    match text {
        "self" => Ok(CorpusBaseline::Own),
        "solo" => Ok(CorpusBaseline::Solo),
        labels => {
            let pairs = labels.split(',').map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let name = name.trim();
                by.iter().any(|label| label == name).then(|| (name.to_owned(), value.trim().to_owned()))
            });
            pairs.collect::<Option<Vec<_>>>().map(CorpusBaseline::Labels).ok_or_else(|| {
                let expected = format!("self, solo, or LABEL=VALUE,.. of the labels {}", by.join(", "));
                Failure::Usage(format!("--baseline {labels}: expected {expected}"))
            })
        }
    }
}
