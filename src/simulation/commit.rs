//! The commit: a reply lands, and what changed since its decision surfaces. Within one reply effects land in this
//! order: writes, claims, completions, assignments, messages.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::{Purpose, Stream, Time};
use crate::record::{Message, Observer, Step, StepKind, TaskEvent, TaskEventKind, TestRun, TimeSplit, Write};
use crate::simulation::faults::{DETECTION, ERROR, ORPHAN, PREMATURE};
use crate::simulation::outcome::Outcome;
use crate::simulation::simulator::{Fate, Simulator, Underway, known};
use crate::team::{AgentId, ClaimOutcome, Reports, Status};
use crate::workload::{ArtifactId, TaskId};

impl Simulator<'_> {
    /// The agent's reply lands.
    #[inline(always)]
    pub(super) fn commit<const RARE: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let member = &mut self.agents[agent];
        member.is_busy = false;
        let mut step = member.step;
        step.task = known::<RARE, _>(step.task);
        let waited = if RARE { step.waited } else { Time::ZERO };
        let busy = self.team.now - step.start - waited;
        if RARE && self.has_learned_policy(agent) {
            self.commit_recorded_call(agent, observer);
        } else if step.kind == StepKind::Work && (!RARE || step.fate == Fate::Normal) {
            let spent = self.commit_work::<RARE, O>(agent, &step, busy, observer);
            self.end_step::<RARE, O>(agent, &step, self.team.now, spent, observer);
        } else {
            self.commit_other(agent, busy, observer);
        }
        if !RARE || !self.agents[agent].is_down {
            self.wakes.is_free(agent);
        }
        self.wakes.woke_change = true;
    }

    /// A reply that does not get work done, whatever the reason.
    #[inline(never)]
    fn commit_other<O: Observer>(&mut self, agent: AgentId, busy: Time, observer: &mut O) {
        // Its own copy: one that is handed over by reference cannot stay in registers.
        let step = self.agents[agent].step;
        let spent = match (step.kind, step.fate) {
            (_, Fate::Crash) => self.crash(agent, &step, busy),
            (StepKind::Work, _) => self.give_up(agent, &step, busy),
            (StepKind::Assign, Fate::Normal) => self.commit_assignments(agent, busy, observer),
            (StepKind::Assign | StepKind::Monitor | StepKind::Idle | StepKind::Tool | StepKind::Wait, _) => {
                TimeSplit { coordination: busy, ..TimeSplit::default() }
            }
        };
        self.end_step::<true, O>(agent, &step, self.team.now, spent, observer);
    }

    #[inline(always)]
    fn end_step<const RARE: bool, O: Observer>(
        &self,
        agent: AgentId,
        step: &Underway,
        end: Time,
        spent: TimeSplit,
        observer: &mut O,
    ) {
        let works = step.kind == StepKind::Work;
        observer.step(&Step {
            agent,
            kind: step.kind,
            task: works.then_some(step.task),
            tasks: if works { self.tasks_of::<RARE>(agent) } else { 0 },
            round: self.round,
            start: step.start,
            end,
            latency: step.latency,
            waited: if RARE { step.waited } else { Time::ZERO },
            service: Time::ZERO,
            spent,
            input_tokens: step.input_tokens,
            cached_tokens: step.cached_tokens,
            output_tokens: step.output_tokens,
            is_cut: false,
        });
    }

    /// Number of tasks a working step is about.
    #[inline]
    fn tasks_of<const RARE: bool>(&self, agent: AgentId) -> u32 {
        if RARE { self.agents[agent].batch.len().max(1) as u32 } else { 1 }
    }

    #[inline(always)]
    fn commit_work<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        step: &Underway,
        busy: Time,
        observer: &mut O,
    ) -> TimeSplit {
        if RARE && self.uses.batches && !self.agents[agent].batch.is_empty() {
            return self.commit_batch::<O>(agent, step, busy, observer);
        }
        let clashes = self.write::<RARE, O>((step.task, step.seen), agent, step, observer);
        let outcome = match self.claim::<RARE, O>(step.task, agent, step.seen, observer) {
            ClaimOutcome::Granted => self.complete::<RARE, O>(step.task, agent, busy, clashes, observer),
            ClaimOutcome::Lost | ClaimOutcome::Blocked => Outcome::Lost,
        };
        if outcome == Outcome::Done {
            self.report(agent, observer);
        }
        if RARE && self.uses.locks {
            self.unlock_all(agent, step.task);
        }
        only(outcome, busy)
    }

    /// Several tasks in one reply: all writes, then all claims, then all completions.
    #[cold]
    fn commit_batch<O: Observer>(
        &mut self,
        agent: AgentId,
        step: &Underway,
        busy: Time,
        observer: &mut O,
    ) -> TimeSplit {
        let mut batch = std::mem::take(&mut self.agents[agent].batch);
        let mut clashing = std::mem::take(&mut self.in_batch);
        clashing.clear();
        for &(task, seen) in &batch {
            if self.write::<true, O>((task, seen), agent, step, observer) {
                clashing.insert(task);
            }
        }
        for (task, seen) in &mut batch {
            // From here on `seen` says whether the claim was granted.
            *seen = u32::from(self.claim::<true, O>(*task, agent, *seen, observer) == ClaimOutcome::Granted);
        }
        let graph = self.scenario.graph.clone();
        let size = |task: TaskId| graph[task].size;
        let whole: f64 = batch.iter().map(|&(task, _)| size(task)).sum();
        let mut split = TimeSplit::default();
        let mut left = busy;
        for (place, &(task, granted)) in batch.iter().enumerate() {
            // The last task takes what rounding has left, so that the parts make up the whole.
            let is_last = place + 1 == batch.len();
            let part =
                if is_last { left } else { left.min(Time::from_us_f64(busy.as_us() as f64 * size(task) / whole)) };
            left = left - part;
            let outcome = if granted == 1 {
                self.complete::<true, O>(task, agent, part, clashing.contains(task), observer)
            } else {
                Outcome::Lost
            };
            match outcome {
                Outcome::Done => split.work += part,
                Outcome::Again => split.rework += part,
                Outcome::Lost => split.lost += part,
            }
            if outcome == Outcome::Done {
                self.report(agent, observer);
            }
        }
        self.in_batch = clashing;
        self.agents[agent].batch = batch;
        if self.uses.locks {
            self.unlock_all(agent, step.task);
        }
        split
    }

    /// Writes land, or would: says whether the step clashes with what others have landed since its decision.
    ///
    /// A reply that has lost its claim writes as well, but what it writes is a duplicate of what won, and nobody's work
    /// suffers from it.
    #[inline(always)]
    fn write<const RARE: bool, O: Observer>(
        &mut self,
        (task, seen): (TaskId, u32),
        agent: AgentId,
        step: &Underway,
        observer: &mut O,
    ) -> bool {
        let node = &self.nodes[task];
        let is_duplicate = self.team.board.version(task) != seen;
        if RARE && !node.plain_write {
            return self.write_all(task, is_duplicate, agent, step, observer);
        }
        let artifact = known::<RARE, _>(node.first_write);
        observer.write(&Write { artifact, agent, start: step.start, at: self.team.now, round: self.round });
        !is_duplicate && self.workspace.write(artifact, agent, step.seen_workspace)
    }

    /// Under optimistic control a clash keeps the writes out.
    #[inline(never)]
    fn write_all<O: Observer>(
        &mut self,
        task: TaskId,
        is_duplicate: bool,
        agent: AgentId,
        step: &Underway,
        observer: &mut O,
    ) -> bool {
        let entry = &self.scenario.graph[task];
        let changed = |artifact: &ArtifactId| self.workspace.changed_since(*artifact, step.seen_workspace, agent);
        let mut clashes = entry.writes.iter().any(changed);
        if self.uses.optimistic {
            clashes |= entry.reads.iter().any(changed);
        }
        if self.uses.clashes {
            clashes |= self.clashes_in_meaning(task, agent, step);
        }
        if !(self.uses.optimistic && clashes) {
            for &artifact in &entry.writes {
                if !is_duplicate {
                    self.workspace.write(artifact, agent, step.seen_workspace);
                }
                observer.write(&Write { artifact, agent, start: step.start, at: self.team.now, round: self.round });
            }
        }
        clashes
    }

    /// There will be another attempt on a task, or may be.
    #[inline]
    fn open_attempt(&mut self, task: TaskId, attempt: u32) {
        self.nodes[task].attempt = self.attempt_stream(task, attempt);
    }

    #[inline]
    pub(super) fn attempt_stream(&self, task: TaskId, attempt: u32) -> Stream {
        self.keys.stream_nth(Purpose::Fault, self.nodes[task].key, u64::from(attempt))
    }

    #[inline(always)]
    fn claim<const RARE: bool, O: Observer>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        seen: u32,
        observer: &mut O,
    ) -> ClaimOutcome {
        // Granted at the decision, unless the task was run ahead to.
        let held = self.uses.claims_at_once && self.team.board.status(task) == Status::Claimed(agent);
        if !RARE && held {
            // Nothing but a rare thing takes a task from who holds it.
            return ClaimOutcome::Granted;
        }
        let outcome = self.team.board.claim(task, agent, seen, !RARE || self.uses.checks_claims);
        match outcome {
            ClaimOutcome::Granted => {
                if !held {
                    self.tell(task, agent, TaskEventKind::Claimed, observer);
                }
            }
            ClaimOutcome::Lost => self.tell(task, agent, TaskEventKind::LostClaim, observer),
            ClaimOutcome::Blocked => self.tell(task, agent, TaskEventKind::BlockedClaim, observer),
        }
        outcome
    }

    /// An attempt on a task that the agent holds: is it done, and is it right?
    #[inline(always)]
    fn complete<const RARE: bool, O: Observer>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        part: Time,
        clashes: bool,
        observer: &mut O,
    ) -> Outcome {
        if RARE && self.uses.checks_completions && !self.team.board.is_startable(task) {
            self.tell(task, agent, TaskEventKind::BlockedClaim, observer);
            self.put_back(task, agent);
            return Outcome::Lost;
        }
        let attempt = self.team.board.land(task);
        if RARE && self.uses.clashes {
            self.landed.push(task);
        }
        let draws = self.nodes[task].attempt;
        let mind = if RARE { self.agents[agent].mind } else { 0 };
        if RARE && self.minds[mind].faults.orphan.sample_at(draws, ORPHAN) && !self.team.board.is_owned(task, agent) {
            self.open_attempt(task, attempt + 1);
            return self.forget(task, agent, observer);
        }
        if RARE && self.hollow > 0 && self.trips(task, mind, draws, observer) {
            self.open_attempt(task, attempt + 1);
            self.send_back(task, agent, TaskEventKind::Rejected, observer);
            return Outcome::Again;
        }
        let faults = &self.minds[mind].faults;
        let mut right = !clashes && !faults.error.sample_at(draws, ERROR);
        if !right && faults.detection.sample_at(draws, DETECTION) {
            let kind = if clashes { TaskEventKind::Conflicted } else { TaskEventKind::Rejected };
            self.open_attempt(task, attempt + 1);
            self.send_back(task, agent, kind, observer);
            return Outcome::Again;
        }
        if RARE && faults.premature.sample_at(draws, PREMATURE) {
            self.open_attempt(task, attempt + 1);
            let node = &mut self.nodes[task];
            node.spent = part;
            node.is_hollow = true;
            self.hollow += 1;
            right = false;
        }
        if RARE && !self.uses.checks_claims && !self.uses.checks_completions {
            let done = |&on: &TaskId| self.team.board.status(on) == Status::Done;
            right &= self.scenario.graph[task].depends_on.iter().all(done);
        }
        self.wakes.woke_ready |= self.team.board.complete(task, agent);
        self.tell(task, agent, TaskEventKind::Completed { right }, observer);
        Outcome::Done
    }

    /// A test or a reviewer has found the attempt wrong: it has to be made again.
    fn send_back<O: Observer>(&mut self, task: TaskId, agent: AgentId, found: TaskEventKind, observer: &mut O) {
        self.tell(task, agent, found, observer);
        observer.test(&TestRun { agent, start: self.team.now, end: self.team.now, has_failed: true });
        self.put_back(task, agent);
    }

    /// The task is still to be done: by its owner, or by anybody.
    #[inline]
    pub(super) fn put_back(&mut self, task: TaskId, agent: AgentId) {
        self.team.board.release(task, agent);
        self.wakes.woke_ready = true;
    }

    /// Commits assignments: tasks that are still unowned change hands, and each new owner gets a message.
    fn commit_assignments<O: Observer>(&mut self, agent: AgentId, busy: Time, observer: &mut O) -> TimeSplit {
        let deals = std::mem::take(&mut self.agents[agent].deals);
        for (place, &(task, to)) in deals.iter().enumerate() {
            if self.team.board.assign(task, to) {
                self.wakes.woke_ready = true;
                self.tell(task, to, TaskEventKind::Assigned, observer);
                if deals[..place].iter().all(|&(_, other)| other != to) {
                    self.send(agent, Some(to), observer);
                }
            }
        }
        self.agents[agent].deals = deals;
        TimeSplit { coordination: busy, ..TimeSplit::default() }
    }

    /// Tells whoever the protocol says that a task is done.
    #[inline(always)]
    pub(super) fn report<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        match self.terms.reports {
            Reports::Nobody => {}
            Reports::Lead => {
                if let Some(lead) = self.team.lead.filter(|&lead| lead != agent) {
                    self.send(agent, Some(lead), observer);
                }
            }
            Reports::Team => self.send(agent, None, observer),
        }
    }

    fn send<O: Observer>(&mut self, from: AgentId, to: Option<AgentId>, observer: &mut O) {
        let others = self.agents.len() as u32 - 1;
        if others == 0 {
            return;
        }
        if let Some(to) = to {
            self.team.mail.send(to);
            self.wakes.woke_mail(to);
        } else {
            self.team.mail.broadcast(from);
            for other in AgentId::all(self.agents.len()) {
                self.wakes.woke_mail(other);
            }
        }
        let deliveries = if to.is_some() { 1 } else { others };
        observer.message(&Message { from, to, deliveries, at: self.team.now });
    }

    #[inline]
    pub(super) fn tell<O: Observer>(&self, task: TaskId, agent: AgentId, kind: TaskEventKind, observer: &mut O) {
        observer.task(&TaskEvent { task, agent, at: self.team.now, kind });
    }

    /// The run is over: what is still under way has been for nothing.
    pub(super) fn cut_off<const RARE: bool, O: Observer>(&mut self, observer: &mut O) {
        for agent in AgentId::all(self.agents.len()) {
            let member = &mut self.agents[agent];
            if member.is_busy {
                member.is_busy = false;
                let mut step = member.step;
                let under_way = self.team.now - step.start;
                step.waited = step.waited.min(under_way);
                let lost = under_way - step.waited;
                self.end_step::<RARE, O>(
                    agent,
                    &step,
                    self.team.now,
                    TimeSplit { lost, ..TimeSplit::default() },
                    observer,
                );
            }
        }
    }
}

#[inline]
fn only(outcome: Outcome, busy: Time) -> TimeSplit {
    let mut split = TimeSplit::default();
    match outcome {
        Outcome::Done => split.work = busy,
        Outcome::Again => split.rework = busy,
        Outcome::Lost => split.lost = busy,
    }
    split
}
