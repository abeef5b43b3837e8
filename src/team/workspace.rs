//! The shared artifacts: who wrote what since when, and who holds a lock.

use crate::engine::InlineVec;
use crate::team::AgentId;
use crate::workload::ArtifactId;

/// Policy for two steps that want to write one artifact.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Consistency {
    /// The later write replaces the earlier one.
    #[default]
    LastWriterWins,
    /// A step holds the locks of all that it writes; others wait.
    Lock(Locking),
    /// A step is rejected at commit if anything that it read or writes has changed since it decided.
    Optimistic,
}

/// Rules of the policy `lock`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Locking {
    /// Part of a call during which the locks are held.
    pub held: LockHeld,
    /// Behaviour of an agent whose next task is locked.
    pub when_locked: WhenLocked,
}

/// Part of a call during which its locks are held.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum LockHeld {
    /// From decision to commit.
    #[default]
    Call,
    /// The last part of the call, its write: this proportion of the latency. The locks are taken in order of arrival, and
    /// the write goes on top of what the artifacts contain then.
    Write(f64),
}

/// Behaviour of an agent whose next task is locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhenLocked {
    /// It takes other ready work, if there is some.
    #[default]
    OtherWork,
    /// It waits for that task.
    Wait,
}

/// The artifacts of a run.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    artifacts: InlineVec<ArtifactId, Artifact>,
    /// Writes so far: the clock that versions are read from.
    clock: u32,
}

#[derive(Clone, Copy, Debug)]
struct Artifact {
    written_at: u32,
    writer: AgentId,
    holder: AgentId,
}

const NOBODY: AgentId = AgentId::MAX;
const BLANK: Artifact = Artifact { written_at: 0, writer: NOBODY, holder: NOBODY };

impl Default for Artifact {
    fn default() -> Artifact {
        BLANK
    }
}

impl Workspace {
    /// Number of artifacts.
    pub fn len(&self) -> usize {
        self.artifacts.len()
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.artifacts.len() == 0
    }

    /// As many artifacts, never written.
    pub fn new(artifacts: usize) -> Workspace {
        Workspace { artifacts: (0..artifacts).map(|_| BLANK).collect(), clock: 0 }
    }

    /// Takes everything back.
    pub fn clear(&mut self) {
        self.artifacts.fill(self.artifacts.len(), BLANK);
        self.clock = 0;
    }

    /// The version of the workspace as a whole: what a step remembers having seen.
    #[inline]
    pub fn version(&self) -> u32 {
        self.clock
    }

    /// `agent` writes `artifact`; says whether another had written it since the workspace had the version `seen`.
    #[inline]
    pub fn write(&mut self, artifact: ArtifactId, agent: AgentId, seen: u32) -> bool {
        self.clock += 1;
        let artifact = &mut self.artifacts[artifact];
        let changed = artifact.written_at > seen && artifact.writer != agent;
        artifact.written_at = self.clock;
        artifact.writer = agent;
        changed
    }

    /// Returns true if another than `agent` has written `artifact` since the workspace had the version `seen`.
    #[inline]
    pub fn changed_since(&self, artifact: ArtifactId, seen: u32, agent: AgentId) -> bool {
        let artifact = &self.artifacts[artifact];
        artifact.written_at > seen && artifact.writer != agent
    }

    /// Takes the locks of all `artifacts`, or none and says no. All or nothing, so there is no deadlock.
    pub fn lock(&mut self, artifacts: &[ArtifactId], agent: AgentId) -> bool {
        let free = |artifact: &ArtifactId| {
            let holder = self.artifacts[*artifact].holder;
            holder == NOBODY || holder == agent
        };
        if !artifacts.iter().all(free) {
            return false;
        }
        for &artifact in artifacts {
            self.artifacts[artifact].holder = agent;
        }
        true
    }

    /// Gives back the locks of those `artifacts` that `agent` holds.
    pub fn unlock(&mut self, artifacts: &[ArtifactId], agent: AgentId) {
        for &artifact in artifacts {
            let artifact = &mut self.artifacts[artifact];
            if artifact.holder == agent {
                artifact.holder = NOBODY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentId, ArtifactId, Workspace};

    const X: ArtifactId = ArtifactId::new(0);
    const Y: ArtifactId = ArtifactId::new(1);
    const Z: ArtifactId = ArtifactId::new(2);
    const ANN: AgentId = AgentId::new(7);
    const BO: AgentId = AgentId::new(8);

    #[test]
    fn locks_are_all_or_nothing() {
        let mut workspace = Workspace::new(3);
        assert!(workspace.lock(&[X, Y], ANN));
        assert!(!workspace.lock(&[Z, Y], BO));
        assert!(workspace.lock(&[Z], BO), "a refused request holds nothing");
        workspace.unlock(&[X, Y], BO);
        assert!(!workspace.lock(&[Y], BO), "only the holder gives back");
        workspace.unlock(&[X, Y], ANN);
        assert!(workspace.lock(&[X, Y], BO));
    }

    #[test]
    fn a_change_is_somebody_else_s_write() {
        let mut workspace = Workspace::new(2);
        let seen = workspace.version();
        assert!(!workspace.write(X, ANN, seen));
        assert!(workspace.changed_since(X, seen, BO) && !workspace.changed_since(X, seen, ANN));
        assert!(!workspace.changed_since(Y, seen, BO));
        assert!(!workspace.changed_since(X, workspace.version(), BO));
        assert!(workspace.write(X, BO, seen) && !workspace.write(X, BO, workspace.version()));
    }
}
