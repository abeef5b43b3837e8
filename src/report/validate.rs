//! Report of `brooks validate`: simulated against recorded teams, with the noise floor and the laws.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::prediction::validation::{
    FigureUnit, LAW_NAMES, MEASURES, Score, Simulated, Validation, ValidationCell, ValidationRow,
};
use crate::problem::plural;
use crate::report::render::number;
use crate::report::render::table::{self, Column, Table, Tint};

/// Laws fitted without recorded teams, from one agent only.
const UNSEEING: [&str; 2] = ["amdahl", "no_change"];
/// Most reasons for cells that are not simulated.
const MOST_NAMED: usize = 5;

/// A validation and the origin of its model.
pub struct ValidateReport<'a> {
    /// The validation.
    pub validation: &'a Validation,
    /// Description of the model.
    pub model: String,
    /// Number of recorded runs.
    pub runs: usize,
    /// Number of runs left out because the model was calibrated on them.
    pub seen: usize,
}

impl ValidateReport<'_> {
    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool) -> String {
        let mut text = self.verdict();
        let table = self.shown();
        if !table.rows().is_empty() {
            text.push('\n');
            text.push_str(&table.to_text(color));
        }
        text.push_str("\nassumed and left out\n");
        text.push_str(&self.notes().iter().fold(String::new(), |text, note| text + "  - " + note + "\n"));
        text
    }

    /// Returns Markdown for a page of documentation or a comment.
    pub fn to_markdown(&self) -> String {
        let notes = self.notes().iter().fold(String::new(), |text, note| text + "- " + &table::markdown(note) + "\n");
        let verdict = self.verdict().lines().map(table::markdown).collect::<Vec<_>>().join("  \n");
        format!("{verdict}\n\n{}\n{notes}", self.shown().to_markdown())
    }

    /// Builds the printed table, without keys and without figures that have no value.
    pub fn shown(&self) -> Table {
        let whole = self.table();
        let mut table = Table::new(whole.columns().to_vec());
        let mut before = String::new();
        for (row, cells) in self.validation.rows.iter().zip(whole.rows()) {
            if row.model.value.is_none() && row.laws.iter().all(|law| law.value.is_none()) {
                continue;
            }
            let mut cells = cells.clone();
            // A figure is named in the first row of its architectures.
            if let Some(about) = cells.get_mut(1) {
                if about.shown == before {
                    about.shown.clear();
                } else {
                    before.clone_from(&about.shown);
                }
            }
            table.push(cells);
        }
        table.retain(|column, _| !["figure", "log_error"].contains(&column.key.as_str()));
        let keep = |column: &Column, cells: &[&table::Cell]| {
            let is_law = LAW_NAMES.contains(&column.key.as_str()) || column.key == "left_out";
            !is_law || !cells.iter().all(|cell| cell.raw.is_empty() || cell.raw == "0")
        };
        table.retain(keep);
        table
    }

    /// Returns a line an architecture, and a line on the data.
    pub fn verdict(&self) -> String {
        let mut text = String::new();
        for row in self.validation.rows.iter().filter(|row| row.figure.name == "makespan") {
            let _ = writeln!(text, "{}: {}", row.architecture, self.verdict_of(row));
        }
        let scored = self.validation.cells.iter().filter(|cell| cell.is_scored);
        let (cells, runs) = scored.fold((0, 0), |(cells, runs), cell| (cells + 1, runs + cell.runs));
        if text.is_empty() {
            text.push_str("nothing is scored: there is no recorded run of the team sizes asked for\n");
        }
        let _ = writeln!(
            text,
            "{}; {} simulated runs a cell, {} of {} recorded runs",
            self.model,
            number::count(self.validation.plan.replications),
            in_words(cells),
            number::count(runs as u64),
        );
        text
    }

    fn verdict_of(&self, makespan: &ValidationRow) -> String {
        let Some(value) = makespan.model.value else {
            return "no makespan could be predicted".to_owned();
        };
        let mut text = format!("makespan within {} of the recorded in half of the cells", in_percent(value));
        let floor = makespan.noise_floor.map(|floor| format!("noise floor {}", in_percent(floor)));
        let named: Vec<String> = [floor, best(makespan)].into_iter().flatten().collect();
        if !named.is_empty() {
            let _ = write!(text, " ({})", named.join("; "));
        }
        if let Some(speedup) = self.validation.row("speedup", &makespan.architecture)
            && let Some(value) = speedup.model.value
        {
            let _ = write!(text, "; speedup by work and size within {}", in_percent(value));
            if let Some(floor) = speedup.noise_floor {
                let _ = write!(text, " ({})", in_percent(floor));
            }
        }
        text
    }

    /// Builds a table with a row a figure and architecture.
    pub fn table(&self) -> Table {
        let mut columns = vec![
            Column::text("figure", "figure"),
            Column::text("about", "what"),
            Column::text("architecture", "architecture"),
            Column::number("value", "model"),
            Column::number("noise_floor", "noise floor"),
            Column::number("log_error", "log error"),
            Column::number("log_bias", "log bias"),
        ];
        let titles = ["Amdahl", "fitted", "USL", "no change", "last value"];
        columns.extend(LAW_NAMES.iter().zip(titles).map(|(law, title)| Column::number(law, title)));
        columns.extend([Column::number("cells", "of"), Column::number("left_out", "left out")]);
        let mut table = Table::new(columns);
        for row in &self.validation.rows {
            let shown = |value: Option<f64>| table::Cell::shown(value, |value| show(row.figure.unit, value));
            let log = |value: Option<f64>, sign: bool| {
                let text = |value: f64| if sign { format!("{value:+.2}") } else { format!("{value:.2}") };
                table::Cell::shown(value, text)
            };
            let mut cells = vec![
                table::Cell::text(row.figure.name),
                table::Cell::text(row.figure.about),
                table::Cell::text(row.architecture.clone()),
                shown(row.model.value).tinted(if is_best(row) { Tint::Good } else { Tint::Plain }),
                shown(row.noise_floor),
                log(row.model.log_error, false),
                log(row.model.log_bias, true),
            ];
            cells.extend(row.laws.iter().map(|law| shown(law.value)));
            cells.push(table::Cell::count(row.model.units as u64));
            cells.push(table::Cell::count(row.model.left_out as u64));
            table.push(cells);
        }
        table
    }

    /// Returns the assumptions behind the figures, then the runs and cells left out.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "errors are of means over completed runs; noise floor: what a perfect model would still show, as cells have \
             few runs; log bias above 0: too much is predicted"
                .to_owned(),
            "the laws start from the recorded makespan of one agent; fitted and USL have seen the other curves of teams; \
             the last value is carried forward from the next smaller team"
                .to_owned(),
        ];
        if self.seen > 0 {
            notes.push(format!(
                "{} runs are left out: the profile was calibrated on them",
                number::count(self.seen as u64)
            ));
        }
        notes.extend(self.notes_on_cells());
        notes.extend(self.not_simulated());
        notes
    }

    fn scored(&self) -> impl Iterator<Item = (&ValidationCell, &Simulated)> {
        self.validation.cells.iter().zip(&self.validation.simulated).filter(|(cell, _)| cell.is_scored)
    }

    fn notes_on_cells(&self) -> Vec<String> {
        let fewest = self.validation.plan.fewest_runs;
        let count = |is: &dyn Fn(&ValidationCell, &Simulated) -> bool| {
            self.scored().filter(|(cell, simulated)| is(cell, simulated)).count()
        };
        let few = format!("fewer than {fewest} completed runs, so counted for the completion rate only");
        let counts = [
            (few.as_str(), count(&|cell, _| cell.completed() < fewest)),
            (
                "no recorded run of one agent, so no speedup and no predictions of laws",
                count(&|cell, _| cell.baseline.is_none()),
            ),
            (
                "model unknown, so what all known models have in common is simulated",
                count(&|_, simulated| simulated.is_pooled),
            ),
            (
                "tasks not recorded, so assumed, as many as were completed, a chain beside free ones by their parallel \
                 fraction",
                count(&|cell, simulated| cell.tasks_assumed && simulated.why_not.is_none()),
            ),
        ];
        let counts = counts.into_iter().filter(|(_, cells)| *cells > 0);
        let mut notes: Vec<String> = counts.map(|(note, cells)| format!("{note}: {}", in_words(cells))).collect();
        if self.scored().next().is_some() && count(&|cell, _| cell.max_rounds.is_none()) == 0 {
            notes.push(
                "when a run is given up is not recorded: after as many rounds as recorded runs took that did not \
                 complete, in the cell or else under its architecture"
                    .to_owned(),
            );
        }
        notes
    }

    /// Returns the reasons why cells are not simulated, in the order of the cells.
    fn not_simulated(&self) -> Vec<String> {
        let mut reasons: Vec<(&str, String, usize)> = Vec::new();
        for (cell, simulated) in self.scored() {
            let Some(why) = simulated.why_not.as_deref() else { continue };
            match reasons.iter_mut().find(|(reason, ..)| *reason == why) {
                Some((.., more)) => *more += 1,
                None => reasons.push((why, cell.name(), 0)),
            }
        }
        let note = |(why, name, more): &(&str, String, usize)| {
            let more = if *more == 0 { String::new() } else { format!(" and {} more", in_words(*more)) };
            format!("not simulated: {name}{more}: {why}")
        };
        let mut notes: Vec<String> = reasons.iter().take(MOST_NAMED).map(note).collect();
        if reasons.len() > MOST_NAMED {
            notes.push(format!("not simulated for {} further reasons (--format json)", reasons.len() - MOST_NAMED));
        }
        notes
    }

    /// Returns the JSON of `figures` and `cells`.
    pub fn to_json(&self) -> (Value, Value) {
        let cells = self.validation.cells.iter().enumerate();
        (
            self.validation.rows.iter().map(figure_json).collect(),
            cells.map(|(place, _)| self.cell_json(place)).collect(),
        )
    }

    fn cell_json(&self, place: usize) -> Value {
        let validation = self.validation;
        let (cell, recorded) = (&validation.cells[place], &validation.recorded[place]);
        let simulated = &validation.simulated[place];
        let mut line: Map<String, Value> = validation
            .plan
            .by
            .iter()
            .zip(&cell.labels)
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let measures: Map<String, Value> = MEASURES
            .iter()
            .enumerate()
            .map(|(place, measure)| {
                let pair = json!({ "recorded": recorded.mean(place), "simulated": simulated.prediction.mean(place) });
                (measure.name.to_owned(), pair)
            })
            .collect();
        let laws: Map<String, Value> = LAW_NAMES
            .iter()
            .zip(&validation.laws)
            .map(|(name, law)| ((*name).to_owned(), law[place].mean(0).into()))
            .collect();
        let more = json!({
            "agents": cell.agents, "architecture": cell.architecture, "scored": cell.is_scored,
            "runs": cell.runs, "completed": cell.completed(),
            "recorded_mean": recorded.mean(0), "simulated_mean": simulated.prediction.mean(0),
            "measures": measures,
            "speedup": {
                "recorded": recorded.speedup, "log_se": cell.speedup_se(&validation.cells),
                "simulated": simulated.prediction.speedup,
            },
            "completion": { "recorded": recorded.completion, "simulated": simulated.prediction.completion },
            "interval_80_s": simulated.prediction.interval.map(|(low, high)| [low, high]),
            "runs_within": simulated.prediction.interval.map(|(low, high)| {
                cell.values_of(0).iter().filter(|value| (low..=high).contains(*value)).count()
            }),
            "laws_makespan_s": laws, "max_rounds": cell.max_rounds, "tasks_assumed": cell.tasks_assumed,
            "pooled": simulated.is_pooled, "why_not": simulated.why_not, "digest": simulated.digest.to_string(),
        });
        if let Value::Object(more) = more {
            line.extend(more);
        }
        line.into()
    }
}

