//! Trajectories in ATIF, the Agent Trajectory Interchange Format of Harbor: one JSON document for each run of an agent.
//! Since version 1.7 it contains the trajectories of subagents.
//!
//! A step has one timestamp. For a step of an agent it is the end of the call. A call is taken to begin at the previous
//! timestamp, so the time of tools is part of the call that follows them.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, number, text, tokens};
use crate::table::timestamp;
use crate::table::{Head, ImportContext, SourceFile};
use crate::team::AgentId;
use crate::trace::Builder;
use crate::trace::import::importer::{Importer, each_alone, no_companions};
use crate::trace::import::{naming, order, prune};
use crate::trace::model::{Operation, Quality, Trace, TraceStep, Usage};

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "atif",
    about: "trajectories in ATIF, the Agent Trajectory Interchange Format of Harbor",
    obtain: "Harbor writes agent/trajectory.json into the folder of each trial. Other tools export the same format.",
    exact: "End of every call, tokens, models and tool names. Agents, and subagents whose trajectories are included.",
    inferred: "A call starts at the time of the previous step. The time of tools is therefore part of the call after \
              them, and tools have no duration of their own.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let contains = |mark: &[u8]| head.start.windows(mark.len()).any(|window| window == mark);
    let is_json = head.start.trim_ascii_start().starts_with(b"{");
    (is_json && contains(b"\"schema_version\"") && contains(b"\"ATIF-v")).then_some("the schema version of ATIF")
}

/// Keys to read; message texts are left out.
static KEYS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "agent cached_tokens completion_tokens final_metrics function_name is_copied_context llm_call_count \
     metrics model_name name observation prompt_tokens results schema_version session_id source \
     source_call_id steps subagent_trajectories subagent_trajectory_ref timestamp tool_call_id tool_calls \
     total_completion_tokens total_prompt_tokens trajectory_id version"
        .split(' ')
        .collect()
});

fn keep(_: &str, key: &str) -> bool {
    KEYS.contains(key)
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    files.iter().filter_map(|file| read_file(file, reading)).collect()
}

fn read_file(file: &SourceFile, reading: &mut ImportContext) -> Option<Trace> {
    let document = prune::document(&file.bytes, keep)
        .map_err(|error| reading.bad(&file.path, error.line(), "", format!("not JSON: {error}"), "one JSON document"))
        .ok()?;
    if !text(&document, "schema_version").is_some_and(|version| version.starts_with("ATIF-v1.")) {
        reading.bad(
            &file.path,
            0,
            "schema_version",
            "brooks does not read this version",
            "ATIF-v1.0 or later, before 2",
        );
        return None;
    }
    let name = text(&document, "session_id").or_else(|| text(&document, "trajectory_id")).map(naming::name);
    let producer = ["agent.name", "agent.version"].map(|path| text(&document, path).map(naming::name));
    let producer: Vec<String> = producer.into_iter().flatten().collect();
    let builder = Builder::new(&name.unwrap_or_else(|| naming::stem(&file.path)), "atif", &producer.join(" "));
    let mut run = TrajectoryRun { builder, file: &file.path, reading, count: 0, refs: BTreeMap::new() };
    run.trajectory(&document, "", None);
    let TrajectoryRun { mut builder, reading, .. } = run;
    if builder.steps().is_empty() {
        if reading.problems.is_empty() {
            reading.bad(&file.path, 0, "steps", "no agent calls a model", "steps with the source agent");
        }
        return None;
    }
    order::link(builder.steps());
    builder.qualities(&[
        ("start_us", Quality::Inferred),
        ("end_us", Quality::Recorded),
        ("gen_ai.usage.input_tokens", Quality::Recorded),
        ("gen_ai.usage.output_tokens", Quality::Recorded),
        ("gen_ai.agent.name", Quality::Recorded),
        ("after", Quality::Inferred),
        ("task.events", Quality::Absent),
        ("files.write", Quality::Absent),
        ("tests", Quality::Absent),
        ("class", Quality::Absent),
    ]);
    Some(builder.finish(true))
}

/// A trace under construction.
struct TrajectoryRun<'a> {
    builder: Builder,
    file: &'a str,
    reading: &'a mut ImportContext,
    count: usize,
    /// The step that started each trajectory, by trajectory id.
    refs: BTreeMap<String, CompactString>,
}

