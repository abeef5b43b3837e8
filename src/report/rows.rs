//! Columns of a sweep's rows in files; CSV, JSON and Parquet are written from the same list.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::experiment::result::is_agents;
use crate::experiment::sweep::law_fits::Fits;
use crate::experiment::time_shares::TimeShares;
use crate::experiment::{PointResult, SweepResult};
use crate::record::{METRICS, Metrics, TimeBudget};
use crate::report::fits;
use crate::report::render::table;
use crate::report::{json_number, preamble};
use crate::scaling::{Interval, Summary};

/// A column of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Column name.
    pub name: String,
    /// Values, one a row.
    pub values: Values,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Text.
    Text(Vec<String>),
    /// Counts.
    Whole(Vec<i64>),
    /// Numbers, all finite; none if unknown.
    Real(Vec<Option<f64>>),
}

impl Series {
    fn text(name: &str, values: impl Iterator<Item = String>) -> Series {
        Series { name: name.to_owned(), values: Values::Text(values.collect()) }
    }

    fn whole(name: &str, values: impl Iterator<Item = usize>) -> Series {
        Series { name: name.to_owned(), values: Values::Whole(values.map(|value| value as i64).collect()) }
    }

    fn real(name: String, values: impl Iterator<Item = Option<f64>>) -> Series {
        let known = |value: Option<f64>| value.filter(|value| value.is_finite());
        Series { name, values: Values::Real(values.map(known).collect()) }
    }

    /// Writes the value of a row as text; empty if unknown.
    fn write_cell(&self, row: usize, text: &mut String) {
        // Writing to a string does not fail.
        let _ = match &self.values {
            Values::Text(values) => write!(text, "{}", values[row]),
            Values::Whole(values) => write!(text, "{}", values[row]),
            Values::Real(values) => values[row].map_or(Ok(()), |value| write!(text, "{value}")),
        };
    }

    fn json(&self, row: usize) -> Value {
        match &self.values {
            Values::Text(values) => values[row].as_str().into(),
            Values::Whole(values) => values[row].into(),
            Values::Real(values) => values[row].map_or(Value::Null, json_number),
        }
    }
}

