//! Small worlds under every order of commits.

use std::collections::BTreeSet;

use brooks::engine::{Dist, Keys, Purpose, Stream};
use brooks::record::{Entry, Facts, Log, Metrics, TaskEventKind};
use brooks::report::narrate::narrate;
use brooks::simulation::explorer::{
    Choice, Exploration, ExplorationBounds, Property, Situation, Unexplorable, Violation, explore, replay,
};
use brooks::simulation::{DependencyCheck, Scenario, Simulator};
use brooks::team::{AgentId, BatchSize, Consistency, Latency, LockHeld, Locking, Profile, SpreadOf, WhenLocked};
use brooks::workload::TaskSpec;

use crate::worlds::{self, ASYNC, ROUNDS, Variant, variants};

const LAST_WRITER_WINS: Consistency = Consistency::LastWriterWins;
const LOCK: Consistency = Consistency::Lock(Locking { held: LockHeld::Call, when_locked: WhenLocked::OtherWork });
const OPTIMISTIC: Consistency = Consistency::Optimistic;
const POLICIES: [Consistency; 3] = [LAST_WRITER_WINS, LOCK, OPTIMISTIC];

/// Right replies; overwritten work is noticed always or never.
fn profile(notices: bool) -> Profile {
    let mut profile = Profile::with_latency("steady", Dist::Constant(1.0));
    profile.fallibility.detection = f64::from(u8::from(notices));
    profile
}

/// Tasks that write these files, separated by spaces.
fn tasks(files: &[&str]) -> Vec<TaskSpec> {
    let task = |(number, files): (usize, &&str)| TaskSpec {
        writes: files.split(' ').map(str::to_owned).collect(),
        ..TaskSpec::new(format!("task-{number}"), 1.0)
    };
    files.iter().enumerate().map(task).collect()
}

fn world(files: &[&str], agents: usize, variant: &str, consistency: Consistency, notices: bool) -> Scenario {
    let scenario = worlds::scenario(&tasks(files), agents, &profile(notices), &Variant::called(variant), ASYNC);
    Scenario { consistency, ..scenario }
}

fn explored(scenario: &Scenario, wrong_replies: u32) -> Exploration {
    let bounds = ExplorationBounds { wrong_replies, ..ExplorationBounds::of(scenario) };
    explore(scenario, &bounds).unwrap_or_else(|problem| panic!("{}: {problem}", scenario.name))
}

/// An exploration without a violation.
fn sound(scenario: &Scenario, wrong_replies: u32) -> Exploration {
    let exploration = explored(scenario, wrong_replies);
    assert_eq!(exploration.violation, None, "{}", scenario.name);
    exploration
}

/// The violation with the fewest commits of one property.
fn violation(scenario: &Scenario, property: Property) -> Violation {
    let bounds = ExplorationBounds { excluded: vec![property], ..ExplorationBounds::of(scenario) };
    let exploration = explore(scenario, &bounds).expect("a small world");
    let violation = exploration.violation.unwrap_or_else(|| panic!("{} has no {}", scenario.name, property.name()));
    assert_eq!(violation.property, property);
    violation
}

fn story(scenario: &Scenario, choices: &[Choice]) -> String {
    let mut log = Log::default();
    replay(scenario, choices, &mut log);
    narrate(&Facts::new(&scenario.team, &scenario.graph, &scenario.resources), &log)
}

fn decided_variants() -> impl Iterator<Item = Variant> {
    variants().into_iter().filter(|variant| !variant.chosen.contains(&"random"))
}

#[test]
fn an_update_is_lost_after_three_commits() {
    let scenario = world(&["x", "x", "x"], 2, "preassigned round_robin", LAST_WRITER_WINS, false);
    let exploration = explored(&scenario, 0);
    let violation = exploration.violation.expect("a lost update");
    assert_eq!((violation.property, violation.choices.len()), (Property::LostUpdate, 3));
    assert_eq!(exploration.states, 7);
    let expected = "     0 s  agent-0  starts \"task-0\"
     0 s  agent-1  starts \"task-1\"
    1 µs  agent-0  lands \"task-0\": done
    1 µs  agent-0  starts \"task-2\"
    2 µs  agent-0  lands \"task-2\": done
    3 µs  agent-1  also writes x, which agent-0 wrote at 2 µs
    3 µs  agent-1  lands \"task-1\": done
    3 µs  agent-1  overwrites the work on \"task-2\", and nobody notices
    3 µs  agent-1  overwrites the work on \"task-0\", and nobody notices
    3 µs  agent-0  has had nothing to do for 1 µs
    3 µs  all tasks are done
";
    assert_eq!(story(&scenario, &violation.choices), expected);
}

