//! Files that belong to no task and that several agents may write: fixtures, packages, notes. Each kind of work has its own;
//! names are not kept, only which of them a call wrote, the most common first.

use std::collections::{BTreeMap, BTreeSet};

use crate::prediction::calibration::Demonstration;

/// How many are told apart on one kind of work: as many as a call has bits for.
const MOST: usize = u16::BITS as usize;

/// The place of each file, by the files of the work and its own key.
pub(super) struct Places(BTreeMap<(u64, u64), u16>);

impl Places {
    /// The files of all runs: those that most runs wrote come first.
    pub(super) fn of(demonstrations: &[&Demonstration]) -> Places {
        let mut runs: BTreeMap<u64, BTreeMap<u64, u32>> = BTreeMap::new();
        for demonstration in demonstrations {
            let written: BTreeSet<u64> = demonstration.others.iter().flatten().flatten().copied().collect();
            let of_work = runs.entry(demonstration.work.files).or_default();
            for file in written {
                *of_work.entry(file).or_default() += 1;
            }
        }
        let mut places = BTreeMap::new();
        for (work, files) in runs {
            let mut files: Vec<(u64, u32)> = files.into_iter().collect();
            files.sort_by_key(|&(file, runs)| (std::cmp::Reverse(runs), file));
            places.extend((0..).zip(files.iter().take(MOST)).map(|(place, &(file, _))| ((work, file), place)));
        }
        Places(places)
    }

    /// Which of them a call wrote, as bits.
    pub(super) fn bits(&self, work: u64, files: &[u64]) -> u16 {
        files.iter().filter_map(|&file| self.0.get(&(work, file))).fold(0, |bits, place| bits | 1 << place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::WorkKey;

    #[test]
    fn what_most_runs_write_comes_first() {
        let demonstration = |work: u64, files: &[u64]| Demonstration {
            work: WorkKey { shape: 0, files: work },
            others: vec![files.iter().map(|&file| vec![file, file]).collect()],
            ..Demonstration::default()
        };
        let many: Vec<u64> = (100..130).collect();
        let demonstrations =
            [demonstration(1, &[7, 9]), demonstration(1, &[9]), demonstration(1, &many), demonstration(2, &[7])];
        let places = Places::of(&demonstrations.iter().collect::<Vec<_>>());
        assert_eq!(places.bits(1, &[9]), 1, "two runs wrote it");
        assert_eq!(places.bits(1, &[9, 7, 9]), 0b11);
        assert_eq!(places.bits(2, &[7, 9]), 1, "each work has its own");
        assert_eq!(
            many.iter().filter(|&&file| places.bits(1, &[file]) > 0).count(),
            MOST - 2,
            "the others are too many"
        );
        assert_eq!(places.bits(3, &[7]), 0);
    }
}
