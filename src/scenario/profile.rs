//! Key `profile`: a name, a file, or parameters over those of a base.

use std::sync::Arc;

use crate::engine::{Dist, Time};
use crate::problem::quantity::{self, Unit};
use crate::problem::suggest::suggestion;
use crate::scenario::check;
use crate::scenario::keys::profile::PROFILE;
use crate::scenario::learned_profile::calibration;
use crate::scenario::library::{self, PROFILES};
use crate::scenario::node::{Node, NodeKind, quoted};
use crate::scenario::read;
use crate::scenario::resolver::{GivenKey, Resolver, stem};
use crate::team::{BatchSize, Fallibility, Latency, LearnedPolicy, Profile, ReadingSpeed, SpreadOf, Tokens};

/// Longest chain of base profiles.
const MAX_BASES: usize = 8;
/// Keys that describe a lead only if the profile has a learned policy, which contains time and tokens of its own. Calibration
/// writes the first two beside a policy, for a lead.
const OF_A_LEAD: [&str; 14] = [
    "latency",
    "variation",
    "batching",
    "tool",
    "cached_tokens_per_second",
    "input_tokens_per_second",
    "tokens.board_per_task",
    "tokens.briefing",
    "tokens.cache_lifetime",
    "tokens.history_limit",
    "tokens.overhead",
    "tokens.per_message",
    "tokens.system",
    "tokens.verbosity",
];
/// Number of those keys that calibration writes beside a policy.
const BESIDE_A_POLICY: usize = 2;

/// Profile, and the keys in it that a learned policy does not use.
#[derive(Clone)]
pub(super) struct ResolvedProfile {
    pub(super) profile: Arc<Profile>,
    pub(super) of_a_lead: Arc<[GivenKey]>,
}

