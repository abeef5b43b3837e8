//! Tables as text, Markdown, CSV and JSON.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::report::json_number;
use crate::report::render::number;
use crate::scaling::Interval;

/// Columns and rows; every row has a cell a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// Column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in files.
    pub key: String,
    /// Printed title; with the unit, if the cells have none.
    pub title: String,
    /// Alignment of the cells.
    pub align: Align,
}

/// Alignment of cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Value as printed and as in files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Printed text.
    pub shown: String,
    /// Text in files.
    pub raw: String,
    /// Colour on a terminal.
    pub tint: Tint,
}

/// Meaning of a colour; colour is never the only sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tint {
    /// Nothing.
    #[default]
    Plain,
    /// The best of its kind.
    Good,
    /// Something to look at.
    Bad,
    /// Less weight.
    Faint,
}

impl Column {
    /// Returns a column of text.
    pub fn text(key: &str, title: &str) -> Column {
        Column { key: key.to_owned(), title: title.to_owned(), align: Align::Left }
    }

    /// Returns a column of numbers.
    pub fn number(key: &str, title: &str) -> Column {
        Column { key: key.to_owned(), title: title.to_owned(), align: Align::Right }
    }
}

impl Cell {
    /// Returns a cell of text.
    pub fn text(text: impl Into<String>) -> Cell {
        let shown = text.into();
        Cell { raw: shown.clone(), shown, tint: Tint::Plain }
    }

    /// Returns a cell of a number printed as `shown`; in files with all digits, empty if it is not finite.
    pub fn number(value: f64, shown: String) -> Cell {
        let raw = if value.is_finite() { value.to_string() } else { String::new() };
        Cell { shown, raw, tint: Tint::Plain }
    }

    /// Returns a cell of a count.
    pub fn count(value: u64) -> Cell {
        Cell { shown: number::count(value), raw: value.to_string(), tint: Tint::Plain }
    }

    /// Returns a cell without a value: printed as a dash, empty in files.
    pub fn none() -> Cell {
        Cell { shown: number::NONE.to_owned(), raw: String::new(), tint: Tint::Faint }
    }

    /// Returns the cell of a value, [`Cell::none`] without one.
    pub fn optional<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
        value.map_or_else(Cell::none, cell)
    }

    /// Returns the cell of a number, [`Cell::none`] without one.
    pub fn shown(value: Option<f64>, show: impl FnOnce(f64) -> String) -> Cell {
        Cell::optional(value, |value| Cell::number(value, show(value)))
    }

    /// Returns the cell of an estimate with its interval, [`Cell::none`] without one.
    pub fn interval(interval: Option<Interval>, show: fn(f64, f64) -> String) -> Cell {
        Cell::optional(interval, |i| Cell::number(i.estimate, show(i.estimate, i.half_width)))
    }

    /// Returns the cell of a ratio with two decimals, [`Cell::none`] without one.
    pub fn ratio(value: Option<f64>) -> Cell {
        Cell::shown(value, |value| format!("{value:.2}"))
    }

    /// Sets the colour.
    pub fn tinted(mut self, tint: Tint) -> Cell {
        self.tint = tint;
        self
    }
}

