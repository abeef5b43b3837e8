//! Writer of learned profiles: a profile for any scenario, with the learned policy under `learned_policy`.

use std::fmt::Write;

use crate::problem::plural;
use crate::scenario::learned_profile::model::{LearnedProfile, ModelPart, SamplingMethod, VERSION};
use crate::scenario::learned_profile::parametric::WorkStyle;
use crate::team::{Accuracy, CallModel, ContextWindow, Envelope, RecordedCall, TASK_CLASSES, TaskClass, Trajectory};

/// Comment in the file that defines the numbers of a call, in order.
pub(super) const COLUMNS: &str = "\
#   numbers of a call: observed tasks (ready; ready, begun; waiting; waiting, begun; held; held, begun; total; completed,
#   begun), preceding calls without a change; tasks with writes (six classes; completed), files of no task, files; claims
#   (four classes); completions (six classes); flags 1 completes its claims + 2 truncated + 4 tests failed; latency in s,
#   test runs, seconds of tests, output tokens, files of no task that other agents also write (bits)";
/// Number of numbers of a call.
pub(super) const WIDTH: usize = 34;

impl LearnedProfile {
    /// Returns the file. `origin` contains its source and the command; what the recordings do not state about their
    /// harness is appended.
    pub fn to_yaml(&self, name: &str, origin: &str) -> String {
        let mut text = String::new();
        let origin = [&[origin.to_owned()], &self.unknown_limits()[..]].concat().join("; ");
        let _ = self.write(&mut text, name, &origin);
        text
    }

    /// Returns a description in one line.
    fn about(&self) -> String {
        let names: Vec<&str> = self.models.iter().map(|part| part.model.as_deref().unwrap_or("an agent")).collect();
        let runs = plural(self.models.iter().map(|part| part.runs).sum::<u32>(), "recorded run");
        let calls = plural(self.models.iter().map(|part| part.fit.calls).sum::<u32>(), "call");
        let team = match (*self.sizes.start(), *self.sizes.end()) {
            (1, 1) => "alone".to_owned(),
            (least, most) if least == most => format!("in teams of {least}"),
            (least, most) => format!("in teams of {least} to {most}"),
        };
        let they = if names.len() == 1 { "it" } else { "they" };
        format!("{} as {they} worked {team}: learned from {runs} with {calls}", names.join(" and "))
    }

    fn write(&self, text: &mut String, name: &str, origin: &str) -> std::fmt::Result {
        writeln!(text, "name: {}", quoted(name))?;
        writeln!(text, "about: {}", quoted(&self.about()))?;
        writeln!(text, "origin: {}", quoted(origin))?;
        writeln!(text, "# Latency of a lead; all other agents follow behaviour.")?;
        let typical =
            self.models.first().and_then(|part| part.learned_policy.call_models.first()).map_or(1.0, |m| m.base_s);
        writeln!(text, "latency: {typical} s")?;
        writeln!(text, "variation: {{ call: 0.5 }}")?;
        writeln!(text, "behaviour:")?;
        writeln!(text, "  version: {VERSION}")?;
        writeln!(text, "  way: {}", self.method.name())?;
        writeln!(text, "  sizes: [{}, {}]", self.sizes.start(), self.sizes.end())?;
        let seen: Vec<String> = self.seen.iter().map(|run| format!("\"{run:016x}\"")).collect();
        writeln!(text, "  seen: [{}]", seen.join(", "))?;
        writeln!(text, "  corpus: \"{:016x}\"", self.corpus)?;
        if let Some(date) = &self.date {
            writeln!(text, "  date: {}", quoted(date))?;
        }
        if !self.accuracy.is_empty() {
            writeln!(text, "  # [error in %, that of a perfect model]; coverage_80 is a coverage in %, nominally 80.")?;
            writeln!(text, "  accuracy:")?;
            self.accuracy.iter().try_for_each(|accuracy| write_accuracy(text, accuracy))?;
        }
        if let Some(part) = self.models.first() {
            writeln!(text, "  shared: {}", part.learned_policy.shared)?;
        }
        if !self.unused.is_empty() {
            writeln!(text, "  unused:")?;
            for (reason, runs) in &self.unused {
                writeln!(text, "    {}: {runs}", quoted(reason))?;
            }
        }
        if self.method == SamplingMethod::Resampled {
            writeln!(text, "{COLUMNS}")?;
        }
        writeln!(text, "  models:")?;
        self.models.iter().try_for_each(|part| part.write(text, self.method))
    }
}

impl ModelPart {
    fn write(&self, text: &mut String, method: SamplingMethod) -> std::fmt::Result {
        let model = self.model.as_deref().unwrap_or("unknown");
        writeln!(text, "  - model: {}", quoted(model))?;
        writeln!(text, "    runs: {}", self.runs)?;
        writeln!(text, "    completed: {}", self.completed)?;
        writeln!(text, "    in_rounds: {}", self.in_rounds)?;
        if let Some(rounds) = self.max_rounds {
            writeln!(text, "    max_rounds: {rounds}")?;
        }
        if let Some(envelope) = &self.envelope {
            write_envelope(text, envelope)?;
        }
        let fit = &self.fit;
        writeln!(
            text,
            "    fit: {{ calls: {}, sigma: {}, sigma_left: {}, sigma_runs: {}, lag1: {} }}",
            fit.calls, fit.sigma, fit.sigma_left, fit.sigma_runs, fit.lag1
        )?;
        writeln!(text, "    manners:")?;
        for (index, call_model) in self.learned_policy.call_models.iter().enumerate() {
            let trajectory =
                self.learned_policy.trajectories.iter().find(|trajectory| trajectory.call_model as usize == index);
            write_call_model(
                text,
                call_model,
                trajectory,
                self.learned_policy.names.get(index).map_or(&[], Vec::as_slice),
            )?;
        }
        match method {
            SamplingMethod::Parametric => {
                writeln!(text, "    styles:")?;
                self.styles.iter().try_for_each(|style| write_style(text, style))
            }
            SamplingMethod::Resampled => {
                writeln!(text, "    scripts:")?;
                self.learned_policy.trajectories.iter().try_for_each(|trajectory| {
                    writeln!(text, "    - shape: \"{:016x}\"", trajectory.work.shape)?;
                    writeln!(text, "      manner: {}", trajectory.call_model)?;
                    if trajectory.agents > 1 {
                        writeln!(text, "      run: {}\n      agents: {}", trajectory.run, trajectory.agents)?;
                    }
                    writeln!(text, "      calls:")?;
                    let (first, last) = (trajectory.first as usize, (trajectory.first + trajectory.calls) as usize);
                    let calls = self.learned_policy.recorded_calls.get(first..last).unwrap_or_default();
                    calls.iter().try_for_each(|recorded_call| write_call(text, recorded_call))
                })
            }
        }
    }
}

