//! Keys of a scenario with defaults and inheritance of their own, and combinations that are refused.
#![expect(clippy::float_cmp, reason = "the values are those of the file, not computed")]

use std::sync::Arc;

use brooks::architecture::ARCHITECTURES;
use brooks::engine::Time;
use brooks::scenario::library::{Files, PROFILES, SCENARIOS, no_files};
use brooks::scenario::{Node, ScenarioFile};
use brooks::simulation::Scenario;
use brooks::team::{
    Blocks, Claims, Consistency, Latency, LockHeld, Locking, Profile, ReadingSpeed, SpreadOf, WhenLocked,
};

const WORK: &str = "workload: { chain: { tasks: 3 } }\n";

fn files() -> Files {
    Arc::new(|path: &str| match path {
        "attempts.yaml" => Ok(b"latency: { task: 30s, per: attempt }\ninput_tokens_per_second: 2000\n".to_vec()),
        "cached.yaml" => Ok(b"input_tokens_per_second: 2000\ncached_tokens_per_second: 50000\n".to_vec()),
        "counts.yaml" => Ok(b"tokens: { briefing: 700, cache_lifetime: 5m }\n".to_vec()),
        _ => Err("no such file".to_owned()),
    })
}

fn parse(text: &str) -> ScenarioFile {
    let text = format!("{WORK}{text}");
    ScenarioFile::parse("f.yaml", text.as_bytes(), &files()).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

#[track_caller]
fn scenario(text: &str) -> Scenario {
    parse(text).scenario().unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn profile(text: &str) -> Profile {
    (*scenario(&format!("team: {{ profile: {text} }}")).team[0].profile).clone()
}

/// Returns the errors of a scenario.
fn refused(text: &str) -> String {
    let text = format!("{WORK}{text}");
    match ScenarioFile::parse("f.yaml", text.as_bytes(), &files()) {
        Ok(_) => panic!("{text} is valid"),
        Err(problems) => problems.to_string(),
    }
}

fn reading(input: f64, cached: f64) -> ReadingSpeed {
    ReadingSpeed { input, cached }
}

#[test]
fn the_spread_of_a_latency_belongs_to_the_task_unless_it_is_per_attempt() {
    for (text, expected) in [
        ("{ latency: 30s }", SpreadOf::Task),
        ("{ latency: { task: 30s } }", SpreadOf::Task),
        ("{ latency: { task: 30s, per: task } }", SpreadOf::Task),
        ("{ latency: { task: 30s, per: attempt } }", SpreadOf::Attempt),
        ("{ latency: { ttft: 1s, tokens_per_second: 50, per: attempt } }", SpreadOf::Attempt),
        ("{ latency: { per: attempt } }", SpreadOf::Attempt),
        ("attempts.yaml", SpreadOf::Attempt),
        ("{ base: attempts.yaml }", SpreadOf::Attempt),
        ("{ base: attempts.yaml, latency: 7s }", SpreadOf::Attempt),
        ("{ base: attempts.yaml, latency: { idle: 7s } }", SpreadOf::Attempt),
        ("{ base: attempts.yaml, latency: { per: task } }", SpreadOf::Task),
    ] {
        assert_eq!(profile(text).spread, expected, "{text}");
    }
    let (own, base) = (profile("{ base: attempts.yaml, latency: { per: task } }"), profile("attempts.yaml"));
    assert_eq!(own.latency, base.latency);
    assert!(matches!(own.latency, Latency::PerTask { .. }));
}

#[test]
fn reading_takes_no_time_unless_its_speed_is_given() {
    const FREE: f64 = f64::INFINITY;
    for (text, expected) in [
        ("{ latency: 30s }", reading(FREE, FREE)),
        ("{ input_tokens_per_second: 400 }", reading(400.0, FREE)),
        ("{ input_tokens_per_second: 400, cached_tokens_per_second: 500 }", reading(400.0, 500.0)),
        ("{ base: attempts.yaml }", reading(2000.0, FREE)),
        ("{ base: attempts.yaml, input_tokens_per_second: 400 }", reading(400.0, FREE)),
        ("{ base: attempts.yaml, cached_tokens_per_second: 500 }", reading(2000.0, 500.0)),
        ("{ base: cached.yaml }", reading(2000.0, 50_000.0)),
        ("{ base: cached.yaml, input_tokens_per_second: 400 }", reading(400.0, 50_000.0)),
    ] {
        assert_eq!(profile(text).reading, expected, "{text}");
    }
    assert_eq!(
        refused("team: { profile: { cached_tokens_per_second: 400 } }"),
        "f.yaml:2: team.profile.cached_tokens_per_second: \"cached_tokens_per_second\" is given without \
         \"input_tokens_per_second\", so that only cached tokens take time; expected both keys, or the latter alone"
    );
}

#[test]
fn a_profile_with_token_counts_reads_dependencies_and_may_have_a_cache() {
    let none = profile("{ latency: 30s }").tokens;
    assert_eq!((none.reads_dependencies, none.briefing, none.cache_lifetime), (false, 0, None));
    for (text, reads, briefing, lifetime) in [
        ("{ tokens: {} }", true, 0, None),
        ("{ tokens: { briefing: 900 } }", true, 900, None),
        ("{ base: counts.yaml }", true, 700, Some(300.0)),
        ("{ base: counts.yaml, tokens: { briefing: 0 } }", true, 0, Some(300.0)),
        ("{ base: counts.yaml, tokens: { cache_lifetime: 1h } }", true, 700, Some(3600.0)),
        ("{ base: plain, tokens: { cached_share: 0, cache_lifetime: 1h } }", true, 8000, Some(3600.0)),
    ] {
        let tokens = profile(text).tokens;
        let expected = (reads, briefing, lifetime.map(Time::from_secs));
        assert_eq!((tokens.reads_dependencies, tokens.briefing, tokens.cache_lifetime), expected, "{text}");
    }
    for (text, path) in [
        ("{ tokens: { cached_share: 0.5, cache_lifetime: 1h } }", "cache_lifetime"),
        ("{ base: plain, tokens: { cache_lifetime: 1h } }", "cache_lifetime"),
        ("{ base: counts.yaml, tokens: { cached_share: 0.5 } }", "cached_share"),
    ] {
        assert_eq!(
            refused(&format!("team: {{ profile: {text} }}")),
            format!(
                "f.yaml:2: team.profile.tokens.{path}: \"cache_lifetime\" replaces \"cached_share\", which is 0.5; \
                 expected cached_share: 0, or no cache_lifetime"
            )
        );
    }
}

#[test]
fn a_cache_write_costs_as_much_as_input_unless_it_has_a_price() {
    let written = |text: &str| scenario(text).prices.cache_write;
    assert_eq!(written("seed: 1"), 0.0);
    assert_eq!(written("prices: { input: 3 }"), 3.0);
    assert_eq!(written("prices: { input: 3, cache_write: 3.75 }"), 3.75);
}

#[test]
fn locks_are_held_across_the_call_or_for_its_write() {
    let lock = |held, when_locked| Consistency::Lock(Locking { held, when_locked });
    let (call, other) = (LockHeld::Call, WhenLocked::OtherWork);
    for (text, expected) in [
        ("last_writer_wins", Consistency::LastWriterWins),
        ("optimistic", Consistency::Optimistic),
        ("lock", lock(call, other)),
        ("{ lock: {} }", lock(call, other)),
        ("{ lock: { held: call, when_locked: other_work } }", lock(call, other)),
        ("{ lock: { when_locked: wait } }", lock(call, WhenLocked::Wait)),
        ("{ lock: { held: write } }", lock(LockHeld::Write(0.1), other)),
        ("{ lock: { held: write, part: 1 } }", lock(LockHeld::Write(1.0), other)),
    ] {
        assert_eq!(scenario(&format!("consistency: {text}")).consistency, expected, "{text}");
    }
    for word in ["wait", "other_work"] {
        let refusal = refused(&format!("consistency: {{ lock: {{ held: write, when_locked: {word} }} }}"));
        assert!(refusal.contains("\"when_locked\" applies to decisions, but \"held\" is write"), "{refusal}");
    }
    let file = parse("consistency: lock\nsweep: { consistency.lock.held: [call, write] }");
    let held = |value: &str| file.at(&[("consistency.lock.held", &Node::from(value))]).expect("valid").consistency;
    assert_eq!((held("call"), held("write")), (lock(call, other), lock(LockHeld::Write(0.1), other)));
    let part = file.at(&[("consistency.lock.part", &Node::from(1u32))]).err().expect("a call has no part");
    assert_eq!(
        part.to_string(),
        "--set: consistency.lock.part: \"part\" is that of the write, but \"held\" is call; expected held: write, or no \
         part"
    );
}

#[test]
fn a_task_may_wait_for_a_resource_without_its_agent() {
    let blocks = |text: &str| scenario(&format!("resources: {{ review: {{ {text} }} }}")).resources[0].blocks;
    assert_eq!(blocks("service: 1h"), Blocks::User);
    assert_eq!(blocks("service: 1h, blocks: everyone"), Blocks::Everyone);
    assert_eq!(blocks("service: 1h, blocks: nobody"), Blocks::Nobody);
    assert_eq!(blocks("capacity: 3, blocks: user"), Blocks::User, "a rate limit");
    for word in ["nobody", "everyone"] {
        assert_eq!(
            refused(&format!("resources: {{ api: {{ capacity: 3, blocks: {word} }} }}")),
            format!(
                "f.yaml:2: resources.api.blocks: \"blocks\" is {word}, but without \"service\" the resource is a rate limit, \
                 held by the call itself; expected a service, or blocks: user"
            )
        );
    }
    let many = |count: usize| {
        let list: Vec<String> = (0..count).map(|index| format!("r{index}: {{}}")).collect();
        format!("resources: {{ {} }}", list.join(", "))
    };
    assert_eq!(scenario(&many(8)).resources.len(), 8);
    assert_eq!(refused(&many(9)), "f.yaml:2: resources: 9 resources; expected at most 8");
}

#[test]
fn a_workload_is_drawn_for_each_replication_unless_it_is_drawn_once() {
    let file = |draw: &str| {
        let text = format!("workload: {{ {draw}chain: {{ tasks: 3 }}, size: exponential(mean=100) }}");
        ScenarioFile::parse("f.yaml", text.as_bytes(), &files()).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
    };
    assert!(!file("").is_drawn_once() && !file("draw: per_replication, ").is_drawn_once());
    assert!(file("draw: once, ").is_drawn_once());
    let sizes = |draw: &str| file(draw).scenario().expect("valid").graph.tasks()[0].size;
    assert_eq!(sizes(""), sizes("draw: once, "), "the first workload is the same");
}

#[test]
fn claims_are_granted_at_decision_unless_a_scenario_follows_the_harness_of_the_paper() {
    let claims = |text: &str| scenario(text).architecture.spec().claims;
    assert_eq!(claims("seed: 1"), Claims::AtDecision);
    assert_eq!(claims("architecture: { self_claim: { pick: random } }"), Claims::AtDecision);
    assert_eq!(claims("architecture: { self_claim: { claims: at_commit } }"), Claims::AtCommit);
    assert_eq!(parse("seed: 1").protocol_at(&[]), "self_claim(claims=at_decision, pick=first, announce=nobody)");
    let row = ARCHITECTURES.iter().find(|row| row.name == "self_claim").expect("a row");
    assert_eq!(row.parameters[0].values, ["at_decision", "at_commit"]);
    for built_in in SCENARIOS {
        let file = ScenarioFile::open(built_in.name, &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
        let axis = file.axes().iter().find(|axis| axis.path == "architecture");
        let values = axis.map_or(&[][..], |axis| &axis.values);
        let own = file.scenario().expect("valid");
        let points = values.iter().map(|value| file.at(&[("architecture", value)]).expect("valid"));
        let expected = if built_in.name == "paper" { Claims::AtCommit } else { Claims::AtDecision };
        for point in points.chain([own]).filter(|point| point.architecture_name == "self_claim") {
            assert_eq!(point.architecture.spec().claims, expected, "{}", built_in.name);
        }
    }
}

#[test]
fn shipped_profiles_have_a_speed_of_reading_and_its_origin() {
    for built_in in PROFILES {
        let shipped = profile(built_in.name);
        // The latency of recorded calls contains their reading.
        assert_eq!(shipped.reading.input.is_finite(), shipped.learned_policy.is_none(), "{}", built_in.name);
        if shipped.reading.input.is_finite() {
            assert!(built_in.text.to_lowercase().contains("reading"), "{}", built_in.name);
            assert!(shipped.reading.cached.is_infinite(), "{}", built_in.name);
        }
    }
    let plain = profile("plain").tokens;
    assert_eq!((plain.briefing, profile("strong").tokens), (plain.history_limit, plain));
}

#[test]
fn a_skill_that_only_the_lead_has_is_refused() {
    let team = |architecture: &str, agents: u32| {
        format!(
            "workload: {{ tasks: [{{ id: a }}, {{ id: b, skill: sql }}] }}
architecture: {architecture}
team: {{ agents: {agents}, members: [{{ name: ann, role: lead, skills: [sql] }}, {{ name: bo, skills: [css] }}] }}"
        )
    };
    let problems = |architecture: &str, agents: u32| {
        let text = team(architecture, agents);
        ScenarioFile::parse("f.yaml", text.as_bytes(), &files()).err().map(|problems| problems.to_string())
    };
    for row in ARCHITECTURES {
        let text = (row.make)(
            &brooks::architecture::Choices::new(
                row,
                &row.parameters.iter().map(|parameter| parameter.values[0]).collect::<Vec<_>>(),
            )
            .expect("defaults"),
        );
        let expected = text.spec().has_lead.then(|| {
            format!(
                "f.yaml:1: workload.tasks[1].skill: only the lead \"ann\" has the skill \"sql\", which the task \"b\" \
                 requires, and under {} a lead does no tasks",
                row.name
            )
        });
        assert_eq!(problems(row.name, 2), expected, "{}", row.name);
        assert_eq!(problems(row.name, 3), None, "the third agent of {} has all skills", row.name);
    }
    let file = ScenarioFile::parse("f.yaml", team("lead_dynamic", 3).as_bytes(), &files());
    let file = file.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(file.at(&[("agents", &Node::from(2u32))]).is_err(), "a smaller team of the same members");
    assert!(file.at(&[("agents", &Node::from(1u32))]).is_ok(), "one agent does all tasks");
}

#[test]
fn keys_of_a_lead_are_refused_beside_a_learned_policy_without_a_lead() {
    let team = |architecture: &str, profile: &str| {
        format!("architecture: {architecture}\nteam: {{ agents: 3, profile: {profile} }}")
    };
    let with = |setting: &str| format!("{{ base: gemini-3-flash, {setting} }}");
    for (setting, key) in [
        ("latency: 3s", "latency"),
        ("latency: { task: 3s, per: attempt }", "latency"),
        ("input_tokens_per_second: 70", "input_tokens_per_second"),
        ("batching: { tasks: 2 }", "batching"),
        ("tool: 3s", "tool"),
        ("variation: { call: 0.5 }", "variation"),
        ("tokens: { system: 70 }", "tokens.system"),
        ("tokens: { board_per_task: 70 }", "tokens.board_per_task"),
        ("tokens: { per_message: 70 }", "tokens.per_message"),
        ("tokens: { history_limit: 70 }", "tokens.history_limit"),
        ("tokens: { verbosity: 0.7 }", "tokens.verbosity"),
        ("tokens: { overhead: 70 }", "tokens.overhead"),
        ("tokens: { briefing: 70 }", "tokens.briefing"),
        ("tokens: { cache_lifetime: 5m }", "tokens.cache_lifetime"),
    ] {
        for architecture in ["self_claim", "preassigned", "solo"] {
            assert_eq!(
                refused(&team(architecture, &with(setting))),
                format!(
                    "f.yaml:3: team.profile.{key}: \"{key}\" describes a lead only if \"behaviour\" is given, and \
                     {architecture} has no lead; expected no {key}, a profile without behaviour, or an architecture with a \
                     lead of this profile"
                )
            );
        }
        scenario(&team("lead_dynamic", &with(setting)));
        let apart = "{ agents: 3, members: [{ role: lead, profile: plain }], profile: PROFILE }";
        let apart = apart.replace("PROFILE", &with(setting));
        let problems = refused(&format!("architecture: lead_dynamic\nteam: {apart}"));
        assert!(
            problems.contains(&format!("\"{key}\"")) && problems.contains("the lead has another profile"),
            "{problems}"
        );
    }
    for setting in ["error_rate: 0.1", "lease: 60s", "stall_rate: 0.1", "tokens: { cached_share: 0.7 }"] {
        scenario(&team("self_claim", &with(setting)));
    }
    for learned in PROFILES.iter().filter(|profile| profile.text.contains("\nbehaviour:")) {
        scenario(&team("self_claim", learned.name));
    }
}

#[test]
fn a_learned_policy_replaces_the_keys_of_its_base() {
    let learned = PROFILES.iter().find(|profile| profile.name == "gemini-3-flash").expect("it is built in").text;
    let reader = |own: &'static str| -> Files {
        let text = format!("{own}{learned}");
        Arc::new(move |_: &str| Ok(text.clone().into_bytes()))
    };
    let text = format!("{WORK}architecture: self_claim\nteam: {{ profile: x.yaml }}");
    let parse = |own| ScenarioFile::parse("f.yaml", text.as_bytes(), &reader(own));
    assert!(parse("base: plain\n").is_ok(), "plain has a briefing, which the policy replaces");
    let problems = parse("batching: { tasks: 2 }\n").err().expect("batching stands beside the policy").to_string();
    assert!(problems.starts_with("x.yaml:1: batching: \"batching\" describes a lead only"), "{problems}");
}
