//! Figures of "Language Model Teams as Distributed Systems" (arXiv 2603.12229) by its definitions, recomputed from
//! recorded runs: `brooks analyze --as paper`.
//!
//! A latency counts in straggler gaps if it is above 0 and below 180 s, a round if it has two such replies or more. Run
//! speedup: the mean length of the successful runs of one agent of the same architecture, model, suite and p, over the
//! run's own. Cells: means over suites of mean(n = 1) / mean(n), successful runs.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::scaling::{
    Alternative, Correlation, KruskalWallis, MannWhitney, Wilcoxon, kruskal_wallis, mann_whitney, median, spearman,
    wilcoxon,
};

/// Name of the pre-assigned architecture, one of the two that the paper compares.
pub const PREASSIGNED: &str = "preassigned";
/// Name of the self-claiming architecture.
pub const SELF_CLAIM: &str = "self_claim";

/// Comparison of the two architectures.
#[derive(Clone, Copy, Debug)]
pub struct Contrast {
    /// Test, with pre-assigned runs first.
    pub test: MannWhitney,
    /// Number of values of pre-assigned runs.
    pub n_preassigned: usize,
    /// Number of values of self-claiming runs.
    pub n_self_claim: usize,
    /// Median of pre-assigned runs.
    pub median_preassigned: f64,
    /// Median of self-claiming runs.
    pub median_self_claim: f64,
}

/// Speedup and tokens by model, architecture, p and team size.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperCell {
    /// Architecture, by the names of this project.
    pub architecture: String,
    /// Model.
    pub model: String,
    /// Label of the parallel fraction.
    pub p: String,
    /// Team size.
    pub n: u32,
    /// Mean over suites of mean(n = 1) / mean(n).
    pub speedup: f64,
    /// Mean over suites of mean tokens(n) / mean tokens(n = 1).
    pub token_multiplier: f64,
    /// Number of suites.
    pub suites: usize,
}

/// Conflicts in the published columns and in the recorded events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Runs.
    pub runs: usize,
    /// Sum of the published column `concurrent_writes`.
    pub recorded_concurrent_writes: u64,
    /// Pairs of a round and a file that two agents or more wrote.
    pub concurrent_writes: u64,
    /// Pairs of a round and a file that was written twice or more by any agents.
    pub repeated_writes: u64,
    /// Sum of the published column `claims_blocked`.
    pub recorded_claims_blocked: u64,
    /// Events of blocked claims.
    pub claims_blocked: u64,
    /// Runs whose published columns both equal the counts of events.
    pub equal_runs: usize,
    /// Runs with events whose published columns are both zero.
    pub zeroed_runs: usize,
}

/// Figures of the paper.
#[derive(Clone, Debug)]
pub struct PaperFigures {
    /// Runs.
    pub runs: usize,
    /// Runs with recorded success.
    pub successful_runs: usize,
    /// Recorded events; none if the traces do not contain the count.
    pub events: Option<u64>,
    /// Rounds.
    pub rounds: u64,
    /// Model calls: the paper's messages.
    pub llm_calls: u64,
    /// Tests with return code 1, 2 or 3, successful runs.
    pub failed_tests: Option<Contrast>,
    /// Calls, successful runs.
    pub calls: Option<Contrast>,
    /// Rounds with replies and no completion, successful runs.
    pub idle_rounds: Option<Contrast>,
    /// Calls against team size, successful self-claiming runs.
    pub calls_with_n: Option<Correlation>,
    /// Straggler gaps of rounds, successful runs.
    pub straggler_gap: Option<Contrast>,
    /// Median gap of pre-assigned rounds by p.
    pub straggler_gap_by_p: Vec<(String, f64)>,
    /// Run speedups of teams of two or more.
    pub run_speedup: Option<Contrast>,
    /// Run speedup of pre-assigned teams over p.
    pub speedup_over_p: Option<KruskalWallis>,
    /// Run speedup of pre-assigned teams less the bound of Amdahl's law at the run's p and n; alternative: below 0.
    pub below_amdahl: Option<Wilcoxon>,
    /// Median of the token multiplier less the speedup: self-claiming teams of two or more.
    pub excess_median: Option<f64>,
    /// Token multiplier against team size, the same runs.
    pub tokens_with_n: Option<Correlation>,
    /// Speedup against team size, the same runs.
    pub speedup_with_n: Option<Correlation>,
    /// Cells by architecture, model, p and n.
    pub cells: Vec<PaperCell>,
    /// Conflicts by architecture.
    pub conflicts: Vec<(String, Conflicts)>,
}

/// Run relative to the runs of one agent in its condition.
struct Relative<'r> {
    run: &'r RecordedRun,
    speedup: f64,
    token_multiplier: f64,
}

