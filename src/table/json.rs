//! JSON that others wrote: values by path, numbers however they are spelled, and lines of JSON.

use serde_json::Value;

use crate::table::source::{ImportContext, SourceFile};

/// A line longer than this is no record of a run.
pub const MAX_LINE: usize = 64 << 20;

/// The values of a file of JSON lines, each with its number; those that can't be read are told and left out.
pub fn lines(file: &SourceFile, reading: &mut ImportContext, mut each: impl FnMut(usize, Value, &mut ImportContext)) {
    for (place, line) in file.bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if line.len() > MAX_LINE {
            reading.bad(&file.path, place + 1, "", "the line is too long", "lines of at most 64 MiB");
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(value) => each(place + 1, value, reading),
            Err(error) => reading.bad(&file.path, place + 1, "", says(&error), "a JSON object a line"),
        }
    }
}

/// The file as one JSON document.
pub fn document(file: &SourceFile, reading: &mut ImportContext) -> Option<Value> {
    match serde_json::from_slice(&file.bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            reading.bad(&file.path, error.line(), "", says(&error), "one JSON document");
            None
        }
    }
}

/// What the parser says, without its line, which is ours to tell.
fn says(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("not JSON: {text}, column {}", error.column())
}

/// The value at a path of keys such as `message.usage`; none if something is missing on the way.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(value, |value, key| value.get(key))?;
    (!found.is_null()).then_some(found)
}

/// Text at a path.
pub fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    at(value, path)?.as_str()
}

/// A number at a path, be it a number or text that is one.
pub fn number(value: &Value, path: &str) -> Option<f64> {
    as_number(at(value, path)?)
}

/// A number, be it a number or text that is one.
pub fn as_number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

/// A count of tokens at a path: none if it is negative or no number.
pub fn tokens(value: &Value, path: &str) -> Option<u32> {
    as_tokens(number(value, path)?)
}

/// A number as a count of tokens: none if it is negative or too large to be one.
pub fn as_tokens(number: f64) -> Option<u32> {
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number.round() as u32)
}
