//! The memory of agents that follow a learned policy, and what they share.

use crate::engine::{IdSet, Time};
use crate::simulation::learned::compiled_policy::PlannedCall;
use crate::team::{AgentId, CallModel, ContextWindow, TASK_CLASSES};
use crate::workload::{ArtifactId, TaskGraph, TaskId};

/// Messages of an agent that are remembered: more than any window takes, as a call adds two at least.
const REMEMBERED: usize = 64;

/// Memory of agents with a learned policy, and their shared state.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct LearnedState {
    pub(in crate::simulation) agents: Vec<Memory>,
    /// Time until which tests run, during which no reply is processed.
    pub(in crate::simulation) tests_until: Time,
    pub(in crate::simulation) by_class: [Vec<TaskId>; TASK_CLASSES],
    pub(in crate::simulation) done: Vec<TaskId>,
    /// Plans of parked calls, by slot.
    parked: Vec<PlannedCall>,
    /// Artifacts that were written.
    pub(in crate::simulation) written: IdSet<ArtifactId>,
}

/// Memory of an agent with a learned policy.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Memory {
    /// Tasks whose files it has written, that it has asked for, that it has finished.
    pub(in crate::simulation) begun: IdSet<TaskId>,
    pub(in crate::simulation) asked: IdSet<TaskId>,
    pub(in crate::simulation) finished: IdSet<TaskId>,
    /// Number of those.
    pub(in crate::simulation) has_finished: u16,
    pub(in crate::simulation) trajectory: u32,
    /// True if its calls draw residuals of their own, as another agent follows the same trajectory.
    pub(in crate::simulation) is_copy: bool,
    /// Run effect of the recorded run that this one is like.
    pub(in crate::simulation) team_effect: f64,
    /// Deviation of this run from it, in standard deviations.
    pub(in crate::simulation) run_deviation: f64,
    pub(in crate::simulation) last: Option<u32>,
    pub(in crate::simulation) idle: u16,
    /// Tokens and messages of its latest calls, newest at `calls - 1`.
    pub(in crate::simulation) window: [(u32, u16); REMEMBERED],
    /// Tokens of all its calls.
    pub(in crate::simulation) history: f64,
    pub(in crate::simulation) calls: usize,
    pub(in crate::simulation) plan: PlannedCall,
}

impl LearnedState {
    pub(in crate::simulation) fn new(agents: usize, graph: &TaskGraph, common_files: usize) -> LearnedState {
        let tasks = graph.len();
        let memory = Memory {
            begun: IdSet::empty(tasks),
            asked: IdSet::empty(tasks),
            finished: IdSet::empty(tasks),
            has_finished: 0,
            trajectory: 0,
            is_copy: false,
            team_effect: 0.0,
            run_deviation: 0.0,
            last: None,
            idle: 0,
            window: [(0, 0); REMEMBERED],
            history: 0.0,
            calls: 0,
            plan: PlannedCall::default(),
        };
        LearnedState {
            agents: vec![memory; agents],
            tests_until: Time::ZERO,
            by_class: std::array::from_fn(|_| Vec::with_capacity(tasks)),
            done: Vec::with_capacity(tasks),
            parked: Vec::new(),
            written: IdSet::empty(graph.artifacts().len() + common_files),
        }
    }
}

impl LearnedState {
    /// Exchanges the plan of an agent's call with that of a parked one of its own.
    pub(in crate::simulation) fn swap_parked(&mut self, slot: usize, agent: AgentId) {
        if self.parked.len() <= slot {
            self.parked.resize(slot + 1, PlannedCall::default());
        }
        std::mem::swap(&mut self.parked[slot], &mut self.agents[agent.index()].plan);
    }
}

impl Memory {
    pub(in crate::simulation) fn clear(&mut self, trajectory: u32) {
        self.begun.clear();
        self.asked.clear();
        self.finished.clear();
        self.has_finished = 0;
        self.trajectory = trajectory;
        self.last = None;
        self.idle = 0;
        self.history = 0.0;
        self.calls = 0;
    }

    /// Logarithm of the factor by which calls take longer than in the recorded run that this one is like. The factor has
    /// mean 1.
    pub(in crate::simulation) fn run_effect(&self, call_model: &CallModel) -> f64 {
        call_model.run_effect_sd * self.run_deviation - 0.5 * call_model.run_effect_sd * call_model.run_effect_sd
    }

    /// Input tokens of the next call: the prompt, the board, and what is sent along again.
    pub(in crate::simulation) fn input_tokens(&self, call_model: &CallModel) -> f64 {
        let mut sum = call_model.prompt_tokens + call_model.board_tokens;
        let most = match call_model.window {
            ContextWindow::Messages(most) => most,
            ContextWindow::WholeHistory => return sum + self.history,
            ContextWindow::Mean => return sum,
        };
        let mut messages = 0;
        for back in 1..=self.calls.min(REMEMBERED) {
            let (tokens, more) = self.window[(self.calls - back) % REMEMBERED];
            messages += more;
            if messages > most {
                break;
            }
            sum += f64::from(tokens);
        }
        sum
    }

    pub(in crate::simulation) fn remember(&mut self, tokens: f64, messages: u16) {
        self.window[self.calls % REMEMBERED] = (tokens.round() as u32, messages);
        self.history += tokens.round();
        self.calls += 1;
    }
}
