//! Finished points of several folders in order, each once.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::cli::console::Failure;
use crate::cli::sweep::{folder, part};
use crate::experiment::sweep::Finished;

/// Points of one folder, in order. Only one part is in memory.
struct FolderPoints {
    plan: String,
    parts: VecDeque<PathBuf>,
    read: VecDeque<Finished>,
    /// Number after that of the last point passed. Two processes in one folder may save a point twice.
    passed: usize,
}

impl FolderPoints {
    fn new(folder: &Path, plan: &str) -> Result<FolderPoints, Failure> {
        let parts = folder::parts(folder)?.into_iter().map(|(_, path)| path).collect();
        Ok(FolderPoints { plan: plan.to_owned(), parts, read: VecDeque::new(), passed: 0 })
    }

    /// Returns the number of the next point.
    fn next(&mut self) -> Result<Option<usize>, Failure> {
        while self.read.is_empty() {
            let Some(path) = self.parts.pop_front() else { return Ok(None) };
            let bytes = std::fs::read(&path).map_err(|error| Failure::Io { path: path.clone(), error })?;
            let points = part::decode(&self.plan, &bytes).map_err(|why| {
                let why = format!("damaged ({why}); remove it and run the sweep again with --resume");
                Failure::Io { path, error: std::io::Error::other(why) }
            })?;
            self.read = points.into_iter().filter(|point| point.number >= self.passed).collect();
        }
        Ok(self.read.front().map(|point| point.number))
    }
}

/// Points of all folders in order, each once.
pub(super) struct MergedPoints {
    folders: Vec<FolderPoints>,
    expected: usize,
    missing: usize,
    /// Points that exist more than once, with equal contents.
    pub(super) duplicates: usize,
}

impl MergedPoints {
    pub(super) fn new(folders: &[PathBuf], plan: &str) -> Result<MergedPoints, Failure> {
        let folders = folders.iter().map(|folder| FolderPoints::new(folder, plan)).collect::<Result<_, _>>()?;
        Ok(MergedPoints { folders, expected: 0, missing: 0, duplicates: 0 })
    }

    /// Returns the next point.
    ///
    /// # Errors
    ///
    /// A damaged or unreadable part, or a point that exists twice with different contents.
    pub(super) fn next(&mut self) -> Result<Option<Finished>, Failure> {
        let mut least: Option<(usize, usize)> = None;
        for (index, folder) in self.folders.iter_mut().enumerate() {
            if let Some(number) = folder.next()? {
                least = least.filter(|(other, _)| *other <= number).or(Some((number, index)));
            }
        }
        let Some((number, first)) = least else { return Ok(None) };
        let mut point = None;
        let mut copies = 0;
        for folder in self.folders.iter_mut().skip(first) {
            while folder.read.front().is_some_and(|next| next.number == number) {
                let Some(next) = folder.read.pop_front() else { break };
                folder.passed = number + 1;
                check_equal(point.get_or_insert_with(|| next.clone()), &next)?;
                copies += 1;
            }
        }
        self.duplicates += copies - 1;
        self.missing += number - self.expected;
        self.expected = number + 1;
        Ok(point)
    }

    /// Returns how many of `points` points are in no folder, after the last one.
    pub(super) fn missing(&self, points: usize) -> usize {
        self.missing + points.saturating_sub(self.expected)
    }
}

fn check_equal(first: &Finished, next: &Finished) -> Result<(), Failure> {
    if first.row == next.row && first.runs == next.runs {
        return Ok(());
    }
    let (number, a, b) = (first.number, first.row.digest, next.row.digest);
    Err(Failure::Finding(format!("point {number} exists twice with different results: digests {a} and {b}")))
}
