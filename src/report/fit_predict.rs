//! Predictions of fitted curves at chosen team sizes, measured or not.

use serde_json::{Value, json};

use crate::report::fit_words::plain;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::scaling::confidence::of_curve;
use crate::scaling::{Fit, Interval, Study};

/// Prediction of a fitted curve at one team size.
pub(super) struct Prediction {
    n: f64,
    /// Estimate in the unit of the measurements, with the ends of its interval, ascending.
    value: f64,
    ci95: Option<[f64; 2]>,
    speedup: f64,
    parts: Parts,
    is_beyond: bool,
}

/// Shares of a team's time by the USL; they add up to 1.
pub(super) struct Parts {
    /// Work, equal to the efficiency.
    pub(super) work: f64,
    /// Contention: waiting for serial resources.
    pub(super) contention: f64,
    /// Coherency: pairwise agreement.
    pub(super) coherency: f64,
}

impl Parts {
    /// Returns the shares of a team of `n` on a fitted curve.
    pub(super) fn of(fit: &Fit, n: f64) -> Parts {
        let work = fit.speedup(n) / n;
        // n T(n)/T(1) = 1 + sigma(n - 1) + kappa n(n - 1); other laws have no coherency.
        let kappa = fit.estimate("kappa").map_or(0.0, |kappa| kappa.value);
        let coherency = kappa * n * (n - 1.0) * work;
        Parts { work, contention: (1.0 - work - coherency).max(0.0), coherency }
    }
}

/// Predicts each size by the best law; empty without one.
pub(super) fn predict(study: &Study, sizes: &[f64]) -> Vec<Prediction> {
    let Some(fitted) = study.best() else { return Vec::new() };
    let (fit, sample) = (&fitted.fit, &study.sample);
    let largest = sample.points.iter().map(|point| point.n).fold(1.0, f64::max);
    let least = sample.points.iter().map(|point| point.n).fold(largest, f64::min);
    let of = |&n: &f64| {
        let x = fit.throughput(n);
        // A throughput is above 0; a time is its inverse.
        let ends = |interval: Interval| {
            let ends = [interval.low().max(0.0), interval.high()].map(|x| sample.kind.convert(n, x));
            if ends[0] <= ends[1] { ends } else { [ends[1], ends[0]] }
        };
        Prediction {
            n,
            value: sample.kind.convert(n, x),
            ci95: of_curve(fit, &sample.points, n).map(ends),
            speedup: x / study.one,
            parts: Parts::of(fit, n),
            is_beyond: n > largest || n < least,
        }
    };
    sizes.iter().map(of).collect()
}

/// Builds a table with a row a team size.
pub(super) fn table(study: &Study, sizes: &[f64], y: &str) -> Table {
    let mut table = Table::new(vec![
        Column::number("agents", "n"),
        Column::number("value", y),
        Column::text("ci95", "95 % interval"),
        Column::number("speedup", "speedup"),
        Column::number("work", "work"),
        Column::number("contention", "contention"),
        Column::number("coherency", "coherency"),
        Column::text("note", "note"),
    ]);
    for one in predict(study, sizes) {
        let any = |value: f64| Cell::number(value, number::significant(value));
        let share = |value: f64| Cell::number(value, number::percent(value));
        let end = |value: f64| if value.is_finite() { number::significant(value) } else { "no end".to_owned() };
        table.push(vec![
            Cell::number(one.n, plain(one.n)),
            any(one.value),
            Cell::text(
                one.ci95.map_or(number::NONE.to_owned(), |[low, high]| format!("[{}, {}]", end(low), end(high))),
            ),
            any(one.speedup),
            share(one.parts.work),
            share(one.parts.contention),
            share(one.parts.coherency),
            Cell::text(if one.is_beyond { "beyond what was measured" } else { "" }),
        ]);
    }
    let has_pairs = study.best().is_some_and(|fitted| fitted.fit.estimate("kappa").is_some());
    table.retain(|column, cells| match column.key.as_str() {
        "coherency" => has_pairs,
        "note" => cells.iter().any(|cell| !cell.raw.is_empty()),
        _ => true,
    });
    table
}

pub(super) fn to_json(study: &Study, sizes: &[f64]) -> Vec<Value> {
    let finite = |value: f64| if value.is_finite() { Value::from(value) } else { Value::Null };
    let of = |one: Prediction| {
        json!({
            "agents": one.n, "value": finite(one.value), "ci95": one.ci95.map(|ends| ends.map(finite)),
            "speedup": finite(one.speedup), "work": finite(one.parts.work),
            "contention": finite(one.parts.contention), "coherency": finite(one.parts.coherency),
            "measured_range": !one.is_beyond,
        })
    };
    predict(study, sizes).into_iter().map(of).collect()
}