/// Progress: every order ends, after m (m + 1) / 2 accepted attempts at most. The bound is tight for three tasks.
#[test]
fn last_writer_wins_makes_progress() {
    for (files, agents, states, accepted) in [
        (&["x", "x", "x"][..], 2, 11, 5),
        (&["x", "x", "x"], 3, 25, 6),
        (&["x", "x", "x", "x"], 3, 40, 9),
        (&["a c", "b c", "a c", "b c"], 2, 17, 6),
    ] {
        let scenario = world(files, agents, "preassigned round_robin", LAST_WRITER_WINS, true);
        let exploration = sound(&scenario, 0);
        let m = files.len() as u32;
        assert_eq!((exploration.states, exploration.most_accepted), (states, Some(accepted)), "{files:?}");
        assert!(accepted <= m * (m + 1) / 2);
        for situation in [Situation::Overwrite, Situation::Reopening] {
            assert!(exploration.reached.contains(&situation), "{files:?}: {situation:?}");
        }
    }
}

/// Every protocol under every policy, with a wrong reply: all properties hold in all states.
#[test]
fn every_order_of_every_protocol_is_sound() {
    let held = |held, when_locked| Consistency::Lock(Locking { held, when_locked });
    let policies = [
        LAST_WRITER_WINS,
        LOCK,
        held(LockHeld::Call, WhenLocked::Wait),
        held(LockHeld::Write(0.5), WhenLocked::OtherWork),
        OPTIMISTIC,
    ];
    for variant in decided_variants() {
        for consistency in policies {
            for (files, agents) in [(&["x", "x", "x"][..], 3), (&["x", "x y", "y"], 2), (&["x", "y", "x", "y"], 2)] {
                let mut scenario = world(files, agents, &variant.name(), consistency, true);
                scenario.name = format!("{} {consistency:?} {files:?}", variant.name());
                let exploration = sound(&scenario, 1);
                let reaches = |situation| exploration.reached.contains(&situation);
                assert!(reaches(Situation::Rejection), "{}", scenario.name);
                let is_exclusive = consistency != LAST_WRITER_WINS;
                assert!(!is_exclusive || !reaches(Situation::Overwrite), "{}", scenario.name);
                assert!(consistency == OPTIMISTIC || !reaches(Situation::Conflict), "{}", scenario.name);
            }
        }
    }
}

#[test]
fn policies_differ_in_what_they_reach() {
    let explored = |consistency| sound(&world(&["x", "x", "x"], 2, "preassigned round_robin", consistency, true), 0);
    let states = [LAST_WRITER_WINS, LOCK, OPTIMISTIC].map(|consistency| explored(consistency).states);
    assert_eq!(states, [11, 4, 14]);
    assert!(explored(LOCK).reached.contains(&Situation::LockWait));
    let optimistic = explored(OPTIMISTIC);
    assert!(optimistic.reached.contains(&Situation::Conflict));
    // Each rejection is paid by an acceptance.
    assert_eq!(optimistic.most_accepted, Some(3));
    // Without a policy against them, the same faults are found.
    let scenario = world(&["x", "x", "x"], 2, "preassigned round_robin", LAST_WRITER_WINS, true);
    for property in [Property::Overwrite, Property::StaleAcceptance] {
        assert_eq!(violation(&scenario, property).choices.len(), 2, "{}", property.name());
    }
}

/// Two agents want one task, and the wrong reply comes first: the right one is accepted.
#[test]
fn a_wrong_reply_discards_no_right_one() {
    let scenario = world(&["x"], 2, "self_claim at_commit", LAST_WRITER_WINS, true);
    let exploration = sound(&scenario, 1);
    assert_eq!((exploration.states, exploration.most_accepted), (9, Some(1)));
    for situation in [Situation::SharedTask, Situation::Rejection] {
        assert!(exploration.reached.contains(&situation), "{situation:?}");
    }
    let race = [(0, true), (1, false)].map(|(agent, is_wrong)| Choice { agent: AgentId::new(agent), is_wrong });
    let mut log = Log::default();
    replay(&scenario, &race, &mut log);
    let outcomes = log.entries.iter().filter_map(|entry| match entry {
        Entry::Task(event) if event.kind != TaskEventKind::Claimed => Some((event.agent.get(), event.kind)),
        _ => None,
    });
    let expected = [(0, TaskEventKind::Rejected), (1, TaskEventKind::Completed { right: true })];
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    assert_eq!(sound(&world(&["x", "x", "x"], 2, "self_claim at_commit", LAST_WRITER_WINS, true), 1).states, 81);
}

