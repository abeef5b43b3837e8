//! The rows of a sweep in columns, which merge, travel, and open in whatever speaks Arrow.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use brooks::engine::Digest;
use brooks::experiment::{ScenarioFile, SweepResult};
use brooks::report::VERSION;
use brooks::report::rows::{Series, Values, series};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::shelf::Kept;

/// What was asked for: parts of the same plan belong together.
#[derive(Clone, PartialEq, FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Plan {
    version: String,
    /// A fingerprint of the scenario with its axes and files, and of the number of replications.
    hash: u64,
    points: usize,
    reps: u64,
    seed: u64,
}

impl Plan {
    pub(crate) fn new(file: &ScenarioFile, files: &Kept, reps: u64) -> Plan {
        let mut hash = Digest::default();
        hash.add_text(&file.root().to_string());
        for (name, bytes) in files {
            hash.add_text(name);
            hash.add(bytes.len() as u64);
            bytes.iter().for_each(|byte| hash.add(u64::from(*byte)));
        }
        hash.add(reps);
        let points = file.axes().iter().map(|axis| axis.values.len()).product();
        Plan { version: VERSION.to_owned(), hash: hash.value(), points, reps, seed: file.seed() }
    }
}

/// A column as it travels: name, and values of one of three kinds.
#[derive(Clone, FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct Column {
    name: String,
    text: Option<Vec<String>>,
    whole: Option<Vec<i64>>,
    real: Option<Vec<Option<f64>>>,
}

/// The rows of a sweep; `brooks.sweep` makes them.
#[pyclass(frozen, module = "brooks._brooks")]
pub(crate) struct Table {
    columns: Vec<Series>,
    /// The point that each row is of.
    numbers: Vec<usize>,
    scenario: String,
    axes: Vec<String>,
    plan: Plan,
}

impl Table {
    pub(crate) fn new(result: &SweepResult, numbers: Vec<usize>, plan: Plan) -> Table {
        let (scenario, axes) = (result.scenario.clone(), result.axes.clone());
        Table { columns: series(result), numbers, scenario, axes, plan }
    }

    fn batch(&self) -> Result<RecordBatch, ArrowError> {
        let field = |series: &Series| match series.values {
            Values::Text(_) => Field::new(&series.name, DataType::Utf8, false),
            Values::Whole(_) => Field::new(&series.name, DataType::Int64, false),
            Values::Real(_) => Field::new(&series.name, DataType::Float64, true),
        };
        let array = |series: &Series| -> ArrayRef {
            match &series.values {
                Values::Text(values) => Arc::new(StringArray::from_iter_values(values)),
                Values::Whole(values) => Arc::new(Int64Array::from(values.clone())),
                Values::Real(values) => Arc::new(Float64Array::from(values.clone())),
            }
        };
        let about = [
            ("brooks.version", self.plan.version.clone()),
            ("brooks.scenario", self.scenario.clone()),
            ("brooks.seed", self.plan.seed.to_string()),
            ("brooks.replications", self.plan.reps.to_string()),
            ("brooks.digest", self.digest()),
        ];
        let about: BTreeMap<String, String> = about.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let schema = Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()).with_metadata(about);
        RecordBatch::try_new(Arc::new(schema), self.columns.iter().map(array).collect())
    }
}

#[pymethods]
impl Table {
    /// The names of the columns, those of `brooks sweep`.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(|series| series.name.as_str()).collect()
    }

    /// The paths of the axes.
    #[getter]
    fn axes(&self) -> Vec<String> {
        self.axes.clone()
    }

    /// The scenario's name.
    #[getter]
    fn scenario(&self) -> &str {
        &self.scenario
    }

    /// The seed.
    #[getter]
    fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// Replications a point.
    #[getter]
    fn reps(&self) -> u64 {
        self.plan.reps
    }

    /// The number of the point that each row is of.
    #[getter]
    fn numbers(&self) -> Vec<usize> {
        self.numbers.clone()
    }

    /// How many points the whole sweep has.
    #[getter]
    fn points(&self) -> usize {
        self.plan.points
    }

    /// A fingerprint of all rows in order: sixteen hexadecimal digits, made of those of the rows.
    #[getter]
    fn digest(&self) -> String {
        let mut whole = Digest::default();
        for series in self.columns.iter().filter(|series| series.name == "digest") {
            if let Values::Text(rows) = &series.values {
                rows.iter().for_each(|row| whole.add(u64::from_str_radix(row, 16).unwrap_or_default()));
            }
        }
        whole.to_string()
    }

    fn __len__(&self) -> usize {
        self.numbers.len()
    }

    /// A column by its name, as a list; None where nothing is known.
    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let series = self.columns.iter().find(|series| series.name == name);
        let series = series.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        match &series.values {
            Values::Text(values) => values.into_pyobject(py),
            Values::Whole(values) => values.into_pyobject(py),
            Values::Real(values) => values.into_pyobject(py),
        }
    }

    /// The rows as dicts.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, pyo3::types::PyDict>>> {
        let rows: Vec<_> = self.numbers.iter().map(|_| pyo3::types::PyDict::new(py)).collect();
        for series in &self.columns {
            let name = pyo3::types::PyString::new(py, &series.name);
            for (place, row) in rows.iter().enumerate() {
                match &series.values {
                    Values::Text(values) => row.set_item(&name, values.get(place))?,
                    Values::Whole(values) => row.set_item(&name, values.get(place))?,
                    Values::Real(values) => row.set_item(&name, values.get(place).copied().flatten())?,
                }
            }
        }
        Ok(rows)
    }

    /// As a pandas frame.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let frames = slf.py().import("brooks._frames")?;
        frames.getattr("to_pandas")?.call1((slf,))
    }

    /// The Arrow PyCapsule interface: `pyarrow.table(t)`, `polars.DataFrame(t)`, and DuckDB's `FROM t`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface allows to give what there is instead of what is asked for.
        drop(requested_schema);
        let batch = self.batch().map_err(|error| PyValueError::new_err(error.to_string()))?;
        let schema = batch.schema();
        let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        let (rows, columns, points) = (self.numbers.len(), self.columns.len(), self.plan.points);
        let part = if rows == points { String::new() } else { format!(" of {points}") };
        format!("<brooks.Table {}: {rows}{part} rows, {columns} columns, digest {}>", self.scenario, self.digest())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let columns: Vec<Column> = this.columns.iter().map(Column::of).collect();
        let (numbers, scenario, axes) = (this.numbers.clone(), &this.scenario, this.axes.clone());
        let arguments = (columns, numbers, scenario, axes, this.plan.clone()).into_pyobject(py)?;
        Ok((slf.get_type().getattr("_of")?, arguments))
    }

    /// What `__reduce__` took apart.
    #[staticmethod]
    fn _of(columns: Vec<Column>, numbers: Vec<usize>, scenario: String, axes: Vec<String>, plan: Plan) -> Table {
        Table { columns: columns.into_iter().map(Column::series).collect(), numbers, scenario, axes, plan }
    }
}

