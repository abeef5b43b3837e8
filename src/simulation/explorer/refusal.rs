//! Refusals: keys of a scenario that an exploration does not cover.

use std::fmt;

use crate::engine::Time;
use crate::simulation::{Pacing, Scenario};
use crate::team::{BatchSize, Profile};

/// Most agents and tasks of a world. Tasks are bits of a word.
const MOST_AGENTS: usize = 8;
const MOST_TASKS: usize = 16;

/// Key that an exploration does not cover, with its value and the values that it covers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// The values that an exploration covers.
    pub expected: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} can't be explored, expected {}", self.key, self.value, self.expected)
    }
}

/// Returns all keys of a scenario that an exploration does not cover.
pub(super) fn refusals(scenario: &Scenario) -> Vec<Refusal> {
    let mut all = Vec::new();
    let mut refuse = |is_refused: bool, key, value: String, expected: &str| {
        if is_refused {
            all.push(Refusal { key, value, expected: expected.to_owned() });
        }
    };
    let (agents, tasks) = (scenario.team.len(), scenario.graph.len());
    refuse(scenario.pacing != Pacing::Async, "pacing", "rounds".to_owned(), "async");
    refuse(!scenario.resources.is_empty(), "resources", scenario.resources.len().to_string(), "none");
    refuse(scenario.graphs.is_some(), "workload.draw", "per_replication".to_owned(), "once");
    refuse(agents > MOST_AGENTS, "team.agents", agents.to_string(), &format!("at most {MOST_AGENTS}"));
    refuse(tasks > MOST_TASKS, "tasks", tasks.to_string(), &format!("at most {MOST_TASKS}"));
    let late = scenario.graph.tasks().iter().find(|task| task.release > Time::ZERO);
    if let Some(task) = late {
        refuse(true, "release", format!("{} of \"{}\"", task.release, task.id), "0 s");
    }
    for (index, agent) in scenario.team.iter().enumerate() {
        if scenario.team[..index].iter().all(|other| other.profile != agent.profile) {
            refuse_profile(&agent.profile, &mut refuse);
        }
    }
    all
}

fn refuse_profile(profile: &Profile, refuse: &mut impl FnMut(bool, &'static str, String, &str)) {
    let fallibility = &profile.fallibility;
    let rates = [
        ("error_rate", fallibility.error_rate),
        ("conflict_probability", fallibility.conflict_probability),
        ("premature_completion", fallibility.premature_completion),
        ("no_progress", fallibility.no_progress),
        ("orphan_rate", fallibility.orphan_rate),
        ("crash_rate", fallibility.crash_rate),
        ("stall_rate", fallibility.stall_rate),
    ];
    for (key, rate) in rates {
        refuse(rate > 0.0, key, rate.to_string(), "0: random faults are no choices of the adversary yet");
    }
    let certain = |rate: f64| rate <= 0.0 || rate >= 1.0;
    refuse(!certain(fallibility.detection), "detection", fallibility.detection.to_string(), "0 or 1");
    refuse(!certain(profile.batching.ahead), "batching.ahead", profile.batching.ahead.to_string(), "0 or 1");
    for (key, size) in [("batching.tasks", &profile.batching.tasks), ("batching.unowned", &profile.batching.unowned)] {
        refuse(matches!(size, BatchSize::Drawn(_)), key, "a distribution".to_owned(), "a number or all");
    }
    refuse(profile.learned_policy.is_some(), "profile", profile.name.clone(), "a profile without a learned policy");
}
