//! Reader of learned profiles; the table of keys validates the file first.

use crate::problem::{Problem, Problems};
use crate::scenario::keys::profile::PROFILE;
use crate::scenario::learned_profile::model::{COMMON, LatencyFit, LearnedProfile, ModelPart, SHARED, SamplingMethod};
use crate::scenario::learned_profile::parametric::{self, StyleKind, WorkStyle};
use crate::scenario::learned_profile::run_effect;
use crate::scenario::learned_profile::write::WIDTH;
use crate::scenario::{Node, NodeKind, check, read};
use crate::team::{
    Accuracy, CallModel, ContextWindow, Envelope, LearnedPolicy, Observation, RecordedCall, TASK_CLASSES, TaskClass,
    Trajectory, WorkKey,
};

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

/// Reads a validated `learned_policy`.
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
type ReadCallModel = (CallModel, u64, bool);

fn read_part(
    node: &Node,
    (method, shared, common): (SamplingMethod, f64, Option<f64>),
    report: &mut Report<'_>,
) -> ModelPart {
    let model = node.key("model").and_then(Node::text).filter(|model| *model != "unknown").map(ToOwned::to_owned);
    let items = node.key("manners").map_or(&[][..], Node::items);
    let call_models: Vec<ReadCallModel> = items.iter().map(|node| read_call_model(node, common)).collect();
    let mut learned_policy = LearnedPolicy {
        call_models: call_models.iter().map(|(call_model, ..)| *call_model).collect(),
        models: vec![model.clone().unwrap_or_default(); call_models.len()],
        names: items.iter().map(read_names).collect(),
        shared,
        ..LearnedPolicy::default()
    };
    read_trajectories(node, &call_models, &mut learned_policy, report);
    let styles = read_styles(node, call_models.len(), report);
    run_effect::left_some(&mut learned_policy);
    if method == SamplingMethod::Parametric {
        let work: Vec<(u64, bool)> = call_models.iter().map(|(_, files, is_dealt)| (*files, *is_dealt)).collect();
        parametric::set_work(&mut learned_policy, &work);
        parametric::enact(&mut learned_policy, &styles);
    }
    run_effect::log_residual(&mut learned_policy);
    ModelPart {
        model,
        runs: whole(node, "runs"),
        completed: whole(node, "completed"),
        max_rounds: node.key("max_rounds").and_then(Node::whole).and_then(|rounds| u32::try_from(rounds).ok()),
        in_rounds: flag(node, "in_rounds"),
        envelope: node.key("envelope").map(read_envelope),
        fit: read_fit(node),
        styles,
        learned_policy,
    }
}

/// Reads the trajectories of a part and their calls into `learned_policy`.
fn read_trajectories(
    node: &Node,
    call_models: &[ReadCallModel],
    learned_policy: &mut LearnedPolicy,
    report: &mut Report<'_>,
) {
    for (index, trajectory) in node.key("scripts").map_or(&[][..], Node::items).iter().enumerate() {
        let call_model = whole(trajectory, "manner") as usize;
        let Some((_, files, is_dealt)) = call_models.get(call_model) else {
            report_call_model(trajectory.line, &format!("scripts[{index}]"), call_model, call_models.len(), report);
            continue;
        };
        let first = learned_policy.recorded_calls.len() as u32;
        let mut finished = 0_u16;
        for (call, node) in trajectory.key("calls").map_or(&[][..], Node::items).iter().enumerate() {
            let numbers: Vec<f64> = node.items().iter().filter_map(Node::number).collect();
            if numbers.len() == WIDTH || numbers.len() == WIDTH - 1 {
                let mut recorded_call = read_call(&numbers, call == 0);
                recorded_call.observation.finished = finished;
                finished = recorded_call.completes.iter().fold(finished, |sum, &count| sum.saturating_add(count));
                learned_policy.recorded_calls.push(recorded_call);
            } else {
                let message = format!("{} numbers", numbers.len());
                report(node.line, &format!("scripts[{index}].calls[{call}]"), message, &format!("{WIDTH} numbers"));
            }
        }
        learned_policy.trajectories.push(Trajectory {
            first,
            calls: learned_policy.recorded_calls.len() as u32 - first,
            call_model: call_model as u32,
            work: WorkKey { shape: hex(trajectory, "shape"), files: *files },
            is_dealt: *is_dealt,
            weight: 1.0,
            run: trajectory.key("run").map_or(learned_policy.trajectories.len() as u32, |_| whole(trajectory, "run")),
            run_effect: 0.0,
            left_some: false,
            agents: trajectory.key("agents").map_or(1, |_| whole(trajectory, "agents").max(1)),
        });
    }
}

