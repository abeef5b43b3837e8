//! A table in memory: cells, and the columns that were asked for.

use crate::engine::Time;
use crate::table::timestamp;

/// How a Parquet file begins and ends.
pub(super) const PARQUET: &[u8] = b"PAR1";
/// The most cells that are kept of a table.
pub const MAX_CELLS: usize = 40_000_000;
/// The most bytes of text that are kept of a table.
pub const MAX_TEXT: usize = 1 << 30;
/// Longer text is somebody's prose and no name, number or time.
pub const MAX_CELL_TEXT: usize = 512;
/// The most columns that are told apart.
pub const MAX_COLUMNS: usize = 10_000;
/// What is in one place of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CellValue {
    /// Nothing, or nothing that is a name, a number or a time.
    #[default]
    Nothing,
    /// A whole number.
    Int(i64),
    /// Another number; always finite.
    Number(f64),
    /// Text of at most [`MAX_CELL_TEXT`] bytes; never empty.
    Text(Box<str>),
    /// A time since 1970.
    Time(Time),
}

/// Some columns of a table.
#[derive(Clone, Debug, Default)]
pub struct DataTable {
    /// Where each row is in the file: its line, or its number from 1 where there are no lines.
    pub places: Vec<u32>,
    /// The columns, in the order they were asked for, as long as there are rows.
    columns: Vec<Vec<CellValue>>,
    /// Bytes of text so far.
    text: usize,
}

impl CellValue {
    /// Text as a cell: trimmed, and nothing if it is empty or long.
    pub fn of_text(text: &str) -> CellValue {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_CELL_TEXT { CellValue::Nothing } else { CellValue::Text(text.into()) }
    }

    /// A number as a cell: nothing if it is not finite.
    pub fn of_number(number: f64) -> CellValue {
        if number.is_finite() { CellValue::Number(number) } else { CellValue::Nothing }
    }

    /// Whether nothing is there.
    pub fn is_nothing(&self) -> bool {
        *self == CellValue::Nothing
    }

    /// A number, be it a number or text that is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            CellValue::Int(number) => Some(*number as f64),
            CellValue::Number(number) => Some(*number),
            CellValue::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            CellValue::Nothing | CellValue::Time(_) => None,
        }
    }

    /// A whole number that is not negative, with all its digits.
    pub fn whole(&self) -> Option<u64> {
        match self {
            CellValue::Int(number) => u64::try_from(*number).ok(),
            CellValue::Text(text) => text.parse().ok(),
            CellValue::Number(_) | CellValue::Nothing | CellValue::Time(_) => None,
        }
    }

    /// A time that says so itself, and whether it names its zone; numbers need a unit and are none.
    pub fn instant(&self) -> Option<timestamp::Instant> {
        match self {
            CellValue::Time(at) => Some(timestamp::Instant { at: *at, has_zone: true }),
            CellValue::Text(text) if text.parse::<f64>().is_err() => timestamp::parse(text),
            CellValue::Text(_) | CellValue::Int(_) | CellValue::Number(_) | CellValue::Nothing => None,
        }
    }

    /// As text: a name; none for nothing.
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
    /// A table of that many columns, without rows.
    pub(super) fn new(columns: usize) -> DataTable {
        DataTable { columns: vec![Vec::new(); columns], ..DataTable::default() }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The cell of a row in a column; nothing outside of the table.
    pub fn cell(&self, row: usize, column: usize) -> &CellValue {
        static NOTHING: CellValue = CellValue::Nothing;
        self.columns.get(column).and_then(|cells| cells.get(row)).unwrap_or(&NOTHING)
    }

    /// A column.
    pub fn column(&self, column: usize) -> &[CellValue] {
        self.columns.get(column).map_or(&[], |cells| cells)
    }

    /// Adds a cell to a column; an error that names the limit if the table would be too large.
    pub(super) fn push(&mut self, column: usize, cell: CellValue) -> Result<(), String> {
        if let CellValue::Text(text) = &cell {
            self.text += text.len();
        }
        if self.text > MAX_TEXT {
            return Err("more than 1 GiB of names in the columns that are read, which is the limit".to_owned());
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

    /// Adds a row, whose cells are in the order of the columns.
    pub(super) fn push_row(&mut self, place: usize, cells: impl IntoIterator<Item = CellValue>) -> Result<(), String> {
        for (column, cell) in cells.into_iter().enumerate() {
            self.push(column, cell)?;
        }
        self.places.push(place as u32);
        Ok(())
    }
}
