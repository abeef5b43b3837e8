//! A checked sweep and its shards, as `brooks sweep` runs them.

use brooks::experiment::sweep::ReplicationCount;
use brooks::experiment::sweep::design::Design;
use brooks::experiment::{self, SweepResult};
use brooks::problem::Problems;
use brooks::scaling::Precision;
use brooks::scaling::precision::{LEAST, share};
use brooks::scenario::Node;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::scenario::Scenario;
use crate::table::{Plan, Table};
use crate::work;

/// Sweep of a scenario, made by `brooks.prepare`.
#[pyclass(frozen, module = "brooks._brooks")]
pub(crate) struct Sweep {
    scenario: Py<Scenario>,
    replications: ReplicationCount,
    /// Options of the constructor, for pickling.
    options: Options,
    /// Points of a design; none for all combinations.
    chosen: Option<Vec<Vec<Node>>>,
}

/// Replications, precision, maximum replications, design, and independent random numbers.
type Options = (Option<u64>, Option<String>, u64, String, bool);

impl Sweep {
    fn sweep(&self) -> experiment::Sweep<'_> {
        let sweep = experiment::Sweep::new(self.scenario.get().file(), 1).with_replications(self.replications);
        let sweep = if self.options.4 { sweep.independent() } else { sweep };
        match &self.chosen {
            Some(points) => sweep.of_points(points.clone()),
            None => sweep,
        }
    }
}

#[pymethods]
impl Sweep {
    #[new]
    fn new(
        scenario: Py<Scenario>,
        reps: Option<u64>,
        precision: Option<String>,
        max_reps: u64,
        design: String,
        independent: bool,
    ) -> PyResult<Sweep> {
        let wrong = |why: String| Err(PyValueError::new_err(why));
        let file = scenario.get().file();
        let replications = match (reps, &precision) {
            (Some(0), _) => return wrong("reps=0: expected at least 1".to_owned()),
            (Some(_), Some(_)) => return wrong("reps and precision: expected one of them".to_owned()),
            (None, Some(_)) if max_reps < LEAST => {
                return wrong(format!("max_reps={max_reps}: expected at least {LEAST}"));
            }
            (None, Some(text)) => {
                let relative = share(text).map_err(|why| PyValueError::new_err(format!("precision: {why}")))?;
                ReplicationCount::Precise(Precision { most: max_reps, ..Precision::to(relative) })
            }
            (reps, None) => ReplicationCount::Fixed(reps.unwrap_or_else(|| file.replications())),
        };
        let unknown = |why: String| PyValueError::new_err(format!("design={why}"));
        let chosen =
            Design::parse(&design).and_then(|design| design.points(file.axes(), file.seed())).map_err(unknown)?;
        Ok(Sweep { scenario, replications, options: (reps, precision, max_reps, design, independent), chosen })
    }

    /// Number of points.
    #[getter]
    fn points(&self) -> usize {
        self.sweep().points()
    }

    /// Replications per point; the maximum if precision decides.
    #[getter]
    fn reps(&self) -> u64 {
        self.sweep().replications()
    }

    /// Number of runs including baselines; the maximum if precision decides. Raises `ScenarioError`.
    fn runs(&self, py: Python<'_>) -> PyResult<u64> {
        py.detach(|| self.sweep().runs()).map_err(|problems| self.scenario.get().problem(py, &problems))
    }

    /// Runs the points of shard `(i, n)`, with `i` from 0, or all points, on `threads` threads (0: one per core).
    fn run(
        &self,
        py: Python<'_>,
        shard: Option<(u32, u32)>,
        threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Table> {
        if let Some((index, count)) = shard.filter(|(index, count)| index >= count) {
            let message = format!("shard=({index}, {count}): expected a number from 0 to {}", count.max(1) - 1);
            return Err(PyValueError::new_err(message));
        }
        let scenario = self.scenario.get();
        let table = work::run(py, threads, progress.as_ref(), |control| -> Result<Table, Problems> {
            let sweep = self.sweep();
            sweep.check()?;
            let mut own: Box<dyn Iterator<Item = usize>> = match shard {
                None | Some((_, 1)) => Box::new(0..sweep.points()),
                Some((index, count)) => Box::new(sweep.shard(index, count)),
            };
            let (mut numbers, mut rows) = (Vec::new(), Vec::new());
            sweep.stream(&mut *own, control, &mut |block| {
                for point in block {
                    numbers.push(point.number);
                    rows.push(point.row);
                }
            })?;
            let result = SweepResult { rows, ..sweep.head() };
            Ok(Table::new(&result, numbers, Plan::new(&sweep, scenario.files())))
        })?;
        table.map_err(|problems| scenario.problem(py, &problems))
    }

    fn __repr__(&self) -> String {
        format!("<brooks.Sweep {}: {} points>", self.scenario.get().file().name(), self.points())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let (reps, precision, most, design, independent) = this.options.clone();
        let arguments = (this.scenario.clone_ref(py), reps, precision, most, design, independent).into_pyobject(py)?;
        Ok((slf.get_type().into_any(), arguments))
    }
}
