//! Rows of a sweep in columns: merge, pickling, and the Arrow interface.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use brooks::engine::Digest;
use brooks::experiment::sweep::fingerprint::fingerprint;
use brooks::experiment::{Sweep, SweepResult};
use brooks::report::VERSION;
use brooks::report::parquet::{self, GROUP};
use brooks::report::rows::{Series, Values, csv_head, csv_rows, series};
use pyo3::exceptions::{PyKeyError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

/// Identity of a sweep: parts of the same plan can be merged.
#[derive(Clone, PartialEq, FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Plan {
    /// Hash, as in the plan.json of `brooks sweep`.
    hash: String,
    version: String,
    scenario: String,
    axes: Vec<String>,
    points: usize,
    reps: u64,
    seed: u64,
    /// Metadata of Parquet files.
    about: Vec<(String, String)>,
}

impl Plan {
    /// Creates the plan of a checked sweep and the files that it names.
    pub(crate) fn new(sweep: &Sweep<'_>, files: Vec<(String, String)>) -> Plan {
        let (head, hash) = (sweep.head(), fingerprint(sweep, &files));
        let about = parquet::about(&head, Some(&hash));
        let SweepResult { scenario, axes, seed, .. } = head;
        let (points, reps) = (sweep.points(), sweep.replications());
        Plan { hash, version: VERSION.to_owned(), scenario, axes, points, reps, seed, about }
    }

    /// Returns the differences of another plan in words; none if it is equal.
    fn differs(&self, other: &Plan) -> Option<String> {
        let fields = [
            ("version", &self.version, &other.version),
            ("scenario", &self.scenario, &other.scenario),
            ("seed", &self.seed.to_string(), &other.seed.to_string()),
            ("replications", &self.reps.to_string(), &other.reps.to_string()),
            ("points", &self.points.to_string(), &other.points.to_string()),
            ("axes", &self.axes.join(", "), &other.axes.join(", ")),
        ];
        let differences = fields.iter().filter(|(_, own, others)| own != others);
        let differences: Vec<String> =
            differences.map(|(what, own, others)| format!("{what} {others} there, {own} here")).collect();
        match (differences.is_empty(), self.hash == other.hash) {
            (false, _) => Some(differences.join("; ")),
            (true, true) => None,
            (true, false) => Some("values on the axes, a setting or a file that the scenario names".to_owned()),
        }
    }
}

/// Pickled column: name, and values of one of three types.
#[derive(Clone, FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct Column {
    name: String,
    text: Option<Vec<String>>,
    whole: Option<Vec<i64>>,
    real: Option<Vec<Option<f64>>>,
}

/// Rows of a sweep, made by `brooks.sweep`.
#[pyclass(frozen, module = "brooks._brooks")]
pub(crate) struct Table {
    columns: Vec<Series>,
    /// Point number of each row.
    numbers: Vec<usize>,
    plan: Plan,
}

impl Table {
    pub(crate) fn new(result: &SweepResult, numbers: Vec<usize>, plan: Plan) -> Table {
        Table { columns: series(result), numbers, plan }
    }

    /// Returns the rows in row groups, as in files.
    fn groups(&self) -> impl Iterator<Item = Vec<Series>> + '_ {
        (0..self.numbers.len()).step_by(GROUP).map(|first| {
            let cut = |series: &Series| {
                let (name, rows) = (series.name.clone(), first..(first + GROUP).min(self.numbers.len()));
                let values = match &series.values {
                    Values::Text(values) => Values::Text(values[rows].to_vec()),
                    Values::Whole(values) => Values::Whole(values[rows].to_vec()),
                    Values::Real(values) => Values::Real(values[rows].to_vec()),
                };
                Series { name, values }
            };
            self.columns.iter().map(cut).collect()
        })
    }

    /// Returns true if a row equals one of another table.
    fn row_equals(&self, row: usize, other: &Table, other_row: usize) -> bool {
        self.columns.iter().zip(&other.columns).all(|(own, others)| match (&own.values, &others.values) {
            (Values::Text(own), Values::Text(others)) => own.get(row) == others.get(other_row),
            (Values::Whole(own), Values::Whole(others)) => own.get(row) == others.get(other_row),
            (Values::Real(own), Values::Real(others)) => own.get(row) == others.get(other_row),
            _ => false,
        })
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
        let digest = ("brooks.digest".to_owned(), self.digest());
        let about: BTreeMap<String, String> = self.plan.about.iter().cloned().chain([digest]).collect();
        let schema = Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()).with_metadata(about);
        RecordBatch::try_new(Arc::new(schema), self.columns.iter().map(array).collect())
    }
}

