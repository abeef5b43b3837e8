//! The loop: decide, think, commit. A [`Simulator`] is made once for a scenario and runs any number of replications;
//! after the first few it allocates nothing.

use crate::architecture::assignment::Assigner;
use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::rng::KeySource;
use crate::engine::{EventQueue, IdSet, InlineVec, Keys, Time};
use crate::record::{Ending, Observer};
use crate::simulation::compiled_profile::CompiledProfiles;
use crate::simulation::features::{Feature, Features};
use crate::simulation::learned::learned_state::LearnedState;
use crate::simulation::state::contents::Contents;
use crate::simulation::state::faults::FaultState;
use crate::simulation::state::knowledge::Reading;
use crate::simulation::state::locks::Locks;
use crate::simulation::state::servers::Server;
use crate::simulation::state::step::{AgentState, Parked, TaskState};
use crate::simulation::state::wait_sets::WaitSets;
use crate::simulation::state::waits::Waits;
use crate::simulation::{Pacing, Scenario};
use crate::team::{AgentId, SharedState};
use crate::workload::TaskId;

/// Runs replications of one scenario.
#[derive(Clone)]
pub struct Simulator<'s> {
    // Compiled from the scenario; the same for every run.
    pub(super) scenario: &'s Scenario,
    pub(super) spec: ProtocolSpec,
    pub(super) profiles: CompiledProfiles,
    pub(super) features: Features,
    /// Number of artifacts, with the files of no task that learned agents write.
    pub(super) artifacts: usize,
    /// Release times of the tasks that are not available from the start.
    pub(super) releases: Vec<(TaskId, Time)>,
    pub(super) key_source: KeySource,
    // State of a run: draws, clock, board, tasks, agents, events.
    pub(super) keys: Keys,
    pub(super) team: SharedState,
    pub(super) tasks: InlineVec<TaskId, TaskState>,
    pub(super) agents: InlineVec<AgentId, AgentState>,
    pub(super) round: u32,
    pub(super) calls: u64,
    pub(super) tokens: u64,
    /// Arrivals of steps at their next stage.
    pub(super) queue: EventQueue,
    /// Timed events: releases, expiring leases, recoveries, ends of services.
    pub(super) timers: EventQueue,
    pub(super) wait_sets: WaitSets,
    /// True while the audit waits for the steps in flight.
    pub(super) is_draining: bool,
    // State of each mechanism; docs/ARCHITECTURE.md has the list.
    pub(super) contents: Contents,
    pub(super) locks: Locks,
    pub(super) faults: FaultState,
    pub(super) reading: Reading,
    pub(super) servers: Vec<Server>,
    pub(super) parked: Vec<Parked>,
    pub(super) waits: Waits,
    pub(super) round_effects: Vec<f64>,
    pub(super) assigner: Assigner,
    pub(super) in_batch: IdSet<TaskId>,
    pub(super) learned: LearnedState,
}

/// Classes of timers, in the order in which they fire at one time.
pub(super) const RELEASE: u8 = 0;
pub(super) const LEASE: u8 = 1;
pub(super) const RECOVERY: u8 = 2;
pub(super) const PARKED: u8 = 3;
/// The only class of the event queue: a step comes to its next stage.
pub(super) const STEP: u8 = 0;

impl Simulator<'_> {
    /// Runs one replication under `architecture`, and emits its entries to `observer`. The same replication gives the same
    /// entries, whatever ran before. The architecture is the scenario's own, whose specification was read when the
    /// simulator was made; a caller that knows its type gets a loop compiled for it.
    pub fn run<A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        replication: u64,
        observer: &mut O,
    ) -> Ending {
        self.begin(replication);
        observer.begin(self.agents.len(), self.team.board.len(), self.artifacts);
        let ending = match (self.scenario.pacing, self.needs_general_path()) {
            (Pacing::Async, false) => self.run_async::<false, A, O>(architecture, observer),
            (Pacing::Async, true) => self.run_async::<true, A, O>(architecture, observer),
            (Pacing::Rounds { idle_calls }, false) => {
                self.run_rounds::<false, A, O>(architecture, observer, idle_calls)
            }
            (Pacing::Rounds { idle_calls }, true) => self.run_rounds::<true, A, O>(architecture, observer, idle_calls),
        };
        if self.needs_general_path() {
            self.cut_off::<true, O>(observer);
        } else {
            self.cut_off::<false, O>(observer);
        }
        observer.end(ending, self.team.now);
        ending
    }

    /// Returns true if the scenario uses a feature that the plain form of the loop leaves out.
    #[inline]
    pub(super) fn needs_general_path(&self) -> bool {
        self.features.uses(Feature::General)
    }
}