impl Column {
    fn of(series: &Series) -> Column {
        let mut column = Column { name: series.name.clone(), text: None, whole: None, real: None };
        match &series.values {
            Values::Text(values) => column.text = Some(values.clone()),
            Values::Whole(values) => column.whole = Some(values.clone()),
            Values::Real(values) => column.real = Some(values.clone()),
        }
        column
    }

    fn series(self) -> Series {
        let values = match (self.text, self.whole, self.real) {
            (Some(values), ..) => Values::Text(values),
            (_, Some(values), _) => Values::Whole(values),
            (.., values) => Values::Real(values.unwrap_or_default()),
        };
        Series { name: self.name, values }
    }
}

/// The parts of one sweep as a whole, in the order of its points.
///
/// Raises `ValueError` if they are parts of different sweeps or of different versions, if a point is there twice, or if
/// one is missing.
#[pyfunction]
pub(crate) fn merge(parts: Vec<Bound<'_, Table>>) -> PyResult<Table> {
    let parts: Vec<&Table> = parts.iter().map(|part| part.get()).collect();
    let Some(first) = parts.first() else { return Err(PyValueError::new_err("there is nothing to merge")) };
    let names = |part: &Table| part.columns.iter().map(|series| series.name.clone()).collect::<Vec<_>>();
    for (place, part) in parts.iter().enumerate() {
        if part.plan.version != first.plan.version {
            let (here, there) = (&first.plan.version, &part.plan.version);
            let message = format!("part {place} is of brooks {there} and part 0 of brooks {here}");
            return Err(PyValueError::new_err(message));
        }
        if part.plan != first.plan || names(part) != names(first) {
            let message = format!("part {place} is of another sweep than part 0: scenario, axes, seed or replications");
            return Err(PyValueError::new_err(message));
        }
    }
    // The rows in order of their points: (point, part, row of the part).
    let all = parts
        .iter()
        .enumerate()
        .flat_map(|(part, table)| table.numbers.iter().enumerate().map(move |(row, number)| (*number, part, row)));
    let mut rows: Vec<(usize, usize, usize)> = all.collect();
    rows.sort_unstable();
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let message = format!("point {} is both in part {} and in part {}", pair[0].0, pair[0].1, pair[1].1);
        return Err(PyValueError::new_err(message));
    }
    let missing: Vec<String> = (0..first.plan.points)
        .filter(|number| rows.binary_search_by_key(number, |row| row.0).is_err())
        .map(|number| number.to_string())
        .collect();
    if !missing.is_empty() {
        let shown = missing.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let more = if missing.len() > 20 { format!(" and {} more", missing.len() - 20) } else { String::new() };
        let message = format!("{} of {} points are missing: {shown}{more}", missing.len(), first.plan.points);
        return Err(PyValueError::new_err(message));
    }
    let columns = first.columns.iter().enumerate().map(|(place, series)| {
        let parts: Vec<&Values> = parts.iter().map(|part| &part.columns[place].values).collect();
        Series { name: series.name.clone(), values: gather(&series.values, &parts, &rows) }
    });
    let (columns, numbers) = (columns.collect(), rows.iter().map(|row| row.0).collect());
    let (scenario, axes) = (first.scenario.clone(), first.axes.clone());
    Ok(Table { columns, numbers, scenario, axes, plan: first.plan.clone() })
}

/// The values of a column, of whichever part each row is in.
fn gather(kind: &Values, parts: &[&Values], rows: &[(usize, usize, usize)]) -> Values {
    macro_rules! of {
        ($kind:path, $none:expr) => {
            $kind(
                rows.iter()
                    .map(|&(_, part, row)| if let $kind(values) = parts[part] { values[row].clone() } else { $none })
                    .collect(),
            )
        };
    }
    match kind {
        Values::Text(_) => of!(Values::Text, String::new()),
        Values::Whole(_) => of!(Values::Whole, 0),
        Values::Real(_) => of!(Values::Real, None),
    }
}
