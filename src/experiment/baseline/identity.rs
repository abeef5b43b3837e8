//! Identity of a scenario: fingerprints of everything that affects a run.
//!
//! Fingerprints are made of the resolved values, so the order of keys and axes, comments, units, names of profiles, and
//! whether tasks are listed or generated do not matter. Every struct is destructured in full: a new field does not
//! compile until its effect on runs has been decided.

use std::sync::Arc;

use crate::engine::{Digest, Dist, Time};
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::profile::{Batching, Fallibility, ReadingSpeed, SpreadOf, Tokens, Variation};
use crate::team::{
    Agent, BatchSize, Blocks, Consistency, Latency, LockHeld, Locking, Profile, Resource, Role, WhenLocked,
};
use crate::workload::{RecordedCost, Task, TaskGraph};

/// Fingerprints of a scenario, or of all points of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// Fingerprint of the tasks.
    pub work: Digest,
    /// Fingerprint of the team.
    pub team: Digest,
    /// Fingerprint of architecture, pacing, consistency, resources, limits, prices.
    pub rules: Digest,
}

impl Identity {
    /// Combines the three fingerprints.
    pub fn whole(&self) -> Digest {
        let mut digest = Digest::default();
        digest.add_all([self.work.value(), self.team.value(), self.rules.value()]);
        digest
    }

    /// Combines the fingerprints of all points, independent of their order.
    pub fn from_points<'a>(points: &(impl Iterator<Item = &'a Identity> + Clone)) -> Identity {
        let part = |of: fn(&Identity) -> Digest| {
            let mut values: Vec<u64> = points.clone().map(|point| of(point).value()).collect();
            values.sort_unstable();
            let mut digest = Digest::default();
            for value in values {
                digest.add(value);
            }
            digest
        };
        Identity { work: part(|of| of.work), team: part(|of| of.team), rules: part(|of| of.rules) }
    }
}

/// Computes fingerprints, with a cache for graphs and profiles that many points share.
#[derive(Default)]
pub(super) struct Identifier {
    graph: Option<(Arc<TaskGraph>, Digest)>,
    profile: Option<(Arc<Profile>, Digest)>,
}

impl Identifier {
    /// Computes the fingerprints of a scenario; `protocol` is its architecture with all parameters.
    pub(super) fn identify(&mut self, scenario: &Scenario, protocol: &str) -> Identity {
        let Scenario {
            graph,
            team,
            pacing,
            consistency,
            dependency_check,
            resources,
            limits,
            prices,
            // Contained in `protocol`.
            architecture: _,
            architecture_name: _,
            graphs,
            // Name, origin of the workload, and the seed, which a baseline records separately.
            name: _,
            parallel_fraction: _,
            seed: _,
        } = scenario;
        let mut rules = FingerprintBuilder::default();
        rules.text(protocol);
        // The seed and `graph`, its draw of replication 0, identify the source.
        rules.number(u64::from(graphs.is_some()));
        rules.rules(*pacing, *consistency, *dependency_check, limits, prices);
        rules.number(resources.len() as u64);
        for resource in resources {
            rules.resource(resource);
        }
        Identity { work: self.graph(graph), team: self.team(team), rules: rules.0 }
    }

    fn graph(&mut self, graph: &Arc<TaskGraph>) -> Digest {
        match &self.graph {
            Some((known, digest)) if Arc::ptr_eq(known, graph) => *digest,
            _ => {
                let mut fingerprint = FingerprintBuilder::default();
                fingerprint.number(graph.len() as u64);
                fingerprint.real(graph.reference_size());
                for task in graph.tasks() {
                    fingerprint.task(task, graph);
                }
                self.graph = Some((graph.clone(), fingerprint.0));
                fingerprint.0
            }
        }
    }