impl TrajectoryRun<'_> {
    fn id(&mut self) -> CompactString {
        self.count += 1;
        format!("step-{}", self.count).into()
    }

    /// Adds the steps of a trajectory inside the step that started it, then those of its subagents.
    fn trajectory(&mut self, trajectory: &Value, path: &str, parent: Option<&str>) {
        let own = text(trajectory, "agent.name").map_or_else(|| "agent".to_owned(), naming::name);
        let inner = text(trajectory, "trajectory_id").or_else(|| text(trajectory, "session_id")).map(naming::name);
        let name = if path.is_empty() { own } else { format!("{own} {}", inner.unwrap_or_else(|| path.to_owned())) };
        let agent = self.builder.agent(&name);
        let model = text(trajectory, "agent.model_name").map(naming::name);
        if let Some(header) = self.builder.header().agents.get_mut(agent.index()) {
            header.model.clone_from(&model);
            header.spawned_by = parent.map(str::to_owned);
        }
        let list = |key: &str| at(trajectory, key).and_then(Value::as_array).map_or(&[][..], |list| list);
        let mut before: Option<Time> = None;
        for (index, step) in list("steps").iter().enumerate() {
            let path = format!("{path}steps[{index}]");
            if at(step, "is_copied_context") == Some(&Value::Bool(true)) {
                continue;
            }
            let Some(end) = text(step, "timestamp").and_then(timestamp::parse) else {
                let message = "the step has no timestamp, and a replay needs one";
                self.reading.bad(self.file, 0, &path, message, "a timestamp as in 2026-02-25T10:00:00Z");
                continue;
            };
            if !end.has_zone {
                self.reading.note(format!("{}: times without a zone are taken as UTC", self.file));
            }
            let end = end.at;
            let start = before.unwrap_or(end);
            if start > end {
                self.reading.bad(
                    self.file,
                    0,
                    &path,
                    "the timestamp is before that of the previous step",
                    "steps in order of time",
                );
                continue;
            }
            before = Some(end);
            if text(step, "source") == Some("agent") {
                self.step(step, agent, (start, end), model.as_deref(), parent);
            }
        }
        for (index, inner) in list("subagent_trajectories").iter().enumerate() {
            let id = text(inner, "trajectory_id").or_else(|| text(inner, "session_id")).unwrap_or_default();
            let parent = self.refs.get(id).cloned();
            self.trajectory(inner, &format!("{path}subagent_trajectories[{index}]."), parent.as_deref());
        }
        self.check_totals(trajectory, path, agent);
    }

    /// Adds the model call of a step of an agent, if it has one, and the tools that it requested.
    fn step(
        &mut self,
        step: &Value,
        agent: AgentId,
        (start, end): (Time, Time),
        model: Option<&str>,
        parent: Option<&str>,
    ) {
        if number(step, "llm_call_count") != Some(0.0) {
            let usage = Usage {
                input: tokens(step, "metrics.prompt_tokens"),
                output: tokens(step, "metrics.completion_tokens"),
                cache_read: tokens(step, "metrics.cached_tokens"),
                cache_write: None,
            };
            for (tokens, field) in
                [(usage.input, "gen_ai.usage.input_tokens"), (usage.output, "gen_ai.usage.output_tokens")]
            {
                if tokens.is_none() {
                    self.builder.quality(field, Quality::Absent);
                }
            }
            let model = text(step, "model_name").map(naming::name).or_else(|| model.map(str::to_owned));
            let model = model.map(|model| self.builder.name(&model));
            let mut call = TraceStep { id: self.id(), agent, start, end, model, usage, ..TraceStep::default() };
            let est = self.builder.name("start_us");
            call.more_mut().est.push(est);
            call.more_mut().parent = parent.map(CompactString::from);
            self.builder.push(call);
        }
        let list = |path: &str| at(step, path).and_then(Value::as_array).map_or(&[][..], |list| list);
        let mut calls: BTreeMap<&str, CompactString> = BTreeMap::new();
        for call in list("tool_calls") {
            let operation = Operation::ExecuteTool;
            let mut tool = TraceStep { id: self.id(), operation, agent, start: end, end, ..TraceStep::default() };
            let name = naming::name(text(call, "function_name").unwrap_or("unknown"));
            tool.more_mut().tool = Some(self.builder.name(&name));
            let est = self.builder.name("end_us");
            tool.more_mut().est.push(est);
            tool.more_mut().parent = parent.map(CompactString::from);
            calls.insert(text(call, "tool_call_id").unwrap_or_default(), tool.id.clone());
            self.builder.push(tool);
        }
        for result in list("observation.results") {
            let Some(call) = text(result, "source_call_id").and_then(|id| calls.get(id)) else { continue };
            let refs = at(result, "subagent_trajectory_ref").and_then(Value::as_array).map_or(&[][..], |list| list);
            for reference in refs {
                let ids = [text(reference, "trajectory_id"), text(reference, "session_id")];
                for id in ids.into_iter().flatten() {
                    self.refs.insert(id.to_owned(), call.clone());
                }
            }
        }
    }

    /// Notes where the tokens of the calls of an agent differ from the totals of its trajectory.
    fn check_totals(&mut self, trajectory: &Value, path: &str, agent: AgentId) {
        let calls = self.builder.steps().iter().filter(|step| step.agent == agent);
        let (mut input, mut output) = (0.0, 0.0);
        for call in calls {
            input += f64::from(call.usage.input.unwrap_or(0));
            output += f64::from(call.usage.output.unwrap_or(0));
        }
        for (sum, key) in [(input, "total_prompt_tokens"), (output, "total_completion_tokens")] {
            let total = number(trajectory, &format!("final_metrics.{key}"));
            if let Some(total) = total.filter(|total| (total - sum).abs() > 0.5) {
                let note = format!("{path}final_metrics.{key} is {total}, but the calls sum to {sum}");
                self.reading.note(format!("{}: {note}", self.file));
            }
        }
    }
}