#[pymethods]
impl Table {
    /// Column names, as in `brooks sweep`.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(|series| series.name.as_str()).collect()
    }

    /// Paths of the axes.
    #[getter]
    fn axes(&self) -> Vec<String> {
        self.plan.axes.clone()
    }

    /// Name of the scenario.
    #[getter]
    fn scenario(&self) -> &str {
        &self.plan.scenario
    }

    /// Random seed.
    #[getter]
    fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// Replications per point.
    #[getter]
    fn reps(&self) -> u64 {
        self.plan.reps
    }

    /// Point number of each row.
    #[getter]
    fn numbers(&self) -> Vec<usize> {
        self.numbers.clone()
    }

    /// Number of points of the whole sweep.
    #[getter]
    fn points(&self) -> usize {
        self.plan.points
    }

    /// Hash of all rows in order: 16 hexadecimal digits, computed from the digests of the rows.
    #[getter]
    fn digest(&self) -> String {
        let mut whole = Digest::default();
        for series in self.columns.iter().filter(|series| series.name == "digest") {
            if let Values::Text(rows) = &series.values {
                for row in rows {
                    whole.add(u64::from_str_radix(row, 16).unwrap_or_default());
                }
            }
        }
        whole.to_string()
    }

    fn __len__(&self) -> usize {
        self.numbers.len()
    }

    /// Column by name, as a list; None for missing values.
    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let series = self.columns.iter().find(|series| series.name == name);
        let series = series.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        match &series.values {
            Values::Text(values) => values.into_pyobject(py),
            Values::Whole(values) => values.into_pyobject(py),
            Values::Real(values) => values.into_pyobject(py),
        }
    }

    /// Rows as dicts.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, pyo3::types::PyDict>>> {
        let rows: Vec<_> = self.numbers.iter().map(|_| pyo3::types::PyDict::new(py)).collect();
        for series in &self.columns {
            let name = pyo3::types::PyString::new(py, &series.name);
            for (index, row) in rows.iter().enumerate() {
                match &series.values {
                    Values::Text(values) => row.set_item(&name, values.get(index))?,
                    Values::Whole(values) => row.set_item(&name, values.get(index))?,
                    Values::Real(values) => row.set_item(&name, values.get(index).copied().flatten())?,
                }
            }
        }
        Ok(rows)
    }

    /// Writes the same bytes as `sweep.csv` of `brooks sweep`.
    fn to_csv(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let write = || {
            let mut file = BufWriter::new(File::create(&path)?);
            file.write_all(csv_head(&self.columns).as_bytes())?;
            for group in self.groups() {
                file.write_all(csv_rows(&group).as_bytes())?;
            }
            file.flush()
        };
        py.detach(write).map_err(|error| PyOSError::new_err(format!("{}: {error}", path.display())))
    }

    /// Writes the same bytes as `sweep.parquet` of `brooks sweep`.
    fn to_parquet(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let write = || {
            let file = BufWriter::new(File::create(&path)?);
            let mut writer =
                parquet::Writer::new(file, &self.columns, &self.plan.about).map_err(std::io::Error::other)?;
            for group in self.groups() {
                writer.write(&group).map_err(std::io::Error::other)?;
            }
            writer.finish().map_err(std::io::Error::other)?.flush()
        };
        py.detach(write).map_err(|error| PyOSError::new_err(format!("{}: {error}", path.display())))
    }

    /// Converts to a `pandas.DataFrame`; missing values are NaN.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let frames = slf.py().import("brooks._frames")?;
        frames.getattr("to_pandas")?.call1((slf,))
    }

    /// Arrow `PyCapsule` interface: `pyarrow.table(t)`, `polars.DataFrame(t)`, and `FROM t` in `DuckDB`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface allows another schema than the requested one.
        drop(requested_schema);
        let batch = self.batch().map_err(|error| PyValueError::new_err(error.to_string()))?;
        let schema = batch.schema();
        let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        let (rows, columns, points) = (self.numbers.len(), self.columns.len(), self.plan.points);
        let part = if rows == points { String::new() } else { format!(" of {points}") };
        format!("<brooks.Table {}: {rows}{part} rows, {columns} columns, digest {}>", self.plan.scenario, self.digest())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let columns: Vec<Column> = this.columns.iter().map(Column::from_series).collect();
        let arguments = (columns, this.numbers.clone(), this.plan.clone()).into_pyobject(py)?;
        Ok((slf.get_type().getattr("_of")?, arguments))
    }

    /// Inverse of `__reduce__`.
    #[staticmethod]
    fn _of(columns: Vec<Column>, numbers: Vec<usize>, plan: Plan) -> Table {
        Table { columns: columns.into_iter().map(Column::into_series).collect(), numbers, plan }
    }
}

