//! Shard of a sweep to run: given by `--shard I/N`, or read from the environment variables of a job array.

use serde::{Deserialize, Serialize};

use crate::cli::console::Failure;

/// Shard number `index`, from 1, of `of` shards of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Shard {
    pub(in crate::cli) index: u32,
    pub(in crate::cli) of: u32,
}

impl Shard {
    /// The whole sweep.
    pub(in crate::cli) const WHOLE: Shard = Shard { index: 1, of: 1 };
}

/// Maximum number of shards.
pub(super) const MAX_SHARDS: u32 = 100_000;

/// Number of the first task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FirstIndex {
    Zero,
    One,
}

/// Job system with arrays of tasks, and the environment variables of a task.
struct System {
    name: &'static str,
    /// Variable with the index of the task.
    index: &'static str,
    /// Index of the first task without a `range`.
    first: FirstIndex,
    /// Variable with the number of tasks.
    count: Option<&'static str>,
    /// Variables with the first index, the last index, and the step.
    range: Option<[&'static str; 3]>,
}

const fn system(name: &'static str, index: &'static str, first: FirstIndex, count: Option<&'static str>) -> System {
    System { name, index, first, count, range: None }
}

/// Systems, innermost first: a task runner inside an allocation precedes the system that made the allocation.
///
/// Sources are the manuals: GNU Parallel, `HyperQueue`, Slurm "Job Array Support", qsub(1) of PBS Professional, TORQUE
/// and Grid Engine, LSF "Environment variables", Kubernetes "Indexed Job", the job environments of AWS Batch, Google
/// Cloud Batch and Cloud Run, and the predefined variables of GitLab, `CircleCI` and Buildkite.
static SYSTEMS: &[System] = &[
    system("GNU Parallel", "PARALLEL_SEQ", FirstIndex::One, None),
    system("HyperQueue", "HQ_TASK_ID", FirstIndex::One, None),
    System {
        range: Some(["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"]),
        ..system("Slurm", "SLURM_ARRAY_TASK_ID", FirstIndex::One, Some("SLURM_ARRAY_TASK_COUNT"))
    },
    system("PBS Professional", "PBS_ARRAY_INDEX", FirstIndex::One, None),
    system("TORQUE", "PBS_ARRAYID", FirstIndex::One, None),
    System {
        range: Some(["SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"]),
        ..system("Grid Engine", "SGE_TASK_ID", FirstIndex::One, None)
    },
    system("LSF", "LSB_JOBINDEX", FirstIndex::One, Some("LSB_JOBINDEX_END")),
    system("Kubernetes", "JOB_COMPLETION_INDEX", FirstIndex::Zero, None),
    system("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", FirstIndex::Zero, Some("AWS_BATCH_JOB_ARRAY_SIZE")),
    system("Google Cloud Batch", "BATCH_TASK_INDEX", FirstIndex::Zero, Some("BATCH_TASK_COUNT")),
    system("Cloud Run", "CLOUD_RUN_TASK_INDEX", FirstIndex::Zero, Some("CLOUD_RUN_TASK_COUNT")),
    system("GitLab", "CI_NODE_INDEX", FirstIndex::One, Some("CI_NODE_TOTAL")),
    system("CircleCI", "CIRCLE_NODE_INDEX", FirstIndex::Zero, Some("CIRCLE_NODE_TOTAL")),
    system("Buildkite", "BUILDKITE_PARALLEL_JOB", FirstIndex::Zero, Some("BUILDKITE_PARALLEL_JOB_COUNT")),
];

/// Parses `3/7`, `auto`, or `auto/7` for systems without a variable for the number of tasks.
pub(super) fn parse(text: &str) -> Result<Shard, Failure> {
    resolve(text, &|name| std::env::var(name).ok()).map_err(|why| Failure::Usage(format!("--shard {text}: {why}")))
}

fn resolve(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let wrong = "expected I/N with I from 1 to N, auto, or auto/N";
    let (index, of) = match text.split_once('/') {
        Some((index, of)) => (index, Some(of.trim().parse::<u32>().map_err(|_| wrong)?)),
        None => (text, None),
    };
    if of.is_some_and(|of| of == 0 || of > MAX_SHARDS) {
        return Err(format!("expected 1 to {MAX_SHARDS} shards"));
    }
    let shard = match (index.trim(), of) {
        ("auto", of) => from_environment(of, variable)?,
        (index, Some(of)) => Shard { index: index.parse().map_err(|_| wrong)?, of },
        _ => return Err(wrong.to_owned()),
    };
    if shard.index == 0 || shard.index > shard.of {
        return Err(format!("there is no shard {} of {}; {wrong}", shard.index, shard.of));
    }
    Ok(shard)
}

/// Reads the shard from the variables of the job system.
fn from_environment(of: Option<u32>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    // Grid Engine sets its variable to "undefined" outside an array.
    let number = |name: &str| variable(name)?.trim().parse::<u32>().ok();
    let system = SYSTEMS.iter().find_map(|system| Some((system, number(system.index)?)));
    let Some((system, id)) = system else {
        let names: Vec<&str> = SYSTEMS.iter().map(|system| system.index).collect();
        return Err(format!("no job array found; expected one of the variables {}", names.join(", ")));
    };
    let System { name, index, first, count, range } = *system;
    let base = u32::from(first == FirstIndex::One);
    let position = |first: u32, step: u32| {
        let steps = id.checked_sub(first).map(|steps| (steps / step.max(1), steps % step.max(1)));
        match steps {
            Some((steps, 0)) => Ok(steps + 1),
            _ => Err(format!("{name}: {index} = {id}; expected {first} or more")),
        }
    };
    if let Some(of) = of {
        let index_of = position(base, 1)?;
        if index_of > of {
            let last = of - 1 + base;
            return Err(format!("{name}: {index} = {id}; expected an array of {base} to {last}"));
        }
        return Ok(Shard { index: index_of, of });
    }
    if let Some([first, last, step]) = range
        && let (Some(first), Some(last)) = (number(first), number(last))
    {
        let step = number(step).unwrap_or(1).max(1);
        let of = last.saturating_sub(first) / step + 1;
        if count.and_then(number).is_some_and(|count| count != of) {
            return Err(format!("{name}: the array has gaps, so the number of shards is unknown; expected auto/N"));
        }
        return Ok(Shard { index: position(first, step)?, of });
    }
    match count.and_then(number) {
        Some(of) => Ok(Shard { index: position(base, 1)?, of }),
        None => Err(format!("{name}: {index} = {id} without the number of tasks; expected auto/N")),
    }
}

/// Formats sorted numbers as the ranges of a job array option: `3,7-9`.
pub(in crate::cli) fn ranges(numbers: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let shown =
        ranges.iter().map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
    shown.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::{Shard, ranges, resolve};

    fn resolved(text: &str, variables: &[(&str, &str)]) -> String {
        let known =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        match resolve(text, &known) {
            Ok(Shard { index, of }) => format!("{index}/{of}"),
            Err(why) => why,
        }
    }

    #[test]
    fn shards_by_hand() {
        assert_eq!(resolved("3/7", &[]), "3/7");
        for wrong in ["0/7", "8/7", "1/0", "a/7", "7", "", "1/999999"] {
            assert!(resolved(wrong, &[]).contains("expected"), "{wrong}");
        }
        assert!(resolved("auto", &[]).starts_with("no job array found"));
    }

    #[test]
    fn every_system_numbers_in_its_own_way() {
        let slurm = |id, min, max, count| {
            vec![
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_MAX", max),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        assert_eq!(resolved("auto", &slurm("0", "0", "6", "7")), "1/7");
        assert_eq!(resolved("auto", &slurm("7", "1", "7", "7")), "7/7");
        assert!(resolved("auto", &slurm("8", "3", "9", "4")).contains("gaps"));
        assert_eq!(resolved("auto/9", &slurm("8", "3", "9", "4")), "8/9");
        assert_eq!(
            resolved("auto/7", &slurm("0", "0", "6", "7")),
            "Slurm: SLURM_ARRAY_TASK_ID = 0; expected 1 or more"
        );
        assert_eq!(resolved("auto/7", &[("JOB_COMPLETION_INDEX", "6")]), "7/7");
        assert!(resolved("auto/7", &[("JOB_COMPLETION_INDEX", "7")]).contains("an array of 0 to 6"));
        assert!(resolved("auto", &[("JOB_COMPLETION_INDEX", "6")]).ends_with("expected auto/N"));
        assert_eq!(resolved("auto/7", &[("HQ_TASK_ID", "7")]), "7/7");
        assert_eq!(resolved("auto/7", &[("PBS_ARRAY_INDEX", "1")]), "1/7");
        let sge = [("SGE_TASK_ID", "5"), ("SGE_TASK_FIRST", "1"), ("SGE_TASK_LAST", "9"), ("SGE_TASK_STEPSIZE", "2")];
        assert_eq!(resolved("auto", &sge), "3/5");
        assert!(resolved("auto", &[("SGE_TASK_ID", "undefined")]).starts_with("no job array"));
        assert_eq!(resolved("auto", &[("LSB_JOBINDEX", "2"), ("LSB_JOBINDEX_END", "4")]), "2/4");
        for (index, count) in [
            ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
            ("BATCH_TASK_INDEX", "BATCH_TASK_COUNT"),
            ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),
            ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),
            ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),
        ] {
            assert_eq!(resolved("auto", &[(index, "0"), (count, "4")]), "1/4", "{index}");
        }
        assert_eq!(resolved("auto", &[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "4")]), "4/4");
    }

    #[test]
    fn numbers_as_arrays_take_them() {
        assert_eq!(ranges(&[3, 7, 8, 9]), "3,7-9");
        assert_eq!((ranges(&[]), ranges(&[1, 2]), ranges(&[5])), (String::new(), "1-2".to_owned(), "5".to_owned()));
    }
}
