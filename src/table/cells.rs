//! Table in memory: cells of the requested columns.

use crate::engine::Time;
use crate::table::timestamp;

/// Magic number at the start and the end of a Parquet file.
pub(super) const PARQUET: &[u8] = b"PAR1";
/// Most cells of a table.
pub const MAX_CELLS: usize = 40_000_000;
/// Most bytes of text of a table.
pub const MAX_TEXT: usize = 1 << 30;
/// Longest text of a cell, bytes; longer text is prose, not a name, a number or a time.
pub const MAX_CELL_TEXT: usize = 512;
/// Most columns of a table.
pub const MAX_COLUMNS: usize = 10_000;
/// Value of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CellValue {
    /// No value, or none that is a name, a number or a time.
    #[default]
    Nothing,
    /// Whole number.
    Int(i64),
    /// Other number; always finite.
    Number(f64),
    /// Text of at most [`MAX_CELL_TEXT`] bytes; never empty.
    Text(Box<str>),
    /// Time since 1970.
    Time(Time),
}

/// Requested columns of a table.
#[derive(Clone, Debug, Default)]
pub struct DataTable {
    /// Position of each row in the file: its line, or its number from 1 if the format has no lines.
    pub positions: Vec<u32>,
    /// Columns in the order of the request, each as long as there are rows.
    columns: Vec<Vec<CellValue>>,
    /// Bytes of text so far.
    text: usize,
}

impl CellValue {
    /// Returns a text as a cell: trimmed; [`CellValue::Nothing`] if it is empty or too long.
    pub fn from_text(text: &str) -> CellValue {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_CELL_TEXT { CellValue::Nothing } else { CellValue::Text(text.into()) }
    }

    /// Returns a number as a cell; [`CellValue::Nothing`] if it is not finite.
    pub fn from_number(number: f64) -> CellValue {
        if number.is_finite() { CellValue::Number(number) } else { CellValue::Nothing }
    }

    /// Returns true if the cell has no value.
    pub fn is_nothing(&self) -> bool {
        *self == CellValue::Nothing
    }

    /// Returns the number of a numeric cell, or of text that is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            CellValue::Int(number) => Some(*number as f64),
            CellValue::Number(number) => Some(*number),
            CellValue::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            CellValue::Nothing | CellValue::Time(_) => None,
        }
    }

    /// Returns the whole number from 0 up, with all its digits.
    pub fn whole(&self) -> Option<u64> {
        match self {
            CellValue::Int(number) => u64::try_from(*number).ok(),
            CellValue::Text(text) => text.parse().ok(),
            CellValue::Number(_) | CellValue::Nothing | CellValue::Time(_) => None,
        }
    }

    /// Returns the time of a time cell, or of text that is a timestamp; a plain number has no unit and gives none.
    pub fn instant(&self) -> Option<timestamp::Instant> {
        match self {
            CellValue::Time(at) => Some(timestamp::Instant { at: *at, has_zone: true }),
            CellValue::Text(text) if text.parse::<f64>().is_err() => timestamp::parse(text),
            CellValue::Text(_) | CellValue::Int(_) | CellValue::Number(_) | CellValue::Nothing => None,
        }
    }

    /// Returns the value as text; none if the cell has no value.
    pub fn text(&self) -> Option<String> {
        match self {
            CellValue::Nothing => None,
            CellValue::Int(number) => Some(number.to_string()),
            CellValue::Number(number) => Some(number.to_string()),
            CellValue::Text(text) => Some(text.to_string()),
            CellValue::Time(at) => Some(timestamp::rfc3339(*at)),
        }
    }
}

impl DataTable {
    /// Returns a table with this number of columns and no rows.
    pub(super) fn new(columns: usize) -> DataTable {
        DataTable { columns: vec![Vec::new(); columns], ..DataTable::default() }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.positions.len()
    }

    /// Returns the cell of a row in a column; [`CellValue::Nothing`] outside of the table.
    pub fn cell(&self, row: usize, column: usize) -> &CellValue {
        static NOTHING: CellValue = CellValue::Nothing;
        self.columns.get(column).and_then(|cells| cells.get(row)).unwrap_or(&NOTHING)
    }

    /// Returns the cells of a column.
    pub fn column(&self, column: usize) -> &[CellValue] {
        self.columns.get(column).map_or(&[], |cells| cells)
    }

    /// Appends a cell to a column. The error names the limit that the table would exceed.
    pub(super) fn push(&mut self, column: usize, cell: CellValue) -> Result<(), String> {
        if let CellValue::Text(text) = &cell {
            self.text += text.len();
        }
        if self.text > MAX_TEXT {
            return Err("more than 1 GiB of text in the requested columns, which is the limit".to_owned());
        }
        let most = MAX_CELLS / self.columns.len().max(1);
        let Some(cells) = self.columns.get_mut(column) else { return Ok(()) };
        if cells.len() >= most {
            let limit = "the limit of 40 million cells";
            return Err(format!("more than {most} rows of {} columns: {limit}", self.columns.len()));
        }
        cells.push(cell);
        Ok(())
    }

    /// Appends a row; `position` is its line or number in the file.
    pub(super) fn push_row(
        &mut self,
        position: usize,
        cells: impl IntoIterator<Item = CellValue>,
    ) -> Result<(), String> {
        for (column, cell) in cells.into_iter().enumerate() {
            self.push(column, cell)?;
        }
        self.positions.push(position as u32);
        Ok(())
    }
}