impl Resolver<'_> {
    /// Returns the profile that a value names or contains.
    pub(super) fn profile(&mut self, node: &Node, path: &str) -> ResolvedProfile {
        self.of_a_lead.clear();
        let profile = Arc::new(self.any_profile(node, path, 0));
        let given = std::mem::take(&mut self.of_a_lead);
        let of_a_lead = if profile.learned_policy.is_some() { given.into() } else { Arc::default() };
        ResolvedProfile { profile, of_a_lead }
    }

    /// Returns the built-in profile of this name.
    pub(super) fn built_in_profile(&mut self, name: &str) -> ResolvedProfile {
        self.profile(&Node::new(NodeKind::Text(name.to_owned())), "team.profile")
    }

    fn any_profile(&mut self, node: &Node, path: &str, bases: usize) -> Profile {
        if let Some(name) = node.text() {
            return self.named_profile(node, name, path, bases);
        }
        let mut profile = match node.key("base") {
            Some(base) => self.any_profile(base, &inside(path, "base"), bases + 1),
            None => Profile::with_latency("inline", Dist::Constant(10.0)),
        };
        self.overlay(&mut profile, node, path);
        profile
    }

    fn named_profile(&mut self, node: &Node, name: &str, path: &str, bases: usize) -> Profile {
        let fallback = || Profile::with_latency(name, Dist::Constant(10.0));
        if bases > MAX_BASES {
            let message = format!("the chain of base profiles is longer than {MAX_BASES}");
            self.report("profile", node.line, path, message, "");
            return fallback();
        }
        let (file, bytes) = if let Some(built_in) = library::find(PROFILES, name) {
            (built_in.path, built_in.text.as_bytes().to_vec())
        } else if name.contains(['/', '.']) {
            let Some(bytes) = self.read_file(name, node.line, path) else { return fallback() };
            (name, bytes)
        } else {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            let near = suggestion(name, names.iter().copied());
            let expected =
                if near.is_empty() { format!("{}, or the path of a file", names.join(", ")) } else { String::new() };
            let message = format!("there is no profile {}{near}", quoted(name));
            self.report("unknown-name", node.line, path, message, &expected);
            return fallback();
        };
        let root = match read::read(file, &bytes) {
            Ok(root) => root,
            Err(problems) => {
                self.problems.append(problems);
                return fallback();
            }
        };
        let wrong = check::check(file, &root, &PROFILE);
        if !wrong.is_empty() {
            self.problems.append(wrong);
            return fallback();
        }
        // Paths and lines of problems refer to the file of the profile.
        let outside = std::mem::replace(&mut self.file, file.to_owned());
        let mut profile = self.any_profile(&root, "", bases);
        self.file = outside;
        if root.key("name").is_none() {
            stem(name).clone_into(&mut profile.name);
        }
        profile
    }

    /// Sets the parameters of `profile` that a map contains.
    fn overlay(&mut self, profile: &mut Profile, node: &Node, path: &str) {
        let inside = |key: &str| inside(path, key);
        if let Some(name) = node.key("name").and_then(Node::text) {
            name.clone_into(&mut profile.name);
        }
        if let Some(latency) = node.key("latency") {
            self.latency(&mut profile.latency, latency, &inside("latency"));
            match latency.key("per").and_then(Node::text) {
                Some("task") => profile.spread = SpreadOf::Task,
                Some(_) => profile.spread = SpreadOf::Attempt,
                None => {}
            }
        }
        self.reading(&mut profile.reading, node, path);
        if let Some(variation) = node.key("variation") {
            number(&mut profile.variation.run, variation, "run");
            number(&mut profile.variation.agent, variation, "agent");
            number(&mut profile.variation.round, variation, "round");
            number(&mut profile.variation.call, variation, "call");
        }
        if let Some(tool) = node.key("tool") {
            profile.tool = Some(self.dist(tool, Unit::Seconds, &inside("tool")));
        }
        if let Some(tokens) = node.key("tokens") {
            self.tokens(&mut profile.tokens, tokens, &inside("tokens"));
        }
        if let Some(batching) = node.key("batching") {
            number(&mut profile.batching.ahead, batching, "ahead");
            if let Some(tasks) = batching.key("tasks") {
                let was_as_tasks = profile.batching.unowned == profile.batching.tasks;
                profile.batching.tasks = self.batch_size(tasks, &inside("batching.tasks"));
                if was_as_tasks {
                    profile.batching.unowned = profile.batching.tasks.clone();
                }
            }
            if let Some(unowned) = batching.key("unowned") {
                profile.batching.unowned = self.batch_size(unowned, &inside("batching.unowned"));
            }
        }
        self.overlay_faults(&mut profile.fallibility, node, path);
        self.note_keys_of_a_lead(node, path);
        if let Some(learned) = node.key("behaviour") {
            match calibration(&self.file, learned) {
                Ok(calibration) => {
                    profile.learned_policy = Some(Arc::new(calibration.learned_policy(None)));
                    profile.learned = calibration.learned(None).map(Arc::new);
                }
                Err(problems) => self.problems.append(problems),
            }
        }
        if let Some(model) = node.key("model") {
            self.select_model(profile, model, &inside("model"));
        }
    }

    fn overlay_faults(&mut self, faults: &mut Fallibility, node: &Node, path: &str) {
        number(&mut faults.error_rate, node, "error_rate");
        number(&mut faults.detection, node, "detection");
        number(&mut faults.conflict_probability, node, "conflict_probability");
        number(&mut faults.premature_completion, node, "premature_completion");
        number(&mut faults.no_progress, node, "no_progress");
        number(&mut faults.orphan_rate, node, "orphan_rate");
        number(&mut faults.crash_rate, node, "crash_rate");
        number(&mut faults.stall_rate, node, "stall_rate");
        if let Some(lease) = node.key("lease").and_then(seconds) {
            faults.lease = Some(Time::from_secs(lease));
        }
        if let Some(recovery) = node.key("recovery") {
            faults.recovery = self.dist(recovery, Unit::Seconds, &inside(path, "recovery"));
        }
        if let Some(stall) = node.key("stall") {
            faults.stall = self.dist(stall, Unit::Seconds, &inside(path, "stall"));
        }
    }

    /// Sets the speeds of reading. Cached tokens take no time unless their speed is given.
    fn reading(&mut self, reading: &mut ReadingSpeed, node: &Node, path: &str) {
        number(&mut reading.input, node, "input_tokens_per_second");
        let Some(cached) = node.key("cached_tokens_per_second") else { return };
        reading.cached = cached.number().unwrap_or(reading.cached);
        if reading.input.is_infinite() {
            let message = "\"cached_tokens_per_second\" is given without \"input_tokens_per_second\", so that only \
                           cached tokens take time"
                .to_owned();
            let path = inside(path, "cached_tokens_per_second");
            self.report("combination", cached.line, &path, message, "both keys, or the latter alone");
        }
    }

    /// Sets token counts. A profile with counts reads the outputs that its tasks depend on.
    fn tokens(&mut self, counts: &mut Tokens, node: &Node, path: &str) {
        counts.reads_dependencies = true;
        count(&mut counts.system, node, "system");
        count(&mut counts.board_per_task, node, "board_per_task");
        count(&mut counts.per_message, node, "per_message");
        count(&mut counts.briefing, node, "briefing");
        count(&mut counts.history_limit, node, "history_limit");
        number(&mut counts.verbosity, node, "verbosity");
        count(&mut counts.overhead, node, "overhead");
        number(&mut counts.cached_share, node, "cached_share");
        if let Some(lifetime) = node.key("cache_lifetime").and_then(seconds) {
            counts.cache_lifetime = Some(Time::from_secs(lifetime));
        }
        let given = |key| node.key(key).map(|node| (key, node.line));
        if let Some((key, line)) = given("cache_lifetime").or_else(|| given("cached_share"))
            && counts.cache_lifetime.is_some()
            && counts.cached_share > 0.0
        {
            let share = counts.cached_share;
            let message = format!("\"cache_lifetime\" replaces \"cached_share\", which is {share}");
            self.report("combination", line, &inside(path, key), message, "cached_share: 0, or no cache_lifetime");
        }
    }

    /// Notes the keys that do not apply to agents with a learned policy. A policy replaces the keys of its base.
    fn note_keys_of_a_lead(&mut self, node: &Node, path: &str) {
        let has_policy = node.key("behaviour").is_some();
        if has_policy {
            self.of_a_lead.clear();
        }
        for key in OF_A_LEAD.into_iter().skip(if has_policy { BESIDE_A_POLICY } else { 0 }) {
            if let Some(value) = node.get(key) {
                let (file, path) = (self.file.clone(), inside(path, key));
                self.of_a_lead.push(GivenKey { file, line: value.line, path, key });
            }
        }
    }

    /// Selects one model of a learned policy.
    fn select_model(&mut self, profile: &mut Profile, node: &Node, path: &str) {
        let (Some(model), Some(learned_policy)) = (node.text(), &profile.learned_policy) else { return };
        if learned_policy.models.iter().any(|known| known == model) {
            profile.learned_policy = Some(Arc::new(LearnedPolicy::clone(learned_policy).only(model)));
            return;
        }
        let mut known = learned_policy.models.clone();
        known.dedup();
        let near = suggestion(model, known.iter().map(String::as_str));
        let message = format!("the profile has no model {}{near}", quoted(model));
        self.report("profile", node.line, path, message, &known.join(", "));
    }

    fn latency(&mut self, latency: &mut Latency, node: &Node, path: &str) {
        if node.text() == Some("recorded") {
            *latency = Latency::Recorded;
            return;
        }
        if !matches!(node.kind, NodeKind::Map(_)) {
            let task = self.dist(node, Unit::Seconds, path);
            *latency = Latency::PerTask { idle: task.clone(), task };
            return;
        }
        let given_ttft = node.key("ttft").and_then(seconds);
        let given_speed = node.key("tokens_per_second").and_then(Node::number);
        if given_ttft.is_some() || given_speed.is_some() {
            let (ttft, speed) = match latency {
                Latency::Tokens { ttft, tokens_per_second } => (*ttft, Some(*tokens_per_second)),
                Latency::PerTask { .. } | Latency::Recorded => (0.0, None),
            };
            if let Some(tokens_per_second) = given_speed.or(speed) {
                *latency = Latency::Tokens { ttft: given_ttft.unwrap_or(ttft), tokens_per_second };
            } else {
                let path = format!("{path}.tokens_per_second");
                self.report("missing-key", node.line, &path, "missing".to_owned(), "a number above 0");
            }
            return;
        }
        let given_task = node.key("task").map(|task| self.dist(task, Unit::Seconds, &format!("{path}.task")));
        let given_idle = node.key("idle").map(|idle| self.dist(idle, Unit::Seconds, &format!("{path}.idle")));
        let task = match (&given_task, &*latency) {
            (None, _) if given_idle.is_none() => return,
            (Some(task), _) | (None, Latency::PerTask { task, .. }) => task.clone(),
            (None, Latency::Tokens { .. } | Latency::Recorded) => {
                let path = format!("{path}.task");
                let expected = "a duration or a distribution";
                return self.report("missing-key", node.line, &path, "missing".to_owned(), expected);
            }
        };
        let idle = given_idle.unwrap_or_else(|| match &*latency {
            // The time of an idle call stays if it differed from that of a task; otherwise it follows that of a task.
            Latency::PerTask { task, idle } if idle != task => idle.clone(),
            _ => task.clone(),
        });
        *latency = Latency::PerTask { task, idle };
    }

    fn batch_size(&mut self, node: &Node, path: &str) -> BatchSize {
        match (node.text(), node.whole()) {
            (Some("all"), _) => BatchSize::All,
            (None, Some(tasks)) => BatchSize::Fixed(u32::try_from(tasks).unwrap_or(u32::MAX)),
            _ => BatchSize::Drawn(self.dist(node, Unit::Count, path)),
        }
    }
}

fn inside(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn seconds(node: &Node) -> Option<f64> {
    quantity::duration(node.text()?).ok()
}

fn number(into: &mut f64, node: &Node, key: &str) {
    if let Some(value) = node.key(key).and_then(Node::number) {
        *into = value;
    }
}

fn count(into: &mut u32, node: &Node, key: &str) {
    if let Some(value) = node.key(key).and_then(Node::whole) {
        *into = u32::try_from(value).unwrap_or(u32::MAX);
    }
}
