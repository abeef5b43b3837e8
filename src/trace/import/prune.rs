//! JSON documents reduced to selected keys, so that message texts take no memory and cannot get into a trace.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::naming;

/// Maximum bytes of a text that is kept; longer ones become fingerprints.
const MAX_TEXT: usize = 512;

/// Selects a key by the key of its object and its own. The former is empty at the top and in nested lists; an object in a
/// list has the key of the list.
pub(crate) type Keep = fn(parent: &str, key: &str) -> bool;

/// Parses a document and keeps the selected keys. Long texts become fingerprints.
pub(crate) fn document(bytes: &[u8], keep: Keep) -> Result<Value, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = Pruned { keep, parent: "" }.deserialize(&mut source)?;
    source.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Pruned<'a> {
    keep: Keep,
    parent: &'a str,
}

impl<'de> DeserializeSeed<'de> for Pruned<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pruned<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(if text.len() > MAX_TEXT { naming::id(text) } else { text.to_owned() }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if (self.keep)(self.parent, &key) {
                let value = entries.next_value_seed(Pruned { keep: self.keep, parent: &key })?;
                map.insert(key, value);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_selected_keys_stay() {
        let keep: Keep = |parent, key| matches!((parent, key), (_, "a" | "list") | ("usage", _));
        let text = br#"{"a":1,"b":"secret","list":[{"a":null,"c":[["x"]]},2.5,true],"a":{"usage":1,"a":{"a":-3}}}"#;
        let kept = document(text, keep).expect("JSON");
        assert_eq!(kept.to_string(), r#"{"a":{"a":{"a":-3}},"list":[{"a":null},2.5,true]}"#);
        let kept = document(br#"{"list":{"usage":1},"a":{"usage":{"any":1}}}"#, |_, key| key != "usage").expect("JSON");
        assert_eq!(kept.to_string(), r#"{"list":{},"a":{}}"#);
        assert!(document(b"{\"a\":", keep).is_err() && document(b"{} {}", keep).is_err());
        assert!(document(&vec![b'['; 100_000], keep).is_err(), "nested too deep");
        let long = format!("{{\"a\":\"{}\"}}", "word ".repeat(200));
        assert_eq!(document(long.as_bytes(), keep).expect("JSON")["a"].as_str().map(str::len), Some(9));
    }
}
