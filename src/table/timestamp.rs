//! Times in files: RFC 3339 and its relatives to microseconds since 1970, and back.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::temporal::DateTimeParser};

use crate::engine::Time;

/// No recorded time is later: a few centuries after 1970 (in 2255) a digit is broken, and no reader of JSON could tell
/// microseconds apart.
pub const LATEST: Time = Time::from_us(1 << 53);

/// A time that was read, and whether it said its zone; without one it is taken as UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Microseconds since 1970.
    pub at: Time,
    /// Whether the text said which zone it is in.
    pub has_zone: bool,
}

/// Reads `2026-02-25T10:00:00.123Z`, the same with an offset, with a space for the T, or without a zone. None if it is
/// no time, or one before 1970 or beyond [`LATEST`].
///
/// ```
/// use brooks::table::timestamp;
///
/// let utc = timestamp::parse("2026-02-25T10:00:00.5Z").unwrap();
/// assert_eq!(timestamp::parse("2026-02-25 11:00:00.5+01:00").unwrap(), utc);
/// let bare = timestamp::parse("2026-02-25T10:00:00.500000").unwrap();
/// assert_eq!((bare.at, bare.has_zone), (utc.at, false));
/// assert_eq!(timestamp::rfc3339(utc.at), "2026-02-25T10:00:00.5Z");
/// assert!(timestamp::parse("yesterday").is_none() && timestamp::parse("3026-02-25T10:00:00Z").is_none());
/// ```
pub fn parse(text: &str) -> Option<Instant> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let text = text.trim();
    if let Ok(at) = PARSER.parse_timestamp(text) {
        return Some(Instant { at: micros(at)?, has_zone: true });
    }
    let civil: DateTime = PARSER.parse_datetime(text).ok()?;
    let at = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Instant { at: micros(at)?, has_zone: false })
}

/// The nearest microsecond, as the time types of most sources have more digits than they know.
fn micros(at: Timestamp) -> Option<Time> {
    let nanos = u128::try_from(at.as_nanosecond()).ok()?;
    u64::try_from((nanos + 500) / 1000).ok().map(Time::from_us).filter(|at| *at <= LATEST)
}

/// The instant that many microseconds after 1970, in UTC.
pub fn rfc3339(at: Time) -> String {
    let at = i64::try_from(at.as_us()).ok().and_then(|us| Timestamp::from_microsecond(us).ok());
    at.map_or_else(|| "start".to_owned(), |at| at.to_string())
}
