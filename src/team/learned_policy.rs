//! Learned policy: recorded calls of few agents with their observations, for the simulation of larger teams.
//!
//! A [`Trajectory`] contains the calls of one recorded agent in order. A [`RecordedCall`] is one of them: the observation of
//! the board, and the tasks that the agent then wrote, claimed and finished. Tasks have no names but classes, by the
//! agent's knowledge ([`TaskClass`]). A recorded call therefore fits other boards, and teams with smaller shares of work.

use crate::workload::{ArtifactId, TaskGraph};

/// Number of classes of tasks that are not done.
pub const TASK_CLASSES: usize = 6;

/// Weight of a run on the same files in another order. Predictions of single agents are about as accurate with
/// 0.3 as with 1 (docs/DESIGN.md).
const OTHER_ORDER: f64 = 0.4;

/// Class of a task that is not done, as an agent can know it. The number is the index in the arrays of a [`RecordedCall`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum TaskClass {
    /// Claimable, and I have not written its files.
    Ready,
    /// Claimable, and I have written its files.
    ReadyBegun,
    /// Something it depends on is not done, and I have not written its files.
    Waiting,
    /// Something it depends on is not done, and I have written its files.
    WaitingBegun,
    /// Under way, and I have claimed it or think so; I have not written its files.
    Held,
    /// Under way, and I have claimed it or think so; I have written its files.
    HeldBegun,
}

impl TaskClass {
    /// Returns the class of a task that is not done.
    pub fn of(is_held: bool, is_ready: bool, is_begun: bool) -> TaskClass {
        match (is_held, is_ready, is_begun) {
            (true, _, false) => TaskClass::Held,
            (true, _, true) => TaskClass::HeldBegun,
            (false, true, false) => TaskClass::Ready,
            (false, true, true) => TaskClass::ReadyBegun,
            (false, false, false) => TaskClass::Waiting,
            (false, false, true) => TaskClass::WaitingBegun,
        }
    }
}

/// Observation of an agent at its decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Observation {
    /// Number of tasks of each class; tasks of others are left out if tasks are assigned before the start.
    pub tasks: [u16; TASK_CLASSES],
    /// Number of all tasks, done ones too; its own if tasks are assigned before the start.
    pub total: u16,
    /// Number of done tasks that it has written itself.
    pub done_begun: u16,
    /// Number of tasks that it has finished itself.
    pub finished: u16,
    /// Number of its calls since the last one that changed something.
    pub idle: u16,
    /// True if it is its first call.
    pub is_first: bool,
}

/// One call: its observation, its effects and its cost.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct RecordedCall {
    /// Observation of the agent.
    pub observation: Observation,
    /// Number of tasks of each class of which it wrote files.
    pub writes: [u16; TASK_CLASSES],
    /// Number of done tasks of which it wrote files again.
    pub rewrites: u16,
    /// Number of files of no task that it wrote.
    pub other_files: u16,
    /// Files among those that others write, too: bit i is the i-th of [`LearnedPolicy::common_files`].
    pub common_files: u16,
    /// Number of files that it wrote, each as often as it was written.
    pub files: u16,
    /// Number of tasks of each class that it claimed. Claims on waiting tasks were refused.
    pub claims: [u16; TASK_CLASSES],
    /// Number of tasks of each class that it completed.
    pub completes: [u16; TASK_CLASSES],
    /// True if it finished all that it claimed: it would have finished refused tasks, too.
    pub finishes_claims: bool,
    /// True if the reply was truncated at the output limit and had no effect.
    pub is_truncated: bool,
    /// Seconds from the call to the answer.
    pub latency_s: f64,
    /// Logarithm of the latency over the median latency of such calls of this agent.
    pub log_residual: f64,
    /// Seconds of tests that it ran.
    pub tests_s: f64,
    /// Number of those test runs.
    pub tests: u16,
    /// True if one of them failed.
    pub has_failed: bool,
    /// Output tokens.
    pub output_tokens: f64,
}

impl RecordedCall {
    /// Returns true if the call changed nothing.
    pub fn is_idle(&self) -> bool {
        self.files == 0 && self.claims.iter().chain(&self.completes).all(|&count| count == 0)
    }
}

