//! Workloads of scenario files: reference sizes, the work of each replication, and the bounds of expected time. Then the
//! paper's own task files, read from where `BROOKS_DATA` points to; they are not part of the project.

use std::path::{Path, PathBuf};

use brooks::engine::Samplers;
use brooks::experiment::replication::runner;
use brooks::experiment::work_bounds::{PLANNED, WorkBounds};
use brooks::experiment::{Replications, Sweep, compare, solo_baseline};
use brooks::record::Log;
use brooks::scenario::{Node, ScenarioFile, library};
use brooks::simulation::{Scenario, Simulator, simulate};
use brooks::workload::{Count, Measure, TaskGraph, TaskSpec, paper_file};

fn parse(text: &str) -> ScenarioFile {
    let file = ScenarioFile::parse("f.yaml", text.as_bytes(), &library::no_files());
    file.unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn at(file: &ScenarioFile, agents: u32, architecture: &str) -> Scenario {
    let point = [("team.agents", Node::from(agents)), ("architecture", Node::from(architecture))];
    let point: Vec<_> = point.iter().map(|(path, value)| (*path, value)).collect();
    file.at(&point).expect("a valid point")
}

/// Sizes, dependencies and releases of a replication.
fn drawn(scenario: &Scenario, replication: u64) -> Vec<TaskSpec> {
    scenario.of_replication(replication).graph.to_specs()
}

/// A scenario of 12 tasks with drawn sizes, 2 s a call and 100 tokens a second.
fn random_sizes(more: &str) -> ScenarioFile {
    parse(&format!(
        "workload: {{ amdahl: {{ tasks: 12, parallel_fraction: 0.75, free: after, size: exponential(mean=400) }}{more} }}\n\
         team: {{ agents: 3, profile: {{ latency: {{ ttft: 2s, tokens_per_second: 100 }} }} }}\n\
         sweep: {{ agents: [1, 2, 3, 5], architecture: [{{ self_claim: {{ claims: at_decision }} }}, preassigned] }}\nseed: 7"
    ))
}

#[test]
fn a_warm_simulator_takes_the_work_of_any_replication() {
    let team = "team: { agents: 4, profile: { base: plain, error_rate: 0.1 } }\nseed: 5";
    let per_token = "team: { agents: 3, profile: { latency: { ttft: 2s, tokens_per_second: 100 } } }";
    for (workload, team, is_warm) in [
        ("amdahl: { tasks: 12, parallel_fraction: 0.75, size: exponential(mean=400) }", team, true),
        ("fork_join: { stages: 3, width: 5, size: \"lognormal(mean=300, cv=1)\" }", per_token, true),
        (
            "tasks: [{ id: a, size: \"uniform(low=50, high=900)\" }, { id: b, depends_on: [a] }, { id: c, writes: [x] }, { id: d, writes: [x] }], size: exponential(mean=200)",
            team,
            true,
        ),
        ("random: { tasks: 12, edge_probability: 0.3 }, size: exponential(mean=100)", team, false),
        ("stream: { tasks: 12, interarrival: exponential(mean=4s) }, size: exponential(mean=100)", team, false),
    ] {
        for architecture in [
            "self_claim",
            "preassigned",
            "{ preassigned: { deal: lpt } }",
            "{ lead_assigned: { deal: lpt } }",
            "lead_dynamic",
        ] {
            let scenario = parse(&format!("workload: {{ {workload} }}\n{team}\narchitecture: {architecture}"))
                .scenario()
                .expect("valid");
            let source = scenario.graphs.as_ref().expect("work is drawn");
            let mut warm = Simulator::new(&scenario);
            let mut graph = scenario.graph.clone();
            let mut redrawn = 0;
            for replication in 0..200 {
                let cold = scenario.of_replication(replication);
                let (mut expected, mut found) = (Log::default(), Log::default());
                Simulator::new(&cold).run(&*cold.architecture, replication, &mut expected);
                source.redraw(scenario.seed, replication, &mut graph);
                assert_eq!(graph, cold.graph, "{workload}, {replication}");
                if warm.redraw(&mut graph) {
                    redrawn += 1;
                    warm.run(&*scenario.architecture, replication, &mut found);
                    assert!(expected == found, "{workload}, {architecture}, {replication}");
                }
            }
            assert!(if is_warm { redrawn == 200 } else { redrawn < 200 }, "{workload}: {redrawn}");
            // The experiments take both ways, and every figure is that of simulators made anew.
            let sample = Replications::run(&scenario, 0..200, &Samplers::default());
            let anew = (0..200).map(|replication| {
                let cold = scenario.of_replication(replication).into_owned();
                let cold = Scenario { graphs: None, ..cold };
                Replications::run(&cold, replication..replication + 1, &Samplers::default())
            });
            let anew: Vec<Replications> = anew.collect();
            for (column, values) in sample.columns.iter().enumerate() {
                let expected: Vec<u64> = anew.iter().map(|one| one.columns[column][0].to_bits()).collect();
                assert_eq!(
                    values.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
                    expected,
                    "{workload}, {architecture}"
                );
            }
            let works: Vec<WorkBounds> = (0..200).map(|r| WorkBounds::new(&scenario.of_replication(r))).collect();
            assert_eq!(sample.works, works);
        }
    }
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} instead of {expected}");
}

