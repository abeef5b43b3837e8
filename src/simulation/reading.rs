//! Reading: nothing is shared for free. An agent knows what it wrote or read before; the rest costs input tokens and time.
//!
//! ```text
//! input = system + board + messages + context
//! context = briefing (first call) + outputs of dependencies not yet known + what was read and written before
//! ```

use crate::record::{InputParts, StepKind};
use crate::simulation::compiled_profile::{CallTime, CompiledProfile};
use crate::simulation::features::Feature;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::InFlightStep;
use crate::team::{AgentId, Reports};
use crate::workload::TaskId;

impl Simulator<'_> {
    /// Counts the input of a step that begins; returns the microseconds of reading it.
    pub(super) fn read_input(&mut self, agent: AgentId, step: &mut InFlightStep) -> f64 {
        let profile = &self.profiles[self.agents[agent].profile];
        let mut parts = InputParts::default();
        if self.features.uses(Feature::Messages) {
            parts.messages = self.team.mail.read(agent).saturating_mul(profile.tokens.per_message);
        }
        if step.kind == StepKind::Work && !profile.task_input.is_empty() {
            let recorded = self.agents[agent].flight.tasks.iter();
            step.input_tokens =
                recorded.fold(0, |sum, planned| sum.saturating_add(profile.task_input[planned.task.index()]));
        }
        step.input_tokens = step.input_tokens.saturating_add(profile.fixed_input).saturating_add(parts.messages);
        if !self.features.uses(Feature::Reading) {
            self.agents[agent].flight.parts = parts;
            step.cached_tokens = profile.cached(step.input_tokens);
            return 0.0;
        }
        self.read_context(agent, step, &mut parts);
        self.agents[agent].flight.parts = parts;
        let profile = &self.profiles[self.agents[agent].profile];
        profile.reading_us(step, &parts)
    }

    /// Adds the context to the input of a step, and the new parts to the context.
    fn read_context(&mut self, agent: AgentId, step: &mut InFlightStep, parts: &mut InputParts) {
        let state = &self.agents[agent];
        let profile = &self.profiles[state.profile];
        let context = &mut self.reading.contexts[agent.index()];
        let limit = profile.tokens.history_limit;
        parts.history = context.tokens;
        if !context.has_joined {
            context.has_joined = true;
            parts.briefing = profile.tokens.briefing;
        }
        if step.kind == StepKind::Work && profile.tokens.reads_dependencies {
            let tasks = &state.flight.tasks;
            for planned in tasks {
                self.reading.known.insert(agent, planned.task);
            }
            for planned in tasks {
                for &on in &self.team.graph[planned.task].depends_on {
                    if !self.reading.known.contains(agent, on) {
                        self.reading.known.insert(agent, on);
                        parts.reading = parts.reading.saturating_add(profile.output_of(on));
                    }
                }
            }
        }
        let fresh = parts.briefing.saturating_add(parts.reading);
        step.input_tokens = step.input_tokens.saturating_add(parts.history).saturating_add(fresh);
        let kept =
            context.tokens.saturating_add(fresh).saturating_add(parts.messages).saturating_add(step.output_tokens);
        context.tokens = kept.min(limit);
        if let Some(lifetime) = profile.tokens.cache_lifetime {
            let held = if self.team.now <= context.cached_until { context.cached } else { 0 };
            step.cached_tokens = held.min(profile.tokens.system.saturating_add(parts.history));
            parts.cache_write = step.input_tokens - step.cached_tokens;
            context.cached = profile.tokens.system.saturating_add(context.tokens);
            // The lifetime counts from the call: a cache is written when the prompt is read.
            context.cached_until = self.team.now + lifetime;
        } else {
            step.cached_tokens = profile.cached(step.input_tokens);
        }
    }

    /// Output tokens of the reports of a working step: one message for each task.
    pub(super) fn report_tokens(&self, agent: AgentId) -> u32 {
        let writes = match self.spec.reports {
            Reports::Nobody => false,
            Reports::Lead => self.team.lead.is_some_and(|lead| lead != agent),
            Reports::Team => self.agents.len() > 1,
        };
        let state = &self.agents[agent];
        let messages = if writes { state.flight.tasks.len() as u32 } else { 0 };
        messages.saturating_mul(self.profiles[state.profile].tokens.per_message)
    }

    /// Output tokens of the messages of an assigning step: one for each agent that gets a task.
    pub(super) fn assignment_tokens(&self, agent: AgentId) -> u32 {
        let state = &self.agents[agent];
        let assignments = &state.flight.assignments;
        let is_first = |index: usize| assignments[..index].iter().all(|&(_, other)| other != assignments[index].1);
        let messages = (0..assignments.len()).filter(|&index| is_first(index)).count() as u32;
        messages.saturating_mul(self.profiles[state.profile].tokens.per_message)
    }
}

impl CompiledProfile {
    /// Input tokens that are read from the cache, without a prompt cache.
    #[inline]
    pub(super) fn cached(&self, input: u32) -> u32 {
        ((u64::from(input) * self.cached_65536) >> 16) as u32
    }

    /// Output tokens of a task, read by others: without the overhead of its call.
    fn output_of(&self, task: TaskId) -> u32 {
        self.task_tokens[task].saturating_sub(self.tokens.overhead)
    }

    /// Microseconds of reading an input. Without a prompt cache, the context that is sent again takes no time, as a
    /// provider keeps the prefix of a conversation; with one, this is what the cache is for. A recorded time contains the
    /// reading of the recorded input; only what a team reads in addition takes time.
    fn reading_us(&self, step: &InFlightStep, parts: &InputParts) -> f64 {
        let (fresh, cached) = match (&self.latency, self.tokens.cache_lifetime) {
            (CallTime::Recorded { .. }, _) => {
                (parts.reading.saturating_add(parts.briefing).saturating_add(parts.messages), 0)
            }
            (_, Some(_)) => (step.input_tokens - step.cached_tokens, step.cached_tokens),
            (_, None) => {
                let new = step.input_tokens - parts.history;
                (new - self.cached(new), self.cached(new))
            }
        };
        f64::from(fresh) * self.us_per_input_token + f64::from(cached) * self.us_per_cached_token
    }
}
