//! Tables of measurements: team size and time, throughput or speedup, found by the usual names of columns.

mod commas;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use self::commas::Commas;
use crate::problem::Problems;
use crate::problem::quantity::duration;
use crate::scaling::sample::SizeGroup;
use crate::scaling::{MeasurementKind, Sample};
use crate::table::cells::{CellValue, DataTable};
use crate::table::format;
use crate::table::source::{ImportContext, SourceFile};

/// Assignment of columns by the user; what is not given is inferred from the names.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Column of team sizes.
    pub x: Option<String>,
    /// Column of measurements, or their kind: makespan, throughput, speedup.
    pub y: Option<String>,
    /// Kind of the measurements.
    pub kind: Option<MeasurementKind>,
    /// Columns whose values identify the curves.
    pub by: Vec<String>,
    /// Column of weights; if not given, the one with a usual name.
    pub weight: Option<String>,
    /// Exponent of the variance function, if known: errors grow with this power of the throughput. 0 is a constant error, 1 a
    /// constant relative error.
    pub power: Option<f64>,
}

/// Curves of a table.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// Column of team sizes.
    pub x: String,
    /// Column of measurements.
    pub y: String,
    /// Kind of the measurements.
    pub kind: MeasurementKind,
    /// Curves with their labels, in the order of their first rows.
    pub curves: Vec<(String, Sample)>,
    /// Notes for the user on the interpretation of the table.
    pub notes: Vec<String>,
}

/// Names of columns of team sizes, most specific first.
#[rustfmt::skip]
const SIZES: &[&str] = &[
    "agents", "n", "team size", "team", "threads", "processors", "procs", "processes", "users", "vusers", "clients",
    "workers", "cores", "cpus", "nodes", "servers", "concurrency", "connections", "parallelism", "virtual users",
    "load", "p", "size",
];
/// Names of columns of measurements by kind.
#[rustfmt::skip]
const KINDS: &[(MeasurementKind, &[&str])] = &[
    (MeasurementKind::Throughput, &["throughput", "x", "rate", "tput", "tps", "qps", "rps", "ops", "req/s",
        "requests/s", "ops/s", "tx/s", "requests per second", "transactions per second", "queries per second",
        "operations per second", "bandwidth", "performance", "score"]),
    (MeasurementKind::Time, &["makespan", "time", "seconds", "secs", "latency", "elapsed", "elapsed time", "duration",
        "runtime", "run time", "wall clock", "wallclock", "wall time", "walltime", "wall", "real", "t", "tn", "t(n)",
        "completion time", "execution time", "minutes", "hours", "milliseconds", "ms", "s"]),
    (MeasurementKind::Speedup, &["speedup", "speed up", "scaleup", "relative speed"]),
    (MeasurementKind::Response, &["response time", "response"]),
];
/// Names of columns of weights.
const WEIGHTS: &[&str] = &["weight", "weights"];
/// Units that may end the name of a column.
const UNITS: &[&str] =
    &["s", "sec", "secs", "seconds", "ms", "milliseconds", "us", "min", "minutes", "h", "hours", "ns"];
/// Most curves of a table; more indicate a column that does not identify curves.
const MAX_CURVES: usize = 200;

impl Measurements {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// All problems of the table, each with its line and a remedy.
    pub fn read(file: &SourceFile, wanted: &Columns) -> Result<Measurements, Problems> {
        Measurements::read_in(file, wanted).map_err(|mut problems| {
            problems.set_code("table");
            problems
        })
    }

    fn read_in(file: &SourceFile, wanted: &Columns) -> Result<Measurements, Problems> {
        let mut reading = ImportContext::default();
        let Some(names) = format::names(file, &mut reading) else { return Err(reading.problems) };
        if names.is_empty() {
            // Reading the table reports values that are not objects.
            format::read(file, &[], &mut reading);
            reading.bad(&file.path, 0, "", "the table has no columns", "a row or an object for each measurement");
            return Err(reading.problems);
        }
        let Some(mut chosen) = choose(file, &names, wanted, &mut reading) else { return Err(reading.problems) };
        let table = format::read(file, &chosen.all(), &mut reading);
        let curves = chosen.curves(file, &table, &mut reading);
        if reading.problems.is_empty() && curves.is_empty() {
            reading.bad(&file.path, 0, "", "the table has no measurements", "a row for each team size");
        }
        if !reading.problems.is_empty() {
            return Err(reading.problems);
        }
        let Chosen { x, y, kind, notes, .. } = chosen;
        Ok(Measurements { x, y, kind, curves, notes })
    }
}

