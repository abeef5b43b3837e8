//! Format of a table, inferred from its first bytes, and the reader of each format.

use crate::table::cells::{DataTable, PARQUET};
#[cfg(feature = "parquet")]
use crate::table::parquet_table;
use crate::table::source::{Head, ImportContext, SourceFile};
use crate::table::text;

/// File format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Values separated by commas, semicolons or tabs, with names in the first line.
    Csv,
    /// One object a line, or a list of objects.
    Json,
    /// Apache Parquet.
    Parquet,
}

impl TableFormat {
    /// Infers the format from the first bytes of a file.
    pub fn infer(start: &[u8]) -> TableFormat {
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        match text.first() {
            _ if start.starts_with(PARQUET) => TableFormat::Parquet,
            Some(b'{' | b'[') => TableFormat::Json,
            _ => TableFormat::Csv,
        }
    }
}

/// Returns the names of the columns, as far as the start and the end of a file contain them.
pub fn names_of(head: &Head<'_>) -> Vec<String> {
    match TableFormat::infer(head.start) {
        TableFormat::Csv => text::csv_names(head.start).unwrap_or_default(),
        TableFormat::Json => text::json_names_of_head(head.start),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => parquet_table::names_of_tail(head.end).unwrap_or_default(),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => Vec::new(),
    }
}

/// Returns the names of the columns in order. If the file is invalid, reports a problem and returns none.
pub fn names(file: &SourceFile, reading: &mut ImportContext) -> Option<Vec<String>> {
    let names = match TableFormat::infer(&file.bytes) {
        TableFormat::Csv => text::csv_names(&file.bytes),
        TableFormat::Json => Ok(text::json_names(&file.bytes)),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => parquet_table::names(&file.bytes),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => Err(NO_PARQUET.to_owned()),
    };
    names.map_err(|message| reading.bad(&file.path, 0, "", message, "a table in CSV, JSON or Parquet")).ok()
}

/// Reads columns of a table by name. Reports invalid rows and skips them.
pub fn read(file: &SourceFile, wanted: &[String], reading: &mut ImportContext) -> DataTable {
    match TableFormat::infer(&file.bytes) {
        TableFormat::Csv => text::read_csv(file, wanted, reading),
        TableFormat::Json => text::read_json(file, wanted, reading),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => parquet_table::read(&file.bytes, wanted).unwrap_or_else(|message| {
            reading.bad(&file.path, 0, "", message, "a whole Parquet file");
            DataTable::default()
        }),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => {
            reading.bad(&file.path, 0, "", NO_PARQUET, "CSV or JSON");
            DataTable::default()
        }
    }
}

#[cfg(not(feature = "parquet"))]
const NO_PARQUET: &str = "this brooks was built without the feature `parquet`";
