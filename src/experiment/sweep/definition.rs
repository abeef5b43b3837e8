//! Definition of a sweep: its points, replications and baselines.

use std::fmt::Write as _;

use crate::experiment::replication::runner;
use crate::experiment::result::SweepResult;
use crate::experiment::sweep::points::{PointValues, baseline_settings, describe, key_of, shard_of, with};
use crate::problem::Problems;
use crate::scaling::Precision;
use crate::scenario::extrapolation;
use crate::scenario::{Axis, Node, ScenarioFile};
use crate::simulation::Scenario;

/// Sweeps of at most so many points have all of them made before the first is run, so that every mistake is told at once.
/// Of larger ones every value of every axis is, but not every combination.
const MADE_AHEAD: usize = 4096;

/// How many replications a point has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReplicationCount {
    /// So many.
    Fixed(u64),
    /// As many as it takes to know the mean of its makespan so precisely.
    Precise(Precision),
}

/// What is to be run.
#[derive(Clone)]
pub struct Sweep<'a> {
    pub(in crate::experiment) file: &'a ScenarioFile,
    pub(in crate::experiment) replications: ReplicationCount,
    pub(super) is_independent: bool,
    pub(super) has_baselines: bool,
    /// The values of every point, if they are not all combinations of those on the axes.
    chosen: Option<Vec<Vec<Node>>>,
}

impl<'a> Sweep<'a> {
    /// The sweep of a scenario; without an axis it has one point, the scenario itself.
    pub fn new(file: &'a ScenarioFile, replications: u64) -> Sweep<'a> {
        let replications = ReplicationCount::Fixed(replications);
        Sweep { file, replications, is_independent: false, has_baselines: true, chosen: None }
    }

    /// The same with another rule for how many replications a point has.
    pub fn with_replications(self, replications: ReplicationCount) -> Sweep<'a> {
        Sweep { replications, ..self }
    }