/// Columns that are read.
struct Chosen {
    x: String,
    y: String,
    kind: MeasurementKind,
    /// Columns of standard deviations and of numbers of runs, if the measurements are means.
    means: Option<(String, String)>,
    weight: Option<String>,
    power: Option<f64>,
    by: Vec<String>,
    notes: Vec<String>,
}

/// Normalises a name for comparison: lower case, one space between words.
fn plain(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if "_-.[]".contains(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Normalises a name and removes a unit at its end: `time_ms`, `time (s)`, `makespan_s.mean`.
fn without_unit(name: &str) -> String {
    let plain = plain(&name.replace(['(', ')'], " "));
    let name = plain.strip_suffix(" mean").or_else(|| plain.strip_prefix("mean ")).unwrap_or(&plain);
    match name.rsplit_once(' ') {
        Some((stem, unit)) if UNITS.contains(&unit) => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// Returns the first column that has one of these names.
fn named<'a>(names: &'a [String], known: &[&str]) -> Option<&'a String> {
    let by = |read: fn(&str) -> String| known.iter().find_map(|k| names.iter().find(|name| read(name) == *k));
    by(plain).or_else(|| by(without_unit))
}

fn kind_of(name: &str) -> Option<MeasurementKind> {
    let fits = |read: fn(&str) -> String| {
        KINDS.iter().find(|(_, known)| known.contains(&read(name).as_str())).map(|(kind, _)| *kind)
    };
    fits(plain).or_else(|| fits(without_unit))
}

fn choose(file: &SourceFile, names: &[String], wanted: &Columns, reading: &mut ImportContext) -> Option<Chosen> {
    let there_are = format!("one of its columns: {}", listed(names));
    let is_column =
        |name: &String| names.iter().find(|n| *n == name).or_else(|| names.iter().find(|n| plain(n) == plain(name)));
    if !names.is_empty() && names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let expected = "names of columns in the first line, such as n,time or n,throughput";
        reading.bad(&file.path, 1, "", "the first line contains numbers instead of names", expected);
        return None;
    }
    let x = match &wanted.x {
        Some(name) => is_column(name),
        None => named(names, SIZES),
    };
    if x.is_none() {
        let usual = "team sizes (n, agents, threads, users, ..)";
        reading.bad(&file.path, 1, "", missing("x", wanted.x.as_ref(), usual), &format!("--x NAME with {there_are}"));
    }
    let mut notes = Vec::new();
    let (y, kind) = measured(names, x, wanted, is_column, &mut notes);
    if y.is_none() {
        let usual = "measurements (time, makespan, throughput, speedup, ..)";
        reading.bad(&file.path, 1, "", missing("y", wanted.y.as_ref(), usual), &format!("--y NAME with {there_are}"));
    } else if kind.is_none() {
        let message =
            format!("the kind of measurement can't be inferred from the name {}", y.map_or("", String::as_str));
        reading.bad(&file.path, 1, "", message, "--kind time, throughput, speedup or response");
    }
    let weight = match &wanted.weight {
        Some(name) => is_column(name),
        None => named(names, WEIGHTS),
    };
    if let (Some(name), None) = (&wanted.weight, weight) {
        reading.bad(&file.path, 1, "", format!("--weight {name}: no such column"), &there_are);
    }
    for name in [x, y, weight].into_iter().flatten() {
        if names.iter().filter(|other| *other == name).count() > 1 {
            reading.bad(&file.path, 1, "", format!("two columns are named {name}"), "unique names");
        }
    }
    let by = curve_columns(names, wanted, x);
    for name in by.iter().filter(|name| !names.contains(name)) {
        reading.bad(&file.path, 1, "", format!("--by {name}: no such column"), &there_are);
    }
    if !reading.problems.is_empty() {
        return None;
    }
    let (x, y, kind) = (x?.clone(), y?.clone(), kind?);
    let means = mean_columns(&y, names);
    if kind == MeasurementKind::Time && plain(&y).contains("latency") && wanted.kind.is_none() {
        notes.push(format!(
            "{y} is taken as the time for a fixed amount of work; if it is the response time of each of n users, use --kind response"
        ));
    }
    let weight = weight.filter(|_| means.is_none()).cloned();
    if let (Some(weight), None) = (&weight, &wanted.weight) {
        notes.push(format!("rows are weighted by the column {weight}"));
    }
    Some(Chosen { x, y, kind, means, weight, power: wanted.power, by, notes })
}

/// Returns the columns of standard deviations and numbers of runs that belong to a column of means.
fn mean_columns(y: &str, names: &[String]) -> Option<(String, String)> {
    let (sd, runs) = (format!("{}.sd", y.strip_suffix(".mean")?), "completed".to_owned());
    (names.contains(&sd) && names.contains(&runs)).then_some((sd, runs))
}

/// Message on a column that was not found: the one that an option names, or one with a known name.
fn missing(option: &str, name: Option<&String>, usual: &str) -> String {
    name.map_or_else(
        || format!("no column has a known name of {usual}"),
        |name| format!("--{option} {name}: no such column"),
    )
}

/// Finds the column of measurements and their kind.
fn measured<'a>(
    names: &'a [String],
    x: Option<&'a String>,
    wanted: &Columns,
    is_column: impl Fn(&String) -> Option<&'a String>,
    notes: &mut Vec<String>,
) -> (Option<&'a String>, Option<MeasurementKind>) {
    let others: Vec<String> = names.iter().filter(|name| Some(*name) != x).cloned().collect();
    let find = |kind: MeasurementKind| {
        let known = KINDS.iter().find(|row| row.0 == kind).map_or(&[][..], |row| row.1);
        named(&others, known).and_then(|own| names.iter().find(|name| *name == own))
    };
    if let Some(wanted_y) = &wanted.y {
        let column = is_column(wanted_y);
        let by_kind = || kind_of(wanted_y).and_then(find);
        let y = column.or_else(by_kind);
        return (y, wanted.kind.or_else(|| y.and_then(|name| kind_of(name))));
    }
    let kinds = wanted.kind.map_or_else(|| KINDS.iter().map(|row| row.0).collect(), |kind| vec![kind]);
    let candidates: Vec<(MeasurementKind, &String)> =
        kinds.iter().filter_map(|&kind| Some((kind, find(kind)?))).collect();
    if let [(kind, first), (_, other), ..] = candidates[..] {
        notes.push(format!("{first} is fitted ({}), not {other}; --y NAME selects another column", kind.name()));
    }
    match candidates.first() {
        Some(&(kind, name)) => (Some(name), Some(kind)),
        // Of two columns the one that is not the team size is the measurement.
        None => match &others[..] {
            [only] => (names.iter().find(|name| *name == only), wanted.kind),
            _ => (None, wanted.kind),
        },
    }
}

