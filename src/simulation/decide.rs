//! Decisions: free agents that have a reason to act are asked, on the board as it is now.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::architecture::Architecture;
use crate::engine::{Id, Purpose, Stream};
use crate::record::{Observer, StepKind};
use crate::simulation::features::{Feature, bounded_id};
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::step_entity;
use crate::team::{Action, AgentId, View, WaitFor};

impl Simulator<'_> {
    /// Asks every agent that is free and has a reason to act, in id order; nobody while the audit waits. An agent whose attempt was just rejected comes
    /// last, so that the task is offered to the others first.
    #[inline(always)]
    pub(super) fn start_steps<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
    ) {
        if GENERAL && self.is_draining {
            self.note_all_waits(observer);
            return;
        }
        let signals = self.wait_sets.take_signals();
        let last = self.wait_sets.take_last();
        let mut is_last_due = false;
        for group in 0..if GENERAL { self.wait_sets.groups() } else { 1 } {
            let (mut due, waiting) = self.wait_sets.due(group, signals);
            if last.word() == group {
                is_last_due = due >> last.bit() & 1 == 1;
                due &= !(1 << last.bit());
            }
            while due != 0 {
                if self.nothing_to_take::<GENERAL>() {
                    self.wait_sets.wait_on(group, due & waiting);
                    due &= !waiting;
                    if due == 0 {
                        break;
                    }
                }
                let agent = bounded_id::<GENERAL, _>(AgentId::new(group as u32 * 64 + due.trailing_zeros()));
                due &= due - 1;
                self.start_step::<GENERAL, A, O>(architecture, agent, observer);
            }
        }
        if is_last_due {
            self.start_step::<GENERAL, A, O>(architecture, bounded_id::<GENERAL, _>(last), observer);
        }
        if GENERAL {
            self.note_waits(observer);
        }
    }

    /// Returns true if no task is ready and no agent owns one: agents that wait for a ready task need not be asked.
    #[inline(always)]
    fn nothing_to_take<const GENERAL: bool>(&self) -> bool {
        let others =
            self.features.has::<GENERAL>(Feature::Assignment) || self.features.has::<GENERAL>(Feature::Learned);
        !others && self.team.board.ready().is_empty()
    }

    /// Asks one agent; it starts a step or waits.
    #[inline(always)]
    fn start_step<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        agent: AgentId,
        observer: &mut O,
    ) {
        if GENERAL && self.has_learned_policy(agent) {
            if !self.start_recorded_call(agent, observer) {
                self.wait_sets.wait(agent, WaitFor::Change);
                self.note_wait(agent, observer);
            }
            return;
        }
        let action = self.ask(architecture, agent);
        // Nearly always one of the first two: with the others apart it takes no jump through a table.
        let started = match action {
            Action::Work(task) => self.start_work::<GENERAL, O>(agent, bounded_id::<GENERAL, _>(task), observer),
            Action::Wait(_) => false,
            other => self.start_other::<GENERAL, O>(agent, other, observer),
        };
        if !started {
            self.wait_sets.wait(agent, if let Action::Wait(until) = action { until } else { WaitFor::Change });
            if GENERAL {
                self.note_wait(agent, observer);
            }
        }
    }

    /// Starts a step that works on no task; returns false if there is nothing to start.
    #[inline(never)]
    fn start_other<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        action: Action,
        observer: &mut O,
    ) -> bool {
        match action {
            Action::Assign(rule) => self.start_assigning::<GENERAL, O>(agent, rule, observer),
            Action::Monitor => self.start_call::<GENERAL, O>(agent, StepKind::Monitor, observer),
            Action::Work(_) | Action::Wait(_) => false,
        }
    }

    /// Asks all agents for the steps of a round; returns true if any of them can change something. Agents whose last
    /// attempt was rejected come after the others.
    #[inline(always)]
    pub(super) fn start_round<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
        idle_calls: bool,
    ) -> bool {
        let (mut any, mut all) = (false, true);
        let team = self.agents.len();
        let mut rejected = 0;
        for agent in AgentId::all(team) {
            let agent = bounded_id::<GENERAL, _>(agent);
            if self.comes_last::<GENERAL>(agent) {
                rejected += 1;
                continue;
            }
            let starts = self.start_in_round::<GENERAL, A, O>(architecture, agent, observer);
            any |= starts;
            all &= starts;
        }
        if GENERAL && rejected > 0 {
            for agent in AgentId::all(team) {
                let state = &mut self.agents[agent];
                if !state.is_busy && std::mem::take(&mut state.is_rejected) {
                    let starts = self.start_in_round::<GENERAL, A, O>(architecture, agent, observer);
                    any |= starts;
                    all &= starts;
                }
            }
        }
        if any && !all {
            self.start_idle_calls::<GENERAL, O>(observer, idle_calls);
        }
        any
    }

    /// Returns true if an agent is asked after the others of its round.
    #[inline(always)]
    fn comes_last<const GENERAL: bool>(&self, agent: AgentId) -> bool {
        self.features.has::<GENERAL>(Feature::ClaimsAtDecision) && self.agents[agent].is_rejected
    }

    #[inline(always)]
    fn start_in_round<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        agent: AgentId,
        observer: &mut O,
    ) -> bool {
        if GENERAL && self.agents[agent].is_down {
            return false;
        }
        if GENERAL && self.has_learned_policy(agent) {
            return self.start_recorded_call(agent, observer);
        }
        match self.ask(architecture, agent) {
            Action::Work(task) => self.start_work::<GENERAL, O>(agent, bounded_id::<GENERAL, _>(task), observer),
            Action::Assign(rule) => self.start_assigning::<GENERAL, O>(agent, rule, observer),
            Action::Monitor | Action::Wait(_) => false,
        }
    }

    /// Calls the other members of a round as well: a lead to monitor, the others idly.
    fn start_idle_calls<const GENERAL: bool, O: Observer>(&mut self, observer: &mut O, idle_calls: bool) {
        for agent in AgentId::all(self.agents.len()) {
            let state = &self.agents[agent];
            if !state.is_busy && !state.is_down {
                if self.team.lead == Some(agent) {
                    self.start_call::<GENERAL, O>(agent, StepKind::Monitor, observer);
                } else if idle_calls {
                    self.start_call::<GENERAL, O>(agent, StepKind::Idle, observer);
                }
            }
        }
    }

    #[inline(always)]
    fn ask<A: Architecture + ?Sized>(&self, architecture: &A, agent: AgentId) -> Action {
        let mut draws = self.agents[agent].choice;
        architecture.decide(&self.view(agent), &mut draws)
    }

    #[inline]
    pub(super) fn view(&self, agent: AgentId) -> View<'_> {
        View { me: agent, team: &self.team }
    }

    /// Stream of an agent's next step.
    #[inline]
    pub(super) fn agent_stream(&self, purpose: Purpose, agent: AgentId) -> Stream {
        self.keys.stream(purpose, step_entity(agent, self.agents[agent].steps))
    }
}
