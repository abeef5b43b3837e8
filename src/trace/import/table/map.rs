//! Which column says what: as the user maps them, as a known format has them, or by their names.

use std::collections::BTreeMap;

/// What a column can say of a step.
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

/// What a number of a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeUnit {
    /// To be told by how large the numbers are.
    Guess,
    S,
    Ms,
    Us,
    Ns,
}

/// A column that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MappedColumn {
    pub(super) name: String,
    pub(super) unit: TimeUnit,
    /// Whether somebody or a known format says so, and it is not its name alone.
    pub(super) is_said: bool,
}

/// Which column says what.
pub(super) type Map = BTreeMap<StepField, MappedColumn>;

/// The fields with their names, and what columns that hold them are usually called: lower case, letters and digits only.
pub(super) static FIELDS: &[(StepField, &str, &[&str])] = &[
    (Id, "id", &["id", "spanid", "callid", "requestid", "stepid", "eventid", "uuid", "observationid"]),
    (
        Run,
        "run",
        &["run", "runid", "runname", "traceid", "trace", "experiment", "experimentid", "sessionid", "session"],
    ),
    (
        Agent,
        "agent",
        &["agent", "agentname", "agentid", "genaiagentname", "genaiagentid", "worker", "workerid", "actor"],
    ),
    (
        Start,
        "start",
        &[
            "start",
            "starttime",
            "startedat",
            "starttimestamp",
            "begin",
            "beginat",
            "timestamp",
            "ts",
            "time",
            "arrival",
            "arrivaltime",
            "arrivedat",
            "createdat",
            "requesttime",
            "requestedat",
            "datetime",
            "t",
        ],
    ),
    (
        End,
        "end",
        &[
            "end",
            "endtime",
            "endedat",
            "endtimestamp",
            "finish",
            "finishtime",
            "finishedat",
            "completed",
            "completedat",
            "completiontime",
            "stoptime",
            "te",
            "responsetime",
        ],
    ),
    (
        Duration,
        "duration",
        &[
            "duration",
            "latency",
            "elapsed",
            "elapsedtime",
            "totaltime",
            "apitime",
            "e2elatency",
            "e2el",
            "requestlatency",
            "totallatency",
            "durationtime",
            "took",
        ],
    ),
    (
        FirstChunk,
        "first_chunk",
        &[
            "ttft",
            "timetofirsttoken",
            "timetofirstchunk",
            "firsttokenlatency",
            "firstchunk",
            "genairesponsetimetofirstchunk",
            "prefilltime",
        ],
    ),
    (
        InputTokens,
        "input_tokens",
        &[
            "inputtokens",
            "prompttokens",
            "tokensin",
            "intokens",
            "requesttokens",
            "contexttokens",
            "inputlength",
            "promptlength",
            "promptlen",
            "inputlen",
            "genaiusageinputtokens",
            "usageinputtokens",
            "usageprompttokens",
            "numprompttokens",
            "numinputtokens",
            "numprefilltokens",
        ],
    ),
    (
        OutputTokens,
        "output_tokens",
        &[
            "outputtokens",
            "completiontokens",
            "tokensout",
            "outtokens",
            "responsetokens",
            "generatedtokens",
            "outputlength",
            "outputlen",
            "genaiusageoutputtokens",
            "usageoutputtokens",
            "usagecompletiontokens",
            "numoutputtokens",
            "numdecodetokens",
            "numcompletiontokens",
        ],
    ),
    (
        CachedTokens,
        "cached_tokens",
        &[
            "cachedtokens",
            "cachereadtokens",
            "cachereadinputtokens",
            "cachedinputtokens",
            "genaiusagecachereadinputtokens",
            "usagecachereadinputtokens",
            "inputcachedtokens",
        ],
    ),
    (Model, "model", &["model", "modelname", "modelid", "genairequestmodel", "genairesponsemodel", "requestmodel"]),
    (Task, "task", &["task", "taskid", "taskname", "sampleid", "issueid", "instanceid"]),
    (Round, "round", &["round", "roundid", "roundnumber"]),
    (Parent, "parent", &["parent", "parentid", "parentspanid", "parentstepid", "parentobservationid"]),
    (Tool, "tool", &["tool", "toolname", "genaitoolname", "functionname"]),
    (Error, "error", &["error", "errortype", "errorcode", "errorname", "exceptiontype"]),
];

/// Endings of names of columns that give the unit of their numbers, the longest first.
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

/// A format that is known by its columns.
pub(super) struct TablePreset {
    /// Its name, for labels of the trace.
    pub(super) name: &'static str,
    /// Who wrote it.
    pub(super) producer: &'static str,
    /// How it is known.
    pub(super) because: &'static str,
    /// The columns that it is known by.
    marks: &'static [&'static str],
    /// What they say.
    says: &'static [(StepField, TimeUnit, &'static str)],
}

