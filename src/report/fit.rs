//! Report of `brooks fit`: verdict, confidence, parameters and points.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::report::fit_predict::{self, Parts};
use crate::report::fit_words::{how_sure, methods, plain};
use crate::report::json_number;
use crate::report::render::table::{Cell, Column, Table, Tint, markdown};
use crate::report::render::{number, terminal_plot};
use crate::scaling::confidence::{Confidence, IntervalMethod};
use crate::scaling::study::Fitted;
use crate::scaling::{FTest, MeasurementKind, Study, amdahl};

/// The fitted curves of a table, and its column names.
pub struct FitReport {
    /// Column of team sizes.
    pub x: String,
    /// Column of measurements.
    pub y: String,
    /// Curves by label.
    pub curves: Vec<(String, Study)>,
    /// Team sizes to predict.
    pub predict: Vec<f64>,
}

impl FitReport {
    /// Returns text for a terminal, with character plots if `pictures`.
    pub fn to_text(&self, pictures: bool, color: bool) -> String {
        let mut text = String::new();
        for (label, study) in &self.curves {
            if pictures {
                text.push_str(&self.plot(study, color));
                text.push('\n');
            }
            let _ = writeln!(text, "{}\n", self.verdict(label, study));
            let _ = writeln!(text, "{}\n{}", parameters(study).to_text(color), self.points(study).to_text(color));
            if let Some(predicted) = self.predicted(study) {
                let _ = writeln!(text, "{}", predicted.to_text(color));
            }
            let _ = writeln!(text, "{}\n", methods(study));
        }
        text
    }

    /// Builds the table of predictions, if there are any.
    fn predicted(&self, study: &Study) -> Option<Table> {
        let title = format!("{} (predicted)", self.y);
        (!self.predict.is_empty()).then(|| fit_predict::table(study, &self.predict, &title))
    }

