//! JSON of other programs: lines of JSON, values by path, numbers also in text form.

use serde_json::Value;

use crate::table::source::{ImportContext, SourceFile};

/// Longest line, bytes.
pub const MAX_LINE: usize = 64 << 20;

/// Calls `each` for every line of a JSON lines file with the number of the line. Reports invalid lines and skips them.
pub fn lines(file: &SourceFile, reading: &mut ImportContext, mut each: impl FnMut(usize, Value, &mut ImportContext)) {
    for (index, line) in file.bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if line.len() > MAX_LINE {
            reading.bad(&file.path, index + 1, "", "the line exceeds 64 MiB", "lines of at most 64 MiB");
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(value) => each(index + 1, value, reading),
            Err(error) => reading.bad(&file.path, index + 1, "", message_of(&error), "a JSON object a line"),
        }
    }
}

/// Parses the file as one JSON document; reports a problem if it is invalid.
pub fn document(file: &SourceFile, reading: &mut ImportContext) -> Option<Value> {
    match serde_json::from_slice(&file.bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            reading.bad(&file.path, error.line(), "", message_of(&error), "one JSON document");
            None
        }
    }
}

/// Returns the message of the parser without its line, which the problem contains.
pub(super) fn message_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("not JSON: {text}, column {}", error.column())
}

/// Returns the value at a path of keys such as `message.usage`; none if it is missing or null.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let value = path.split('.').try_fold(value, |value, key| value.get(key))?;
    (!value.is_null()).then_some(value)
}

/// Returns the text at a path.
pub fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    at(value, path)?.as_str()
}

/// Returns the number at a path, also in text form.
pub fn number(value: &Value, path: &str) -> Option<f64> {
    as_number(at(value, path)?)
}

/// Returns a number, also in text form.
pub fn as_number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

/// Returns the count of tokens at a path; none if it is negative or not a number.
pub fn tokens(value: &Value, path: &str) -> Option<u32> {
    as_tokens(number(value, path)?)
}

/// Returns a number as a count of tokens; none if it is negative or too large.
pub fn as_tokens(number: f64) -> Option<u32> {
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number.round() as u32)
}
