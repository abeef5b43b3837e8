//! Points of a scenario and their runs, in an order that does not depend on the layout of its file.

use crate::experiment::Replications;
use crate::experiment::baseline::identity::{Identifier, Identity};
use crate::experiment::replication::runner;
use crate::experiment::result::{PointResult, is_agents};
use crate::experiment::sweep::{baseline_settings, label, with};
use crate::experiment::work_bounds::WorkBounds;
use crate::problem::Problems;
use crate::scenario::{Node, ScenarioFile};
use crate::simulation::Scenario;

/// Every point of a scenario's sweep.
pub struct Grid {
    /// Names of the axes: alphabetical, the team size last.
    pub axes: Vec<String>,
    /// Points by the values of the axes, then by team size.
    pub points: Vec<GridPoint>,
}

/// One point, before it is run.
#[derive(Clone)]
pub struct GridPoint {
    /// Values of the axes, as text, in the order of [`Grid::axes`].
    pub axes: Vec<String>,
    /// Team size.
    pub agents: u32,
    /// The architecture, as written.
    pub architecture: String,
    /// Scenario of the point.
    pub scenario: Scenario,
    /// Scenario of the baseline of its speedup; none if invalid.
    pub base: Option<Scenario>,
    /// Fingerprints.
    pub identity: Identity,
}

impl Grid {
    /// Makes the points of a scenario.
    ///
    /// # Errors
    ///
    /// Reports all errors of any point.
    pub fn new(file: &ScenarioFile) -> Result<Grid, Problems> {
        let axes = file.axes();
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.sort_by_key(|&index| (is_agents(&axes[index].label), &axes[index].label));
        let settings = baseline_settings(&file.baseline());
        let (mut points, mut problems, mut identifier) = (Vec::new(), Problems::default(), Identifier::default());
        let total: usize = axes.iter().map(|axis| axis.values.len()).product();
        for number in 0..total {
            let mut remaining = number;
            let mut values: Vec<(&str, &Node)> = Vec::with_capacity(axes.len());
            for axis in axes {
                values.push((axis.path.as_str(), &axis.values[remaining % axis.values.len()]));
                remaining /= axis.values.len();
            }
            match file.at(&values) {
                Ok(scenario) => {
                    let on_axis = values.iter().find(|(path, _)| *path == "architecture").map(|(_, value)| *value);
                    let written = on_axis.or(file.root().key("architecture"));
                    points.push(GridPoint {
                        axes: order.iter().map(|&index| label(values[index].1)).collect(),
                        agents: scenario.team.len() as u32,
                        architecture: written.map_or_else(|| scenario.architecture_name.clone(), label),
                        identity: identifier.identify(&scenario, &file.protocol_at(&values)),
                        base: file.at(&with(&values, &settings)).ok(),
                        scenario,
                    });
                }
                Err(wrong) => problems.append(wrong),
            }
        }
        points.sort_by(|a, b| {
            let others = |point: &GridPoint| {
                let kept = order.iter().zip(&point.axes).filter(|(index, _)| !is_agents(&axes[**index].label));
                kept.map(|(_, value)| value.clone()).collect::<Vec<_>>()
            };
            others(a).cmp(&others(b)).then(a.agents.cmp(&b.agents))
        });
        let axes = order.iter().map(|&index| axes[index].label.clone()).collect();
        problems.or(Grid { axes, points })
    }

    /// Fingerprints of all points together.
    pub fn identity(&self) -> Identity {
        Identity::from_points(&self.points.iter().map(|point| &point.identity))
    }
}

/// Runs `replications` of each point with this seed. Work that is drawn once keeps the draw of the scenario.
pub fn run(points: &[&GridPoint], replications: u64, seed: u64, done: &(dyn Fn(u64) + Sync)) -> Vec<Replications> {
    let scenarios: Vec<Scenario> = points.iter().map(|point| Scenario { seed, ..point.scenario.clone() }).collect();
    runner::run(&scenarios.iter().collect::<Vec<_>>(), replications, done)
}

/// Runs points and their baselines, and summarises them.
pub fn rows(
    points: &[&GridPoint],
    replications: u64,
    seed: u64,
    done: &(dyn Fn(u64) + Sync),
) -> Vec<(PointResult, Replications)> {
    let with_seed = |scenario: &Scenario| Scenario { seed, ..scenario.clone() };
    let both = points.iter().flat_map(|point| [Some(&point.scenario), point.base.as_ref()]);
    let scenarios: Vec<Scenario> = both.flatten().map(with_seed).collect();
    let mut samples = runner::run(&scenarios.iter().collect::<Vec<_>>(), replications, done).into_iter();
    let row = |point: &&GridPoint| {
        let here = samples.next().unwrap_or_default();
        let base = point.base.as_ref().and_then(|base| Some((samples.next()?, WorkBounds::new(base))));
        let base = base.as_ref().map(|(sample, work)| (sample, *work));
        (
            PointResult::from_sample(
                point.axes.clone(),
                &point.architecture,
                &here,
                base,
                &WorkBounds::new(&point.scenario),
            ),
            here,
        )
    };
    points.iter().map(row).collect()
}
