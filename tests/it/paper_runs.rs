//! The 982 recorded runs of arXiv 2603.12229 (`BROOKS_DATA`): imported, replayed through the engine, and held against
//! what was recorded.

use brooks::corpus::{RecordedRun, paper};
use brooks::record::Prices;
use brooks::table::{ImportContext, SourceFile};
use brooks::trace::Trace;
use brooks::trace::import::{self};
use brooks::trace::replay::replay;
use serde_json::Value;

/// The runs, or none without the data.
pub(crate) fn traces() -> Option<Vec<Trace>> {
    let folder = crate::data("paper")?;
    let file = |name: &str| SourceFile {
        path: name.to_owned(),
        bytes: std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")),
    };
    let mut files = vec![file("runs.parquet"), file("events.parquet")];
    for suite in ["amdahl_dataanalysis", "amdahl_mathutilities20", "amdahl_svgutils"] {
        files.extend(["p02", "p05", "p09"].map(|p| file(&format!("tasks/{suite}/{p}.json"))));
    }
    let importer = import::find("llm-teams").expect("it is in the table");
    let mut reading = ImportContext::default();
    let traces = (importer.read)(&files, &mut reading);
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    Some(traces)
}

#[test]
fn every_run_is_replayed_exactly() {
    let Some(traces) = traces() else { return };
    assert_eq!(traces.len(), 982);
    let mut errors = Vec::new();
    for trace in &traces {
        brooks::trace::check::check(trace, |fault| panic!("{}: {}", trace.header.trace, fault.problem));
        let replay = replay(trace, &mut ());
        assert!(replay.counts_equal(), "{}: {:?}", trace.header.trace, replay.counted);
        assert_eq!(replay.counted.len(), 12);
        errors.push((replay.error_percent().expect("its length is recorded"), trace.header.trace.clone()));
    }
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| errors[((errors.len() - 1) as f64 * share) as usize].0;
    println!("median {:.4} %, p95 {:.4} %, worst {:.4} % {}", at(0.5), at(0.95), at(1.0), errors[981].1);
    assert!(at(0.5) <= 0.02 && at(0.95) <= 0.1 && at(1.0) <= 2.5);
}

#[test]
fn the_paper_s_figures_are_recomputed() {
    let Some(traces) = traces() else { return };
    let runs: Vec<RecordedRun> = traces.iter().map(|trace| RecordedRun::from_trace(trace, Prices::default())).collect();
    let found = Value::from(brooks::report::paper::to_json(&paper::figures(&runs)));
    let folder = crate::data("paper").expect("it was there before");
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("readable");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let mut wrong = Vec::new();
    compare("", &expected, &found, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(expected["cells"].as_array().map(Vec::len), Some(90));
}

/// Counts and U exactly, all else to 1e-6.
fn compare(path: &str, expected: &Value, found: &Value, wrong: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), found) => {
            for (key, value) in expected {
                compare(&format!("{path}.{key}"), value, &found[key], wrong);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{path}[{place}]"), expected, found, wrong);
            }
        }
        (expected, found) => {
            let is_exact = expected.is_i64() || path.ends_with("u_preassigned");
            let near = |a: f64, b: f64| (a - b).abs() <= if is_exact { 0.0 } else { 1e-6 };
            let agrees = match (expected.as_f64(), found.as_f64()) {
                (Some(expected), Some(found)) => near(expected, found),
                _ => expected == found,
            };
            if !agrees {
                wrong.push(format!("{path}: {expected} expected, {found} found"));
            }
        }
    }
}