impl Table {
    /// Creates an empty table.
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty, surplus ones dropped.
    pub fn push(&mut self, mut row: Vec<Cell>) {
        row.resize(self.columns.len(), Cell::default());
        self.rows.push(row);
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the rows.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// Keeps the columns for which `keep` is true, given a column and its cells.
    pub fn retain(&mut self, keep: impl Fn(&Column, &[&Cell]) -> bool) {
        let kept: Vec<bool> = (0..self.columns.len())
            .map(|index| keep(&self.columns[index], &self.rows.iter().map(|row| &row[index]).collect::<Vec<_>>()))
            .collect();
        let mut flags = kept.iter();
        self.columns.retain(|_| flags.next() == Some(&true));
        for row in &mut self.rows {
            let mut flags = kept.iter();
            row.retain(|_| flags.next() == Some(&true));
        }
    }

    /// Returns text for a terminal: indented by two, columns two apart. Colours are ANSI codes, only if asked for.
    pub fn to_text(&self, color: bool) -> String {
        let widths = self.widths(|cell| &cell.shown);
        let mut text = String::new();
        let head = self.columns.iter().map(|column| (column.title.as_str(), "\x1b[1m"));
        self.line(&mut text, &widths, head, color);
        for row in &self.rows {
            self.line(&mut text, &widths, row.iter().map(|cell| (cell.shown.as_str(), code(cell.tint))), color);
        }
        text
    }

    fn line<'a>(
        &self,
        text: &mut String,
        widths: &[usize],
        cells: impl Iterator<Item = (&'a str, &'static str)>,
        color: bool,
    ) {
        let start = text.len();
        for ((cell, code), (column, width)) in cells.zip(self.columns.iter().zip(widths)) {
            let cell = one_line(cell);
            let blank = " ".repeat(width - cell.width());
            let painted = if color && !code.is_empty() { format!("{code}{cell}\x1b[0m") } else { cell };
            text.push_str("  ");
            match column.align {
                Align::Left => text.extend([painted, blank]),
                Align::Right => text.extend([blank, painted]),
            }
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }

    /// Returns a Markdown table, padded so that it reads well as it is.
    pub fn to_markdown(&self) -> String {
        let mut lines: Vec<Vec<String>> = vec![self.columns.iter().map(|column| markdown(&column.title)).collect()];
        lines.extend(self.rows.iter().map(|row| row.iter().map(|cell| markdown(&cell.shown)).collect()));
        let width = |index: usize| lines.iter().map(|line| line[index].width()).max().unwrap_or(0).max(3);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let rule = self.columns.iter().zip(&widths).map(|(column, width)| match column.align {
            Align::Left => "-".repeat(*width),
            Align::Right => format!("{}:", "-".repeat(width - 1)),
        });
        lines.insert(1, rule.collect());
        let mut text = String::new();
        for line in &lines {
            for ((cell, column), width) in line.iter().zip(&self.columns).zip(&widths) {
                let blank = " ".repeat(width - cell.width());
                match column.align {
                    Align::Left => text.extend(["| ", cell, &blank, " "]),
                    Align::Right => text.extend(["| ", &blank, cell, " "]),
                }
            }
            text.push_str("|\n");
        }
        text
    }

    /// Returns CSV (RFC 4180, but with line feeds): keys as the head, and values as they are, unrounded.
    pub fn to_csv(&self) -> String {
        let head = self.columns.iter().map(|column| column.key.as_str());
        csv([head.collect()]
            .into_iter()
            .chain(self.rows.iter().map(|row| row.iter().map(|c| c.raw.as_str()).collect())))
    }

    /// Returns JSON: an object a row, by the keys of the columns; empty cells are null.
    pub fn to_json(&self) -> Value {
        let value = |(column, cell): (&Column, &Cell)| {
            let number = cell.raw.parse::<f64>().ok().filter(|_| column.align == Align::Right).map(json_number);
            let text = if cell.raw.is_empty() { Value::Null } else { cell.raw.as_str().into() };
            (column.key.clone(), number.unwrap_or(text))
        };
        self.rows.iter().map(|row| self.columns.iter().zip(row).map(value).collect::<Value>()).collect()
    }

    fn widths(&self, text: impl Fn(&Cell) -> &str) -> Vec<usize> {
        let cells = |index: usize| self.rows.iter().map(move |row| &row[index]);
        let width = |index: usize| cells(index).map(|cell| one_line(text(cell)).width()).max().unwrap_or(0);
        self.columns.iter().enumerate().map(|(index, column)| width(index).max(column.title.width())).collect()
    }
}

/// Returns lines of CSV.
pub(crate) fn csv<'a>(lines: impl Iterator<Item = Vec<&'a str>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        // Writing to memory does not fail; all lines have the same number of cells.
        let _ = writer.write_record(line);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Escapes text for Markdown and its tables.
pub(crate) fn markdown(text: &str) -> String {
    one_line(text).replace('|', "\\|").replace('<', "\\<")
}

/// Replaces line breaks and control characters by spaces.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn code(tint: Tint) -> &'static str {
    match tint {
        Tint::Plain => "",
        Tint::Good => "\x1b[32m",
        Tint::Bad => "\x1b[33m",
        Tint::Faint => "\x1b[2m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec![Column::text("task", "task"), Column::number("makespan_s", "makespan")]);
        table.push(vec![Cell::text("a, \"b\" | <c>"), Cell::number(38.25, "38 s".to_owned()).tinted(Tint::Good)]);
        table.push(vec![Cell::text("読む\n"), Cell::none()]);
        table.push(vec![Cell::text("ok"), Cell::count(1234)]);
        table
    }

    #[test]
    fn text_lines_up_whatever_the_script() {
        let expected = "  task          makespan\n  a, \"b\" | <c>      38 s\n  読む                 –\n  ok               1,234\n";
        assert_eq!(table().to_text(false), expected);
        let colored = table().to_text(true);
        assert!(colored.contains("\x1b[32m38 s\x1b[0m"));
        assert_eq!(
            colored.replace("\x1b[32m", "").replace("\x1b[2m", "").replace("\x1b[1m", "").replace("\x1b[0m", ""),
            expected
        );
    }

    #[test]
    fn markdown_and_csv_hold_the_same_cells() {
        let markdown = "\
| task           | makespan |
| -------------- | -------: |
| a, \"b\" \\| \\<c> |     38 s |
| 読む           |        – |
| ok             |    1,234 |
";
        assert_eq!(table().to_markdown(), markdown);
        assert_eq!(table().to_csv(), "task,makespan_s\n\"a, \"\"b\"\" | <c>\",38.25\n\"読む\n\",\nok,1234\n");
    }

    #[test]
    fn columns_that_say_nothing_can_go() {
        let mut table = table();
        table.retain(|column, cells| column.key != "task" && cells.len() == 3);
        assert_eq!(table.to_csv(), "makespan_s\n38.25\n\"\"\n1234\n");
    }
}
