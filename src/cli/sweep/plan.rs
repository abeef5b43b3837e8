//! `plan.json`: identity of a sweep in a folder, needed to resume it and to merge its shards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::console::{Failure, command_without};
use crate::cli::input;
use crate::cli::sweep::shard::{MAX_SHARDS, Shard};
use crate::experiment::sweep::fingerprint::fingerprint;
use crate::experiment::{Sweep, SweepResult};
use crate::report::{SCHEMA_VERSION, VERSION};

/// Contents of `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct PlanFile {
    pub(in crate::cli) schema_version: u32,
    pub(in crate::cli) brooks: String,
    /// Hash of everything that the rows depend on.
    pub(in crate::cli) plan: String,
    pub(in crate::cli) scenario: String,
    pub(in crate::cli) question: Option<String>,
    pub(in crate::cli) seed: u64,
    pub(in crate::cli) axes: Vec<String>,
    pub(in crate::cli) baseline: String,
    /// True if the work grows with the team.
    pub(in crate::cli) scaled: bool,
    pub(in crate::cli) points: usize,
    /// Replications per point; the maximum if precision decides.
    pub(in crate::cli) replications: u64,
    /// Format of the table of single runs; none without `--per-run`.
    pub(in crate::cli) per_run: Option<String>,
    pub(in crate::cli) shard: Shard,
    /// True if all points of the shard are finished.
    pub(in crate::cli) complete: bool,
    /// Command without options that change no row; none in folders of earlier versions.
    #[serde(default)]
    pub(in crate::cli) command: Option<String>,
}

/// Options of `sweep` that change no row.
const OPTIONS_WITHOUT_EFFECT: [&str; 9] =
    ["-o", "--output", "-t", "--threads", "--shard", "--shards", "--save-every", "--format", "--color"];
/// Flags that change no row.
const FLAGS_WITHOUT_EFFECT: [&str; 8] =
    ["--resume", "-q", "--quiet", "-v", "--verbose", "--no-progress", "--verify", "--require-complete"];

impl PlanFile {
    /// Creates the plan of a sweep after its check, which reads all files that the scenario names.
    pub(super) fn new(sweep: &Sweep<'_>, per_run: Option<String>, shard: Shard) -> PlanFile {
        let head = sweep.head();
        let typed = command_without(&OPTIONS_WITHOUT_EFFECT, &FLAGS_WITHOUT_EFFECT);
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

    /// Returns the result without rows.
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

    /// Returns the differences of another plan in words; none if it is equal.
    pub(in crate::cli) fn differs(&self, other: &PlanFile) -> Option<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, own: String, others: String| {
            if own != others {
                differences.push(format!("{what} {others} there, {own} here"));
            }
        };
        compare("version", self.brooks.clone(), other.brooks.clone());
        compare("scenario", self.scenario.clone(), other.scenario.clone());
        compare("seed", self.seed.to_string(), other.seed.to_string());
        compare("replications", self.replications.to_string(), other.replications.to_string());
        compare("points", self.points.to_string(), other.points.to_string());
        compare("axes", self.axes.join(", "), other.axes.join(", "));
        let per_run = |plan: &PlanFile| plan.per_run.clone().unwrap_or_else(|| "none".to_owned());
        compare("table of single runs", per_run(self), per_run(other));
        if differences.is_empty() && self.plan != other.plan {
            differences.push("values on the axes, a setting or a file that the scenario names".to_owned());
        }
        (!differences.is_empty()).then(|| differences.join("; "))
    }

    /// Checks that these are shards of one sweep.
    ///
    /// # Errors
    ///
    /// The differences of the first shard that belongs to another sweep.
    pub(in crate::cli) fn agree(shards: &[(PathBuf, PlanFile)]) -> Result<(), Failure> {
        let Some((first, plan)) = shards.first() else { return Ok(()) };
        for (path, other) in shards {
            let of = |plan: &PlanFile| format!("shards of {}", plan.shard.of);
            let differs = plan
                .differs(other)
                .or((plan.shard.of != other.shard.of).then(|| format!("{} there, {} here", of(other), of(plan))));
            if let Some(differences) = differs {
                let (first, path) = (first.display(), path.display());
                return Err(Failure::Usage(format!("{first} and {path} belong to different sweeps: {differences}")));
            }
        }
        Ok(())
    }

    /// Returns the numbers of the shards that are absent or incomplete.
    pub(in crate::cli) fn missing(shards: &[(PathBuf, PlanFile)]) -> Vec<u32> {
        let of = shards.first().map_or(0, |(_, plan)| plan.shard.of);
        let there: BTreeSet<u32> =
            shards.iter().filter(|(_, plan)| plan.complete).map(|(_, plan)| plan.shard.index).collect();
        (1..=of).filter(|index| !there.contains(index)).collect()
    }

    /// Reads the plan of a folder; none without `plan.json`.
    ///
    /// # Errors
    ///
    /// An unreadable file, or a plan of another version.
    pub(in crate::cli) fn read(folder: &Path) -> Result<Option<PlanFile>, Failure> {
        let path = folder.join("plan.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::Io { path, error }),
        };
        let plan: PlanFile = serde_json::from_str(&text).map_err(|error| {
            let why = format!("{}: {error}; expected the plan of a sweep written by brooks {VERSION}", path.display());
            Failure::Usage(why)
        })?;
        plan.check(&path)?;
        Ok(Some(plan))
    }

    /// Checks schema version and shard numbers.
    fn check(&self, path: &Path) -> Result<(), Failure> {
        let PlanFile { schema_version, shard: Shard { index, of }, .. } = self;
        let wrong = |what: &str, expected: &str| {
            Err(Failure::Usage(format!("{}: {what}; expected {expected}", path.display())))
        };
        if *schema_version != SCHEMA_VERSION {
            return wrong(&format!("schema_version {schema_version}"), &SCHEMA_VERSION.to_string());
        }
        if *of > MAX_SHARDS || !(1..=*of).contains(index) {
            return wrong(&format!("shard {index} of {of}"), &format!("one of 1 to {MAX_SHARDS} shards"));
        }
        Ok(())
    }

    /// Returns the text of the file.
    pub(in crate::cli) fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
