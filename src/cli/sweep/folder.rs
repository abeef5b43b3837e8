//! Folder of a running sweep: its plan, and finished points in part files.
//!
//! A part covers a contiguous range of the points of this folder. Its name contains the first and the last number.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::atomic_file::{self, UNFINISHED};
use crate::cli::console::Failure;
use crate::cli::sweep::part;
use crate::cli::sweep::plan::PlanFile;
use crate::experiment::sweep::Finished;

/// Maximum points of a part. A merge holds about 16 times as many points in memory, over all shards.
const MAX_POINTS: usize = 4096;
/// Maximum single runs of a part.
const MAX_RUNS: usize = 1 << 18;

/// Folder of a sweep or of one shard.
pub(super) struct Folder {
    path: PathBuf,
    plan: PlanFile,
    /// Points saved before this process started, in order.
    covered: Vec<RangeInclusive<usize>>,
    interval: Duration,
    unsaved: Vec<Finished>,
    runs: usize,
    saved_at: Instant,
}

impl Folder {
    /// Starts a sweep in a folder, or resumes the one in it.
    pub(super) fn open(path: PathBuf, plan: PlanFile, resume: bool, interval: Duration) -> Result<Folder, Failure> {
        let mut folder = Folder {
            path,
            plan,
            covered: Vec::new(),
            interval,
            unsaved: Vec::new(),
            runs: 0,
            saved_at: Instant::now(),
        };
        folder.remove_unfinished()?;
        let parts = parts(&folder.path)?;
        match PlanFile::read(&folder.path)? {
            Some(saved) if resume => {
                let differs = folder.plan.differs(&saved);
                let differs = differs.or((folder.plan.shard != saved.shard).then(|| "another shard".to_owned()));
                if let Some(differences) = differs {
                    let path = folder.path.display();
                    return Err(Failure::Usage(format!(
                        "--resume: {path} contains another sweep ({differences}); expected the same sweep, or another folder"
                    )));
                }
                folder.covered = parts.into_iter().map(|(range, _)| range).collect();
            }
            Some(saved) if !saved.complete && !parts.is_empty() => {
                let points: usize = parts.iter().map(|(range, _)| range.end() - range.start() + 1).sum();
                return Err(Failure::Usage(format!(
                    "{} contains up to {points} points of an unfinished sweep of {}; expected --resume to continue it, or \
                     another folder",
                    folder.path.display(),
                    saved.scenario
                )));
            }
            _ => {
                for (_, part) in parts {
                    std::fs::remove_file(&part).map_err(|error| Failure::Io { path: part, error })?;
                }
            }
        }
        folder.save_plan(false)?;
        Ok(folder)
    }

    /// Removes temporary files that a killed process left.
    fn remove_unfinished(&self) -> Result<(), Failure> {
        for folder in [self.path.clone(), self.path.join("parts")] {
            for path in entries(&folder)? {
                if path.file_name().is_some_and(|name| name.to_string_lossy().contains(UNFINISHED)) {
                    std::fs::remove_file(&path).map_err(|error| Failure::Io { path, error })?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn save_plan(&mut self, complete: bool) -> Result<(), Failure> {
        self.plan.complete = complete;
        Ok(atomic_file::write(self.path.join("plan.json"), self.plan.to_text().as_bytes())?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn plan(&self) -> &PlanFile {
        &self.plan
    }

    /// Returns true if a point was saved before this process started.
    pub(super) fn has(&self, number: usize) -> bool {
        has(&self.covered, number)
    }

    /// Returns the points saved before this process started, in order.
    pub(super) fn covered(&self) -> &[RangeInclusive<usize>] {
        &self.covered
    }

    /// Counts the saved points among these.
    pub(super) fn count(&self, numbers: impl Iterator<Item = usize>) -> Result<usize, Failure> {
        let covered: Vec<_> = parts(&self.path)?.into_iter().map(|(range, _)| range).collect();
        Ok(numbers.filter(|&number| has(&covered, number)).count())
    }

    /// Adds finished points in ascending order, and saves them at the interval.
    pub(super) fn add(&mut self, points: Vec<Finished>) -> Result<(), Failure> {
        for point in points {
            let is_full = self.unsaved.len() >= self.max_points() || self.runs >= MAX_RUNS;
            // A part is contiguous: it ends before points that another part covers.
            let passes = self.unsaved.last().is_some_and(|last| {
                let next = self.covered.partition_point(|range| *range.start() <= last.number);
                self.covered.get(next).is_some_and(|range| *range.start() < point.number)
            });
            if is_full || passes {
                self.save()?;
            }
            self.runs += point.runs.len();
            self.unsaved.push(point);
        }
        if self.saved_at.elapsed() >= self.interval { self.save() } else { Ok(()) }
    }

    fn max_points(&self) -> usize {
        (16 * MAX_POINTS / self.plan.shard.of as usize).clamp(MAX_POINTS / 16, MAX_POINTS)
    }

    /// Saves the unsaved points.
    pub(super) fn save(&mut self) -> Result<(), Failure> {
        self.saved_at = Instant::now();
        let points = std::mem::take(&mut self.unsaved);
        self.runs = 0;
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
        let (first, last) = (first.number, last.number);
        let path = self.path.join("parts").join(format!("{first:010}-{last:010}.part"));
        let bytes = part::encode(&self.plan.plan, points)
            .map_err(|why| Failure::Io { path: path.clone(), error: std::io::Error::other(why) })?;
        Ok(atomic_file::write(path, &bytes)?)
    }
}

/// Returns true if a point is in one of these sorted ranges.
pub(super) fn has(covered: &[RangeInclusive<usize>], number: usize) -> bool {
    let after = covered.partition_point(|range| *range.start() <= number);
    after > 0 && covered.get(after - 1).is_some_and(|range| range.contains(&number))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fail = |error| Failure::Io { path: folder.to_owned(), error };
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
            let mut paths = paths.map_err(fail)?;
            paths.sort();
            Ok(paths)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(fail(error)),
    }
}

/// Returns true if a folder contains the assembled result of this sweep and no parts.
pub(super) fn is_finished(plan: &PlanFile, folder: &Path) -> Result<bool, Failure> {
    let is_complete = PlanFile::read(folder)?.is_some_and(|saved| saved.complete && plan.differs(&saved).is_none());
    Ok(is_complete && folder.join("sweep.csv").is_file() && parts(folder)?.is_empty())
}

/// Returns the parts of a folder in order of their points.
pub(super) fn parts(folder: &Path) -> Result<Vec<(RangeInclusive<usize>, PathBuf)>, Failure> {
    let range = |path: &Path| {
        let (first, last) = path.file_name()?.to_str()?.strip_suffix(".part")?.split_once('-')?;
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    let mut parts: Vec<(RangeInclusive<usize>, PathBuf)> =
        entries(&folder.join("parts"))?.into_iter().filter_map(|path| Some((range(&path)?, path))).collect();
    parts.sort_by_key(|(range, _)| *range.start());
    Ok(parts)
}

/// Returns the folders of shards in a folder, or the folder itself if it has a plan.
pub(in crate::cli) fn shards(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut shards: Vec<PathBuf> = Vec::new();
    for path in entries(folder)? {
        let is_shard = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("shard-"));
        if is_shard && path.join("plan.json").is_file() {
            shards.push(path);
        }
    }
    if shards.is_empty() && folder.join("plan.json").is_file() {
        shards.push(folder.to_owned());
    }
    Ok(shards)
}