    /// Returns Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for (label, study) in &self.curves {
            let verdict = self.verdict(label, study);
            let mut lines = verdict.lines();
            let _ = writeln!(text, "**{}**\n", markdown(lines.next().unwrap_or_default()));
            for line in lines {
                let _ = writeln!(text, "{}", markdown(line));
            }
            let (parameters, points) = (parameters(study).to_markdown(), self.points(study).to_markdown());
            let predicted = self.predicted(study).map_or(String::new(), |table| format!("\n{}", table.to_markdown()));
            let _ = writeln!(text, "\n{parameters}\n{points}{predicted}\n{}\n", markdown(&methods(study)));
        }
        text
    }

    /// Returns the points of all curves as CSV.
    pub fn to_csv(&self) -> String {
        let mut all: Option<Table> = None;
        for (label, study) in &self.curves {
            let mut columns = vec![Column::text("curve", "curve")];
            let points = self.points(study);
            columns.extend(points.columns().iter().cloned());
            let all = all.get_or_insert_with(|| Table::new(columns));
            for row in points.rows() {
                all.push([vec![Cell::text(label.as_str())], row.clone()].concat());
            }
        }
        let mut all = all.unwrap_or_default();
        if self.curves.len() == 1 {
            all.retain(|column, _| column.key != "curve");
        }
        all.to_csv()
    }

    /// Returns JSON for programs: the figures of the only curve, or of each under `curves`.
    pub fn to_json(&self) -> Map<String, Value> {
        let curve = |(label, study): &(String, Study)| {
            let mut curve = Map::new();
            if self.curves.len() > 1 {
                curve.insert("curve".to_owned(), label.as_str().into());
            }
            curve.extend(to_json(study));
            curve.insert("points".to_owned(), self.points(study).to_json());
            if !self.predict.is_empty() {
                curve.insert("predicted".to_owned(), fit_predict::to_json(study, &self.predict).into());
            }
            curve
        };
        let mut document = Map::new();
        document.insert("x".to_owned(), self.x.as_str().into());
        document.insert("y".to_owned(), self.y.as_str().into());
        if let [only] = &self.curves[..] {
            document.extend(curve(only));
        } else {
            document.insert("curves".to_owned(), self.curves.iter().map(curve).map(Value::Object).collect());
        }
        document
    }

    /// Returns the law, the use of time and the confidence, a line each.
    fn verdict(&self, label: &str, study: &Study) -> String {
        let label = if label.is_empty() { String::new() } else { format!("{label}: ") };
        let Some(fitted) = study.follows() else {
            return format!("{label}{}{}", study.verdict, self.remarks(study));
        };
        let (law, remarks) = (self.law_in_words(study, fitted), self.remarks(study));
        format!("{label}{law}\n{}\n{}{remarks}", self.where_time_goes(study, fitted), how_sure(study, fitted))
    }

    fn law_in_words(&self, study: &Study, fitted: &Fitted) -> String {
        let fit = &fitted.fit;
        let one = fit.speedup(1.0);
        let share = |name: &str| fit.estimate(name).map_or(0.0, |estimate| estimate.value);
        let limit = fit.limit().map(|limit| limit / fit.lambda() / one);
        match fit.law.name {
            "usl" => {
                let parts = format!("contention {}, coherency {}", range(fitted, "sigma"), range(fitted, "kappa"));
                match fit.peak() {
                    Some(peak) => {
                        let times = number::significant(peak.throughput / fit.lambda());
                        let interval = study.peak.map_or(String::new(), |interval| {
                            let high = if interval.high.is_finite() {
                                number::significant(interval.high)
                            } else {
                                "no peak at all".to_owned()
                            };
                            format!(" (95 %: {} to {high})", number::significant(interval.low))
                        });
                        let size = self.size(peak.agents);
                        format!("follows the USL: fastest at {size}{interval}, {times} times one; {parts}")
                    }
                    None => format!(
                        "follows the USL without a peak: never more than {} times one; {parts}",
                        limit.map_or(number::NONE.to_owned(), number::significant)
                    ),
                }
            }
            "amdahl" if limit.is_none() => {
                "scales linearly as far as it was measured (Amdahl's law with p = 1)".to_owned()
            }
            "amdahl" => format!(
                "follows Amdahl's law: p = {} of the work can be shared out; never more than {} times one, half of that with {}",
                range(fitted, "p"),
                limit.map_or(number::NONE.to_owned(), number::significant),
                limit
                    .and_then(|limit| amdahl::agents_for(limit / 2.0, share("p")))
                    .map_or(number::NONE.to_owned(), |n| number::count(n.ceil() as u64)),
            ),
            "gustafson" => format!(
                "follows Gustafson's law: s = {}; every further one adds {} of the first",
                range(fitted, "s"),
                number::percent(1.0 - share("s")),
            ),
            "linear" => "scales linearly as far as it was measured: every one adds as much as the first".to_owned(),
            other => format!("follows {other}"),
        }
    }

    /// Reports the use of time of the largest measured team.
    fn where_time_goes(&self, study: &Study, fitted: &Fitted) -> String {
        let largest = study.sample.points.iter().map(|point| point.n).fold(1.0, f64::max);
        let parts = Parts::of(&fitted.fit, largest);
        let mut text =
            format!("at {} = {}: {} of the time is work", self.x, plain(largest), number::percent(parts.work));
        for (share, what) in
            [(parts.contention, "waiting for what is shared"), (parts.coherency, "agreeing with all others")]
        {
            if share >= 0.005 {
                let _ = write!(text, ", {} {what}", number::percent(share));
            }
        }
        text
    }

    /// Formats a team size: `97 threads`, or `load = 97` if the column name is no plural.
    fn size(&self, n: u64) -> String {
        let n = number::count(n);
        if self.x.len() > 2 && self.x.ends_with('s') { format!("{n} {}", self.x) } else { format!("{} = {n}", self.x) }
    }

    /// Returns remarks on superlinear points and on laws left out.
    fn remarks(&self, study: &Study) -> String {
        let mut text = String::new();
        let superlinear: Vec<String> = study.superlinear().iter().map(|&n| plain(n)).collect();
        if !superlinear.is_empty() {
            let at = superlinear.join(", ");
            let _ = write!(
                text,
                "\nsuperlinear at {} = {at}: more than its share of the smallest; no law here explains that (a cache, a \
                 handicapped baseline, or noise)",
                self.x
            );
        }
        for error in &study.left_out {
            let _ = write!(text, "\nleft out: {error}");
        }
        text
    }

    /// Builds a table with a row a team size.
    fn points(&self, study: &Study) -> Table {
        let best = study.best();
        let name = best.map_or("", |fitted| fitted.fit.law.name);
        let mut table = Table::new(vec![
            Column::number("agents", "n"),
            Column::number("measurements", "runs"),
            Column::number("measured", &self.y),
            Column::number("fitted", &format!("{name} says")),
            Column::number("residual", "residual"),
            Column::number("speedup", "speedup"),
            Column::number("efficiency", "efficiency"),
            Column::number("karp_flatt", "Karp-Flatt e"),
            Column::text("note", "note"),
        ]);
        let superlinear = study.superlinear();
        for (group, point) in study.sample.groups.iter().zip(&study.sample.points) {
            let x = best.map(|fitted| fitted.fit.throughput(point.n));
            let fitted = x.map(|x| study.sample.kind.convert(point.n, x));
            let any = |value: f64| Cell::number(value, number::significant(value));
            let share = |value: f64| Cell::number(value, signed_percent(value));
            let e = study.karp_flatt().into_iter().find(|(n, _)| n.total_cmp(&point.n).is_eq()).map(|(_, e)| e);
            table.push(vec![
                Cell::number(point.n, plain(point.n)),
                Cell::count(group.runs as u64),
                any(group.mean),
                Cell::optional(fitted, any),
                Cell::optional(fitted.filter(|&fitted| fitted > 0.0), |fitted| share(group.mean / fitted - 1.0)),
                any(point.x / study.one),
                Cell::number(point.x / study.one / point.n, number::percent(point.x / study.one / point.n)),
                Cell::optional(e, any),
                if superlinear.contains(&point.n) {
                    Cell::text("superlinear").tinted(Tint::Bad)
                } else {
                    Cell::default()
                },
            ]);
        }
        let repeated = study.sample.groups.iter().any(|group| group.runs > 1);
        table.retain(|column, cells| match column.key.as_str() {
            "measurements" => repeated,
            "note" => cells.iter().any(|cell| !cell.raw.is_empty()) || self.curves.len() > 1,
            _ => true,
        });
        table
    }

    fn plot(&self, study: &Study, color: bool) -> String {
        let Some(fitted) = study.best() else { return String::new() };
        let speedup = |x: f64| x / study.one;
        let points: Vec<(f64, f64)> = study.sample.points.iter().map(|p| (p.n, speedup(p.x))).collect();
        let curve = |n: f64| speedup(fitted.fit.throughput(n));
        terminal_plot::fitted(&points, curve, ["speedup over one", &self.x, fitted.fit.law.name], color)
    }
}

