//! What there is of a sweep in a folder: its table, or of one that is not finished the points that are.

use std::path::{Path, PathBuf};

use crate::cli::console::Failure;
use crate::cli::sweep::assemble::Merged;
use crate::cli::sweep::folder::shards;
use crate::cli::sweep::plan::PlanFile;
use crate::cli::sweep::shard::Shard;
use crate::experiment::sweep::table_reader;
use crate::experiment::{PointResult, SweepResult};
use crate::report::parquet::GROUP;
use crate::report::render::number;
use crate::report::{VERSION, rows};

/// The most points that are kept in memory: about 600 MB of them.
const MOST_POINTS: usize = 200_000;

/// The points of a folder.
pub(in crate::cli) struct Gathered {
    pub(in crate::cli) plan: PlanFile,
    pub(in crate::cli) result: SweepResult,
    /// Points that are nowhere.
    pub(in crate::cli) missing: usize,
    /// Shards that are nowhere, or not finished.
    pub(in crate::cli) missing_shards: Vec<u32>,
    /// Whether the points came from parts, as nobody has put them together yet.
    pub(in crate::cli) is_in_parts: bool,
}

/// Reads the folder of a sweep, of a merge, or of some shards.
pub(in crate::cli) fn gather(folder: &Path) -> Result<Gathered, Failure> {
    let expected = "expected the folder of brooks sweep SCENARIO -o DIR, or of brooks merge";
    let no_sweep = |why: &str| Failure::Usage(format!("{}: {why}; {expected}", folder.display()));
    match std::fs::metadata(folder) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Err(no_sweep("a file, not a folder")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(no_sweep("there is no such folder")),
        Err(error) => return Err(Failure::Io { path: folder.to_owned(), error }),
    }
    let table = folder.join("sweep.csv");
    if let Some(plan) = PlanFile::read(folder)?
        && plan.complete
        && plan.shard == Shard::WHOLE
        && table.is_file()
    {
        return whole(plan, &table);
    }
    let mut found: Vec<(PathBuf, PlanFile)> = Vec::new();
    for path in shards(folder)? {
        if let Some(plan) = PlanFile::read(&path)? {
            found.push((path, plan));
        }
    }
    PlanFile::agree(&found)?;
    let missing_shards = PlanFile::missing(&found);
    let folders: Vec<PathBuf> = found.iter().map(|(path, _)| path.clone()).collect();
    let Some((path, plan)) = found.into_iter().next() else {
        return Err(no_sweep("no plan.json, here or in a folder shard-*"));
    };
    if plan.brooks != VERSION {
        let (path, there) = (path.join("plan.json").display().to_string(), &plan.brooks);
        return Err(Failure::Usage(format!(
            "{path}: points of brooks {there} that are not put together; expected brooks {VERSION}, or a finished sweep"
        )));
    }
    let rows = points(&plan, &folders)?;
    let missing = plan.points.saturating_sub(rows.len());
    if rows.is_empty() {
        let how = match (plan.complete, plan.shard.of) {
            (false, _) => "none is finished yet; the command of the sweep with --resume goes on",
            (true, 1) => "neither sweep.csv nor parts; the command of the sweep with --resume makes them again",
            (true, _) => "this shard has none; expected the folder of all shards",
        };
        let (place, points) = (folder.display(), plan.points);
        return Err(Failure::Incomplete(format!("{place}: no point of {points} is there: {how}")));
    }
    let result = SweepResult { rows, ..plan.head() };
    Ok(Gathered { plan, result, missing, missing_shards, is_in_parts: true })
}

/// A sweep that is put together.
fn whole(plan: PlanFile, table: &Path) -> Result<Gathered, Failure> {
    if plan.points > MOST_POINTS {
        return Err(too_many(plan.points));
    }
    let file = std::fs::File::open(table).map_err(|error| Failure::Io { path: table.to_owned(), error })?;
    let head = plan.head();
    let rows = table_reader::read(&head, &table.display().to_string(), file, MOST_POINTS)?;
    if rows.len() != plan.points {
        let (table, there, points) = (table.display(), rows.len(), plan.points);
        return Err(Failure::Usage(format!("{table}: {there} rows; expected {points}, as plan.json beside it says")));
    }
    let result = SweepResult { rows, ..head };
    Ok(Gathered { plan, result, missing: 0, missing_shards: Vec::new(), is_in_parts: false })
}

/// The points in the parts of these folders, with the figures that the table of the finished sweep will have.
fn points(plan: &PlanFile, folders: &[PathBuf]) -> Result<Vec<PointResult>, Failure> {
    let head = plan.head();
    let mut points = Merged::of(folders, &plan.plan)?;
    let (mut rows, mut group) = (Vec::new(), Vec::new());
    loop {
        let point = points.next()?;
        let is_last = point.is_none();
        group.extend(point.map(|point| point.row));
        if group.len() >= GROUP || is_last {
            let chunk = SweepResult { rows: std::mem::take(&mut group), ..head.clone() };
            rows.extend(table_reader::read(&head, "parts", rows::to_csv(&chunk).as_bytes(), GROUP)?);
        }
        if rows.len() > MOST_POINTS {
            return Err(too_many(rows.len()));
        }
        if is_last {
            return Ok(rows);
        }
    }
}

fn too_many(points: usize) -> Failure {
    let [points, most] = [points, MOST_POINTS].map(|n| number::count(n as u64));
    Failure::Usage(format!("{points} points; expected up to {most}: sweep.parquet has every row of more than that"))
}
