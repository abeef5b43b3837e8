//! L7: results as text or picture: values in, text or bytes out. Nothing here reads or writes a file; the same values
//! give the same bytes.

pub mod narrate;
pub mod number;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod run;
pub mod rows;
pub mod table;
pub mod witness;

/// The version of this crate, as every output names it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of every JSON document; a change that breaks a reader raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// The last line of every report: what it takes to see the same again.
pub fn footer(seed: u64, command: &str) -> String {
    format!("seed {seed} · brooks {VERSION} · repeat: {command}\n")
}

/// The keys that every JSON document begins with.
fn preamble(seed: u64, command: &str) -> serde_json::Map<String, serde_json::Value> {
    let mut document = serde_json::Map::new();
    document.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    document.insert("brooks".to_owned(), VERSION.into());
    document.insert("seed".to_owned(), seed.into());
    document.insert("command".to_owned(), command.into());
    document
}

/// A number for a JSON document: whole where it is whole, null where it is none.
fn json_number(value: f64) -> serde_json::Value {
    // Up to 2^53 every whole number has its own floating-point value.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return (value as i64).into();
    }
    value.into()
}
