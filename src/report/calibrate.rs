//! Report of `brooks calibrate`: the learned models, their fit to the recordings, and their limits.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::problem::plural;
use crate::report::json_number;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::scenario::learned_profile::{LearnedProfile, ModelPart, SamplingMethod};
use crate::team::{Accuracy, Envelope};

/// Fewest runs of a model from which the spread of runs is estimated without a warning.
const FEW_RUNS: u32 = 5;

/// A calibration and its file.
#[derive(Clone, Debug)]
pub struct CalibrateReport<'c> {
    /// Learned profile.
    pub calibration: &'c LearnedProfile,
    /// Path of the written file.
    pub file: &'c str,
}

impl CalibrateReport<'_> {
    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool) -> String {
        let models = &self.calibration.models;
        let runs: u32 = models.iter().map(|part| part.runs).sum();
        let calls: u32 = models.iter().map(|part| part.fit.calls).sum();
        let mut text = format!(
            "learned from {} with {} of {}: {}\n",
            plural(runs, "run"),
            plural(number::count(u64::from(calls)), "call"),
            plural(models.len(), "model"),
            match self.calibration.method {
                SamplingMethod::Resampled => "calls of agents in similar situations",
                SamplingMethod::Parametric => "styles of work, latency and tokens, as parameters",
            }
        );
        let _ = writeln!(text, "{}", self.explained());
        let _ = writeln!(text, "{}\n", self.held());
        text.push_str(&self.table().to_text(color));
        text.push('\n');
        for limit in self.limits() {
            let _ = writeln!(text, "{limit}");
        }
        let _ = writeln!(
            text,
            "\nuse it: team: {{ profile: {} }} in a scenario; how far to trust it: brooks validate {} TRACE..",
            self.file, self.file
        );
        text
    }

    /// Reports the share of the variance of log-latency that is explained by the files of a call.
    fn explained(&self) -> String {
        let shares: Vec<String> = self
            .calibration
            .models
            .iter()
            .filter(|part| part.fit.sigma > 0.0)
            .map(|part| {
                let left = part.fit.sigma_left / part.fit.sigma;
                number::percent((1.0 - left * left).max(0.0))
            })
            .collect();
        let of = match shares.len() {
            0 => return "there are too few calls to explain latency".to_owned(),
            1 => shares.concat(),
            _ => format!("{} (a model each)", shares.join(", ")),
        };
        format!("how many files a call writes explains {of} of the variance of its log-latency")
    }

    /// Reports the errors against recordings.
    fn held(&self) -> String {
        let errors = self.calibration.accuracy.iter().filter_map(|entry| {
            let (_, value, floor) = entry.figures.iter().find(|(name, ..)| name == "makespan")?;
            let floor = floor.map_or_else(String::new, |floor| format!(", a perfect model {floor} %"));
            Some(format!("{value} % ({}{floor})", entry.architecture))
        });
        let errors: Vec<String> = errors.collect();
        let Some(first) = self.calibration.accuracy.first().filter(|_| !errors.is_empty()) else {
            return "there are too few runs of a kind to leave some out and predict them".to_owned();
        };
        format!("makespans of {} are off by {}", first.against, errors.join(", "))
    }

    /// Builds a table with a row a model.
    pub fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::text("model", "model"),
            Column::number("runs", "runs"),
            Column::number("completed", "completed"),
            Column::number("calls", "calls"),
            Column::number("base_s", "a call"),
            Column::number("per_file_s", "each file"),
            Column::number("sigma", "sigma(log)"),
            Column::number("sigma_left", "left"),
            Column::number("sigma_runs", "between runs"),
            Column::number("lag1", "call to call"),
            Column::number("tokens_per_second", "tokens/s"),
        ]);
        for part in &self.calibration.models {
            let fit = &part.fit;
            let (base, per_file, speed) = part
                .learned_policy
                .call_models
                .first()
                .map_or((0.0, 0.0, 0.0), |manner| (manner.base_s, manner.per_file_s, manner.tokens_per_second));
            let plain = |value: f64| Cell::number(value, format!("{value:.2}"));
            table.push(vec![
                Cell::text(name(part)),
                Cell::count(u64::from(part.runs)),
                Cell::count(u64::from(part.completed)),
                Cell::count(u64::from(fit.calls)),
                Cell::number(base, number::seconds(base)),
                Cell::number(per_file, number::seconds(per_file)),
                plain(fit.sigma),
                plain(fit.sigma_left),
                plain(fit.sigma_runs),
                plain(fit.lag1),
                Cell::number(speed, number::significant(speed)),
            ]);
        }
        table
    }

    /// Returns the limits of the calibration.
    fn limits(&self) -> Vec<String> {
        let calibration = self.calibration;
        let mut limits = Vec::new();
        for (reason, runs) in &calibration.unused {
            limits.push(format!("not used: {} {reason}", plural(*runs, "run")));
        }
        let few: Vec<String> = calibration.models.iter().filter(|part| part.runs < FEW_RUNS).map(name).collect();
        if !few.is_empty() {
            limits.push(format!(
                "from fewer than {FEW_RUNS} runs of {} the spread between runs is uncertain: intervals will be too narrow",
                few.join(" and ")
            ));
        }
        if calibration
            .models
            .iter()
            .any(|part| part.learned_policy.call_models.iter().all(|m| m.tokens_per_second <= 0.0))
        {
            limits.push("tokens are not recorded, so none are predicted".to_owned());
        }
        limits.extend(calibration.unknown_limits());
        let assumed = if *calibration.sizes.end() > 1 {
            "a recorded team is followed by teams of its size and larger ones; who is more does as one of its members did"
        } else {
            "what a single agent never shows is assumed: agents of a team work in one style and on one day, else as runs \
             differ; claims are forgotten no more often than alone"
        };
        limits.push(assumed.to_owned());
        limits
    }

    /// Returns JSON for programs.
    pub fn to_json(&self) -> Value {
        let part = |part: &ModelPart| {
            let fit = &part.fit;
            json!({
                "model": part.model, "runs": part.runs, "completed": part.completed, "calls": fit.calls,
                "max_rounds": part.max_rounds, "envelope": part.envelope.as_ref().map(envelope), "sigma": json_number(fit.sigma), "sigma_left": json_number(fit.sigma_left),
                "sigma_runs": json_number(fit.sigma_runs), "lag1": json_number(fit.lag1),
            })
        };
        let unused: Value =
            self.calibration.unused.iter().map(|(reason, runs)| json!({ "reason": reason, "runs": runs })).collect();
        json!({
            "profile": self.file, "way": self.calibration.method.name(), "date": self.calibration.date,
            "corpus": format!("{:016x}", self.calibration.corpus),
            "accuracy": self.calibration.accuracy.iter().map(accuracy).collect::<Vec<_>>(),
            "models": self.calibration.models.iter().map(part).collect::<Vec<_>>(), "unused": unused,
            "limits": self.limits(),
        })
    }
}

fn envelope(of: &Envelope) -> Value {
    let real = |(least, most): (f64, f64)| json!([json_number(least), json_number(most)]);
    json!({
        "agents": [of.agents.0, of.agents.1], "tasks": [of.tasks.0, of.tasks.1],
        "parallel_fraction": real(of.parallel_fraction), "context": of.context.map(real),
    })
}

fn accuracy(entry: &Accuracy) -> Value {
    let figure = |(name, value, floor): &(String, f64, Option<f64>)| {
        (name.clone(), json!({ "value": json_number(*value), "noise_floor": floor.map(json_number) }))
    };
    json!({
        "against": entry.against, "architecture": entry.architecture, "agents": [entry.agents.0, entry.agents.1],
        "cells": entry.cells, "figures": entry.figures.iter().map(figure).collect::<serde_json::Map<_, _>>(),
    })
}

fn name(part: &ModelPart) -> String {
    part.model.clone().unwrap_or_else(|| "unknown".to_owned())
}
