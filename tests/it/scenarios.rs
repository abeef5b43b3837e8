//! Every built-in scenario answers the question that it asks. Few replications; orderings and laws, hardly any numbers.

use brooks::experiment::{PointResult, Sweep, SweepResult};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::no_files;

/// A built-in scenario with some values changed.
fn scenario(name: &str, settings: &[(&str, &str)]) -> ScenarioFile {
    let settings: Vec<_> = settings.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    let file = ScenarioFile::open(name, &no_files()).and_then(|file| file.with(&settings));
    file.unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

fn sweep(name: &str, settings: &[(&str, &str)], replications: u64) -> SweepResult {
    let file = scenario(name, settings);
    Sweep::new(&file, replications).run(&|_| {}).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

/// The row of so many agents whose axes have all these values.
fn row<'a>(sweep: &'a SweepResult, values: &[&str], agents: u32) -> &'a PointResult {
    let is_here =
        |row: &&PointResult| row.agents == agents && values.iter().all(|v| row.axes.iter().any(|own| own == v));
    sweep.rows.iter().find(is_here).unwrap_or_else(|| panic!("{values:?} with {agents} agents"))
}

fn speedup(row: &PointResult) -> f64 {
    row.speedup.expect("there is a baseline").estimate
}

fn mean(row: &PointResult, metric: &str) -> f64 {
    row.metric(metric).unwrap_or_else(|| panic!("{metric}: no run completed")).mean
}

/// The mean of a metric is `expected`, give or take three standard errors: its own and that of the reference.
fn assert_mean(row: &PointResult, metric: &str, expected: f64, reference_error: f64) {
    let summary = row.metric(metric).expect("runs that completed");
    let own = summary.sd * summary.sd / summary.n as f64;
    let error = (own + reference_error * reference_error).sqrt();
    let (mean, agents) = (summary.mean, row.agents);
    assert!((mean - expected).abs() <= 3.0 * error, "{metric}, n = {agents}: {mean} +- {error}, expected {expected}");
}

#[test]
fn hello_a_lead_costs_a_pair_its_gain() {
    let hello = sweep("hello", &[], 40);
    assert!(speedup(row(&hello, &["lead_dynamic"], 2)) < 0.9, "one of two only leads");
    for architecture in ["preassigned (deal: round_robin)", "self_claim (claims: at_decision)"] {
        assert!(speedup(row(&hello, &[architecture], 2)) > 1.4, "{architecture}");
        let gain = |from, to| speedup(row(&hello, &[architecture], to)) / speedup(row(&hello, &[architecture], from));
        assert!(gain(1, 2) > gain(2, 4) && gain(2, 4) > gain(4, 8), "{architecture}: each doubling buys less");
        assert!(gain(4, 8) > 1.0, "{architecture}");
    }
    for agents in 2..=8 {
        let claimed = mean(row(&hello, &["self_claim (claims: at_decision)"], agents), "makespan_s");
        for other in ["preassigned (deal: round_robin)", "lead_dynamic"] {
            assert!(claimed < mean(row(&hello, &[other], agents), "makespan_s"), "{other}, n = {agents}");
        }
    }
}

#[test]
fn amdahl_is_exact_where_n_divides_the_free_tasks() {
    let amdahl = sweep("amdahl", &[("sweep.agents", "1..12")], 1);
    let mut exact = 0;
    for (p, free) in [(0.5, 60), (0.9, 108)] {
        for agents in 1..=12 {
            let row = row(&amdahl, &[&p.to_string()], agents);
            let law = 1.0 / ((1.0 - p) + p / f64::from(agents));
            if free % agents == 0 {
                assert!((speedup(row) - law).abs() < 1e-9, "p = {p}, n = {agents}");
                exact += 1;
            } else {
                assert!(speedup(row) < law, "p = {p}, n = {agents}: somebody has one task more");
            }
        }
    }
    assert_eq!(exact, 8 + 7);
    let shipped = sweep("amdahl", &[], 1);
    assert!(shipped.rows.iter().all(|row| row.amdahl_share().is_some_and(|share| (share - 1.0).abs() < 1e-9)));
}

#[test]
fn gustafson_is_exact() {
    let gustafson = sweep("gustafson", &[], 1);
    let serial = 0.2;
    for row in &gustafson.rows {
        let n = f64::from(row.agents);
        assert!((speedup(row) - (n - serial * (n - 1.0))).abs() < 1e-9, "n = {n}");
        assert!((speedup(row) - row.laws.gustafson).abs() < 1e-9, "n = {n}");
        assert!((mean(row, "makespan_s") - 200.0).abs() < 1e-9, "n = {n}: the time stays");
    }
}