impl Column {
    fn from_series(series: &Series) -> Column {
        let mut column = Column { name: series.name.clone(), text: None, whole: None, real: None };
        match &series.values {
            Values::Text(values) => column.text = Some(values.clone()),
            Values::Whole(values) => column.whole = Some(values.clone()),
            Values::Real(values) => column.real = Some(values.clone()),
        }
        column
    }

    fn into_series(self) -> Series {
        let values = match (self.text, self.whole, self.real) {
            (Some(values), ..) => Values::Text(values),
            (_, Some(values), _) => Values::Whole(values),
            (.., values) => Values::Real(values.unwrap_or_default()),
        };
        Series { name: self.name, values }
    }
}

/// Merges the parts of one sweep, in the order of its points.
///
/// Raises `ValueError` for parts of different sweeps or versions, for a point that exists twice with different results,
/// and for missing points.
#[pyfunction]
pub(crate) fn merge(parts: Vec<Bound<'_, Table>>) -> PyResult<Table> {
    let parts: Vec<&Table> = parts.iter().map(Bound::get).collect();
    let Some(first) = parts.first() else {
        return Err(PyValueError::new_err("nothing to merge; expected at least one part"));
    };
    for (index, part) in parts.iter().enumerate() {
        if let Some(differences) = first.plan.differs(&part.plan) {
            let message = format!("parts 0 and {index} belong to different sweeps: {differences}");
            return Err(PyValueError::new_err(message));
        }
    }
    // Rows in order of their points: (point, part, row of the part).
    let all = parts
        .iter()
        .enumerate()
        .flat_map(|(part, table)| table.numbers.iter().enumerate().map(move |(row, number)| (*number, part, row)));
    let mut rows: Vec<(usize, usize, usize)> = all.collect();
    rows.sort_unstable();
    for pair in rows.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let [(number, a, own), (_, b, other)] = [pair[0], pair[1]];
        if !parts[a].row_equals(own, parts[b], other) {
            let message = format!("point {number} differs between part {a} and part {b}");
            return Err(PyValueError::new_err(message));
        }
    }
    rows.dedup_by_key(|row| row.0);
    let is_there = |number: &usize| rows.binary_search_by_key(number, |row| row.0).is_ok();
    let missing: Vec<usize> = (0..first.plan.points).filter(|number| !is_there(number)).collect();
    if !missing.is_empty() {
        let shown: Vec<String> = missing.iter().take(20).map(ToString::to_string).collect();
        let more = if missing.len() > 20 { format!(" and {} more", missing.len() - 20) } else { String::new() };
        let (count, points, shown) = (missing.len(), first.plan.points, shown.join(", "));
        return Err(PyValueError::new_err(format!("{count} of {points} points are missing: {shown}{more}")));
    }
    let columns = first.columns.iter().enumerate().map(|(index, series)| {
        let parts: Vec<&Values> = parts.iter().map(|part| &part.columns[index].values).collect();
        Series { name: series.name.clone(), values: gather(&series.values, &parts, &rows) }
    });
    let (columns, numbers) = (columns.collect(), rows.iter().map(|row| row.0).collect());
    Ok(Table { columns, numbers, plan: first.plan.clone() })
}

/// Collects the values of a column from the part of each row.
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