/// The second agent comes to its second task when the first agent has long finished its first one: they overlap in no
/// sampled run, but in an order that nothing excludes.
#[test]
fn sampling_does_not_find_every_order() {
    let mut specs = tasks(&["x", "y", "z", "x"]);
    specs[1].size = 1_000.0;
    let profile = Profile { latency: lognormal(), ..profile(false) };
    let scenario = Scenario {
        consistency: LAST_WRITER_WINS,
        ..worlds::scenario(&specs, 2, &profile, &Variant::called("preassigned round_robin"), ASYNC)
    };
    let conflicts = |metrics: Metrics| metrics.conflicts;
    assert_eq!(worlds::replicate(&scenario, 1_000).map(conflicts).sum::<u32>(), 0);
    let violation = explored(&scenario, 0).violation.expect("a lost update");
    let turns: Vec<u32> = violation.choices.iter().map(|choice| choice.agent.get()).collect();
    assert_eq!((violation.property, &turns[..]), (Property::LostUpdate, &[1, 0, 0, 1][..]));
}

fn lognormal() -> Latency {
    let dist = Dist::Lognormal { mu: 0.0, sigma: 0.5 };
    Latency::PerTask { task: dist.clone(), idle: dist }
}

/// A task that nobody can do: a deadlock in the end, and no way to completion from the start.
#[test]
fn a_task_that_nobody_can_do_is_a_deadlock() {
    for variant in decided_variants() {
        let mut specs = tasks(&["x", "y"]);
        specs[1].skill = Some("poetry".to_owned());
        let mut scenario = worlds::scenario(&specs, 2, &profile(true), &variant, ASYNC);
        scenario.team.iter_mut().for_each(|agent| agent.skills = vec!["prose".to_owned()]);
        let deadlock = violation(&scenario, Property::Deadlock);
        assert!(story(&scenario, &deadlock.choices).ends_with("nobody can act any more: stalled\n"));
        assert_eq!(violation(&scenario, Property::Livelock).choices, [], "{}", variant.name());
    }
}

/// An entry without its times and costs.
fn gist(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Start(start) => Some(format!("{:?} starts {:?} {:?}", start.agent, start.kind, start.task)),
        Entry::Task(event) => {
            let kind = match event.kind {
                TaskEventKind::Reopened { right, .. } => format!("reopened {right}"),
                kind => format!("{kind:?}"),
            };
            Some(format!("{:?} {:?} {kind}", event.agent, event.task))
        }
        Entry::Write(write) => Some(format!("{:?} writes {:?}", write.agent, write.artifact)),
        Entry::Message(message) => Some(format!("{:?} tells {:?}", message.from, message.to)),
        Entry::Step(step) => Some(format!("{:?} ends {:?} {:?}", step.agent, step.kind, step.task)),
        Entry::End(ending, _) => Some(format!("{ending:?}")),
        Entry::Test(_) | Entry::Wait(_) | Entry::Service(_) | Entry::Input(..) | Entry::Round(_) => None,
    }
}

/// Order of commits of a run, with its wrong replies. Steps that are cut off at the end do not commit.
fn choices_of(log: &Log) -> Vec<Choice> {
    let mut choices = Vec::new();
    let mut rejected = None;
    for entry in &log.entries {
        match entry {
            Entry::Task(event) if event.kind == TaskEventKind::Rejected => rejected = Some(event.agent),
            Entry::Step(step) => {
                if step.end - step.start == step.latency {
                    choices.push(Choice { agent: step.agent, is_wrong: rejected == Some(step.agent) });
                }
                rejected = None;
            }
            _ => {}
        }
    }
    choices
}

/// A sampled run is one of the orders: replayed without the clock it has the same entries.
#[test]
fn a_sampled_run_is_one_of_the_orders() {
    let mut profile = Profile { latency: lognormal(), spread: SpreadOf::Attempt, ..profile(true) };
    profile.fallibility.error_rate = 0.3;
    for variant in decided_variants() {
        for consistency in POLICIES {
            for (files, replication) in [["x", "y", "x", "x"], ["w", "x", "y", "z"]].iter().zip([0, 100]) {
                let explored = world(files, 3, &variant.name(), consistency, true);
                let mut sampled = explored.clone();
                sampled.team = worlds::team(3, &profile);
                for replication in replication..replication + 10 {
                    let (mut run, mut order) = (Log::default(), Log::default());
                    Simulator::new(&sampled).run(&*sampled.architecture, replication, &mut run);
                    replay(&explored, &choices_of(&run), &mut order);
                    let gists = [run, order].map(|log| log.entries.iter().filter_map(gist).collect::<Vec<_>>());
                    assert_eq!(gists[0], gists[1], "{} {consistency:?} {replication}", variant.name());
                }
            }
        }
    }
}

