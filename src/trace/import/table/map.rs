//! Map from fields to columns: by the user, by a known format, or by common names.

use std::collections::BTreeMap;

/// A field of a step that a column can provide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StepField {
    Id,
    Run,
    Agent,
    Start,
    End,
    Duration,
    FirstChunk,
    InputTokens,
    OutputTokens,
    CachedTokens,
    Model,
    Task,
    Round,
    Parent,
    Tool,
    Error,
}

use StepField::{
    Agent, CachedTokens, Duration, End, Error, FirstChunk, Id, InputTokens, Model, OutputTokens, Parent, Round, Run,
    Start, Task, Tool,
};

/// Unit of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeUnit {
    /// Inferred from the size of the numbers.
    Unknown,
    S,
    Ms,
    Us,
    Ns,
}

/// A column that provides a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MappedColumn {
    pub(super) name: String,
    pub(super) unit: TimeUnit,
    /// True if the user or a known format maps it; false if it is matched by name.
    pub(super) is_explicit: bool,
}

/// Columns by field.
pub(super) type Map = BTreeMap<StepField, MappedColumn>;

/// Fields with their names, and common names of their columns in lower-case letters and digits.
pub(super) static FIELDS: &[(StepField, &str, &str)] = &[
    (Id, "id", "id spanid callid requestid stepid eventid uuid observationid"),
    (Run, "run", "run runid runname traceid trace experiment experimentid sessionid session"),
    (Agent, "agent", "agent agentname agentid genaiagentname genaiagentid worker workerid actor"),
    (
        Start,
        "start",
        "start starttime startedat starttimestamp begin beginat timestamp ts time arrival arrivaltime \
         arrivedat createdat requesttime requestedat datetime t",
    ),
    (
        End,
        "end",
        "end endtime endedat endtimestamp finish finishtime finishedat completed completedat completiontime \
         stoptime te responsetime",
    ),
    (
        Duration,
        "duration",
        "duration latency elapsed elapsedtime totaltime apitime e2elatency e2el requestlatency totallatency \
         durationtime took",
    ),
    (
        FirstChunk,
        "first_chunk",
        "ttft timetofirsttoken timetofirstchunk firsttokenlatency firstchunk genairesponsetimetofirstchunk \
         prefilltime",
    ),
    (
        InputTokens,
        "input_tokens",
        "inputtokens prompttokens tokensin intokens requesttokens contexttokens inputlength promptlength \
         promptlen inputlen genaiusageinputtokens usageinputtokens usageprompttokens numprompttokens \
         numinputtokens numprefilltokens",
    ),
    (
        OutputTokens,
        "output_tokens",
        "outputtokens completiontokens tokensout outtokens responsetokens generatedtokens outputlength \
         outputlen genaiusageoutputtokens usageoutputtokens usagecompletiontokens numoutputtokens \
         numdecodetokens numcompletiontokens",
    ),
    (
        CachedTokens,
        "cached_tokens",
        "cachedtokens cachereadtokens cachereadinputtokens cachedinputtokens genaiusagecachereadinputtokens \
         usagecachereadinputtokens inputcachedtokens",
    ),
    (Model, "model", "model modelname modelid genairequestmodel genairesponsemodel requestmodel"),
    (Task, "task", "task taskid taskname sampleid issueid instanceid"),
    (Round, "round", "round roundid roundnumber"),
    (Parent, "parent", "parent parentid parentspanid parentstepid parentobservationid"),
    (Tool, "tool", "tool toolname genaitoolname functionname"),
    (Error, "error", "error errortype errorcode errorname exceptiontype"),
];

/// Suffixes of column names that define a unit, the longest first.
static UNITS: &[(&str, TimeUnit)] = &[
    ("milliseconds", TimeUnit::Ms),
    ("microseconds", TimeUnit::Us),
    ("nanoseconds", TimeUnit::Ns),
    ("unixnano", TimeUnit::Ns),
    ("seconds", TimeUnit::S),
    ("millis", TimeUnit::Ms),
    ("micros", TimeUnit::Us),
    ("nanos", TimeUnit::Ns),
    ("secs", TimeUnit::S),
    ("sec", TimeUnit::S),
    ("ms", TimeUnit::Ms),
    ("us", TimeUnit::Us),
    ("ns", TimeUnit::Ns),
    ("s", TimeUnit::S),
];

/// A known format, recognized by its columns.
pub(super) struct TablePreset {
    /// Name of the format, for the source of the trace.
    pub(super) name: &'static str,
    /// Program or data set that wrote it.
    pub(super) producer: &'static str,
    /// Evidence, for messages.
    pub(super) evidence: &'static str,
    /// Columns by which it is recognized.
    marks: &'static [&'static str],
    /// Fields with units and columns.
    fields: &'static [(StepField, TimeUnit, &'static str)],
}

