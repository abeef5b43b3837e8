//! Calibration: what a single agent was seen to do is what it does again, a team follows it under the board's rules, and
//! what was learned survives its file. Figures on the recorded runs where `BROOKS_DATA` points to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use brooks::engine::Samplers;
use brooks::experiment::Replications;
use brooks::experiment::replication::runner;
use brooks::prediction::calibration::{Demonstration, Options, UnusableRun, calibrate, graph_of};
use brooks::record::{Ending, Log};
use brooks::report::calibrate::CalibrateReport;
use brooks::scenario::ScenarioFile;
use brooks::scenario::learned_profile::{Condition, LearnedProfile, SamplingMethod};
use brooks::scenario::library;
use brooks::simulation::{Scenario, Simulator};
use brooks::table::{ImportContext, SourceFile};
use brooks::team::ContextWindow;
use brooks::trace::import::{self};
use brooks::trace::{Extra, Header, RunFacts, Trace, TraceTest, native};
use serde_json::{Value, json};

/// What a call claims, finishes and writes, and its seconds.
type Call<'t> = (&'t [&'t str], &'t [&'t str], &'t [&'t str], u64);

/// A recorded run of one agent in rounds.
fn recorded(name: &str, architecture: &str, calls: &[Call<'_>]) -> Trace {
    recorded_team(name, architecture, &[calls])
}

/// A recorded run in rounds: what each agent does in each.
fn recorded_team(name: &str, architecture: &str, team: &[&[Call<'_>]]) -> Trace {
    let agents: Vec<Value> =
        (1..=team.len()).map(|number| json!({"gen_ai.agent.name": format!("Dev{number}")})).collect();
    let mut lines = vec![json!({
        "record": "header", "schema": "brooks.trace", "version": "1.0", "trace": name, "barrier": "round",
        "source": {"format": "test", "producer": ""}, "clock": {"origin": "start", "unit": "us"},
        "architecture": architecture, "agents": agents, "outcome": {"success": true},
        "labels": {"model": "any"},
        "tasks": [
            {"id": "a", "x.writes": ["a.py"]}, {"id": "b", "depends_on": ["a"], "x.writes": ["b.py"]},
            {"id": "c", "x.writes": ["c.py"]}, {"id": "d", "x.writes": ["d.py"]},
        ],
    })];
    let mut now = 0;
    for round in 0..team.iter().map(|calls| calls.len()).max().unwrap_or(0) {
        let mut replies: Vec<(u64, usize)> =
            (0..team.len()).filter_map(|agent| Some((team[agent].get(round)?.3, agent))).collect();
        replies.sort_unstable();
        for &(seconds, agent) in &replies {
            let (claims, completes, writes, _) = team[agent][round];
            let events: Vec<Value> = claims
                .iter()
                .map(|task| json!({"event": "claim", "task": task}))
                .chain(completes.iter().map(|task| json!({"event": "complete", "task": task})))
                .collect();
            let files: Vec<Value> = writes.iter().map(|task| json!({"path": format!("{task}.py")})).collect();
            lines.push(json!({
                "record": "step", "id": format!("r{}.{agent}", round + 1), "gen_ai.operation.name": "chat",
                "gen_ai.agent.name": format!("Dev{}", agent + 1), "round": round + 1, "start_us": now,
                "end_us": now + seconds * 1_000_000, "task.events": events, "files.write": files,
                "gen_ai.usage.input_tokens": 500, "gen_ai.usage.output_tokens": 100 * seconds,
            }));
        }
        now += replies.last().map_or(0, |&(seconds, _)| seconds * 1_000_000);
    }
    let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    native::read(name, text.as_bytes()).next().expect("a trace").unwrap_or_else(|problems| panic!("{problems}"))
}

/// Everything at once, then what had to wait.
fn batch() -> Trace {
    recorded(
        "batch",
        "self_claim",
        &[(&["a", "c", "d"], &["a", "c", "d"], &["a", "b", "c", "d"], 12), (&["b"], &["b"], &[], 2)],
    )
}

/// A task a call, one of them in two.
fn steady() -> Trace {
    recorded(
        "steady",
        "self_claim",
        &[
            (&["a"], &["a"], &["a"], 4),
            (&["b"], &[], &["b"], 5),
            (&[], &["b"], &[], 1),
            (&["c"], &["c"], &["c"], 4),
            (&["d"], &["d"], &["d"], 6),
        ],
    )
}

fn learned(traces: &[&Trace], method: SamplingMethod) -> LearnedProfile {
    calibrate(traces, &Options { method, ..Options::default() }).unwrap_or_else(|problems| panic!("{problems}"))
}

fn team(calibration: &LearnedProfile, of: &Trace, agents: u32) -> Scenario {
    let condition = Condition {
        model: Some("any".to_owned()),
        architecture: of.header.architecture.clone().expect("it has one"),
        agents,
        tasks: Arc::new(graph_of(of).expect("it has tasks")),
        max_rounds: None,
    };
    calibration.scenario(&condition, 7).unwrap_or_else(|problems| panic!("{problems}"))
}

fn sample(scenario: &Scenario, replications: u64) -> Replications {
    Replications::run(scenario, 0..replications, &Samplers::default())
}

#[test]
fn alone_an_agent_does_again_what_it_was_seen_to_do() {
    for trace in [batch(), steady()] {
        let calibration = learned(&[&trace], SamplingMethod::Resampled);
        let sample = sample(&team(&calibration, &trace, 1), 20);
        assert_eq!(sample.count(Ending::Completed), 20, "{}", trace.header.trace);
        let end = trace.steps.iter().map(|step| step.end.as_secs()).fold(0.0, f64::max);
        for (figure, wanted) in [
            ("makespan_s", end),
            ("rounds", trace.steps.len() as f64),
            ("output_tokens", end * 100.0),
            ("temporal_violations", 0.0),
        ] {
            assert!(
                sample.all(figure).iter().all(|got| (got - wanted).abs() < 1e-6),
                "{figure}: {:?}",
                sample.all(figure)
            );
        }
    }
}

#[test]
fn two_of_one_mind_want_the_same_and_one_loses() {
    let trace = batch();
    let sample = sample(&team(&learned(&[&trace], SamplingMethod::Resampled), &trace, 2), 50);
    assert_eq!(sample.count(Ending::Completed), 50);
    for replication in 0..50 {
        let of = |figure: &str| sample.all(figure)[replication];
        assert!((of("concurrent_writes") - 4.0).abs() < 1e-9, "both write all four files at once");
        assert!(of("lost_claims") >= 3.0, "who lands second gets none of the three");
        assert!(of("output_tokens") > 2_000.0, "all is written twice");
    }
}

#[test]
fn dealt_tasks_shorten_what_is_done_at_once() {
    let trace =
        recorded("dealt", "preassigned", &[(&["a", "c", "d"], &["a", "b", "c", "d"], &["a", "b", "c", "d"], 20)]);
    let calibration = learned(&[&trace], SamplingMethod::Resampled);
    let (one, two) = (sample(&team(&calibration, &trace, 1), 50), sample(&team(&calibration, &trace, 2), 50));
    let mean = |sample: &Replications| sample.all("makespan_s").iter().sum::<f64>() / 50.0;
    assert!((mean(&one) - 20.0).abs() < 1e-6);
    assert!(mean(&two) < 16.0, "each has half of the work: {}", mean(&two));
    assert!(two.all("concurrent_writes").iter().all(|&writes| writes < 0.5), "nobody writes what is another's");
    assert!(two.all("rounds").iter().all(|&rounds| (rounds - 1.0).abs() < 1e-9), "a chain in one hand needs one call");
}

#[test]
fn files_of_no_task_are_written_by_all() {
    let all = ["a", "b", "c", "d"];
    let noted = recorded("noted", "preassigned", &[(&all, &all, &["a", "b", "c", "d", "notes", "notes"], 9)]);
    let plain = recorded("plain", "preassigned", &[(&all, &all, &all, 9)]);
    for (trace, expected) in [(&plain, 0.0), (&noted, 1.0)] {
        let text = learned(&[trace], SamplingMethod::Resampled).to_yaml("p", "o");
        assert!(!text.contains("notes"), "names are not kept");
        let calibration =
            LearnedProfile::parse("p.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        let scenario = team(&calibration, trace, 2);
        let writes = sample(&scenario, 50).all("concurrent_writes").to_vec();
        assert!(writes.iter().all(|&writes| (writes - expected).abs() < 1e-9), "{writes:?}");
        let mut log = Log::default();
        Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
        let facts = RunFacts::of(&scenario, 0, &log);
        let made = brooks::trace::native::write(&Trace::of_run(&facts, &log));
        assert_eq!(made.contains("common file 1"), expected > 0.5, "{made}");
        // Rows that do not say which files those are can be read.
        let older = text.replace(",1]\n", "]\n").replace(",0]\n", "]\n");
        let older = LearnedProfile::parse("p.yaml", older.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(sample(&team(&older, trace, 2), 50).all("concurrent_writes").iter().all(|&writes| writes < 0.5));
    }
}

/// They take turns: who wants a task takes the first of the list, so two who want one at once collide.
fn pair(architecture: &str) -> Trace {
    recorded_team(
        "pair",
        architecture,
        &[
            &[(&["a"], &["a"], &["a"], 4), (&[], &[], &[], 2), (&["c", "d"], &["c", "d"], &["c", "d"], 3)],
            &[(&[], &[], &[], 7), (&["b"], &["b"], &["b"], 5), (&[], &[], &[], 1)],
        ],
    )
}

#[test]
fn a_recorded_team_does_again_what_it_was_seen_to_do() {
    for architecture in ["self_claim", "preassigned"] {
        let trace = pair(architecture);
        let options = Options { agents: Some(1..=5), ..Options::default() };
        let calibration = calibrate(&[&trace], &options).unwrap_or_else(|problems| panic!("{problems}"));
        let text = calibration.to_yaml("pair", "a test");
        let again = LearnedProfile::parse("pair.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again, calibration);
        if architecture == "self_claim" {
            let sample = sample(&team(&again, &trace, 2), 20);
            assert_eq!(sample.count(Ending::Completed), 20);
            // The slowest of each round: 7, 5 and 3 s.
            assert!(sample.all("makespan_s").iter().all(|span| (span - 15.0).abs() < 1e-6));
            assert!(sample.all("llm_calls").iter().all(|calls| (calls - 6.0).abs() < 1e-9));
            assert!(sample.all("concurrent_writes").iter().all(|writes| *writes < 0.5));
        }
        // A larger team is made of the same people, and gets there, too.
        let larger = sample(&team(&again, &trace, 5), 50);
        assert!(larger.count(Ending::Completed) >= 45, "{architecture}: {}", larger.count(Ending::Completed));
    }
}

#[test]
fn teams_of_much_the_same_size_are_followed_more_often() {
    let (alone, pair) = (steady(), pair("self_claim"));
    let options = Options { agents: Some(1..=2), ..Options::default() };
    let calibration = calibrate(&[&alone, &pair], &options).unwrap_or_else(|problems| panic!("{problems}"));
    let share = |agents: u32| {
        let sample = sample(&team(&calibration, &alone, agents), 2_000);
        let of_pair = sample.all("makespan_s").iter().filter(|span| (**span - 15.0).abs() < 1e-6).count();
        of_pair as f64 / 2_000.0
    };
    // Of two agents a pair counts 1 and a single agent 1/2; two who follow a single agent hardly ever take 15 s.
    assert!((share(2) - 2.0 / 3.0).abs() < 0.05, "{}", share(2));
}

#[test]
fn who_answers_while_others_test_has_waited() {
    let mut trace = pair("self_claim");
    let second = |seconds: u64| brooks::engine::Time::from_us(seconds * 1_000_000);
    // The first to answer tests from 4 s to 7 s; the other's answer, taken up at 7 s, came at any time in between.
    let test = TraceTest { returncode: 0, start: second(4), end: second(7), extra: Extra::default() };
    let steps = trace.steps.iter_mut().filter(|step| step.round == 1 && step.agent.index() == 0);
    steps.for_each(|step| step.more_mut().tests.push(test.clone()));
    let scripts = Demonstration::from_trace(&trace).expect("it records outcomes").trajectories;
    assert!((scripts[0][0].latency_s - 4.0).abs() < 1e-9);
    assert!((scripts[1][0].latency_s - 5.5).abs() < 1e-9, "{}", scripts[1][0].latency_s);
}

#[test]
fn no_call_takes_longer_than_is_possible() {
    let trace = batch();
    let text = learned(&[&trace], SamplingMethod::Resampled).to_yaml("p", "o");
    assert!(text.contains("longest_s: 0\n"), "two calls do not show what is possible");
    let longest = |text: &str| {
        let calibration =
            LearnedProfile::parse("p.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        let scenario = team(&calibration, &trace, 3);
        let mut simulator = Simulator::new(&scenario);
        let mut longest = 0.0_f64;
        for replication in 0..200 {
            let mut log = Log::default();
            simulator.run(&*scenario.architecture, replication, &mut log);
            longest = log.steps().map(|step| step.latency.as_secs()).fold(longest, f64::max);
        }
        longest
    };
    assert!(longest(&text) > 12.5);
    assert!(longest(&text.replace("longest_s: 0\n", "longest_s: 12\n")) <= 12.0 + 1e-6);
}

#[test]
fn what_was_learned_survives_its_file() {
    for method in [SamplingMethod::Resampled, SamplingMethod::Parametric] {
        let (batch, steady) = (batch(), steady());
        let calibration = learned(&[&batch, &steady], method);
        let text = calibration.to_yaml("learned", "a test");
        let again =
            LearnedProfile::parse("learned.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again, calibration);
        assert_eq!(again.to_yaml("learned", "a test"), text);
        let (here, there) = (team(&calibration, &batch, 3), team(&again, &batch, 3));
        assert_eq!(sample(&here, 30).digest.value(), sample(&there, 30).digest.value());
        // Any scenario can name it.
        let files: library::Files = Arc::new(move |_: &str| Ok(text.clone().into_bytes()));
        let scenario = "workload: { amdahl: { tasks: 12, parallel_fraction: 0.5, size: 100 tokens } }\n\
                        team: { agents: 3, profile: { base: learned.yaml, model: any } }\npacing: rounds\n\
                        limits: { rounds: 200 }";
        let file =
            ScenarioFile::parse("s", scenario.as_bytes(), &files).unwrap_or_else(|problems| panic!("{problems}"));
        let scenario = file.at(&[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(sample(&scenario, 20).count(Ending::Completed) >= 19, "{}", method.name());
    }
}

#[test]
fn parameters_get_every_kind_of_work_done() {
    let calibration = learned(&[&batch(), &steady()], SamplingMethod::Parametric);
    for architecture in ["self_claim", "preassigned", "solo", "lead_assigned", "lead_dynamic"] {
        for agents in [1, 2, 5] {
            let trace = batch();
            let condition = Condition {
                model: None,
                architecture: architecture.to_owned(),
                agents,
                tasks: Arc::new(graph_of(&trace).expect("it has tasks")),
                max_rounds: Some(300),
            };
            let scenario = calibration.scenario(&condition, 3).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(sample(&scenario, 20).count(Ending::Completed), 20, "{architecture} of {agents}");
        }
    }
}

#[test]
fn a_simulated_team_can_be_learned_from_in_turn() {
    let trace = steady();
    let scenario = team(&learned(&[&trace], SamplingMethod::Resampled), &trace, 1);
    let mut log = Log::default();
    Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
    let told = Trace::of_run(&RunFacts::of(&scenario, 0, &log), &log);
    let demonstration = Demonstration::from_trace(&told).expect("it says what became of its tasks");
    let calls = demonstration.trajectories.concat();
    let wanted = Demonstration::from_trace(&trace).expect("as it does").trajectories.concat();
    assert_eq!(calls.len(), wanted.len());
    for (call, wanted) in calls.iter().zip(&wanted) {
        assert_eq!(
            (call.observation.tasks, call.claims, call.completes),
            (wanted.observation.tasks, wanted.claims, wanted.completes)
        );
        assert!((call.latency_s - wanted.latency_s).abs() < 2e-3);
    }
}

#[test]
fn threads_and_warm_simulators_change_nothing() {
    let (batch, steady) = (batch(), steady());
    let scenario = team(&learned(&[&batch, &steady], SamplingMethod::Resampled), &batch, 4);
    let whole = sample(&scenario, 1_200);
    let threads = runner::run(&[&scenario], 1_200, &|_| ());
    assert_eq!(whole.columns, threads[0].columns);
    assert!(whole.all("makespan_s").iter().any(|&span| (span - whole.all("makespan_s")[0]).abs() > 1.0), "they differ");
}

/// A reply that writes much and reports nothing, as if cut off, among calls whose input grows with the history.
fn growing(limits: &[(&str, u64)]) -> Trace {
    let mut trace = recorded(
        "growing",
        "self_claim",
        &[
            (&["a"], &["a"], &["a"], 4),
            (&[], &[], &["b"], 9),
            (&["b"], &["b"], &["b"], 5),
            (&["c", "d"], &["c", "d"], &["c", "d"], 6),
        ],
    );
    for &(key, value) in limits {
        trace.header.extra.set(key, value);
    }
    trace
}

#[test]
fn limits_of_the_harness_come_from_the_header() {
    let stated = growing(&[(Header::OUTPUT_LIMIT, 1_000), (Header::CONTEXT_WINDOW, 2)]);
    let text = native::write(&stated);
    let back =
        native::read("t", text.as_bytes()).next().expect("a trace").unwrap_or_else(|problems| panic!("{problems}"));
    for (trace, is_stated) in
        [(&back, true), (&growing(&[]), false), (&growing(&[(Header::OUTPUT_LIMIT, 9_000)]), false)]
    {
        let scripts = Demonstration::from_trace(trace).expect("it records outcomes").trajectories;
        let truncated: Vec<bool> = scripts[0].iter().map(|call| call.is_truncated).collect();
        assert_eq!(truncated, [false, is_stated, false, false], "900 tokens of 1,000 with nothing to show for them");
        let calibration = learned(&[trace], SamplingMethod::Resampled);
        let call_model = calibration.models[0].learned_policy.call_models[0];
        assert_eq!(call_model.window == ContextWindow::Messages(2), is_stated, "{:?}", call_model.window);
        assert_eq!(call_model.files_a_reply.is_finite(), trace.header.output_limit_tokens().is_some());
        let (yaml, unknown) = (calibration.to_yaml("p", "recorded here"), calibration.unknown_limits());
        assert_eq!(unknown.is_empty(), is_stated, "{unknown:?}");
        assert!(
            unknown.iter().all(|limit| yaml.lines().any(|line| line.starts_with("origin:") && line.contains(limit)))
        );
        assert_eq!(yaml.contains("files_a_reply: "), call_model.files_a_reply.is_finite());
        let report = CalibrateReport { calibration: &calibration, file: "p.yaml" };
        assert!(unknown.iter().all(|limit| report.to_text(false).contains(limit)), "{}", report.to_text(false));
        let again = LearnedProfile::parse("p.yaml", yaml.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again, calibration);
    }
    // Runs under different limits have call models of their own, and only some of them are unknown.
    let other = Trace { header: Header { trace: "other".to_owned(), ..stated.header.clone() }, ..stated.clone() };
    let calibration = learned(&[&stated, &growing(&[]), &other], SamplingMethod::Resampled);
    assert_eq!(calibration.models[0].learned_policy.call_models.len(), 2);
    assert!(
        calibration.unknown_limits()[0].starts_with("in some runs the output limit"),
        "{:?}",
        calibration.unknown_limits()
    );
}

#[test]
fn without_a_window_the_recorded_input_decides() {
    for (window, name) in
        [(ContextWindow::WholeHistory, "all"), (ContextWindow::Mean, "mean"), (ContextWindow::Messages(3), "3")]
    {
        let mut trace = growing(&[]);
        if let ContextWindow::Messages(messages) = window {
            trace.header.extra.set(Header::CONTEXT_WINDOW, messages);
        }
        let outputs: Vec<u32> = trace.steps.iter().map(|step| step.usage.output.unwrap_or(0)).collect();
        for (call, step) in trace.steps.iter_mut().enumerate() {
            // A message of the window is a board of 30 tokens and a reply.
            let sent = match window {
                ContextWindow::WholeHistory => &outputs[..call],
                ContextWindow::Messages(_) => &outputs[call.saturating_sub(1)..call],
                ContextWindow::Mean => &[],
            };
            step.usage.input = Some(330 + sent.iter().map(|output| 30 + output).sum::<u32>());
        }
        let total: f64 = trace.steps.iter().map(|step| f64::from(step.usage.input.unwrap_or(0))).sum();
        let calibration = learned(&[&trace], SamplingMethod::Resampled);
        assert_eq!(calibration.models[0].learned_policy.call_models[0].window, window);
        let yaml = calibration.to_yaml("p", "o");
        assert!(yaml.contains(&format!("window: {name} }}")), "{yaml}");
        let again = LearnedProfile::parse("p.yaml", yaml.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again, calibration);
        let input = sample(&team(&again, &trace, 1), 5).all("input_tokens").to_vec();
        assert!(input.iter().all(|input| (input / total - 1.0).abs() < 0.01), "{name}: {input:?}, recorded {total}");
    }
}

#[test]
fn what_cannot_be_learned_from_says_why() {
    let mut trace = batch();
    trace.header.tasks.clear();
    assert_eq!(Demonstration::from_trace(&trace), Err(UnusableRun::NoTasks));
    let problems = calibrate(&[&trace], &Options::default()).expect_err("nothing to learn from");
    assert!(problems.to_string().contains("1 do not list their tasks"), "{problems}");
    let mut silent = batch();
    silent.steps.iter_mut().for_each(|step| step.events.clear());
    assert_eq!(Demonstration::from_trace(&silent), Err(UnusableRun::NoOutcomes));
    let calibration = learned(&[&batch()], SamplingMethod::Resampled);
    let text = calibration.to_yaml("p", "o").replace("manner: 0", "manner: 9");
    let problems = LearnedProfile::parse("p.yaml", text.as_bytes()).expect_err("no such manner");
    assert!(problems.to_string().contains("there is no manner 9; expected below 1"), "{problems}");
    let text = learned(&[&batch()], SamplingMethod::Parametric).to_yaml("p", "o").replace("{ manner: 0", "{ manner: 9");
    let problems = LearnedProfile::parse("p.yaml", text.as_bytes()).expect_err("no such manner");
    assert!(problems.to_string().contains("styles[0].manner: there is no manner 9"), "{problems}");
    let text = calibration.to_yaml("p", "o").replace(",12,0,0,1200,0]", ",12,0]");
    let problems = LearnedProfile::parse("p.yaml", text.as_bytes()).expect_err("too few numbers");
    assert!(problems.to_string().contains("calls[0]: 31 numbers; expected 34 numbers"), "{problems}");
}

/// The recorded runs of arXiv 2603.12229; none without `BROOKS_DATA`.
fn paper() -> Option<Vec<Trace>> {
    let folder = crate::data("paper")?;
    let mut paths = vec![folder.join("runs.parquet"), folder.join("events.parquet")];
    for suite in ["dataanalysis", "mathutilities20", "svgutils"] {
        paths.extend(["p02", "p05", "p09"].map(|p| folder.join(format!("tasks/amdahl_{suite}/{p}.json"))));
    }
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| SourceFile { path: path.display().to_string(), bytes: std::fs::read(path).expect("readable") })
        .collect();
    let importer = import::find("llm-teams").expect("it is there");
    Some((importer.read)(&files, &mut ImportContext::default()))
}

#[test]
fn single_agents_of_the_paper_are_met_and_teams_are_foretold() {
    let Some(traces) = paper() else { return };
    let calibration = learned(&traces.iter().collect::<Vec<_>>(), SamplingMethod::Resampled);
    assert_eq!(calibration.models.iter().map(|part| part.runs).sum::<u32>(), 283);
    let mut cells: BTreeMap<(String, String, String, String, u32), Vec<&Trace>> = BTreeMap::new();
    for trace in &traces {
        let label = |name: &str| trace.label(name).unwrap_or_default();
        let architecture = trace.header.architecture.clone().unwrap_or_default();
        let key = (label("model"), label("suite"), label("p"), architecture, trace.header.agents.len() as u32);
        cells.entry(key).or_default().push(trace);
    }
    let mut errors: BTreeMap<(String, bool), Vec<f64>> = BTreeMap::new();
    for ((model, _, _, architecture, agents), runs) in &cells {
        let ended: Vec<f64> = runs
            .iter()
            .filter(|run| run.header.outcome.as_ref().and_then(|outcome| outcome.success) == Some(true))
            .filter_map(|run| run.total("duration_us"))
            .collect();
        let condition = Condition {
            model: Some(model.clone()),
            architecture: architecture.clone(),
            agents: *agents,
            tasks: Arc::new(graph_of(runs[0]).expect("it has tasks")),
            max_rounds: Some(60),
        };
        let scenario = calibration.scenario(&condition, 1).unwrap_or_else(|problems| panic!("{problems}"));
        let simulated = sample(&scenario, 20).completed("makespan_s");
        if !ended.is_empty() && !simulated.is_empty() {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let error = (mean(&simulated) / (mean(&ended) * 1e-6) - 1.0).abs();
            errors.entry((architecture.clone(), *agents > 1)).or_default().push(error);
        }
    }
    let median = |architecture: &str, is_team: bool| {
        let mut errors = errors[&(architecture.to_owned(), is_team)].clone();
        errors.sort_by(f64::total_cmp);
        errors[errors.len() / 2]
    };
    // Measured: alone 8.0 and 9.8 %, as runs on the same files in another order count, too; teams 23 and 33 %.
    for architecture in ["self_claim", "preassigned"] {
        assert!(median(architecture, false) < 0.10, "{architecture} alone: {}", median(architecture, false));
        assert!(median(architecture, true) < 0.35, "{architecture}: {}", median(architecture, true));
    }
}
