//! Report of `brooks sweep --sensitivity`: the effect of each axis on a figure, and the share of noise.

use serde_json::{Value, json};

use crate::experiment::sensitivity::{Sensitivity, SensitivityMethod, SensitivityResult, VariedAxis};
use crate::problem::plural;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::run::{shown, title};
use crate::report::{json_number, listed};
use crate::scaling::elementary_effects::Effect;
use crate::scaling::resample::Ranged;
use crate::scaling::sobol_indices::Indices;

/// Share of the variance; an axis matters little if the upper end of its total index is below it.
const HARDLY: f64 = 0.01;
/// Share of noise from which there is a warning.
const NOISY: f64 = 0.05;
/// Width of an interval, as a share of the variance, from which there is a warning.
const WIDE: f64 = 0.2;

/// Returns the lines above the table, the verdict first.
pub fn verdict(answer: &Sensitivity) -> Vec<String> {
    let figure = title(answer.question.of.name);
    if let Some((many, first)) = &answer.barren {
        let complete = if *many == 1 { "completes" } else { "complete" };
        return vec![format!(
            "{} {complete} no run, so {figure} is not known there; the first is {first}",
            plural(many, "point")
        )];
    }
    let Some(found) = &answer.found else {
        let everywhere = shown(answer.question.of.unit, answer.mean);
        return vec![format!("nothing moves {figure} on these axes: it is {everywhere} everywhere")];
    };
    let mut lines = vec![most(answer, found)];
    if let SensitivityResult::Indices(indices) = found {
        lines.push(together(indices));
    }
    let idle = order(found).into_iter().filter(|&axis| hardly(answer, found, axis));
    let idle: Vec<&str> = idle.filter_map(|axis| Some(answer.axes.get(axis)?.label.as_str())).collect();
    if !idle.is_empty() && idle.len() < answer.axes.len() {
        lines.push(format!("hardly matters: {}", idle.join(", ")));
    }
    lines
}

fn most(answer: &Sensitivity, found: &SensitivityResult) -> String {
    let figure = title(answer.question.of.name);
    let order = order(found);
    let sizes = sizes(found);
    let named = |axis: usize| answer.axes.get(axis).map_or("", |axis| axis.label.as_str());
    let Some(&first) = order.first() else { return String::new() };
    let is_like = |axis: &&usize| **axis != first && sizes[**axis].overlaps(&sizes[first]);
    let like: Vec<&str> = order.iter().filter(is_like).map(|&axis| named(axis)).collect();
    let like =
        if like.is_empty() { String::new() } else { format!("; {} may as much: intervals overlap", listed(&like)) };
    let measured = |axis: usize| match found {
        SensitivityResult::Indices(indices) => index(&indices.total[axis]),
        SensitivityResult::Effects(effects) => size(answer, &effects[axis]),
    };
    let name = named(first);
    match found {
        SensitivityResult::Indices(indices) => format!(
            "{name} moves {figure} most: total index {}, {} by itself{like}",
            measured(first),
            index(&indices.first[first])
        ),
        SensitivityResult::Effects(effects) => {
            let way = answer.axes.get(first).map_or("", |axis| way(axis, &effects[first]));
            format!("{name} moves {figure} most: by {} on average over its range{way}{like}", measured(first))
        }
    }
}

fn way(axis: &VariedAxis, effect: &Effect) -> &'static str {
    match effect.mean {
        _ if axis.is_named => "",
        mean if mean.high < 0.0 => ", mostly down",
        mean if mean.low > 0.0 => ", mostly up",
        _ => ", up or down",
    }
}

fn together(indices: &Indices) -> String {
    let alone: f64 = indices.first.iter().map(|range| range.estimate).sum();
    let shared = number::percent((1.0 - alone).max(0.0));
    let alone = number::percent(alone.clamp(0.0, 1.0));
    format!("each by itself the axes account for about {alone} of the variance; {shared} is interplay of two or more")
}

fn hardly(answer: &Sensitivity, found: &SensitivityResult, axis: usize) -> bool {
    match found {
        SensitivityResult::Indices(indices) => indices.total[axis].high < HARDLY,
        SensitivityResult::Effects(effects) => {
            effects[axis].size.high < HARDLY * largest(effects).min(answer.mean.abs())
        }
    }
}

fn largest(effects: &[Effect]) -> f64 {
    effects.iter().map(|effect| effect.size.estimate).fold(0.0, f64::max)
}

