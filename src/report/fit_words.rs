//! Confidence and methods of `brooks fit` in words.

use std::fmt::Write as _;

use crate::report::render::number;
use crate::scaling::bootstrap::Resampling as Drawn;
use crate::scaling::confidence::IntervalMethod;
use crate::scaling::sample::Weighting;
use crate::scaling::study::Fitted;
use crate::scaling::{FTest, Study, verdict};

/// Difference in the information criterion at which one law is twice as likely as the other: 2 ln 2.
const TWICE: f64 = 2.0 * std::f64::consts::LN_2;

/// Reports the tests behind a verdict and their agreement.
pub(super) fn how_sure(study: &Study, fitted: &Fitted) -> String {
    let law = fitted.fit.law.name;
    let other = if law == "amdahl" { "usl" } else { "amdahl" };
    let nested = if law == "linear" {
        study.law("amdahl").and_then(|amdahl| verdict::needs(&fitted.fit, &amdahl.fit))
    } else {
        study.f_test
    };
    let least = study.least_aicc().map(|fitted| fitted.fit.law.name);
    // AICc prefers the simpler of two equal laws, which counts as agreement. It is undefined for too few points.
    let has_criterion = fitted.fit.aicc.is_some();
    let agrees = !has_criterion || least.is_none_or(|least| least == law);
    let misses = fitted.fit.lack_of_fit.filter(|test| test.p < 0.05);
    let margin =
        study.law(other).and_then(|other| Some(other.fit.aicc? - fitted.fit.aicc?)).map_or(0.0, |margin| margin);
    let sure = match nested {
        _ if misses.is_some() => "in doubt",
        _ if !agrees => "in doubt",
        _ if !has_criterion => "fairly sure",
        Some(test) if law == "usl" && test.p < 0.01 => "sure",
        Some(test) if law != "usl" && test.p > 0.1 && margin > TWICE => "sure",
        _ if law == "gustafson" => "sure",
        _ => "fairly sure",
    };
    let mut text = sure.to_owned();
    if let Some(test) = nested.filter(|_| law != "gustafson") {
        let reason = match law {
            "usl" => "Amdahl's law is not enough",
            "linear" => "Amdahl's law explains no more",
            _ => "the USL explains no more",
        };
        let _ = write!(text, ": {reason}, {}", shown_test(test));
    }
    if let Some((least, own)) = study.least_aicc().zip(fitted.fit.aicc).filter(|_| !agrees) {
        let aicc = least.fit.aicc.unwrap_or_default();
        let _ = write!(text, "; but AICc prefers {}, {aicc:.2} to {own:.2}", least.fit.law.name);
    } else if !has_criterion {
        text.push_str("; too few points for AICc");
    } else if study.least_aicc().is_some() && margin > 0.0 {
        let _ = write!(text, "; AICc agrees, by {margin:.1}");
    }
    if let Some(test) = misses {
        let _ = write!(
            text,
            "; yet the curve misses the means by more than repetitions differ (lack of fit, {})",
            shown_test(test)
        );
    }
    text
}

fn shown_test(test: FTest) -> String {
    let f = if test.f < 1e4 { format!("{:.2}", test.f) } else { number::significant(test.f) };
    format!("F({}, {}) = {f}, p = {}", test.df1, test.df2, number::p_value(test.p))
}

/// Describes the data, the weights and the intervals.
pub(super) fn methods(study: &Study) -> String {
    let sample = &study.sample;
    let mut text = format!("{} measurements at {} sizes", number::count(sample.runs() as u64), sample.points.len());
    text.push_str(&weights(sample.weighting));
    if sample.one().is_none() {
        text.push_str("; n = 1 was not measured: speedups are over one on the fitted curve");
    }
    text.push_str("; intervals are 95 %");
    if study.laws.iter().any(|law| law.intervals.iter().flatten().any(|i| i.method == IntervalMethod::Profile)) {
        text.push_str(", by profile likelihood where a bound is near");
    }
    if let Some(peak) = study.peak {
        let drawn = match peak.method {
            Drawn::Replications => "over replications",
            Drawn::Normal => "over normal means",
            Drawn::Residuals => "over residuals",
        };
        let _ = write!(
            text,
            "; that of the peak by bootstrap {drawn} ({} resamples)",
            number::count(peak.resamples.into())
        );
    }
    text
}

/// Describes the weights of the measurements.
fn weights(weighting: Weighting) -> String {
    match weighting {
        Weighting::Alike => {
            ", each counts alike (errors of one size everywhere; --error share if they grow with it)".to_owned()
        }
        Weighting::Share => {
            ", each counts by 1/throughput^2 (errors are a share; --error same if they are not)".to_owned()
        }
        Weighting::Own => ", weights n/s^2 of each size (their spread follows no pattern)".to_owned(),
        Weighting::Given => ", weights as given".to_owned(),
        Weighting::Pooled { power } => {
            let goes = match power {
                1.0 => "as a share of the throughput".to_owned(),
                0.0 => "alike everywhere".to_owned(),
                power => format!("as throughput^{}", number::significant(power)),
            };
            format!(", weights n/s^2 with s pooled over all sizes, {goes}")
        }
    }
}

/// Formats a team size, without decimals if it is whole.
pub(super) fn plain(n: f64) -> String {
    if n.fract() == 0.0 { number::count(n as u64) } else { number::significant(n) }
}
