//! Laws fitted to the points of a sweep's curve, as text and JSON.

use serde_json::{Map, Value, json};

use crate::experiment::sweep::law_fits::Fits;
use crate::report::render::number;
use crate::scaling::{Fit, Verdict};

/// Returns one line: the law of the curve with its parameters, or the reason why there is none.
pub fn to_text(fits: &Fits) -> String {
    let Verdict::Regime { law } = fits.verdict else { return fits.verdict.to_string() };
    let Some(fit) = fits.fits.iter().find(|fit| fit.law.name == law) else { return fits.verdict.to_string() };
    let parameters: Vec<String> = fit.estimates().iter().filter(|e| e.name != "lambda").map(shown).collect();
    let peak = fit.peak().map_or(String::new(), |peak| format!(", peak at {} agents", peak.agents));
    format!("follows {law}: {}{peak}", parameters.join(", "))
}

/// Returns JSON for programs, with the keys of `brooks fit`.
pub fn to_json(fits: &Fits) -> Value {
    let laws: Map<String, Value> = fits.fits.iter().map(|fit| (fit.law.name.to_owned(), of_law(fit))).collect();
    let law = if let Verdict::Regime { law } = fits.verdict { Some(law) } else { None };
    json!({
        "laws": laws,
        "verdict": { "regime": law.is_some(), "law": law, "reason": fits.verdict.to_string() },
    })
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
