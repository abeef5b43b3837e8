//! Comparison of architectures on the same work and common random numbers.

use crate::architecture::ARCHITECTURES;
use crate::experiment::Replications;
use crate::experiment::refused::{self, AdmittedTeam, RefusedTeam, SearchedTeams};
use crate::experiment::replication::precise;
use crate::experiment::replication::runner;
use crate::experiment::result::PointResult;
use crate::experiment::sweep::{baseline_settings, label, with};
use crate::experiment::work_bounds::WorkBounds;
use crate::problem::Problems;
use crate::scaling::Variances;
use crate::scaling::precision::Precision;
use crate::scaling::stats::{Interval, paired_difference};
use crate::scenario::{Baseline, Node, ScenarioFile};
use crate::simulation::Scenario;

/// One team size under every architecture.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Team size.
    pub agents: u32,
    /// Architectures, fastest first; those without a completed run last.
    pub entries: Vec<ArchitectureResult>,
    /// Architectures that the scenario refuses for a team of this size.
    pub refused: Vec<RefusedTeam>,
    /// Variance reduction by common random numbers: summed variances of the differences in makespan from the fastest.
    pub noise: Variances,
}

/// One architecture at one team size.
#[derive(Clone, Debug)]
pub struct ArchitectureResult {
    /// Figures.
    pub row: PointResult,
    /// Makespan less that of the fastest, seconds, over runs that completed in both.
    pub slower_by: Option<Interval>,
    /// Cost, or tokens without prices, less that of the fastest.
    pub dearer_by: Option<Interval>,
}

impl ArchitectureResult {
    /// Returns true if the interval of the difference in makespan from the fastest includes 0.
    pub fn is_as_fast(&self) -> bool {
        self.slower_by.is_some_and(|difference| difference.low() <= 0.0)
    }
}

/// Selects the architectures of these names, with the parameters of the scenario; without names those on its axis, or
/// all.
pub fn choose(file: &ScenarioFile, names: &[&str]) -> Vec<Node> {
    let axis = file.axes().iter().filter(|axis| axis.path == "architecture").flat_map(|axis| &axis.values);
    let axis: Vec<Node> = axis.cloned().collect();
    if names.is_empty() && axis.len() > 1 {
        return axis;
    }
    let is_called = |node: &Node, name: &str| match node.entries() {
        [(key, _)] => key.name == name,
        _ => node.text() == Some(name),
    };
    let own = file.root().key("architecture").filter(|own| !axis.contains(own));
    let all: Vec<&str> = ARCHITECTURES.iter().map(|row| row.name).collect();
    let mut chosen = Vec::new();
    for name in if names.is_empty() { &all } else { names } {
        let on_axis: Vec<&Node> = axis.iter().filter(|node| is_called(node, name)).collect();
        match own.filter(|own| on_axis.is_empty() && is_called(own, name)) {
            Some(own) => chosen.push(own.clone()),
            None if on_axis.is_empty() => chosen.push(Node::from(*name)),
            None => chosen.extend(on_axis.into_iter().cloned()),
        }
    }
    chosen
}

/// Returns the number of replications that bring the makespan of every architecture at every team size to this
/// precision. Teams without a completed run are ignored.
///
/// # Errors
///
/// Reports all errors of the scenario, or all reasons if every team is refused.
pub fn replications(
    file: &ScenarioFile,
    architectures: &[Node],
    sizes: &[Node],
    precision: &Precision,
    done: &(dyn Fn(u64) + Sync),
) -> Result<u64, Problems> {
    let teams = refused::teams(file, sizes, architectures)?;
    let scenarios: Vec<&Scenario> = teams.admitted.iter().map(|team| &team.scenario).collect();
    Ok(precise::replications(&scenarios, precision, done))
}

/// Runs every architecture at every team size on common random numbers. Speedups are over one agent alone, so that they
/// are comparable across architectures.
///
/// # Errors
///
/// Reports all errors of the scenario, or all reasons if every team is refused.
pub fn compare(
    file: &ScenarioFile,
    architectures: &[Node],
    sizes: &[Node],
    replications: u64,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Comparison>, Problems> {
    let SearchedTeams { admitted, refused } = refused::teams(file, sizes, architectures)?;
    let solo = |team: &AdmittedTeam| {
        alone(file, &[("team.agents", &sizes[team.size]), ("architecture", &architectures[team.architecture])])
    };
    let solos: Vec<Option<Scenario>> = admitted.iter().map(solo).collect();
    let all = admitted.iter().zip(&solos).flat_map(|(team, alone)| [Some(&team.scenario), alone.as_ref()]);
    let present: Vec<&Scenario> = all.flatten().collect();
    let mut samples = runner::run(&present, replications, done).into_iter();
    let mut by_size: Vec<Vec<(PointResult, Replications)>> = sizes.iter().map(|_| Vec::new()).collect();
    for (team, alone) in admitted.iter().zip(&solos) {
        let here = samples.next().unwrap_or_default();
        let there = alone.as_ref().and_then(|alone| Some((samples.next()?, WorkBounds::new(alone))));
        let there = there.as_ref().map(|(sample, work)| (sample, *work));
        let (label, work) = (label(&architectures[team.architecture]), WorkBounds::new(&team.scenario));
        by_size[team.size].push((PointResult::from_sample(Vec::new(), &label, &here, there, &work), here));
    }
    let costs = |(_, sample): &(PointResult, Replications)| sample.all("cost").iter().any(|&cost| cost > 0.0);
    let has_prices = by_size.iter().flatten().any(costs);
    let of_size = |(size, points): (&Node, Vec<(PointResult, Replications)>)| {
        let agents = size.whole().map_or(0, |agents| agents as u32);
        let refused = refused.iter().filter(|team| team.agents == agents).cloned().collect();
        side_by_side(agents, &points, refused, has_prices)
    };
    Ok(sizes.iter().zip(by_size).map(of_size).collect())
}

fn alone(file: &ScenarioFile, point: &[(&str, &Node)]) -> Option<Scenario> {
    file.at(&with(point, &baseline_settings(&Baseline::Solo))).ok()
}

fn side_by_side(
    agents: u32,
    points: &[(PointResult, Replications)],
    refused: Vec<RefusedTeam>,
    has_prices: bool,
) -> Comparison {
    let mean = |row: &PointResult| row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
    let mut order: Vec<&(PointResult, Replications)> = points.iter().collect();
    order.sort_by(|(a, _), (b, _)| mean(a).total_cmp(&mean(b)));
    let fastest = order.first().map(|(_, sample)| sample);
    let price = if has_prices { "cost" } else { "output_tokens" };
    let entries = order.iter().enumerate().map(|(index, (row, sample))| {
        let difference = |metric: &str| {
            let fastest = fastest.filter(|_| index > 0)?;
            paired_difference(sample.paired(fastest, metric).into_iter().map(|(there, here)| (here, there)))
        };
        ArchitectureResult { row: row.clone(), slower_by: difference("makespan_s"), dearer_by: difference(price) }
    });
    let noise = |(_, sample): &&(PointResult, Replications)| {
        fastest.map_or(Variances::default(), |fastest| Variances::from_pairs(sample.paired(fastest, "makespan_s")))
    };
    Comparison { agents, entries: entries.collect(), refused, noise: order.iter().skip(1).map(noise).sum() }
}
