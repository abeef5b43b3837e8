//! JSON Schema of scenario files, for editors, generated from the table of keys.

use serde_json::{Map, Value, json};

use crate::architecture::ARCHITECTURES;
use crate::scenario::keys::{Expects, SCENARIO, Section};
use crate::scenario::library::PROFILES;

/// Returns the schema (draft-07) of scenarios.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "brooks scenario",
    });
    if let (Value::Object(schema), Value::Object(section)) = (&mut schema, section_schema(&SCENARIO)) {
        schema.extend(section);
    }
    schema
}

fn section_schema(section: &Section) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        let about = match key.default {
            None | Some("") => key.about.to_owned(),
            Some(default) => format!("{} Default: {default}.", key.about),
        };
        let mut value = value_schema(&key.expects);
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), Value::String(about));
        }
        properties.insert(key.name.to_owned(), value);
    }
    let required: Vec<&str> = section.keys.iter().filter(|key| key.default.is_none()).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !section.exactly_one.is_empty() {
        let one_of: Vec<Value> = section.exactly_one.iter().map(|name| json!({ "required": [name] })).collect();
        schema["oneOf"] = json!(one_of);
    }
    schema
}

fn value_schema(expects: &Expects) -> Value {
    match expects {
        Expects::Text | Expects::File | Expects::Recording => json!({ "type": "string", "minLength": 1 }),
        Expects::Bool => json!({ "type": "boolean" }),
        Expects::Count(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Expects::Integer => json!({ "type": "integer" }),
        Expects::Number(low, high) => json!({ "type": "number", "minimum": low, "maximum": high }),
        Expects::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Expects::Probability => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Expects::Proportion => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        Expects::Duration => json!({ "type": "string", "examples": ["45s", "1h 30m", "250ms"] }),
        Expects::Dist(unit) => {
            let example = unit.example();
            let examples = [example.to_owned(), format!("lognormal(mean={example}, cv=0.5)")];
            json!({ "type": ["string", "number"], "examples": examples })
        }
        Expects::OneOf(words) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            json!({ "enum": words })
        }
        Expects::Architecture => architecture_schema(),
        Expects::ProfileName => {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            json!({ "type": "string", "minLength": 1, "examples": names })
        }
        Expects::Axis => json!({
            "anyOf": [
                { "type": "string", "examples": ["1..16", "1..64 by x2", "0..1 by 0.1"] },
                { "type": "array", "minItems": 1 },
            ],
        }),
        Expects::Section(section) => section_schema(section),
        Expects::ListOf(item) => json!({ "type": "array", "items": value_schema(item) }),
        Expects::MapOf(_, value) => json!({ "type": "object", "additionalProperties": value_schema(value) }),
        Expects::Either(options) => {
            let any_of: Vec<Value> = options.iter().map(value_schema).collect();
            json!({ "anyOf": any_of })
        }
    }
}

fn architecture_schema() -> Value {
    let names: Vec<&str> = ARCHITECTURES.iter().map(|row| row.name).collect();
    let mut properties = Map::new();
    for row in ARCHITECTURES {
        let mut parameters = Map::new();
        for parameter in row.parameters {
            let value = json!({ "enum": parameter.values, "description": parameter.about });
            parameters.insert(parameter.name.to_owned(), value);
        }
        let value = json!({
            "type": "object", "additionalProperties": false, "properties": parameters, "description": row.about,
        });
        properties.insert(row.name.to_owned(), value);
    }
    json!({
        "anyOf": [
            { "enum": names },
            {
                "type": "object", "additionalProperties": false, "properties": properties,
                "minProperties": 1, "maxProperties": 1,
            },
        ],
    })
}
