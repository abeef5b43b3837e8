//! Tables of measurements that anybody made: team size and time, throughput or speedup, by the usual names.

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

/// Which columns say what, where their names do not.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The column of team sizes.
    pub x: Option<String>,
    /// The column of measurements, or what they are: makespan, throughput, speedup.
    pub y: Option<String>,
    /// What the measurements are.
    pub kind: Option<MeasurementKind>,
    /// Columns whose values tell curves apart.
    pub by: Vec<String>,
    /// The column of weights; without one, that of a usual name.
    pub weight: Option<String>,
    /// With which power of the throughput errors go, if it is known: 0 if they are alike everywhere, 1 for a share.
    pub power: Option<f64>,
}

/// The curves of a table.
#[derive(Clone, Debug)]
pub struct Measurements {
    /// The column of team sizes.
    pub x: String,
    /// The column of measurements.
    pub y: String,
    /// What the measurements are.
    pub kind: MeasurementKind,
    /// The curves, each with the values that tell it apart, in the order in which they begin.
    pub curves: Vec<(String, Sample)>,
    /// What people should know of how the table was read.
    pub notes: Vec<String>,
}

/// Names of columns of team sizes, the best first.
const SIZES: &[&str] = &[
    "agents",
    "n",
    "team size",
    "team",
    "threads",
    "processors",
    "procs",
    "processes",
    "users",
    "vusers",
    "clients",
    "workers",
    "cores",
    "cpus",
    "nodes",
    "servers",
    "concurrency",
    "connections",
    "parallelism",
    "virtual users",
    "load",
    "p",
    "size",
];
/// Names of columns of measurements, by what they are.
const KINDS: &[(MeasurementKind, &[&str])] = &[
    (
        MeasurementKind::Throughput,
        &[
            "throughput",
            "x",
            "rate",
            "tput",
            "tps",
            "qps",
            "rps",
            "ops",
            "req/s",
            "requests/s",
            "ops/s",
            "tx/s",
            "requests per second",
            "transactions per second",
            "queries per second",
            "operations per second",
            "bandwidth",
            "performance",
            "score",
        ],
    ),
    (
        MeasurementKind::Time,
        &[
            "makespan",
            "time",
            "seconds",
            "secs",
            "latency",
            "elapsed",
            "elapsed time",
            "duration",
            "runtime",
            "run time",
            "wall clock",
            "wallclock",
            "wall time",
            "walltime",
            "wall",
            "real",
            "t",
            "tn",
            "t(n)",
            "completion time",
            "execution time",
            "minutes",
            "hours",
            "milliseconds",
            "ms",
            "s",
        ],
    ),
    (MeasurementKind::Speedup, &["speedup", "speed up", "scaleup", "relative speed"]),
    (MeasurementKind::Response, &["response time", "response"]),
];
/// Names of columns of weights.
const WEIGHTS: &[&str] = &["weight", "weights"];
/// Units at the end of a name.
const UNITS: &[&str] =
    &["s", "sec", "secs", "seconds", "ms", "milliseconds", "us", "min", "minutes", "h", "hours", "ns"];
/// More curves in one table than this are a column that was not meant to tell them apart.
const MAX_CURVES: usize = 200;

impl Measurements {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its line and what to do.
    pub fn read(file: &SourceFile, wanted: &Columns) -> Result<Measurements, Problems> {
        Measurements::read_in(file, wanted).map_err(|mut problems| {
            problems.are("table");
            problems
        })
    }

    fn read_in(file: &SourceFile, wanted: &Columns) -> Result<Measurements, Problems> {
        let mut reading = ImportContext::default();
        let Some(names) = format::names(file, &mut reading) else { return Err(reading.problems) };
        if names.is_empty() {
            // What is no object is told by reading it.
            format::read(file, &[], &mut reading);
            reading.bad(&file.path, 0, "", "it has no columns", "a row or an object for each measurement");
            return Err(reading.problems);
        }
        let Some(mut chosen) = choose(file, &names, wanted, &mut reading) else { return Err(reading.problems) };
        let table = format::read(file, &chosen.all(), &mut reading);
        let curves = chosen.curves(file, &table, &mut reading);
        if reading.problems.is_empty() && curves.is_empty() {
            reading.bad(&file.path, 0, "", "there are no measurements in it", "a row for each team size");
        }
        if !reading.problems.is_empty() {
            return Err(reading.problems);
        }
        let Chosen { x, y, kind, notes, .. } = chosen;
        Ok(Measurements { x, y, kind, curves, notes })
    }
}

