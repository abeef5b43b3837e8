//! Conversion of the rows of a table into steps, with a trace for each run.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use super::map::{Map, StepField, TablePreset, TimeUnit};
use crate::engine::Time;
use crate::table::ImportContext;
use crate::table::json::as_tokens;
use crate::table::timestamp::LATEST;
use crate::table::{CellValue, DataTable};
use crate::trace::Builder;
use crate::trace::import::naming;
use crate::trace::model::{Operation, Quality, Trace, TraceStep, Usage};

/// Message for a time that is negative or beyond [`LATEST`].
const OUT_OF_RANGE: &str = "the time is out of range";

/// A table with its map of columns.
pub(super) struct MappedTable<'a> {
    pub(super) file: &'a str,
    pub(super) table: &'a DataTable,
    pub(super) map: &'a Map,
    /// Index of the column of each field.
    pub(super) columns: BTreeMap<StepField, usize>,
    pub(super) preset: Option<&'a TablePreset>,
}

/// Units and origin of the times of a table.
struct Clock {
    units: BTreeMap<StepField, TimeUnit>,
    /// True if times count from 1970.
    since_1970: bool,
}

/// A run under construction.
struct TableRun {
    builder: Builder,
    ids: BTreeSet<CompactString>,
    /// True if a row has no round.
    lacks_rounds: bool,
}

/// Returns the traces of a table, one per run, in order of their first rows.
pub(super) fn read(source: &MappedTable<'_>, reading: &mut ImportContext) -> Vec<Trace> {
    let clock = source.clock(reading);
    let mut runs: Vec<TableRun> = Vec::new();
    let mut index_of: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..source.table.rows() {
        let name =
            source.text(row, StepField::Run).map_or_else(|| naming::stem(source.file), |name| naming::name(&name));
        let index = *index_of.entry(name.clone()).or_insert_with(|| {
            runs.push(source.begin(&name));
            runs.len() - 1
        });
        if let Some(run) = runs.get_mut(index) {
            source.row(row, &clock, run, reading);
        }
    }
    let finished = runs.into_iter().filter_map(|run| source.finish(run, &clock, reading));
    finished.collect()
}

