//! The recorded runs of the book are simulated ones, and can be made again: what is in them is known, so that the chapter
//! can say how far off a calibration is.

use std::path::Path;

use brooks::record::Log;
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::no_files;
use brooks::simulation::Simulator;
use brooks::trace::{RunFacts, Trace, native};

/// The scenario `paper` with one of its parallel fractions, as `brooks run paper --agents N --architecture A --seed S`
/// has it, with claims as in the paper; runs one after the other in one file.
fn runs(sizes: &[u32], replications: u64) -> String {
    let file = ScenarioFile::open("paper", &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
    let mut text = String::new();
    for (place, architecture) in (1..).zip(["self_claim", "preassigned"]) {
        for &agents in sizes {
            // A seed of its own, so that no two cells share their luck.
            let seed = 10 * agents + place;
            let settings = [
                ("team.agents".to_owned(), agents.to_string()),
                ("architecture".to_owned(), crate::as_in_the_paper(architecture)),
                ("seed".to_owned(), seed.to_string()),
            ];
            let scenario = file.with(&settings).and_then(|file| file.scenario());
            let scenario = scenario.unwrap_or_else(|problems| panic!("{problems}"));
            for replication in 0..replications {
                let mut log = Log::default();
                Simulator::new(&scenario).run(&*scenario.architecture, replication, &mut log);
                text += &native::write(&Trace::of_run(&RunFacts::of(&scenario, replication, &log), &log));
            }
        }
    }
    text
}

/// One run of one agent with a board, for a what-if.
fn board() -> String {
    let file = ScenarioFile::open("paper", &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
    let settings =
        [("team.agents", "1"), ("architecture", "preassigned"), ("team.profile", "gemini-like"), ("seed", "1")];
    let settings: Vec<(String, String)> =
        settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let scenario = file.with(&settings).and_then(|file| file.scenario());
    let scenario = scenario.unwrap_or_else(|problems| panic!("{problems}"));
    let mut log = Log::default();
    Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
    native::write(&Trace::of_run(&RunFacts::of(&scenario, 0, &log), &log))
}

#[test]
fn the_recorded_runs_of_the_book_can_be_made_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book/runs");
    for (name, sizes, replications) in [("alone", &[1][..], 8), ("teams", &[2, 4], 5)] {
        let path = folder.join(format!("{name}.steps.jsonl.zst"));
        let made = runs(sizes, replications);
        if std::env::var_os("BROOKS_BLESS").is_some_and(|value| value != "0") {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, zstd::encode_all(made.as_bytes(), 19).expect("packed")).expect("written");
        }
        let shipped = zstd::decode_all(std::fs::File::open(&path).expect("it is there")).expect("unpacked");
        assert!(shipped == made.as_bytes(), "docs/book/runs/{name}: not what is made; BROOKS_BLESS=1 rewrites it");
    }
    crate::golden::check("../../docs/book/board.steps.jsonl", &board());
}