#[test]
fn stragglers_cost_what_the_maximum_of_n_draws_costs() {
    let stragglers = sweep("stragglers", &[], 100);
    let mut harmonic = 0.0;
    for agents in 1..=16_u32 {
        harmonic += 1.0 / f64::from(agents);
        if !agents.is_power_of_two() {
            continue;
        }
        let rounds = row(&stragglers, &["rounds"], agents);
        let number = 64.0 / f64::from(agents);
        assert!((mean(rounds, "rounds") - number).abs() < 1e-9);
        // An exponential round of n lasts H_n times the mean.
        assert_mean(rounds, "makespan_s", number * harmonic * 20.0, 0.0);
        let free = mean(row(&stragglers, &["async"], agents), "makespan_s");
        assert!(agents == 1 || free < 0.8 * mean(rounds, "makespan_s"), "n = {agents}: nobody waits, all gain");
    }
}

#[test]
fn conflicts_grow_unless_a_lock_prevents_them() {
    let conflicts = sweep("conflicts", &[], 40);
    let of = |policy: &str, agents| mean(row(&conflicts, &[policy], agents), "conflicts");
    for (fewer, more) in [(1, 2), (2, 3), (3, 4), (4, 6), (6, 8)] {
        for policy in ["last_writer_wins", "optimistic"] {
            assert!(of(policy, fewer) < of(policy, more), "{policy}: {fewer} and {more} agents");
        }
        assert!(of("lock", more) == 0.0);
    }
    let time = |policy: &str, agents| mean(row(&conflicts, &[policy], agents), "makespan_s");
    for policy in ["last_writer_wins", "optimistic"] {
        assert!(time("lock", 8) < 0.85 * time(policy, 8), "{policy}: repeated work costs more than other work first");
    }
    // Four files are the limit of any policy.
    assert!((time("lock", 8) / time("lock", 4) - 1.0).abs() < 0.01);
}

#[test]
fn a_lead_that_hands_out_one_task_a_turn_is_the_bottleneck() {
    let lead = sweep("lead-bottleneck", &[], 40);
    let of = |architecture: &str, agents| speedup(row(&lead, &[architecture], agents));
    let (one, claimed) = ("lead_dynamic (per_call: one)", "self_claim (claims: at_decision)");
    assert!(of(one, 16) < 1.05 * of(one, 8), "eight agents more buy nothing");
    assert!(of(claimed, 16) > 1.5 * of(claimed, 8), "it is not the work that is at its end");
    assert!(of("lead_dynamic (per_call: all)", 16) > 1.5 * of("lead_dynamic (per_call: all)", 8));
    // 60 turns of 8 seconds, one after another, are less than no team takes.
    assert!(mean(row(&lead, &[one], 16), "makespan_s") > 0.98 * 60.0 * 8.0);
    for agents in [2, 3, 4, 6, 8, 12, 16] {
        assert!(of("lead_assigned", agents) < of(claimed, agents), "n = {agents}: a lead does no tasks");
        assert!(of(one, agents) < of("lead_assigned", agents), "n = {agents}: one turn is less than many");
    }
}

#[test]
fn specialists_cost_most_where_they_are_few() {
    let specialists = sweep("specialists", &[], 60);
    let generalists = sweep("specialists", &[("team.members", "[{ name: all-rounder }]")], 60);
    let cost = |agents| {
        let [some, all] = [&specialists, &generalists].map(|sweep| mean(row(sweep, &[], agents), "makespan_s"));
        some / all
    };
    assert!((cost(1) - 1.0).abs() < 1e-9, "the first of either can do everything");
    for agents in 2..=6 {
        assert!(cost(agents) > 1.05, "n = {agents}");
    }
    assert!(cost(3) > cost(5) && cost(5) > cost(8), "whoever comes later can do everything");
}

/// Figures of two other implementations, over half a million runs and more (docs/DESIGN.md).
#[test]
fn the_benchmark_meets_its_reference() {
    let free = sweep("bench", &[], 4_000);
    assert_mean(row(&free, &[], 4), "makespan_s", 143.04, 0.03);
    assert_mean(row(&free, &[], 4), "attempts", 23.53, 0.005);
    assert_mean(row(&free, &[], 16), "makespan_s", 138.45, 0.03);
    let blind = "{ self_claim: { claims: at_commit, pick: random } }";
    let rounds = sweep("bench", &[("pacing", "rounds"), ("architecture", blind), ("sweep.agents", "[4, 16]")], 4_000);
    assert_mean(row(&rounds, &[], 4), "makespan_s", 257.40, 0.06);
    assert_mean(row(&rounds, &[], 4), "lost_claims", 13.66, 0.01);
    assert_mean(row(&rounds, &[], 16), "makespan_s", 217.11, 0.07);
    assert_mean(row(&rounds, &[], 16), "lost_claims", 62.55, 0.08);
}