/// The columns that are read.
struct Chosen {
    x: String,
    y: String,
    kind: MeasurementKind,
    /// Columns of standard deviations and of how many runs a mean is of, where the measurements are means.
    means: Option<(String, String)>,
    weight: Option<String>,
    power: Option<f64>,
    by: Vec<String>,
    notes: Vec<String>,
}

/// A name as it is compared: small letters, one blank between words.
fn plain(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if "_-.[]".contains(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The same without a unit at its end: `time_ms`, `time (s)`, `makespan_s.mean`.
fn without_unit(name: &str) -> String {
    let plain = plain(&name.replace(['(', ')'], " "));
    let name = plain.strip_suffix(" mean").or_else(|| plain.strip_prefix("mean ")).unwrap_or(&plain);
    match name.rsplit_once(' ') {
        Some((rest, unit)) if UNITS.contains(&unit) => rest.to_owned(),
        _ => name.to_owned(),
    }
}

/// The first column that has one of these names.
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
    let there_are = format!("one of its columns: {}", shown(names));
    let is_column =
        |name: &String| names.iter().find(|n| *n == name).or_else(|| names.iter().find(|n| plain(n) == plain(name)));
    if !names.is_empty() && names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let expected = "names of columns in the first line, such as n,time or n,throughput";
        reading.bad(&file.path, 1, "", "the first line has numbers and no names", expected);
        return None;
    }
    let x = match &wanted.x {
        Some(name) => is_column(name),
        None => named(names, SIZES),
    };
    if x.is_none() {
        let message = match &wanted.x {
            Some(name) => format!("--x {name}: there is no such column"),
            None => "no column has a usual name of team sizes (n, agents, threads, users, ..)".to_owned(),
        };
        reading.bad(&file.path, 1, "", message, &format!("--x NAME with {there_are}"));
    }
    let mut notes = Vec::new();
    let (y, kind) = measured(names, x, wanted, is_column, &mut notes);
    if y.is_none() {
        let message = match &wanted.y {
            Some(name) => format!("--y {name}: there is no such column"),
            None => "no column has a usual name of measurements (time, makespan, throughput, speedup, ..)".to_owned(),
        };
        reading.bad(&file.path, 1, "", message, &format!("--y NAME with {there_are}"));
    } else if kind.is_none() {
        let message = format!("the name {} does not say what was measured", y.map_or("", String::as_str));
        reading.bad(&file.path, 1, "", message, "--kind time, throughput, speedup or response");
    }
    let weight = match &wanted.weight {
        Some(name) => is_column(name),
        None => named(names, WEIGHTS),
    };
    if let (Some(name), None) = (&wanted.weight, weight) {
        reading.bad(&file.path, 1, "", format!("--weight {name}: there is no such column"), &there_are);
    }
    for name in [x, y, weight].into_iter().flatten() {
        if names.iter().filter(|other| *other == name).count() > 1 {
            reading.bad(&file.path, 1, "", format!("two columns are called {name}"), "a name of its own for each");
        }
    }
    let by = curve_columns(names, wanted, x);
    for name in by.iter().filter(|name| !names.contains(name)) {
        reading.bad(&file.path, 1, "", format!("--by {name}: there is no such column"), &there_are);
    }
    if !reading.problems.is_empty() {
        return None;
    }
    let (x, y, kind) = (x?.clone(), y?.clone(), kind?);
    let means = y.strip_suffix(".mean").and_then(|metric| {
        let (sd, runs) = (format!("{metric}.sd"), "completed".to_owned());
        (names.contains(&sd) && names.contains(&runs)).then_some((sd, runs))
    });
    if kind == MeasurementKind::Time && plain(&y).contains("latency") && wanted.kind.is_none() {
        notes.push(format!(
            "{y} is taken for the time that the same work takes; if it is what each of n users waits, say --kind response"
        ));
    }
    let weight = weight.filter(|_| means.is_none()).cloned();
    if let (Some(weight), None) = (&weight, &wanted.weight) {
        notes.push(format!("rows count as {weight} says"));
    }
    Some(Chosen { x, y, kind, means, weight, power: wanted.power, by, notes })
}