#[test]
fn latencies_describe_a_task_of_the_expected_size() {
    let size = "size: uniform(100..300)";
    let chain = format!("chain: {{ tasks: 3, {size} }}");
    let cases = [
        (chain.clone(), 200.0),
        (format!("amdahl: {{ tasks: 4, parallel_fraction: 0.5, {size} }}"), 200.0),
        (format!("layered: {{ layers: 2, width: 2, edge_probability: 0.3, {size} }}"), 200.0),
        (format!("tree: {{ depth: 2, branching: 2, {size} }}"), 200.0),
        (format!("random: {{ tasks: 5, edge_probability: 0.3, {size} }}"), 200.0),
        (format!("lattice: {{ tasks: 5, width: 2, {size} }}"), 200.0),
        (format!("stream: {{ tasks: 5, interarrival: exponential(mean=1s), {size} }}"), 200.0),
        // 2 x 3 parallel tasks of 200 tokens, a start and two joins of 50.
        (format!("fork_join: {{ stages: 2, width: 3, {size}, join_size: 50 }}"), (6.0 * 200.0 + 3.0 * 50.0) / 9.0),
        ("chain: { tasks: 3 }, size: exponential(mean=40)".to_owned(), 40.0),
        ("tasks: [{ id: a, size: 10 }, { id: b, size: uniform(0..100) }, { id: c }], size: 30".to_owned(), 30.0),
        ("tasks: [{ id: a, size: 10 }, { id: b, size: 20 }]".to_owned(), 15.0),
    ];
    for (workload, expected) in cases {
        let scenario = parse(&format!("workload: {{ {workload} }}")).scenario().expect("it is valid");
        assert_close(scenario.graph.reference_size(), expected);
        assert_close(scenario.of_replication(3).graph.reference_size(), expected);
    }
    // A larger team has more parallel tasks, and latencies still describe the same size.
    let grows = parse("workload: { fork_join: { stages: 1, width: 2, size: 300, join_size: 100 } }\nscaling: scaled");
    for agents in [1, 2, 8] {
        let scenario = at(&grows, agents, "self_claim");
        assert_eq!(scenario.graph.len() as u32, 2 + 2 * agents);
        assert_close(scenario.graph.reference_size(), 200.0);
    }
}

