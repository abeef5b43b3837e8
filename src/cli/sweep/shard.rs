//! Which part of a sweep is run here: said by `--shard I/N`, or found out from the variables of whatever runs the tasks
//! of an array.

use serde::{Deserialize, Serialize};

use crate::cli::console::Failure;

/// One part of a sweep that is run by itself: `index`, from 1, of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Shard {
    pub(in crate::cli) index: u32,
    pub(in crate::cli) of: u32,
}

impl Shard {
    /// The whole sweep.
    pub(in crate::cli) const WHOLE: Shard = Shard { index: 1, of: 1 };
}

/// The most parts of a sweep.
pub(super) const MOST: u32 = 100_000;

/// How tasks are numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    Zero,
    One,
}

/// A system that runs arrays of tasks, and the variables by which it tells a task which one it is.
struct System {
    name: &'static str,
    /// The task's number.
    index: &'static str,
    /// What the first has, where nothing else is said.
    from: From,
    /// How many tasks there are.
    count: Option<&'static str>,
    /// The first number, the last, and the step between them.
    range: Option<[&'static str; 3]>,
}

const fn system(name: &'static str, index: &'static str, from: From, count: Option<&'static str>) -> System {
    System { name, index, from, count, range: None }
}

/// The innermost first: what runs tasks inside of an allocation comes before what made the allocation. Each as its own
/// manual has it: GNU Parallel's and `HyperQueue`'s, Slurm's "Job Array Support", qsub(1) of PBS Professional, TORQUE and
/// Grid Engine, LSF's "Environment variables", Kubernetes' "Indexed Job", the job environments of AWS Batch, Google
/// Cloud Batch and Cloud Run, and the predefined variables of GitLab, `CircleCI` and Buildkite.
static SYSTEMS: &[System] = &[
    system("GNU Parallel", "PARALLEL_SEQ", From::One, None),
    system("HyperQueue", "HQ_TASK_ID", From::One, None),
    System {
        range: Some(["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"]),
        ..system("Slurm", "SLURM_ARRAY_TASK_ID", From::One, Some("SLURM_ARRAY_TASK_COUNT"))
    },
    system("PBS Professional", "PBS_ARRAY_INDEX", From::One, None),
    system("TORQUE", "PBS_ARRAYID", From::One, None),
    System {
        range: Some(["SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE"]),
        ..system("Grid Engine", "SGE_TASK_ID", From::One, None)
    },
    system("LSF", "LSB_JOBINDEX", From::One, Some("LSB_JOBINDEX_END")),
    system("Kubernetes", "JOB_COMPLETION_INDEX", From::Zero, None),
    system("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", From::Zero, Some("AWS_BATCH_JOB_ARRAY_SIZE")),
    system("Google Cloud Batch", "BATCH_TASK_INDEX", From::Zero, Some("BATCH_TASK_COUNT")),
    system("Cloud Run", "CLOUD_RUN_TASK_INDEX", From::Zero, Some("CLOUD_RUN_TASK_COUNT")),
    system("GitLab", "CI_NODE_INDEX", From::One, Some("CI_NODE_TOTAL")),
    system("CircleCI", "CIRCLE_NODE_INDEX", From::Zero, Some("CIRCLE_NODE_TOTAL")),
    system("Buildkite", "BUILDKITE_PARALLEL_JOB", From::Zero, Some("BUILDKITE_PARALLEL_JOB_COUNT")),
];

/// The shard that the text means: `3/7`, `auto`, or `auto/7` where the system does not say how many tasks there are.
pub(super) fn parse(text: &str) -> Result<Shard, Failure> {
    resolve(text, &|name| std::env::var(name).ok()).map_err(|why| Failure::Usage(format!("--shard {text}: {why}")))
}

fn resolve(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let wrong = "expected I/N with I from 1 to N, auto, or auto/N";
    let (index, of) = match text.split_once('/') {
        Some((index, of)) => (index, Some(of.trim().parse::<u32>().map_err(|_| wrong)?)),
        None => (text, None),
    };
    if of.is_some_and(|of| of == 0 || of > MOST) {
        return Err(format!("expected 1 to {MOST} shards"));
    }
    let shard = match (index.trim(), of) {
        ("auto", of) => found(of, variable)?,
        (index, Some(of)) => Shard { index: index.parse().map_err(|_| wrong)?, of },
        _ => return Err(wrong.to_owned()),
    };
    if shard.index == 0 || shard.index > shard.of {
        return Err(format!("there is no shard {} of {}; {wrong}", shard.index, shard.of));
    }
    Ok(shard)
}

fn found(of: Option<u32>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    // Some set their variable to a word where there is no array.
    let number = |name: &str| variable(name)?.trim().parse::<u32>().ok();
    let system = SYSTEMS.iter().find_map(|system| Some((system, number(system.index)?)));
    let Some((system, id)) = system else {
        let names: Vec<&str> = SYSTEMS.iter().map(|system| system.index).collect();
        return Err(format!("no array of tasks is known by its variables: {}", names.join(", ")));
    };
    let System { name, index, from, count, range } = *system;
    let from = u32::from(from == From::One);
    let place = |first: u32, step: u32| {
        let steps = id.checked_sub(first).map(|steps| (steps / step.max(1), steps % step.max(1)));
        match steps {
            Some((steps, 0)) => Ok(steps + 1),
            _ => Err(format!("{name} says {index} = {id}; expected {first} or more")),
        }
    };
    if let Some(of) = of {
        let index_of = place(from, 1)?;
        if index_of > of {
            let last = of - 1 + from;
            return Err(format!("{name} says {index} = {id}; expected an array of {from} to {last}"));
        }
        return Ok(Shard { index: index_of, of });
    }
    if let Some([first, last, step]) = range
        && let (Some(first), Some(last)) = (number(first), number(last))
    {
        let step = number(step).unwrap_or(1).max(1);
        let of = last.saturating_sub(first) / step + 1;
        if count.and_then(number).is_some_and(|count| count != of) {
            return Err(format!(
                "{name}'s array has gaps, so that nothing says how many shards there are; expected auto/N"
            ));
        }
        return Ok(Shard { index: place(first, step)?, of });
    }
    match count.and_then(number) {
        Some(of) => Ok(Shard { index: place(from, 1)?, of }),
        None => Err(format!("{name} says {index} = {id} and not of how many; expected auto/N")),
    }
}

/// Numbers as an option for arrays takes them: `3,7-9`.
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