impl MappedTable<'_> {
    fn cell(&self, row: usize, field: StepField) -> &CellValue {
        static NOTHING: CellValue = CellValue::Nothing;
        self.columns.get(&field).map_or(&NOTHING, |column| self.table.cell(row, *column))
    }

    fn text(&self, row: usize, field: StepField) -> Option<String> {
        self.cell(row, field).text()
    }

    fn bad(&self, row: usize, field: StepField, message: &str, expected: &str, reading: &mut ImportContext) {
        let line = self.table.positions.get(row).map_or(0, |line| *line as usize);
        let path = self.map.get(&field).map_or("", |column| column.name.as_str());
        reading.bad(self.file, line, path, message, expected);
    }

    /// Returns the units of the times: as mapped, else by the size of the first number.
    fn clock(&self, reading: &mut ImportContext) -> Clock {
        let mut clock = Clock { units: BTreeMap::new(), since_1970: true };
        let mut inferred = Vec::new();
        for (&field, column) in self.map.iter().filter(|(field, _)| field.is_time()) {
            let cells = self.columns.get(&field).map_or(&[][..], |index| self.table.column(*index));
            let first = cells.iter().find_map(CellValue::number);
            let is_duration = matches!(field, StepField::Duration | StepField::FirstChunk);
            let by_size = first.filter(|_| !is_duration).and_then(TimeUnit::since_1970);
            let unit = match (column.unit, by_size, clock.units.get(&StepField::Start)) {
                // An end has the unit of its start.
                (TimeUnit::Unknown, None, Some(unit)) if !is_duration => *unit,
                (TimeUnit::Unknown, None, _) => TimeUnit::S,
                (TimeUnit::Unknown, Some(unit), _) | (unit, ..) => unit,
            };
            if column.unit == TimeUnit::Unknown && first.is_some() {
                inferred.push(format!("{}:{}={}", field.name(), unit.name(), column.name));
            }
            if field == StepField::Start || (field == StepField::End && !self.map.contains_key(&StepField::Start)) {
                clock.since_1970 =
                    first.is_none_or(|first| TimeUnit::since_1970(first * scale(unit) * 1e-6) == Some(TimeUnit::S));
            }
            clock.units.insert(field, unit);
        }
        if !inferred.is_empty() {
            reading.note(format!("{}: units inferred from size: --columns {}", self.file, inferred.join(",")));
        }
        clock
    }

    fn begin(&self, name: &str) -> TableRun {
        let producer = self.preset.map_or("unknown", |preset| preset.producer);
        let mut builder = Builder::new(name, self.preset.map_or("table", |preset| preset.name), producer);
        let recorded = |has: bool| if has { Quality::Recorded } else { Quality::Absent };
        let has = |field| self.map.contains_key(&field);
        let start = if has(StepField::Start) { Quality::Recorded } else { Quality::Inferred };
        builder.quality("start_us", start);
        builder.quality("end_us", recorded(has(StepField::End) || has(StepField::Duration)));
        builder.quality("gen_ai.usage.input_tokens", recorded(has(StepField::InputTokens)));
        builder.quality("gen_ai.usage.output_tokens", recorded(has(StepField::OutputTokens)));
        builder.quality("gen_ai.agent.name", recorded(has(StepField::Agent)));
        for field in ["task.events", "files.write", "tests", "after", "class"] {
            builder.quality(field, Quality::Absent);
        }
        builder.header().barrier = has(StepField::Round);
        TableRun { builder, ids: BTreeSet::new(), lacks_rounds: false }
    }

    /// Returns the time in a column; the error is a message.
    fn when(
        &self,
        row: usize,
        field: StepField,
        clock: &Clock,
        reading: &mut ImportContext,
    ) -> Result<Option<Time>, &'static str> {
        let cell = self.cell(row, field);
        if cell.is_nothing() {
            return Ok(None);
        }
        if let Some(instant) = cell.instant() {
            if !instant.has_zone {
                reading.note(format!("{}: times without a zone are taken as UTC", self.file));
            }
            return Ok(Some(instant.at));
        }
        let unit = clock.units.get(&field).copied().unwrap_or(TimeUnit::S);
        let us = match (cell.whole(), unit) {
            (Some(whole), TimeUnit::Ns) => Some(whole / 1000),
            _ => Some(cell.number().ok_or("not a time")? * scale(unit))
                .filter(|us| *us >= 0.0)
                .map(|us| us.round() as u64),
        };
        us.map(Time::from_us).filter(|at| *at <= LATEST).map(Some).ok_or(OUT_OF_RANGE)
    }

    /// Returns start and end of the call of a row; none after a reported error.
    fn times(&self, row: usize, clock: &Clock, reading: &mut ImportContext) -> Option<(Time, Time)> {
        let mut times = [None; 3];
        for (slot, field) in times.iter_mut().zip([StepField::Start, StepField::End, StepField::Duration]) {
            match self.when(row, field, clock, reading) {
                Ok(time) => *slot = time,
                Err(message) => {
                    self.bad(row, field, message, "a number, or a time as in 2026-02-25T10:00:00Z", reading);
                    return None;
                }
            }
        }
        let has_end = self.map.contains_key(&StepField::End) || self.map.contains_key(&StepField::Duration);
        let (start, end) = match times {
            [Some(start), Some(end), _] => (start, end),
            [Some(start), None, Some(took)] => (start, start + took),
            [None, Some(end), Some(took)] if took <= end => (end - took, end),
            [Some(start), None, None] if !has_end => (start, start),
            [Some(_), None, None] => {
                self.bad(
                    row,
                    StepField::End,
                    "end and duration are missing",
                    "the end or the duration of the call",
                    reading,
                );
                return None;
            }
            _ => {
                self.bad(row, StepField::Start, "the start is missing", "the start of the call", reading);
                return None;
            }
        };
        if end > LATEST {
            self.bad(row, StepField::End, OUT_OF_RANGE, "calls that end before the year 2255", reading);
            return None;
        }
        if end < start {
            self.bad(row, StepField::End, "the end is before the start", "an end at or after the start", reading);
            return None;
        }
        Some((start, end))
    }

    fn row(&self, row: usize, clock: &Clock, run: &mut TableRun, reading: &mut ImportContext) {
        let Some((start, end)) = self.times(row, clock, reading) else { return };
        let round = self.cell(row, StepField::Round);
        run.lacks_rounds |= round.is_nothing();
        let Some(round) = (if round.is_nothing() { Some(0) } else { round.number().and_then(as_tokens) }) else {
            return self.bad(row, StepField::Round, "not a round", "a whole number", reading);
        };
        let line = self.table.positions.get(row).copied().unwrap_or_default();
        let id: CompactString =
            self.text(row, StepField::Id).map_or_else(|| format!("row-{line}"), |id| naming::id(&id)).into();
        if !run.ids.insert(id.clone()) {
            self.bad(row, StepField::Id, "the id occurs twice", "unique ids", reading);
            return;
        }
        let builder = &mut run.builder;
        let no_name = if self.preset.is_some() { "requests" } else { "unknown" };
        let agent = self.text(row, StepField::Agent).map(|name| naming::name(&name));
        if agent.is_none() {
            builder.quality("gen_ai.agent.name", Quality::Absent);
        }
        let agent = builder.agent(agent.as_deref().unwrap_or(no_name));
        let mut tokens = |field: StepField, name: &str| {
            let cell = self.cell(row, field);
            let tokens = cell.number().and_then(as_tokens);
            if tokens.is_none() && !cell.is_nothing() {
                self.bad(row, field, "not a number of tokens", "a whole number", reading);
            }
            if tokens.is_none() && !name.is_empty() {
                builder.quality(name, Quality::Absent);
            }
            tokens
        };
        let usage = Usage {
            input: tokens(StepField::InputTokens, "gen_ai.usage.input_tokens"),
            output: tokens(StepField::OutputTokens, "gen_ai.usage.output_tokens"),
            cache_read: tokens(StepField::CachedTokens, ""),
            cache_write: None,
        };
        let mut step = TraceStep { id, agent, start, end, usage, ..TraceStep::default() };
        step.model = self.text(row, StepField::Model).map(|model| builder.name(&naming::name(&model)));
        step.task = self.text(row, StepField::Task).map(|task| builder.task(&naming::id(&task)));
        step.round = round;
        if let Some(tool) = self.text(row, StepField::Tool) {
            step.operation = Operation::ExecuteTool;
            step.more_mut().tool = Some(builder.name(&naming::name(&tool)));
        }
        if let Some(parent) = self.text(row, StepField::Parent) {
            step.more_mut().parent = Some(naming::id(&parent).into());
        }
        if let Some(error) = error_of(self.cell(row, StepField::Error)) {
            step.more_mut().error = Some(builder.name(&error));
        }
        if let Some(first) = self.first_chunk(row, clock, start, reading).filter(|first| *first <= end - start) {
            step.more_mut().first_chunk = Some(first);
        }
        builder.push(step);
    }

    /// Returns the time from the start to the first chunk: numbers count from the start, instants from 1970.
    fn first_chunk(&self, row: usize, clock: &Clock, start: Time, reading: &mut ImportContext) -> Option<Time> {
        let time = self.when(row, StepField::FirstChunk, clock, reading).ok()??;
        match self.cell(row, StepField::FirstChunk).instant() {
            Some(at) => (at.at >= start).then(|| at.at - start),
            None => Some(time),
        }
    }

    fn finish(&self, mut run: TableRun, clock: &Clock, reading: &mut ImportContext) -> Option<Trace> {
        if run.builder.steps().is_empty() {
            return None;
        }
        self.parents(&mut run, reading);
        self.rounds(&mut run, reading);
        let trace = run.builder.finish(clock.since_1970);
        let is_nameless = !self.map.contains_key(&StepField::Agent);
        if is_nameless && !crate::trace::check::overlapping_calls(&trace).is_empty() {
            let note = "calls overlap and no column has their agent; set it with --columns agent=NAME";
            reading.note(format!("{}: {note}", self.file));
        }
        Some(trace)
    }

    /// Ensures that every step of a trace with rounds has one, counted from 1.
    fn rounds(&self, run: &mut TableRun, reading: &mut ImportContext) {
        if !run.builder.header().barrier {
            return;
        }
        if run.lacks_rounds {
            run.builder.header().barrier = false;
            run.builder.steps().iter_mut().for_each(|step| step.round = 0);
            reading.note(format!("{}: some rows have no round, so the run is read without rounds", self.file));
        } else if run.builder.steps().iter().any(|step| step.round == 0) {
            run.builder.steps().iter_mut().for_each(|step| step.round = step.round.saturating_add(1));
            reading.note(format!("{}: rounds counted from 0 are renumbered from 1", self.file));
        }
    }

    /// Removes parents that are missing or form a cycle.
    fn parents(&self, run: &mut TableRun, reading: &mut ImportContext) {
        if !self.map.contains_key(&StepField::Parent) {
            return;
        }
        let mut lost = Vec::new();
        for (index, step) in run.builder.steps().iter_mut().enumerate() {
            let parent = step.more().parent.clone();
            if parent.is_some_and(|parent| !run.ids.contains(&parent)) {
                step.more_mut().parent = None;
                lost.push(index);
            }
        }
        for index in cycles(run.builder.steps()) {
            if let Some(step) = run.builder.steps().get_mut(index) {
                step.more_mut().parent = None;
                lost.push(index);
            }
        }
        for _ in &lost {
            let path = self.map.get(&StepField::Parent).map_or("", |column| column.name.as_str());
            reading.bad(self.file, 0, path, "a parent is no row or leads back to itself", "ids of other rows");
        }
    }
}