    fn team(&mut self, team: &[Agent]) -> Digest {
        let mut fingerprint = FingerprintBuilder::default();
        fingerprint.number(team.len() as u64);
        for Agent { name: _, role, profile, skills } in team {
            fingerprint.number(u64::from(*role == Role::Lead));
            let digest = self.profile(profile);
            fingerprint.number(digest.value());
            fingerprint.number(skills.len() as u64);
            for skill in skills {
                fingerprint.text(skill);
            }
        }
        fingerprint.0
    }

    fn profile(&mut self, profile: &Arc<Profile>) -> Digest {
        match &self.profile {
            Some((known, digest)) if Arc::ptr_eq(known, profile) => *digest,
            _ => {
                let mut fingerprint = FingerprintBuilder::default();
                fingerprint.profile(profile);
                self.profile = Some((profile.clone(), fingerprint.0));
                fingerprint.0
            }
        }
    }
}

/// A fingerprint under construction.
#[derive(Default)]
struct FingerprintBuilder(Digest);

impl FingerprintBuilder {
    fn number(&mut self, number: u64) {
        self.0.add(number);
    }

    fn real(&mut self, value: f64) {
        // Both zeros are equal.
        self.0.add(if value == 0.0 { 0 } else { value.to_bits() });
    }

    fn reals<const N: usize>(&mut self, values: [f64; N]) {
        for value in values {
            self.real(value);
        }
    }

    fn text(&mut self, text: &str) {
        self.0.add_text(text);
    }

    fn time(&mut self, time: Option<Time>) {
        self.number(time.map_or(u64::MAX, Time::as_us));
    }

    fn dist(&mut self, dist: &Dist) {
        match dist {
            Dist::Constant(value) => {
                self.number(0);
                self.real(*value);
            }
            Dist::Uniform { low, high } => {
                self.number(1);
                self.reals([*low, *high]);
            }
            Dist::Exponential { mean } => {
                self.number(2);
                self.real(*mean);
            }
            Dist::Lognormal { mu, sigma } => {
                self.number(3);
                self.reals([*mu, *sigma]);
            }
            Dist::Gamma { shape, scale } => {
                self.number(4);
                self.reals([*shape, *scale]);
            }
            Dist::Weibull { shape, scale } => {
                self.number(5);
                self.reals([*shape, *scale]);
            }
            Dist::Empirical(values) => {
                self.number(6);
                self.number(values.len() as u64);
                for value in values {
                    self.real(*value);
                }
            }
        }
    }

    fn maybe(&mut self, dist: Option<&Dist>) {
        self.number(u64::from(dist.is_some()));
        if let Some(dist) = dist {
            self.dist(dist);
        }
    }

    fn task(&mut self, task: &Task, graph: &TaskGraph) {
        // The key is the hash of the id, and dependents are the dependencies of others.
        let Task { id, key: _, size, depends_on, dependents: _, reads, writes, skill, priority, release, recorded } =
            task;
        self.text(id);
        self.real(*size);
        self.number(*priority as u64);
        self.time(Some(*release));
        self.number(depends_on.len() as u64);
        for &other in depends_on {
            self.number(u64::from(other));
        }
        for artifacts in [reads, writes] {
            self.number(artifacts.len() as u64);
            for artifact in artifacts {
                self.text(graph.artifacts().get(artifact.index()).map_or("", String::as_str));
            }
        }
        let skill = skill.and_then(|skill| graph.skills().get(skill as usize));
        self.text(skill.map_or("", String::as_str));
        let RecordedCost { time, input_tokens, output_tokens } = recorded.unwrap_or_default();
        self.number(u64::from(recorded.is_some()));
        self.time(Some(time));
        self.number(u64::from(input_tokens) << 32 | u64::from(output_tokens));
    }