/// Returns the columns that identify curves: those of `--by`, or the axes of a sweep of brooks, which precede `runs`.
fn curve_columns(names: &[String], wanted: &Columns, x: Option<&String>) -> Vec<String> {
    if !wanted.by.is_empty() {
        return wanted.by.clone();
    }
    let is_sweep = ["makespan_s.mean", "completed", "digest"].iter().all(|name| names.iter().any(|n| n == name));
    let axes = names.iter().take_while(|name| *name != "runs").filter(|name| Some(*name) != x);
    if is_sweep { axes.cloned().collect() } else { Vec::new() }
}

fn listed(names: &[String]) -> String {
    let most = 30;
    let mut text = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        let _ = write!(text, ", .. and {} more", names.len() - most);
    }
    text
}

impl Chosen {
    fn all(&self) -> Vec<String> {
        let mut all = vec![self.x.clone(), self.y.clone()];
        all.extend(self.means.iter().flat_map(|(sd, runs)| [sd.clone(), runs.clone()]));
        all.extend(self.weight.clone());
        all.extend(self.by.iter().cloned());
        all
    }

    /// Reads the curves with their labels, in the order of their first rows.
    fn curves(&mut self, file: &SourceFile, table: &DataTable, reading: &mut ImportContext) -> Vec<(String, Sample)> {
        let mut order: Vec<String> = Vec::new();
        let mut rows: BTreeMap<String, Vec<(f64, f64, f64)>> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<SizeGroup>> = BTreeMap::new();
        let (mut empty, mut units) = (0, [0_usize; 2]);
        let commas = self.commas(file, table, reading);
        if commas == Commas::Unclear {
            return Vec::new();
        }
        for (row, &line) in table.positions.iter().enumerate() {
            if table.cell(row, 1).is_nothing() {
                empty += 1;
                continue;
            }
            let numbers = self.numbers(file, table, (row, line as usize), commas, reading);
            let Some((n, (has_unit, value), weight)) = numbers else { continue };
            units[usize::from(has_unit)] += 1;
            let label = self.label(table, row);
            if !order.contains(&label) {
                if order.len() >= MAX_CURVES {
                    reading.bad(&file.path, line as usize, "", "more than 200 curves", "--by with fewer columns");
                    return Vec::new();
                }
                order.push(label.clone());
            }
            if self.means.is_some() {
                let sd = table.cell(row, 2).number().filter(|sd| *sd >= 0.0).unwrap_or(0.0);
                let runs = table.cell(row, 3).number().unwrap_or(1.0).max(1.0) as usize;
                groups.entry(label).or_default().push(SizeGroup { n, mean: value, sd, runs, values: Vec::new() });
            } else {
                rows.entry(label).or_default().push((n, value, weight));
            }
        }
        if units[0] > 0 && units[1] > 0 {
            let message = format!("{} values have a unit of time and {} have no unit", units[1], units[0]);
            reading.bad(&file.path, 0, &self.y, message, "one unit for all: 45m, 90s, or plain numbers");
        }
        if empty > 0 {
            self.notes.push(format!("{empty} rows without a value of {} are skipped", self.y));
        }
        let sample = |label: String| {
            let rows = rows.remove(&label).unwrap_or_default();
            let sample = match groups.remove(&label) {
                Some(groups) => Sample::from_groups_with_power(self.kind, groups, self.power),
                None if self.weight.is_some() => Sample::weighted(self.kind, &rows),
                None => {
                    let rows: Vec<(f64, f64)> = rows.iter().map(|row| (row.0, row.1)).collect();
                    Sample::from_rows_with_power(self.kind, &rows, self.power)
                }
            };
            (label, sample)
        };
        order.into_iter().map(sample).collect()
    }