/// Returns the measure by which axes are ordered.
fn sizes(found: &SensitivityResult) -> Vec<Ranged> {
    match found {
        SensitivityResult::Indices(indices) => indices.total.clone(),
        SensitivityResult::Effects(effects) => effects.iter().map(|effect| effect.size).collect(),
    }
}

/// Orders the axes, the largest effect first.
fn order(found: &SensitivityResult) -> Vec<usize> {
    let sizes = sizes(found);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| sizes[b].estimate.total_cmp(&sizes[a].estimate));
    order
}

fn index(range: &Ranged) -> String {
    // A value that rounds to zero has no sign.
    let two = |value: f64| format!("{value:.2}").replace("-0.00", "0.00");
    format!("{} [{}, {}]", two(range.estimate), two(range.low), two(range.high))
}

fn size(answer: &Sensitivity, effect: &Effect) -> String {
    let Ranged { estimate, low, high } = effect.size;
    let [estimate, low, high] = [estimate, low, high].map(|value| signed(answer, value));
    format!("{estimate} [{low}, {high}]")
}

fn signed(answer: &Sensitivity, value: f64) -> String {
    let text = shown(answer.question.of.unit, value.abs());
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Returns the lines below the table: the design, and warnings.
pub fn method(answer: &Sensitivity) -> Vec<String> {
    let (evaluations, points, runs) = (answer.evaluations as u64, answer.points as u64, answer.runs);
    let [evaluations, points, counted] = [evaluations, points, runs].map(number::count);
    let how = match answer.question.method {
        SensitivityMethod::Morris(walks) => {
            format!("{} walks (Morris): an axis changed at a time", number::count(walks as u64))
        }
        SensitivityMethod::Sobol(rows) => {
            format!("{} rows (Sobol indices after Saltelli and Jansen)", number::count(rows as u64))
        }
    };
    let mut lines = vec![format!("{how}; {evaluations} evaluations of {points} different points, {counted} runs")];
    if answer.completed < runs {
        let completed = number::count(answer.completed);
        lines.push(format!("{completed} of {counted} runs completed, and the figures are of these only"));
    }
    let sd = shown(answer.question.of.unit, answer.variance.sqrt());
    let mean = shown(answer.question.of.unit, answer.mean);
    let figure = title(answer.question.of.name);
    let noise = match answer.noise {
        None => "how much of it is noise can't be said from one run a point".to_owned(),
        Some(share) if share < NOISY => format!("{} of that variance is noise", number::percent_of(share)),
        Some(share) => format!(
            "{} of that variance is noise, which widens everything: more --reps would help",
            number::percent_of(share)
        ),
    };
    if answer.found.is_some() {
        lines.push(format!("over these points {figure} is {mean} with a standard deviation of {sd}; {noise}"));
    }
    if matches!(answer.found, Some(SensitivityResult::Effects(_))) {
        lines.push(
            "size: mean of |effect| over the whole range (mu*); mean: with its sign (mu); spread (sigma): as large as the \
             size, the effect depends on where the others are"
                .to_owned(),
        );
    }
    if let Some(SensitivityResult::Indices(indices)) = &answer.found
        && indices.total.iter().any(|range| range.high - range.low > WIDE)
    {
        lines.push("the intervals are wide: four times the rows halve them".to_owned());
    }
    lines.push("all points share their random numbers; intervals are 95 %, from resampled rows".to_owned());
    lines
}

/// Builds a table with a row an axis, the largest effect first.
pub fn table(answer: &Sensitivity) -> Table {
    let mut columns = vec![Column::text("axis", "axis"), Column::text("range", "from, to")];
    columns.extend(match answer.question.method {
        SensitivityMethod::Sobol(_) => ["first", "total"]
            .map(|key| {
                let title = if key == "first" { "by itself [95 %]" } else { "total [95 %]" };
                Column::number(key, title)
            })
            .to_vec(),
        SensitivityMethod::Morris(_) => [("size", "size [95 %]"), ("mean", "mean"), ("spread", "spread")]
            .map(|(key, title)| Column::number(key, title))
            .to_vec(),
    });
    let mut table = Table::new(columns);
    let Some(found) = &answer.found else { return table };
    for k in order(found) {
        let Some(axis) = answer.axes.get(k) else { continue };
        let mut row = vec![Cell::text(axis.label.as_str()), Cell::text(axis.range.as_str())];
        match found {
            SensitivityResult::Indices(indices) => {
                let cell = |range: &Ranged| Cell::number(range.estimate, index(range));
                row.extend([cell(&indices.first[k]), cell(&indices.total[k])]);
            }
            SensitivityResult::Effects(effects) => {
                let effect = &effects[k];
                let number = |value: f64| Cell::number(value, signed(answer, value));
                row.push(Cell::number(effect.size.estimate, size(answer, effect)));
                row.push(if axis.is_named { Cell::none() } else { number(effect.mean.estimate) });
                row.push(number(effect.spread));
            }
        }
        table.push(row);
    }
    if let SensitivityResult::Indices(indices) = found {
        let mut pairs: Vec<_> = indices.pairs.iter().collect();
        pairs.sort_by(|a, b| b.2.estimate.total_cmp(&a.2.estimate));
        for (i, j, range) in pairs {
            let name = [i, j].map(|&axis| answer.axes.get(axis).map_or("", |axis| axis.label.as_str())).join(" x ");
            let none = Cell { shown: String::new(), ..Cell::none() };
            table.push(vec![
                Cell::text(name),
                Cell::text("the two together"),
                Cell::number(range.estimate, index(range)),
                none,
            ]);
        }
    }
    table
}

/// Builds the table of all figures, for files.
pub fn full(answer: &Sensitivity) -> Table {
    let names: &[&str] = match answer.question.method {
        SensitivityMethod::Sobol(_) => &["first", "total"],
        SensitivityMethod::Morris(_) => &["size", "mean"],
    };
    let mut columns = vec![Column::text("axis", "axis"), Column::text("range", "range")];
    for name in names {
        for key in [(*name).to_owned(), format!("{name}.ci95_low"), format!("{name}.ci95_high")] {
            columns.push(Column::number(&key, &key));
        }
    }
    if let SensitivityMethod::Morris(_) = answer.question.method {
        columns.push(Column::number("spread", "spread"));
    }
    let mut table = Table::new(columns);
    let plain = |value: f64| Cell::number(value, value.to_string());
    let cells = |range: &Ranged| [range.estimate, range.low, range.high].map(plain);
    let Some(found) = &answer.found else { return table };
    for (k, axis) in answer.axes.iter().enumerate() {
        let mut row = vec![Cell::text(axis.label.as_str()), Cell::text(axis.range.as_str())];
        match found {
            SensitivityResult::Indices(indices) => {
                row.extend(cells(&indices.first[k]));
                row.extend(cells(&indices.total[k]));
            }
            SensitivityResult::Effects(effects) => {
                row.extend(cells(&effects[k].size));
                row.extend(cells(&effects[k].mean));
                row.push(plain(effects[k].spread));
            }
        }
        table.push(row);
    }
    table
}

/// Returns JSON for programs.
pub fn to_json(answer: &Sensitivity) -> Value {
    let range = |range: &Ranged| json!({ "estimate": range.estimate, "ci95": [range.low, range.high] });
    let axis = |(place, axis): (usize, &VariedAxis)| {
        let mut value = json!({ "axis": axis.label, "range": axis.range });
        match &answer.found {
            Some(SensitivityResult::Indices(indices)) => {
                value["first"] = range(&indices.first[place]);
                value["total"] = range(&indices.total[place]);
            }
            Some(SensitivityResult::Effects(effects)) => {
                value["size"] = range(&effects[place].size);
                value["mean"] = if axis.is_named { Value::Null } else { range(&effects[place].mean) };
                value["spread"] = json_number(effects[place].spread);
            }
            None => {}
        }
        value
    };
    let name = |place: usize| answer.axes.get(place).map(|axis| axis.label.clone());
    let pairs = match &answer.found {
        Some(SensitivityResult::Indices(indices)) => indices
            .pairs
            .iter()
            .map(|(i, j, pair)| json!({ "axes": [name(*i), name(*j)], "index": range(pair) }))
            .collect(),
        _ => Vec::new(),
    };
    let (method, size) = match answer.question.method {
        SensitivityMethod::Morris(walks) => ("morris", walks),
        SensitivityMethod::Sobol(rows) => ("sobol", rows),
    };
    json!({
        "method": method,
        "size": size,
        "of": answer.question.of.name,
        "unit": answer.question.of.unit,
        "axes": answer.axes.iter().enumerate().map(axis).collect::<Vec<_>>(),
        "pairs": pairs,
        "evaluations": answer.evaluations,
        "points": answer.points,
        "runs": answer.runs,
        "completed": answer.completed,
        "mean": answer.mean,
        "variance": answer.variance,
        "noise_share": answer.noise,
    })
}
