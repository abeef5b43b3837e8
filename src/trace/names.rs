//! Interned names of a trace, and unknown keys.

use compact_str::CompactString;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// An interned name: its index in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(u32);

/// Interned names of a trace.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<CompactString>,
    index_of: BTreeMap<CompactString, u32>,
}

/// Unknown keys, in file order. Most objects have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Names {
    /// Interns a text.
    pub fn add(&mut self, text: &str) -> Name {
        if let Some(&index) = self.index_of.get(text) {
            return Name(index);
        }
        let index = self.list.len() as u32;
        self.list.push(text.into());
        self.index_of.insert(text.into(), index);
        Name(index)
    }

    /// Returns the text of a name; empty for a name of another trace.
    pub fn get(&self, name: Name) -> &str {
        self.list.get(name.0 as usize).map_or("", |text| text)
    }

    /// Returns all texts, by index.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|text| &**text)
    }

    /// Returns the number of names.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns true without names.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Name {
    /// Returns the index among the names of the trace.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Extra {
    /// No keys.
    pub const NONE: Extra = Extra(None);

    /// Returns true without keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the keys of a map.
    pub fn of(map: Map<String, Value>) -> Extra {
        Extra((!map.is_empty()).then(|| Box::new(map)))
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.get_or_insert_default().insert(key.to_owned(), value.into());
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Returns all keys with values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|map| map.iter())
    }
}
