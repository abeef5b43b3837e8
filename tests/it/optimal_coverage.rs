//! Whether the best team is the best: on normal values whose means are known, and on scenarios whose truth is known from
//! theory or from very many runs.
//!
//! 1,000 instances of each kind under `BROOKS_COVERAGE=1`; docs/MODEL.md section 8 has the figures, `BROOKS_SHOW=1` prints
//! them. A release build has them in some minutes.

use brooks::engine::{Keys, Purpose, Stream};
use brooks::experiment::Replications;
use brooks::experiment::optimal::{Objective, OptimalProgress, OptimalQuestion, Pays, optimal};
use brooks::experiment::replication::runner;
use brooks::scaling::Welford;
use brooks::scaling::kim_nelson::{End, SelectionConfig, select};
use brooks::scenario::Node;
use brooks::scenario::ScenarioFile;
use brooks::scenario::library;

fn is_thorough() -> bool {
    std::env::var_os("BROOKS_COVERAGE").is_some()
}

/// What is promised, less what a few instances may miss by luck.
fn least() -> f64 {
    if is_thorough() { 0.95 } else { 0.85 }
}

fn show(what: &str, share: f64, more: &str) {
    if std::env::var_os("BROOKS_SHOW").is_some() {
        eprintln!("{what}: {:.1} %{more}", 100.0 * share);
    }
}

/// Systems with normal values.
#[derive(Clone, Debug)]
struct Normals {
    name: &'static str,
    means: Vec<f64>,
    /// Standard deviation of each system's own noise.
    own: Vec<f64>,
    /// Standard deviation of the noise that all share.
    shared: f64,
}

/// The best is ahead of all others by the zone, 1: the hardest there is.
fn slippage(name: &'static str, systems: usize, own: impl Fn(usize) -> f64, shared: f64) -> Normals {
    let means = (0..systems).map(|i| if i == systems / 2 { 0.0 } else { 1.0 }).collect();
    Normals { name, means, own: (0..systems).map(own).collect(), shared }
}

#[test]
fn the_best_of_normal_values_is_found() {
    let instances = if is_thorough() { 1000 } else { 40 };
    let last = |i: usize| i as f64;
    let kinds = [
        slippage("2 systems", 2, |_| 3.0, 0.0),
        slippage("10 systems", 10, |_| 3.0, 0.0),
        slippage("10 systems, shared noise", 10, |_| 3.0, 6.0),
        slippage("10 systems, the worse vary more", 10, |i| if i == 5 { 1.5 } else { 4.0 }, 0.0),
        slippage("10 systems, the best varies most", 10, |i| if i == 5 { 4.0 } else { 1.5 }, 0.0),
        slippage("10 systems, the best varies most, shared noise", 10, |i| if i == 5 { 4.0 } else { 1.5 }, 4.0),
        slippage("40 systems", 40, |_| 3.0, 3.0),
        Normals {
            name: "10 systems, half a zone apart",
            means: (0..10).map(|i| 0.5 * last(i)).collect(),
            own: vec![3.0; 10],
            shared: 3.0,
        },
        Normals {
            name: "10 systems, all within the zone",
            means: (0..10).map(|i| 0.09 * last(i)).collect(),
            own: vec![3.0; 10],
            shared: 3.0,
        },
    ];
    for (place, kind) in kinds.iter().enumerate() {
        for first in [10, 50] {
            let promise = SelectionConfig { confidence: 0.95, indifference_zone: 1.0, first };
            let (mut right, mut replications) = (0, 0);
            for instance in 0..instances {
                let mut stream: Stream = Keys::new(11 + place as u64, instance).stream(Purpose::Choice, first);
                let draw = |left: &[usize], rows: u64| -> Vec<Vec<f64>> {
                    let row = |_| {
                        let shared = kind.shared * stream.normal();
                        left.iter().map(|&i| kind.means[i] + shared + kind.own[i] * stream.normal()).collect()
                    };
                    (0..rows).map(row).collect()
                };
                let selection = select(kind.means.len(), &promise, draw).expect("there are always more");
                assert_ne!(selection.end, End::RanOut);
                // A system at the zone's very edge is as wrong as one beyond it.
                right += usize::from(kind.means[selection.best] < 1.0 - 1e-9);
                replications += selection.replications;
            }
            let share = right as f64 / instances as f64;
            show(
                &format!("{}, n0 = {first}", kind.name),
                share,
                &format!(", {} replications", replications / instances),
            );
            assert!(share >= least(), "{kind:?}, n0 = {first}: {share}");
        }
    }
}

const ARCHITECTURES: &str = "preassigned, { self_claim: { claims: at_decision } }, lead_dynamic";
const SIZES: [u32; 6] = [1, 2, 3, 4, 5, 6];