/// The column of measurements and what they are.
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
        named(&others, known).and_then(|found| names.iter().find(|name| *name == found))
    };
    if let Some(wanted_y) = &wanted.y {
        let column = is_column(wanted_y);
        let by_kind = || kind_of(wanted_y).and_then(find);
        let y = column.or_else(by_kind);
        return (y, wanted.kind.or_else(|| y.and_then(|name| kind_of(name))));
    }
    let kinds = wanted.kind.map_or_else(|| KINDS.iter().map(|row| row.0).collect(), |kind| vec![kind]);
    let found: Vec<(MeasurementKind, &String)> = kinds.iter().filter_map(|&kind| Some((kind, find(kind)?))).collect();
    if let [(kind, first), (_, other), ..] = found[..] {
        notes.push(format!("{first} is fitted ({}), and not {other}; --y NAME chooses", kind.name()));
    }
    match found.first() {
        Some(&(kind, name)) => (Some(name), Some(kind)),
        // With two columns there is no doubt which one was measured.
        None => match &others[..] {
            [only] => (names.iter().find(|name| *name == only), wanted.kind),
            _ => (None, wanted.kind),
        },
    }
}

/// The columns that tell curves apart: those asked for, or the axes of a sweep of brooks, which come before its counts.
fn curve_columns(names: &[String], wanted: &Columns, x: Option<&String>) -> Vec<String> {
    if !wanted.by.is_empty() {
        return wanted.by.clone();
    }
    let is_sweep = ["makespan_s.mean", "completed", "digest"].iter().all(|name| names.iter().any(|n| n == name));
    let axes = names.iter().take_while(|name| *name != "runs").filter(|name| Some(*name) != x);
    if is_sweep { axes.cloned().collect() } else { Vec::new() }
}

fn shown(names: &[String]) -> String {
    let most = 30;
    let mut text = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        let _ = write!(text, ", .. and {} more", names.len() - most);
    }
    text
}

/// What a cell of measurements holds: a number, or a length of time with its unit.
enum Value {
    Plain(f64),
    Seconds(f64),
}

impl Chosen {
    fn all(&self) -> Vec<String> {
        let mut all = vec![self.x.clone(), self.y.clone()];
        all.extend(self.means.iter().flat_map(|(sd, runs)| [sd.clone(), runs.clone()]));
        all.extend(self.weight.clone());
        all.extend(self.by.iter().cloned());
        all
    }

