//! Contents of the artifacts: for each, the set of tasks with an update in it. A lost update is a set difference.

use crate::workload::{ArtifactId, TaskGraph, TaskId};

/// Contents of all artifacts. A set has one bit for each task that writes the artifact.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Contents {
    /// Tasks that write an artifact, ascending.
    writers: Vec<Vec<TaskId>>,
    /// First word of an artifact in `words`, and one entry more.
    first: Vec<u32>,
    words: Vec<u64>,
    /// Updates of the commit under way: artifact, word and bit.
    pub(in crate::simulation) own: Vec<(ArtifactId, usize, u64)>,
    /// Working memory: tasks that have lost their update, and tasks that have it again.
    pub(in crate::simulation) lost: Vec<TaskId>,
    pub(in crate::simulation) restored: Vec<TaskId>,
}

impl Contents {
    pub(in crate::simulation) fn new(graph: &TaskGraph) -> Contents {
        let mut writers: Vec<Vec<TaskId>> = vec![Vec::new(); graph.artifacts().len()];
        for (id, task) in TaskId::all(graph.len()).zip(graph.tasks()) {
            for artifact in &task.writes {
                writers[artifact.index()].push(id);
            }
        }
        let mut first = Vec::with_capacity(writers.len() + 1);
        let mut words = 0;
        for tasks in &writers {
            first.push(words);
            words += tasks.len().div_ceil(64) as u32;
        }
        first.push(words);
        let most = writers.iter().map(Vec::len).max().unwrap_or(0);
        Contents {
            writers,
            first,
            words: vec![0; words as usize],
            own: Vec::with_capacity(graph.len()),
            lost: Vec::with_capacity(most),
            restored: Vec::with_capacity(most),
        }
    }

    /// Returns true if some artifact has more than one writer.
    pub(in crate::simulation) fn any_shared(graph: &TaskGraph) -> bool {
        let mut is_written = vec![false; graph.artifacts().len()];
        graph
            .tasks()
            .iter()
            .flat_map(|task| &task.writes)
            .any(|artifact| std::mem::replace(&mut is_written[artifact.index()], true))
    }

    pub(in crate::simulation) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Returns true if contents are not tracked, as no artifact is shared.
    pub(in crate::simulation) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Starts a commit: nothing of its own is written yet.
    pub(in crate::simulation) fn begin_commit(&mut self) {
        self.own.clear();
    }

    /// Updates in an artifact, as words of a set.
    #[inline]
    pub(in crate::simulation) fn of(&self, artifact: ArtifactId) -> &[u64] {
        let index = artifact.index();
        &self.words[self.first[index] as usize..self.first[index + 1] as usize]
    }

    pub(in crate::simulation) fn of_mut(&mut self, artifact: ArtifactId) -> &mut [u64] {
        let index = artifact.index();
        &mut self.words[self.first[index] as usize..self.first[index + 1] as usize]
    }

    /// Word and bit of a task in the set of an artifact that it writes.
    pub(in crate::simulation) fn position(&self, artifact: ArtifactId, task: TaskId) -> (usize, u64) {
        let index = self.writers[artifact.index()].binary_search(&task).unwrap_or(0);
        (index / 64, 1 << (index % 64))
    }

    /// Tasks that write an artifact, ascending.
    pub(in crate::simulation) fn writers(&self, artifact: ArtifactId) -> &[TaskId] {
        &self.writers[artifact.index()]
    }

    /// The task of a bit in the set of an artifact.
    pub(in crate::simulation) fn writer(&self, artifact: ArtifactId, word: usize, bit: u32) -> TaskId {
        self.writers[artifact.index()][word * 64 + bit as usize]
    }
}
