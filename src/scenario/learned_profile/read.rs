//! Reader of learned profiles; the table of keys validates the file first.

use crate::problem::{Problem, Problems};
use crate::scenario::keys::profile::PROFILE;
use crate::scenario::learned_profile::model::{
    COMMON, FILES_A_REPLY, LatencyFit, LearnedProfile, ModelPart, SHARED, SamplingMethod,
};
use crate::scenario::learned_profile::parametric::{self, StyleKind, WorkStyle};
use crate::scenario::learned_profile::run_effect;
use crate::scenario::learned_profile::write::WIDTH;
use crate::scenario::{Node, NodeKind, check, read};
use crate::team::{Accuracy, Behaviour, Envelope, Habit, Manner, SORTS, Script, Sight, Sort, WorkKey};

impl LearnedProfile {
    /// Parses the file of a learned profile. `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// All errors of the file.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<LearnedProfile, Problems> {
        let root = profile_tree(file, bytes)?;
        let Some(node) = root.key("behaviour") else {
            return Err(Problems::one(Problem {
                code: "missing-key",
                file: file.to_owned(),
                line: 1,
                path: "behaviour".to_owned(),
                message: "missing: the profile is not a learned one".to_owned(),
                expected: "a file written by brooks calibrate".to_owned(),
            }));
        };
        calibration(file, node)
    }
}

/// Returns the name and the origin of a profile file; empty if not given.
pub fn title(file: &str, bytes: &[u8]) -> (String, String) {
    let root = profile_tree(file, bytes).ok();
    let text = |key: &str| Some(root.as_ref()?.key(key)?.text()?.to_owned());
    (text("name").unwrap_or_default(), text("origin").unwrap_or_default())
}

/// Reads a validated `behaviour`.
///
/// # Errors
///
/// Calls with a wrong number of values, and invalid indices of manners.
pub(crate) fn calibration(file: &str, node: &Node) -> Result<LearnedProfile, Problems> {
    let mut problems = Problems::default();
    let method = match node.key("way").and_then(Node::text) {
        Some("parametric") => SamplingMethod::Parametric,
        _ => SamplingMethod::Resampled,
    };
    let shared = number(node, "shared").unwrap_or(SHARED);
    let common = number(node, "common");
    let items = node.key("models").map_or(&[][..], Node::items);
    let models = items.iter().enumerate().map(|(index, node)| {
        let mut report = |line: u32, path: &str, message: String, expected: &str| {
            problems.push(Problem {
                code: "calibration",
                file: file.to_owned(),
                line,
                path: format!("behaviour.models[{index}].{path}"),
                message,
                expected: expected.to_owned(),
            });
        };
        read_part(node, (method, shared, common), &mut report)
    });
    let models = models.collect();
    let unused = node.key("unused").map_or(&[][..], Node::entries);
    let unused = unused.iter().map(|(key, node)| (key.name.clone(), node.whole().unwrap_or(0) as u32)).collect();
    let size = |index: usize| node.key("sizes").and_then(|s| u32::try_from(s.items().get(index)?.whole()?).ok());
    let sizes = size(0).unwrap_or(1)..=size(1).unwrap_or(1);
    let seen = node.key("seen").map_or(&[][..], Node::items).iter().filter_map(Node::text);
    let mut seen: Vec<u64> = seen.filter_map(|run| u64::from_str_radix(run, 16).ok()).collect();
    seen.sort_unstable();
    let corpus = hex(node, "corpus");
    let date = node.key("date").and_then(Node::text).map(ToOwned::to_owned);
    let accuracy = node.key("accuracy").map_or(&[][..], Node::items).iter().map(read_accuracy).collect();
    problems.or(LearnedProfile { method, sizes, seen, corpus, date, accuracy, models, unused })
}

/// Callback that reports a problem: line, path, message, expected value.
type Report<'a> = dyn FnMut(u32, &str, String, &str) + 'a;

/// Call model of a manner, the digest of the files of its workload, and true if its tasks were assigned before the start.
type ReadManner = (Manner, u64, bool);

