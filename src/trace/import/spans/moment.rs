//! Times of spans, in all formats.

use serde_json::Value;

use crate::engine::Time;
use crate::table::timestamp;

/// Unit of a number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trace) enum NumberUnit {
    /// Inferred from the size, which differs between units for every instant of this century.
    BySize,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

/// An instant, with flags for its inferred parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::trace) struct Moment {
    /// Microseconds since 1970.
    pub(in crate::trace) at: Time,
    /// True if it was recorded without a zone, which is taken as UTC.
    pub(in crate::trace) lacks_zone: bool,
    /// True if it was recorded as an inexact number, or estimated.
    pub(in crate::trace) is_inexact: bool,
}

/// Upper limit of instants, in microseconds.
pub(in crate::trace) const LATEST: u64 = timestamp::LATEST.as_us();

/// Reads an instant; none for other values and for instants before 1970.
pub(in crate::trace) fn read(value: &Value, unit: NumberUnit) -> Option<Moment> {
    let moment = match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) => Moment { at: whole_number(whole, unit), ..Moment::default() },
            None => real_number(number.as_f64()?, unit)?,
        },
        Value::String(text) => {
            let text = text.trim();
            match (text.parse::<u64>(), text.parse::<f64>()) {
                (Ok(whole), _) => Moment { at: whole_number(whole, unit), ..Moment::default() },
                (_, Ok(real)) => real_number(real, unit)?,
                _ => {
                    let instant = timestamp::parse(text)?;
                    Moment { at: instant.at, lacks_zone: !instant.has_zone, is_inexact: false }
                }
            }
        }
        _ => return None,
    };
    (moment.at.as_us() < LATEST).then_some(moment)
}

fn whole_number(number: u64, unit: NumberUnit) -> Time {
    let scaled = match unit {
        NumberUnit::Nanos => return Time::from_us(number / 1000 + u64::from(number % 1000 >= 500)),
        NumberUnit::Micros => Some(number),
        NumberUnit::BySize => match number {
            0..100_000_000_000 => number.checked_mul(1_000_000),
            100_000_000_000..100_000_000_000_000 => number.checked_mul(1000),
            100_000_000_000_000..100_000_000_000_000_000 => Some(number),
            _ => return whole_number(number, NumberUnit::Nanos),
        },
    };
    scaled.map_or(Time::MAX, Time::from_us)
}

fn real_number(number: f64, unit: NumberUnit) -> Option<Moment> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let us = match unit {
        NumberUnit::BySize if number < 1e11 => number * 1e6,
        NumberUnit::BySize if number < 1e14 => number * 1e3,
        NumberUnit::BySize if number >= 1e17 => number / 1e3,
        NumberUnit::BySize | NumberUnit::Micros => number,
        NumberUnit::Nanos => number / 1e3,
    };
    let is_inexact = number > LATEST as f64;
    Some(Moment { at: Time::from_us_f64(us), lacks_zone: false, is_inexact })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_format_of_an_instant() {
        let exact = Moment { at: Time::from_us(1_772_000_018_780_000), ..Moment::default() };
        for (value, unit) in [
            (json!("1772000018780000000"), NumberUnit::Nanos),
            (json!(1_772_000_018_780_000_000_u64), NumberUnit::Nanos),
            (json!(1_772_000_018_780_000_u64), NumberUnit::Micros),
            (json!(1_772_000_018_780_000_000_u64), NumberUnit::BySize),
            (json!(1_772_000_018_780_000_u64), NumberUnit::BySize),
            (json!(1_772_000_018_780_u64), NumberUnit::BySize),
            (json!(1_772_000_018.78), NumberUnit::BySize),
            (json!("2026-02-25T06:13:38.78Z"), NumberUnit::BySize),
        ] {
            assert_eq!(read(&value, unit), Some(exact), "{value}");
        }
        assert_eq!(
            read(&json!("2026-02-25 06:13:38.78"), NumberUnit::BySize),
            Some(Moment { lacks_zone: true, ..exact })
        );
        assert_eq!(read(&json!(1.772_000_018_78e18), NumberUnit::Nanos), Some(Moment { is_inexact: true, ..exact }));
        for nothing in [json!(-1), json!("soon"), json!(null), json!(1e300), json!("NaN"), json!([1])] {
            assert_eq!(read(&nothing, NumberUnit::BySize), None, "{nothing}");
        }
    }
}