    /// Parses team size, measurement and weight of a row; reports every one that is invalid.
    fn numbers(
        &self,
        file: &SourceFile,
        table: &DataTable,
        (row, line): (usize, usize),
        commas: Commas,
        reading: &mut ImportContext,
    ) -> Option<(f64, (bool, f64), f64)> {
        let size = table.cell(row, 0);
        let n = size.number().filter(|n| (1.0..=1e9).contains(n));
        if n.is_none() {
            reading.bad(&file.path, line, &self.x, shown(size), "a team size from 1 to 1e9");
        }
        let value = self.value(file, line, &commas.plain(table.cell(row, 1)), reading);
        let Some(name) = &self.weight else { return Some((n?, value?, 1.0)) };
        let cell = table.cell(row, 2);
        let weight = cell.number().filter(|weight| (1e-50..=1e50).contains(weight));
        if weight.is_none() {
            reading.bad(&file.path, line, name, shown(cell), "a weight above 0");
        }
        Some((n?, value?, weight?))
    }

    /// Returns the label of the curve of a row.
    fn label(&self, table: &DataTable, row: usize) -> String {
        let first = 2 + if self.means.is_some() { 2 } else { 0 } + usize::from(self.weight.is_some());
        let labels = self.by.iter().enumerate().map(|(index, name)| {
            let text = table.cell(row, first + index).text().unwrap_or_else(|| "?".to_owned());
            if name == "architecture" { text } else { format!("{name} {text}") }
        });
        labels.collect::<Vec<_>>().join(", ")
    }

    /// Infers the meaning of commas in the measurements and notes it.
    fn commas(&mut self, file: &SourceFile, table: &DataTable, reading: &mut ImportContext) -> Commas {
        let commas = Commas::infer(table.column(1));
        match commas {
            Commas::Absent => {}
            Commas::Decimal => self.notes.push(format!("commas in {} are read as decimal separators", self.y)),
            Commas::Thousands => self.notes.push(format!("commas in {} are read as thousands separators", self.y)),
            Commas::Unclear => {
                let message = "commas may be decimal or thousands separators";
                reading.bad(&file.path, 0, &self.y, message, "a decimal point (1.234) and no thousands separators");
            }
        }
        commas
    }

    /// Parses a measurement: true if it has a unit of time, and its number. Reports a problem if it is invalid.
    fn value(
        &self,
        file: &SourceFile,
        line: usize,
        cell: &CellValue,
        reading: &mut ImportContext,
    ) -> Option<(bool, f64)> {
        let is_time = matches!(self.kind, MeasurementKind::Time | MeasurementKind::Response);
        let with_unit = || match cell {
            CellValue::Text(text) if is_time => duration(text).ok(),
            _ => None,
        };
        let number = cell.number().map(|number| (false, number));
        let value = number.or_else(|| Some((true, with_unit()?))).filter(|(_, value)| (1e-50..=1e50).contains(value));
        if value.is_none() {
            let expected = if is_time { "a time above 0: 12.5, or with a unit: 1m30s" } else { "a number above 0" };
            reading.bad(&file.path, line, &self.y, shown(cell), expected);
        }
        value
    }
}

fn shown(cell: &CellValue) -> String {
    cell.text().map_or("no value".to_owned(), |text| format!("\"{text}\""))
}
