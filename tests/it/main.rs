//! One test binary: what the library and the binary do as a whole.

#![expect(clippy::disallowed_methods, reason = "tests read files and hold results against the standard library")]

mod bare_loop;
mod baselines;
mod binary;
mod book_runs;
mod broken_scenarios;
mod broken_traces;
mod calibrate;
mod check_cli;
mod check_power;
mod cli;
mod core_faults;
mod determinism;
mod exhaustive;
mod explorer;
mod fit;
mod fit_coverage;
mod found;
mod golden;
mod golden_curves;
mod import_sessions;
mod import_spans;
mod import_tables;
mod import_teams;
mod importers;
mod invariants;
mod learned_worlds;
mod metamorphic;
mod optimal;
mod optimal_coverage;
mod oracles;
mod pages;
mod paper_runs;
mod plausibility;
mod promises;
mod properties;
mod protocols;
mod questions;
mod random_worlds;
mod reach;
mod readme;
mod recorded;
mod replay;
mod report;
mod scenario_files;
mod scenario_keys;
mod scenarios;
mod shipped;
mod streams;
mod swarm;
mod sweeps;
mod three_tasks;
mod tidy;
mod traces;
mod traces_again;
mod validate;
mod waits;
mod what_if;
mod workload;
mod worlds;

/// A folder of the recorded runs that `BROOKS_DATA` points to; they are not part of the project.
/// Text of an architecture as the harness of the paper has it: claims are granted when replies land.
fn as_in_the_paper(architecture: &str) -> String {
    if architecture == "self_claim" { "{ self_claim: { claims: at_commit } }" } else { architecture }.to_owned()
}

fn data(folder: &str) -> Option<std::path::PathBuf> {
    let Some(data) = std::env::var_os("BROOKS_DATA") else {
        eprintln!("skipped: BROOKS_DATA is not set");
        return None;
    };
    Some(std::path::Path::new(&data).join(folder))
}
