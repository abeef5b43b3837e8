//! Times of a simulated run that a native trace has under additional keys: waits (`x.waits`) and services (`x.services`), in
//! a step or, after the last step of an agent, in the header.

use serde_json::{Map, Value, json};

use crate::engine::Time;
use crate::record::{Facts, InputParts, Service, Wait, WaitCause};
use crate::team::AgentId;
use crate::trace::model::{Extra, Trace};

/// Key of the waits of an agent since its last step.
pub(super) const WAITS: &str = "x.waits";
/// Key of the services of an agent since its last step.
pub(super) const SERVICES: &str = "x.services";
/// Key of the names of the resources.
pub(super) const RESOURCES: &str = "x.resources";
/// Key of the parts of the input.
pub(super) const INPUT_PARTS: &str = "x.input_tokens";
/// Key of the service within a step, in microseconds.
pub(super) const SERVICE_US: &str = "x.service_us";

/// Causes of waiting by name, apart from queues.
const CAUSES: [(&str, WaitCause); 8] = [
    ("dependencies", WaitCause::Dependencies),
    ("lead", WaitCause::Lead),
    ("lock", WaitCause::Lock),
    ("barrier", WaitCause::Barrier),
    ("messages", WaitCause::Messages),
    ("backoff", WaitCause::Backoff),
    ("down", WaitCause::Down),
    ("none", WaitCause::Nothing),
];
const QUEUE: &str = "queue";

/// Expected form of [`WAITS`], for errors.
const WAITS_FORM: &str = "a list of waits, each with cause, start_us and end_us, and in a queue its resource";
/// Expected form of [`SERVICES`], for errors.
const SERVICES_FORM: &str = "a list of services, each with resource, start_us, end_us and held";

/// Name of a cause; that of a queue if it is none of the others.
pub(super) fn cause_name(cause: WaitCause) -> &'static str {
    CAUSES.iter().find(|(_, own)| *own == cause).map_or(QUEUE, |(name, _)| name)
}

/// Waits, services and input parts of an agent between two of its steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RunTimes {
    pub(super) waits: Vec<Wait>,
    pub(super) services: Vec<Service>,
    pub(super) parts: InputParts,
}

impl RunTimes {
    /// Writes the keys of a step.
    pub(super) fn write(&self, facts: &Facts, extra: &mut Map<String, Value>) {
        if !self.waits.is_empty() {
            extra.insert(WAITS.to_owned(), self.waits.iter().map(|wait| wait_json(wait, facts)).collect());
        }
        if !self.services.is_empty() {
            let services = self.services.iter().map(|service| service_json(service, facts));
            extra.insert(SERVICES.to_owned(), services.collect());
        }
        let parts = PARTS.iter().map(|(name, read)| (*name, read(&self.parts))).filter(|(_, tokens)| *tokens > 0);
        let parts: Map<String, Value> = parts.map(|(name, tokens)| (name.to_owned(), tokens.into())).collect();
        if !parts.is_empty() {
            extra.insert(INPUT_PARTS.to_owned(), parts.into());
        }
    }
}

type PartOf = fn(&InputParts) -> u32;

/// Parts of the input with a name each; tokens written to the cache have their own key of the usage.
const PARTS: [(&str, PartOf); 4] = [
    ("reading", |parts| parts.reading),
    ("briefing", |parts| parts.briefing),
    ("messages", |parts| parts.messages),
    ("history", |parts| parts.history),
];

fn wait_json(wait: &Wait, facts: &Facts) -> Value {
    let mut document = json!({ "cause": cause_name(wait.cause) });
    if let WaitCause::Queue(resource) = wait.cause {
        document["resource"] = resource_json(resource, facts);
    }
    document["start_us"] = wait.start.as_us().into();
    document["end_us"] = wait.end.as_us().into();
    document
}