/// Computes the figures of runs with the labels model, suite, p and n.
pub fn figures(runs: &[RecordedRun]) -> PaperFigures {
    let successful: Vec<&RecordedRun> = runs.iter().filter(|run| run.success == Some(true)).collect();
    let metric = |read: fn(&RecordedRun) -> f64| contrast(&successful, |run| vec![read(run)]);
    let self_claiming: Vec<&RecordedRun> = of_architecture(&successful, SELF_CLAIM).collect();
    let size = |run: &RecordedRun| f64::from(run.agents);
    let relative = relative(&successful);
    let speedups = |architecture: &str| -> Vec<f64> {
        let chosen = relative.iter().filter(|r| r.run.label("architecture") == architecture);
        chosen.map(|relative| relative.speedup).collect()
    };
    let teams: Vec<&Relative<'_>> = relative.iter().filter(|r| r.run.label("architecture") == SELF_CLAIM).collect();
    let sizes: Vec<f64> = teams.iter().map(|r| size(r.run)).collect();
    let multipliers: Vec<f64> = teams.iter().map(|r| r.token_multiplier).collect();
    let speed: Vec<f64> = teams.iter().map(|r| r.speedup).collect();
    let excess: Vec<f64> = teams.iter().map(|r| r.token_multiplier - r.speedup).collect();
    let events: Vec<f64> = runs.iter().filter_map(|run| run.total("x.recorded_events")).collect();
    PaperFigures {
        runs: runs.len(),
        successful_runs: successful.len(),
        events: (events.len() == runs.len()).then(|| events.iter().sum::<f64>() as u64),
        rounds: runs.iter().map(|run| u64::from(run.metrics.rounds)).sum(),
        llm_calls: runs.iter().map(|run| u64::from(run.metrics.llm_calls)).sum(),
        failed_tests: metric(|run| f64::from(run.metrics.failed_tests)),
        calls: metric(|run| f64::from(run.metrics.llm_calls)),
        idle_rounds: metric(|run| f64::from(run.metrics.idle_rounds)),
        calls_with_n: spearman(
            &self_claiming.iter().map(|run| f64::from(run.metrics.llm_calls)).collect::<Vec<_>>(),
            &self_claiming.iter().map(|run| size(run)).collect::<Vec<_>>(),
        ),
        straggler_gap: contrast(&successful, |run| run.gaps_s.clone()),
        straggler_gap_by_p: gaps_by_p(&successful),
        run_speedup: contrast_of(&speedups(PREASSIGNED), &speedups(SELF_CLAIM)),
        speedup_over_p: over_p(&relative),
        below_amdahl: below_amdahl(&relative),
        excess_median: median(&excess),
        tokens_with_n: spearman(&multipliers, &sizes),
        speedup_with_n: spearman(&speed, &sizes),
        cells: cells(&successful),
        conflicts: conflicts(runs),
    }
}

fn of_architecture<'r>(runs: &[&'r RecordedRun], architecture: &str) -> impl Iterator<Item = &'r RecordedRun> {
    runs.iter().copied().filter(move |run| run.label("architecture") == architecture)
}

fn contrast(runs: &[&RecordedRun], values: impl Fn(&RecordedRun) -> Vec<f64>) -> Option<Contrast> {
    let of = |architecture| of_architecture(runs, architecture).flat_map(&values).collect::<Vec<f64>>();
    contrast_of(&of(PREASSIGNED), &of(SELF_CLAIM))
}

fn contrast_of(preassigned: &[f64], self_claim: &[f64]) -> Option<Contrast> {
    Some(Contrast {
        test: mann_whitney(preassigned, self_claim)?,
        n_preassigned: preassigned.len(),
        n_self_claim: self_claim.len(),
        median_preassigned: median(preassigned)?,
        median_self_claim: median(self_claim)?,
    })
}

fn gaps_by_p(runs: &[&RecordedRun]) -> Vec<(String, f64)> {
    let mut by_p: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for run in of_architecture(runs, PREASSIGNED) {
        by_p.entry(run.label("p")).or_default().extend(&run.gaps_s);
    }
    by_p.into_iter().filter_map(|(p, gaps)| Some((p.to_owned(), median(&gaps)?))).collect()
}

/// Condition of a run: architecture, model, suite, p.
fn condition(run: &RecordedRun) -> [&str; 4] {
    ["architecture", "model", "suite", "p"].map(|label| run.label(label))
}

/// Sums over runs of one condition and size: count, seconds, tokens.
type Sums = (f64, f64, f64);

