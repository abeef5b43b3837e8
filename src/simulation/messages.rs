//! Messages: assignments of a lead and reports of finished tasks.

use crate::engine::Time;
use crate::record::{Message, Observer, TaskEventKind, TimeSplit};
use crate::simulation::simulator::Simulator;
use crate::team::{AgentId, Reports};

impl Simulator<'_> {
    /// Commits assignments: tasks that are still unowned change hands, and each new owner gets a message.
    pub(super) fn commit_assignments<O: Observer>(
        &mut self,
        agent: AgentId,
        busy: Time,
        observer: &mut O,
    ) -> TimeSplit {
        let assignments = std::mem::take(&mut self.agents[agent].flight.assignments);
        for (index, &(task, to)) in assignments.iter().enumerate() {
            if self.team.board.assign(task, to) {
                self.wait_sets.ready_signalled = true;
                self.emit(task, to, TaskEventKind::Assigned, observer);
                if assignments[..index].iter().all(|&(_, other)| other != to) {
                    self.send(agent, Some(to), observer);
                }
            }
        }
        self.agents[agent].flight.assignments = assignments;
        TimeSplit { coordination: busy, ..TimeSplit::default() }
    }

    /// Reports a completed task to the recipients of the protocol.
    pub(super) fn report<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        match self.spec.reports {
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
            self.wait_sets.signal_message(to);
        } else {
            self.team.mail.broadcast(from);
            for other in AgentId::all(self.agents.len()) {
                self.wait_sets.signal_message(other);
            }
        }
        let deliveries = if to.is_some() { 1 } else { others };
        observer.message(&Message { from, to, deliveries, at: self.team.now });
    }
}
