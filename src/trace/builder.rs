//! Builder of traces for importers: absolute times in, a sorted trace from time zero out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Header, Name, Operation, Quality, Trace, TraceAgent, TraceSource, TraceStep, TraceTask};
use crate::trace::native::VERSION;
use crate::workload::TaskId;

/// A trace under construction. Steps have absolute times (microseconds since 1970, or from any origin); [`Builder::finish`]
/// shifts them to begin at zero.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    trace: Trace,
    agents: BTreeMap<String, AgentId>,
    tasks: BTreeMap<String, TaskId>,
    origin: Option<Time>,
}

impl Builder {
    /// Returns an empty trace with its name, the format of its source, and the program that wrote the source.
    pub fn new(trace: &str, format: &str, producer: &str) -> Builder {
        let source = TraceSource {
            format: format.to_owned(),
            producer: producer.to_owned(),
            importer: concat!("brooks ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..TraceSource::default()
        };
        let header = Header {
            version: VERSION,
            trace: trace.to_owned(),
            source,
            origin: "start".to_owned(),
            ..Header::default()
        };
        Builder { trace: Trace { header, ..Trace::default() }, ..Builder::default() }
    }

    /// Returns the number of the agent with a name; adds a new one.
    pub fn agent(&mut self, name: &str) -> AgentId {
        let agents = &mut self.trace.header.agents;
        *self.agents.entry(name.to_owned()).or_insert_with(|| {
            agents.push(TraceAgent { name: name.to_owned(), ..TraceAgent::default() });
            AgentId::at(agents.len() - 1)
        })
    }

    /// Returns the number of the task with an id; adds a new one.
    pub fn task(&mut self, id: &str) -> TaskId {
        let tasks = &mut self.trace.header.tasks;
        *self.tasks.entry(id.to_owned()).or_insert_with(|| {
            tasks.push(TraceTask { id: id.to_owned(), ..TraceTask::default() });
            TaskId::at(tasks.len() - 1)
        })
    }

    /// Returns the name for the text of a path, a model, a tool and so on.
    pub fn name(&mut self, text: &str) -> Name {
        self.trace.names.add(text)
    }

    /// Returns the operation with a name.
    pub fn operation(&mut self, name: &str) -> Operation {
        Operation::of(name, &mut self.trace.names)
    }

    /// Returns the header, for changes.
    pub fn header(&mut self) -> &mut Header {
        &mut self.trace.header
    }

    /// Returns the steps so far, for changes.
    pub fn steps(&mut self) -> &mut Vec<TraceStep> {
        &mut self.trace.steps
    }

    /// Adds a step.
    pub fn push(&mut self, step: TraceStep) {
        self.trace.steps.push(step);
    }

    /// Sets the quality of a field. Of several values the worst counts.
    pub fn quality(&mut self, field: &str, quality: Quality) {
        let fields = &mut self.trace.header.quality;
        match fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, known)) => *known = quality.max(*known),
            None => fields.push((field.to_owned(), quality)),
        }
    }

    /// Sets the qualities of several fields.
    pub fn qualities(&mut self, fields: &[(&str, Quality)]) {
        for &(field, quality) in fields {
            self.quality(field, quality);
        }
    }

    /// Sets a label, which distinguishes the run from others.
    pub fn label(&mut self, name: &str, value: impl Into<Value>) {
        self.trace.header.labels.insert(name.to_owned(), value.into());
    }

    /// Sets the start of the run, if it is before the first step.
    pub fn began(&mut self, at: Time) {
        self.origin = Some(at);
    }

    /// Returns the trace with times from zero, sorted steps, and computed totals where the source has none. `is_clock`
    /// means that times count from 1970, so that the origin is an instant.
    pub fn finish(self, is_clock: bool) -> Trace {
        let mut trace = self.trace;
        let first = trace.steps.iter().map(|step| step.start).min().unwrap_or(Time::ZERO);
        let origin = self.origin.unwrap_or(first).min(first);
        for step in &mut trace.steps {
            step.start = step.start - origin;
            step.end = step.end - origin;
            if !step.more().tests.is_empty() {
                for test in &mut step.more_mut().tests {
                    test.start = test.start - origin;
                    test.end = test.end - origin;
                }
            }
        }
        trace.sort();
        if is_clock && !trace.steps.is_empty() {
            trace.header.origin = crate::table::timestamp::rfc3339(origin);
        }
        let counted = trace.counted();
        for (key, value) in counted {
            trace.header.totals.entry(key).or_insert(value);
        }
        trace
    }
}

impl Trace {
    /// Sorts the steps by (start, end, landing order, id), the order of native files.
    pub fn sort(&mut self) {
        let key = |step: &TraceStep| (step.start, step.end, step.landing_order(), step.id.clone());
        if !self.steps.is_sorted_by_key(key) {
            self.steps.sort_by_cached_key(key);
        }
    }

    /// Returns the totals that follow from the steps.
    pub fn counted(&self) -> Vec<(String, Value)> {
        let end = self.steps.iter().map(|step| step.end).max().unwrap_or(Time::ZERO);
        let calls = self.steps.iter().filter(|step| step.is_call());
        let sum = |of: fn(&TraceStep) -> Option<u32>| calls.clone().filter_map(of).map(u64::from).sum::<u64>();
        let total = |key: &str, value: u64| (key.to_owned(), json!(value));
        vec![
            total("duration_us", end.as_us()),
            total("llm_calls", calls.clone().count() as u64),
            total("gen_ai.usage.input_tokens", sum(|step| step.usage.input)),
            total("gen_ai.usage.cache_read.input_tokens", sum(|step| step.usage.cache_read)),
            total("gen_ai.usage.output_tokens", sum(|step| step.usage.output)),
        ]
    }
}
