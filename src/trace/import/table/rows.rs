//! From the rows of a table to steps, a trace a run.

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

/// What is said of a number that is negative, or beyond what a recording can hold.
const NO_TIME: &str = "no time that can be";

/// A table and what its columns say.
pub(super) struct MappedTable<'a> {
    pub(super) file: &'a str,
    pub(super) table: &'a DataTable,
    pub(super) map: &'a Map,
    /// The columns of the table by what they say.
    pub(super) places: BTreeMap<StepField, usize>,
    pub(super) preset: Option<&'a TablePreset>,
}

/// How the times of a table are to be read.
struct Clock {
    units: BTreeMap<StepField, TimeUnit>,
    /// Whether times count from 1970.
    since_1970: bool,
}

/// A run under way.
struct TableRun {
    builder: Builder,
    ids: BTreeSet<CompactString>,
    /// Whether there are rows without a round.
    lacks_rounds: bool,
}

/// The traces of a table, one a run, in order of their first rows.
pub(super) fn read(source: &MappedTable<'_>, reading: &mut ImportContext) -> Vec<Trace> {
    let clock = source.clock(reading);
    let mut runs: Vec<TableRun> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..source.table.rows() {
        let name =
            source.text(row, StepField::Run).map_or_else(|| naming::stem(source.file), |name| naming::name(&name));
        let place = *places.entry(name.clone()).or_insert_with(|| {
            runs.push(source.begin(&name));
            runs.len() - 1
        });
        if let Some(run) = runs.get_mut(place) {
            source.row(row, &clock, run, reading);
        }
    }
    let finished = runs.into_iter().filter_map(|run| source.finish(run, &clock, reading));
    finished.collect()
}

