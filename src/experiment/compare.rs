//! Architectures side by side: the same work, the same noise, another protocol.

use crate::experiment::result::{Row, Work};
use crate::experiment::scenario_file::{Node, Problems, ScenarioFile};
use crate::experiment::sweep::{baseline_settings, with};
use crate::experiment::{Sample, runner};
use crate::scaling::stats::{Interval, paired_difference};

/// One team size under every architecture.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The team's size.
    pub agents: u32,
    /// The architectures, fastest first; those that complete no run last.
    pub entries: Vec<Entry>,
}

/// One architecture at one team size.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its figures.
    pub row: Row,
    /// Makespan here less that of the fastest, seconds, over runs that completed in both.
    pub slower_by: Option<Interval>,
    /// Cost, or tokens where nothing has a price, here less that of the fastest.
    pub dearer_by: Option<Interval>,
}

impl Entry {
    /// Whether the difference in makespan from the fastest may be none.
    pub fn is_as_fast(&self) -> bool {
        self.slower_by.is_some_and(|difference| difference.low() <= 0.0)
    }
}

/// Runs every architecture at every team size on common random numbers.
///
/// # Errors
///
/// Everything that is wrong with a point.
pub fn compare(
    file: &ScenarioFile,
    architectures: &[&str],
    sizes: &[Node],
    replications: u64,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Comparison>, Problems> {
    let names: Vec<Node> = architectures.iter().map(|name| Node::from(*name)).collect();
    let mut problems = Problems::default();
    let mut scenarios = Vec::new();
    for size in sizes {
        for name in &names {
            let point = [("team.agents", size), ("architecture", name)];
            match file.at(&point) {
                Ok(scenario) => scenarios.push((scenario, baseline_of(file, &point))),
                Err(wrong) => problems.append(wrong),
            }
        }
    }
    problems.or(())?;
    let all: Vec<_> = scenarios.iter().flat_map(|(scenario, baseline)| [Some(scenario), baseline.as_ref()]).collect();
    let present: Vec<_> = all.iter().copied().flatten().collect();
    let mut samples = runner::run(&present, replications, done).into_iter();
    let mut points = Vec::with_capacity(scenarios.len());
    let mut sizes_of = Vec::with_capacity(scenarios.len());
    for (scenario, baseline) in &scenarios {
        sizes_of.push(scenario.team.len() as u32);
        let here = samples.next().unwrap_or_default();
        let there = baseline.as_ref().and_then(|_| samples.next());
        let work = Work::of(scenario);
        let row = Row::new(
            Vec::new(),
            &scenario.architecture_name,
            &here,
            there.as_ref().zip(baseline.as_ref().map(Work::of)),
            &work,
        );
        points.push((row, here));
    }
    let has_prices = points.iter().any(|(_, sample)| sample.all("cost").iter().any(|&cost| cost > 0.0));
    let width = names.len().max(1);
    let chunks = points.chunks(width).zip(sizes_of.chunks(width));
    Ok(chunks.map(|(chunk, sizes)| side_by_side(sizes[0], chunk, has_prices)).collect())
}

fn baseline_of(file: &ScenarioFile, point: &[(&str, &Node)]) -> Option<crate::simulation::Scenario> {
    file.at(&with(point, &baseline_settings(&file.baseline()))).ok()
}

fn side_by_side(agents: u32, points: &[(Row, Sample)], has_prices: bool) -> Comparison {
    let mean = |row: &Row| row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
    let mut order: Vec<&(Row, Sample)> = points.iter().collect();
    order.sort_by(|(a, _), (b, _)| mean(a).total_cmp(&mean(b)));
    let fastest = order.first().map(|(_, sample)| sample);
    let price = if has_prices { "cost" } else { "output_tokens" };
    let entries = order.iter().enumerate().map(|(place, (row, sample))| {
        let difference = |metric: &str| {
            let fastest = fastest.filter(|_| place > 0)?;
            paired_difference(sample.paired(fastest, metric).into_iter().map(|(there, here)| (here, there)))
        };
        Entry { row: row.clone(), slower_by: difference("makespan_s"), dearer_by: difference(price) }
    });
    Comparison { agents, entries: entries.collect() }
}
