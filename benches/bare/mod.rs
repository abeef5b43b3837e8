//! The benchmark workload W3, and the loop that somebody would write by hand for it and for nothing else. It makes the
//! same keyed draws as the simulator, so the two must agree to the microsecond; what it takes is the yardstick.
//!
//! W3: 20 tasks; task j >= 5 needs j - 5, and j - 4 too if j is odd. An attempt is a call, lognormal(2.5, 0.6) s, then
//! a tool, lognormal(0.5, 0.9) s; then it fails with probability 0.15 and the task goes back to the pool. Everybody
//! takes any of the ready tasks, each as likely: without rounds exclusively and at once, in rounds blind to the others.

use std::sync::Arc;

use brooks::architecture::{Architecture, Pick, SelfClaim};
use brooks::engine::rng::{Bernoulli, KeySource};
use brooks::engine::{Dist, Keys, Purpose, Sampler, key_of};
use brooks::record::Prices;
use brooks::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use brooks::team::{Agent, Claims, Consistency, Profile, Reports, Role, SpreadOf};
use brooks::workload::{TaskGraph, TaskSpec};

const TASKS: usize = 20;
const ROOTS: usize = 5;
const MOST_AGENTS: usize = 64;
const ERROR_RATE: f64 = 0.15;
const CALL: (f64, f64) = (2.5, 0.6);
const TOOL: (f64, f64) = (0.5, 0.9);

/// The rounds of W3: those who find nothing to do are not called.
pub(crate) const ROUNDS: Pacing = Pacing::Rounds { idle_calls: false };

fn needs(task: usize) -> impl Iterator<Item = usize> {
    let second = (task >= ROOTS && task % 2 == 1).then(|| task - 4);
    task.checked_sub(ROOTS).into_iter().chain(second)
}

fn lognormal((mu, sigma): (f64, f64)) -> Dist {
    Dist::Lognormal { mu, sigma }
}

/// W3's profile: a call, a tool, an error rate.
pub(crate) fn profile() -> Profile {
    let mut profile = Profile::with_latency("w3", lognormal(CALL));
    profile.tool = Some(lognormal(TOOL));
    profile.spread = SpreadOf::Attempt;
    profile.fallibility.error_rate = ERROR_RATE;
    profile
}

/// W3's own architecture under a pacing.
pub(crate) fn self_claim(pacing: Pacing) -> SelfClaim {
    let claims = if pacing == Pacing::Async { Claims::AtDecision } else { Claims::AtCommit };
    SelfClaim { pick: Pick::Random, claims, reports: Reports::Nobody }
}

/// W3's task graph with a team of equals, under any architecture.
pub(crate) fn scenario(
    agents: usize,
    pacing: Pacing,
    architecture: Arc<dyn Architecture>,
    profile: Profile,
) -> Scenario {
    let task = |j| TaskSpec::new(format!("task-{j}"), 100.0).after(needs(j).map(|on| format!("task-{on}")));
    let specs: Vec<TaskSpec> = (0..TASKS).map(task).collect();
    let profile = Arc::new(profile);
    let member = |place| Agent {
        name: format!("agent-{place}"),
        role: Role::Worker,
        profile: Arc::clone(&profile),
        skills: Vec::new(),
    };
    Scenario {
        name: "bench".to_owned(),
        graph: Arc::new(TaskGraph::new(&specs).expect("W3 is a graph")),
        graphs: None,
        parallel_fraction: None,
        team: (0..agents).map(member).collect(),
        architecture,
        architecture_name: String::new(),
        pacing,
        consistency: Consistency::default(),
        dependency_check: DependencyCheck::default(),
        resources: Vec::new(),
        limits: Limits::generous(TASKS),
        prices: Prices::default(),
        seed: 42,
    }
}

/// The hand-written loop: packed integer events in a sorted array, a word of ready tasks, and no figure but one.
pub(crate) struct Bare {
    source: KeySource,
    call: Sampler,
    tool: Sampler,
    fails: Bernoulli,
    keys: [u64; TASKS],
    open: [u8; TASKS],
    dependents: [[u8; 2]; TASKS],
}

const NONE: u8 = u8::MAX;

/// Pending events, latest first.
struct Queue {
    events: [u128; MOST_AGENTS],
    len: usize,
}

impl Queue {
    #[inline]
    fn push(&mut self, at: u64, sequence: u128, task: usize, agent: usize) {
        let event = u128::from(at) << 64 | sequence << 24 | (task << 8 | agent) as u128;
        let mut place = self.len;
        self.len += 1;
        while place > 0 && self.events[place - 1] < event {
            self.events[place] = self.events[place - 1];
            place -= 1;
        }
        self.events[place] = event;
    }

    /// Time, task and agent of the next.
    #[inline]
    fn pop(&mut self) -> (u64, usize, usize) {
        self.len -= 1;
        let event = self.events[self.len];
        ((event >> 64) as u64, (event >> 8) as usize & 0xff, event as usize & 0xff)
    }
}