/// Builds a table with a row a parameter.
fn parameters(study: &Study) -> Table {
    let mut table = Table::new(vec![
        Column::text("law", "law"),
        Column::text("parameter", "parameter"),
        Column::number("estimate", "estimate"),
        Column::number("se", "SE"),
        Column::text("ci95", "95 % interval"),
        Column::number("rss", "RSS"),
        Column::number("df", "df"),
        Column::number("aicc", "AICc"),
        Column::text("note", "note"),
    ]);
    let any = |value: f64| Cell::number(value, number::significant(value));
    for fitted in &study.laws {
        let fit = &fitted.fit;
        for (index, estimate) in fit.estimates().iter().enumerate() {
            let interval = fitted.intervals.get(index).copied().flatten();
            let first = index == 0;
            let only_first = |cell: Cell| if first { cell } else { Cell::default() };
            let note = match interval.map(|interval| interval.method) {
                _ if estimate.at_bound => "at bound",
                Some(IntervalMethod::Profile) => "profile likelihood",
                _ => "",
            };
            table.push(vec![
                only_first(Cell::text(fit.law.name)),
                Cell::text(estimate.name),
                any(estimate.value),
                Cell::optional(estimate.se, any),
                Cell::text(interval.map_or(number::NONE.to_owned(), |interval| shown_interval(&interval))),
                only_first(any(fit.rss)),
                only_first(Cell::count(fit.df as u64)),
                only_first(Cell::ratio(fit.aicc)),
                Cell::text(note),
            ]);
        }
    }
    table.retain(|column, cells| column.key != "note" || cells.iter().any(|cell| !cell.raw.is_empty()));
    table
}