impl MappedTable<'_> {
    fn cell(&self, row: usize, field: StepField) -> &CellValue {
        static NOTHING: CellValue = CellValue::Nothing;
        self.places.get(&field).map_or(&NOTHING, |column| self.table.cell(row, *column))
    }

    fn text(&self, row: usize, field: StepField) -> Option<String> {
        self.cell(row, field).text()
    }

    fn bad(&self, row: usize, field: StepField, message: &str, expected: &str, reading: &mut ImportContext) {
        let line = self.table.positions.get(row).map_or(0, |line| *line as usize);
        let path = self.map.get(&field).map_or("", |column| column.name.as_str());
        reading.bad(self.file, line, path, message, expected);
    }

    /// The units of the times: as they are said, else by the size of the first number.
    fn clock(&self, reading: &mut ImportContext) -> Clock {
        let mut clock = Clock { units: BTreeMap::new(), since_1970: true };
        let mut told = Vec::new();
        for (&field, what) in self.map.iter().filter(|(field, _)| field.is_time()) {
            let cells = self.places.get(&field).map_or(&[][..], |column| self.table.column(*column));
            let first = cells.iter().find_map(CellValue::number);
            let is_length = matches!(field, StepField::Duration | StepField::FirstChunk);
            let by_size = first.filter(|_| !is_length).and_then(TimeUnit::since_1970);
            let unit = match (what.unit, by_size, clock.units.get(&StepField::Start)) {
                // An end counts as its start does.
                (TimeUnit::Guess, None, Some(unit)) if !is_length => *unit,
                (TimeUnit::Guess, None, _) => TimeUnit::S,
                (TimeUnit::Guess, Some(unit), _) | (unit, ..) => unit,
            };
            if what.unit == TimeUnit::Guess && first.is_some() {
                told.push(format!("{}:{}={}", field.name(), unit.name(), what.name));
            }
            if field == StepField::Start || (field == StepField::End && !self.map.contains_key(&StepField::Start)) {
                clock.since_1970 =
                    first.is_none_or(|first| TimeUnit::since_1970(first * scale(unit) * 1e-6) == Some(TimeUnit::S));
            }
            clock.units.insert(field, unit);
        }
        if !told.is_empty() {
            reading.note(format!("{}: units taken by size: --columns {}", self.file, told.join(",")));
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

    /// A time in a column that says when; the error says what is wrong.
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
            _ => {
                Some(cell.number().ok_or("no time")? * scale(unit)).filter(|us| *us >= 0.0).map(|us| us.round() as u64)
            }
        };
        us.map(Time::from_us).filter(|at| *at <= LATEST).map(Some).ok_or(NO_TIME)
    }

    /// When the call of a row began and ended; none if that is told to be wrong.
    fn times(&self, row: usize, clock: &Clock, reading: &mut ImportContext) -> Option<(Time, Time)> {
        let mut found = [None; 3];
        for (found, field) in found.iter_mut().zip([StepField::Start, StepField::End, StepField::Duration]) {
            match self.when(row, field, clock, reading) {
                Ok(time) => *found = time,
                Err(message) => {
                    self.bad(row, field, message, "a number, or a time as in 2026-02-25T10:00:00Z", reading);
                    return None;
                }
            }
        }
        let has_end = self.map.contains_key(&StepField::End) || self.map.contains_key(&StepField::Duration);
        let (start, end) = match found {
            [Some(start), Some(end), _] => (start, end),
            [Some(start), None, Some(took)] => (start, start + took),
            [None, Some(end), Some(took)] if took <= end => (end - took, end),
            [Some(start), None, None] if !has_end => (start, start),
            [Some(_), None, None] => {
                self.bad(row, StepField::End, "no end and no duration", "when the call ended", reading);
                return None;
            }
            _ => {
                self.bad(row, StepField::Start, "no start", "when the call began", reading);
                return None;
            }
        };
        if end > LATEST {
            self.bad(row, StepField::End, NO_TIME, "calls that end before the year 2255", reading);
            return None;
        }
        if end < start {
            self.bad(
                row,
                StepField::End,
                "the end is before the start",
                "an end that is not before the start",
                reading,
            );
            return None;
        }
        Some((start, end))
    }

    fn row(&self, row: usize, clock: &Clock, run: &mut TableRun, reading: &mut ImportContext) {
        let Some((start, end)) = self.times(row, clock, reading) else { return };
        let round = self.cell(row, StepField::Round);
        run.lacks_rounds |= round.is_nothing();
        let Some(round) = (if round.is_nothing() { Some(0) } else { round.number().and_then(as_tokens) }) else {
            return self.bad(row, StepField::Round, "no number of a round", "a whole number", reading);
        };
        let place = self.table.positions.get(row).copied().unwrap_or_default();
        let id: CompactString =
            self.text(row, StepField::Id).map_or_else(|| format!("row-{place}"), |id| naming::id(&id)).into();
        if !run.ids.insert(id.clone()) {
            self.bad(row, StepField::Id, "this id is there twice", "unique ids", reading);
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
            let found = cell.number().and_then(as_tokens);
            if found.is_none() && !cell.is_nothing() {
                self.bad(row, field, "no number of tokens", "a whole number", reading);
            }
            if found.is_none() && !name.is_empty() {
                builder.quality(name, Quality::Absent);
            }
            found
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

    /// From the start to the first chunk: numbers count from the start, times are times.
    fn first_chunk(&self, row: usize, clock: &Clock, start: Time, reading: &mut ImportContext) -> Option<Time> {
        let found = self.when(row, StepField::FirstChunk, clock, reading).ok()??;
        match self.cell(row, StepField::FirstChunk).instant() {
            Some(at) => (at.at >= start).then(|| at.at - start),
            None => Some(found),
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
            let note = "calls overlap and no column says who made them; --columns agent=NAME does";
            reading.note(format!("{}: {note}", self.file));
        }
        Some(trace)
    }

    /// Every step of a trace with rounds has one, and they count from 1.
    fn rounds(&self, run: &mut TableRun, reading: &mut ImportContext) {
        if !run.builder.header().barrier {
            return;
        }
        if run.lacks_rounds {
            run.builder.header().barrier = false;
            run.builder.steps().iter_mut().for_each(|step| step.round = 0);
            reading.note(format!("{}: not every row has a round: taken as a run without rounds", self.file));
        } else if run.builder.steps().iter().any(|step| step.round == 0) {
            run.builder.steps().iter_mut().for_each(|step| step.round = step.round.saturating_add(1));
            reading.note(format!("{}: rounds that count from 0 are made to count from 1", self.file));
        }
    }

    /// Takes away parents that are not there, or that lead back to the step itself.
    fn parents(&self, run: &mut TableRun, reading: &mut ImportContext) {
        if !self.map.contains_key(&StepField::Parent) {
            return;
        }
        let mut lost = Vec::new();
        for (place, step) in run.builder.steps().iter_mut().enumerate() {
            let parent = step.more().parent.clone();
            if parent.is_some_and(|parent| !run.ids.contains(&parent)) {
                step.more_mut().parent = None;
                lost.push(place);
            }
        }
        for place in circles(run.builder.steps()) {
            if let Some(step) = run.builder.steps().get_mut(place) {
                step.more_mut().parent = None;
                lost.push(place);
            }
        }
        for _ in &lost {
            let path = self.map.get(&StepField::Parent).map_or("", |column| column.name.as_str());
            reading.bad(self.file, 0, path, "no row has this id, or it leads back to itself", "ids of other rows");
        }
    }
}

/// The steps at which chains of parents close to circles, one of each circle.
fn circles(steps: &[TraceStep]) -> Vec<usize> {
    let places: BTreeMap<&str, usize> = steps.iter().enumerate().map(|(place, step)| (&*step.id, place)).collect();
    let parent = |place: usize| steps.get(place)?.more().parent.as_deref().and_then(|id| places.get(id).copied());
    let mut seen_from = vec![usize::MAX; steps.len()];
    let mut found = Vec::new();
    for start in 0..steps.len() {
        let mut at = start;
        while let Some(seen) = seen_from.get_mut(at) {
            if *seen == start {
                found.push(at);
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
    found
}

/// The kind of error that a cell tells, if it tells one: no, 0, 200 and the like are none.
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

/// Microseconds a unit.
fn scale(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::S | TimeUnit::Guess => 1e6,
        TimeUnit::Ms => 1e3,
        TimeUnit::Us => 1.0,
        TimeUnit::Ns => 1e-3,
    }
}
