//! Scales, linear and logarithmic, and the round values at which they are labelled.

use std::iter::successors;

use crate::engine::math;
use crate::report::render::number;

/// Most steps of an axis.
pub(crate) const MOST_STEPS: f64 = 6.0;
/// Ratio of the greatest to the least value from which an axis is logarithmic.
const WIDE: f64 = 32.0;
/// Columns of the longest label beside an axis.
const LONGEST: usize = 9;
/// Most chosen values that are all labelled.
const MOST_CHOSEN: usize = 12;
/// Round times in seconds: steps of a linear axis.
const TIMES: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 18_000.0, 36_000.0,
    86_400.0, 172_800.0, 432_000.0, 864_000.0,
];
/// Round times in seconds: labels of a logarithmic axis that is long.
const LOG_TIMES: [f64; 14] =
    [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 36_000.0, 86_400.0];

/// A side of a chart.
pub(crate) struct ChartAxis {
    /// Its title.
    pub(crate) title: String,
    /// Format of a value.
    pub(crate) shown: fn(f64) -> String,
    /// Kind of values.
    pub(crate) unit: AxisUnit,
    /// True for chosen values, such as team sizes, which are labelled themselves.
    pub(crate) is_chosen: bool,
    /// Fixed range; else it follows from the values.
    pub(crate) range: Option<AxisRange>,
}

/// Kind of values on an axis; determines the round steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AxisUnit {
    /// Any number.
    Number,
    /// A whole number.
    Whole,
    /// A time in seconds.
    Time,
}

/// The values that an axis covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AxisRange {
    /// The least.
    pub(crate) low: f64,
    /// The greatest.
    pub(crate) high: f64,
    /// True if equal distances are equal ratios.
    pub(crate) is_log: bool,
}

/// Maps values to pixels.
pub(crate) struct AxisScale {
    /// The values.
    pub(crate) range: AxisRange,
    /// Pixel of the least value.
    pub(crate) from: f64,
    /// Pixel of the greatest value.
    pub(crate) to: f64,
}

impl Default for ChartAxis {
    fn default() -> ChartAxis {
        ChartAxis::new("", number::plain)
    }
}

impl ChartAxis {
    /// An axis of measured numbers.
    pub(crate) fn new(title: impl Into<String>, shown: fn(f64) -> String) -> ChartAxis {
        ChartAxis { title: title.into(), shown, unit: AxisUnit::Number, is_chosen: false, range: None }
    }

    /// An axis of times in seconds.
    pub(crate) fn time(title: impl Into<String>) -> ChartAxis {
        ChartAxis { unit: AxisUnit::Time, ..ChartAxis::new(title, number::seconds) }
    }

    /// An axis of chosen values.
    pub(crate) fn chosen(title: impl Into<String>, unit: AxisUnit) -> ChartAxis {
        ChartAxis { unit, is_chosen: true, ..ChartAxis::new(title, number::plain) }
    }

    /// The same axis with a range of its own.
    pub(crate) fn within(self, range: AxisRange) -> ChartAxis {
        ChartAxis { range: Some(range), ..self }
    }

    /// Label of a value, in scientific notation where it would be long.
    pub(crate) fn label(&self, value: f64) -> String {
        let text = (self.shown)(value);
        if text.chars().count() <= LONGEST { text } else { format!("{value:.1e}") }
    }

    /// Range of values between these, if it is not set.
    pub(crate) fn range(&self, least: f64, most: f64) -> AxisRange {
        if let Some(range) = self.range {
            return range;
        }
        if least > 0.0 && most / least >= WIDE {
            return AxisRange { low: least / 1.15, high: most * 1.15, is_log: true };
        }
        if !self.is_chosen && least >= 0.0 && most > 0.0 {
            return AxisRange { low: 0.0, high: most * 1.06, is_log: false };
        }
        let margin = if most > least { 0.05 * (most - least) } else { 0.5 * most.abs().max(1.0) };
        AxisRange { low: least - margin, high: most + margin, is_log: false }
    }