/// All known formats.
pub(super) static PRESETS: &[TablePreset] = &[
    TablePreset {
        name: "azure-llm",
        producer: "Azure LLM inference trace",
        evidence: "columns of the Azure LLM inference traces",
        marks: &["TIMESTAMP", "ContextTokens", "GeneratedTokens"],
        fields: &[
            (Start, TimeUnit::Unknown, "TIMESTAMP"),
            (InputTokens, TimeUnit::Unknown, "ContextTokens"),
            (OutputTokens, TimeUnit::Unknown, "GeneratedTokens"),
        ],
    },
    TablePreset {
        name: "mooncake",
        producer: "Mooncake",
        evidence: "columns of the Mooncake traces",
        marks: &["timestamp", "input_length", "output_length", "hash_ids"],
        fields: &[
            (Start, TimeUnit::Ms, "timestamp"),
            (InputTokens, TimeUnit::Unknown, "input_length"),
            (OutputTokens, TimeUnit::Unknown, "output_length"),
        ],
    },
    TablePreset {
        name: "burst-gpt",
        producer: "BurstGPT",
        evidence: "columns of the BurstGPT traces",
        marks: &["Timestamp", "Request tokens", "Response tokens", "Log Type"],
        fields: &[
            (Start, TimeUnit::S, "Timestamp"),
            (Duration, TimeUnit::S, "Elapsed time"),
            (Agent, TimeUnit::Unknown, "Session ID"),
            (Model, TimeUnit::Unknown, "Model"),
            (InputTokens, TimeUnit::Unknown, "Request tokens"),
            (OutputTokens, TimeUnit::Unknown, "Response tokens"),
        ],
    },
];

impl TablePreset {
    /// Returns the format of a table with these columns.
    pub(super) fn find(columns: &[String]) -> Option<&'static TablePreset> {
        PRESETS.iter().find(|preset| preset.marks.iter().all(|mark| columns.iter().any(|column| column == mark)))
    }

    /// Returns the map of the columns that are present.
    pub(super) fn map(&self, columns: &[String]) -> Map {
        let present = self.fields.iter().filter(|(_, _, name)| columns.iter().any(|column| column == name));
        present
            .map(|&(field, unit, name)| (field, MappedColumn { name: name.to_owned(), unit, is_explicit: true }))
            .collect()
    }
}

/// Matches columns by name: the first common name of each field that is present.
pub(super) fn match_names(columns: &[String]) -> Map {
    let plain: Vec<String> = columns.iter().map(|name| plain(name)).collect();
    let mut map = Map::new();
    for &(field, _, names) in FIELDS {
        let matched = names.split(' ').find_map(|wanted| {
            let mapped = |(name, plain): (&String, &String)| {
                let unit = unit_of(field, wanted, plain)?;
                let is_used = map.values().any(|column: &MappedColumn| column.name == *name);
                (!is_used).then(|| MappedColumn { name: name.clone(), unit, is_explicit: false })
            };
            columns.iter().zip(&plain).find_map(mapped)
        });
        if let Some(column) = matched {
            map.insert(field, column);
        }
    }
    map
}

/// Returns the unit of a column that has the wanted name, with or without a suffix.
fn unit_of(field: StepField, wanted: &str, plain: &str) -> Option<TimeUnit> {
    if plain == wanted {
        return Some(TimeUnit::Unknown);
    }
    let rest = plain.strip_prefix(wanted).filter(|_| field.is_time())?;
    UNITS.iter().find(|(ending, _)| *ending == rest).map(|(_, unit)| *unit)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl StepField {
    pub(super) fn name(self) -> &'static str {
        FIELDS.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }

    pub(super) fn is_time(self) -> bool {
        matches!(self, Start | End | Duration | FirstChunk)
    }
}

/// Parses a field as given by the user: `start` or `start:ms`.
pub(super) fn field(text: &str) -> Option<(StepField, TimeUnit)> {
    let (name, unit) = text.split_once(':').unwrap_or((text, ""));
    let (field, ..) = FIELDS.iter().find(|(_, field, _)| *field == name.trim())?;
    let unit = match unit.trim() {
        "" => TimeUnit::Unknown,
        "s" => TimeUnit::S,
        "ms" => TimeUnit::Ms,
        "us" => TimeUnit::Us,
        "ns" => TimeUnit::Ns,
        _ => return None,
    };
    (unit == TimeUnit::Unknown || field.is_time()).then_some((*field, unit))
}

impl TimeUnit {
    /// Returns the unit of a number of this size since 1970; none if the number is too small.
    pub(super) fn since_1970(number: f64) -> Option<TimeUnit> {
        match number {
            n if n >= 1e17 => Some(TimeUnit::Ns),
            n if n >= 1e14 => Some(TimeUnit::Us),
            n if n >= 1e11 => Some(TimeUnit::Ms),
            n if n >= 1e8 => Some(TimeUnit::S),
            _ => None,
        }
    }

    /// Returns the name after a field.
    pub(super) fn name(self) -> &'static str {
        match self {
            TimeUnit::Unknown => "",
            TimeUnit::S => "s",
            TimeUnit::Ms => "ms",
            TimeUnit::Us => "us",
            TimeUnit::Ns => "ns",
        }
    }
}
