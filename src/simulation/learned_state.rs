//! The memory of agents that follow a learned policy, and what they share.

use crate::engine::{IdSet, Time};
use crate::simulation::compiled_policy::PlannedCall;
use crate::team::{CallModel, TASK_CLASSES};
use crate::workload::TaskId;

/// Messages of an agent that are remembered: more than any window takes, as a call adds two at least.
const REMEMBERED: usize = 64;

/// Memory of agents with a learned policy, and their shared state.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits {
    pub(super) agents: Vec<Memory>,
    /// Until when tests keep everybody from being taken up.
    pub(super) tests_until: Time,
    pub(super) sorted: [Vec<TaskId>; TASK_CLASSES],
    pub(super) done: Vec<TaskId>,
}

#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Tasks whose files it has written, that it has asked for, that it has finished.
    pub(super) begun: IdSet<TaskId>,
    pub(super) asked: IdSet<TaskId>,
    pub(super) finished: IdSet<TaskId>,
    /// Number of those.
    pub(super) has_finished: u16,
    pub(super) trajectory: u32,
    /// True if its calls take as long as typical calls, and not as long as the recorded ones.
    pub(super) is_copy: bool,
    /// The logarithm of the pace of the recorded run that this one is like.
    pub(super) day: f64,
    /// By how many standard deviations this one is off it.
    pub(super) off: f64,
    pub(super) last: Option<u32>,
    pub(super) idle: u16,
    /// Tokens and messages of its latest calls, newest at `calls - 1`.
    pub(super) window: [(u32, u16); REMEMBERED],
    pub(super) calls: usize,
    pub(super) plan: PlannedCall,
}

impl Habits {
    pub(super) fn new(agents: usize, tasks: usize) -> Habits {
        let memory = Memory {
            begun: IdSet::empty(tasks),
            asked: IdSet::empty(tasks),
            finished: IdSet::empty(tasks),
            has_finished: 0,
            trajectory: 0,
            is_copy: false,
            day: 0.0,
            off: 0.0,
            last: None,
            idle: 0,
            window: [(0, 0); REMEMBERED],
            calls: 0,
            plan: PlannedCall {
                writes: Vec::with_capacity(2 * tasks),
                claims: Vec::with_capacity(2 * tasks),
                completes: Vec::with_capacity(2 * tasks),
                ..PlannedCall::default()
            },
        };
        let list = || Vec::with_capacity(tasks);
        Habits {
            // A clone of an empty list has no room.
            agents: (0..agents).map(|_| Memory { plan: roomy(tasks), ..memory.clone() }).collect(),
            tests_until: Time::ZERO,
            sorted: std::array::from_fn(|_| list()),
            done: list(),
        }
    }
}

fn roomy(tasks: usize) -> PlannedCall {
    let list = || Vec::with_capacity(2 * tasks);
    PlannedCall { writes: list(), claims: list(), completes: list(), ..PlannedCall::default() }
}

impl Memory {
    pub(super) fn clear(&mut self, trajectory: u32) {
        self.begun.clear();
        self.asked.clear();
        self.finished.clear();
        self.has_finished = 0;
        self.trajectory = trajectory;
        self.last = None;
        self.idle = 0;
        self.calls = 0;
    }

    /// The logarithm of how much longer calls take than those of the run that this one is like: around a mean of 1, so that
    /// runs are not slower for it.
    pub(super) fn run_effect(&self, call_model: &CallModel) -> f64 {
        call_model.run_effect_sd * self.off - 0.5 * call_model.run_effect_sd * call_model.run_effect_sd
    }

    /// Input tokens of the next call: the prompt, the board, and what is sent along again.
    pub(super) fn input_tokens(&self, call_model: &CallModel) -> f64 {
        let mut sum = call_model.prompt_tokens + call_model.board_tokens;
        let mut messages = 0;
        for back in 1..=self.calls.min(REMEMBERED) {
            let (tokens, more) = self.window[(self.calls - back) % REMEMBERED];
            messages += more;
            if messages > call_model.window {
                break;
            }
            sum += f64::from(tokens);
        }
        sum
    }

    pub(super) fn remember(&mut self, tokens: f64, messages: u16) {
        self.window[self.calls % REMEMBERED] = (tokens.round() as u32, messages);
        self.calls += 1;
    }
}
