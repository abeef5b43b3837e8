//! The folder of a sweep while it runs: its plan, and the finished points in parts, each a stretch of the points that
//! belong here and named by the first and the last of them.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::atomic_file::{self, UNFINISHED};
use crate::cli::console::Failure;
use crate::cli::sweep::part;
use crate::cli::sweep::plan::PlanFile;
use crate::experiment::sweep::Finished;

/// Most points of a part: of all shards together about so many are in memory when they are put together.
const MOST_POINTS: usize = 4096;
/// Most single runs of a part.
const MOST_RUNS: usize = 1 << 18;

/// Where the parts of a sweep are kept.
pub(super) struct Folder {
    path: PathBuf,
    plan: PlanFile,
    /// Points that are there, in order.
    covered: Vec<RangeInclusive<usize>>,
    every: Duration,
    unsaved: Vec<Finished>,
    runs: usize,
    saved_at: Instant,
}

impl Folder {
    /// Begins a sweep in a folder, or goes on with the one that is there.
    pub(super) fn open(path: PathBuf, plan: PlanFile, resume: bool, every: Duration) -> Result<Folder, Failure> {
        let mut folder =
            Folder { path, plan, covered: Vec::new(), every, unsaved: Vec::new(), runs: 0, saved_at: Instant::now() };
        folder.sweep_up()?;
        let parts = parts(&folder.path)?;
        match PlanFile::read(&folder.path)? {
            Some(there) if resume => {
                let differs = folder.plan.differs(&there);
                let differs = differs.or((folder.plan.shard != there.shard).then(|| "another shard".to_owned()));
                if let Some(ways) = differs {
                    let place = folder.path.display();
                    return Err(Failure::Usage(format!(
                        "--resume: {place} holds another sweep ({ways}); expected the same, or another folder"
                    )));
                }
                folder.covered = parts.into_iter().map(|(range, _)| range).collect();
            }
            Some(there) if !there.complete && !parts.is_empty() => {
                let points: usize = parts.iter().map(|(range, _)| range.end() - range.start() + 1).sum();
                return Err(Failure::Usage(format!(
                    "{} holds up to {points} points of an unfinished sweep of {}; expected --resume to go on with it, or \
                     another folder",
                    folder.path.display(),
                    there.scenario
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

    /// Removes what a process that was killed has left unfinished.
    fn sweep_up(&self) -> Result<(), Failure> {
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

    /// Whether a point was there at the start.
    pub(super) fn has(&self, number: usize) -> bool {
        has(&self.covered, number)
    }

    /// The points that were there at the start, in order.
    pub(super) fn covered(&self) -> &[RangeInclusive<usize>] {
        &self.covered
    }

    /// How many of these points are there now.
    pub(super) fn count(&self, numbers: impl Iterator<Item = usize>) -> Result<usize, Failure> {
        let covered: Vec<_> = parts(&self.path)?.into_iter().map(|(range, _)| range).collect();
        Ok(numbers.filter(|&number| has(&covered, number)).count())
    }

    /// Takes in finished points, which go up, and saves them from time to time.
    pub(super) fn add(&mut self, points: Vec<Finished>) -> Result<(), Failure> {
        for point in points {
            let is_full = self.unsaved.len() >= self.most_points() || self.runs >= MOST_RUNS;
            // A part is a stretch: it ends before points that are there already.
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
        if self.saved_at.elapsed() >= self.every { self.save() } else { Ok(()) }
    }

    fn most_points(&self) -> usize {
        (16 * MOST_POINTS / self.plan.shard.of as usize).clamp(MOST_POINTS / 16, MOST_POINTS)
    }

    /// Saves what has not been saved yet.
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

/// Whether a point is in one of these stretches, which are in order.
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

/// Whether this sweep is finished in a folder, and put together, and its parts are not needed any more.
pub(super) fn is_finished(plan: &PlanFile, folder: &Path) -> Result<bool, Failure> {
    let there = PlanFile::read(folder)?.is_some_and(|there| there.complete && plan.differs(&there).is_none());
    Ok(there && folder.join("sweep.csv").is_file() && parts(folder)?.is_empty())
}

/// The parts of a folder, in order of their points.
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

/// Folders of shards in a folder, or the folder itself if it is one.
pub(in crate::cli) fn shards(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in entries(folder)? {
        let is_shard = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("shard-"));
        if is_shard && path.join("plan.json").is_file() {
            found.push(path);
        }
    }
    if found.is_empty() && folder.join("plan.json").is_file() {
        found.push(folder.to_owned());
    }
    Ok(found)
}
