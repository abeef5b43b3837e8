//! Tables of a sweep as files: CSV, Parquet and JSON Lines, written in row groups.

use std::path::PathBuf;

use crate::cli::args::PerRun;
use crate::cli::atomic_file::AtomicFile;
use crate::cli::console::{Console, Failure};
use crate::experiment::{PointResult, SweepResult};
use crate::record::Metrics;
use crate::report::parquet;
use crate::report::rows::{self, Series};

/// Single runs of a row group.
const RUN_GROUP: usize = 1 << 16;

/// Table file in one of the three formats.
pub(super) enum RowFile {
    Text { file: AtomicFile, format: PerRun, is_new: bool },
    Parquet { path: PathBuf, about: Vec<(String, String)>, file: Option<Box<parquet::Writer<AtomicFile>>> },
}

impl RowFile {
    /// Creates a file. `about` is the metadata of a Parquet file.
    pub(super) fn create(path: PathBuf, format: PerRun, about: Vec<(String, String)>) -> Result<RowFile, Failure> {
        Ok(match format {
            PerRun::Parquet => RowFile::Parquet { path, about, file: None },
            format => RowFile::Text { file: AtomicFile::create(path)?, format, is_new: true },
        })
    }

    pub(super) fn write(&mut self, series: &[Series]) -> Result<(), Failure> {
        match self {
            RowFile::Text { file, format: PerRun::Jsonl, .. } => file.add(rows::json_lines(series).as_bytes())?,
            RowFile::Text { file, is_new, .. } => {
                if std::mem::take(is_new) {
                    file.add(rows::csv_head(series).as_bytes())?;
                }
                file.add(rows::csv_rows(series).as_bytes())?;
            }
            RowFile::Parquet { path, about, file } => {
                let fail = |error| Failure::Io { path: path.clone(), error: std::io::Error::other(error) };
                if file.is_none() {
                    let out = AtomicFile::create(path.clone())?;
                    *file = Some(Box::new(parquet::Writer::new(out, series, about).map_err(fail)?));
                }
                file.as_mut().map_or(Ok(()), |file| file.write(series)).map_err(fail)?;
            }
        }
        Ok(())
    }

    pub(super) fn keep(self, console: &Console) -> Result<(), Failure> {
        let path = match self {
            RowFile::Text { file, .. } => file.keep()?,
            RowFile::Parquet { file: None, .. } => return Ok(()),
            RowFile::Parquet { path, file: Some(file), .. } => {
                let file = file.finish().map_err(|error| Failure::Io { path, error: std::io::Error::other(error) })?;
                file.keep()?
            }
        };
        console.status(&format!("wrote {}", path.display()));
        Ok(())
    }
}

/// Table of single runs (`--per-run`), buffered to row groups.
pub(super) struct RunFile {
    pub(super) file: RowFile,
    points: Vec<(PointResult, Vec<Metrics>)>,
    runs: usize,
}

impl RunFile {
    pub(super) fn new(file: RowFile) -> RunFile {
        RunFile { file, points: Vec::new(), runs: 0 }
    }

    /// Adds the runs of a point; writes a row group when it is full.
    pub(super) fn add(&mut self, head: &SweepResult, row: PointResult, runs: Vec<Metrics>) -> Result<(), Failure> {
        self.runs += runs.len();
        self.points.push((row, runs));
        if self.runs >= RUN_GROUP { self.flush(head) } else { Ok(()) }
    }

    /// Writes the buffered runs.
    pub(super) fn flush(&mut self, head: &SweepResult) -> Result<(), Failure> {
        if std::mem::take(&mut self.runs) == 0 {
            return Ok(());
        }
        let points = std::mem::take(&mut self.points);
        let group: Vec<(&PointResult, &[Metrics])> = points.iter().map(|(row, runs)| (row, runs.as_slice())).collect();
        self.file.write(&rows::run_series(head, &group))
    }
}