#[test]
fn every_replication_draws_its_own_work() {
    let edges = "workload: { random: { tasks: 12, edge_probability: 0.4, size: 100 } }";
    let releases = "workload: { stream: { tasks: 12, interarrival: exponential(mean=5s), size: 100 } }";
    let listed = "workload: { tasks: [{ id: b, priority: 2, size: uniform(100..200) }, { id: a, size: uniform(1..2) }, \
                  { id: c, depends_on: [a], writes: [x], skill: any }] }\nteam: { members: [{ skills: [any] }] }";
    for file in [random_sizes(""), parse(edges), parse(releases), parse(listed)] {
        let scenario = file.scenario().expect("it is valid");
        assert!(scenario.graphs.is_some());
        assert_eq!(drawn(&scenario, 0), scenario.graph.to_specs(), "the work of a plan is that of replication 0");
        assert_eq!(drawn(&scenario, 5), drawn(&scenario, 5));
        assert_ne!(drawn(&scenario, 5), drawn(&scenario, 6));
        let reseeded = Scenario { seed: 8, ..scenario.clone() };
        assert_ne!(drawn(&scenario, 5), drawn(&reseeded, 5));
        let (here, there) = (scenario.of_replication(5), scenario.of_replication(6));
        assert_eq!(here.graph.artifacts(), there.graph.artifacts());
        assert_eq!(here.graph.skills(), there.graph.skills());
        let names = |of: &Scenario| of.graph.tasks().iter().map(|task| task.id.clone()).collect::<Vec<_>>();
        assert_eq!(names(&here), names(&there));
    }
    // Each listed task keeps its own distribution, in whatever order the priorities put them.
    let scenario = parse(listed).scenario().expect("it is valid");
    for replication in 0..50 {
        for task in scenario.of_replication(replication).graph.tasks() {
            let range = match task.id.as_str() {
                "a" => 1.0..2.0,
                "b" => 100.0..200.0,
                _ => 100.0..100.1,
            };
            assert!(range.contains(&task.size), "{}: {}", task.id, task.size);
        }
    }
}

#[test]
fn joins_keep_their_own_sizes_in_every_replication() {
    let file = parse(
        "workload: { fork_join: { stages: 2, width: 2, size: uniform(100..200), join_size: uniform(1..2) } }\n\
         team: { agents: 1 }",
    );
    let scenario = file.scenario().expect("it is valid");
    for replication in 0..20 {
        for task in drawn(&scenario, replication) {
            let range = if task.id.starts_with("work-") { 100.0..200.0 } else { 1.0..2.0 };
            assert!(range.contains(&task.size), "{}: {}", task.id, task.size);
        }
    }
}

#[test]
fn all_teams_have_the_work_of_a_replication() {
    let file = random_sizes("");
    let first = at(&file, 1, "self_claim");
    for (agents, architecture) in [(2, "self_claim"), (5, "preassigned"), (3, "preassigned_lead")] {
        for replication in [0, 1, 17] {
            assert_eq!(drawn(&first, replication), drawn(&at(&file, agents, architecture), replication));
        }
    }
    // Of a workload that grows with the team, the common tasks are the same.
    let grows = parse(
        "workload: { amdahl: { tasks: 6, parallel_fraction: 0.5, size: exponential(mean=100) } }\nscaling: scaled",
    );
    let (one, three) = (drawn(&at(&grows, 1, "self_claim"), 9), drawn(&at(&grows, 3, "self_claim"), 9));
    assert_eq!((one.len(), three.len()), (6, 12));
    assert_eq!(three[..6], one);
}

#[test]
fn work_without_randomness_is_the_same_in_all_replications() {
    let fixed = [
        "workload: { chain: { tasks: 3, size: uniform(5..5) } }",
        "workload: { random: { tasks: 5, edge_probability: 1 } }",
        "workload: { layered: { layers: 3, width: 1, edge_probability: 0.5 } }",
        "workload: { stream: { tasks: 3, interarrival: 2s } }",
        "workload: { tasks: [{ id: a, size: 3 }, { id: b }] }",
    ];
    for text in fixed {
        assert!(parse(text).scenario().expect("it is valid").graphs.is_none(), "{text}");
    }
}

