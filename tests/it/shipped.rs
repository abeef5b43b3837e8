//! The calibrated profiles that are part of the program: made by `brooks calibrate`, and free of recorded rows.

use std::path::Path;

use brooks::scenario::ScenarioFile;
use brooks::scenario::learned_profile::{LearnedProfile, SamplingMethod};
use brooks::scenario::library::{self, PROFILES, no_files};

use crate::binary::brooks;

/// The profiles and the models that they are of, as the recordings call those.
const SHIPPED: [(&str, &str); 3] = [
    ("claude-sonnet-4.6", "anthropic_claude-sonnet-4-6"),
    ("gemini-3-flash", "google_gemini-3-flash-preview"),
    ("gpt-5.2", "openai_gpt-5.2"),
];
/// Whose the recordings are.
const SOURCE: &str = "recorded runs of \"Language Model Teams as Distributed Systems\" (arXiv 2603.12229), \
    github.com/emieczkowski/distributed-llm-teams, MIT License, Copyright (c) 2026 Elizabeth Mieczkowski";

fn calibrations() -> impl Iterator<Item = (&'static library::BuiltIn, LearnedProfile)> {
    let learned = PROFILES.iter().filter(|profile| profile.text.contains("\nbehaviour:"));
    learned.map(|profile| {
        let parsed = LearnedProfile::parse(profile.path, profile.text.as_bytes());
        (profile, parsed.unwrap_or_else(|problems| panic!("{problems}")))
    })
}

#[test]
fn a_shipped_profile_holds_parameters_and_no_recorded_row() {
    let mut names = Vec::new();
    for (profile, calibration) in calibrations() {
        names.push(profile.name);
        assert_eq!(calibration.method, SamplingMethod::Parametric, "{}", profile.name);
        // Recorded rows are `scripts` with `calls`, and long lists of numbers wherever they might hide.
        assert!(!profile.text.contains("scripts:") && !profile.text.contains("calls:\n"), "{}", profile.name);
        let numbers = |line: &str| line.split([',', '[', ' ', '{']).filter(|word| word.parse::<f64>().is_ok()).count();
        let longest = profile.text.lines().map(numbers).max().unwrap_or(0);
        assert!(longest < 33, "{}: {longest} numbers in a line", profile.name);
        let styles: u32 = calibration.models.iter().flat_map(|part| &part.styles).map(|style| style.runs).sum();
        let rows = calibration.models.iter().map(|part| part.styles.len()).sum::<usize>();
        assert!((rows as u32) < styles, "{}: {rows} rows of {styles} runs are no summary", profile.name);
        for said in ["arXiv 2603.12229", "MIT License", "Copyright (c) 2026", "brooks calibrate paper --way parametric"]
        {
            assert!(profile.text.contains(said), "{} does not say {said}", profile.name);
        }
        assert!(calibration.date.is_some() && calibration.corpus != 0 && !calibration.accuracy.is_empty());
        assert!(calibration.models.iter().all(|part| part.envelope.is_some() && part.fit.calls > 0));
    }
    let mut expected = SHIPPED.map(|(name, _)| name).to_vec();
    expected.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn a_shipped_profile_can_be_put_into_any_scenario() {
    for (name, _) in SHIPPED {
        let text = format!(
            "workload: {{ amdahl: {{ tasks: 20, parallel_fraction: 0.5, size: 110 tokens }} }}\npacing: rounds\n\
             team: {{ agents: 3, profile: {name} }}\nlimits: {{ rounds: 200 }}"
        );
        let file =
            ScenarioFile::parse("s", text.as_bytes(), &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
        let scenario = file.scenario().unwrap_or_else(|problems| panic!("{problems}"));
        let learned = scenario.team[0].profile.learned.as_deref().expect("it was learned");
        assert_eq!((learned.envelope.agents, learned.envelope.tasks), ((1, 1), (20, 20)));
        let run = brooks::simulation::simulate(&scenario, 0);
        assert!(run.makespan.as_secs() > 1.0, "{name}: {run:?}");
    }
}

#[cfg(unix)]
/// The files are what the commands in them write. `BROOKS_BLESS=1 cargo test --test it -- shipped` writes them again.
#[test]
fn shipped_profiles_are_what_calibrate_writes() {
    let Some(data) = crate::data("paper") else { return };
    let data = data.parent().expect("it is a folder in a folder").to_owned();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/profiles");
    let written = tempfile::TempDir::new().expect("a folder");
    for (name, model) in SHIPPED {
        // The command is told in the file: it is run where `paper` is, and writes elsewhere through a link.
        let scratch = written.path().join(name);
        std::fs::create_dir(&scratch).expect("a folder");
        std::os::unix::fs::symlink(data.join("paper"), scratch.join("paper")).expect("a link");
        let file = format!("{name}.yaml");
        let args = ["calibrate", "paper", "--way", "parametric", "--model", model, "-o", &file, "--source", SOURCE];
        brooks(&args).within(&scratch).run().done();
        let text = std::fs::read_to_string(scratch.join(&file)).expect("it was written");
        if std::env::var_os("BROOKS_BLESS").is_some_and(|value| value != "0") {
            std::fs::write(folder.join(&file), &text).expect("it can be written");
        } else {
            let shipped = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
            assert!(shipped == text, "{file} is not what its command writes; BROOKS_BLESS=1 writes it again");
        }
    }
}