fn service_json(service: &Service, facts: &Facts) -> Value {
    json!({
        "resource": resource_json(service.resource, facts), "start_us": service.start.as_us(),
        "end_us": service.end.as_us(), "held": service.is_held,
    })
}

/// Name of a resource; its number if it has none.
fn resource_json(resource: u32, facts: &Facts) -> Value {
    facts.resource(resource).map_or_else(|| resource.into(), Value::from)
}

/// Returns the header keys of a simulated run: the names of its resources, and the waits and services after the last step
/// of each agent.
pub(super) fn header(facts: &Facts, rest: &[RunTimes]) -> Extra {
    let name = |agent: AgentId, mut document: Value| {
        document["agent"] = facts.agent(agent).into();
        document
    };
    let waits = rest.iter().flat_map(|times| &times.waits).map(|wait| name(wait.agent, wait_json(wait, facts)));
    let services = rest.iter().flat_map(|times| &times.services);
    let services: Vec<Value> = services.map(|service| name(service.agent, service_json(service, facts))).collect();
    let mut extra = Map::new();
    if !facts.resources.is_empty() {
        extra.insert(RESOURCES.to_owned(), facts.resources.clone().into());
    }
    extra.insert(WAITS.to_owned(), waits.collect());
    if !services.is_empty() {
        extra.insert(SERVICES.to_owned(), services.into());
    }
    Extra::of(extra)
}

impl Trace {
    /// Names of the shared resources of a simulated run; none in other recordings.
    pub fn resources(&self) -> Vec<String> {
        resources(&self.header.extra)
    }

    /// Returns true if the causes of waiting are recorded, as in simulated runs.
    pub(super) fn has_waits(&self) -> bool {
        self.header.extra.get(WAITS).is_some()
    }
}

/// Names of the shared resources, from the keys of a header.
pub(super) fn resources(header: &Extra) -> Vec<String> {
    let names = header.get(RESOURCES).and_then(Value::as_array);
    names.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}

/// Agent that a wait or a service of the header names.
pub(super) fn named_agent(value: &Value, names: &[&str]) -> Option<AgentId> {
    let name = value.get("agent")?.as_str()?;
    names.iter().position(|own| *own == name).map(AgentId::at)
}

/// Reports the times of a header that have another form.
pub(super) fn check_header(header: &Extra, names: &[&str], bad: impl FnMut(&str, String, &str)) {
    check(header, &|value| named_agent(value, names), &resources(header), bad);
}

/// Reports the times of a step that have another form.
pub(super) fn check_step(step: &Extra, resources: &[String], bad: impl FnMut(&str, String, &str)) {
    check(step, &|_| Some(AgentId::default()), resources, bad);
}

fn check(extra: &Extra, agent: &AgentOf<'_>, resources: &[String], mut bad: impl FnMut(&str, String, &str)) {
    let present = |key: &str| extra.get(key).filter(|value| !value.is_null());
    if let Some(value) = present(WAITS).filter(|value| waits(value, agent, resources).is_none()) {
        bad(WAITS, value.to_string(), WAITS_FORM);
    }
    if let Some(value) = present(SERVICES).filter(|value| services(value, agent, resources).is_none()) {
        bad(SERVICES, value.to_string(), SERVICES_FORM);
    }
}

/// Reads the waits of a step or of the header. Those of the header name their agents. None if a wait has another form.
pub(super) fn waits(value: &Value, agent: &AgentOf<'_>, resources: &[String]) -> Option<Vec<Wait>> {
    let wait = |wait: &Value| {
        let name = wait.get("cause")?.as_str()?;
        let cause = match CAUSES.iter().find(|(own, _)| *own == name) {
            Some((_, cause)) => *cause,
            None if name == QUEUE => WaitCause::Queue(resource(wait, resources)?),
            None => return None,
        };
        let (start, end) = interval(wait)?;
        Some(Wait { agent: agent(wait)?, cause, start, end })
    };
    value.as_array()?.iter().map(wait).collect()
}

