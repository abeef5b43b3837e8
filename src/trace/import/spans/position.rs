//! Values of a file with their positions, for error messages.

use serde_json::Value;

use crate::table::{ImportContext, SourceFile, json};

/// Position of a document, for error messages.
pub(in crate::trace) struct DocumentPosition<'a> {
    pub(in crate::trace) file: &'a str,
    pub(in crate::trace) line: usize,
    pub(in crate::trace) reading: &'a mut ImportContext,
}

impl DocumentPosition<'_> {
    pub(in crate::trace) fn bad(&mut self, path: &str, message: impl Into<String>, expected: &str) {
        self.reading.bad(self.file, self.line, path, message, expected);
    }
}

/// Number of lines to try before a file counts as a single document.
const MAX_TRIED: usize = 20;

/// Calls `each` with the values of a file, which is one JSON document (line 0) or JSON lines.
pub(in crate::trace) fn values(
    file: &SourceFile,
    reading: &mut ImportContext,
    mut each: impl FnMut(usize, Value, &mut ImportContext),
) {
    let is_whole = |bytes: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    let mut lines = file.bytes.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    // A single line is a document, and so are lines that are no JSON by themselves.
    let has_several = lines.clone().nth(1).is_some();
    if has_several && lines.by_ref().take(MAX_TRIED).any(|line| line.starts_with(b"{") && is_whole(line)) {
        if is_whole(&file.bytes) {
            return if let Some(value) = json::document(file, reading) {
                each(0, value, reading);
            };
        }
        return json::lines(file, reading, each);
    }
    if let Some(value) = json::document(file, reading) {
        each(0, value, reading);
    }
}

/// Formats the beginning of a value for messages.
pub(in crate::trace) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "it is missing".to_owned(),
        Value::Object(_) => return "it is an object".to_owned(),
        Value::Array(_) => return "it is a list".to_owned(),
        plain => plain.to_string(),
    };
    if text.chars().count() <= 40 { text } else { text.chars().take(40).collect::<String>() + "…" }
}
