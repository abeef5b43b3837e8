//! What a folder of results belongs to: `plan.json`, by which a sweep is continued and shards are put together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::console::{Failure, command_without};
use crate::cli::input;
use crate::cli::sweep::shard::{MOST, Shard};
use crate::experiment::sweep::fingerprint::fingerprint;
use crate::experiment::{Sweep, SweepResult};
use crate::report::{SCHEMA_VERSION, VERSION};

/// The file `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the keys of the file")]
pub(in crate::cli) struct PlanFile {
    pub(in crate::cli) schema_version: u32,
    pub(in crate::cli) brooks: String,
    /// A hash of all that the rows depend on.
    pub(in crate::cli) plan: String,
    pub(in crate::cli) scenario: String,
    pub(in crate::cli) question: Option<String>,
    pub(in crate::cli) seed: u64,
    pub(in crate::cli) axes: Vec<String>,
    pub(in crate::cli) baseline: String,
    /// Whether the work grows with the team.
    pub(in crate::cli) scaled: bool,
    pub(in crate::cli) points: usize,
    /// Replications of each point; the most there may be, if their precision decides.
    pub(in crate::cli) replications: u64,
    /// What is written of every single run; nothing if none.
    pub(in crate::cli) per_run: Option<String>,
    pub(in crate::cli) shard: Shard,
    /// Whether all points of the shard are there.
    pub(in crate::cli) complete: bool,
    /// What was typed, without what says where, in how many parts and how fast; none in folders of before it was kept.
    #[serde(default)]
    pub(in crate::cli) command: Option<String>,
}

/// Options of `sweep` that change no row.
const ELSEWHERE: [&str; 9] =
    ["-o", "--output", "-t", "--threads", "--shard", "--shards", "--save-every", "--format", "--color"];
/// Flags that change no row.
const ASIDE: [&str; 8] =
    ["--resume", "-q", "--quiet", "-v", "--verbose", "--no-progress", "--verify", "--require-complete"];

impl PlanFile {
    /// Of a sweep that has been checked: all files that it names have been read.
    pub(super) fn of(sweep: &Sweep<'_>, per_run: Option<String>, shard: Shard) -> PlanFile {
        let head = sweep.head();
        let typed = command_without(&ELSEWHERE, &ASIDE);
        let has_seed = typed.split(' ').any(|word| word == "--seed" || word.starts_with("--seed="));
        let command = if has_seed { typed } else { format!("{typed} --seed {}", head.seed) };
        PlanFile {
            schema_version: SCHEMA_VERSION,
            brooks: VERSION.to_owned(),
            plan: fingerprint(sweep, &input::files_read()),
            scenario: head.scenario,
            question: head.question,
            seed: head.seed,
            axes: head.axes,
            baseline: head.baseline,
            scaled: head.scaled,
            points: sweep.points(),
            replications: sweep.replications(),
            per_run,
            shard,
            complete: false,
            command: Some(command),
        }
    }

    /// The result without its rows.
    pub(super) fn head(&self) -> SweepResult {
        SweepResult {
            scenario: self.scenario.clone(),
            question: self.question.clone(),
            seed: self.seed,
            axes: self.axes.clone(),
            baseline: self.baseline.clone(),
            scaled: self.scaled,
            rows: Vec::new(),
        }
    }

    /// In which ways another plan is not this one, in words; none if it is.
    pub(in crate::cli) fn differs(&self, other: &PlanFile) -> Option<String> {
        let mut ways = Vec::new();
        let mut way = |what: &str, own: String, others: String| {
            if own != others {
                ways.push(format!("{what} {others} there, {own} here"));
            }
        };
        way("version", self.brooks.clone(), other.brooks.clone());
        way("scenario", self.scenario.clone(), other.scenario.clone());
        way("seed", self.seed.to_string(), other.seed.to_string());
        way("replications", self.replications.to_string(), other.replications.to_string());
        way("points", self.points.to_string(), other.points.to_string());
        way("axes", self.axes.join(", "), other.axes.join(", "));
        let per_run = |plan: &PlanFile| plan.per_run.clone().unwrap_or_else(|| "nothing".to_owned());
        way("of every run", per_run(self), per_run(other));
        if ways.is_empty() && self.plan != other.plan {
            ways.push("values on the axes, a setting or a file that the scenario names".to_owned());
        }
        (!ways.is_empty()).then(|| ways.join("; "))
    }

    /// Whether these are shards of one sweep.
    ///
    /// # Errors
    ///
    /// In which ways the first that differs does.
    pub(in crate::cli) fn agree(shards: &[(PathBuf, PlanFile)]) -> Result<(), Failure> {
        let Some((first, plan)) = shards.first() else { return Ok(()) };
        for (path, other) in shards {
            let of = |plan: &PlanFile| format!("shards of {}", plan.shard.of);
            let differs = plan
                .differs(other)
                .or((plan.shard.of != other.shard.of).then(|| format!("{} there, {} here", of(other), of(plan))));
            if let Some(ways) = differs {
                let (first, path) = (first.display(), path.display());
                return Err(Failure::Usage(format!("{first} and {path} are of two sweeps: {ways}")));
            }
        }
        Ok(())
    }

    /// The numbers of the shards that are not among these, or not complete.
    pub(in crate::cli) fn missing(shards: &[(PathBuf, PlanFile)]) -> Vec<u32> {
        let of = shards.first().map_or(0, |(_, plan)| plan.shard.of);
        let there: BTreeSet<u32> =
            shards.iter().filter(|(_, plan)| plan.complete).map(|(_, plan)| plan.shard.index).collect();
        (1..=of).filter(|index| !there.contains(index)).collect()
    }

    /// The plan of a folder; none if it has none.
    ///
    /// # Errors
    ///
    /// It can't be read, or is no plan of this version.
    pub(in crate::cli) fn read(folder: &Path) -> Result<Option<PlanFile>, Failure> {
        let path = folder.join("plan.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::Io { path, error }),
        };
        let plan: PlanFile = serde_json::from_str(&text).map_err(|error| {
            let why =
                format!("{}: {error}; expected the plan of a sweep, as brooks {VERSION} writes it", path.display());
            Failure::Usage(why)
        })?;
        plan.check(&path)?;
        Ok(Some(plan))
    }

    /// Whether a file says what this version can read.
    fn check(&self, path: &Path) -> Result<(), Failure> {
        let PlanFile { schema_version, shard: Shard { index, of }, .. } = self;
        let wrong = |what: &str, expected: &str| {
            Err(Failure::Usage(format!("{}: {what}; expected {expected}", path.display())))
        };
        if *schema_version != SCHEMA_VERSION {
            return wrong(&format!("schema_version {schema_version}"), &SCHEMA_VERSION.to_string());
        }
        if *of > MOST || !(1..=*of).contains(index) {
            return wrong(&format!("shard {index} of {of}"), &format!("one of 1 to {MOST} shards"));
        }
        Ok(())
    }

    /// The file's text.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
