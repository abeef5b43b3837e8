//! Shape of a JSON file, from its first bytes.

use std::collections::BTreeSet;

/// Keys of the first value of a file, and of the values directly inside it.
#[derive(Debug, Default)]
pub(in crate::trace) struct KeyShape {
    outer: BTreeSet<String>,
    inner: BTreeSet<String>,
}

impl KeyShape {
    /// Reads the shape from the first bytes, which can end anywhere. Lists are transparent.
    pub(in crate::trace) fn new(start: &[u8]) -> KeyShape {
        let mut shape = KeyShape::default();
        let (mut objects, mut lists, mut at) = (0_usize, 0_usize, 0_usize);
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        while let Some(&byte) = start.get(at) {
            match byte {
                b'"' => {
                    let Some(length) = text_length(start.get(at + 1..).unwrap_or_default()) else { break };
                    let text = start.get(at + 1..at + 1 + length).unwrap_or_default();
                    at += length + 2;
                    let rest = start.get(at..).unwrap_or_default().trim_ascii_start();
                    if rest.first() == Some(&b':') {
                        shape.key(objects, text);
                    }
                    continue;
                }
                b'{' => objects += 1,
                b'[' => lists += 1,
                b'}' => objects = objects.saturating_sub(1),
                b']' => lists = lists.saturating_sub(1),
                _ if objects == 0 && lists == 0 && !byte.is_ascii_whitespace() => break,
                _ => {}
            }
            at += 1;
            if objects == 0 && (byte == b'}' || byte == b']') {
                break;
            }
        }
        shape
    }

    fn key(&mut self, depth: usize, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else { return };
        match depth {
            1 => self.outer.insert(text.to_owned()),
            2 => self.inner.insert(text.to_owned()),
            _ => false,
        };
    }

    /// Returns true if the value has a key.
    pub(in crate::trace) fn has(&self, key: &str) -> bool {
        self.outer.contains(key)
    }

    /// Returns true if the value has all of these keys.
    pub(in crate::trace) fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }

    /// Returns true if the value has any of these keys.
    pub(in crate::trace) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// Returns true if a value directly inside has a key.
    pub(in crate::trace) fn has_inner(&self, key: &str) -> bool {
        self.inner.contains(key)
    }
}

/// Returns the length of a text up to its closing quote.
fn text_length(bytes: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    bytes.iter().position(|&byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::KeyShape;

    #[test]
    fn keys_differ_from_text_and_from_deeper_keys() {
        let shape = KeyShape::new(br#" [{"a" : "\"b\": {", "c":[{"d":{"e":1}}], "f":tru"#);
        assert!(shape.has_all(&["a", "c", "f"]) && shape.has_inner("d"));
        assert!(!shape.has_any(&["b", "d", "e"]) && !shape.has_inner("e"));
        // Only the first of several values counts.
        assert!(!KeyShape::new(b"{\"a\":1}\n{\"b\":2}").has("b"));
        assert!(!KeyShape::new(b"name,\"a\":1").has("a"));
    }
}