/// Relates every team of two or more to the runs of one agent in its condition.
fn relative<'r>(successful: &[&'r RecordedRun]) -> Vec<Relative<'r>> {
    let mut alone: BTreeMap<[&str; 4], Sums> = BTreeMap::new();
    for run in successful.iter().filter(|run| run.agents == 1) {
        add(alone.entry(condition(run)).or_default(), run);
    }
    let teams = successful.iter().copied().filter(|run| run.agents > 1);
    let relative = teams.filter_map(|run| {
        let (count, seconds, tokens) = alone.get(&condition(run))?;
        Some(Relative {
            run,
            speedup: seconds / count / run.wall_clock_s,
            token_multiplier: run.tokens() / (tokens / count),
        })
    });
    relative.collect()
}

fn add(sums: &mut Sums, run: &RecordedRun) {
    sums.0 += 1.0;
    sums.1 += run.wall_clock_s;
    sums.2 += run.tokens();
}

fn over_p(relative: &[Relative<'_>]) -> Option<KruskalWallis> {
    let mut by_p: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for relative in relative.iter().filter(|r| r.run.label("architecture") == PREASSIGNED) {
        by_p.entry(relative.run.label("p")).or_default().push(relative.speedup);
    }
    let groups: Vec<&[f64]> = by_p.values().map(Vec::as_slice).collect();
    kruskal_wallis(&groups)
}

/// Tests if run speedups of pre-assigned teams are below the bound of Amdahl's law at their p and n.
fn below_amdahl(relative: &[Relative<'_>]) -> Option<Wilcoxon> {
    let chosen = relative.iter().filter(|r| r.run.label("architecture") == PREASSIGNED);
    let differences = chosen.filter_map(|relative| {
        let p: f64 = relative.run.label("p_true").parse().ok()?;
        Some(relative.speedup - crate::scaling::amdahl::speedup(p, f64::from(relative.run.agents)))
    });
    wilcoxon(&differences.collect::<Vec<_>>(), Alternative::Less)
}

/// Architecture, model, p and team size.
type PaperCondition<'r> = (&'r str, &'r str, &'r str, u32);

fn cells(successful: &[&RecordedRun]) -> Vec<PaperCell> {
    let mut sums: BTreeMap<([&str; 4], u32), Sums> = BTreeMap::new();
    for run in successful {
        add(sums.entry((condition(run), run.agents)).or_default(), run);
    }
    // Ratios of every suite with runs of one agent, by architecture, model, p and n.
    let mut ratios: BTreeMap<PaperCondition<'_>, Vec<(f64, f64)>> = BTreeMap::new();
    for ((condition, n), (count, seconds, tokens)) in &sums {
        let Some((alone, alone_seconds, alone_tokens)) = sums.get(&(*condition, 1)) else { continue };
        let [architecture, model, _, p] = *condition;
        let speedup = (alone_seconds / alone) / (seconds / count);
        let multiplier = (tokens / count) / (alone_tokens / alone);
        ratios.entry((architecture, model, p, *n)).or_default().push((speedup, multiplier));
    }
    let cell = |((architecture, model, p, n), ratios): (PaperCondition<'_>, Vec<(f64, f64)>)| {
        let suites = ratios.len();
        let mean = |of: fn(&(f64, f64)) -> f64| ratios.iter().map(of).sum::<f64>() / suites as f64;
        PaperCell {
            architecture: architecture.to_owned(),
            model: model.to_owned(),
            p: p.to_owned(),
            n,
            speedup: mean(|ratio| ratio.0),
            token_multiplier: mean(|ratio| ratio.1),
            suites,
        }
    };
    ratios.into_iter().map(cell).collect()
}

fn conflicts(runs: &[RecordedRun]) -> Vec<(String, Conflicts)> {
    let mut by_architecture: BTreeMap<&str, Conflicts> = BTreeMap::new();
    for run in runs {
        let sums = by_architecture.entry(run.label("architecture")).or_default();
        let total = |name: &str| run.total(name).unwrap_or(0.0) as u64;
        let (writes, blocked) = (total("x.recorded_concurrent_writes"), total("x.recorded_claims_blocked"));
        let (counted, repeated) = (u64::from(run.metrics.concurrent_writes), total("repeated_writes"));
        let claims = u64::from(run.metrics.temporal_violations);
        sums.runs += 1;
        sums.recorded_concurrent_writes += writes;
        sums.concurrent_writes += counted;
        sums.repeated_writes += repeated;
        sums.recorded_claims_blocked += blocked;
        sums.claims_blocked += claims;
        sums.equal_runs += usize::from((writes, blocked) == (counted, claims));
        sums.zeroed_runs += usize::from(writes == 0 && blocked == 0 && counted + claims > 0);
    }
    by_architecture.into_iter().map(|(name, sums)| (name.to_owned(), sums)).collect()
}
