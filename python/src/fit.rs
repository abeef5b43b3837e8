//! `brooks fit` on a table in memory or in a file.

use std::path::PathBuf;

use brooks::experiment::measured_curves::{self, MeasuredCurves};
use brooks::report;
use brooks::report::fit::FitReport;
use brooks::scaling::MeasurementKind;
use brooks::scaling::study::StudyOptions;
use brooks::table::measurements::Columns;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::errors::{InputKind, raise};
use crate::shelf::read_file;
use crate::work;

/// Returns the JSON document of `brooks fit --format json`, and notes about the table.
///
/// `rows` is JSON Lines; without it the file `name` is read.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the options of the command")]
pub(crate) fn fit(
    py: Python<'_>,
    name: String,
    rows: Option<Vec<u8>>,
    x: Option<String>,
    y: Option<String>,
    kind: Option<&str>,
    by: Vec<String>,
    weight: Option<String>,
    error: Option<&str>,
    law: Vec<String>,
    predict: Vec<f64>,
    seed: u64,
    resamples: u32,
    command: String,
) -> PyResult<(String, Vec<String>)> {
    let kinds =
        [MeasurementKind::Time, MeasurementKind::Throughput, MeasurementKind::Speedup, MeasurementKind::Response];
    let find = |kind: &str| {
        let unknown = || PyValueError::new_err(format!("kind={kind}: expected time, throughput, speedup or response"));
        kinds.into_iter().find(|known| known.name() == kind).ok_or_else(unknown)
    };
    let power = match error {
        None => None,
        Some("same") => Some(0.0),
        Some("share") => Some(1.0),
        Some(other) => return Err(PyValueError::new_err(format!("error={other}: expected same or share"))),
    };
    if let Some(size) = predict.iter().find(|size| !(1.0..=1e9).contains(*size)) {
        return Err(PyValueError::new_err(format!("predict={size}: expected a team size from 1 to 1e9")));
    }
    let columns = Columns { x, y, kind: kind.map(find).transpose()?, by, weight, power };
    let laws = measured_curves::laws(&law).map_err(|why| PyValueError::new_err(format!("law={why}")))?;
    let judge_all = !law.iter().any(|name| name.trim() == "all");
    let plan = StudyOptions { laws, judge_all, seed, resamples };
    let bytes = match rows {
        Some(bytes) => bytes,
        None => py
            .detach(|| read_file(&PathBuf::from(&name), measured_curves::MAX_BYTES as u64 + 1))
            .map_err(|error| PyOSError::new_err(format!("{name}: {error}")))?,
    };
    let fitted = work::run(py, 1, None, |_| {
        let file = measured_curves::unpacked(name, bytes)?;
        measured_curves::fit(&file, &columns, &plan)
    })?;
    let MeasuredCurves { x, y, curves, notes } = fitted.map_err(|problems| raise(py, &problems, InputKind::Table))?;
    let fitted = FitReport { x, y, curves, predict };
    let mut document = report::document(Some(seed), &command);
    if let Some(document) = document.as_object_mut() {
        document.extend(fitted.to_json());
    }
    Ok((document.to_string(), notes))
}
