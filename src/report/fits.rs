//! The laws fitted under a curve: what it follows, if anything.

use serde_json::{Map, Value, json};

use crate::experiment::Curve;
use crate::report::render::number;
use crate::scaling::{Fit, Point, Verdict, fit, law, verdict};

/// The laws that apply to work of fixed size, and to work that grows with the team.
const FIXED: &[&str] = &["amdahl", "usl"];
const SCALED: &[&str] = &["gustafson"];

/// The fits of a curve and what they say together. Every point counts alike; weights by replications come with `fit`.
pub struct Fits {
    fits: Vec<Fit>,
    verdict: Verdict,
}

impl Fits {
    /// Of the speedups of a curve; `scaled` if the work grows with the team.
    pub fn of(curve: &Curve<'_>, scaled: bool) -> Fits {
        let speedups = curve.rows.iter().filter_map(|row| Some((row.agents, row.speedup?)));
        let (points, half_widths): (Vec<Point>, Vec<f64>) =
            speedups.map(|(n, speedup)| (Point::new(f64::from(n), speedup.estimate), speedup.half_width)).unzip();
        let fits: Vec<Fit> =
            if scaled { SCALED } else { FIXED }.iter().filter_map(|name| fit::fit(law(name)?, &points).ok()).collect();
        let verdict = verdict::judge_known(&points, &half_widths, &fits);
        Fits { fits, verdict }
    }

    /// One line: the law that the curve follows, with its parameters; or why there is none.
    pub fn to_text(&self) -> String {
        let Verdict::Regime { law } = self.verdict else { return self.verdict.to_string() };
        let Some(fit) = self.fits.iter().find(|fit| fit.law.name == law) else { return self.verdict.to_string() };
        let parameters: Vec<String> = fit.estimates().iter().filter(|e| e.name != "lambda").map(shown).collect();
        let peak = fit.peak().map_or(String::new(), |peak| format!(", peak at {} agents", peak.agents));
        format!("follows {law}: {}{peak}", parameters.join(", "))
    }

    /// For programs, with the keys of `fit`.
    pub fn to_json(&self) -> Value {
        let laws: Map<String, Value> = self.fits.iter().map(|fit| (fit.law.name.to_owned(), of_law(fit))).collect();
        let law = if let Verdict::Regime { law } = self.verdict { Some(law) } else { None };
        json!({
            "laws": laws,
            "verdict": { "regime": law.is_some(), "law": law, "reason": self.verdict.to_string() },
        })
    }
}

fn shown(estimate: &crate::scaling::Estimate) -> String {
    let value = number::significant(estimate.value);
    match estimate.interval() {
        _ if estimate.at_bound => format!("{} {value} (at bound)", estimate.name),
        Some(interval) => {
            let ends = [interval.low(), interval.high()].map(number::significant);
            format!("{} {value} [{}, {}]", estimate.name, ends[0], ends[1])
        }
        None => format!("{} {value}", estimate.name),
    }
}

fn of_law(fit: &Fit) -> Value {
    let parameters: Map<String, Value> = fit
        .estimates()
        .iter()
        .map(|estimate| {
            let ci95 = estimate.interval().map(|interval| [interval.low(), interval.high()]);
            let entry =
                json!({ "estimate": estimate.value, "se": estimate.se, "ci95": ci95, "at_bound": estimate.at_bound });
            (estimate.name.to_owned(), entry)
        })
        .collect();
    json!({ "parameters": parameters, "rss": fit.rss, "df": fit.df, "aicc": fit.aicc })
}