#[test]
fn all_that_is_not_covered_is_named() {
    let mut scenario = world(&["x", "x"], 2, "self_claim at_commit", LAST_WRITER_WINS, true);
    scenario.pacing = ROUNDS;
    let mut profile = Profile { name: "shaky".to_owned(), ..profile(true) };
    profile.fallibility.detection = 0.5;
    profile.fallibility.crash_rate = 0.1;
    scenario.team = worlds::team(2, &profile);
    let bounds = ExplorationBounds::of(&scenario);
    let expected = "pacing: rounds can't be explored, expected async
crash_rate: 0.1 can't be explored, expected 0: random faults are no choices of the adversary yet
detection: 0.5 can't be explored, expected 0 or 1";
    assert_eq!(explore(&scenario, &bounds).expect_err("a refusal").to_string(), expected);
    let scenario = world(&["x", "x"], 2, "self_claim at_commit random", LAST_WRITER_WINS, true);
    assert_eq!(explore(&scenario, &bounds), Err(Unexplorable::RandomDecisions));
    let scenario = world(&["x", "x", "x"], 3, "self_claim at_commit", LAST_WRITER_WINS, true);
    let bounds = ExplorationBounds { states: 20, ..bounds };
    assert_eq!(explore(&scenario, &bounds), Err(Unexplorable::TooManyStates(20)));
}

/// A small world: any files, dependencies, skills, batches, protocol, policy and check.
fn random_world(draws: &mut Stream) -> Scenario {
    let files = 1 + draws.below(3);
    let chosen = |mask: u32| (0..files).filter(move |file| mask >> file & 1 == 1).map(|file| format!("file-{file}"));
    let mut specs: Vec<TaskSpec> = Vec::new();
    for number in 0..2 + draws.below(3) {
        let depends_on = specs.iter().filter(|_| draws.below(4) == 0).map(|task| task.id.clone()).collect();
        let writes = chosen(draws.below(1 << files)).collect();
        let reads = chosen(draws.below(1 << files) & draws.below(1 << files)).collect();
        let skill = (draws.below(4) == 0).then(|| "prose".to_owned());
        specs.push(TaskSpec { depends_on, writes, reads, skill, ..TaskSpec::new(format!("task-{number}"), 1.0) });
    }
    let mut profile = profile(draws.below(2) == 0);
    let size = |draw| if draw < 3 { BatchSize::Fixed(1 + draw / 2) } else { BatchSize::All };
    profile.batching.tasks = size(draws.below(4));
    profile.batching.unowned = size(draws.below(4));
    profile.batching.ahead = f64::from(draws.below(2));
    let variants: Vec<Variant> = decided_variants().collect();
    let variant = &variants[draws.below(variants.len() as u32) as usize];
    let agents = 1 + draws.below(3) as usize;
    let when_locked = if draws.below(2) == 0 { WhenLocked::Wait } else { WhenLocked::OtherWork };
    let scenario = worlds::scenario(&specs, agents, &profile, variant, ASYNC);
    // The last agent can do everything, and so can one that works alone.
    let mut team = scenario.team.clone();
    for agent in team.iter_mut().take(agents - 1).skip(usize::from(variant.row.name == "solo")) {
        agent.skills = if draws.below(2) == 0 { Vec::new() } else { vec!["poetry".to_owned()] };
    }
    Scenario {
        team,
        dependency_check: match draws.below(4) {
            0 => DependencyCheck::Complete,
            1 => DependencyCheck::None,
            _ => DependencyCheck::Claim,
        },
        consistency: match draws.below(6) {
            0 => OPTIMISTIC,
            1 => Consistency::Lock(Locking { held: LockHeld::Call, when_locked }),
            2 => Consistency::Lock(Locking { held: LockHeld::Write(0.5), when_locked }),
            _ => LAST_WRITER_WINS,
        },
        ..scenario
    }
}

/// Random small worlds keep all properties in all states, except for losses that nobody notices. All situations come up.
#[test]
fn random_small_worlds_are_sound() {
    let mut reached = BTreeSet::new();
    for number in 0..if worlds::is_slow() { 10_000 } else { 400 } {
        let mut draws = Keys::new(1, number).stream(Purpose::Workload, 0);
        let scenario = random_world(&mut draws);
        let mut bounds = ExplorationBounds::of(&scenario);
        bounds.wrong_replies = draws.below(3);
        if scenario.team[0].profile.fallibility.detection < 1.0 && scenario.consistency == LAST_WRITER_WINS {
            bounds.excluded.retain(|property| *property != Property::LostUpdate);
        }
        let exploration = explore(&scenario, &bounds).unwrap_or_else(|problem| panic!("world {number}: {problem}"));
        assert_eq!(exploration.violation, None, "world {number}: {}", scenario.name);
        let m = scenario.graph.len() as u32;
        assert!(exploration.most_accepted.is_some_and(|accepted| accepted <= m * (m + 1) / 2), "world {number}");
        reached.extend(exploration.reached);
    }
    assert_eq!(reached.len(), 10, "{reached:?}");
}
