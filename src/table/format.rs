//! The format of a table, inferred from its first bytes, and the readers of each.

use crate::table::cells::{DataTable, PARQUET};
#[cfg(feature = "parquet")]
use crate::table::parquet_table;
use crate::table::source::{Head, ImportContext, SourceFile};
use crate::table::text;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Values with commas, semicolons or tabs between them, and names in the first line.
    Csv,
    /// An object a line, or a list of objects.
    Json,
    /// Apache Parquet.
    Parquet,
}

impl TableFormat {
    /// How a table that begins like this is written.
    pub fn of(start: &[u8]) -> TableFormat {
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        match text.first() {
            _ if start.starts_with(PARQUET) => TableFormat::Parquet,
            Some(b'{' | b'[') => TableFormat::Json,
            _ => TableFormat::Csv,
        }
    }
}

/// The names of the columns, as far as the beginning and the end of a file tell them.
pub fn names_of(head: &Head<'_>) -> Vec<String> {
    match TableFormat::of(head.start) {
        TableFormat::Csv => text::csv_names(head.start).unwrap_or_default(),
        TableFormat::Json => text::json_names_of_head(head.start),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => parquet_table::names_of_tail(head.end).unwrap_or_default(),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => Vec::new(),
    }
}

/// The names of the columns of a table, in order; none if it can't be read, which is told.
pub fn names(file: &SourceFile, reading: &mut ImportContext) -> Option<Vec<String>> {
    let found = match TableFormat::of(&file.bytes) {
        TableFormat::Csv => text::csv_names(&file.bytes),
        TableFormat::Json => Ok(text::json_names(&file.bytes)),
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => parquet_table::names(&file.bytes),
        #[cfg(not(feature = "parquet"))]
        TableFormat::Parquet => Err(NO_PARQUET.to_owned()),
    };
    found.map_err(|message| reading.bad(&file.path, 0, "", message, "a table in CSV, JSON or Parquet")).ok()
}

/// Columns of a table by name, as far as they can be read; what can't is told.
pub fn read(file: &SourceFile, wanted: &[String], reading: &mut ImportContext) -> DataTable {
    match TableFormat::of(&file.bytes) {
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