    /// Returns the values to label, given those on the axis in ascending order: few chosen values themselves, else round
    /// ones.
    pub(crate) fn ticks(&self, values: &[f64], range: AxisRange) -> Vec<f64> {
        let inside = |tick: &f64| (range.low..=range.high).contains(tick);
        match values {
            _ if !self.is_chosen && range.is_log && self.unit == AxisUnit::Time => {
                let times: Vec<f64> = TIMES.into_iter().filter(inside).collect();
                let is_dense = times.len() > MOST_STEPS as usize || range.low < 1.0;
                if is_dense { LOG_TIMES.into_iter().filter(inside).collect() } else { times }
            }
            _ if !self.is_chosen && range.is_log => round_values().filter(inside).collect(),
            _ if !self.is_chosen => self.steps(range.low, range.high, MOST_STEPS),
            _ if values.len() <= MOST_CHOSEN => values.to_vec(),
            [least, .., most] if range.is_log => {
                successors(Some(*least), |tick| Some(2.0 * tick)).take_while(|tick| tick <= most).collect()
            }
            [least, .., most] => {
                // The smallest team is labelled too.
                let steps = self.steps(*least, *most, MOST_STEPS).into_iter().filter(|tick| tick > least);
                std::iter::once(*least).chain(steps).collect()
            }
            _ => values.to_vec(),
        }
    }

    /// Multiples of a round step between two values, at most so many and two.
    pub(crate) fn steps(&self, low: f64, high: f64, most: f64) -> Vec<f64> {
        let step = self.step(high - low, most);
        let first = (low / step).ceil();
        let count = (high / step - first).floor().clamp(0.0, most + 1.0) as u32;
        (0..=count).map(|index| (first + f64::from(index)) * step).collect()
    }

    /// The least round step of which at most so many cover `span`.
    fn step(&self, span: f64, most: f64) -> f64 {
        let fits = |step: &f64| span / step <= most;
        let times = TIMES.into_iter().filter(|_| self.unit == AxisUnit::Time && span >= 1.0).find(fits);
        let least = if self.unit == AxisUnit::Whole { 1.0 } else { 0.0 };
        times.or_else(|| round_values().filter(|step| *step >= least).find(fits)).unwrap_or(span)
    }
}

impl AxisScale {
    /// Pixel of a value; values beyond the range are at its ends.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let AxisRange { low, high, is_log } = self.range;
        let bend = |value: f64| if is_log { math::ln(value.max(1e-300)) } else { value };
        let share = (bend(value) - bend(low)) / (bend(high) - bend(low));
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

/// Returns 1, 2 and 5 times the powers of ten, ascending. Parsing them avoids rounding errors of products.
fn round_values() -> impl Iterator<Item = f64> {
    (-12..=18).flat_map(|power| [1, 2, 5].map(|digit| format!("{digit}e{power}").parse().unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let (time, plain) = (ChartAxis::time(""), ChartAxis::new("", number::plain));
        assert_eq!(time.steps(0.0, 150.0, MOST_STEPS), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]);
        assert_eq!(plain.steps(0.0, 2.7, MOST_STEPS), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        assert_eq!(plain.steps(-0.3, 1.1, MOST_STEPS), [0.0, 0.5, 1.0]);
        for (seconds, step) in
            [(0.005, 0.0005), (8.0, 1.0), (118.0, 20.0), (1_412.0, 300.0), (3e5, 36_000.0), (8e5, 86_400.0)]
        {
            assert!((time.step(seconds, 10.0) - step).abs() < 1e-12, "{seconds}");
        }
    }

    #[test]
    fn chosen_values_are_labelled_while_they_are_few() {
        let axis = ChartAxis::chosen("agents", AxisUnit::Whole);
        let values: Vec<f64> = (1..=31).map(f64::from).collect();
        assert_eq!(axis.ticks(&values[..4], axis.range(1.0, 4.0)), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(axis.ticks(&values, axis.range(1.0, 31.0)), [1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
        let range = axis.range(1.0, 64.0);
        assert!(range.is_log);
        assert_eq!(axis.ticks(&[1.0; 13], range), [1.0]);
        let time = ChartAxis::time("");
        let ticks = |low, high| time.ticks(&[], AxisRange { low, high, is_log: true });
        assert_eq!(ticks(2.0, 700.0), [3.0, 10.0, 30.0, 60.0, 180.0, 600.0]);
        assert_eq!(ticks(25.0, 150.0), [30.0, 60.0, 120.0]);
    }
}
