//! Simulated time in whole microseconds: sums are exact and the same on every machine.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// Time since the start of the run, or a duration, in whole microseconds.
///
/// Addition saturates at [`Time::MAX`] (584,542 years). serde writes the number of microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Time(u64);

impl Time {
    /// Start of a run.
    pub const ZERO: Time = Time(0);
    /// Greatest time; later than every event.
    pub const MAX: Time = Time(u64::MAX);

    /// Returns a time of `us` microseconds.
    #[inline]
    pub const fn from_us(us: u64) -> Time {
        Time(us)
    }

    /// Returns the nearest microsecond to `seconds`; negative values and NaN give 0, too large ones [`Time::MAX`].
    #[inline]
    pub fn from_secs(seconds: f64) -> Time {
        Time::from_us_f64(seconds * 1e6)
    }

    /// Returns the nearest whole microsecond to `us`, within the same limits as [`Time::from_secs`].
    #[inline]
    pub fn from_us_f64(us: f64) -> Time {
        // A cast from float saturates and maps NaN to 0; the cast to a signed number is faster.
        let us = us + 0.5;
        Time(if us < 9e18 { (us as i64).max(0) as u64 } else { us as u64 })
    }

    /// Returns the microseconds.
    #[inline]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Returns the seconds.
    #[inline]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Returns the time since `earlier`, or 0 if `earlier` is later.
    #[inline]
    pub const fn since(self, earlier: Time) -> Time {
        Time(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Time {
    type Output = Time;
    #[inline]
    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Time {
    #[inline]
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}

impl Sub for Time {
    type Output = Time;
    #[inline]
    fn sub(self, other: Time) -> Time {
        self.since(other)
    }
}

impl Sum for Time {
    fn sum<I: Iterator<Item = Time>>(times: I) -> Time {
        times.fold(Time::ZERO, Add::add)
    }
}

/// Formats with two significant units: `840 ms`, `4.2 s`, `1m 52s`, `3h 05m`, `2d 04h`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_secs();
        let whole = (self.0 + 500_000) / 1_000_000;
        let text = match self.0 {
            0 => "0 s".to_owned(),
            1..1_000 => format!("{} µs", self.0),
            1_000..999_500 => format!("{:.0} ms", seconds * 1e3),
            999_500..59_950_000 => format!("{seconds:.1} s"),
            59_950_000..3_599_500_000 => format!("{}m {:02}s", whole / 60, whole % 60),
            3_599_500_000..86_370_000_000 => {
                let minutes = (whole + 30) / 60;
                format!("{}h {:02}m", minutes / 60, minutes % 60)
            }
            _ => {
                let hours = (whole + 1800) / 3600;
                format!("{}d {:02}h", hours / 24, hours % 24)
            }
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}us", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn displays_with_units() {
        for (us, text) in [
            (0, "0 s"),
            (7, "7 µs"),
            (840_000, "840 ms"),
            (4_200_000, "4.2 s"),
            (59_949_999, "59.9 s"),
            (59_999_999, "1m 00s"),
            (112_000_000, "1m 52s"),
            (3_599_600_000, "1h 00m"),
            (11_100_000_000, "3h 05m"),
            (187_200_000_000, "2d 04h"),
        ] {
            assert_eq!(Time::from_us(us).to_string(), text);
        }
    }

    #[test]
    fn conversion_is_total() {
        assert_eq!(Time::from_secs(-1.0), Time::ZERO);
        assert_eq!(Time::from_secs(f64::NAN), Time::ZERO);
        assert_eq!(Time::from_secs(f64::INFINITY), Time::MAX);
        assert_eq!(Time::from_secs(0.000_001_4), Time::from_us(1));
        assert_eq!(Time::MAX + Time::from_us(1), Time::MAX);
    }
}
