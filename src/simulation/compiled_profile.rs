//! Compiled profile: samplers in microseconds, probabilities as thresholds, token counts of each task.

use std::ops::Index;

use crate::engine::rng::Bernoulli;
use crate::engine::{Dist, InlineVec, Sampler, Samplers, Time};
use crate::simulation::learned::compiled_policy::CompiledPolicy;
use crate::team::{BatchSize, Fallibility, Latency, Profile, SpreadOf, Tokens};
use crate::workload::{Task, TaskGraph, TaskId};

/// Compiled form of a profile.
#[derive(Clone, Debug)]
pub(super) struct CompiledProfile {
    pub(super) latency: CallTime,
    pub(super) is_drawn_per_attempt: bool,
    pub(super) tool: Option<Sampler>,
    /// Microseconds of reading a token.
    pub(super) us_per_input_token: f64,
    pub(super) us_per_cached_token: f64,
    pub(super) effects: LatencyEffects,
    pub(super) tokens: Tokens,
    /// Input tokens of the prompt and the board.
    pub(super) fixed_input: u32,
    /// Cached input in 1/65536 of the input.
    pub(super) cached_65536: u64,
    /// Output tokens of a call on each task, the overhead of the call included.
    pub(super) task_tokens: InlineVec<TaskId, u32>,
    /// Input tokens of a call on each task, if those were recorded; else empty.
    pub(super) task_input: Vec<u32>,
    pub(super) batch: Batch,
    pub(super) batch_unowned: Batch,
    pub(super) ahead: Bernoulli,
    pub(super) step_faults: StepFaults,
    pub(super) attempt_faults: AttemptFaults,
    /// Learned policy, in place of all of the above.
    pub(super) policy: Option<CompiledPolicy>,
}

/// Compiled profiles of a team, by number; at least one, and nearly always one.
#[derive(Clone, Debug)]
pub(super) struct CompiledProfiles {
    first: CompiledProfile,
    others: Vec<CompiledProfile>,
}

impl CompiledProfiles {
    pub(super) fn new(first: CompiledProfile) -> CompiledProfiles {
        CompiledProfiles { first, others: Vec::new() }
    }

    /// One more; returns its number.
    pub(super) fn push(&mut self, mind: CompiledProfile) -> usize {
        self.others.push(mind);
        self.others.len()
    }

    pub(super) fn len(&self) -> usize {
        1 + self.others.len()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut CompiledProfile> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CompiledProfile> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Faults of attempts of a profile, for an exploration to change.
    pub(super) fn faults_mut(&mut self, number: usize) -> &mut AttemptFaults {
        let profile = if number == 0 { &mut self.first } else { &mut self.others[number - 1] };
        &mut profile.attempt_faults
    }
}

impl Index<usize> for CompiledProfiles {
    type Output = CompiledProfile;
    #[inline]
    fn index(&self, number: usize) -> &CompiledProfile {
        if number == 0 { &self.first } else { &self.others[number - 1] }
    }
}

/// Microseconds of a call.
#[derive(Clone, Debug)]
pub(super) enum CallTime {
    PerTask { task: Sampler, idle: Sampler },
    Tokens { ttft_us: f64, us_per_token: f64 },
    Recorded { task_us: Vec<f64> },
}

/// Lognormal factors of mean 1; none where the standard deviation is 0.
#[derive(Clone, Debug)]
pub(super) struct LatencyEffects {
    pub(super) run: Option<Sampler>,
    pub(super) agent: Option<Sampler>,
    pub(super) round: Option<Sampler>,
    pub(super) call: Option<Sampler>,
    pub(super) any: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Batch {
    One,
    Fixed(u32),
    Drawn(Sampler),
}

/// Faults of a step, whatever it works on.
#[derive(Clone, Debug)]
pub(super) struct StepFaults {
    pub(super) any: bool,
    pub(super) no_progress: Bernoulli,
    pub(super) crash: Bernoulli,
    pub(super) recovery: Sampler,
    pub(super) stall: Bernoulli,
    pub(super) stall_time: Sampler,
}

/// Faults of an attempt on a task.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptFaults {
    pub(super) error: Bernoulli,
    pub(super) detection: Bernoulli,
    pub(super) premature: Bernoulli,
    pub(super) orphan: Bernoulli,
    pub(super) lease: Option<Time>,
    /// Probability that two overlapping steps on related artifacts do not conflict.
    pub(super) no_conflict_probability: f64,
}

impl Batch {
    fn new(size: &BatchSize, samplers: &Samplers) -> Batch {
        match size {
            BatchSize::Fixed(0 | 1) => Batch::One,
            BatchSize::Fixed(tasks) => Batch::Fixed(*tasks),
            BatchSize::All => Batch::Fixed(u32::MAX),
            BatchSize::Drawn(dist) => Batch::Drawn(samplers.get(dist)),
        }
    }
}

impl StepFaults {
    fn new(fallibility: &Fallibility, samplers: &Samplers) -> StepFaults {
        let us = |dist: &Dist| samplers.get(&dist.scaled(1e6));
        StepFaults {
            any: fallibility.no_progress > 0.0 || fallibility.crash_rate > 0.0 || fallibility.stall_rate > 0.0,
            no_progress: Bernoulli::new(fallibility.no_progress),
            crash: Bernoulli::new(fallibility.crash_rate),
            recovery: us(&fallibility.recovery),
            stall: Bernoulli::new(fallibility.stall_rate),
            stall_time: us(&fallibility.stall),
        }
    }
}

impl AttemptFaults {
    fn new(fallibility: &Fallibility) -> AttemptFaults {
        AttemptFaults {
            error: Bernoulli::new(fallibility.error_rate),
            detection: Bernoulli::new(fallibility.detection),
            premature: Bernoulli::new(fallibility.premature_completion),
            orphan: Bernoulli::new(fallibility.orphan_rate),
            lease: fallibility.lease,
            no_conflict_probability: 1.0 - fallibility.conflict_probability,
        }
    }
}

impl CompiledProfile {
    /// Returns true if a call may work on more than one task.
    pub(super) fn takes_batches(&self) -> bool {
        !matches!((&self.batch, &self.batch_unowned), (Batch::One, Batch::One))
    }

