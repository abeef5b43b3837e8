//! Typed access to the keys of a JSON object. Unread keys are kept.

use serde_json::{Map, Value};

use crate::engine::Time;
use crate::problem::{Problem, Problems};
use crate::trace::model::Extra;

/// Position of an object, and the problems found so far.
pub(super) struct ObjectPosition<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) problems: &'a mut Problems,
}

impl ObjectPosition<'_> {
    pub(super) fn bad(&mut self, path: &str, message: impl Into<String>, expected: &str) {
        self.problems.push(Problem {
            code: "trace",
            file: self.file.to_owned(),
            line: self.line as u32,
            path: path.to_owned(),
            message: message.into(),
            expected: expected.to_owned(),
        });
    }
}

/// An object that is being read.
pub(super) struct Fields {
    map: Map<String, Value>,
    path: String,
}

impl Fields {
    /// Takes the keys of an object at a path; reports other values.
    pub(super) fn new(value: Value, path: &str, position: &mut ObjectPosition<'_>) -> Fields {
        let map = match value {
            Value::Object(map) => map,
            other => {
                position.bad(path, format!("{} is not an object", shown(&other)), "an object in braces");
                Map::new()
            }
        };
        Fields { map, path: path.to_owned() }
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes the value of a key; null counts as missing.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        // Keys are read in the order of writing, so the first one usually matches.
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    fn bad<T>(&self, key: &str, value: &Value, expected: &str, position: &mut ObjectPosition<'_>) -> Option<T> {
        position.bad(&self.path(key), shown(value), expected);
        None
    }

    pub(super) fn text(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => self.bad(key, &other, "text", position),
        }
    }

    pub(super) fn needed_text(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> String {
        if !self.map.contains_key(key) {
            position.bad(&self.path(key), "it is missing", "text");
        }
        self.text(key, position).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            other => self.bad(key, &other, "true or false", position),
        }
    }

    pub(super) fn real(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<f64> {
        let value = self.take(key)?;
        value.as_f64().or_else(|| self.bad(key, &value, "a number", position))
    }

    pub(super) fn count(&mut self, key: &str, most: u64, position: &mut ObjectPosition<'_>) -> Option<u64> {
        let value = self.take(key)?;
        match value.as_u64().filter(|&count| count <= most) {
            Some(count) => Some(count),
            None => self.bad(key, &value, &format!("a whole number from 0 to {most}"), position),
        }
    }

    pub(super) fn tokens(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<u32> {
        self.count(key, u64::from(u32::MAX), position).map(|count| count as u32)
    }

    pub(super) fn whole(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<i64> {
        let value = self.take(key)?;
        value.as_i64().or_else(|| self.bad(key, &value, "a whole number", position))
    }

    /// Takes a required time.
    pub(super) fn time(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Time {
        if !self.map.contains_key(key) {
            position.bad(&self.path(key), "it is missing", "whole microseconds");
        }
        Time::from_us(self.count(key, MAX_TIME, position).unwrap_or_default())
    }

    /// Takes a list; a missing one is empty.
    pub(super) fn list(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Vec<Value> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => self.bad(key, &other, "a list in brackets", position).unwrap_or_default(),
        }
    }

    pub(super) fn texts(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Vec<String> {
        let list = self.list(key, position);
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            match value {
                Value::String(text) => texts.push(text),
                other => position.bad(&self.path(key), shown(&other), "a list of texts"),
            }
        }
        texts
    }

    /// Takes the objects of a list.
    pub(super) fn objects(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Vec<Fields> {
        let list = self.list(key, position).into_iter().enumerate();
        let path = self.path(key);
        list.map(|(index, value)| Fields::new(value, &format!("{path}[{index}]"), position)).collect()
    }

    pub(super) fn object(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Option<Fields> {
        let value = self.take(key)?;
        Some(Fields::new(value, &self.path(key), position))
    }

    pub(super) fn map(&mut self, key: &str, position: &mut ObjectPosition<'_>) -> Map<String, Value> {
        self.object(key, position).map(|fields| fields.map).unwrap_or_default()
    }

    /// Takes one of a closed set of words.
    pub(super) fn word<T>(
        &mut self,
        key: &str,
        of: fn(&str) -> Option<T>,
        names: &[&str],
        position: &mut ObjectPosition<'_>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let parsed = value.as_str().and_then(of);
        parsed.or_else(|| self.bad(key, &value, &format!("one of {}", names.join(", ")), position))
    }

    /// Returns the keys that were not taken.
    pub(super) fn rest(self) -> Extra {
        Extra::of(self.map)
    }
}

/// Largest valid time, in microseconds.
const MAX_TIME: u64 = crate::table::timestamp::LATEST.as_us();

/// Formats a value for messages.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).collect::<String>() + "…" }
}