/// The formats that are known by their columns.
pub(super) static PRESETS: &[TablePreset] = &[
    TablePreset {
        name: "azure-llm",
        producer: "Azure LLM inference trace",
        because: "columns of the Azure LLM inference traces",
        marks: &["TIMESTAMP", "ContextTokens", "GeneratedTokens"],
        says: &[
            (Start, TimeUnit::Guess, "TIMESTAMP"),
            (InputTokens, TimeUnit::Guess, "ContextTokens"),
            (OutputTokens, TimeUnit::Guess, "GeneratedTokens"),
        ],
    },
    TablePreset {
        name: "mooncake",
        producer: "Mooncake",
        because: "columns of the Mooncake traces",
        marks: &["timestamp", "input_length", "output_length", "hash_ids"],
        says: &[
            (Start, TimeUnit::Ms, "timestamp"),
            (InputTokens, TimeUnit::Guess, "input_length"),
            (OutputTokens, TimeUnit::Guess, "output_length"),
        ],
    },
    TablePreset {
        name: "burst-gpt",
        producer: "BurstGPT",
        because: "columns of the BurstGPT traces",
        marks: &["Timestamp", "Request tokens", "Response tokens", "Log Type"],
        says: &[
            (Start, TimeUnit::S, "Timestamp"),
            (Duration, TimeUnit::S, "Elapsed time"),
            (Agent, TimeUnit::Guess, "Session ID"),
            (Model, TimeUnit::Guess, "Model"),
            (InputTokens, TimeUnit::Guess, "Request tokens"),
            (OutputTokens, TimeUnit::Guess, "Response tokens"),
        ],
    },
];

impl TablePreset {
    /// The one that has these columns.
    pub(super) fn of(columns: &[String]) -> Option<&'static TablePreset> {
        PRESETS.iter().find(|preset| preset.marks.iter().all(|mark| columns.iter().any(|column| column == mark)))
    }

    /// What its columns say, as far as they are there.
    pub(super) fn map(&self, columns: &[String]) -> Map {
        let there = self.says.iter().filter(|(_, _, name)| columns.iter().any(|column| column == name));
        there.map(|&(field, unit, name)| (field, MappedColumn { name: name.to_owned(), unit, is_said: true })).collect()
    }
}

/// What columns say by their names: the first name of the list that is there.
pub(super) fn guess(columns: &[String]) -> Map {
    let plain: Vec<String> = columns.iter().map(|name| plain(name)).collect();
    let mut map = Map::new();
    for &(field, _, names) in FIELDS {
        let found = names.iter().find_map(|wanted| {
            let of = |(name, plain): (&String, &String)| {
                let unit = unit_of(field, wanted, plain)?;
                let is_used = map.values().any(|column: &MappedColumn| column.name == *name);
                (!is_used).then(|| MappedColumn { name: name.clone(), unit, is_said: false })
            };
            columns.iter().zip(&plain).find_map(of)
        });
        if let Some(column) = found {
            map.insert(field, column);
        }
    }
    map
}

/// The unit of a column of that name, if that is what the column is called.
fn unit_of(field: StepField, wanted: &str, plain: &str) -> Option<TimeUnit> {
    if plain == wanted {
        return Some(TimeUnit::Guess);
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

/// A field as the user names it: `start`, or `start:ms`.
pub(super) fn field(text: &str) -> Option<(StepField, TimeUnit)> {
    let (name, unit) = text.split_once(':').unwrap_or((text, ""));
    let (field, ..) = FIELDS.iter().find(|(_, field, _)| *field == name.trim())?;
    let unit = match unit.trim() {
        "" => TimeUnit::Guess,
        "s" => TimeUnit::S,
        "ms" => TimeUnit::Ms,
        "us" => TimeUnit::Us,
        "ns" => TimeUnit::Ns,
        _ => return None,
    };
    (unit == TimeUnit::Guess || field.is_time()).then_some((*field, unit))
}

impl TimeUnit {
    /// What numbers of this size count if they count from 1970; none if they are too small for that.
    pub(super) fn since_1970(number: f64) -> Option<TimeUnit> {
        match number {
            n if n >= 1e17 => Some(TimeUnit::Ns),
            n if n >= 1e14 => Some(TimeUnit::Us),
            n if n >= 1e11 => Some(TimeUnit::Ms),
            n if n >= 1e8 => Some(TimeUnit::S),
            _ => None,
        }
    }

    /// Its name after a field.
    pub(super) fn name(self) -> &'static str {
        match self {
            TimeUnit::Guess => "",
            TimeUnit::S => "s",
            TimeUnit::Ms => "ms",
            TimeUnit::Us => "us",
            TimeUnit::Ns => "ns",
        }
    }
}
