//! Conversion of RFC 3339 and similar timestamps to microseconds since 1970, and back.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::temporal::DateTimeParser};

use crate::engine::Time;

/// Latest accepted time, in the year 2255: the last microsecond count that JSON numbers (doubles) represent exactly.
pub const LATEST: Time = Time::from_us(1 << 53);

/// Parsed timestamp; without a zone it is taken as UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Microseconds since 1970.
    pub at: Time,
    /// True if the text contained a zone.
    pub has_zone: bool,
}

/// Parses `2026-02-25T10:00:00.123Z`, also with an offset, with a space instead of the T, or without a zone. Returns none
/// if the text is not a time, or the time is before 1970 or after [`LATEST`].
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

/// Rounds to the nearest microsecond; most sources have more digits than precision.
fn micros(at: Timestamp) -> Option<Time> {
    let nanos = u128::try_from(at.as_nanosecond()).ok()?;
    u64::try_from((nanos + 500) / 1000).ok().map(Time::from_us).filter(|at| *at <= LATEST)
}

/// Formats a time since 1970 in UTC.
pub fn rfc3339(at: Time) -> String {
    let at = i64::try_from(at.as_us()).ok().and_then(|us| Timestamp::from_microsecond(us).ok());
    at.map_or_else(|| "start".to_owned(), |at| at.to_string())
}
