//! Common files: files of no task that several agents may write, such as fixtures, packages and notes. Names are not kept,
//! only an index for each kind of work, the most common file first.

use std::collections::{BTreeMap, BTreeSet};

use crate::prediction::calibration::Demonstration;

/// Largest number of common files of one kind of work: one bit of a call each.
const MAX_FILES: usize = u16::BITS as usize;

/// Index of each common file, by the files of the work and its own key.
pub(super) struct CommonFiles(BTreeMap<(u64, u64), u16>);

impl CommonFiles {
    /// Orders the files of all runs by the number of runs that wrote them.
    pub(super) fn new(demonstrations: &[&Demonstration]) -> CommonFiles {
        let mut runs: BTreeMap<u64, BTreeMap<u64, u32>> = BTreeMap::new();
        for demonstration in demonstrations {
            let written: BTreeSet<u64> = demonstration.others.iter().flatten().flatten().copied().collect();
            let of_work = runs.entry(demonstration.work.files).or_default();
            for file in written {
                *of_work.entry(file).or_default() += 1;
            }
        }
        let mut indices = BTreeMap::new();
        for (work, files) in runs {
            let mut files: Vec<(u64, u32)> = files.into_iter().collect();
            files.sort_by_key(|&(file, runs)| (std::cmp::Reverse(runs), file));
            indices.extend((0..).zip(files.iter().take(MAX_FILES)).map(|(index, &(file, _))| ((work, file), index)));
        }
        CommonFiles(indices)
    }

    /// Returns the common files of a call as bits.
    pub(super) fn bits(&self, work: u64, files: &[u64]) -> u16 {
        files.iter().filter_map(|&file| self.0.get(&(work, file))).fold(0, |bits, index| bits | 1 << index)
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
        let files = CommonFiles::new(&demonstrations.iter().collect::<Vec<_>>());
        assert_eq!(files.bits(1, &[9]), 1, "two runs wrote it");
        assert_eq!(files.bits(1, &[9, 7, 9]), 0b11);
        assert_eq!(files.bits(2, &[7, 9]), 1, "each work has its own");
        let kept = many.iter().filter(|&&file| files.bits(1, &[file]) > 0).count();
        assert_eq!(kept, MAX_FILES - 2, "further files are dropped");
        assert_eq!(files.bits(3, &[7]), 0);
    }
}
