//! File format of a baseline: JSON, one line per point, closed by a checksum of everything above it. The order does not
//! depend on the scenario's text. Damaged files are rejected.

use serde_json::{Map, Value, json};

use crate::engine::Digest;
use crate::experiment::baseline::identity::Identity;
use crate::experiment::baseline::recorded::{
    CurveParameter, MODEL, RecordedBaseline, RecordedCurve, RecordedPoint, SCHEMA, ScenarioSource,
};
use crate::experiment::baseline::values::MetricValues;
use crate::problem::{Problem, Problems};

/// Size limit of a file, bytes.
pub const MAX_BYTES: usize = 256 << 20;
/// Greatest number of replications of a baseline.
pub const MAX_REPLICATIONS: u64 = 1_000_000;

/// Writes a baseline as text.
pub fn write(recorded: &RecordedBaseline) -> String {
    let RecordedBaseline { scenario, source, brooks, identity, seed, replications, axes, points, curves } = recorded;
    let mut lines = vec![
        format!("\"schema_version\": {SCHEMA}, \"model_version\": {MODEL}, \"brooks\": {}", text(brooks)),
        format!("\"scenario\": {}, \"source\": {}", text(scenario), of_source(source)),
        format!("\"hash\": {}", of_identity(identity)),
        format!("\"seed\": {seed}, \"replications\": {replications}, \"axes\": {}", Value::from(axes.clone())),
    ];
    let list = |name: &str, entries: Vec<Value>| {
        let entries: Vec<String> = entries.iter().map(Value::to_string).collect();
        format!("\"{name}\": [\n{}\n]", entries.join(",\n"))
    };
    lines.push(list("points", points.iter().map(of_point).collect()));
    lines.push(list("curves", curves.iter().map(of_curve).collect()));
    let body = format!("{{\n{},\n", lines.join(",\n"));
    format!("{body}\"checksum\": \"{}\"\n}}\n", checksum(&body))
}

fn checksum(body: &str) -> Digest {
    let mut digest = Digest::default();
    digest.add_text(body);
    digest
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn of_source(source: &ScenarioSource) -> Value {
    let ScenarioSource { scenario, agents, architecture, set } = source;
    let mut map = Map::new();
    map.insert("scenario".to_owned(), text(scenario));
    for (name, given) in [("agents", agents), ("architecture", architecture)] {
        if let Some(given) = given {
            map.insert(name.to_owned(), text(given));
        }
    }
    if !set.is_empty() {
        map.insert("set".to_owned(), set.clone().into());
    }
    map.into()
}

fn of_identity(identity: &Identity) -> Value {
    let Identity { work, team, rules } = identity;
    let whole = identity.whole().to_string();
    json!({ "scenario": whole, "work": work.to_string(), "team": team.to_string(), "rules": rules.to_string() })
}

fn of_point(point: &RecordedPoint) -> Value {
    let mut map = Map::new();
    map.insert("agents".to_owned(), point.agents.into());
    map.insert("architecture".to_owned(), text(&point.architecture));
    map.insert("axes".to_owned(), point.axes.clone().into());
    map.insert("hash".to_owned(), text(&point.identity.to_string()));
    map.insert("digest".to_owned(), text(&point.digest.to_string()));
    map.insert("incomplete".to_owned(), point.incomplete.clone().into());
    let mut columns = point.columns.iter();
    if let Some(makespan) = columns.next() {
        map.extend(of_column(makespan));
    }
    let more: Map<String, Value> = columns.map(|column| (column.metric.clone(), of_column(column).into())).collect();
    map.insert("more".to_owned(), more.into());
    map.into()
}

fn of_column(column: &MetricValues) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("mean".to_owned(), column.mean.into());
    map.insert("sd".to_owned(), column.sd.into());
    map.insert("n".to_owned(), column.n.into());
    map.insert("range".to_owned(), json!([column.range.0, column.range.1]));
    if !column.packed.is_empty() {
        map.insert("runs".to_owned(), text(&column.packed));
    }
    map
}

fn of_curve(curve: &RecordedCurve) -> Value {
    let mut map = Map::new();
    map.insert("curve".to_owned(), text(&curve.curve));
    map.insert("law".to_owned(), curve.law.as_deref().into());
    for parameter in &curve.parameters {
        // Infinite ends are null.
        let value = json!([parameter.estimate, parameter.low, parameter.high]);
        map.insert(parameter.name.clone(), value);
    }
    map.into()
}

/// Reads a baseline. `file` is its name in messages, `command` the command that records it.
///
/// # Errors
///
/// Reports damage, and another version of the format or of the figures.
pub fn read(file: &str, bytes: &[u8], command: &str) -> Result<RecordedBaseline, Problems> {
    let fail = |code: &'static str, message: String, expected: String| {
        let (file, path) = (file.to_owned(), String::new());
        Problems::one(Problem { code, file, line: 0, path, message, expected })
    };
    let damaged =
        |what: &str| fail("baseline", format!("is damaged: {what}"), format!("a baseline; record it again: {command}"));
    if bytes.len() > MAX_BYTES {
        return Err(fail("too-large", format!("{} bytes; at most {MAX_BYTES} are read", bytes.len()), String::new()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8 text"))?.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Err(damaged("it is empty"));
    }
    if text.contains("\n<<<<<<< ") || text.starts_with("<<<<<<< ") {
        return Err(damaged("it contains merge conflict markers"));
    }
    // Another format version is recognised before anything else is read.
    let document: Value = serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))?;
    let version = |key: &str| document.get(key).and_then(Value::as_u64);
    let Some(schema) = version("schema_version").filter(|_| version("model_version").is_some()) else {
        return Err(fail("baseline", "is not a baseline of brooks".to_owned(), format!("a file written by {command}")));
    };
    if schema != u64::from(SCHEMA) {
        let message = format!("has format version {schema}; this brooks reads version {SCHEMA}");
        return Err(fail("baseline-version", message, format!("the brooks that wrote it, or: {command}")));
    }
    let (body, end) = text.split_once("\"checksum\": \"").ok_or_else(|| damaged("the end of the file is missing"))?;
    if end != format!("{}\"\n}}\n", checksum(body)) {
        return Err(damaged("its checksum does not match its content"));
    }
    let model = version("model_version").unwrap_or_default();
    if model != u64::from(MODEL) {
        let message =
            format!("has figures of model version {model}, not comparable with version {MODEL} of this brooks");
        return Err(fail("baseline-version", message, format!("a baseline of this model version: {command}")));
    }
    Reader::recorded(&document).ok_or_else(|| damaged("a value is missing or out of range"))
}