    fn told(text: &str, variables: &[(&str, &str)]) -> String {
        let known =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        match resolve(text, &known) {
            Ok(Shard { index, of }) => format!("{index}/{of}"),
            Err(why) => why,
        }
    }

    #[test]
    fn shards_by_hand() {
        assert_eq!(told("3/7", &[]), "3/7");
        for wrong in ["0/7", "8/7", "1/0", "a/7", "7", "", "1/999999"] {
            assert!(told(wrong, &[]).contains("expected"), "{wrong}");
        }
        assert!(told("auto", &[]).starts_with("no array of tasks is known"));
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
        assert_eq!(told("auto", &slurm("0", "0", "6", "7")), "1/7");
        assert_eq!(told("auto", &slurm("7", "1", "7", "7")), "7/7");
        assert!(told("auto", &slurm("8", "3", "9", "4")).contains("gaps"));
        assert_eq!(told("auto/9", &slurm("8", "3", "9", "4")), "8/9");
        assert_eq!(
            told("auto/7", &slurm("0", "0", "6", "7")),
            "Slurm says SLURM_ARRAY_TASK_ID = 0; expected 1 or more"
        );
        assert_eq!(told("auto/7", &[("JOB_COMPLETION_INDEX", "6")]), "7/7");
        assert!(told("auto/7", &[("JOB_COMPLETION_INDEX", "7")]).contains("an array of 0 to 6"));
        assert!(told("auto", &[("JOB_COMPLETION_INDEX", "6")]).ends_with("expected auto/N"));
        assert_eq!(told("auto/7", &[("HQ_TASK_ID", "7")]), "7/7");
        assert_eq!(told("auto/7", &[("PBS_ARRAY_INDEX", "1")]), "1/7");
        let sge = [("SGE_TASK_ID", "5"), ("SGE_TASK_FIRST", "1"), ("SGE_TASK_LAST", "9"), ("SGE_TASK_STEPSIZE", "2")];
        assert_eq!(told("auto", &sge), "3/5");
        assert!(told("auto", &[("SGE_TASK_ID", "undefined")]).starts_with("no array"));
        assert_eq!(told("auto", &[("LSB_JOBINDEX", "2"), ("LSB_JOBINDEX_END", "4")]), "2/4");
        for (index, count) in [
            ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
            ("BATCH_TASK_INDEX", "BATCH_TASK_COUNT"),
            ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),
            ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"),
            ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT"),
        ] {
            assert_eq!(told("auto", &[(index, "0"), (count, "4")]), "1/4", "{index}");
        }
        assert_eq!(told("auto", &[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "4")]), "4/4");
    }

    #[test]
    fn numbers_as_arrays_take_them() {
        assert_eq!(ranges(&[3, 7, 8, 9]), "3,7-9");
        assert_eq!((ranges(&[]), ranges(&[1, 2]), ranges(&[5])), (String::new(), "1-2".to_owned(), "5".to_owned()));
    }
}