/// Recorded calls of one agent, in order.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Trajectory {
    /// Index of its first call in [`LearnedPolicy::recorded_calls`].
    pub first: u32,
    /// Number of calls.
    pub calls: u32,
    /// Index of its call model in [`LearnedPolicy::call_models`].
    pub call_model: u32,
    /// The work that it did.
    pub work: WorkKey,
    /// True if tasks were assigned before the start, so that it worked on its own only.
    pub is_dealt: bool,
    /// Weight relative to the others.
    pub weight: f64,
    /// Its recorded run: the index of the first trajectory of that run. Trajectories of a run are consecutive.
    pub run: u32,
    /// Number of agents of that run.
    pub agents: u32,
    /// Run effect: logarithm of the factor by which calls of its run took longer than those of other runs on this work.
    pub run_effect: f64,
    /// True if it was alone and left tasks undone.
    pub left_some: bool,
}

/// Fingerprint of a piece of work: see [`WorkKey::of`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WorkKey {
    /// The tasks and what each depends on.
    pub shape: u64,
    /// The files that they write.
    pub files: u64,
}

impl WorkKey {
    /// The key of a task graph: the same for the same tasks, whatever their sizes.
    pub fn of(graph: &TaskGraph) -> WorkKey {
        let mix = |sum: u64, key: u64| (sum.rotate_left(5) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut shape = graph.len() as u64;
        let mut files: Vec<u64> = Vec::new();
        for task in graph.tasks() {
            shape = mix(shape, task.key);
            shape = task.depends_on.iter().fold(shape, |sum, &on| mix(sum, u64::from(on) + 1));
            let own = |artifact: &ArtifactId| crate::engine::key_of(&graph.artifacts()[artifact.index()]);
            files.extend(task.writes.iter().map(own));
        }
        files.sort_unstable();
        WorkKey { shape, files: files.into_iter().fold(0, mix) }
    }
}

/// Earlier messages that are sent along with a call, as input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContextWindow {
    /// The latest messages, up to this number: boards, replies and test results.
    Messages(u16),
    /// All earlier messages of the agent.
    WholeHistory,
    /// No message is counted: the prompt stands for the mean input of the recorded calls.
    Mean,
}

impl ContextWindow {
    /// Most messages of a window with a limit. A longer window is taken for the whole history.
    pub const MAX_MESSAGES: u16 = 120;
}

impl Default for ContextWindow {
    fn default() -> ContextWindow {
        ContextWindow::Messages(0)
    }
}

/// Call model: parameters that the trajectories of one kind of agent on one kind of work share.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct CallModel {
    /// Seconds of a call that writes nothing, above 0.
    pub idle_s: f64,
    /// Seconds of a call that writes, before the first file, above 0.
    pub base_s: f64,
    /// Seconds more for each file.
    pub per_file_s: f64,
    /// Standard deviation of log residuals of calls on one file or none.
    pub spread_small: f64,
    /// Standard deviation of log residuals of calls on several files.
    pub spread_large: f64,
    /// Standard deviation of the run effect around that of the followed trajectory.
    pub run_effect_sd: f64,
    /// Correlation of the residuals of agents of a team at one step: 1 makes all equally slow, 0 makes each
    /// as slow as its own draw.
    pub common: f64,
    /// Upper limit of a latency in seconds, as replies are limited in length; 0 if it is not known.
    pub longest_s: f64,
    /// Number of files that fit into one reply, by the limit on output; infinite if no limit is known.
    pub files_a_reply: f64,
    /// Output tokens a second.
    pub tokens_per_second: f64,
    /// Input tokens of the prompt.
    pub prompt_tokens: f64,
    /// Input tokens of the board, each time it is shown.
    pub board_tokens: f64,
    /// Input tokens of the result of a test run.
    pub test_tokens: f64,
    /// Earlier messages (the board, a reply, a test result) that are sent again as context.
    pub window: ContextWindow,
}

impl CallModel {
    /// Returns the expected seconds of a call that writes this number of files.
    pub fn typical_s(&self, files: f64) -> f64 {
        if files > 0.0 { self.base_s + self.per_file_s * files } else { self.idle_s }
    }

    /// Returns the seconds, at most the longest that is possible.
    pub fn possible_s(&self, seconds: f64) -> f64 {
        if self.longest_s > 0.0 { seconds.min(self.longest_s) } else { seconds }
    }
}

