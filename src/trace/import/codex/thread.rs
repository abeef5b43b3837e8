//! Threads: the records of one rollout, and the steps made from them.

use compact_str::CompactString;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, lines, text};
use crate::table::timestamp;
use crate::table::{ImportContext, SourceFile};
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::import::codex::agent::StepBuilder;
use crate::trace::import::codex::record::{self, Mark, RecordKind};
use crate::trace::import::session::{Ids, identifier, stem};
use crate::trace::model::TraceStep;

/// A thread: the lifetime of an agent, in one file.
#[derive(Default)]
pub(super) struct Thread {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) forked_from: Option<String>,
    pub(super) role: Option<String>,
    pub(super) version: String,
    pub(super) lacks_zone: bool,
    has_meta: bool,
    records: Vec<ThreadRecord>,
}

struct ThreadRecord {
    at: Time,
    kind: RecordKind,
}

/// Steps of a thread.
pub(super) struct ThreadResult {
    pub(super) number: AgentId,
    pub(super) name: String,
    pub(super) steps: Vec<TraceStep>,
    pub(super) is_done: bool,
    /// Ids of subagent threads, with the steps that started them.
    pub(super) spawns: Vec<(String, CompactString)>,
    pub(super) models: BTreeSet<String>,
    pub(super) compactions: u64,
}

impl Thread {
    pub(super) fn read(file: &SourceFile, reading: &mut ImportContext) -> Thread {
        let id = stem(&file.path).to_owned();
        let mut thread = Thread { path: file.path.clone(), id, ..Thread::default() };
        lines(file, reading, |number, line, reading| thread.take(file, number, &line, reading));
        thread.records.sort_by_key(|record| record.at);
        thread
    }

    fn take(&mut self, file: &SourceFile, number: usize, line: &Value, reading: &mut ImportContext) {
        let Some(payload) = at(line, "payload") else { return };
        let kind = text(line, "type").unwrap_or_default();
        if kind == "session_meta" {
            self.meta(payload);
            return;
        }
        let record = match kind {
            "turn_context" => {
                text(payload, "model").and_then(identifier).map(|model| RecordKind::Model(model.to_owned()))
            }
            "response_item" => record::item(payload, number),
            "event_msg" => record::event(payload),
            "compacted" => Some(RecordKind::Compacted),
            _ => None,
        };
        let Some(kind) = record else { return };
        match text(line, "timestamp").and_then(timestamp::parse) {
            Some(when) => {
                self.lacks_zone |= !when.has_zone;
                self.records.push(ThreadRecord { at: when.at, kind });
            }
            None => {
                reading.bad(&file.path, number, "timestamp", "the time is missing or unreadable", "an RFC 3339 time");
            }
        }
    }

    /// Reads the metadata of the thread: the first ones. Further ones belong to threads that it continues.
    fn meta(&mut self, payload: &Value) {
        let name = |path: &str| text(payload, path).and_then(identifier).map(str::to_owned);
        if std::mem::replace(&mut self.has_meta, true) {
            return;
        }
        self.id = name("id").unwrap_or_else(|| std::mem::take(&mut self.id));
        self.version = name("cli_version").unwrap_or_default();
        let spawn = "source.subagent.thread_spawn";
        self.parent = name(&format!("{spawn}.parent_thread_id")).or_else(|| name("parent_thread_id"));
        self.forked_from = name("forked_from_id");
        self.role = name("agent_role").or_else(|| name(&format!("{spawn}.agent_role")));
    }

    /// Returns the marks that a continuation of this thread repeats.
    pub(super) fn marks(&self) -> BTreeSet<Mark> {
        self.records.iter().filter_map(|record| record.kind.mark()).collect()
    }

    /// Removes the records up to the last one that is also in another thread.
    pub(super) fn drop_repeated(&mut self, known: &BTreeSet<Mark>) {
        let is_known = |record: &ThreadRecord| record.kind.mark().is_some_and(|mark| known.contains(&mark));
        if let Some(last) = self.records.iter().rposition(is_known) {
            self.records.drain(..=last);
        }
    }

    /// Makes the steps of the thread.
    pub(super) fn make(&mut self, builder: &mut Builder, ids: &mut Ids, number: AgentId, name: &str) -> ThreadResult {
        let mut steps = StepBuilder::new(builder, ids, number, name == "main");
        for record in std::mem::take(&mut self.records) {
            steps.take(record.at, record.kind);
        }
        steps.finish();
        ThreadResult {
            number,
            name: name.to_owned(),
            is_done: steps.is_done,
            steps: steps.steps,
            spawns: steps.spawns,
            models: steps.models,
            compactions: steps.compactions,
        }
    }
}
