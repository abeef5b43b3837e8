//! A checked scenario with its changes.

use std::path::PathBuf;
use std::sync::Arc;

use brooks::experiment::{Sweep, solo_baseline};
use brooks::problem::Problems;
use brooks::record::{Ending, Facts, Log};
use brooks::report::run::RunReport;
use brooks::report::witness::Witness;
use brooks::scenario::ScenarioFile;
use brooks::scenario::given_by;
use brooks::simulation::{Simulator, simulate};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::errors::{InputKind, raise};
use crate::shelf::{Kept, Shelf};

/// Change: kind ("set" or "axis"), path, and value as on the command line.
type Step = (String, String, String);

/// Checked scenario, made by `brooks.load`.
#[pyclass(frozen, module = "brooks._brooks")]
pub(crate) struct Scenario {
    file: ScenarioFile,
    /// Built-in name, path, or `<text>` or `<dict>` for a scenario without a file.
    source: String,
    shelf: Arc<Shelf>,
    lines: bool,
    steps: Vec<Step>,
}

impl Scenario {
    pub(crate) fn file(&self) -> &ScenarioFile {
        &self.file
    }

    /// Returns the files named so far, with the SHA-256 of their contents.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        self.shelf.named()
    }

    pub(crate) fn problem(&self, py: Python<'_>, problems: &Problems) -> PyErr {
        raise(py, problems, InputKind::Scenario { lines: self.lines })
    }
}

/// Returns the dedicated argument of a path, which error messages name.
fn flag(path: &str) -> Option<&'static str> {
    match path {
        "team.agents" | "agents" => Some("--agents"),
        "architecture" => Some("--architecture"),
        _ => None,
    }
}

/// Applies `steps` in the order of the command line: first all settings, then the axes.
fn changed(mut file: ScenarioFile, steps: &[Step]) -> Result<ScenarioFile, Problems> {
    let set = steps.iter().filter(|(kind, ..)| kind == "set");
    let settings: Vec<(String, String)> = set.map(|(_, path, text)| (path.clone(), text.clone())).collect();
    if !settings.is_empty() {
        let by = |wrong, (path, _): &(String, String)| match flag(path) {
            Some(argument) => given_by(argument, Some(path), wrong),
            None => wrong,
        };
        file = file.with(&settings).map_err(|wrong| settings.iter().fold(wrong, by))?;
    }
    for (path, text) in &settings {
        // A set value replaces the axis of the same path, which would override it otherwise.
        let full = format!("team.{path}");
        if file.axes().iter().any(|axis| axis.path == *path || axis.path == full) {
            file = file.with_axis(path, text)?;
        }
    }
    for (_, path, text) in steps.iter().filter(|(kind, ..)| kind == "axis") {
        file = file.with_axis(path, text).map_err(|wrong| given_by(flag(path).unwrap_or("--axis"), None, wrong))?;
    }
    Ok(file)
}

#[pymethods]
impl Scenario {
    /// Opens a built-in scenario, a path, or the entry of `kept` with this name; `folder` contains its files.
    #[staticmethod]
    fn open(
        py: Python<'_>,
        source: String,
        folder: Option<PathBuf>,
        kept: Kept,
        lines: bool,
        steps: Vec<Step>,
    ) -> PyResult<Scenario> {
        let shelf = Shelf::new(&source, folder, kept);
        let file = py.detach(|| {
            let file = ScenarioFile::open(&source, &shelf.files())?;
            changed(file, &steps)
        });
        let file = file.map_err(|problems| raise(py, &problems, InputKind::Scenario { lines }))?;
        Ok(Scenario { file, source, shelf, lines, steps })
    }

    /// Returns a copy with more changes.
    fn changed(&self, py: Python<'_>, steps: Vec<Step>) -> PyResult<Scenario> {
        let file = py.detach(|| changed(self.file.clone(), &steps)).map_err(|problems| self.problem(py, &problems))?;
        let steps = self.steps.iter().cloned().chain(steps).collect();
        Ok(Scenario { file, source: self.source.clone(), shelf: self.shelf.clone(), lines: self.lines, steps })
    }

    /// Name of the scenario.
    #[getter]
    fn name(&self) -> &str {
        self.file.name()
    }

    /// Built-in name, path, `<text>` or `<dict>`.
    #[getter]
    fn source(&self) -> &str {
        &self.source
    }

    /// Changes to the scenario.
    #[getter]
    fn steps(&self) -> Vec<Step> {
        self.steps.clone()
    }

    /// Question that the scenario answers; empty if it has none.
    #[getter]
    fn question(&self) -> &str {
        self.file.question()
    }

    /// Random seed.
    #[getter]
    fn seed(&self) -> u64 {
        self.file.seed()
    }

    /// Default number of runs per point.
    #[getter]
    fn replications(&self) -> u64 {
        self.file.replications()
    }

    /// Axes of the sweep by path, with their values as text; the last axis varies fastest.
    #[getter]
    fn axes(&self) -> Vec<(String, Vec<String>)> {
        let values = |axis: &brooks::scenario::Axis| axis.values.iter().map(ToString::to_string).collect();
        self.file.axes().iter().map(|axis| (axis.path.clone(), values(axis))).collect()
    }

    /// Simulates one run; returns the JSON document of `brooks run --format json`.
    fn run(&self, py: Python<'_>, replication: u64, command: String) -> PyResult<String> {
        let document = || -> Result<String, Problems> {
            let scenario = self.file.scenario()?.of_replication(replication).into_owned();
            let metrics = simulate(&scenario, replication);
            let alone = solo_baseline::metrics(&self.file, &scenario, replication);
            let mut report = RunReport::new(&self.file, &scenario, metrics, alone, command);
            if report.run.ending != Ending::Completed {
                // A second run records the log that explains the deadlock or limit.
                let (facts, mut log) =
                    (Facts::new(&scenario.team, &scenario.graph, &scenario.resources), Log::default());
                Simulator::new(&scenario).run(&*scenario.architecture, replication, &mut log);
                report.witness = Some(Witness::from_log(&facts, &log).describe(&facts, report.run.ending));
            }
            Ok(report.to_json().to_string())
        };
        py.detach(document).map_err(|problems| self.problem(py, &problems))
    }

    fn __repr__(&self) -> String {
        format!("<brooks.Scenario {}: {} points>", self.file.name(), Sweep::new(&self.file, 1).points())
    }

    /// Pickles by value, with all files read.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let kept = pyo3::types::PyDict::new(py);
        for (name, bytes) in this.shelf.kept() {
            kept.set_item(name, PyBytes::new(py, &bytes))?;
        }
        let open = slf.get_type().getattr("open")?;
        let arguments = (&this.source, None::<PathBuf>, kept, this.lines, this.steps.clone()).into_pyobject(py)?;
        Ok((open, arguments))
    }
}