/// Recorded calls of one kind of agent, by observation.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LearnedPolicy {
    /// All calls; those of a trajectory are consecutive and in order.
    pub recorded_calls: Vec<RecordedCall>,
    /// Recorded agents, each with its range of calls.
    pub trajectories: Vec<Trajectory>,
    /// Call models.
    pub call_models: Vec<CallModel>,
    /// Name of the language model of each call model, empty where it is not known.
    pub models: Vec<String>,
    /// Files of the work of each call model, as sorted keys of their names: see [`file_keys`].
    pub names: Vec<Vec<u32>>,
    /// Probability that an agent follows the trajectory of its team, and not one of its own in the same style.
    pub shared: f64,
}

impl LearnedPolicy {
    /// Returns the policy with this residual correlation in every call model.
    pub fn with_residual_correlation(mut self, common: f64) -> LearnedPolicy {
        self.call_models.iter_mut().for_each(|call_model| call_model.common = common);
        self
    }

    /// Number of files of no task that several agents may write: fixtures, packages, notes.
    pub fn common_files(&self) -> usize {
        let all = self.recorded_calls.iter().fold(0, |all, recorded_call| all | recorded_call.common_files);
        (u16::BITS - all.leading_zeros()) as usize
    }

    /// Returns the trajectories of a language model; all if none of them is known to be of it.
    pub fn only(mut self, model: &str) -> LearnedPolicy {
        let is_of =
            |trajectory: &Trajectory| self.models.get(trajectory.call_model as usize).is_some_and(|name| name == model);
        if self.trajectories.iter().any(is_of) {
            self.trajectories = self.trajectories.iter().filter(|trajectory| is_of(trajectory)).copied().collect();
        }
        self
    }

    /// Returns the trajectories that fit a work best, with weights: those of the same files, else of some of them, else of
    /// the same graph shape, else any. Those with the same kind of assignment come first. `names` are keys of its files.
    ///
    /// Trajectories on the same files in another order have 0.4 times the weight. Those of a team with assigned tasks have
    /// weight 0 then, because the order determines the owner of the longest chain.
    pub fn fitting(&self, work: WorkKey, names: &[u32], is_dealt: bool) -> Vec<Trajectory> {
        let dealt = |trajectory: &Trajectory| trajectory.is_dealt == is_dealt;
        let same_files = |trajectory: &Trajectory| {
            let are_these = trajectory.work == work;
            // Of work whose files are not known, they are not the same.
            let in_other_order = !names.is_empty() && trajectory.work.files == work.files;
            let fits = are_these || in_other_order && (!is_dealt || trajectory.agents == 1);
            (dealt(trajectory) && fits).then_some(if are_these { 1.0 } else { OTHER_ORDER })
        };
        let in_common: Vec<f64> = self.names.iter().map(|of| share_in_common(of, names)).collect();
        let some_files = |trajectory: &Trajectory| {
            let share = in_common.get(trajectory.call_model as usize).copied().unwrap_or(0.0);
            (dealt(trajectory) && share > 0.0).then_some(share)
        };
        let one = |fits: bool| fits.then_some(1.0);
        let tries: [&Counts<'_>; 5] = [
            &same_files,
            &some_files,
            &|trajectory| one(dealt(trajectory) && trajectory.work.shape == work.shape),
            &|trajectory| one(dealt(trajectory)),
            &|_| one(true),
        ];
        let of = |counts: &Counts<'_>| -> Vec<Trajectory> {
            let trajectories = self.trajectories.iter().filter(|trajectory| trajectory.calls > 0);
            trajectories
                .filter_map(|trajectory| {
                    Some(Trajectory { weight: trajectory.weight * counts(trajectory)?, ..*trajectory })
                })
                .collect()
        };
        tries.into_iter().map(|counts| of(counts)).find(|trajectories| !trajectories.is_empty()).unwrap_or_default()
    }
}

/// Weight of a trajectory for a work; none if it does not fit.
type Counts<'c> = dyn Fn(&Trajectory) -> Option<f64> + 'c;