/// What "Language Model Teams as Distributed Systems" (arXiv 2603.12229) found, for each of its three models. Orderings
/// of means, not numbers: the profiles are not calibrated cell by cell.
#[test]
fn the_paper_is_plausible() {
    for profile in ["sonnet-like", "gpt-like", "gemini-like"] {
        let paper = sweep("paper", &[("team.profile", profile)], 200);
        for agents in 2..=5 {
            let of = |p: &str, architecture: &str| row(&paper, &[p, architecture], agents);
            let parallel = speedup(of("0.9", "preassigned"));
            for metric in ["straggler_gap_s", "barrier_waste"] {
                let total = |architecture: &str| -> f64 {
                    ["0.2", "0.5", "0.9"].iter().map(|p| mean(of(p, architecture), metric)).sum()
                };
                let (more, less) = (total("preassigned"), total(CLAIMED));
                assert!(less < more, "{profile}, n = {agents}: {metric} is {more} dealt and {less} claimed");
            }
            // The paper shows this of assigned tasks; of claimed ones neither its runs nor these can tell.
            assert!(parallel > speedup(of("0.5", "preassigned")), "{profile}, n = {agents}: most parallel, most gain");
            assert!(parallel > speedup(of("0.2", "preassigned")), "{profile}, n = {agents}: most parallel, most gain");
            for p in ["0.2", "0.5", "0.9"] {
                let (dealt, claimed) = (of(p, "preassigned"), of(p, CLAIMED));
                let place = format!("{profile}, p = {p}, n = {agents}");
                for row in [dealt, claimed] {
                    assert!(speedup(row) < row.laws.amdahl, "{place}, {}: below Amdahl", row.architecture);
                }
                // Slower, and more of what the paper counts as conflicts, violations, failed tests, messages and calls.
                for metric in [
                    "makespan_s",
                    "concurrent_writes",
                    "rewrites_cross_agent",
                    "lost_claims",
                    "temporal_violations",
                    "failed_tests",
                    "deliveries",
                    "llm_calls",
                ] {
                    let (less, more) = (mean(dealt, metric), mean(claimed, metric));
                    assert!(less < more, "{place}: {metric} is {less} dealt and {more} claimed");
                }
                let tokens = claimed.token_multiplier.expect("there is a baseline");
                let gain = speedup(claimed);
                assert!(tokens > gain, "{place}: {tokens} times the tokens for {gain} times the speed");
            }
        }
    }
}

/// Self-claim as in the harness of the paper.
const CLAIMED: &str = "self_claim (claims: at_commit, announce: everybody)";

/// Rounds in which nothing is completed, with the profiles that were learned from the recorded runs: the stochastic ones
/// do not contain calls that only claim. Means over the cells of a profile, as single cells are a matter of chance.
#[test]
fn the_paper_s_teams_without_assignments_have_more_idle_rounds() {
    for profile in ["claude-sonnet-4.6", "gpt-5.2", "gemini-3-flash"] {
        let paper = sweep("paper", &[("team.profile", profile), ("sweep.agents", "[2, 3]")], 200);
        let total = |architecture: &str| -> f64 {
            let cells = ["0.2", "0.5", "0.9"].iter().flat_map(|p| [(p, 2), (p, 3)]);
            cells.map(|(p, agents)| mean(row(&paper, &[p, architecture], agents), "idle_rounds")).sum()
        };
        let (assigned, claimed) = (total("preassigned"), total(CLAIMED));
        assert!(assigned < claimed, "{profile}: {assigned} assigned and {claimed} claimed");
    }
}

/// An agent that is offline for minutes holds up the tasks that were assigned to it; claimed ones are taken by others.
#[test]
fn the_paper_s_teams_without_assignments_recover_faster() {
    let offline = [("team.profile.crash_rate", "0.05"), ("team.profile.recovery", "300s")];
    let base = [("sweep.agents", "[5]"), ("workload.amdahl.parallel_fraction", "0.9"), ("pacing", "async")];
    let well = sweep("paper", &base, 400);
    let failing = sweep("paper", &[&base[..], &offline[..]].concat(), 400);
    let delay = |architecture: &str| {
        let of = |sweep: &SweepResult| mean(row(sweep, &["0.9", architecture], 5), "makespan_s");
        of(&failing) - of(&well)
    };
    let (assigned, claimed) = (delay("preassigned"), delay(CLAIMED));
    assert!(claimed < 0.5 * assigned, "{assigned} s later assigned, {claimed} s claimed");
}
