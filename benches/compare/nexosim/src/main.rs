//! W3 as models in NeXosim: a pool of tasks and agents that it calls. `w3-nexosim async|rounds AGENTS RUNS`.
//!
//! One simulation makes all runs, one after another, so that setting it up costs nothing; on one thread, which is the
//! faster way for so little work at a time.

use std::time::Duration;

use nexosim::Message;
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_queue};
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, LogNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

const TASKS: usize = 20;
const ROOTS: usize = 5;
const ERROR_RATE: f64 = 0.15;

fn needs(task: usize) -> impl Iterator<Item = usize> {
    let second = (task >= ROOTS && task % 2 == 1).then(|| task - 4);
    task.checked_sub(ROOTS).into_iter().chain(second)
}

/// A task for an agent, and its reply; of a run that is over, nobody wants to know.
#[derive(Clone, Copy, Serialize, Deserialize, Message)]
struct Call {
    run: u64,
    agent: usize,
    task: usize,
}

#[derive(Serialize, Deserialize)]
struct Agent {
    reply: Output<Call>,
    rng: Xoshiro256PlusPlus,
}

#[Model]
impl Agent {
    fn seconds(&mut self, mu: f64, sigma: f64) -> Duration {
        let distribution = LogNormal::new(mu, sigma).expect("they are positive");
        Duration::from_secs_f64(distribution.sample(&mut self.rng)).max(Duration::from_nanos(1))
    }

    async fn work(&mut self, call: Call, cx: &Context<Self>) {
        let latency = self.seconds(2.5, 0.6);
        cx.schedule_event(latency, schedulable!(Self::use_tool), call).expect("it is in the future");
    }

    #[nexosim(schedulable)]
    async fn use_tool(&mut self, call: Call, cx: &Context<Self>) {
        let latency = self.seconds(0.5, 0.9);
        cx.schedule_event(latency, schedulable!(Self::land), call).expect("it is in the future");
    }

    #[nexosim(schedulable)]
    async fn land(&mut self, call: Call) {
        self.reply.send(call).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Pool {
    agents: Vec<Output<Call>>,
    /// Makespan, and attempts or conflicts, of every run.
    result: Output<(f64, u32)>,
    rng: Xoshiro256PlusPlus,
    has_rounds: bool,
    runs: u64,
    run: u64,
    start: MonotonicTime,
    open: Vec<usize>,
    ready: Vec<usize>,
    free: Vec<usize>,
    /// Of the round under way: those who have not replied, and the tasks that somebody has.
    missing: usize,
    taken: Vec<usize>,
    done: usize,
    count: u32,
}

#[Model]
impl Pool {
    async fn begin(&mut self, _: (), cx: &Context<Self>) {
        self.start = cx.time();
        self.open = (0..TASKS).map(|task| needs(task).count()).collect();
        self.ready = (0..ROOTS).collect();
        self.free = (0..self.agents.len()).collect();
        self.done = 0;
        self.count = 0;
        self.hand_out().await;
    }

    async fn hand_out(&mut self) {
        if self.has_rounds {
            self.taken.clear();
            self.missing = self.agents.len();
            for agent in 0..self.agents.len() {
                let task = self.ready[self.rng.random_range(0..self.ready.len())];
                self.agents[agent].send(Call { run: self.run, agent, task }).await;
            }
            return;
        }
        while !self.free.is_empty() && !self.ready.is_empty() {
            let task = self.ready.swap_remove(self.rng.random_range(0..self.ready.len()));
            if let Some(agent) = self.free.pop() {
                self.agents[agent].send(Call { run: self.run, agent, task }).await;
            }
        }
    }

    async fn reply(&mut self, call: Call, cx: &Context<Self>) {
        if call.run != self.run {
            return;
        }
        if self.has_rounds { self.reply_in_round(call.task) } else { self.reply_async(call) }
        if self.has_rounds && self.missing > 0 {
            return;
        }
        if self.done < TASKS {
            self.hand_out().await;
            return;
        }
        self.result.send((cx.time().duration_since(self.start).as_secs_f64(), self.count)).await;
        self.run += 1;
        if self.run < self.runs {
            self.begin((), cx).await;
        }
    }

    fn reply_async(&mut self, call: Call) {
        self.free.push(call.agent);
        self.count += 1;
        if self.rng.random_bool(ERROR_RATE) {
            self.ready.push(call.task);
        } else {
            self.complete(call.task);
        }
    }

    fn reply_in_round(&mut self, task: usize) {
        self.missing -= 1;
        if self.taken.contains(&task) {
            self.count += 1;
            return;
        }
        // Only a right attempt takes the task.
        if !self.rng.random_bool(ERROR_RATE) {
            self.taken.push(task);
            self.ready.retain(|&other| other != task);
            self.complete(task);
        }
    }

    fn complete(&mut self, task: usize) {
        self.done += 1;
        for dependent in (0..TASKS).filter(|&dependent| needs(dependent).any(|on| on == task)) {
            self.open[dependent] -= 1;
            if self.open[dependent] == 0 {
                self.ready.push(dependent);
            }
        }
    }
}

fn main() -> Result<(), SimulationError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pacing, agents, runs] = &arguments[..] else { panic!("w3-nexosim async|rounds AGENTS RUNS") };
    let (agents, runs): (usize, u64) = (agents.parse().expect("a number"), runs.parse().expect("a number"));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(42);
    let mut pool = Pool {
        agents: Vec::new(),
        result: Output::default(),
        rng: Xoshiro256PlusPlus::from_rng(&mut rng),
        has_rounds: pacing == "rounds",
        runs,
        run: 0,
        start: MonotonicTime::EPOCH,
        open: Vec::new(),
        ready: Vec::new(),
        free: Vec::new(),
        missing: 0,
        taken: Vec::new(),
        done: 0,
        count: 0,
    };
    let pool_mailbox = Mailbox::with_capacity(4 * agents);
    let mut bench = SimInit::with_num_threads(1);
    for number in 0..agents {
        let mut agent = Agent { reply: Output::default(), rng: Xoshiro256PlusPlus::from_rng(&mut rng) };
        let mailbox = Mailbox::new();
        agent.reply.connect(Pool::reply, &pool_mailbox);
        let mut output = Output::default();
        output.connect(Agent::work, &mailbox);
        pool.agents.push(output);
        bench = bench.add_model(agent, mailbox, &format!("agent {number}"));
    }
    let (sink, mut results) = event_queue(SinkState::Enabled);
    pool.result.connect_sink(sink);
    let begin = EventSource::new().connect(Pool::begin, &pool_mailbox).register(&mut bench);
    let mut simulation = bench.add_model(pool, pool_mailbox, "pool").init(MonotonicTime::EPOCH)?;
    simulation.process_event(&begin, ())?;
    simulation.run()?;
    let results: Vec<(f64, u32)> = std::iter::from_fn(|| results.try_read()).collect();
    assert_eq!(results.len() as u64, runs, "every run has a result");
    let makespan = mean_and_deviation(results.iter().map(|result| result.0));
    let count = mean_and_deviation(results.iter().map(|result| f64::from(result.1)));
    println!(r#"{{"runs": {runs}, "makespan": {makespan}, "count": {count}}}"#);
    Ok(())
}

fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> String {
    let runs = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / runs;
    let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    format!("[{mean}, {}]", (squares / runs).sqrt())
}
