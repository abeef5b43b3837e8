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

/// Greatest number of points that are all made before the first is run, so that every error is reported at once. In
/// larger sweeps every value of every axis is checked, but not every combination.
const MADE_AHEAD: usize = 4096;

/// Number of replications of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReplicationCount {
    /// Fixed number.
    Fixed(u64),
    /// Number required for this precision of the mean makespan.
    Precise(Precision),
}

/// Definition of a sweep.
#[derive(Clone)]
pub struct Sweep<'a> {
    pub(in crate::experiment) file: &'a ScenarioFile,
    pub(in crate::experiment) replications: ReplicationCount,
    pub(super) is_independent: bool,
    pub(super) has_baselines: bool,
    /// Values of every point, if they are not all combinations of those on the axes.
    chosen: Option<Vec<Vec<Node>>>,
}

impl<'a> Sweep<'a> {
    /// Creates the sweep of a scenario; without an axis it has one point, the scenario itself.
    pub fn new(file: &'a ScenarioFile, replications: u64) -> Sweep<'a> {
        let replications = ReplicationCount::Fixed(replications);
        Sweep { file, replications, is_independent: false, has_baselines: true, chosen: None }
    }

    /// Sets the rule for the number of replications.
    pub fn with_replications(self, replications: ReplicationCount) -> Sweep<'a> {
        Sweep { replications, ..self }
    }

    /// Gives every point random numbers of its own, in place of common ones.
    pub fn independent(self) -> Sweep<'a> {
        Sweep { is_independent: true, ..self }
    }

    /// Runs the points without baselines.
    pub fn without_baselines(self) -> Sweep<'a> {
        Sweep { has_baselines: false, ..self }
    }

    /// Sets the points, each with one value per axis, in place of all combinations.
    pub fn of_points(self, points: Vec<Vec<Node>>) -> Sweep<'a> {
        Sweep { chosen: Some(points), ..self }
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        let all = || self.axes().iter().map(|axis| axis.values.len()).product();
        self.chosen.as_ref().map_or_else(all, Vec::len)
    }

    /// Replications of each point; the greatest number if their precision decides.
    pub fn replications(&self) -> u64 {
        match self.replications {
            ReplicationCount::Fixed(replications) => replications,
            ReplicationCount::Precise(precision) => precision.most,
        }
    }

    /// Axes, the last one fastest.
    pub fn axes(&self) -> &'a [Axis] {
        self.file.axes()
    }

    /// Number of runs, baselines included; the greatest number if precision decides. Above 4,096 points the number of
    /// baselines is an estimate.
    ///
    /// # Errors
    ///
    /// Reports the errors that [`Sweep::check`] finds.
    pub fn runs(&self) -> Result<u64, Problems> {
        self.check()?;
        Ok(self.scenarios() * self.replications())
    }

    /// Number of different scenarios, baselines included.
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
    /// Reports all errors of up to 4,096 points. Of larger sweeps it reports errors of single axis values, not of
    /// combinations.
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

    /// Returns a line on axis values outside of the data of learned profiles: see [`extrapolation::outside`]. Values
    /// are checked one by one, not in combination.
    pub fn outside(&self) -> Option<String> {
        // From the first point, one axis after the other.
        let first = || if self.points() > 0 { self.point(0) } else { PointValues::new() };
        let mut points = vec![first()];
        for (index, axis) in self.axes().iter().enumerate() {
            for value in axis.values.iter().take(MADE_AHEAD) {
                let mut point = first();
                if let Some(entry) = point.get_mut(index) {
                    entry.1 = value;
                    points.push(point);
                }
            }
        }
        let scenarios: Vec<Scenario> = points.iter().filter_map(|point| self.file.at(point).ok()).collect();
        extrapolation::outside(&scenarios.iter().collect::<Vec<_>>(), None)
    }

    /// Returns the result without its rows.
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

    /// Numbers of the points of shard `index`, from 0, of `shards`; assigned by the points' identity.
    pub fn shard(&self, index: u32, shards: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.points()).filter(move |&number| shards == 1 || shard_of(&key_of(&self.point(number)), shards) == index)
    }

    /// Text of everything that its rows depend on, except for the version and the files of the scenario: settings,
    /// axes, points and replications. Descriptions are left out.
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

    /// Returns the values of a point, one per axis.
    pub(super) fn point(&self, number: usize) -> PointValues<'_> {
        if let Some(chosen) = &self.chosen {
            let values = chosen.get(number).map_or(&[][..], Vec::as_slice);
            return self.axes().iter().map(|axis| axis.path.as_str()).zip(values).collect();
        }
        let mut remaining = number;
        let mut values = Vec::with_capacity(self.axes().len());
        for axis in self.axes().iter().rev() {
            values.push((axis.path.as_str(), &axis.values[remaining % axis.values.len()]));
            remaining /= axis.values.len();
        }
        values.reverse();
        values
    }

    /// Makes the scenario at a point.
    pub(super) fn make(&self, point: &PointValues<'_>) -> Result<Scenario, Problems> {
        let mut scenario = self.file.at(point)?;
        if self.is_independent {
            scenario.seed = crate::engine::rng::key_of(&format!("{};{}", scenario.seed, key_of(point)));
        }
        Ok(scenario)
    }
}
