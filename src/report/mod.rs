//! L9: results as text or picture. Values in, text or bytes out: no files, no simulation, no fitting. The same values
//! give the same bytes.

pub mod analyze;
mod budget;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod crossover;
pub mod curve;
pub mod fit;
pub mod fit_picture;
mod fit_predict;
mod fit_words;
pub mod fits;
pub mod front_picture;
pub mod github;
pub mod glossary;
pub mod import;
pub mod infer_p;
#[cfg(feature = "cli")]
pub mod junit;
pub mod narrate;
pub mod optimal;
pub mod optimal_table;
pub mod paper;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod refused;
pub mod render;
pub mod replay;
pub mod rows;
pub mod run;
pub mod sensitivity;
pub mod sweep;
pub mod sweep_page;
mod time_uses;
pub mod timeline;
mod token_parts;
pub mod validate;
pub mod validate_page;
pub mod what_if;
pub mod witness;

use serde_json::json;

pub use crate::engine::VERSION;

use crate::engine::Time;
use crate::scaling::{Interval, Variances};

/// Version of all JSON documents; incremented by breaking changes.
pub const SCHEMA_VERSION: u32 = 1;

/// Returns the last line of a report: seed, version and the command that repeats it.
pub fn footer(seed: u64, command: &str) -> String {
    format!("seed {seed} · brooks {VERSION} · repeat: {command}\n")
}

/// Returns the last line of a report without random numbers.
pub fn footer_without_seed(command: &str) -> String {
    format!("brooks {VERSION} · repeat: {command}\n")
}

/// Returns a JSON document with the common first keys.
pub fn document(seed: Option<u64>, command: &str) -> serde_json::Value {
    let mut document = preamble(seed.unwrap_or_default(), command);
    if seed.is_none() {
        document.remove("seed");
    }
    document.into()
}

/// Returns the common first keys of JSON documents.
fn preamble(seed: u64, command: &str) -> serde_json::Map<String, serde_json::Value> {
    let mut document = serde_json::Map::new();
    document.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    document.insert("brooks".to_owned(), VERSION.into());
    document.insert("seed".to_owned(), seed.into());
    document.insert("command".to_owned(), command.into());
    document
}

/// Converts a number to JSON: whole numbers without a point, null if it is not finite.
fn json_number(value: f64) -> serde_json::Value {
    // Whole numbers below 2^53 are exact.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return (value as i64).into();
    }
    value.into()
}

/// Converts a time to JSON, in seconds.
fn json_seconds(time: Time) -> serde_json::Value {
    json_number(time.as_secs())
}

/// Converts a mean with its interval to JSON.
fn json_interval(interval: Interval) -> serde_json::Value {
    json!({ "mean": interval.estimate, "ci95": [interval.low(), interval.high()] })
}

/// Converts the variance reduction by common random numbers to JSON.
fn json_noise(noise: &Variances) -> serde_json::Value {
    json!({ "variance_reduction": noise.reduction(), "worth": noise.worth() })
}

/// Joins names: `a, b and c`.
fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.concat(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::engine::Digest;
    use crate::experiment::{Laws, PointResult, SweepResult, TimeShares, WorkBounds};
    use crate::record::METRICS;
    use crate::scaling::{Interval, Summary};

    /// Work 60 %, service 2 %, coordination 8 %, waiting 25 % (barrier 20 %, nothing left 4 %, tests 1 %), rework 5 %.
    fn shares() -> TimeShares {
        TimeShares {
            parts: [0.6, 0.02, 0.08, 0.25, 0.0, 0.05],
            causes: [0.0, 0.0, 0.0, 0.01, 0.2, 0.0, 0.0, 0.0, 0.04, 0.0],
            queues: vec![("tests".to_owned(), 0.01)],
        }
    }

    /// Sweep of two architectures at three team sizes; the last point has no completed run.
    pub(crate) fn sweep() -> SweepResult {
        let work = WorkBounds { work: 100.0, span: 10.0, parallel_fraction: 0.9, amount: 100.0 };
        let row = |architecture: &str, agents: u32, speedup: Option<f64>| {
            let summary = |name: &str, speedup: f64| {
                let mean = match name {
                    "makespan_s" => 120.0 / speedup,
                    "cost" => 0.5 * f64::from(agents),
                    "lost_claims" if architecture == "self_claim" => f64::from(agents),
                    "quality" => 1.0,
                    "llm_calls" | "input_tokens" => 1_000.0,
                    _ => 0.0,
                };
                let (sd, half_width) = (mean * 0.1, mean * 0.02);
                Summary { n: 50, mean, sd, half_width, min: mean, p10: mean, p50: mean, p90: mean, max: mean }
            };
            PointResult {
                axes: vec![architecture.to_owned(), agents.to_string(), "a <b> & \"c\"".to_owned()],
                agents,
                architecture: architecture.to_owned(),
                runs: 50,
                completed: if speedup.is_some() { 50 } else { 0 },
                stalled: if speedup.is_some() { 0 } else { 50 },
                timed_out: 0,
                metrics: METRICS.iter().map(|metric| Some(summary(metric.name, speedup?))).collect(),
                shares: shares(),
                speedup: speedup.map(|estimate| Interval { estimate, half_width: estimate * 0.02 }),
                token_multiplier: None,
                over_one_agent: true,
                laws: Laws::new(&work, agents),
                digest: Digest::default(),
            }
        };
        SweepResult {
            scenario: "try <it>".to_owned(),
            question: None,
            seed: 7,
            axes: ["architecture", "team.agents", "workload.kind"].map(str::to_owned).to_vec(),
            baseline: "one agent, same architecture".to_owned(),
            scaled: false,
            rows: vec![
                row("preassigned", 1, Some(1.0)),
                row("preassigned", 2, Some(1.8)),
                row("preassigned", 4, Some(1.81)),
                row("self_claim", 1, Some(1.0)),
                row("self_claim", 2, Some(1.5)),
                row("self_claim", 4, None),
            ],
        }
    }

    /// Asserts that all tags are nested, attributes quoted and special characters escaped.
    pub(super) fn assert_well_formed(xml: &str) {
        let mut open = Vec::new();
        let mut rest = xml;
        while let Some(start) = rest.find('<') {
            let text = &rest[..start];
            assert!(!text.contains('>'), "{text}");
            for entity in text.split('&').skip(1) {
                assert!(["amp;", "lt;", "gt;", "quot;", "apos;", "#"].iter().any(|e| entity.starts_with(e)), "{text}");
            }
            let end = start + rest[start..].find('>').expect("every tag ends");
            let tag = &rest[start + 1..end];
            rest = &rest[end + 1..];
            if tag.starts_with('!') {
                continue;
            }
            assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{tag}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}