/// Returns sorted keys of the names of the files that tasks write. They measure the overlap of two workloads.
pub fn file_keys(graph: &TaskGraph) -> Vec<u32> {
    let written = graph.tasks().iter().flat_map(|task| &task.writes);
    let key = |artifact: &ArtifactId| crate::engine::key_of(&graph.artifacts()[artifact.index()]) as u32;
    let mut names: Vec<u32> = written.map(key).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Size of the intersection of two sets, in order, over the size of the larger; 0 for empty ones.
fn share_in_common(these: &[u32], those: &[u32]) -> f64 {
    let both = these.iter().filter(|name| those.binary_search(name).is_ok()).count();
    both as f64 / these.len().max(those.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::TaskSpec;

    /// A script of this shape on the files of a manner, by one agent or a team.
    fn trajectory(call_model: u32, shape: u64, files: u64, agents: u32, is_dealt: bool) -> Trajectory {
        let work = WorkKey { shape, files };
        Trajectory { calls: 1, call_model, work, agents, is_dealt, weight: 2.0, ..Trajectory::default() }
    }

    fn weights(
        trajectories: Vec<Trajectory>,
        (shape, files): (u64, u64),
        names: &[u32],
        is_dealt: bool,
    ) -> Vec<(u32, f64)> {
        let learned_policy =
            LearnedPolicy { trajectories, names: vec![vec![1, 2, 3, 4], vec![3, 4, 5, 6]], ..LearnedPolicy::default() };
        let fitting = learned_policy.fitting(WorkKey { shape, files }, names, is_dealt);
        fitting.iter().map(|trajectory| (trajectory.call_model, trajectory.weight)).collect()
    }

    #[test]
    fn runs_on_the_same_files_in_another_order_count_by_what_order_tells() {
        let runs = |is_dealt| {
            vec![
                trajectory(0, 1, 7, 1, is_dealt),
                trajectory(0, 2, 7, 1, is_dealt),
                trajectory(0, 2, 7, 3, is_dealt),
                trajectory(1, 1, 8, 1, is_dealt),
                trajectory(0, 1, 7, 1, !is_dealt),
            ]
        };
        let claimed = weights(runs(false), (1, 7), &[1, 2, 3, 4], false);
        assert_eq!(claimed, [(0, 2.0), (0, 2.0 * OTHER_ORDER), (0, 2.0 * OTHER_ORDER)]);
        let dealt = weights(runs(true), (1, 7), &[1, 2, 3, 4], true);
        assert_eq!(dealt, [(0, 2.0), (0, 2.0 * OTHER_ORDER)], "teams only of exactly these tasks");
        let unknown = weights(runs(false), (1, 7), &[], false);
        assert_eq!(unknown, [(0, 2.0)], "which files there are is not known, so they are not the same");
    }

    #[test]
    fn runs_on_other_files_count_by_the_share_in_common_else_by_shape() {
        let runs = || vec![trajectory(0, 1, 7, 1, false), trajectory(1, 2, 8, 1, false)];
        assert_eq!(weights(runs(), (9, 9), &[2, 3, 4, 5], false), [(0, 2.0 * 0.75), (1, 2.0 * 0.75)]);
        assert_eq!(weights(runs(), (9, 9), &[1, 2, 8, 9], false), [(0, 2.0 * 0.5)]);
        assert_eq!(weights(runs(), (2, 9), &[8, 9], false), [(1, 2.0)], "the same shape");
        assert_eq!(weights(runs(), (9, 9), &[], false), [(0, 2.0), (1, 2.0)], "any");
        assert_eq!(weights(runs(), (9, 9), &[], true), [(0, 2.0), (1, 2.0)], "any, if none was dealt");
    }

    #[test]
    fn files_have_the_same_keys_in_whatever_order_and_however_often() {
        let of = |files: &[&str]| {
            let task =
                TaskSpec { writes: files.iter().map(|&file| file.to_owned()).collect(), ..TaskSpec::new("t", 1.0) };
            file_keys(&TaskGraph::new(&[task]).expect("a task"))
        };
        assert_eq!(of(&["a.py", "b.py"]), of(&["b.py", "a.py"]));
        assert_eq!(of(&["a.py", "b.py"]).len(), 2);
        assert!((share_in_common(&of(&["a.py", "b.py"]), &of(&["a.py", "c.py", "d.py", "e.py"])) - 0.25).abs() < 1e-12);
    }
}