/// A small job that nobody has seen: tasks, their parallel share, how much they vary and how often they fail are drawn.
fn job(number: u64, seed: u64) -> ScenarioFile {
    let mut stream: Stream = Keys::new(29, number).stream(Purpose::Choice, 2);
    let tasks = 6 + stream.below(20);
    let (p, cv, errors) = (0.4 + 0.6 * stream.uniform(), 0.1 + stream.uniform(), 0.25 * stream.uniform());
    let text = format!(
        "name: job\nworkload: {{ amdahl: {{ tasks: {tasks}, parallel_fraction: {p:.3}, size: 300 tokens }} }}\n\
         team:\n  agents: 2\n  profile:\n    base: plain\n    error_rate: {errors:.3}\n    latency: \
         {{ task: \"lognormal(mean=30s, cv={cv:.3})\", idle: \"lognormal(mean=6s, cv=0.5)\" }}\n\
         pacing: async\nprices: {{ input: 3, output: 15 }}\nseed: {seed}\n"
    );
    ScenarioFile::parse("job", text.as_bytes(), &library::no_files()).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn architectures(which: &str) -> Vec<Node> {
    let file = job(0, 0).with_axis("architecture", which).expect("an axis");
    file.axes().iter().find(|axis| axis.path == "architecture").expect("there it is").values.clone()
}

fn question(objective: Objective) -> OptimalQuestion {
    OptimalQuestion {
        objective,
        architectures: architectures(ARCHITECTURES),
        sizes: SIZES.to_vec(),
        indifference_zone: 0.02,
        confidence: 0.95,
        deadline: None,
        on_time: 0.95,
        budget: None,
        pays: Pays::Share(0.02),
        pilot: 100,
        most: 100_000,
    }
}

/// The mean makespan and cost of every team, smallest first, from very many runs.
fn truth(file: &ScenarioFile, replications: u64) -> [Vec<f64>; 2] {
    let architectures = architectures(ARCHITECTURES);
    let sizes: Vec<Node> = SIZES.iter().map(|&size| Node::from(size)).collect();
    let points = sizes.iter().flat_map(|size| architectures.iter().map(move |architecture| (size, architecture)));
    let scenarios: Vec<_> = points
        .map(|(size, architecture)| file.at(&[("team.agents", size), ("architecture", architecture)]).expect("a point"))
        .collect();
    let samples = runner::run(&scenarios.iter().collect::<Vec<_>>(), replications, &|_| ());
    let mean = |sample: &Replications, metric| sample.completed(metric).into_iter().collect::<Welford>().mean();
    ["makespan_s", "cost"].map(|metric| samples.iter().map(|sample| mean(sample, metric)).collect())
}

#[test]
fn the_best_team_is_found() {
    let (jobs, seeds, replications) = if is_thorough() { (50, 20, 20_000) } else { (3, 5, 1000) };
    // Other noise than that of the instances.
    let truths: Vec<[Vec<f64>; 2]> = (0..jobs).map(|number| truth(&job(number, 1_000_003), replications)).collect();
    for (place, objective) in [Objective::Time, Objective::Cost].into_iter().enumerate() {
        let (mut right, mut exact, mut runs) = (0, 0, 0);
        for (number, truth) in truths.iter().enumerate() {
            let means = &truth[place];
            let least = means.iter().copied().fold(f64::INFINITY, f64::min);
            for seed in 0..seeds {
                let told = OptimalProgress { ahead: &|_| (), done: &|_| () };
                let answer = optimal(&job(number as u64, seed), question(objective), told).expect("a sound scenario");
                let best = means[answer.best.expect("all complete")];
                right += u64::from(best <= least * 1.02);
                exact += u64::from(best <= least);
                runs += answer.runs();
            }
        }
        let (instances, exact) = (jobs * seeds, exact as f64 / (jobs * seeds) as f64);
        let share = right as f64 / instances as f64;
        let more = format!(", the very best {:.1} %, {} runs", 100.0 * exact, runs as u64 / instances);
        show(&format!("teams by {}", objective.name()), share, &more);
        assert!(share >= least(), "{objective:?}: {share}");
    }
}

/// A chain and free tasks of one length, dealt in turn: as many agents as there are free tasks are the fewest that do
/// them all at once, and then nothing is left to gain.
#[test]
fn where_theory_knows_the_best_it_is_chosen() {
    let mut question = question(Objective::Time);
    question.architectures = architectures("{ preassigned: { deal: round_robin } }");
    question.sizes = (1..=16).collect();
    for free in 1..=16_u32 {
        let text = format!(
            "name: steady\nworkload: {{ amdahl: {{ tasks: {}, parallel_fraction: {}, free: after, size: 100 tokens }} }}\n\
             team: {{ agents: 1, profile: {{ name: clockwork, latency: constant(10s) }} }}\npacing: async\n",
            20,
            f64::from(free) / 20.0
        );
        let file = ScenarioFile::parse("steady", text.as_bytes(), &library::no_files()).expect("a scenario");
        let told = OptimalProgress { ahead: &|_| (), done: &|_| () };
        let answer = optimal(&file, question.clone(), told).expect("a sound scenario");
        let best = answer.team(answer.best.expect("all complete")).expect("it is there");
        let seconds = best.runs.summary(Objective::Time).expect("runs").mean;
        assert_eq!((best.agents, seconds), (free, 10.0 * f64::from(20 - free + 1)), "{free} free tasks");
    }
}
