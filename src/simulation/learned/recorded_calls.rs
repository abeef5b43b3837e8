//! Agents that follow habits learned from recorded runs ([`LearnedPolicy`](crate::team::Behaviour)): what they see is compared with what recorded
//! agents saw, and they do what was done then.
//!
//! Each agent has a script, all of a team in one style of work, and they have one day. It stays with that script, and goes on
//! in its order, as long as what it sees is much the same. The nearest habit is scaled to the tasks at hand: all of a sort if all of it was
//! taken, else as many as were taken. Effects land under the rules of the board, so two agents of one habit want the
//! same tasks, and one of them loses.

use crate::engine::{Purpose, Time, math, rng};
use crate::record::{Observer, Start, Step, StepKind, TaskEventKind, TestRun, TimeSplit, Write};
use crate::simulation::compiled_policy::{PlannedCall, completes_truncated, plan, sum};
use crate::simulation::learned_state::Habits;
use crate::simulation::simulator::{STEP, Simulator, Underway, step_of};
use crate::team::{AgentId, CallModel, ClaimOutcome, Observation, RecordedCall, Status, TaskClass};
use crate::workload::{ArtifactId, TaskId};

/// Entities of [`Purpose::RandomEffect`]: an agent's script, and the one that its team is like.
const SCRIPT_ENTITY: u64 = 3 << 40;
const TEAM_SCRIPT: u64 = 4 << 40;
/// The first of those of what is common to all who follow a call.
const STEP_ENTITY: u64 = 5 << 40;
/// The draws of a call's surprise and of its tests; those from 16 on are the habits'.
const SURPRISE: u64 = 0;
const TESTS: u64 = 1;
const OTHER: u64 = 2;

