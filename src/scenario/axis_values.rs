//! Values of an axis: an expanded range or list.

use crate::scenario::node::{Node, NodeKind, quoted};

/// Most values of one axis.
pub const MAX_VALUES: usize = 1_000_000;

/// Expands the values of an axis.
///
/// # Errors
///
/// An invalid range, no values, or too many.
pub(super) fn values(node: &Node) -> Result<Vec<Node>, String> {
    match &node.kind {
        NodeKind::List(items) if items.is_empty() => Err("has no values".to_owned()),
        NodeKind::List(items) if items.len() > MAX_VALUES => Err(too_many(items.len())),
        NodeKind::List(items) => Ok(items.clone()),
        NodeKind::Text(text) => {
            let kinds = range(text)?;
            Ok(kinds.into_iter().map(|kind| Node { kind, ..*node }).collect())
        }
        _ => Err(format!("{node} is neither a range nor a list")),
    }
}

fn too_many(values: usize) -> String {
    format!("{values} values on one axis; the limit is {MAX_VALUES}")
}

/// Expands `low..high`, `low..high by step` or `low..high by xfactor`; the upper end is included if a step meets it.
fn range(text: &str) -> Result<Vec<NodeKind>, String> {
    let wrong = || format!("{} is not a range", quoted(text));
    let (ends, step) = text.split_once(" by ").map_or((text, None), |(ends, step)| (ends, Some(step.trim())));
    let (low, high) = ends.split_once("..").ok_or_else(wrong)?;
    let factor = step.and_then(|step| step.strip_prefix('x'));
    let decimal = |text: &str| Decimal::read(text.trim());
    let (low, high) = (decimal(low).ok_or_else(wrong)?, decimal(high).ok_or_else(wrong)?);
    let step = factor.or(step).map_or(Some(Decimal { units: 1, places: 0 }), decimal).ok_or_else(wrong)?;
    let places = low.places.max(high.places).max(if factor.is_some() { 0 } else { step.places });
    let (first, last) = (low.at(places), high.at(places));
    if first > last {
        return Err(format!("{} is empty: the lower end comes first", quoted(text)));
    }
    let by = if factor.is_some() { step.units } else { step.at(places) };
    if factor.is_some() && (step.places > 0 || by < 2 || first <= 0) {
        return Err(format!("{} never ends: it needs a factor of 2 or more and a start above 0", quoted(text)));
    }
    if by <= 0 {
        return Err(format!("{} never ends: its step is not above 0", quoted(text)));
    }
    let many = (last - first) / by + 1;
    if factor.is_none() && many > MAX_VALUES as i128 {
        return Err(too_many(usize::try_from(many).unwrap_or(usize::MAX)));
    }
    let next = |value: i128| if factor.is_some() { value.saturating_mul(by) } else { value + by };
    let values = std::iter::successors(Some(first), |&value| Some(next(value)).filter(|&next| next <= last));
    Ok(values.map(|units| Decimal { units, places }.kind()).collect())
}

/// Exact decimal number `units` / 10^`places`, so that steps of 0.1 meet the upper end.
#[derive(Clone, Copy)]
struct Decimal {
    units: i128,
    places: u32,
}

impl Decimal {
    /// Parses a decimal number of up to 15 digits.
    fn read(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = format!("{whole}{fraction}");
        let unsigned = digits.strip_prefix('-').unwrap_or(&digits);
        let plain = !whole.is_empty() && !fraction.is_empty() && unsigned.len() <= 16;
        if !plain || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Decimal { units: digits.parse().ok()?, places: fraction.len() as u32 }.reduced())
    }

    fn reduced(mut self) -> Decimal {
        while self.places > 0 && self.units % 10 == 0 {
            self = Decimal { units: self.units / 10, places: self.places - 1 };
        }
        self
    }

    /// Returns the units at a number of decimal places, at least its own.
    fn at(self, places: u32) -> i128 {
        self.units * 10i128.pow(places - self.places)
    }

    fn kind(self) -> NodeKind {
        let Decimal { units, places } = self.reduced();
        if places == 0 { NodeKind::Int(units) } else { NodeKind::Float(units as f64 / 10i128.pow(places) as f64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let node = Node::new(NodeKind::Text(text.to_owned()));
        values(&node).map_or_else(|message| message, |values| Node::new(NodeKind::List(values)).to_string())
    }

    #[test]
    fn ranges() {
        for (text, expected) in [
            ("1..4", "[1, 2, 3, 4]"),
            ("1..10 by 4", "[1, 5, 9]"),
            ("1..64 by x2", "[1, 2, 4, 8, 16, 32, 64]"),
            ("0..0.5 by 0.1", "[0, 0.1, 0.2, 0.3, 0.4, 0.5]"),
            ("-1 .. 1", "[-1, 0, 1]"),
            ("3..3", "[3]"),
            ("4..1", "\"4..1\" is empty: the lower end comes first"),
            ("1..4 by 0", "\"1..4 by 0\" never ends: its step is not above 0"),
            ("0..4 by x2", "\"0..4 by x2\" never ends: it needs a factor of 2 or more and a start above 0"),
            ("1..4 by x1", "\"1..4 by x1\" never ends: it needs a factor of 2 or more and a start above 0"),
            ("1..1000000000", "1000000000 values on one axis; the limit is 1000000"),
            ("one..two", "\"one..two\" is not a range"),
            ("7", "\"7\" is not a range"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_range_or_an_error(text in "-?[0-9.]{0,5}[.]{0,3}[0-9.]{0,5}( by )?x?[0-9.]{0,3}|.{0,9}") {
            let node = Node::new(NodeKind::Text(text));
            prop_assert!(values(&node).is_ok_and(|values| values.len() <= MAX_VALUES) || values(&node).is_err());
        }
    }
}
