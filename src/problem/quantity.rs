//! Parser of durations and sizes: `45s`, `1h 30m`, `250ms`, `110 tokens`, `1.2k tokens`.

/// Unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Durations, in seconds.
    Seconds,
    /// Sizes, in tokens.
    Tokens,
    /// Plain numbers.
    Count,
}

/// Longest duration, seconds: about 31 years.
pub const MAX_SECONDS: f64 = 1e9;
/// Largest size, tokens.
pub const MAX_TOKENS: f64 = 1e12;

impl Unit {
    /// Parses a quantity of this unit; 0 or more.
    ///
    /// # Errors
    ///
    /// A description of the error.
    pub fn read(self, text: &str) -> Result<f64, String> {
        match self {
            Unit::Seconds => duration(text),
            Unit::Tokens => size(text),
            Unit::Count => match leading_number(text.trim()) {
                Some((value, "")) if (0.0..=MAX_TOKENS).contains(&value) => Ok(value),
                _ => Err(format!("\"{text}\" is not a number from 0 up")),
            },
        }
    }

    /// Returns an example, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Unit::Seconds => "4s",
            Unit::Tokens => "110 tokens",
            Unit::Count => "4",
        }
    }
}

/// Parses a duration in seconds: numbers with units, greater units first, such as `1h 30m`. A number without a unit is an
/// error.
///
/// # Errors
///
/// A description of the error.
pub fn duration(text: &str) -> Result<f64, String> {
    let (mut remaining, mut total, mut smallest) = (text.trim(), 0.0, f64::INFINITY);
    if remaining.is_empty() {
        return Err("the duration is empty".to_owned());
    }
    while !remaining.is_empty() {
        let Some((value, after)) = leading_number(remaining) else {
            return Err(format!("\"{text}\" is not a duration"));
        };
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, following) = after.split_at(end);
        let microseconds = match unit {
            // The micro sign and the Greek letter look the same.
            "us" | "\u{b5}s" | "\u{3bc}s" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "m" | "min" => 60e6,
            "h" => 3_600e6,
            "d" => 86_400e6,
            "" => return Err(format!("{text} has no unit; write \"{value}s\"")),
            _ => {
                return Err(format!(
                    "\"{text}\" is not a duration: unknown unit \"{unit}\"; the units are us, ms, s, m, h, d"
                ));
            }
        };
        if value.is_sign_negative() && value != 0.0 {
            return Err(format!("{text} is negative"));
        }
        if microseconds >= smallest {
            return Err(format!("\"{text}\" is not a duration: greater units come first, each at most once"));
        }
        smallest = microseconds;
        total += value * microseconds / 1e6;
        remaining = following.trim_start();
    }
    if total > MAX_SECONDS { Err(format!("{text} is more than {MAX_SECONDS} s")) } else { Ok(total) }
}

/// Parses a size in tokens: `110 tokens`, `1.2k tokens`, `2M tokens`, or the plain number.
///
/// # Errors
///
/// A description of the error.
pub fn size(text: &str) -> Result<f64, String> {
    let wrong = || format!("\"{text}\" is not a size in tokens");
    let (value, unit) = leading_number(text.trim()).ok_or_else(wrong)?;
    let unit = unit.trim_start();
    let factor = unit.strip_suffix("tokens").or_else(|| unit.strip_suffix("token")).unwrap_or(unit).trim_end();
    let factor = match factor {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        _ => return Err(wrong()),
    };
    let total = value * factor;
    if total < 0.0 {
        Err(format!("{text} is negative"))
    } else if total > MAX_TOKENS {
        Err(format!("{text} is more than {MAX_TOKENS} tokens"))
    } else {
        Ok(total)
    }
}

/// Splits a text into its leading finite decimal number and the remaining text.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(text.starts_with(['+', '-']));
    let mut end = digits(start);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        if bytes.get(exponent).is_some_and(u8::is_ascii_digit) {
            end = digits(exponent);
        }
    }
    let value: f64 = text[..end].parse().ok()?;
    value.is_finite().then_some((value, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations() {
        let shown = |text| duration(text).map_or_else(|message| message, |seconds| seconds.to_string());
        for (text, expected) in [
            ("45s", "45"),
            ("1.5 s", "1.5"),
            ("19m", "1140"),
            ("1h 30m", "5400"),
            ("1m52s", "112"),
            ("3h 05m", "11100"),
            ("250ms", "0.25"),
            ("10us", "0.00001"),
            ("10 \u{b5}s", "0.00001"),
            ("2d 04h", "187200"),
            ("1e3s", "1000"),
            ("0s", "0"),
            ("4", "4 has no unit; write \"4s\""),
            ("-3 s", "-3 s is negative"),
            ("", "the duration is empty"),
            ("soon", "\"soon\" is not a duration"),
            (
                "4 parsecs",
                "\"4 parsecs\" is not a duration: unknown unit \"parsecs\"; the units are us, ms, s, m, h, d",
            ),
            ("30m 1h", "\"30m 1h\" is not a duration: greater units come first, each at most once"),
            ("1e9h", "1e9h is more than 1000000000 s"),
            ("nans", "\"nans\" is not a duration"),
            ("1e999s", "\"1e999s\" is not a duration"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes() {
        let shown = |text| size(text).map_or_else(|message| message, |tokens| tokens.to_string());
        for (text, expected) in [
            ("110 tokens", "110"),
            ("1 token", "1"),
            ("1.2k tokens", "1200"),
            ("2M", "2000000"),
            ("7", "7"),
            ("-7 tokens", "-7 tokens is negative"),
            ("7 words", "\"7 words\" is not a size in tokens"),
            ("1e13", "1e13 is more than 1000000000000 tokens"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_an_error(text in "[-+0-9.eEkMsmhdu\u{b5} a-z]{0,12}|.{0,12}") {
            for unit in [Unit::Seconds, Unit::Tokens] {
                if let Ok(value) = unit.read(&text) {
                    prop_assert!((0.0..=MAX_TOKENS).contains(&value), "{text}: {value}");
                }
            }
        }
    }
}
