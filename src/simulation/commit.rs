//! The commit: a reply lands, and what changed since its decision surfaces. Within one reply effects land in this
//! order: writes, claims, completions, assignments, messages.

use crate::engine::{Purpose, Time};
use crate::record::{Kind, Message, Observer, Step, TaskEvent, TaskEventKind, TimeSplit, Write};
use crate::simulation::simulator::{Fate, LEASE, RECOVERY, Simulator};
use crate::team::{AgentId, ClaimOutcome, Reports, Status};
use crate::workload::TaskId;

/// The draws of an attempt, by number.
const ORPHAN: u64 = 0;
const ERROR: u64 = 1;
const DETECTION: u64 = 2;
const PREMATURE: u64 = 3;
const HOLLOW_FOUND: u64 = 4;
const AUDIT: u64 = 5;
const CLASH: u64 = 6;

/// What became of one task of a reply, and so of the time that went into it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Done,
    Again,
    Lost,
}

impl Simulator<'_> {
    /// The agent's reply lands.
    #[inline]
    pub(super) fn commit<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let member = &mut self.agents[agent as usize];
        member.is_busy = false;
        let step = &member.step;
        let busy = self.now - step.start - step.waited;
        let (kind, fate) = (step.kind, step.fate);
        let spent = match (kind, fate) {
            (_, Fate::Crash(away)) => self.crash(agent, away, busy, observer),
            (Kind::Work, Fate::Normal) => self.commit_work(agent, busy, observer),
            (Kind::Work, Fate::Nothing) => self.give_up(agent, busy),
            (Kind::Assign, Fate::Normal) => self.commit_assignments(agent, busy, observer),
            (Kind::Assign | Kind::Monitor | Kind::Idle, _) => TimeSplit { coordination: busy, ..TimeSplit::default() },
        };
        self.end_step(agent, self.now, spent, observer);
        if !self.agents[agent as usize].is_down {
            self.wakes.is_free(agent);
        }
        self.wakes.woke_change = true;
    }

    #[inline]
    fn end_step<O: Observer>(&self, agent: AgentId, end: Time, spent: TimeSplit, observer: &mut O) {
        let step = &self.agents[agent as usize].step;
        let works = step.kind == Kind::Work;
        observer.step(&Step {
            agent,
            kind: step.kind,
            task: works.then_some(step.task),
            tasks: if works { step.batch.len().max(1) as u32 } else { 0 },
            round: self.round,
            start: step.start,
            end,
            latency: step.latency,
            waited: step.waited,
            spent,
            input_tokens: step.input_tokens,
            cached_tokens: step.cached_tokens,
            output_tokens: step.output_tokens,
        });
    }

    #[inline]
    fn commit_work<O: Observer>(&mut self, agent: AgentId, busy: Time, observer: &mut O) -> TimeSplit {
        let split = if self.agents[agent as usize].step.batch.is_empty() {
            let (task, seen) = (self.agents[agent as usize].step.task, self.agents[agent as usize].step.seen);
            let clashes = self.write(task, agent, observer);
            let outcome = match self.claim(task, agent, seen, observer) {
                ClaimOutcome::Granted => self.complete(task, agent, busy, clashes, observer),
                ClaimOutcome::Lost | ClaimOutcome::Blocked => Outcome::Lost,
            };
            if outcome == Outcome::Done {
                self.report(agent, observer);
            }
            only(outcome, busy)
        } else {
            self.commit_batch(agent, busy, observer)
        };
        if self.uses.locks {
            self.unlock_all(agent);
        }
        split
    }

    /// Several tasks in one reply: all writes, then all claims, then all completions.
    fn commit_batch<O: Observer>(&mut self, agent: AgentId, busy: Time, observer: &mut O) -> TimeSplit {
        let mut batch = std::mem::take(&mut self.agents[agent as usize].step.batch);
        let mut clashing = std::mem::take(&mut self.in_batch);
        clashing.clear();
        for &(task, _) in &batch {
            if self.write(task, agent, observer) {
                clashing.insert(task);
            }
        }
        for (task, seen) in &mut batch {
            // From here on `seen` says whether the claim was granted.
            *seen = u32::from(self.claim(*task, agent, *seen, observer) == ClaimOutcome::Granted);
        }
        let graph = self.scenario.graph.clone();
        let size = |task: TaskId| graph.tasks()[task as usize].size;
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
                self.complete(task, agent, part, clashing.contains(task), observer)
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
        self.agents[agent as usize].step.batch = batch;
        split
    }

    /// Writes land, or would: says whether the step clashes with what others have landed since its decision. Under
    /// optimistic control a clash keeps the writes out.
    #[inline]
    fn write<O: Observer>(&mut self, task: TaskId, agent: AgentId, observer: &mut O) -> bool {
        let step = &self.agents[agent as usize].step;
        let (start, seen) = (step.start, step.seen_workspace);
        let node = self.nodes[task as usize];
        if node.writes == 1 && !self.uses.optimistic && !self.uses.clashes {
            let clashes = self.workspace.changed_since(node.first_write, seen, agent);
            self.workspace.write(node.first_write, agent);
            observer.write(&Write { artifact: node.first_write, agent, start, at: self.now, round: self.round });
            return clashes;
        }
        let entry = &self.scenario.graph.tasks()[task as usize];
        let changed = |artifact: &u32| self.workspace.changed_since(*artifact, seen, agent);
        let mut clashes = entry.writes.iter().any(changed);
        if self.uses.optimistic {
            clashes |= entry.reads.iter().any(changed);
        }
        if self.uses.clashes {
            clashes |= self.clashes_in_meaning(task, agent);
        }
        if !(self.uses.optimistic && clashes) {
            for &artifact in &entry.writes {
                self.workspace.write(artifact, agent);
                observer.write(&Write { artifact, agent, start, at: self.now, round: self.round });
            }
        }
        clashes
    }

    /// Whether the step clashes in meaning with any attempt on a related task that landed since its decision: with
    /// probability 1 - (1 - q)^m for m of them.
    fn clashes_in_meaning(&self, task: TaskId, agent: AgentId) -> bool {
        let step = &self.agents[agent as usize].step;
        let peaceful = self.minds[self.agents[agent as usize].mind].faults.peaceful;
        let graph = self.scenario.graph.tasks();
        let shares = |a: &[u32], b: &[u32]| a.iter().any(|artifact| b.binary_search(artifact).is_ok());
        let related = |other: TaskId| {
            let (a, b) = (&graph[task as usize], &graph[other as usize]);
            let declared = self.nodes[task as usize].declares && self.nodes[other as usize].declares;
            !declared || shares(&a.writes, &b.writes) || shares(&a.writes, &b.reads) || shares(&a.reads, &b.writes)
        };
        let others = self.landed[step.seen_landed..].iter().filter(|&&other| other != task && related(other)).count();
        let draw = self.attempt_stream(task, self.board.version(task) + 1).nth(CLASH);
        let mut all_peaceful = 1.0;
        for _ in 0..others {
            all_peaceful *= peaceful;
        }
        crate::engine::rng::unit(draw) >= all_peaceful
    }

    #[inline]
    fn attempt_stream(&self, task: TaskId, attempt: u32) -> crate::engine::Stream {
        self.keys.stream_nth(Purpose::Fault, self.nodes[task as usize].key, u64::from(attempt))
    }

    #[inline]
    fn claim<O: Observer>(&mut self, task: TaskId, agent: AgentId, seen: u32, observer: &mut O) -> ClaimOutcome {
        // Granted at the decision, unless the task was run ahead to.
        let held = self.uses.claims_at_once && self.board.status(task) == Status::Claimed(agent);
        let outcome = self.board.claim(task, agent, seen, self.uses.checks_claims);
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
    #[inline]
    fn complete<O: Observer>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        part: Time,
        clashes: bool,
        observer: &mut O,
    ) -> Outcome {
        if self.uses.checks_completions && !self.board.is_startable(task) {
            self.tell(task, agent, TaskEventKind::BlockedClaim, observer);
            self.put_back(task, agent);
            return Outcome::Lost;
        }
        let attempt = self.board.land(task);
        self.landed.push(task);
        let faults = self.minds[self.agents[agent as usize].mind].faults;
        let mut right = true;
        let mut is_hollow = false;
        if faults.any || clashes || self.hollow > 0 {
            let draws = self.attempt_stream(task, attempt);
            if faults.orphan.happens(draws.nth(ORPHAN)) && !self.board.is_owned(task, agent) {
                self.board.orphan(task, agent);
                if let Some(lease) = faults.lease {
                    self.timers.push(self.now + lease, LEASE, task);
                }
                self.tell(task, agent, TaskEventKind::Orphaned, observer);
                return Outcome::Lost;
            }
            if self.hollow > 0
                && faults.detection.happens(draws.nth(HOLLOW_FOUND))
                && self.reopen_needed(task, observer)
            {
                self.tell(task, agent, TaskEventKind::Rejected, observer);
                self.put_back(task, agent);
                return Outcome::Again;
            }
            right = !clashes && !faults.error.happens(draws.nth(ERROR));
            if !right && faults.detection.happens(draws.nth(DETECTION)) {
                let kind = if clashes { TaskEventKind::Conflicted } else { TaskEventKind::Rejected };
                self.tell(task, agent, kind, observer);
                self.put_back(task, agent);
                return Outcome::Again;
            }
            is_hollow = faults.premature.happens(draws.nth(PREMATURE));
        }
        if !self.uses.checks_claims && !self.uses.checks_completions {
            let done = |&on: &TaskId| self.board.status(on) == Status::Done;
            right &= self.scenario.graph.tasks()[task as usize].depends_on.iter().all(done);
        }
        let progress = &mut self.tasks[task as usize];
        progress.spent = part;
        progress.is_hollow = is_hollow;
        self.hollow += u32::from(is_hollow);
        self.wakes.woke_ready |= self.board.complete(task, agent);
        self.tell(task, agent, TaskEventKind::Completed { right: right && !is_hollow }, observer);
        Outcome::Done
    }

    /// The task is still to be done: by its owner, or by anybody.
    #[inline]
    fn put_back(&mut self, task: TaskId, agent: AgentId) {
        self.board.release(task, agent);
        self.wakes.woke_ready = true;
    }

    /// Reopens those dependencies of `task` that were said to be done and are not; says whether there were any.
    fn reopen_needed<O: Observer>(&mut self, task: TaskId, observer: &mut O) -> bool {
        let graph = self.scenario.graph.clone();
        let mut any = false;
        for &on in &graph.tasks()[task as usize].depends_on {
            if self.tasks[on as usize].is_hollow {
                self.reopen(on, observer);
                any = true;
            }
        }
        any
    }

    fn reopen<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let owner = self.owner_after(task);
        let progress = &mut self.tasks[task as usize];
        progress.is_hollow = false;
        self.hollow -= 1;
        let spent = progress.spent;
        self.board.reopen(task, owner);
        self.wakes.woke_ready = true;
        self.tell(task, owner.unwrap_or(0), TaskEventKind::Reopened { spent, right: false }, observer);
    }

    /// Who gets a task that comes back after it had left its owner's hands: whom it was dealt to before the start.
    pub(super) fn owner_after(&self, task: TaskId) -> Option<AgentId> {
        self.board.dealt_to(task)
    }

    /// All is said to be done: is it? What is not, and is noticed now, has to be done again.
    pub(super) fn passes_audit<O: Observer>(&mut self, observer: &mut O) -> bool {
        if self.hollow == 0 {
            return true;
        }
        // Whoever is best at noticing looks; a team of one kind has one detection rate.
        let detection = self.minds[0].faults.detection;
        for task in 0..self.tasks.len() as TaskId {
            let draws = self.attempt_stream(task, self.board.version(task));
            if self.tasks[task as usize].is_hollow && detection.happens(draws.nth(AUDIT)) {
                self.reopen(task, observer);
            }
        }
        self.board.all_done()
    }

    /// The step's effects are lost and its agent is away for a while.
    fn crash<O: Observer>(&mut self, agent: AgentId, away: Time, busy: Time, _observer: &mut O) -> TimeSplit {
        self.timers.push(self.now + away, RECOVERY, agent);
        self.agents[agent as usize].is_down = true;
        if self.agents[agent as usize].step.kind == Kind::Work {
            return self.give_up(agent, busy);
        }
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    /// A working step ends without any effect; what it held is free again.
    fn give_up(&mut self, agent: AgentId, busy: Time) -> TimeSplit {
        if self.uses.claims_at_once {
            let batch = std::mem::take(&mut self.agents[agent as usize].step.batch);
            let single = [(self.agents[agent as usize].step.task, 0)];
            for &(task, _) in if batch.is_empty() { &single[..] } else { &batch } {
                if self.board.status(task) == Status::Claimed(agent) {
                    self.put_back(task, agent);
                }
            }
            self.agents[agent as usize].step.batch = batch;
        }
        if self.uses.locks {
            self.unlock_all(agent);
        }
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    fn unlock_all(&mut self, agent: AgentId) {
        let graph = &*self.scenario.graph;
        let step = &self.agents[agent as usize].step;
        self.workspace.unlock(&graph.tasks()[step.task as usize].writes, agent);
        for &(task, _) in &step.batch {
            self.workspace.unlock(&graph.tasks()[task as usize].writes, agent);
        }
    }

    /// What the lead handed out arrives: tasks that are still nobody's change hands, and each new owner is told.
    fn commit_assignments<O: Observer>(&mut self, agent: AgentId, busy: Time, observer: &mut O) -> TimeSplit {
        let deals = std::mem::take(&mut self.agents[agent as usize].step.deals);
        for (place, &(task, to)) in deals.iter().enumerate() {
            if self.board.assign(task, to) {
                self.wakes.woke_ready = true;
                self.tell(task, to, TaskEventKind::Assigned, observer);
                if deals[..place].iter().all(|&(_, other)| other != to) {
                    self.send(agent, Some(to), observer);
                }
            }
        }
        self.agents[agent as usize].step.deals = deals;
        TimeSplit { coordination: busy, ..TimeSplit::default() }
    }

    /// Tells whoever the protocol says that a task is done.
    #[inline]
    fn report<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        match self.terms.reports {
            Reports::Nobody => {}
            Reports::Lead => {
                if let Some(lead) = self.lead.filter(|&lead| lead != agent) {
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
            self.mail.send(to);
            self.wakes.woke_mail(to);
        } else {
            self.mail.broadcast(from);
            for other in 0..=others {
                self.wakes.woke_mail(other);
            }
        }
        let deliveries = if to.is_some() { 1 } else { others };
        observer.message(&Message { from, to, deliveries, at: self.now });
    }

    #[inline]
    pub(super) fn tell<O: Observer>(&self, task: TaskId, agent: AgentId, kind: TaskEventKind, observer: &mut O) {
        observer.task(&TaskEvent { task, agent, at: self.now, kind });
    }

    /// The run is over: what is still under way has been for nothing.
    pub(super) fn cut_off<O: Observer>(&mut self, observer: &mut O) {
        for agent in 0..self.agents.len() as AgentId {
            let member = &mut self.agents[agent as usize];
            if member.is_busy {
                member.is_busy = false;
                let under_way = self.now - member.step.start;
                member.step.waited = member.step.waited.min(under_way);
                let lost = under_way - member.step.waited;
                self.end_step(agent, self.now, TimeSplit { lost, ..TimeSplit::default() }, observer);
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
