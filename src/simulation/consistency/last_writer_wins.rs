//! Last writer wins: an artifact then contains what the step read and its own update. Updates that others made in between
//! are lost, and the task that made them has lost its work.
//!
//! ```text
//! new  = read + own            lost     = old - new
//!                              restored = new - old - own
//! ```
//!
//! The later write stands. A lost task reopens at the audit if the loss was noticed (see `audit.rs`), else it stays wrong.

use crate::record::{Observer, TaskEventKind, TestRun};
use crate::simulation::faults::LOSS;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::PlannedTask;
use crate::team::{AgentId, Status};
use crate::workload::TaskId;

impl Simulator<'_> {
    /// Writes the update of an accepted task to its artifacts, and settles whose work that loses or brings back.
    pub(in crate::simulation) fn update_artifacts<O: Observer>(
        &mut self,
        agent: AgentId,
        planned: &PlannedTask,
        observer: &mut O,
    ) {
        let task = planned.task;
        let mut offset = planned.read as usize;
        let graph = self.team.graph.clone();
        for &artifact in &graph[task].writes {
            let contents = &mut self.contents;
            let (own_word, own_bit) = contents.position(artifact, task);
            contents.own.push((artifact, own_word, own_bit));
            for word in 0..contents.of(artifact).len() {
                let own = contents.own.iter().filter(|(of, at, _)| *of == artifact && *at == word);
                let own = own.fold(0, |bits, (.., bit)| bits | bit);
                let old = contents.of(artifact)[word];
                let new = self.agents[agent].flight.read[offset + word] | own;
                contents.of_mut(artifact)[word] = new;
                for bit in bits(old & !new) {
                    contents.lost.push(contents.writer(artifact, word, bit));
                }
                for bit in bits(new & !old & !own) {
                    contents.restored.push(contents.writer(artifact, word, bit));
                }
            }
            offset += contents.of(artifact).len();
        }
        while let Some(lost) = self.contents.lost.pop() {
            self.lose(lost, agent, observer);
        }
        while let Some(restored) = self.contents.restored.pop() {
            self.restore(restored, agent, observer);
        }
    }

    /// One artifact does not contain the update of a task any more. The loss of a completed task is examined once.
    fn lose<O: Observer>(&mut self, lost: TaskId, agent: AgentId, observer: &mut O) {
        if self.team.board.status(lost) != Status::Done {
            return;
        }
        let draws = self.attempt_stream(lost, self.tasks[lost].losses);
        let detection = self.profiles[self.agents[agent].profile].attempt_faults.detection;
        let state = &mut self.tasks[lost];
        state.missing += 1;
        if state.missing > 1 {
            return;
        }
        state.losses += 1;
        state.is_loss_noticed = detection.sample_at(draws, LOSS);
        let (right, noticed) = (state.is_right, state.is_loss_noticed);
        self.faults.losses += u32::from(noticed);
        self.emit(lost, agent, TaskEventKind::Overwritten { right, noticed }, observer);
        if noticed {
            observer.test(&TestRun { agent, start: self.team.now, end: self.team.now, has_failed: true });
        }
    }

    /// One more artifact contains the update of a task again.
    fn restore<O: Observer>(&mut self, restored: TaskId, agent: AgentId, observer: &mut O) {
        let state = &mut self.tasks[restored];
        if self.team.board.status(restored) != Status::Done || state.missing == 0 {
            return;
        }
        state.missing -= 1;
        if state.missing == 0 {
            let right = state.is_right;
            self.faults.losses -= u32::from(std::mem::take(&mut state.is_loss_noticed));
            self.emit(restored, agent, TaskEventKind::Restored { right }, observer);
        }
    }
}

/// Numbers of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros());
        word &= word.wrapping_sub(1);
        bit
    })
}