fn read_part(
    node: &Node,
    (method, shared, common): (SamplingMethod, f64, Option<f64>),
    report: &mut Report<'_>,
) -> ModelPart {
    let model = node.key("model").and_then(Node::text).filter(|model| *model != "unknown").map(ToOwned::to_owned);
    let items = node.key("manners").map_or(&[][..], Node::items);
    let manners: Vec<ReadManner> = items.iter().map(|node| read_manner(node, common)).collect();
    let mut behaviour = Behaviour {
        manners: manners.iter().map(|(manner, ..)| *manner).collect(),
        models: vec![model.clone().unwrap_or_default(); manners.len()],
        names: items.iter().map(read_names).collect(),
        shared,
        ..Behaviour::default()
    };
    read_scripts(node, &manners, &mut behaviour, report);
    let styles = read_styles(node, manners.len(), report);
    run_effect::left_some(&mut behaviour);
    if method == SamplingMethod::Parametric {
        let work: Vec<(u64, bool)> = manners.iter().map(|(_, files, is_dealt)| (*files, *is_dealt)).collect();
        parametric::set_work(&mut behaviour, &work);
        parametric::enact(&mut behaviour, &styles);
    }
    run_effect::surprise(&mut behaviour);
    ModelPart {
        model,
        runs: whole(node, "runs"),
        completed: whole(node, "completed"),
        max_rounds: node.key("max_rounds").and_then(Node::whole).and_then(|rounds| u32::try_from(rounds).ok()),
        in_rounds: flag(node, "in_rounds"),
        envelope: node.key("envelope").map(read_envelope),
        fit: read_fit(node),
        styles,
        behaviour,
    }
}

/// Reads the trajectories of a part and their calls into `behaviour`.
fn read_scripts(node: &Node, manners: &[ReadManner], behaviour: &mut Behaviour, report: &mut Report<'_>) {
    for (index, script) in node.key("scripts").map_or(&[][..], Node::items).iter().enumerate() {
        let manner = whole(script, "manner") as usize;
        let Some((_, files, is_dealt)) = manners.get(manner) else {
            report_manner(script.line, &format!("scripts[{index}]"), manner, manners.len(), report);
            continue;
        };
        let first = behaviour.habits.len() as u32;
        let mut finished = 0_u16;
        for (call, node) in script.key("calls").map_or(&[][..], Node::items).iter().enumerate() {
            let numbers: Vec<f64> = node.items().iter().filter_map(Node::number).collect();
            if numbers.len() == WIDTH || numbers.len() == WIDTH - 1 {
                let mut habit = read_call(&numbers, call == 0);
                habit.sight.finished = finished;
                finished = habit.completes.iter().fold(finished, |sum, &count| sum.saturating_add(count));
                behaviour.habits.push(habit);
            } else {
                let message = format!("{} numbers", numbers.len());
                report(node.line, &format!("scripts[{index}].calls[{call}]"), message, &format!("{WIDTH} numbers"));
            }
        }
        behaviour.scripts.push(Script {
            first,
            calls: behaviour.habits.len() as u32 - first,
            manner: manner as u32,
            work: WorkKey { shape: hex(script, "shape"), files: *files },
            is_dealt: *is_dealt,
            weight: 1.0,
            run: script.key("run").map_or(behaviour.scripts.len() as u32, |_| whole(script, "run")),
            pace: 0.0,
            left_some: false,
            agents: script.key("agents").map_or(1, |_| whole(script, "agents").max(1)),
        });
    }
}

fn read_styles(node: &Node, manners: usize, report: &mut Report<'_>) -> Vec<WorkStyle> {
    let mut styles: Vec<WorkStyle> = Vec::new();
    for (index, node) in node.key("styles").map_or(&[][..], Node::items).iter().enumerate() {
        let manner = whole(node, "manner") as usize;
        if manner >= manners {
            report_manner(node.line, &format!("styles[{index}]"), manner, manners, report);
        }
        styles.extend(style(node));
    }
    styles
}

fn report_manner(line: u32, path: &str, manner: usize, manners: usize, report: &mut Report<'_>) {
    let expected = format!("below {manners}, counted from 0");
    report(line, &format!("{path}.manner"), format!("there is no manner {manner}"), &expected);
}

fn read_fit(node: &Node) -> LatencyFit {
    let fit = node.key("fit");
    let value = |key: &str| fit.and_then(|fit| number(fit, key)).unwrap_or(0.0);
    LatencyFit {
        calls: value("calls") as u32,
        sigma: value("sigma"),
        sigma_left: value("sigma_left"),
        sigma_runs: value("sigma_runs"),
        lag1: value("lag1"),
    }
}

fn read_envelope(node: &Node) -> Envelope {
    Envelope {
        agents: ends(node, "agents").map_or((0, 0), whole_ends),
        tasks: ends(node, "tasks").map_or((0, 0), whole_ends),
        parallel_fraction: ends(node, "parallel_fraction").unwrap_or_default(),
        context: ends(node, "context"),
    }
}

fn read_accuracy(node: &Node) -> Accuracy {
    let text = |key: &str| node.key(key).and_then(Node::text).unwrap_or_default().to_owned();
    let figures = node.key("figures").map_or(&[][..], Node::entries).iter().filter_map(|(key, node)| {
        let values: Vec<f64> = node.items().iter().filter_map(Node::number).collect();
        Some((key.name.clone(), *values.first()?, values.get(1).copied()))
    });
    Accuracy {
        against: text("against"),
        architecture: text("architecture"),
        agents: ends(node, "agents").map_or((0, 0), whole_ends),
        cells: whole(node, "cells"),
        figures: figures.collect(),
    }
}