fn write_envelope(text: &mut String, envelope: &Envelope) -> std::fmt::Result {
    let Envelope { agents, tasks, parallel_fraction: p, context } = envelope;
    write!(text, "    envelope: {{ agents: [{}, {}], tasks: [{}, {}]", agents.0, agents.1, tasks.0, tasks.1)?;
    write!(text, ", parallel_fraction: [{}, {}]", p.0, p.1)?;
    if let Some((least, most)) = context {
        write!(text, ", context: [{least}, {most}]")?;
    }
    writeln!(text, " }}")
}

fn write_accuracy(text: &mut String, accuracy: &Accuracy) -> std::fmt::Result {
    let Accuracy { against, architecture, agents, cells, figures } = accuracy;
    writeln!(text, "  - against: {}", quoted(against))?;
    writeln!(text, "    architecture: {}", quoted(architecture))?;
    writeln!(text, "    agents: [{}, {}]", agents.0, agents.1)?;
    writeln!(text, "    cells: {cells}")?;
    let figures = figures.iter().map(|(name, value, floor)| match floor {
        Some(floor) => format!("{name}: [{value}, {floor}]"),
        None => format!("{name}: [{value}]"),
    });
    writeln!(text, "    figures: {{ {} }}", figures.collect::<Vec<_>>().join(", "))
}

fn write_call_model(
    text: &mut String,
    call_model: &CallModel,
    trajectory: Option<&Trajectory>,
    names: &[u32],
) -> std::fmt::Result {
    let (files, is_dealt) = trajectory.map_or((0, false), |trajectory| (trajectory.work.files, trajectory.is_dealt));
    writeln!(text, "    - files: \"{files:016x}\"")?;
    if !names.is_empty() {
        writeln!(text, "      names: {names:?}")?;
    }
    writeln!(text, "      dealt: {is_dealt}")?;
    writeln!(text, "      idle_s: {}", call_model.idle_s)?;
    writeln!(text, "      base_s: {}", call_model.base_s)?;
    writeln!(text, "      per_file_s: {}", call_model.per_file_s)?;
    writeln!(text, "      longest_s: {}", call_model.longest_s)?;
    writeln!(
        text,
        "      spread: [{}, {}, {}]",
        call_model.spread_small, call_model.spread_large, call_model.run_effect_sd
    )?;
    writeln!(text, "      common: {}", call_model.common)?;
    if call_model.files_a_reply.is_finite() {
        writeln!(text, "      files_a_reply: {}", call_model.files_a_reply)?;
    }
    writeln!(text, "      tokens_per_second: {}", call_model.tokens_per_second)?;
    let window = match call_model.window {
        ContextWindow::Messages(messages) => messages.to_string(),
        ContextWindow::WholeHistory => "all".to_owned(),
        ContextWindow::Mean => "mean".to_owned(),
    };
    writeln!(
        text,
        "      input: {{ prompt: {}, board: {}, test: {}, window: {window} }}",
        call_model.prompt_tokens, call_model.board_tokens, call_model.test_tokens
    )
}

fn write_style(text: &mut String, style: &WorkStyle) -> std::fmt::Result {
    writeln!(
        text,
        "    - {{ manner: {}, kind: {}, runs: {}, tasks_a_call: {}, looks_ahead: {}, idle: {}, tested: {}, test_s: {}, \
         rework: {}, spread: {} }}",
        style.call_model,
        style.kind.name(),
        style.runs,
        style.tasks_a_call,
        style.looks_ahead,
        style.idle,
        style.tested,
        style.test_s,
        style.rework,
        style.spread
    )
}

fn write_call(text: &mut String, recorded: &RecordedCall) -> std::fmt::Result {
    let observation = &recorded.observation;
    let mut numbers: Vec<u16> = observation.tasks.to_vec();
    numbers.extend([observation.total, observation.done_begun, observation.idle]);
    numbers.extend(recorded.writes);
    numbers.extend([recorded.rewrites, recorded.other_files, recorded.files]);
    numbers.extend(&recorded.claims[..TaskClass::Held as usize]);
    numbers.extend(&recorded.completes[..TASK_CLASSES]);
    numbers.push(
        u16::from(recorded.finishes_claims) + 2 * u16::from(recorded.is_truncated) + 4 * u16::from(recorded.has_failed),
    );
    write!(text, "      - [")?;
    for number in numbers {
        write!(text, "{number},")?;
    }
    let RecordedCall { latency_s, tests, tests_s, output_tokens, common_files, .. } = recorded;
    writeln!(text, "{latency_s},{tests},{tests_s},{output_tokens},{common_files}]")
}

/// Returns a text as a quoted YAML scalar.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
