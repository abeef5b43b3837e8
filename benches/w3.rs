//! W3 (benches/bare/mod.rs) by one engine, as a program that does nothing else: for `benches/compare/run`, which times
//! it beside engines of others, and for `.ci/instructions`, which counts what it executes.
//!
//! `w3 ENGINE async|rounds AGENTS RUNS` prints a line of JSON: runs, and mean and standard deviation of the makespan (s)
//! and of the attempts (without rounds) or conflicts (in rounds) where the engine knows them. Engines: `bare` is the
//! loop by hand, `silent` has no observer, `stats` keeps every figure, `dyn` the same through a trait object as sweeps
//! do, `log` keeps every entry as well, `trace` makes a file of brooks' own format from those. Without arguments it
//! does a little of each.

mod bare;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use bare::{Bare, ROUNDS, profile, scenario, self_claim};
use brooks::record::{Log, Metrics, Prices, Stats};
use brooks::simulation::{Pacing, Scenario, Simulator};
use brooks::trace::{RunFacts, Trace, native};

const ENGINES: [&str; 6] = ["bare", "silent", "stats", "dyn", "log", "trace"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            for engine in ENGINES {
                println!("{engine}: {}", measure(engine, Pacing::Async, 4, 1_000));
            }
        }
        [engine, pacing @ ("async" | "rounds"), agents, runs] if ENGINES.contains(&engine) => {
            let (Ok(agents), Ok(runs)) = (agents.parse(), runs.parse()) else { return ExitCode::from(2) };
            println!("{}", measure(engine, if pacing == "async" { Pacing::Async } else { ROUNDS }, agents, runs));
        }
        _ => {
            eprintln!("w3 {} async|rounds AGENTS RUNS", ENGINES.join("|"));
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Sums over runs, from which mean and standard deviation come.
#[derive(Default)]
struct Sums {
    runs: u64,
    makespan: [f64; 2],
    count: [f64; 2],
}

impl Sums {
    fn add(&mut self, makespan_us: u64, count: u32) {
        let (makespan, count) = (makespan_us as f64 * 1e-6, f64::from(count));
        self.runs += 1;
        self.makespan[0] += makespan;
        self.makespan[1] += makespan * makespan;
        self.count[0] += count;
        self.count[1] += count * count;
    }

    fn mean_and_deviation(&self, [sum, squares]: [f64; 2]) -> String {
        if sum == 0.0 {
            return "null".to_owned();
        }
        let runs = self.runs as f64;
        let mean = sum / runs;
        format!("[{mean}, {}]", (squares / runs - mean * mean).max(0.0).sqrt())
    }
}

fn measure(engine: &str, pacing: Pacing, agents: usize, runs: u64) -> String {
    let scenario = scenario(agents, pacing, Arc::new(self_claim(pacing)), profile());
    let mut sums = Sums::default();
    run(engine, &scenario, runs, &mut sums);
    let makespan = sums.mean_and_deviation(sums.makespan);
    let count = sums.mean_and_deviation(sums.count);
    format!(r#"{{"runs": {runs}, "makespan": {makespan}, "count": {count}}}"#)
}

fn run(engine: &str, scenario: &Scenario, runs: u64, sums: &mut Sums) {
    let pacing = scenario.pacing;
    let agents = scenario.team.len();
    let architecture = self_claim(pacing);
    let counted = |metrics: &Metrics| if pacing == Pacing::Async { metrics.attempts } else { metrics.lost_claims };
    let mut bare = Bare::new(scenario.seed);
    let mut simulator = Simulator::new(scenario);
    let mut stats = Stats::new(Prices::default());
    let mut log = Log::default();
    for replication in 0..runs {
        match engine {
            "bare" => sums.add(bare.run(pacing, agents, replication), 0),
            "silent" => {
                black_box(simulator.run(&architecture, replication, &mut ()));
            }
            "stats" => {
                simulator.run(&architecture, replication, &mut stats);
                let metrics = black_box(stats.metrics());
                sums.add(metrics.makespan.as_us(), counted(&metrics));
            }
            "dyn" => {
                simulator.run(&*scenario.architecture, replication, &mut stats);
                let metrics = black_box(stats.metrics());
                sums.add(metrics.makespan.as_us(), counted(&metrics));
            }
            _ => {
                simulator.run(&architecture, replication, &mut (&mut stats, &mut log));
                let metrics = black_box(stats.metrics());
                sums.add(metrics.makespan.as_us(), counted(&metrics));
                if engine == "trace" {
                    black_box(native::write(&Trace::of_run(&RunFacts::of(scenario, replication, &log), &log)));
                } else {
                    black_box(&log);
                }
            }
        }
    }
}