#[test]
fn a_single_draw_is_that_of_replication_0() {
    let (often, once) = (random_sizes("").scenario(), random_sizes(", draw: once").scenario());
    let (often, once) = (often.expect("it is valid"), once.expect("it is valid"));
    assert!(once.graphs.is_none());
    assert_eq!(drawn(&once, 5), drawn(&often, 0));
    assert_eq!(simulate(&once, 0), simulate(&often, 0));
    let makespans = |scenario: &Scenario| {
        let runs = runner::run(&[scenario], 20, &|_| ()).remove(0);
        let mut values: Vec<u64> = runs.all("makespan_s").iter().map(|value| value.to_bits()).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    assert_eq!((makespans(&once), makespans(&often)), (1, 20));
}

#[test]
fn intervals_contain_the_randomness_of_the_work() {
    let slower = |file: &ScenarioFile| {
        let architectures = compare::choose(file, &[]);
        let comparisons = compare::compare(file, &architectures, &[Node::from(5)], 40, &|_| ()).expect("valid points");
        comparisons[0].entries[1].slower_by.expect("completed runs").half_width
    };
    assert!(slower(&random_sizes(", draw: once")).abs() < 1e-12);
    let width = slower(&random_sizes(""));
    assert!(width > 0.1, "{width}");
}

#[test]
fn bounds_are_in_expected_time() {
    let tasks = "tasks: [{ id: a, size: 100 }, { id: b, size: 300, depends_on: [a] }, { id: c, size: 600 }]";
    let bounds = |profile: &str| {
        let text = format!("workload: {{ {tasks} }}\nteam: {{ agents: 2, profile: {{ {profile} }} }}");
        WorkBounds::new(&parse(&text).scenario().expect("it is valid"))
    };
    // Two seconds a task and 100 tokens a second: a 3 s, b 5 s, c 8 s; c is as long as a and b together.
    let slow = bounds("latency: { ttft: 2s, tokens_per_second: 100 }");
    assert_eq!((slow.work, slow.span, slow.amount), (16.0, 8.0, 1000.0));
    assert_close(slow.parallel_fraction, 0.5);
    // Without them c alone is the longest: 1 + 3 < 6 s.
    let free = bounds("latency: { ttft: 0s, tokens_per_second: 100 }");
    assert_eq!((free.work, free.span), (10.0, 6.0));
    // A latency describes the mean size, 1000/3 tokens: 10 s for that, in proportion for others. A tool takes 1 s more.
    let per_task = bounds("latency: 10s");
    assert_close(per_task.work, 30.0);
    assert_close(per_task.span, 18.0);
    assert_close(bounds("latency: exponential(mean=10s), tool: exponential(mean=1s)").work, 33.0);
    assert_close(bounds("latency: exponential(mean=10s), tool: exponential(mean=1s)").span, 19.0);
    // Nothing that takes time is bounded by size.
    let none = bounds("latency: 0s");
    assert_eq!((none.work, none.span), (1000.0, 600.0));
}

#[test]
fn bounds_of_random_work_are_means_over_its_replications() {
    let file = random_sizes("");
    let scenario = file.scenario().expect("it is valid");
    let mean_over = |replications: u64| {
        // By hand: every task takes 2 s and a second per 100 tokens; the free tasks depend on the whole chain.
        let seconds = |task: &TaskSpec| 2.0 + task.size / 100.0;
        let (mut work, mut span) = (0.0, 0.0);
        for replication in 0..replications {
            let tasks = drawn(&scenario, replication);
            let (chain, free): (Vec<_>, Vec<_>) = tasks.iter().partition(|task| task.id.starts_with("chain"));
            work += tasks.iter().map(seconds).sum::<f64>();
            span += chain.into_iter().map(seconds).sum::<f64>() + free.into_iter().map(seconds).fold(0.0, f64::max);
        }
        (work / replications as f64, span / replications as f64)
    };
    let planned = WorkBounds::expected(&scenario);
    let (work, span) = mean_over(PLANNED);
    assert_close(planned.work, work);
    assert_close(planned.span, span);
    assert_close(planned.parallel_fraction, 0.75);
    let rows = Sweep::new(&file, 30).run(&|_| ()).expect("valid points").rows;
    let (work, span) = mean_over(30);
    for row in &rows {
        assert_close(row.laws.work_span, f64::from(row.agents).min(work / span));
        let speedup = row.speedup.expect("completed runs").estimate;
        // Calls write whole tokens, expected times are of drawn sizes: at most 0.005 s of 2 s a task apart.
        assert!(speedup <= row.laws.work_span * 1.005, "{speedup} with {} agents", row.agents);
    }
    assert!(rows.iter().any(|row| row.agents == 5 && row.laws.work_span < 5.0), "the span is a bound somewhere");
}

#[test]
fn a_run_is_compared_with_one_agent_on_the_same_work() {
    let file = random_sizes("");
    let scenario = file.scenario().expect("it is valid");
    for replication in [0, 3] {
        let alone = solo_baseline::metrics(&file, &scenario, replication).expect("one agent");
        let work = WorkBounds::new(&scenario.of_replication(replication)).work;
        // Each of the 12 calls writes whole tokens of 0.01 s.
        assert!((alone.makespan.as_secs() - work).abs() <= 12.0 * 0.005, "{} instead of {work} s", alone.makespan);
    }
}

/// The files of a folder and of the folders in it, sorted.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn the_paper_s_task_files_measure_as_published() {
    let Some(data) = std::env::var_os("BROOKS_DATA") else {
        eprintln!("skipped: BROOKS_DATA is not set");
        return;
    };
    let mut conditions = Vec::new();
    for path in json_files(&Path::new(&data).join("paper/tasks")) {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let file = paper_file::parse(&text, 110.0).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let graph = TaskGraph::new(&file.tasks).expect("parse has checked it");
        let measure = Measure::by_size(&graph);
        assert!(!file.name.is_empty() && !file.about.is_empty(), "{}", path.display());
        let names: Vec<&str> = graph.tasks().iter().map(|task| task.id.as_str()).collect();
        let in_order: Vec<String> = (1..=graph.len()).map(|place| format!("task-{place}")).collect();
        assert_eq!(names, in_order, "{}: the order of the file", path.display());

        let condition = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let (chain, p, edges) = match condition.as_str() {
            "p09" => (2, 0.9, 1..=1),
            "p05" => (10, 0.5, 9..=11),
            "p02" => (16, 0.2, 15..=21),
            // The harness's example: five small tasks, two of which may write one file at the same time.
            _ => {
                assert_eq!((measure.tasks, measure.longest_chain, measure.width), (5, 3, Count::Exact(2)));
                assert!(measure.write_overlaps.value() > 0);
                continue;
            }
        };
        assert_eq!((measure.tasks, measure.longest_chain), (20, chain), "{}", path.display());
        assert!((measure.parallel_fraction_by_count() - p).abs() < 1e-12, "{}", path.display());
        assert!((measure.parallel_fraction_by_size() - p).abs() < 1e-12, "{}", path.display());
        assert!(edges.contains(&measure.edges), "{}: {} edges", path.display(), measure.edges);
        assert_eq!(measure.write_overlaps, Count::Exact(0), "{}: a file for each task", path.display());
        // All but the chain is free, and one task of the chain can go with it.
        assert_eq!(measure.width, Count::Exact(20 - chain as u64 + 1), "{}", path.display());
        conditions.push(condition);
    }
    conditions.sort();
    assert_eq!(conditions, ["p02", "p02", "p02", "p05", "p05", "p05", "p09", "p09", "p09"]);
}
