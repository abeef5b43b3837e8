//! L2: tables of any origin (CSV, JSON, Parquet), their source files, and measurements of scaling in them.
//!
//! Only the requested columns are kept, at most [`MAX_CELLS`] cells. Parquet files of unknown origin are read by this
//! module, as the crate `parquet` panics on damaged files (docs/DESIGN.md).

mod cells;
mod format;
pub mod json;
pub mod measurements;
#[cfg(feature = "parquet")]
mod parquet_guard;
#[cfg(feature = "parquet")]
mod parquet_pages;
#[cfg(feature = "parquet")]
mod parquet_table;
mod source;
mod text;
#[cfg(feature = "parquet")]
mod thrift;
pub mod timestamp;

pub use cells::{CellValue, DataTable, MAX_CELL_TEXT, MAX_CELLS, MAX_COLUMNS, MAX_TEXT};
pub use format::{TableFormat, names, names_of, read};
pub use source::{ColumnMap, Head, ImportContext, SourceFile};

#[cfg(all(test, feature = "parquet"))]
mod tests;