/// Reader of JSON values; none where one is missing or of another type.
struct Reader;

impl Reader {
    fn recorded(document: &Value) -> Option<RecordedBaseline> {
        let hash = document.get("hash")?;
        let replications = document.get("replications")?.as_u64().filter(|&r| (1..=MAX_REPLICATIONS).contains(&r))?;
        let axes = Reader::texts(document.get("axes")?)?;
        let points = document.get("points")?.as_array()?.iter();
        let points: Vec<RecordedPoint> = points.map(Reader::point).collect::<Option<_>>()?;
        let is_valid = |point: &RecordedPoint| {
            let first = point.columns.first().is_some_and(|column| column.metric == "makespan_s");
            let known = |column: &MetricValues| column.values(replications, &point.incomplete).is_some();
            first && point.axes.len() == axes.len() && point.columns.iter().all(known)
        };
        if !points.iter().all(is_valid) {
            return None;
        }
        Some(RecordedBaseline {
            scenario: Reader::text(document.get("scenario")?)?,
            source: Reader::source(document.get("source")?)?,
            brooks: Reader::text(document.get("brooks")?)?,
            identity: Identity {
                work: Reader::digest(hash.get("work")?)?,
                team: Reader::digest(hash.get("team")?)?,
                rules: Reader::digest(hash.get("rules")?)?,
            },
            seed: document.get("seed")?.as_u64()?,
            replications,
            axes,
            points,
            curves: document.get("curves")?.as_array()?.iter().map(Reader::curve).collect::<Option<_>>()?,
        })
    }

    fn text(value: &Value) -> Option<String> {
        value.as_str().map(ToOwned::to_owned)
    }

    fn texts(value: &Value) -> Option<Vec<String>> {
        value.as_array()?.iter().map(Reader::text).collect()
    }

    fn digest(value: &Value) -> Option<Digest> {
        let text = value.as_str().filter(|text| text.len() == 16)?;
        u64::from_str_radix(text, 16).ok().map(Digest::from_value)
    }

    fn source(value: &Value) -> Option<ScenarioSource> {
        let optional = |key: &str| value.get(key).map_or(Some(None), |given| Reader::text(given).map(Some));
        Some(ScenarioSource {
            scenario: Reader::text(value.get("scenario")?)?,
            agents: optional("agents")?,
            architecture: optional("architecture")?,
            set: value.get("set").map_or(Some(Vec::new()), Reader::texts)?,
        })
    }

    fn point(value: &Value) -> Option<RecordedPoint> {
        let mut columns = vec![Reader::column("makespan_s", value)?];
        for (metric, column) in value.get("more")?.as_object()? {
            columns.push(Reader::column(metric, column)?);
        }
        let incomplete: Vec<u64> =
            value.get("incomplete")?.as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?;
        if !incomplete.is_sorted_by(|a, b| a < b) {
            return None;
        }
        Some(RecordedPoint {
            axes: Reader::texts(value.get("axes")?)?,
            agents: u32::try_from(value.get("agents")?.as_u64()?).ok()?,
            architecture: Reader::text(value.get("architecture")?)?,
            identity: Reader::digest(value.get("hash")?)?,
            digest: Reader::digest(value.get("digest")?)?,
            incomplete,
            columns,
        })
    }

    fn column(metric: &str, value: &Value) -> Option<MetricValues> {
        let [low, high] = value.get("range")?.as_array()?.as_slice() else { return None };
        let n = value.get("n")?.as_u64().filter(|&n| n <= MAX_REPLICATIONS)?;
        let number = |key: &str| value.get(key)?.as_f64();
        Some(MetricValues {
            metric: metric.to_owned(),
            mean: number("mean")?,
            sd: number("sd")?,
            n: n as usize,
            range: (low.as_f64()?, high.as_f64()?),
            packed: value.get("runs").map_or(Some(String::new()), Reader::text)?,
        })
    }

    fn curve(value: &Value) -> Option<RecordedCurve> {
        let parameters = value.as_object()?.iter().filter(|(key, _)| !matches!(key.as_str(), "curve" | "law"));
        let parameter = |(name, value): (&String, &Value)| {
            let [estimate, low, high] = value.as_array()?.as_slice() else { return None };
            let or = |value: &Value, without: f64| if value.is_null() { Some(without) } else { value.as_f64() };
            Some(CurveParameter {
                name: name.clone(),
                estimate: estimate.as_f64()?,
                low: or(low, f64::NEG_INFINITY)?,
                high: or(high, f64::INFINITY)?,
            })
        };
        let law = value.get("law")?;
        Some(RecordedCurve {
            curve: Reader::text(value.get("curve")?)?,
            law: if law.is_null() { None } else { Some(Reader::text(law)?) },
            parameters: parameters.map(parameter).collect::<Option<_>>()?,
        })
    }
}