    fn profile(&mut self, profile: &Profile) {
        let Profile {
            name: _,
            latency,
            spread,
            reading,
            variation,
            tool,
            tokens,
            batching,
            fallibility,
            learned_policy,
            learned: _,
        } = profile;
        match latency {
            Latency::Tokens { ttft, tokens_per_second } => {
                self.number(0);
                self.reals([*ttft, *tokens_per_second]);
            }
            Latency::Recorded => self.number(1),
            Latency::PerTask { task, idle } => {
                self.number(2);
                self.dist(task);
                self.dist(idle);
            }
        }
        self.number(u64::from(*spread == SpreadOf::Attempt));
        let ReadingSpeed { input, cached } = *reading;
        self.reals([input, cached]);
        let Variation { run, agent, round, call } = *variation;
        self.reals([run, agent, round, call]);
        self.maybe(tool.as_ref());
        self.tokens(tokens);
        let Batching { tasks, unowned, ahead } = batching;
        self.batch(tasks);
        self.batch(unowned);
        self.real(*ahead);
        self.fallibility(fallibility);
        // Debug output contains every figure of these tables to its last digit.
        if let Some(learned_policy) = learned_policy {
            self.text(&format!("{learned_policy:?}"));
        }
    }

    fn tokens(&mut self, tokens: &Tokens) {
        let Tokens {
            system,
            board_per_task,
            per_message,
            briefing,
            reads_dependencies,
            history_limit,
            verbosity,
            overhead,
            cached_share,
            cache_lifetime,
        } = *tokens;
        for count in [system, board_per_task, per_message, briefing, history_limit, overhead] {
            self.number(u64::from(count));
        }
        self.number(u64::from(reads_dependencies));
        self.time(cache_lifetime);
        self.reals([verbosity, cached_share]);
    }

    fn batch(&mut self, batch: &BatchSize) {
        match batch {
            BatchSize::Fixed(tasks) => {
                self.number(0);
                self.number(u64::from(*tasks));
            }
            BatchSize::All => self.number(1),
            BatchSize::Drawn(dist) => {
                self.number(2);
                self.dist(dist);
            }
        }
    }

    fn fallibility(&mut self, fallibility: &Fallibility) {
        let Fallibility {
            error_rate,
            detection,
            conflict_probability,
            premature_completion,
            no_progress,
            orphan_rate,
            lease,
            crash_rate,
            recovery,
            stall_rate,
            stall,
        } = fallibility;
        self.reals([*error_rate, *detection, *conflict_probability, *premature_completion, *no_progress]);
        self.reals([*orphan_rate, *crash_rate, *stall_rate]);
        self.time(*lease);
        self.dist(recovery);
        self.dist(stall);
    }

    fn rules(
        &mut self,
        pacing: Pacing,
        consistency: Consistency,
        dependency_check: DependencyCheck,
        limits: &Limits,
        prices: &Prices,
    ) {
        self.number(match pacing {
            Pacing::Async => 0,
            Pacing::Rounds { idle_calls: false } => 1,
            Pacing::Rounds { idle_calls: true } => 2,
        });
        match consistency {
            Consistency::LastWriterWins => self.number(0),
            Consistency::Lock(Locking { held, when_locked }) => {
                self.number(1);
                self.real(if let LockHeld::Write(part) = held { part } else { -1.0 });
                self.number(u64::from(when_locked == WhenLocked::Wait));
            }
            Consistency::Optimistic => self.number(2),
        }
        self.number(match dependency_check {
            DependencyCheck::Claim => 0,
            DependencyCheck::Complete => 1,
            DependencyCheck::None => 2,
        });
        let Limits { rounds, time, tokens, calls } = *limits;
        for limit in [u64::from(rounds), time.as_us(), tokens, calls] {
            self.number(limit);
        }
        let Prices { input, cache_write, cached_input, output } = *prices;
        self.reals([input, cache_write, cached_input, output]);
    }

    fn resource(&mut self, resource: &Resource) {
        let Resource { name, capacity, service, blocks, share } = resource;
        // Draws of a resource are keyed by its name.
        self.text(name);
        self.number(u64::from(*capacity));
        self.maybe(service.as_ref());
        self.number(match blocks {
            Blocks::User => 0,
            Blocks::Everyone => 1,
            Blocks::Nobody => 2,
        });
        self.real(*share);
    }
}