/// Part of a metric's summary: its name in files and its accessor.
pub(in crate::report) type SummaryPart<S> = (&'static str, fn(&S) -> f64);

/// Parts of the summary of each metric.
pub(in crate::report) const SUMMARY: [SummaryPart<Summary>; 7] = [
    ("mean", |s| s.mean),
    ("sd", |s| s.sd),
    ("ci95_low", |s| s.mean - s.half_width),
    ("ci95_high", |s| s.mean + s.half_width),
    ("p10", |s| s.p10),
    ("p50", |s| s.p50),
    ("p90", |s| s.p90),
];

/// Parts of the speedup.
const SPEEDUP: [SummaryPart<Interval>; 3] =
    [("mean", |s| s.estimate), ("ci95_low", Interval::low), ("ci95_high", Interval::high)];

/// Returns all columns of a sweep in the order of the files.
///
/// An axis has a column named by its path; the axis of team sizes is called `agents`. `agents` and `architecture` are
/// always present.
pub fn series(sweep: &SweepResult) -> Vec<Series> {
    let rows = || sweep.rows.iter();
    let mut all = Vec::new();
    for (index, path) in sweep.axes.iter().enumerate().filter(|(_, path)| !is_agents(path)) {
        let value = |row: &PointResult| row.axes.get(index).cloned().unwrap_or_default();
        all.push(Series::text(path, rows().map(value)));
    }
    if !sweep.axes.iter().any(|path| path == "architecture") {
        all.push(Series::text("architecture", rows().map(|row| row.architecture.clone())));
    }
    all.push(Series::whole("agents", rows().map(|row| row.agents as usize)));
    all.push(Series::whole("runs", rows().map(|row| row.runs)));
    all.push(Series::whole("completed", rows().map(|row| row.completed)));
    all.push(Series::whole("stalled", rows().map(|row| row.stalled)));
    all.push(Series::whole("timed_out", rows().map(|row| row.timed_out)));
    for (index, metric) in METRICS.iter().enumerate() {
        let summary = move |row: &PointResult| row.metrics.get(index).copied().flatten();
        for (part, read) in SUMMARY {
            let values = rows().map(move |row| summary(row).as_ref().map(read));
            all.push(Series::real(format!("{}.{part}", metric.name), values));
        }
    }
    for (part, read) in SPEEDUP {
        all.push(Series::real(format!("speedup.{part}"), rows().map(move |row| row.speedup.as_ref().map(read))));
    }
    all.push(Series::text("baseline", rows().map(|_| sweep.baseline.clone())));
    all.push(Series::real("token_multiplier".to_owned(), rows().map(|row| row.token_multiplier)));
    for (name, law) in [
        ("amdahl_bound", (|row| row.laws.amdahl) as fn(&PointResult) -> f64),
        ("amdahl_share", |row| row.amdahl_share().unwrap_or(f64::NAN)),
        ("gustafson", |row| row.laws.gustafson),
        ("work_span_bound", |row| row.laws.work_span),
        ("greedy_bound", |row| row.laws.greedy),
    ] {
        all.push(Series::real(name.to_owned(), rows().map(move |row| Some(law(row)))));
    }
    all.extend(shares(sweep));
    all.push(Series::text("digest", rows().map(|row| row.digest.to_string())));
    all
}

/// Returns the columns of the team's time: the parts of the budget, the causes of waiting, the named queues.
fn shares(sweep: &SweepResult) -> Vec<Series> {
    let column = |name: String, read: &dyn Fn(&TimeShares) -> f64| {
        let share = |row: &PointResult| (row.completed > 0).then(|| read(&row.shares));
        Series::real(format!("share.{name}"), sweep.rows.iter().map(share))
    };
    let budget = TimeBudget::default();
    let parts = budget.parts().into_iter().enumerate();
    let mut all: Vec<Series> =
        parts.map(|(index, (part, _))| column(part.to_owned(), &|shares| shares.parts[index])).collect();
    let causes = budget.waiting_by_cause.parts().into_iter().enumerate();
    all.extend(causes.map(|(index, (cause, _))| column(format!("waiting_{cause}"), &|shares| shares.causes[index])));
    let mut queues: Vec<&str> = Vec::new();
    for (queue, _) in sweep.rows.iter().flat_map(|row| &row.shares.queues) {
        if !queues.contains(&queue.as_str()) {
            queues.push(queue);
        }
    }
    all.extend(queues.into_iter().map(|queue| {
        let share = |(name, share): &(String, f64)| (name == queue).then_some(*share);
        column(format!("waiting_queue.{queue}"), &|shares| shares.queues.iter().find_map(share).unwrap_or(0.0))
    }));
    all
}

/// Returns the columns of single runs in the order of the files: axes, architecture, agents, replication, ending,
/// metrics, digest.
pub fn run_series(sweep: &SweepResult, points: &[(&PointResult, &[Metrics])]) -> Vec<Series> {
    let mut all = Vec::new();
    let of_point = |read: &dyn Fn(&PointResult) -> String| {
        let values: Vec<String> =
            points.iter().flat_map(|(row, runs)| std::iter::repeat_n(read(row), runs.len())).collect();
        values.into_iter()
    };
    for (index, path) in sweep.axes.iter().enumerate().filter(|(_, path)| !is_agents(path)) {
        all.push(Series::text(path, of_point(&|row| row.axes.get(index).cloned().unwrap_or_default())));
    }
    if !sweep.axes.iter().any(|path| path == "architecture") {
        all.push(Series::text("architecture", of_point(&|row| row.architecture.clone())));
    }
    let runs = || points.iter().flat_map(|(_, runs)| runs.iter());
    all.push(Series::whole("agents", runs().map(|run| run.agents as usize)));
    all.push(Series::whole("replication", points.iter().flat_map(|(_, runs)| 0..runs.len())));
    all.push(Series::text("ending", runs().map(|run| run.ending.name().to_owned())));
    for metric in METRICS {
        all.push(Series::real(metric.name.to_owned(), runs().map(|run| Some((metric.of)(run)))));
    }
    all.push(Series::text("digest", runs().map(|run| run.digest().to_string())));
    all
}

/// Returns CSV with all digits; unknown values are empty.
pub fn to_csv(sweep: &SweepResult) -> String {
    let series = series(sweep);
    csv_head(&series) + &csv_rows(&series)
}

/// Returns the header line of a CSV file.
pub fn csv_head(series: &[Series]) -> String {
    table::csv(std::iter::once(series.iter().map(|series| series.name.as_str()).collect()))
}

/// Returns the lines of a CSV file below the header.
pub fn csv_rows(series: &[Series]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut text = String::new();
    for row in 0..rows(series) {
        for series in series {
            text.clear();
            series.write_cell(row, &mut text);
            // Writing to memory does not fail; all lines have the same number of cells.
            let _ = writer.write_field(&text);
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Returns JSON Lines: an object a row.
pub fn json_lines(series: &[Series]) -> String {
    let line = |row| Value::from(object(series, row)).to_string() + "\n";
    (0..rows(series)).map(line).collect()
}

fn rows(series: &[Series]) -> usize {
    series.first().map_or(0, |series| match &series.values {
        Values::Text(values) => values.len(),
        Values::Whole(values) => values.len(),
        Values::Real(values) => values.len(),
    })
}

fn object(series: &[Series], row: usize) -> Map<String, Value> {
    series.iter().map(|series| (series.name.clone(), series.json(row))).collect()
}

/// Returns a JSON document; unknown values are null.
pub fn to_json(sweep: &SweepResult, command: &str) -> Value {
    let series = series(sweep);
    let rows: Vec<Value> = (0..sweep.rows.len()).map(|row| object(&series, row).into()).collect();
    let mut document = preamble(sweep.seed, command);
    document.insert("scenario".to_owned(), sweep.scenario.as_str().into());
    document.insert("question".to_owned(), sweep.question.as_deref().into());
    document.insert("axes".to_owned(), sweep.axes.clone().into());
    document.insert("baseline".to_owned(), sweep.baseline.as_str().into());
    document.insert("rows".to_owned(), rows.into());
    let curve = |curve: &crate::experiment::Curve<'_>| {
        let mut fits = fits::to_json(&Fits::new(curve, sweep.scaled));
        fits["curve"] = curve.label.as_str().into();
        fits
    };
    document.insert("fits".to_owned(), sweep.curves().iter().map(curve).collect());
    document.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn columns_are_those_that_others_rely_on() {
        let series = series(&sweep());
        let names: Vec<&str> = series.iter().map(|series| series.name.as_str()).collect();
        let start = ["architecture", "workload.kind", "agents", "runs", "completed", "stalled", "timed_out"];
        assert_eq!(names[..7], start);
        for metric in METRICS {
            for part in ["mean", "sd", "ci95_low", "ci95_high", "p10", "p50", "p90"] {
                assert!(names.contains(&format!("{}.{part}", metric.name).as_str()), "{}.{part}", metric.name);
            }
        }
        for name in
            "speedup.mean speedup.ci95_low speedup.ci95_high baseline amdahl_bound work_span_bound digest".split(' ')
        {
            assert!(names.contains(&name), "{name}");
        }
        let unique: std::collections::BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len());
    }

    #[test]
    fn what_is_not_known_is_empty_or_null() {
        let sweep = sweep();
        let csv = to_csv(&sweep);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let index = |name: &str| series(&sweep).iter().position(|series| series.name == name).expect("a column");
        let (makespan, kind) = (index("makespan_s.mean"), index("workload.kind"));
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("even rows");
        assert_eq!(rows.len(), 6);
        assert_eq!((&rows[0][makespan], &rows[5][makespan]), ("120", ""));
        assert_eq!(&rows[0][kind], "a <b> & \"c\"");
        let json = to_json(&sweep, "brooks sweep try");
        assert_eq!(json["rows"][5]["makespan_s.mean"], Value::Null);
        assert_eq!(json["rows"][5]["share.work"], Value::Null);
        assert_eq!(json["rows"][4]["agents"], 2);
        assert_eq!(json["rows"][0]["speedup.ci95_high"], 1.02);
        assert_eq!((&json["schema_version"], &json["command"]), (&Value::from(1), &Value::from("brooks sweep try")));
        // A single run has no interval.
        let mut single = sweep.clone();
        if let Some(summary) = &mut single.rows[0].metrics[0] {
            summary.half_width = f64::INFINITY;
        }
        assert_eq!(to_json(&single, "")["rows"][0]["makespan_s.ci95_low"], Value::Null);
    }
}