fn range(fitted: &Fitted, name: &str) -> String {
    let index = fitted.fit.estimates().iter().position(|estimate| estimate.name == name);
    let Some(estimate) = index.and_then(|index| fitted.fit.estimates().get(index)) else { return String::new() };
    let interval = index.and_then(|index| fitted.intervals.get(index).copied().flatten());
    let interval = interval.map_or(String::new(), |interval| format!(" {}", shown_interval(&interval)));
    format!("{}{interval}", number::significant(estimate.value))
}

fn shown_interval(interval: &Confidence) -> String {
    let high = if interval.high.is_finite() { number::significant(interval.high) } else { "no end".to_owned() };
    format!("[{}, {high}]", number::significant(interval.low))
}

fn signed_percent(value: f64) -> String {
    if value.is_finite() { format!("{:+.1} %", 100.0 * value) } else { number::NONE.to_owned() }
}

/// Returns the figures of a curve as JSON; its keys are stable.
pub(super) fn to_json(study: &Study) -> Map<String, Value> {
    let test = |test: FTest| json!({ "f": test.f, "df1": test.df1, "df2": test.df2, "p": test.p });
    let laws: Map<String, Value> =
        study.laws.iter().map(|fitted| (fitted.fit.law.name.to_owned(), of_law(fitted))).collect();
    let best = study.best();
    let peak = study.follows().and_then(|fitted| fitted.fit.peak()).map(|peak| {
        let ci95 = study.peak.map(|interval| [interval.low, interval.high]);
        json!({
            "estimate": peak.n, "ci95": ci95, "agents": peak.agents, "throughput": peak.throughput,
            "method": study.peak.map(|interval| interval.method.name()),
            "resamples": study.peak.map(|interval| interval.resamples),
        })
    });
    let limit = study.follows().and_then(|fitted| fitted.fit.limit()).map(json_number);
    let karp_flatt: Vec<Value> =
        study.karp_flatt().iter().map(|&(n, e)| json!({ "agents": json_number(n), "e": e })).collect();
    let law = study.follows().map(|fitted| fitted.fit.law.name);
    let reason = match study.follows() {
        Some(fitted) => how_sure(study, fitted),
        None => study.verdict.to_string(),
    };
    let superlinear: Vec<Value> = study.superlinear().into_iter().map(json_number).collect();
    let Value::Object(document) = json!({
        "kind": study.sample.kind.name(),
        "measurements": study.sample.runs(),
        "laws": laws,
        "f_test": study.f_test.map(test),
        "lack_of_fit": best.and_then(|fitted| fitted.fit.lack_of_fit).map(test),
        "peak_agents": peak,
        "limit": limit,
        "karp_flatt": karp_flatt,
        "superlinear": superlinear,
        "verdict": { "regime": law.is_some(), "law": law, "reason": reason },
    }) else {
        return Map::new();
    };
    document
}

fn of_law(fitted: &Fitted) -> Value {
    let fit = &fitted.fit;
    let parameters: Map<String, Value> = fit
        .estimates()
        .iter()
        .zip(&fitted.intervals)
        .map(|(estimate, interval)| {
            let ci95 = interval.map(|interval| [interval.low, interval.high]);
            let entry = json!({
                "estimate": estimate.value, "se": estimate.se, "ci95": ci95, "at_bound": estimate.at_bound,
                "interval": interval.map(|interval| interval.method.name()),
            });
            (estimate.name.to_owned(), entry)
        })
        .collect();
    json!({ "parameters": parameters, "rss": fit.rss, "df": fit.df, "aicc": fit.aicc })
}

/// Returns the axis title of measurements of a kind.
pub(super) fn axis(kind: MeasurementKind, y: &str) -> String {
    match kind {
        MeasurementKind::Throughput => y.to_owned(),
        _ => "speedup".to_owned(),
    }
}
