//! Numbers for people: significant digits, with their unit.

use crate::engine::Time;

/// Placeholder of a missing number.
pub const NONE: &str = "–";

/// Formats three significant digits, four from 1,000 on: `0.0123`, `1.35`, `38.0`, `214`, `1,235`, `12,350`.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    // At most twelve decimals are shown; smaller values appear as zero.
    let value = if value.abs() < 1e-12 { 0.0 } else { value };
    let digits = if value.abs() < 1_000.0 { 3 } else { 4 };
    let decimals = digits - 1 - magnitude(value, digits);
    if decimals >= 0 {
        return grouped(&format!("{value:.*}", decimals.min(12) as usize));
    }
    let rounded: f64 = format!("{value:.*e}", digits as usize - 1).parse().unwrap_or(value);
    grouped(&format!("{rounded:.0}"))
}

/// Formats significant digits without trailing zeros: `38`, `1.5`.
pub fn plain(value: f64) -> String {
    without_zeros(&significant(value)).to_owned()
}

/// Formats a count with thousands separators: `12,345`.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// Formats a mean of counts: whole from 100 on, else with one decimal.
pub fn mean_count(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value.abs() >= 99.95 { grouped(&format!("{value:.0}")) } else { format!("{value:.1}") }
}

/// Formats a share in percent: `38 %`; below one percent `<1 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        NONE.to_owned()
    } else if share > 0.0 && share < 0.005 {
        "<1 %".to_owned()
    } else {
        format!("{} %", grouped(&format!("{:.0}", share * 100.0)))
    }
}

/// Formats a share with enough digits to differ from 0 and 1: `95 %`, `99.9 %`, `0.42 %`, `2.5 %`.
pub fn percent_of(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    let value = share * 100.0;
    let near = value.abs().min((100.0 - value).abs());
    let decimals = if near < 1e-9 { 0 } else { (1 - magnitude(near, 2)).clamp(0, 4) as usize };
    let shown = format!("{value:.decimals$}");
    format!("{} %", without_zeros(&shown))
}

/// Formats a p-value with three digits, tiny ones in scientific notation: `0.0312`, `1.2e-9`.
pub fn p_value(p: f64) -> String {
    if !p.is_finite() {
        NONE.to_owned()
    } else if p != 0.0 && p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.3}")
    }
}

/// Formats a number of tokens: `850`, `31 k`, `1.24 M`.
pub fn tokens(value: f64) -> String {
    match value {
        _ if !value.is_finite() => NONE.to_owned(),
        v if v < 999.5 => format!("{v:.0}"),
        v if v < 9_950.0 => format!("{:.1} k", v / 1e3),
        v if v < 999_500.0 => format!("{:.0} k", v / 1e3),
        v if v < 999_500_000.0 => format!("{} M", significant(v / 1e6)),
        v => format!("{} G", significant(v / 1e9)),
    }
}

/// Formats an amount of money: `$1.11`; below a dollar with significant digits: `$0.0042`.
pub fn money(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let decimals = if value == 0.0 || value.abs() >= 0.095 { 2 } else { (1 - magnitude(value, 2)).clamp(2, 8) };
    grouped(&format!("${value:.*}", decimals as usize))
}

/// Formats seconds in the format of [`Time`].
pub fn seconds(value: f64) -> String {
    if value.is_finite() { Time::from_secs(value).to_string() } else { NONE.to_owned() }
}

/// Formats a mean with its interval in the digits of the half-width: `1.35 [1.31, 1.39]`. With an infinite half-width,
/// the mean alone.
pub fn interval(mean: f64, half_width: f64) -> String {
    if !mean.is_finite() || !half_width.is_finite() {
        return significant(mean);
    }
    let decimals = decimals_of(half_width).max(2);
    format!("{mean:.decimals$} [{:.decimals$}, {:.decimals$}]", mean - half_width, mean + half_width)
}

/// Formats a mean with its interval in seconds: `38 s [37, 39]`, `1m 52s [1m 50s, 1m 54s]`.
pub fn interval_seconds(mean: f64, half_width: f64) -> String {
    if !mean.is_finite() || !half_width.is_finite() {
        return seconds(mean);
    }
    let (low, high) = ((mean - half_width).max(0.0), mean + half_width);
    if !(0.1..59.95).contains(&high) {
        return format!("{} [{}, {}]", seconds(mean), seconds(low), seconds(high));
    }
    let decimals = decimals_of(half_width);
    format!("{mean:.decimals$} s [{low:.decimals$}, {high:.decimals$}]")
}