/// Reads the services of a step or of the header. None if a service has another form.
pub(super) fn services(value: &Value, agent: &AgentOf<'_>, resources: &[String]) -> Option<Vec<Service>> {
    let service = |service: &Value| {
        let (start, end) = interval(service)?;
        let (resource, is_held) = (resource(service, resources)?, service.get("held")?.as_bool()?);
        Some(Service { agent: agent(service)?, resource, start, end, is_held })
    };
    value.as_array()?.iter().map(service).collect()
}

/// Agent of a wait or a service.
pub(super) type AgentOf<'a> = dyn Fn(&Value) -> Option<AgentId> + 'a;

/// Reads the parts of the input of a step; none if no part is recorded.
pub(super) fn input_parts(extra: &Extra, cache_write: Option<u32>) -> Option<InputParts> {
    let named = extra.get(INPUT_PARTS);
    let part = |name: &str| named.and_then(|parts| parts.get(name)?.as_u64()).unwrap_or(0) as u32;
    let parts = InputParts {
        reading: part("reading"),
        briefing: part("briefing"),
        messages: part("messages"),
        history: part("history"),
        cache_write: cache_write.unwrap_or(0),
    };
    (parts != InputParts::default()).then_some(parts)
}

fn interval(value: &Value) -> Option<(Time, Time)> {
    let [start, end] = ["start_us", "end_us"].map(|key| value.get(key).and_then(Value::as_u64));
    let (start, end) = (start?, end?);
    (start <= end).then(|| (Time::from_us(start), Time::from_us(end)))
}

/// Index of a resource, given by its name or number.
fn resource(value: &Value, resources: &[String]) -> Option<u32> {
    match value.get("resource")? {
        Value::String(name) => Some(resources.iter().position(|own| own == name)? as u32),
        number => number.as_u64().map(|number| number as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn times_are_read_as_they_were_written() {
        let facts = Facts { resources: vec!["tests".to_owned()], ..fixture::facts() };
        let (agent, us) = (AgentId::new(1), Time::from_us);
        let causes = CAUSES.iter().map(|(_, cause)| *cause).chain([WaitCause::Queue(0), WaitCause::Queue(7)]);
        let times = RunTimes {
            waits: causes.zip(1..).map(|(cause, at)| Wait { agent, cause, start: us(at), end: us(at + 1) }).collect(),
            services: vec![Service { agent, resource: 0, start: us(3), end: us(9), is_held: false }],
            parts: InputParts { reading: 4, history: 5, cache_write: 6, ..InputParts::default() },
        };
        let mut extra = Map::new();
        times.write(&facts, &mut extra);
        let own = |_: &Value| Some(agent);
        assert_eq!(waits(&extra[WAITS], &own, &facts.resources), Some(times.waits));
        assert_eq!(services(&extra[SERVICES], &own, &facts.resources), Some(times.services));
        assert_eq!(input_parts(&Extra::of(extra), Some(6)), Some(times.parts));
    }

    #[test]
    fn other_forms_are_no_waits() {
        let own = |_: &Value| Some(AgentId::new(0));
        for wrong in [
            json!({ "cause": "lead" }),
            json!([{ "cause": "boredom", "start_us": 1, "end_us": 2 }]),
            json!([{ "cause": "lead", "start_us": 3, "end_us": 2 }]),
            json!([{ "cause": "lead", "start_us": 1.5, "end_us": 2 }]),
            json!([{ "cause": "queue", "start_us": 1, "end_us": 2 }]),
            json!([{ "cause": "queue", "resource": "nobody's", "start_us": 1, "end_us": 2 }]),
        ] {
            assert_eq!(waits(&wrong, &own, &[]), None, "{wrong}");
        }
        assert_eq!(services(&json!([{ "resource": 0, "start_us": 1, "end_us": 2 }]), &own, &[]), None);
        assert_eq!(input_parts(&Extra::NONE, None), None);
    }
}