impl Bare {
    /// The same draws as [`scenario`] under `seed`.
    pub(crate) fn new(seed: u64) -> Bare {
        let mut open = [0; TASKS];
        let mut dependents = [[NONE; 2]; TASKS];
        for (task, open) in open.iter_mut().enumerate() {
            for on in needs(task) {
                *open += 1;
                let slot = usize::from(dependents[on][0] != NONE);
                dependents[on][slot] = task as u8;
            }
        }
        Bare {
            source: KeySource::new(seed),
            call: Sampler::new(&lognormal(CALL).scaled(1e6)),
            tool: Sampler::new(&lognormal(TOOL).scaled(1e6)),
            fails: Bernoulli::new(ERROR_RATE),
            keys: std::array::from_fn(|task| key_of(&format!("task-{task}"))),
            open,
            dependents,
        }
    }

    /// The makespan of a replication, in microseconds.
    pub(crate) fn run(&mut self, pacing: Pacing, agents: usize, replication: u64) -> u64 {
        if pacing == Pacing::Async { self.run_async(agents, replication) } else { self.run_rounds(agents, replication) }
    }

    #[inline]
    fn pick(keys: &Keys, ready: u32, agent: usize, step: u64) -> usize {
        let mut rank = keys.stream(Purpose::Choice, (agent as u64) << 32 | step).below(ready.count_ones());
        let mut bits = ready;
        while rank > 0 {
            bits &= bits - 1;
            rank -= 1;
        }
        bits.trailing_zeros() as usize
    }

    #[inline]
    fn time(&self, keys: &Keys, task: usize, start: u64) -> u64 {
        let draws = keys.stream_nth(Purpose::Latency, self.keys[task], start);
        (self.call.at(draws.nth(0)) + self.tool.at(draws.nth(1)) + 0.5) as u64
    }

    #[inline]
    fn fails(&self, keys: &Keys, task: usize, attempt: u64) -> bool {
        self.fails.happens(keys.stream_nth(Purpose::Fault, self.keys[task], attempt).nth(1))
    }

    #[inline]
    fn complete(&self, task: usize, open: &mut [u8; TASKS], ready: &mut u32) {
        for &dependent in self.dependents[task].iter().filter(|&&dependent| dependent != NONE) {
            open[dependent as usize] -= 1;
            if open[dependent as usize] == 0 {
                *ready |= 1 << dependent;
            }
        }
    }

    fn run_async(&mut self, agents: usize, replication: u64) -> u64 {
        let keys = self.source.keys(replication);
        let mut ready: u32 = (1 << ROOTS) - 1;
        let mut open = self.open;
        let (mut starts, mut landed) = ([0; TASKS], [0; TASKS]);
        let mut steps = [0; MOST_AGENTS];
        let mut queue = Queue { events: [0; MOST_AGENTS], len: 0 };
        let (mut now, mut sequence, mut done) = (0, 0, 0);
        let mut idle: u64 = (1 << agents) - 1;
        // Asked after the others: its last attempt was wrong.
        let mut last: u64 = 0;
        loop {
            while idle != 0 && ready != 0 {
                let first = if idle & !last == 0 { idle } else { idle & !last };
                let agent = first.trailing_zeros() as usize;
                idle &= !(1 << agent);
                let task = Bare::pick(&keys, ready, agent, steps[agent]);
                steps[agent] += 1;
                ready &= !(1 << task);
                queue.push(now + self.time(&keys, task, starts[task]), sequence, task, agent);
                starts[task] += 1;
                sequence += 1;
            }
            let (at, task, agent) = queue.pop();
            now = at;
            idle |= 1 << agent;
            last = 0;
            landed[task] += 1;
            if self.fails(&keys, task, landed[task]) {
                ready |= 1 << task;
                last = 1 << agent;
                continue;
            }
            done += 1;
            if done == TASKS {
                return now;
            }
            self.complete(task, &mut open, &mut ready);
        }
    }

    fn run_rounds(&mut self, agents: usize, replication: u64) -> u64 {
        let keys = self.source.keys(replication);
        let mut ready: u32 = (1 << ROOTS) - 1;
        let mut open = self.open;
        let (mut starts, mut landed) = ([0; TASKS], [0; TASKS]);
        let mut queue = Queue { events: [0; MOST_AGENTS], len: 0 };
        let (mut now, mut round, mut done) = (0, 0, 0);
        while done < TASKS {
            for agent in 0..agents {
                let task = Bare::pick(&keys, ready, agent, round);
                queue.push(now + self.time(&keys, task, starts[task]), agent as u128, task, agent);
                starts[task] += 1;
            }
            round += 1;
            let mut taken = 0u32;
            while queue.len > 0 {
                let (at, task, _) = queue.pop();
                now = at;
                if taken >> task & 1 == 1 {
                    continue;
                }
                landed[task] += 1;
                if self.fails(&keys, task, landed[task]) {
                    continue;
                }
                taken |= 1 << task;
                ready &= !(1 << task);
                done += 1;
                self.complete(task, &mut open, &mut ready);
            }
        }
        now
    }
}