/// Formats a number of cells.
fn in_words(cells: usize) -> String {
    plural(number::count(cells as u64), "cell")
}

fn figure_json(row: &ValidationRow) -> Value {
    let mut line = json!({
        "figure": row.figure.name, "architecture": row.architecture, "about": row.figure.about,
        "unit": match row.figure.unit {
            FigureUnit::Error | FigureUnit::Share | FigureUnit::Coverage => "percent",
            FigureUnit::Points => "percentage points",
            FigureUnit::Correlation => "correlation",
        },
        "value": row.model.value, "noise_floor": row.noise_floor,
        "log_error": row.model.log_error, "log_bias": row.model.log_bias,
        "cells": row.model.units, "left_out": row.model.left_out,
    });
    for (name, law) in LAW_NAMES.iter().zip(&row.laws) {
        line[*name] = law.value.into();
    }
    line
}

/// Returns the law with the least error, of those without recorded teams and of all.
fn best(row: &ValidationRow) -> Option<String> {
    let all = || LAW_NAMES.iter().zip(&row.laws).filter_map(|(name, law)| Some((*name, law.value?)));
    let least = |laws: Vec<(&'static str, f64)>| laws.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let of_all = least(all().collect())?;
    let unseeing = least(all().filter(|(name, _)| UNSEEING.contains(name)).collect());
    let shown = |(name, value): (&str, f64)| format!("{} {}", in_percent(value), name.replace('_', " "));
    Some(match unseeing {
        Some(law) if law.0 == of_all.0 => format!("best law {}", shown(law)),
        Some(law) => format!("best law that has seen no team {}, of all {}", shown(law), shown(of_all)),
        None => format!("best law {}", shown(of_all)),
    })
}

/// True if no law without recorded teams has a smaller error.
fn is_best(row: &ValidationRow) -> bool {
    let unseeing = LAW_NAMES.iter().zip(&row.laws).filter(|(name, _)| UNSEEING.contains(name));
    let errors = matches!(row.figure.unit, FigureUnit::Error | FigureUnit::Points);
    let worse = |law: &Score| law.value.is_none_or(|law| row.model.value.is_some_and(|own| own <= law));
    errors && row.model.value.is_some() && unseeing.map(|(_, law)| law).all(worse)
}

fn show(unit: FigureUnit, value: f64) -> String {
    match unit {
        FigureUnit::Error | FigureUnit::Share | FigureUnit::Coverage => in_percent(value),
        FigureUnit::Points => format!("{value:.1} points"),
        FigureUnit::Correlation => format!("{value:.2}"),
    }
}

fn in_percent(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}