    fn curves(&mut self, file: &SourceFile, table: &DataTable, reading: &mut ImportContext) -> Vec<(String, Sample)> {
        let mut order: Vec<String> = Vec::new();
        let mut rows: BTreeMap<String, Vec<(f64, f64, f64)>> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<SizeGroup>> = BTreeMap::new();
        let (mut empty, mut units) = (0, [0_usize; 2]);
        let by = 2 + if self.means.is_some() { 2 } else { 0 } + usize::from(self.weight.is_some());
        let commas = self.commas(file, table, reading);
        if commas == Commas::Unclear {
            return Vec::new();
        }
        for (row, &line) in table.places.iter().enumerate() {
            let (size, value) = (table.cell(row, 0), table.cell(row, 1));
            if size.is_nothing() && value.is_nothing() || value.is_nothing() {
                empty += 1;
                continue;
            }
            let value = &commas.plain(value);
            let n = size.number().filter(|n| (1.0..=1e9).contains(n));
            if n.is_none() {
                reading.bad(&file.path, line as usize, &self.x, says(size), "a team size from 1 to 1e9");
            }
            let value = self.value(file, line as usize, value, reading);
            let weight = match &self.weight {
                None => Some(1.0),
                Some(name) => {
                    let cell = table.cell(row, 2);
                    let weight = cell.number().filter(|weight| (1e-50..=1e50).contains(weight));
                    if weight.is_none() {
                        reading.bad(&file.path, line as usize, name, says(cell), "a weight above 0");
                    }
                    weight
                }
            };
            let (Some(n), Some(value), Some(weight)) = (n, value, weight) else { continue };
            let value = match value {
                Value::Plain(value) => {
                    units[0] += 1;
                    value
                }
                Value::Seconds(value) => {
                    units[1] += 1;
                    value
                }
            };
            let labels: Vec<String> = (by..by + self.by.len())
                .zip(&self.by)
                .map(|(column, name)| {
                    let text = table.cell(row, column).text().unwrap_or_else(|| "?".to_owned());
                    if name == "architecture" { text } else { format!("{name} {text}") }
                })
                .collect();
            let label = labels.join(", ");
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
            let message = format!("{} values have a unit of time and {} have none", units[1], units[0]);
            reading.bad(&file.path, 0, &self.y, message, "one unit for all: 45m, 90s, or plain numbers");
        }
        if empty > 0 {
            self.notes.push(format!("{empty} rows have nothing under {} and are left out", self.y));
        }
        let sample = |label: String| {
            let sample = if let Some(groups) = groups.remove(&label) {
                Sample::from_groups_with_power(self.kind, groups, self.power)
            } else {
                let rows = rows.remove(&label).unwrap_or_default();
                if self.weight.is_some() {
                    Sample::weighted(self.kind, &rows)
                } else {
                    let rows: Vec<(f64, f64)> = rows.iter().map(|row| (row.0, row.1)).collect();
                    Sample::from_rows_with_power(self.kind, &rows, self.power)
                }
            };
            (label, sample)
        };
        order.into_iter().map(sample).collect()
    }

    /// What commas in the measurements are.
    fn commas(&mut self, file: &SourceFile, table: &DataTable, reading: &mut ImportContext) -> Commas {
        let commas = Commas::of(table.column(1));
        match commas {
            Commas::Absent => {}
            Commas::Decimal => self.notes.push(format!("commas in {} are read as decimal points", self.y)),
            Commas::Thousands => self.notes.push(format!("commas in {} are read as between thousands", self.y)),
            Commas::Unclear => {
                let message = "its commas may be decimal points or stand between thousands";
                reading.bad(&file.path, 0, &self.y, message, "a decimal point (1.234), and none between thousands");
            }
        }
        commas
    }

    /// A measurement; what is none is told.
    fn value(&self, file: &SourceFile, line: usize, cell: &CellValue, reading: &mut ImportContext) -> Option<Value> {
        let is_time = matches!(self.kind, MeasurementKind::Time | MeasurementKind::Response);
        let number = cell.number();
        let with_unit = || match cell {
            CellValue::Text(text) if is_time => duration(text).ok(),
            _ => None,
        };
        let value = number.map(Value::Plain).or_else(|| with_unit().map(Value::Seconds));
        let expected = match self.kind {
            MeasurementKind::Time | MeasurementKind::Response => "a time above 0: 12.5, or with its unit 1m30s",
            MeasurementKind::Throughput | MeasurementKind::Speedup => "a number above 0",
        };
        match value {
            Some(Value::Plain(value) | Value::Seconds(value)) if !(1e-50..=1e50).contains(&value) => {
                reading.bad(&file.path, line, &self.y, says(cell), expected);
                None
            }
            None => {
                reading.bad(&file.path, line, &self.y, says(cell), expected);
                None
            }
            value => value,
        }
    }
}

fn says(cell: &CellValue) -> String {
    cell.text().map_or("nothing is there".to_owned(), |text| format!("\"{text}\""))
}