    /// The same with random numbers of its own for every point, in place of those that all points share.
    pub fn independent(self) -> Sweep<'a> {
        Sweep { is_independent: true, ..self }
    }

    /// The same without a baseline to compare the points with.
    pub fn without_baselines(self) -> Sweep<'a> {
        Sweep { has_baselines: false, ..self }
    }

    /// The same with these points, each a value an axis, in place of all combinations.
    pub fn of_points(self, points: Vec<Vec<Node>>) -> Sweep<'a> {
        Sweep { chosen: Some(points), ..self }
    }

    /// How many points it has.
    pub fn points(&self) -> usize {
        let all = || self.axes().iter().map(|axis| axis.values.len()).product();
        self.chosen.as_ref().map_or_else(all, Vec::len)
    }

    /// How many replications each point has; at most, if that is for their precision to say.
    pub fn replications(&self) -> u64 {
        match self.replications {
            ReplicationCount::Fixed(replications) => replications,
            ReplicationCount::Precise(precision) => precision.most,
        }
    }

    /// The axes, the last of them fastest.
    pub fn axes(&self) -> &'a [Axis] {
        self.file.axes()
    }

    /// How many runs it takes, baselines included; at most, if that is for the precision of the points to say. Of more
    /// than 4,096 points the number of baselines is reckoned and not counted.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of its points, as far as [`Sweep::check`] can tell.
    pub fn runs(&self) -> Result<u64, Problems> {
        self.check()?;
        Ok(self.scenarios() * self.replications())
    }

    /// How many different scenarios there are, baselines included.
    fn scenarios(&self) -> u64 {
        if !self.has_baselines {
            return self.points() as u64;
        }
        let settings = baseline_settings(&self.file.baseline());
        if self.points() > MADE_AHEAD {
            let is_kept = |axis: &&Axis| settings.iter().all(|(path, _)| axis.path != *path);
            let baselines: u64 = match &self.chosen {
                Some(points) => points.len() as u64,
                None => self.axes().iter().filter(is_kept).map(|axis| axis.values.len() as u64).product(),
            };
            let replaced = self.axes().iter().filter(|axis| !is_kept(axis));
            let has =
                |axis: &Axis, value: &Node| axis.values.iter().any(|other| other.to_string() == value.to_string());
            let on_grid = self.chosen.is_none()
                && replaced.clone().count() == settings.len()
                && replaced
                    .clone()
                    .all(|axis| settings.iter().any(|(path, value)| *path == axis.path && has(axis, value)));
            return self.points() as u64 + if on_grid { 0 } else { baselines };
        }
        let mut known = std::collections::BTreeSet::new();
        for number in 0..self.points() {
            let point = self.point(number);
            known.insert(key_of(&point));
            let base = with(&point, &settings);
            let key = key_of(&base);
            if !known.contains(&key) && self.file.at(&base).is_ok() {
                known.insert(key);
            }
        }
        known.len() as u64
    }

    /// Makes the points without running them.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of up to 4,096 points. Of more than that: with any value of an axis that is
    /// wrong by itself, whatever the others are.
    pub fn check(&self) -> Result<(), Problems> {
        let make = |point: &PointValues<'_>| self.file.at(point).err();
        let points: Vec<PointValues<'_>> = if self.points() <= MADE_AHEAD {
            (0..self.points()).map(|number| self.point(number)).collect()
        } else {
            let alone = |axis: &'a Axis| axis.values.iter().map(|value| vec![(axis.path.as_str(), value)]);
            self.axes().iter().flat_map(alone).collect()
        };
        let mut problems = Problems::default();
        for wrong in runner::map(&points, make).into_iter().flatten() {
            problems.append(wrong);
        }
        problems.or(())
    }

    /// One line on what of it is outside of what its profiles were learned from: see [`extrapolation::outside`]. Every value of
    /// every axis is looked at by itself, not every combination.
    pub fn outside(&self) -> Option<String> {
        // From the first point, one axis after the other.
        let first = || if self.points() > 0 { self.point(0) } else { PointValues::new() };
        let mut points = vec![first()];
        for (place, axis) in self.axes().iter().enumerate() {
            for value in axis.values.iter().take(MADE_AHEAD) {
                let mut point = first();
                if let Some(entry) = point.get_mut(place) {
                    entry.1 = value;
                    points.push(point);
                }
            }
        }
        let scenarios: Vec<Scenario> = points.iter().filter_map(|point| self.file.at(point).ok()).collect();
        extrapolation::outside(&scenarios.iter().collect::<Vec<_>>(), None)
    }

    /// The result without its rows.
    pub fn head(&self) -> SweepResult {
        let question = self.file.question();
        SweepResult {
            scenario: self.file.name().to_owned(),
            question: (!question.is_empty()).then(|| question.to_owned()),
            seed: self.file.seed(),
            axes: self.axes().iter().map(|axis| axis.label.clone()).collect(),
            baseline: describe(&self.file.baseline()),
            scaled: self.file.is_scaled(),
            rows: Vec::new(),
        }
    }

    /// The numbers of the points that belong to shard `index`, from 0, of so many; decided by the points' identity.
    pub fn shard(&self, index: u32, shards: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.points()).filter(move |&number| shards == 1 || shard_of(&key_of(&self.point(number)), shards) == index)
    }

    /// All that its rows depend on besides the version and the files that the scenario names, as text: the settings of
    /// the scenario, the axes, the points and the replications. What only describes is left out.
    pub fn identity(&self) -> String {
        let mut text = String::new();
        let describes = ["name", "about", "question", "assert", "sweep", "replications"];
        let mut settings: Vec<_> =
            self.file.root().entries().iter().filter(|(key, _)| !describes.contains(&key.name.as_str())).collect();
        settings.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        for (key, value) in settings {
            let _ = writeln!(text, "{}: {value}", key.name);
        }
        for axis in self.axes() {
            let _ = write!(text, "axis {}:", axis.path);
            for value in axis.values.iter().filter(|_| self.chosen.is_none()) {
                let _ = write!(text, " {value}");
            }
            text.push('\n');
        }
        for point in self.chosen.iter().flatten() {
            let _ = writeln!(text, "point {}", point.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        }
        let _ = match self.replications {
            ReplicationCount::Fixed(replications) => writeln!(text, "replications: {replications}"),
            ReplicationCount::Precise(Precision { relative, least, most }) => {
                writeln!(text, "precision: {relative} after {least} to {most}")
            }
        };
        let _ = writeln!(text, "independent: {}", self.is_independent);
        if !self.has_baselines {
            text.push_str("no baselines\n");
        }
        text
    }

    /// The values of a point, an axis each.
    pub(super) fn point(&self, number: usize) -> PointValues<'_> {
        if let Some(chosen) = &self.chosen {
            let values = chosen.get(number).map_or(&[][..], Vec::as_slice);
            return self.axes().iter().map(|axis| axis.path.as_str()).zip(values).collect();
        }
        let mut rest = number;
        let mut values = Vec::with_capacity(self.axes().len());
        for axis in self.axes().iter().rev() {
            values.push((axis.path.as_str(), &axis.values[rest % axis.values.len()]));
            rest /= axis.values.len();
        }
        values.reverse();
        values
    }

    /// The scenario at a point.
    pub(super) fn make(&self, point: &PointValues<'_>) -> Result<Scenario, Problems> {
        let mut scenario = self.file.at(point)?;
        if self.is_independent {
            scenario.seed = crate::engine::rng::key_of(&format!("{};{}", scenario.seed, key_of(point)));
        }
        Ok(scenario)
    }
}
