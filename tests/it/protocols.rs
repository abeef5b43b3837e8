//! Transcripts that teach a protocol each: tests/protocols/*.txt hold a scenario and its run, told as a story.
//! `BROOKS_BLESS=1` rewrites the stories.

use std::collections::BTreeSet;
use std::path::Path;

use brooks::architecture::ARCHITECTURES;
use brooks::record::{Ending, Facts, Log};
use brooks::report::narrate::narrate;
use brooks::report::witness::Witness;
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::no_files;
use brooks::simulation::{Scenario, Simulator};

use crate::golden;

/// What stands between the scenario and its story.
const END_OF_SCENARIO: &str = "\n---\n";

/// The run as a story, and what it was waiting for if it did not complete.
fn tell(scenario: &Scenario) -> String {
    let mut log = Log::default();
    let ending = Simulator::new(scenario).run(&*scenario.architecture, 0, &mut log);
    let facts = Facts::new(&scenario.team, &scenario.graph, &scenario.resources);
    let mut story = narrate(&facts, &log);
    if ending != Ending::Completed {
        story.push_str(&Witness::from_log(&facts, &log).describe(&facts, ending));
        story.push('\n');
    }
    story
}

#[test]
fn protocols_are_as_they_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocols");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut told = BTreeSet::new();
    for name in &names {
        let page = std::fs::read_to_string(folder.join(name)).expect("a transcript").replace("\r\n", "\n");
        assert!(page.starts_with("# ") && page.contains("Look for"), "{name} says first what to look for");
        let (yaml, _) = page.split_once(END_OF_SCENARIO).expect("a scenario and its story");
        let file = ScenarioFile::parse(name, yaml.as_bytes(), &no_files());
        let scenario = file.and_then(|file| file.scenario()).unwrap_or_else(|problems| panic!("{problems}"));
        golden::check(&format!("../protocols/{name}"), &format!("{yaml}{END_OF_SCENARIO}\n{}", tell(&scenario)));
        told.insert(scenario.architecture_name);
    }
    for row in ARCHITECTURES {
        assert!(told.contains(row.name), "{} has a transcript", row.name);
    }
}
