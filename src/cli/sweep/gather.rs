//! Results of a sweep from its folder: its table, or the finished points if the sweep is unfinished.

use std::path::{Path, PathBuf};

use crate::cli::console::Failure;
use crate::cli::sweep::folder::shards;
use crate::cli::sweep::merged_points::MergedPoints;
use crate::cli::sweep::plan::PlanFile;
use crate::cli::sweep::shard::Shard;
use crate::experiment::sweep::table_reader;
use crate::experiment::{PointResult, SweepResult};
use crate::report::parquet::GROUP;
use crate::report::render::number;
use crate::report::{VERSION, rows};

/// Maximum points in memory: about 600 MB.
const MAX_POINTS: usize = 200_000;

/// Points of a folder.
pub(in crate::cli) struct Gathered {
    pub(in crate::cli) plan: PlanFile,
    pub(in crate::cli) result: SweepResult,
    /// Number of missing points.
    pub(in crate::cli) missing: usize,
    /// Missing or unfinished shards.
    pub(in crate::cli) missing_shards: Vec<u32>,
    /// True if the points came from parts that are not assembled.
    pub(in crate::cli) is_in_parts: bool,
}

/// Reads the folder of a sweep, of a merge, or of some of its shards.
pub(in crate::cli) fn gather(folder: &Path) -> Result<Gathered, Failure> {
    let expected = "expected the folder of brooks sweep SCENARIO -o DIR, or of brooks merge";
    let no_sweep = |why: &str| Failure::Usage(format!("{}: {why}; {expected}", folder.display()));
    match std::fs::metadata(folder) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Err(no_sweep("a file, not a folder")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(no_sweep("no such folder")),
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
    let mut plans: Vec<(PathBuf, PlanFile)> = Vec::new();
    for path in shards(folder)? {
        if let Some(plan) = PlanFile::read(&path)? {
            plans.push((path, plan));
        }
    }
    PlanFile::agree(&plans)?;
    let missing_shards = PlanFile::missing(&plans);
    let folders: Vec<PathBuf> = plans.iter().map(|(path, _)| path.clone()).collect();
    let Some((path, plan)) = plans.into_iter().next() else {
        return Err(no_sweep("no plan.json in it or in a folder shard-*"));
    };
    if plan.brooks != VERSION {
        let (path, version) = (path.join("plan.json").display().to_string(), &plan.brooks);
        return Err(Failure::Usage(format!(
            "{path}: points of brooks {version} that are not assembled; expected brooks {VERSION}, or a finished sweep"
        )));
    }
    let rows = points(&plan, &folders)?;
    let missing = plan.points.saturating_sub(rows.len());
    if rows.is_empty() {
        let how = match (plan.complete, plan.shard.of) {
            (false, _) => "the sweep command with --resume continues",
            (true, 1) => "neither sweep.csv nor parts; the sweep command with --resume runs them again",
            (true, _) => "this shard has no points; expected the folder of all shards",
        };
        let (path, points) = (folder.display(), plan.points);
        return Err(Failure::Incomplete(format!("{path}: none of {points} points is finished: {how}")));
    }
    let result = SweepResult { rows, ..plan.head() };
    Ok(Gathered { plan, result, missing, missing_shards, is_in_parts: true })
}

/// Reads the table of an assembled sweep.
fn whole(plan: PlanFile, table: &Path) -> Result<Gathered, Failure> {
    if plan.points > MAX_POINTS {
        return Err(too_many(plan.points));
    }
    let file = std::fs::File::open(table).map_err(|error| Failure::Io { path: table.to_owned(), error })?;
    let head = plan.head();
    let rows = table_reader::read(&head, &table.display().to_string(), file, MAX_POINTS)?;
    if rows.len() != plan.points {
        let (table, rows, points) = (table.display(), rows.len(), plan.points);
        return Err(Failure::Usage(format!("{table}: {rows} rows; expected {points}, the number in plan.json")));
    }
    let result = SweepResult { rows, ..head };
    Ok(Gathered { plan, result, missing: 0, missing_shards: Vec::new(), is_in_parts: false })
}

/// Reads points from parts, with the precision of the table that the finished sweep will have.
fn points(plan: &PlanFile, folders: &[PathBuf]) -> Result<Vec<PointResult>, Failure> {
    let head = plan.head();
    let mut points = MergedPoints::new(folders, &plan.plan)?;
    let (mut rows, mut group) = (Vec::new(), Vec::new());
    loop {
        let point = points.next()?;
        let is_last = point.is_none();
        group.extend(point.map(|point| point.row));
        if group.len() >= GROUP || is_last {
            let chunk = SweepResult { rows: std::mem::take(&mut group), ..head.clone() };
            rows.extend(table_reader::read(&head, "parts", rows::to_csv(&chunk).as_bytes(), GROUP)?);
        }
        if rows.len() > MAX_POINTS {
            return Err(too_many(rows.len()));
        }
        if is_last {
            return Ok(rows);
        }
    }
}

fn too_many(points: usize) -> Failure {
    let [points, most] = [points, MAX_POINTS].map(|n| number::count(n as u64));
    Failure::Usage(format!("{points} points; expected at most {most}: read sweep.parquet with another program"))
}
