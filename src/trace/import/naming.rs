//! Privacy rule for recorded text: names are kept, and anything that reads like prose becomes a fingerprint. Equal texts
//! stay equal, and no message text gets into a trace.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Maximum number of words of a name of an agent, a model, a tool or a run.
const MAX_WORDS: usize = 6;
/// Maximum bytes of a name.
const MAX_NAME: usize = 80;
/// Maximum bytes of an id, which has no spaces.
const MAX_ID: usize = 120;

/// Returns a name, trimmed, if it is short and has few words; else its fingerprint.
///
/// ```
/// use brooks::trace::import::naming;
///
/// assert_eq!(naming::name(" Senior Data Researcher "), "Senior Data Researcher");
/// assert_eq!(naming::name("please write the parser and then all of its tests").len(), 9);
/// ```
pub fn name(text: &str) -> String {
    let text = text.trim();
    let is_name = text.len() <= MAX_NAME
        && !text.contains(|c: char| c.is_control())
        && text.split_whitespace().count() <= MAX_WORDS;
    if is_name { text.to_owned() } else { fingerprint(text) }
}

/// Returns an id of a step, a task or an error, trimmed, if it is short and has no spaces; else its fingerprint.
pub fn id(text: &str) -> String {
    let text = text.trim();
    let is_id = text.len() <= MAX_ID && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_id { text.to_owned() } else { fingerprint(text) }
}

/// Returns the type of an error, or `error` if the text is a message.
pub fn error_type(text: &str) -> String {
    let text = text.trim();
    let is_kind = text.len() <= MAX_NAME && text.chars().all(|c| c.is_alphanumeric() || "._-:".contains(c));
    if is_kind { text.to_owned() } else { "error".to_owned() }
}

/// Returns the name of a file without folders and extensions.
pub fn stem(path: &str) -> String {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or("run");
    stem.to_owned()
}

fn fingerprint(text: &str) -> String {
    let mut out = "#".to_owned();
    for byte in Sha256::digest(text.as_bytes()).iter().take(4) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_not_kept() {
        assert_eq!(id("toolu_01S"), "toolu_01S");
        assert_eq!(id("two words").len(), 9);
        assert_eq!(id("two words"), id(" two words "));
        assert_ne!(name("a\nb"), name("a\nc"));
        assert_eq!(
            (error_type("RateLimitError"), error_type("it did not work")),
            ("RateLimitError".into(), "error".into())
        );
        assert_eq!(
            (stem("a/b/run-1.jsonl.gz"), stem(".hidden"), stem("")),
            ("run-1".into(), "hidden".into(), "run".into())
        );
    }
}