fn read_styles(node: &Node, call_models: usize, report: &mut Report<'_>) -> Vec<WorkStyle> {
    let mut styles: Vec<WorkStyle> = Vec::new();
    for (index, node) in node.key("styles").map_or(&[][..], Node::items).iter().enumerate() {
        let call_model = whole(node, "manner") as usize;
        if call_model >= call_models {
            report_call_model(node.line, &format!("styles[{index}]"), call_model, call_models, report);
        }
        styles.extend(style(node));
    }
    styles
}

fn report_call_model(line: u32, path: &str, call_model: usize, call_models: usize, report: &mut Report<'_>) {
    let expected = format!("below {call_models}, counted from 0");
    report(line, &format!("{path}.manner"), format!("there is no manner {call_model}"), &expected);
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

fn read_call_model(node: &Node, common: Option<f64>) -> ReadCallModel {
    let of = |key: &str| number(node, key).unwrap_or(0.0);
    let input = |key: &str| node.key("input").and_then(|input| number(input, key)).unwrap_or(0.0);
    let spread = |index: usize| node.key("spread").and_then(|s| s.items().get(index)?.number()).unwrap_or(0.0);
    let call_model = CallModel {
        idle_s: number(node, "idle_s").unwrap_or(of("base_s")),
        base_s: of("base_s"),
        longest_s: of("longest_s"),
        common: common.or(number(node, "common")).unwrap_or(COMMON),
        per_file_s: of("per_file_s"),
        spread_small: spread(0),
        spread_large: spread(1),
        run_effect_sd: spread(2),
        files_a_reply: number(node, "files_a_reply").unwrap_or(f64::INFINITY),
        tokens_per_second: of("tokens_per_second"),
        prompt_tokens: input("prompt"),
        board_tokens: input("board"),
        test_tokens: input("test"),
        window: read_window(node.key("input").and_then(|input| input.key("window"))),
    };
    (call_model, hex(node, "files"), flag(node, "dealt"))
}

fn read_window(node: Option<&Node>) -> ContextWindow {
    match node.and_then(Node::text) {
        Some("all") => ContextWindow::WholeHistory,
        Some(_) => ContextWindow::Mean,
        None => ContextWindow::Messages(node.and_then(Node::number).unwrap_or(0.0) as u16),
    }
}

/// Reads the digests of the file names of a manner's workload, sorted.
fn read_names(node: &Node) -> Vec<u32> {
    let items = node.key("names").map_or(&[][..], Node::items);
    let mut names: Vec<u32> = items.iter().filter_map(|name| u32::try_from(name.whole()?).ok()).collect();
    names.sort_unstable();
    names
}

fn read_call(numbers: &[f64], is_first: bool) -> RecordedCall {
    let mut numbers = numbers.iter().copied();
    let mut next = || numbers.next().unwrap_or(0.0).clamp(0.0, 1e9);
    let mut recorded_call = RecordedCall::default();
    let mut counts = |counts: &mut [u16]| counts.iter_mut().for_each(|count| *count = next() as u16);
    let mut tasks = [0; TASK_CLASSES];
    counts(&mut tasks);
    let mut seen = [0; 3];
    counts(&mut seen);
    counts(&mut recorded_call.writes);
    let mut files = [0; 3];
    counts(&mut files);
    counts(&mut recorded_call.claims[..TaskClass::Held as usize]);
    counts(&mut recorded_call.completes);
    let mut flags = [0];
    counts(&mut flags);
    recorded_call.observation =
        Observation { tasks, total: seen[0], done_begun: seen[1], idle: seen[2], is_first, finished: 0 };
    [recorded_call.rewrites, recorded_call.other_files, recorded_call.files] = files;
    recorded_call.finishes_claims = flags[0] & 1 > 0;
    recorded_call.is_truncated = flags[0] & 2 > 0;
    recorded_call.has_failed = flags[0] & 4 > 0;
    recorded_call.latency_s = next();
    recorded_call.tests = next() as u16;
    recorded_call.tests_s = next();
    recorded_call.output_tokens = next();
    recorded_call.common_files = next() as u16;
    recorded_call
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
        call_model: whole(node, "manner"),
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
