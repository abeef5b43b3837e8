//! Rows of a sweep as a Parquet file.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::experiment::SweepResult;
use crate::report::rows::{Series, Values, series};
use crate::report::{SCHEMA_VERSION, VERSION};

/// Rows a row group in the files of `brooks sweep`.
pub const GROUP: usize = 8192;

/// Writes the columns of [`series`] as one row group, compressed by zstd, with version, seed and scenario as metadata.
/// The same rows give the same bytes.
///
/// # Errors
///
/// Fails if the format cannot hold the rows, for example text of 2 GB.
pub fn to_parquet(sweep: &SweepResult) -> Result<Vec<u8>, ParquetError> {
    let series = series(sweep);
    let mut writer = Writer::new(Vec::new(), &series, &about(sweep, None))?;
    writer.write(&series)?;
    writer.finish()
}

/// Returns the metadata of a file: the sweep, and the hash of its plan.
pub fn about(sweep: &SweepResult, plan: Option<&str>) -> Vec<(String, String)> {
    let known = [
        ("brooks.version", Some(VERSION.to_owned())),
        ("brooks.schema_version", Some(SCHEMA_VERSION.to_string())),
        ("brooks.scenario", Some(sweep.scenario.clone())),
        ("brooks.seed", Some(sweep.seed.to_string())),
        ("brooks.axes", Some(sweep.axes.join(","))),
        ("brooks.baseline", Some(sweep.baseline.clone())),
        ("brooks.plan", plan.map(str::to_owned)),
    ];
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Writes columns a row group at a time. The same groups give the same bytes.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    /// Creates a file with columns of these names and types.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn new(out: W, series: &[Series], about: &[(String, String)]) -> Result<Writer<W>, ParquetError> {
        let fields = series.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(Type::group_type_builder("sweep").with_fields(fields).build()?);
        let about = about.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_created_by(format!("brooks {VERSION}"))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(about))
            .build();
        Ok(Writer { file: SerializedFileWriter::new(out, schema, Arc::new(properties))? })
    }

    /// Writes a row group: the columns in the order given to [`Writer::new`].
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written or the format cannot hold the rows.
    pub fn write(&mut self, series: &[Series]) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for series in series {
            let Some(mut column) = group.next_column()? else { break };
            match &series.values {
                Values::Text(values) => {
                    let values: Vec<ByteArray> = values.iter().map(|value| value.as_str().into()).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
                }
                Values::Whole(values) => {
                    column.typed::<Int64Type>().write_batch(values, None, None)?;
                }
                Values::Real(values) => {
                    // An optional value has definition level 1 if it is present, else 0.
                    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
                    let known: Vec<f64> = values.iter().copied().flatten().collect();
                    column.typed::<DoubleType>().write_batch(&known, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn finish(self) -> Result<W, ParquetError> {
        self.file.into_inner()
    }
}

fn field(series: &Series) -> Result<Arc<Type>, ParquetError> {
    let (physical, repetition, logical) = match series.values {
        Values::Text(_) => (PhysicalType::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String)),
        Values::Whole(_) => (PhysicalType::INT64, Repetition::REQUIRED, None),
        Values::Real(_) => (PhysicalType::DOUBLE, Repetition::OPTIONAL, None),
    };
    let builder = Type::primitive_type_builder(&series.name, physical).with_repetition(repetition);
    Ok(Arc::new(builder.with_logical_type(logical).build()?))
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn what_is_written_is_read_again() {
        let sweep = sweep();
        let bytes = to_parquet(&sweep).expect("rows that fit");
        assert_eq!(bytes, to_parquet(&sweep).expect("rows that fit"), "the same bytes every time");
        let mut file = tempfile::tempfile().expect("a place for a file");
        file.write_all(&bytes).expect("room for it");
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        let file = reader.metadata().file_metadata();
        let about = file.key_value_metadata().expect("metadata");
        let value = |key: &str| about.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
        assert_eq!((value("brooks.seed"), value("brooks.scenario")), (Some("7"), Some("try <it>")));
        assert_eq!(value("brooks.version"), Some(VERSION));
        let expected = series(&sweep);
        let mut rows = 0;
        for (index, row) in reader.get_row_iter(None).expect("rows").enumerate() {
            let row = row.expect("a row");
            for (series, (name, field)) in expected.iter().zip(row.get_column_iter()) {
                assert_eq!(&series.name, name);
                let wanted = match &series.values {
                    Values::Text(values) => Field::Str(values[index].clone()),
                    Values::Whole(values) => Field::Long(values[index]),
                    Values::Real(values) => values[index].map_or(Field::Null, Field::Double),
                };
                assert_eq!(field, &wanted, "row {index}, {name}");
            }
            rows += 1;
        }
        assert_eq!(rows, sweep.rows.len());
    }
}