impl Simulator<'_> {
    /// Back to the start: nobody remembers anything, and each agent has its script for the run.
    pub(super) fn begin_learned_policies(&mut self) {
        self.recorded_calls.tests_until = Time::ZERO;
        let deals = self.uses.hands_out;
        for id in 0..self.recorded_calls.agents.len() {
            let (before, rest) = self.recorded_calls.agents.split_at_mut(id);
            let Some(memory) = rest.first_mut() else { continue };
            let Some(repertoire) = &self.minds[self.agents[AgentId::at(id)].mind].repertoire else { continue };
            let team = self.keys.stream(Purpose::RandomEffect, TEAM_SCRIPT);
            let own = self.keys.stream(Purpose::RandomEffect, SCRIPT_ENTITY + id as u64);
            let shares = rng::unit(own.nth(1)) < repertoire.shared;
            let (of_team, members) = repertoire.member(team.nth(0), id as u32);
            // A recorded team is followed as a team; of single agents each follows one, in the style of the first.
            let trajectory =
                if id == 0 || members > 1 || shares { of_team } else { repertoire.like(of_team, own.nth(0)) };
            memory.clear(trajectory);
            // Tasks that are dealt are others than those of the script.
            let is_taken = || before.iter().any(|mate| mate.trajectory == trajectory);
            memory.is_copy = if members > 1 { id as u32 >= members } else { deals || is_taken() };
            // All have the same day, whatever each makes of it.
            memory.day = repertoire.run_effect(of_team);
            memory.off = math::normal_quantile(rng::open_unit(team.nth(1)));
        }
    }

    /// Returns true if an agent follows habits; a lead leads instead.
    #[inline]
    pub(super) fn has_learned_policy(&self, agent: AgentId) -> bool {
        self.uses.recorded_calls
            && self.team.lead != Some(agent)
            && self.minds[self.agents[agent].mind].repertoire.is_some()
    }

    /// Returns the observation of an agent, and sorts the tasks by class.
    fn look(&mut self, agent: AgentId) -> Observation {
        let Habits { agents, sorted, done, .. } = &mut self.recorded_calls;
        let memory = &agents[agent.index()];
        sorted.iter_mut().for_each(Vec::clear);
        done.clear();
        let board = &self.team.board;
        let mut observation = Observation {
            is_first: memory.calls == 0,
            idle: memory.idle,
            finished: memory.has_finished,
            ..Observation::default()
        };
        for task in TaskId::all(board.len()) {
            let mine = board.is_owned(task, agent) || memory.finished.contains(task);
            if !board.is_visible(task) || !self.team.able.contains(agent, task) || self.uses.hands_out && !mine {
                continue;
            }
            observation.total = observation.total.saturating_add(1);
            let is_begun = memory.begun.contains(task);
            let is_held = match board.status(task) {
                Status::Done => {
                    if is_begun {
                        done.push(task);
                    }
                    continue;
                }
                Status::Pending => false,
                Status::Assigned(owner) if owner == agent => false,
                Status::Claimed(owner) if owner == agent => true,
                // Agents are not told their names: what they have asked for and somebody has is theirs, they think.
                Status::Claimed(_) | Status::Orphaned(_) if memory.asked.contains(task) => true,
                _ => continue,
            };
            sorted[TaskClass::of(is_held, board.is_startable(task), is_begun) as usize].push(task);
        }
        let count = |list: &Vec<TaskId>| u16::try_from(list.len()).unwrap_or(u16::MAX);
        for (count_of, list) in observation.tasks.iter_mut().zip(&*sorted) {
            *count_of = count(list);
        }
        observation.done_begun = count(done);
        observation
    }

    /// Starts a call: looks, chooses a habit, and plans what will land.
    pub(super) fn start_recorded_call<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let observation = self.look(agent);
        let draws = self.agent_stream(Purpose::Choice, agent);
        let teammates = self.agents.len() > 1;
        let mind = &self.minds[self.agents[agent].mind];
        let Some(repertoire) = &mind.repertoire else { return };
        let Habits { agents, sorted, done, .. } = &mut self.recorded_calls;
        let memory = &mut agents[agent.index()];
        let place = repertoire.choose(&observation, (memory.trajectory, memory.last), self.uses.hands_out, draws);
        memory.last = Some(place as u32);
        let row = &repertoire.rows[place];
        let call_model = &repertoire.call_models[row.call_model as usize];
        let recorded_call = &row.recorded_call;
        let to_do = sum(&observation.tasks);
        let completes_truncated = completes_truncated(recorded_call, &observation, call_model.files_a_reply);
        plan(&mut memory.plan, recorded_call, sorted, done, completes_truncated);
        if teammates && recorded_call.tests > 0 {
            // Whether tests are run is the agent's doing, how long they take is not: not all of a team meet the same.
            let which = rng::unit(draws.nth(TESTS)) * repertoire.tests.len() as f64;
            let each = repertoire.tests.get(which as usize).copied().unwrap_or_default();
            memory.plan.tests = Time::from_secs(each * f64::from(recorded_call.tests));
        }
        let ratio = scaled(recorded_call, call_model, &memory.plan, completes_truncated);
        let noise = repertoire.noise(row, draws.nth(SURPRISE));
        let of_all = self.keys.stream(Purpose::RandomEffect, STEP_ENTITY + place as u64);
        let log_residual = match (completes_truncated, teammates && memory.is_copy) {
            (true, _) => noise,
            (false, false) => 0.0,
            (false, true) => {
                repertoire.log_residual(row, draws.nth(OTHER), noise, of_all.nth(0)) - recorded_call.log_residual
            }
        };
        let run_effect = memory.run_effect(call_model) + if teammates { memory.day - row.run_effect } else { 0.0 };
        let (expected, output) = if to_do == 0 && !recorded_call.is_idle() {
            // Nobody was recorded who had nothing to do: a call like any that writes nothing.
            memory.plan.tests = Time::ZERO;
            (memory.plan.other_files, memory.plan.common_files) = (0, 0);
            (call_model.idle_s, call_model.idle_s * call_model.tokens_per_second)
        } else {
            (recorded_call.latency_s * ratio, recorded_call.output_tokens * ratio)
        };
        let input = memory.input_tokens(call_model);
        let tested = f64::from(recorded_call.tests) * call_model.test_tokens;
        memory.remember(call_model.board_tokens + output + tested, 2 + recorded_call.tests);
        let latency_s = expected * math::exp(log_residual + run_effect);
        // What was recorded is possible.
        let latency_s = call_model.possible_s(latency_s).max(latency_s.min(recorded_call.latency_s));
        let latency = Time::from_us_f64(latency_s * 1e6);
        let acts = !memory.plan.writes.is_empty() || !memory.plan.completes.is_empty();
        let task = memory.plan.writes.first().or(memory.plan.completes.first()).copied().unwrap_or_default();
        let step = Underway {
            kind: if acts { StepKind::Work } else { StepKind::Monitor },
            task,
            start: self.team.now,
            latency,
            input_tokens: input.round() as u32,
            output_tokens: output.round() as u32,
            seen_workspace: self.workspace.version(),
            ..Underway::default()
        };
        self.launch_recorded_call(agent, step, observer);
    }

    fn launch_recorded_call<O: Observer>(&mut self, agent: AgentId, mut step: Underway, observer: &mut O) {
        let member = &mut self.agents[agent];
        let cached = self.minds[member.mind].cached_65536;
        step.cached_tokens = ((u64::from(step.input_tokens) * cached) >> 16) as u32;
        member.steps += 1;
        member.choice = self.keys.stream(Purpose::Choice, step_of(agent, member.steps));
        member.is_busy = true;
        member.batch.clear();
        member.step = step;
        self.tokens += u64::from(step.input_tokens) + u64::from(step.output_tokens);
        self.calls += 1;
        let task = (step.kind == StepKind::Work).then_some(step.task);
        observer.start(&Start { agent, kind: step.kind, task, at: self.team.now });
        let begin = self.wait_for_call(agent, step.latency);
        self.queue.push(begin + step.latency, STEP, agent.get());
    }

    /// The answer is there, or its tests are through. While somebody's tests run nobody's answer is taken up; says no if
    /// it has to wait.
    pub(super) fn is_through(&mut self, agent: AgentId) -> bool {
        let plan = &mut self.recorded_calls.agents[agent.index()].plan;
        if plan.taken_up.is_some() {
            return true;
        }
        let taken_up = self.recorded_calls.tests_until.max(self.team.now);
        let until = taken_up + plan.tests;
        plan.taken_up = Some(taken_up);
        self.recorded_calls.tests_until = until;
        self.agents[agent].step.waited += taken_up - self.team.now;
        if until > self.team.now {
            self.queue.push(until, STEP, agent.get());
        }
        until <= self.team.now
    }

    /// The call lands: writes, claims, completions, tests, as in any other.
    pub(super) fn commit_recorded_call<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let mut plan = std::mem::take(&mut self.recorded_calls.agents[agent.index()].plan);
        let step = self.agents[agent].step;
        let (now, busy) = (self.team.now, self.team.now - step.start - step.waited);
        let mut creates = false;
        let graph = self.scenario.graph.clone();
        for &task in &plan.writes {
            self.recorded_calls.agents[agent.index()].begun.insert(task);
            for &artifact in &graph[task].writes {
                creates |= !self.workspace.changed_since(artifact, 0, AgentId::MAX);
                self.workspace.write(artifact, agent, step.seen_workspace);
                observer.write(&Write { artifact, agent, start: step.start, at: now, round: self.round });
            }
        }
        for file in (0..u16::BITS).filter(|file| plan.common_files >> file & 1 > 0) {
            let artifact = ArtifactId::new(graph.artifacts().len() as u32 + file);
            self.workspace.write(artifact, agent, step.seen_workspace);
            observer.write(&Write { artifact, agent, start: step.start, at: now, round: self.round });
        }
        let granted = self.claim_planned(agent, &plan.claims, observer);
        let completed = self.complete_planned(agent, &plan.completes, observer);
        if plan.tests > Time::ZERO {
            let start = plan.taken_up.unwrap_or(now);
            observer.test(&TestRun { agent, start, end: now, has_failed: plan.has_failed });
        }
        let memory = &mut self.recorded_calls.agents[agent.index()];
        let changes = !plan.writes.is_empty() || plan.other_files > 0 || granted > 0 || completed > 0;
        memory.idle = if changes { 0 } else { memory.idle.saturating_add(1) };
        let mut spent = TimeSplit::default();
        if completed > 0 || creates {
            spent.work = busy;
        } else if !plan.writes.is_empty() {
            spent.rework = busy;
        } else if granted > 0 && step.kind != StepKind::Work {
            spent.coordination = busy;
        } else {
            spent.lost = busy;
        }
        let works = step.kind == StepKind::Work;
        let tasks = plan.writes.len().max(plan.completes.len()) as u32;
        observer.step(&Step {
            agent,
            kind: step.kind,
            task: works.then_some(step.task),
            tasks: if works { tasks } else { 0 },
            round: self.round,
            start: step.start,
            end: now,
            // As the recorder of the recorded runs measures it: until the answer is taken up.
            latency: plan.taken_up.unwrap_or(now) - step.start,
            waited: step.waited,
            service: Time::ZERO,
            spent,
            input_tokens: step.input_tokens,
            cached_tokens: step.cached_tokens,
            output_tokens: step.output_tokens,
            is_cut: false,
        });
        plan.taken_up = None;
        self.recorded_calls.agents[agent.index()].plan = plan;
    }

    /// Asks for tasks; returns how many were granted.
    fn claim_planned<O: Observer>(&mut self, agent: AgentId, claims: &[TaskId], observer: &mut O) -> u32 {
        let mut granted = 0;
        for &task in claims {
            self.recorded_calls.agents[agent.index()].asked.insert(task);
            let status = self.team.board.status(task);
            let is_open = status == Status::Pending || status == Status::Assigned(agent);
            if status == Status::Claimed(agent) {
                continue;
            }
            if is_open && self.uses.checks_claims && !self.team.board.is_startable(task) {
                self.tell(task, agent, TaskEventKind::BlockedClaim, observer);
                continue;
            }
            let seen = self.team.board.version(task);
            let kind = match self.team.board.claim(task, agent, seen, self.uses.checks_claims) {
                ClaimOutcome::Granted => {
                    granted += 1;
                    TaskEventKind::Claimed
                }
                ClaimOutcome::Lost => TaskEventKind::LostClaim,
                ClaimOutcome::Blocked => TaskEventKind::BlockedClaim,
            };
            self.tell(task, agent, kind, observer);
        }
        granted
    }

    /// Says of tasks that they are done: of those that are the agent's own, so it is. Returns how many.
    fn complete_planned<O: Observer>(&mut self, agent: AgentId, completes: &[TaskId], observer: &mut O) -> u32 {
        let mut completed = 0;
        for &task in completes {
            let status = self.team.board.status(task);
            if status != Status::Claimed(agent) && status != Status::Assigned(agent) {
                continue;
            }
            if self.uses.checks_completions && !self.team.board.is_startable(task) {
                self.tell(task, agent, TaskEventKind::BlockedClaim, observer);
                continue;
            }
            self.team.board.land(task);
            self.wakes.woke_ready |= self.team.board.complete(task, agent);
            let memory = &mut self.recorded_calls.agents[agent.index()];
            memory.finished.insert(task);
            memory.has_finished = memory.has_finished.saturating_add(1);
            self.tell(task, agent, TaskEventKind::Completed { right: true }, observer);
            self.report(agent, observer);
            completed += 1;
        }
        completed
    }
}

/// Ratio of the expected latency of a call on the planned files to that on the recorded files.
fn scaled(recorded_call: &RecordedCall, call_model: &CallModel, plan: &PlannedCall, completes_truncated: bool) -> f64 {
    let files = plan.writes.len() as f64 + f64::from(plan.other_files);
    if completes_truncated {
        return call_model.typical_s(files) / recorded_call.latency_s.max(1e-3);
    }
    let told_apart = (sum(&recorded_call.writes) + recorded_call.rewrites + recorded_call.other_files).max(1);
    let once = f64::from(recorded_call.files).max(1.0) / f64::from(told_apart);
    call_model.typical_s(files * once.max(1.0)) / call_model.typical_s(f64::from(recorded_call.files))
}