/// Reads an interval: the least and the greatest value.
fn ends(node: &Node, key: &str) -> Option<(f64, f64)> {
    let items = node.key(key)?.items();
    items.first()?.number().zip(items.get(1).or(items.first())?.number())
}

fn whole_ends((least, most): (f64, f64)) -> (u32, u32) {
    (least as u32, most as u32)
}

fn read_manner(node: &Node, common: Option<f64>) -> ReadManner {
    let of = |key: &str| number(node, key).unwrap_or(0.0);
    let input = |key: &str| node.key("input").and_then(|input| number(input, key)).unwrap_or(0.0);
    let spread = |index: usize| node.key("spread").and_then(|s| s.items().get(index)?.number()).unwrap_or(0.0);
    let manner = Manner {
        idle_s: number(node, "idle_s").unwrap_or(of("base_s")),
        base_s: of("base_s"),
        longest_s: of("longest_s"),
        common: common.or(number(node, "common")).unwrap_or(COMMON),
        per_file_s: of("per_file_s"),
        spread_small: spread(0),
        spread_large: spread(1),
        spread_runs: spread(2),
        files_a_reply: number(node, "files_a_reply").unwrap_or(FILES_A_REPLY),
        tokens_per_second: of("tokens_per_second"),
        prompt_tokens: input("prompt"),
        board_tokens: input("board"),
        test_tokens: input("test"),
        window: input("window") as u16,
    };
    (manner, hex(node, "files"), flag(node, "dealt"))
}

/// Reads the digests of the file names of a manner's workload, sorted.
fn read_names(node: &Node) -> Vec<u32> {
    let items = node.key("names").map_or(&[][..], Node::items);
    let mut names: Vec<u32> = items.iter().filter_map(|name| u32::try_from(name.whole()?).ok()).collect();
    names.sort_unstable();
    names
}

fn read_call(numbers: &[f64], is_first: bool) -> Habit {
    let mut numbers = numbers.iter().copied();
    let mut next = || numbers.next().unwrap_or(0.0).clamp(0.0, 1e9);
    let mut habit = Habit::default();
    let mut counts = |counts: &mut [u16]| counts.iter_mut().for_each(|count| *count = next() as u16);
    let mut tasks = [0; SORTS];
    counts(&mut tasks);
    let mut seen = [0; 3];
    counts(&mut seen);
    counts(&mut habit.writes);
    let mut files = [0; 3];
    counts(&mut files);
    counts(&mut habit.claims[..Sort::Held as usize]);
    counts(&mut habit.completes);
    let mut flags = [0];
    counts(&mut flags);
    habit.sight = Sight { tasks, total: seen[0], done_begun: seen[1], idle: seen[2], is_first, finished: 0 };
    [habit.rewrites, habit.other_files, habit.files] = files;
    habit.finishes_claims = flags[0] & 1 > 0;
    habit.is_truncated = flags[0] & 2 > 0;
    habit.has_failed = flags[0] & 4 > 0;
    habit.latency_s = next();
    habit.tests = next() as u16;
    habit.tests_s = next();
    habit.output_tokens = next();
    habit.common_files = next() as u16;
    habit
}

fn number(node: &Node, key: &str) -> Option<f64> {
    node.key(key).and_then(Node::number)
}

fn whole(node: &Node, key: &str) -> u32 {
    node.key(key).and_then(Node::whole).and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

fn flag(node: &Node, key: &str) -> bool {
    node.key(key).is_some_and(|node| node.kind == NodeKind::Bool(true))
}

/// Reads a hexadecimal digest; 0, which matches no workload, if it is missing or invalid.
fn hex(node: &Node, key: &str) -> u64 {
    node.key(key).and_then(Node::text).and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or(0)
}

/// Reads a style; `None` without a kind.
fn style(node: &Node) -> Option<WorkStyle> {
    let of = |key: &str| number(node, key).unwrap_or(0.0);
    let kind = [StyleKind::Batch, StyleKind::One, StyleKind::Micro]
        .into_iter()
        .find(|kind| node.key("kind").and_then(Node::text) == Some(kind.name()))?;
    Some(WorkStyle {
        manner: whole(node, "manner"),
        kind,
        runs: node.key("runs").map_or(1, |_| whole(node, "runs")),
        tasks_a_call: number(node, "tasks_a_call").unwrap_or(1.0),
        looks_ahead: of("looks_ahead"),
        idle: of("idle"),
        tested: of("tested"),
        test_s: of("test_s"),
        rework: of("rework"),
        spread: of("spread"),
    })
}

/// Parses and validates a profile file.
fn profile_tree(file: &str, bytes: &[u8]) -> Result<Node, Problems> {
    let root = read::read(file, bytes)?;
    check::check(file, &root, &PROFILE).or(root)
}