/// Formats a share with the ends of its interval, which may be asymmetric: `97.1 % [96.8, 97.4]`.
pub fn interval_percent(share: f64, low: f64, high: f64) -> String {
    if !share.is_finite() || !low.is_finite() || !high.is_finite() {
        return percent_of(share);
    }
    let decimals = decimals_of(50.0 * (high - low));
    let shown = [share, low, high].map(|value| format!("{:.decimals$}", 100.0 * value));
    // A value that rounds to zero has no sign.
    let is_nothing = |text: &str| text.bytes().all(|byte| b"-0.".contains(&byte));
    let [share, low, high] = shown.map(|text| if is_nothing(&text) { text.replace('-', "") } else { text });
    format!("{share} % [{low}, {high}]")
}

/// Formats a signed difference in seconds: `19.3 s [-1m 37s, 2m 16s]`.
pub fn difference_seconds(mean: f64, half_width: f64) -> String {
    let signed = |value: f64| if value < 0.0 { format!("-{}", seconds(-value)) } else { seconds(value) };
    if mean - half_width >= 0.0 {
        interval_seconds(mean, half_width)
    } else if half_width.is_finite() {
        format!("{} [{}, {}]", signed(mean), signed(mean - half_width), signed(mean + half_width))
    } else {
        signed(mean)
    }
}

/// Returns the decimals that show the first digit of a half-width, at most three.
fn decimals_of(half_width: f64) -> usize {
    if half_width > 0.0 { (-magnitude(half_width, 1)).clamp(0, 3) as usize } else { 1 }
}

/// Returns the power of ten of the first digit, after rounding to so many digits; 0 for zero.
fn magnitude(value: f64, digits: i32) -> i32 {
    let text = format!("{value:.*e}", (digits - 1).max(0) as usize);
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// Drops the zeros at the end of a decimal number.
fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Inserts thousands separators into a decimal number, after any prefix.
fn grouped(text: &str) -> String {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let end = text.find('.').unwrap_or(text.len());
    let mut out = text[..start].to_owned();
    for (index, digit) in text[start..end].char_indices() {
        if index > 0 && (end - start - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&text[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_that_count() {
        for (value, text) in [
            (0.0, "0.00"),
            (0.012_34, "0.0123"),
            (0.999_6, "1.00"),
            (1.351, "1.35"),
            (38.0, "38.0"),
            (214.4, "214"),
            (999.6, "1,000"),
            (1_234.5, "1,234"),
            (12_345.6, "12,350"),
            (-9_876_543.0, "-9,877,000"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(significant(value), text, "{value}");
        }
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([4.0, 4.25, 123.4].map(mean_count), ["4.0", "4.2", "123"]);
    }

    #[test]
    fn units_come_with_the_number() {
        assert_eq!([0.384, 0.0, 0.001, 12.0].map(percent), ["38 %", "0 %", "<1 %", "1,200 %"]);
        assert_eq!(
            [0.0, 1.0, 0.02, 0.025, 0.95, 0.9991, 0.0042, 0.333, f64::NAN].map(percent_of),
            ["0 %", "100 %", "2 %", "2.5 %", "95 %", "99.91 %", "0.42 %", "33 %", "–"]
        );
        assert_eq!(
            [850.0, 4_321.0, 31_400.0, 999_600.0, 1_240_000.0].map(tokens),
            ["850", "4.3 k", "31 k", "1.00 M", "1.24 M"]
        );
        assert_eq!(
            [1.112, 0.0, 0.0042, 0.0999, 1234.5].map(money),
            ["$1.11", "$0.00", "$0.0042", "$0.10", "$1,234.50"]
        );
    }

    #[test]
    fn intervals_show_what_is_known() {
        assert_eq!(interval_seconds(38.2, 1.1), "38 s [37, 39]");
        assert_eq!(interval_seconds(38.24, 0.25), "38.2 s [38.0, 38.5]");
        assert_eq!(interval_seconds(112.0, 2.0), "1m 52s [1m 50s, 1m 54s]");
        assert_eq!(interval_seconds(38.0, f64::INFINITY), "38.0 s");
        assert_eq!(interval_seconds(4.0, 0.0), "4.0 s [4.0, 4.0]");
        assert_eq!(difference_seconds(38.2, 1.1), "38 s [37, 39]");
        assert_eq!(difference_seconds(19.3, 116.3), "19.3 s [-1m 37s, 2m 16s]");
        assert_eq!(difference_seconds(-2.0, f64::INFINITY), "-2.0 s");
        assert_eq!(interval_percent(0.971, 0.968, 0.974), "97.1 % [96.8, 97.4]");
        assert_eq!(interval_percent(-1e-9, -1e-8, 0.0), "0.000 % [0.000, 0.000]");
        assert_eq!(interval_percent(1.0, 1.0, 1.0), "100.0 % [100.0, 100.0]");
        assert_eq!(interval(1.351, 0.04), "1.35 [1.31, 1.39]");
        assert_eq!(interval(f64::NAN, 0.1), "–");
    }
}
