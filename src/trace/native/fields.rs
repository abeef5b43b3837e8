//! The keys of one JSON object, taken one by one; what is left over is kept.

use serde_json::{Map, Value};

use crate::engine::Time;
use crate::problem::{Problem, Problems};
use crate::trace::model::Extra;

/// Where an object is, and what is wrong with it.
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
    /// The keys of an object at a path; says so if it is none.
    pub(super) fn of(value: Value, path: &str, place: &mut ObjectPosition<'_>) -> Fields {
        let map = match value {
            Value::Object(map) => map,
            other => {
                place.bad(path, format!("{} is no object", shown(&other)), "an object in braces");
                Map::new()
            }
        };
        Fields { map, path: path.to_owned() }
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key; null is as good as none.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        // Keys come in the order in which they are written, and so the first is nearly always the next.
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    fn bad<T>(&self, key: &str, value: &Value, expected: &str, place: &mut ObjectPosition<'_>) -> Option<T> {
        place.bad(&self.path(key), shown(value), expected);
        None
    }

    pub(super) fn text(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => self.bad(key, &other, "text", place),
        }
    }

    pub(super) fn needed_text(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> String {
        if !self.map.contains_key(key) {
            place.bad(&self.path(key), "it is missing", "text");
        }
        self.text(key, place).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(flag) => Some(flag),
            other => self.bad(key, &other, "true or false", place),
        }
    }

    pub(super) fn real(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<f64> {
        let value = self.take(key)?;
        value.as_f64().or_else(|| self.bad(key, &value, "a number", place))
    }

    pub(super) fn count(&mut self, key: &str, most: u64, place: &mut ObjectPosition<'_>) -> Option<u64> {
        let value = self.take(key)?;
        match value.as_u64().filter(|&count| count <= most) {
            Some(count) => Some(count),
            None => self.bad(key, &value, &format!("a whole number from 0 to {most}"), place),
        }
    }

    pub(super) fn tokens(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<u32> {
        self.count(key, u64::from(u32::MAX), place).map(|count| count as u32)
    }

    pub(super) fn whole(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<i64> {
        let value = self.take(key)?;
        value.as_i64().or_else(|| self.bad(key, &value, "a whole number", place))
    }

    /// A time that must be there.
    pub(super) fn time(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Time {
        if !self.map.contains_key(key) {
            place.bad(&self.path(key), "it is missing", "whole microseconds");
        }
        Time::from_us(self.count(key, MAX_TIME, place).unwrap_or_default())
    }

    /// A list, or none.
    pub(super) fn list(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Vec<Value> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => self.bad(key, &other, "a list in brackets", place).unwrap_or_default(),
        }
    }

    pub(super) fn texts(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Vec<String> {
        let list = self.list(key, place);
        let mut texts = Vec::with_capacity(list.len());
        for value in list {
            match value {
                Value::String(text) => texts.push(text),
                other => place.bad(&self.path(key), shown(&other), "a list of texts"),
            }
        }
        texts
    }

    /// The objects of a list.
    pub(super) fn objects(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Vec<Fields> {
        let list = self.list(key, place).into_iter().enumerate();
        let path = self.path(key);
        list.map(|(index, value)| Fields::of(value, &format!("{path}[{index}]"), place)).collect()
    }

    pub(super) fn object(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Option<Fields> {
        let value = self.take(key)?;
        Some(Fields::of(value, &self.path(key), place))
    }

    pub(super) fn map(&mut self, key: &str, place: &mut ObjectPosition<'_>) -> Map<String, Value> {
        self.object(key, place).map(|fields| fields.map).unwrap_or_default()
    }

    /// One of a closed set of words.
    pub(super) fn word<T>(
        &mut self,
        key: &str,
        of: fn(&str) -> Option<T>,
        names: &[&str],
        place: &mut ObjectPosition<'_>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let found = value.as_str().and_then(of);
        found.or_else(|| self.bad(key, &value, &format!("one of {}", names.join(", ")), place))
    }

    /// What was not taken.
    pub(super) fn rest(self) -> Extra {
        Extra::of(self.map)
    }
}

/// What every reader of JSON can tell apart.
const MAX_TIME: u64 = crate::table::timestamp::LATEST.as_us();

/// A value as messages show it.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).collect::<String>() + "…" }
}