/// Returns one step of each cycle of parents.
fn cycles(steps: &[TraceStep]) -> Vec<usize> {
    let index_of: BTreeMap<&str, usize> = steps.iter().enumerate().map(|(index, step)| (&*step.id, index)).collect();
    let parent = |index: usize| steps.get(index)?.more().parent.as_deref().and_then(|id| index_of.get(id).copied());
    let mut seen_from = vec![usize::MAX; steps.len()];
    let mut cycles = Vec::new();
    for start in 0..steps.len() {
        let mut at = start;
        while let Some(seen) = seen_from.get_mut(at) {
            if *seen == start {
                cycles.push(at);
                break;
            }
            if *seen != usize::MAX {
                break;
            }
            *seen = start;
            let Some(next) = parent(at) else { break };
            at = next;
        }
    }
    cycles
}

/// Returns the error type in a cell; none for no, 0, 200 and the like.
fn error_of(cell: &CellValue) -> Option<String> {
    match cell {
        CellValue::Nothing | CellValue::Time(_) => None,
        CellValue::Text(text) if text.parse::<f64>().is_err() => {
            let is_none = ["false", "none", "null", "no", "ok", "success", "nan"].contains(&&*text.to_lowercase());
            (!is_none).then(|| naming::error_type(text))
        }
        number => {
            let number = number.number()?;
            let is_fine = number == 0.0 || (100.0..400.0).contains(&number);
            (!is_fine).then(|| number.to_string())
        }
    }
}

/// Returns the microseconds of a unit.
fn scale(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::S | TimeUnit::Unknown => 1e6,
        TimeUnit::Ms => 1e3,
        TimeUnit::Us => 1.0,
        TimeUnit::Ns => 1e-3,
    }
}
