//! L7: results as text or picture: values in, text or bytes out. Nothing here reads or writes a file; the same values
//! give the same bytes.

pub mod analyze;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod crossover;
pub mod curve;
pub mod fit;
pub mod fit_picture;
mod fit_predict;
pub mod fit_table;
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
pub mod render;
pub mod replay;
pub mod rows;
pub mod run;
pub mod sensitivity;
pub mod sweep;
pub mod sweep_page;
pub mod timeline;
pub mod validate;
pub mod validate_page;
pub mod what_if;
pub mod witness;

pub use crate::engine::VERSION;

/// The version of every JSON document; a change that breaks a reader raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// The last line of every report: what it takes to see the same again.
pub fn footer(seed: u64, command: &str) -> String {
    format!("seed {seed} · brooks {VERSION} · repeat: {command}\n")
}

/// The last line of a result in which nothing is drawn.
pub fn footer_without_seed(command: &str) -> String {
    format!("brooks {VERSION} · repeat: {command}\n")
}

/// A JSON document with nothing in it yet but the keys that every one begins with.
pub fn document(seed: Option<u64>, command: &str) -> serde_json::Value {
    let mut document = preamble(seed.unwrap_or_default(), command);
    if seed.is_none() {
        document.remove("seed");
    }
    document.into()
}

/// The keys that every JSON document begins with.
fn preamble(seed: u64, command: &str) -> serde_json::Map<String, serde_json::Value> {
    let mut document = serde_json::Map::new();
    document.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    document.insert("brooks".to_owned(), VERSION.into());
    document.insert("seed".to_owned(), seed.into());
    document.insert("command".to_owned(), command.into());
    document
}

/// A number for a JSON document: whole where it is whole, null where it is none.
fn json_number(value: f64) -> serde_json::Value {
    // Up to 2^53 every whole number has its own floating-point value.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return (value as i64).into();
    }
    value.into()
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::engine::Digest;
    use crate::experiment::{Laws, PointResult, SweepResult, WorkBounds};
    use crate::record::METRICS;
    use crate::scaling::{Interval, Summary};

    /// Two architectures at three team sizes; the last point has no completed run.
    pub(crate) fn sweep() -> SweepResult {
        let work = WorkBounds { work: 100.0, span: 10.0, parallel_fraction: 0.9 };
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
                shares: [0.6, 0.1, 0.25, 0.0, 0.05, 0.2, 0.01],
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

    /// Whether every tag is closed in the right order, every attribute quoted and every special character escaped.
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
