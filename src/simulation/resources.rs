//! Stages of a step after its call: tests, shared resources, the write under a lock, and then the commit.
//!
//! A user of a resource waits in its queue first and is served then. Service is time of its own kind: neither work of the
//! agent nor waiting.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::{Purpose, Time};
use crate::record::{Observer, Service, StepKind, Wait, WaitCause};
use crate::simulation::features::Feature;
use crate::simulation::simulator::{PARKED, Simulator};
use crate::simulation::state::servers::Server;
use crate::simulation::state::step::{Parked, StepFault, step_entity};
use crate::team::{AgentId, Blocks};

/// The draws of a service, by number.
const SERVICE: u64 = 0;
const SHARE: u64 = 1;

impl Simulator<'_> {
    /// Time at which the call of a step arrives. A call that needs a place at a rate limit waits for it, and holds it for
    /// the call only.
    pub(super) fn call_arrival(&mut self, agent: AgentId) -> Time {
        let now = self.team.now;
        let entity = step_entity(agent, self.agents[agent].steps);
        let flight = &mut self.agents[agent].flight;
        flight.waits.clear();
        flight.services.clear();
        let keys = &self.keys;
        let is_limit = |server: &&mut Server| {
            let draws = keys.stream_nth(Purpose::Service, server.key, entity);
            server.service.is_none() && server.share.happens(draws.nth(SHARE))
        };
        // The call begins when it has a place at each of them, and gives all back when it ends.
        let mut begin = now;
        for (index, server) in (0..).zip(&mut self.servers).filter(|(_, server)| is_limit(server)) {
            let place = server.take_place(now);
            if place > begin {
                flight.waits.push((WaitCause::Queue(index), begin, place));
                begin = place;
            }
        }
        for server in self.servers.iter_mut().filter(is_limit) {
            server.hold_place(begin + flight.step.call);
        }
        flight.step.waited += begin - now;
        if let Some(part) = self.locks.write_part()
            && flight.step.kind == StepKind::Work
        {
            flight.step.write = Some(Time::from_us_f64(flight.step.latency.as_us() as f64 * part));
        }
        begin + (flight.step.latency - flight.step.write.unwrap_or_default())
    }

    /// A step has come to its next stage.
    #[inline(always)]
    pub(super) fn advance<const GENERAL: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        if GENERAL && !self.passes_stages(agent) {
            return;
        }
        self.commit::<GENERAL, O>(agent, observer);
    }

    /// Passes the stages that are left; returns false if the step has to wait at one, or goes on without its agent.
    fn passes_stages(&mut self, agent: AgentId) -> bool {
        if self.has_learned_policy(agent) && !self.passes_tests(agent) {
            return false;
        }
        while (self.agents[agent].flight.step.stage as usize) < self.servers.len() {
            match self.pass_server(agent) {
                Passage::Through => {}
                Passage::Until(end) => {
                    self.schedule(agent, end);
                    return false;
                }
                Passage::Parked(end) => {
                    self.park(agent, end);
                    return false;
                }
            }
        }
        let is_written = self.agents[agent].flight.step.write.is_none();
        if !is_written {
            self.wait_for_write(agent, None);
        }
        is_written
    }

    /// Passes the next resource: the queue first, then the service.
    fn pass_server(&mut self, agent: AgentId) -> Passage {
        let flight = &mut self.agents[agent].flight;
        let stage = flight.step.stage;
        let server = &mut self.servers[stage as usize];
        flight.step.stage += 1;
        let Some(sampler) = &server.service else { return Passage::Through };
        if server.blocks == Blocks::Nobody && flight.step.fault != StepFault::None {
            // A reply that is lost, or changes nothing, is handed in to nobody.
            return Passage::Through;
        }
        let key = self.tasks[flight.step.first.task].key ^ server.key.rotate_left(stage);
        let draws = self.keys.stream_nth(Purpose::Service, key, u64::from(flight.step.ordinal));
        let is_used = flight.step.kind == StepKind::Work && server.share.happens(draws.nth(SHARE));
        if !is_used && server.blocks != Blocks::Everyone {
            return Passage::Through;
        }
        // While it blocks everyone, a reply that does not use it waits for it all the same.
        let service = if is_used { Time::from_us_f64(sampler.at(draws.nth(SERVICE))) } else { Time::ZERO };
        let begin = server.serve(self.team.now, service);
        let end = begin + service;
        let is_held = server.blocks != Blocks::Nobody && flight.step.left.is_none();
        if is_used {
            flight.services.push((stage, begin, end, is_held));
        }
        if !is_held {
            return Passage::Parked(end);
        }
        if begin > self.team.now {
            flight.step.waited += begin - self.team.now;
            flight.waits.push((WaitCause::Queue(stage), self.team.now, begin));
        }
        flight.step.service += service;
        if end > self.team.now { Passage::Until(end) } else { Passage::Through }
    }

    /// Frees the agent of a step while its task is served: the reply is parked until the service has ended.
    fn park(&mut self, agent: AgentId, end: Time) {
        let slot = self.parked.iter().position(|parked| parked.agent.is_none()).unwrap_or(self.parked.len());
        if slot == self.parked.len() {
            self.parked.push(Parked::default());
        }
        self.parked[slot].agent = Some(agent);
        self.swap_parked(slot, agent);
        let flight = &mut self.parked[slot].flight;
        flight.step.left = Some(self.team.now);
        // Nobody begins the task anew while it is served.
        flight
            .tasks
            .iter()
            .filter(|planned| planned.effects.acts())
            .for_each(|planned| self.team.board.bar(planned.task));
        let state = &mut self.agents[agent];
        state.is_busy = false;
        state.free_since = self.team.now;
        state.replied_in = self.round;
        self.timers.push(end, PARKED, slot as u32);
        self.wait_sets.free(agent);
        self.wait_sets.change_signalled = true;
    }

    /// The service of a parked reply has ended: it passes the resources that are left, and commits.
    pub(super) fn unpark<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let Some(agent) = self.parked[slot].agent else { return };
        self.swap_parked(slot, agent);
        while (self.agents[agent].flight.step.stage as usize) < self.servers.len() {
            let (Passage::Until(end) | Passage::Parked(end)) = self.pass_server(agent) else { continue };
            self.swap_parked(slot, agent);
            self.timers.push(end, PARKED, slot as u32);
            return;
        }
        if self.agents[agent].flight.step.write.is_some() {
            self.swap_parked(slot, agent);
            self.wait_for_write(agent, Some(slot));
            return;
        }
        let tasks = self.agents[agent].flight.tasks.iter().filter(|planned| planned.effects.acts());
        tasks.for_each(|planned| self.team.board.unbar(planned.task));
        self.wait_sets.ready_signalled = true;
        self.commit_flight::<true, O>(agent, observer);
        self.swap_parked(slot, agent);
        self.parked[slot].agent = None;
        self.serve_lock_queue();
    }

    /// Exchanges the step in flight of an agent with a parked one of its own.
    pub(super) fn swap_parked(&mut self, slot: usize, agent: AgentId) {
        std::mem::swap(&mut self.parked[slot].flight, &mut self.agents[agent].flight);
        if self.features.uses(Feature::Learned) {
            self.learned.swap_parked(slot, agent);
        }
    }

    /// Emits the waits and services of a step that has ended, as far as they lie before `end`.
    pub(super) fn emit_waits<O: Observer>(&mut self, agent: AgentId, end: Time, observer: &mut O) {
        let flight = &self.agents[agent].flight;
        for &(cause, start, until) in flight.waits.iter().filter(|(_, start, _)| *start < end) {
            observer.wait(&Wait { agent, cause, start, end: until.min(end) });
        }
        for &(resource, start, until, is_held) in flight.services.iter().filter(|service| service.1 < self.team.now) {
            observer.service(&Service { agent, resource, start, end: until.min(self.team.now), is_held });
        }
    }
}

/// Way of a step past a resource.
enum Passage {
    Through,
    /// The step goes on at this time.
    Until(Time),
    /// The same, and its agent goes on with other work at once.
    Parked(Time),
}
