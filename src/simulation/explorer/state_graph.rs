//! Graph of the explored states: the shortest way to a state, states without a way to the end, orders that never end.

use std::collections::VecDeque;

use crate::simulation::explorer::world::Choice;

/// States by number, in breadth-first order from the start, and the commits between them.
#[derive(Clone, Debug, Default)]
pub(super) struct StateGraph {
    states: Vec<Reached>,
    commits: Vec<Commit>,
}

/// A state and the way to it.
#[derive(Clone, Copy, Debug)]
struct Reached {
    /// The state before it on a shortest way, and the choice there; none at the start.
    from: Option<(u32, Choice)>,
    is_completed: bool,
}

/// A commit leads from one state to another.
#[derive(Clone, Copy, Debug)]
struct Commit {
    from: u32,
    to: u32,
    choice: Choice,
    /// Number of accepted attempts.
    accepted: u32,
}

impl StateGraph {
    /// Adds a state; returns its number.
    pub(super) fn add_state(&mut self, from: Option<(u32, Choice)>, is_completed: bool) -> u32 {
        self.states.push(Reached { from, is_completed });
        self.states.len() as u32 - 1
    }

    /// Adds a commit.
    pub(super) fn add_commit(&mut self, (from, choice): (u32, Choice), to: u32, accepted: u32) {
        self.commits.push(Commit { from, to, choice, accepted });
    }

    /// Number of states.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Number of commits between states.
    pub(super) fn commits(&self) -> usize {
        self.commits.len()
    }

    /// Number of states in which the run is completed.
    pub(super) fn completed(&self) -> usize {
        self.states.iter().filter(|state| state.is_completed).count()
    }

    /// Returns true if the run is completed in a state.
    pub(super) fn is_completed(&self, state: u32) -> bool {
        self.states[state as usize].is_completed
    }

    /// Choices on a shortest way from the start to a state.
    pub(super) fn path(&self, mut state: u32) -> Vec<Choice> {
        let mut path = Vec::new();
        while let Some((from, choice)) = self.states[state as usize].from {
            path.push(choice);
            state = from;
        }
        path.reverse();
        path
    }

    /// Returns the first state from which no completed state can be reached.
    pub(super) fn first_without_end(&self) -> Option<u32> {
        let mut reaches: Vec<bool> = self.states.iter().map(|state| state.is_completed).collect();
        let order = self.by_target();
        let mut next: Vec<u32> = (0..self.states.len() as u32).filter(|&state| reaches[state as usize]).collect();
        while let Some(state) = next.pop() {
            for commit in edges_of(&order, state, |commit| commit.to) {
                if !std::mem::replace(&mut reaches[commit.from as usize], true) {
                    next.push(commit.from);
                }
            }
        }
        reaches.iter().position(|reaches| !reaches).map(|state| state as u32)
    }

    /// Returns the choices of an order of commits that comes back to a state that it has passed; none if every order ends.
    /// The last return value is the number of choices before the cycle, as few as there can be.
    pub(super) fn cycle(&self) -> Option<(Vec<Choice>, usize)> {
        let is_endless = self.endless();
        let candidates = (0..self.states.len() as u32).filter(|&state| is_endless[state as usize]);
        let (first, cycle) = candidates.into_iter().find_map(|state| Some((state, self.cycle_through(state)?)))?;
        let mut path = self.path(first);
        let start = path.len();
        path.extend(cycle);
        Some((path, start))
    }

    /// Returns the choices of a shortest cycle through a state; none if there is no way back.
    fn cycle_through(&self, state: u32) -> Option<Vec<Choice>> {
        let mut from: Vec<Option<Commit>> = vec![None; self.states.len()];
        let mut next = VecDeque::from([state]);
        while let Some(at) = next.pop_front() {
            for commit in edges_of(&self.commits, at, |commit| commit.from) {
                let known = &mut from[commit.to as usize];
                if known.is_none() {
                    *known = Some(*commit);
                    next.push_back(commit.to);
                }
            }
        }
        let mut choices = Vec::new();
        let mut at = state;
        loop {
            let commit = from[at as usize]?;
            choices.push(commit.choice);
            at = commit.from;
            if at == state {
                choices.reverse();
                return Some(choices);
            }
        }
    }

    /// States that are on a cycle, or between two: those that are left when states without a commit to them or from them are
    /// taken away, again and again.
    fn endless(&self) -> Vec<bool> {
        let mut is_left = vec![true; self.states.len()];
        let by_target = self.by_target();
        self.trim(&mut is_left, (&self.commits, |commit| commit.from), (&by_target, |commit| commit.to));
        self.trim(&mut is_left, (&by_target, |commit| commit.to), (&self.commits, |commit| commit.from));
        is_left
    }

    /// Takes away states without an outgoing commit, again and again. `ways` and `back` are the commits in the order of the
    /// states at which they begin and end.
    fn trim(&self, is_left: &mut [bool], ways: Ordered<'_>, back: Ordered<'_>) {
        let leads = |commit: &&Commit, is_left: &[bool]| is_left[commit.from as usize] && is_left[commit.to as usize];
        let mut open = vec![0u32; self.states.len()];
        for commit in ways.0.iter().filter(|commit| leads(commit, is_left)) {
            open[ways.1(commit) as usize] += 1;
        }
        let mut next: Vec<u32> = (0..self.states.len() as u32).collect();
        next.retain(|&state| is_left[state as usize] && open[state as usize] == 0);
        while let Some(state) = next.pop() {
            for commit in edges_of(back.0, state, back.1).iter().filter(|commit| leads(commit, is_left)) {
                let before = ways.1(commit);
                open[before as usize] -= 1;
                if open[before as usize] == 0 {
                    next.push(before);
                }
            }
            is_left[state as usize] = false;
        }
    }

    /// Greatest numbers of commits and of accepted attempts of any order. Every order ends.
    pub(super) fn longest(&self) -> (u32, u32) {
        let mut open = vec![0u32; self.states.len()];
        for commit in &self.commits {
            open[commit.to as usize] += 1;
        }
        let mut most = vec![(0, 0); self.states.len()];
        let mut next: Vec<u32> = (0..self.states.len() as u32).filter(|&state| open[state as usize] == 0).collect();
        while let Some(state) = next.pop() {
            let (commits, accepted) = most[state as usize];
            for commit in edges_of(&self.commits, state, |commit| commit.from) {
                let to = commit.to as usize;
                most[to] = (most[to].0.max(commits + 1), most[to].1.max(accepted + commit.accepted));
                open[to] -= 1;
                if open[to] == 0 {
                    next.push(commit.to);
                }
            }
        }
        most.iter().fold((0, 0), |all, one| (all.0.max(one.0), all.1.max(one.1)))
    }

    fn by_target(&self) -> Vec<Commit> {
        let mut commits = self.commits.clone();
        commits.sort_unstable_by_key(|commit| (commit.to, commit.from));
        commits
    }
}

/// Commits in the order of one of their states.
type Ordered<'a> = (&'a [Commit], fn(&Commit) -> u32);

/// Commits of a state, from a list in the order of `state_of`.
fn edges_of(commits: &[Commit], state: u32, state_of: fn(&Commit) -> u32) -> &[Commit] {
    let first = commits.partition_point(|commit| state_of(commit) < state);
    let last = commits.partition_point(|commit| state_of(commit) <= state);
    &commits[first..last]
}