    /// Returns true if a call reads more than the prompt, the board and messages, or if reading takes time.
    pub(super) fn reads(&self) -> bool {
        let tokens = &self.tokens;
        tokens.reads_dependencies
            || tokens.briefing > 0
            || tokens.history_limit > 0
            || tokens.cache_lifetime.is_some()
            || self.us_per_input_token > 0.0
    }

    pub(super) fn new(
        profile: &Profile,
        graph: &TaskGraph,
        has_assignment: bool,
        agents: usize,
        samplers: &Samplers,
    ) -> CompiledProfile {
        let us = |dist: &Dist| samplers.get(&dist.scaled(1e6));
        let effect =
            |sigma: f64| (sigma > 0.0).then(|| samplers.get(&Dist::Lognormal { mu: -0.5 * sigma * sigma, sigma }));
        let variation = profile.variation;
        let tokens = profile.tokens;
        let recorded = |task: &Task| task.recorded.unwrap_or_default();
        let is_recorded = profile.latency == Latency::Recorded;
        CompiledProfile {
            latency: match &profile.latency {
                Latency::PerTask { task, idle } => CallTime::PerTask { task: us(task), idle: us(idle) },
                Latency::Recorded => CallTime::Recorded {
                    task_us: graph.tasks().iter().map(|task| recorded(task).time.as_us() as f64).collect(),
                },
                Latency::Tokens { ttft, tokens_per_second } => {
                    CallTime::Tokens { ttft_us: ttft * 1e6, us_per_token: 1e6 / tokens_per_second }
                }
            },
            is_drawn_per_attempt: profile.spread == SpreadOf::Attempt,
            tool: profile.tool.as_ref().map(us),
            us_per_input_token: 1e6 / profile.reading.input,
            us_per_cached_token: 1e6 / profile.reading.cached,
            effects: LatencyEffects {
                run: effect(variation.run),
                agent: effect(variation.agent),
                round: effect(variation.round),
                call: effect(variation.call),
                any: [variation.run, variation.agent, variation.round, variation.call].iter().any(|&s| s > 0.0),
            },
            tokens,
            fixed_input: tokens.system.saturating_add(tokens.board_per_task.saturating_mul(graph.len() as u32)),
            cached_65536: (tokens.cached_share * 65536.0) as u64,
            task_tokens: if is_recorded {
                graph.tasks().iter().map(|task| recorded(task).output_tokens).collect()
            } else {
                graph.tasks().iter().map(|task| output_of(&tokens, task)).collect()
            },
            task_input: if is_recorded {
                graph.tasks().iter().map(|task| recorded(task).input_tokens).collect()
            } else {
                Vec::new()
            },
            batch: Batch::new(&profile.batching.tasks, samplers),
            batch_unowned: Batch::new(&profile.batching.unowned, samplers),
            ahead: Bernoulli::new(profile.batching.ahead),
            step_faults: StepFaults::new(&profile.fallibility, samplers),
            attempt_faults: AttemptFaults::new(&profile.fallibility),
            policy: profile
                .learned_policy
                .as_deref()
                .and_then(|it| CompiledPolicy::new(it, graph, has_assignment, agents)),
        }
    }

    /// Takes the sizes and recorded costs of a graph that is otherwise the same.
    pub(super) fn resize(&mut self, graph: &TaskGraph) {
        if let CallTime::Recorded { task_us } = &mut self.latency {
            let costs = || graph.tasks().iter().map(|task| task.recorded.unwrap_or_default());
            task_us.iter_mut().zip(costs()).for_each(|(us, cost)| *us = cost.time.as_us() as f64);
            self.task_tokens.iter_mut().zip(costs()).for_each(|(tokens, cost)| *tokens = cost.output_tokens);
            self.task_input.iter_mut().zip(costs()).for_each(|(tokens, cost)| *tokens = cost.input_tokens);
        } else {
            let tokens = self.tokens;
            self.task_tokens
                .iter_mut()
                .zip(graph.tasks())
                .for_each(|(output, task)| *output = output_of(&tokens, task));
        }
    }
}

/// Output tokens of a call on a task.
fn output_of(tokens: &Tokens, task: &Task) -> u32 {
    tokens.overhead.saturating_add((tokens.verbosity * task.size).round() as u32)
}
