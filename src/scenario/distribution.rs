//! Parser of distributions: `lognormal(mean=4s, cv=0.5)`, or a constant.

use crate::engine::Dist;
use crate::problem::quantity::Unit;
use crate::problem::suggest::suggestion;
use crate::scenario::node::{Node, NodeKind};

/// Most values of an empirical distribution.
pub const MAX_OBSERVED: usize = 1_000_000;

/// Family of distributions and its notation, for docs and messages.
pub struct Family {
    /// Name.
    pub name: &'static str,
    /// Parameters, with an example.
    pub takes: &'static str,
    /// Description.
    pub about: &'static str,
}

/// Families of distributions.
pub static FAMILIES: &[Family] = &[
    Family { name: "constant", takes: "one value: constant(4s), or just 4s", about: "a constant" },
    Family {
        name: "uniform",
        takes: "low and high: uniform(2s..6s)",
        about: "all values of an interval, equally likely",
    },
    Family { name: "exponential", takes: "mean: exponential(mean=4s)", about: "memoryless" },
    Family {
        name: "lognormal",
        takes: "mean and cv, median and sigma, or mu and sigma (of the logarithm): lognormal(mean=4s, cv=0.5)",
        about: "the usual shape of latencies: right-skewed, with a long tail",
    },
    Family {
        name: "gamma",
        takes: "mean and cv, or shape and scale: gamma(mean=4s, cv=0.5)",
        about: "a sum of exponential stages",
    },
    Family {
        name: "weibull",
        takes: "mean and shape, or shape and scale: weibull(mean=4s, shape=0.8)",
        about: "heavier tailed than exponential for a shape below 1",
    },
    Family {
        name: "empirical",
        takes: "a file of plain numbers, or a list: empirical(latencies.txt), empirical([1s, 2s])",
        about: "observed values, interpolated",
    },
];

/// Parsed distribution.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written<'a> {
    /// Complete.
    Here(Dist),
    /// Empirical distribution with its values in a file; see [`observed`].
    File(&'a str),
}

/// Parses a distribution of quantities of a unit.
///
/// # Errors
///
/// A description of the error.
pub(super) fn read(node: &Node, unit: Unit) -> Result<Written<'_>, String> {
    let written = match &node.kind {
        NodeKind::Text(text) => from_text(text, unit)?,
        NodeKind::Int(_) | NodeKind::Float(_) if unit == Unit::Seconds => {
            return Err(format!("{node} has no unit; write \"{node}s\""));
        }
        NodeKind::Int(_) | NodeKind::Float(_) => Written::Here(Dist::Constant(unit.read(&node.to_string())?)),
        _ => return Err(format!("{node} is not a distribution")),
    };
    match written {
        Written::Here(dist) if unit != Unit::Seconds && dist.mean() <= 0.0 => Err(format!("{node} is not above 0")),
        written => Ok(written),
    }
}

fn from_text(text: &str, unit: Unit) -> Result<Written<'_>, String> {
    let text = text.trim();
    let Some((name, arguments)) = text.split_once('(') else {
        let is_name = FAMILIES.iter().any(|family| family.name == text);
        if is_name || text.starts_with(char::is_alphabetic) {
            return Err(match family(text) {
                Ok(family) => format!("\"{text}\" lacks its parameters: it takes {}", family.takes),
                Err(message) => message,
            });
        }
        return unit.read(text).map(|value| Written::Here(Dist::Constant(value)));
    };
    let family = family(name.trim())?;
    let Some(arguments) = arguments.strip_suffix(')') else {
        return Err(format!("\"{text}\" has no closing parenthesis; inside {{ }} it needs quotes"));
    };
    if family.name == "empirical" {
        let list = arguments.trim();
        let bare = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        if bare.is_none() && unit.read(list.split(',').next().unwrap_or("")).is_err() {
            return if list.is_empty() { Err(lacks(family, text)) } else { Ok(Written::File(list)) };
        }
        let values = bare.unwrap_or(list).split(',').map(|value| unit.read(value.trim()));
        return sorted(values.collect::<Result<_, _>>()?).map(Written::Here);
    }
    let arguments = Arguments::new(arguments, unit);
    let dist = arguments.dist(family.name)?.ok_or_else(|| lacks(family, text))?;
    if dist.mean().is_finite() { Ok(Written::Here(dist)) } else { Err(format!("the mean of {text} is not finite")) }
}

fn family(name: &str) -> Result<&'static Family, String> {
    FAMILIES.iter().find(|family| family.name == name).ok_or_else(|| {
        let names = FAMILIES.iter().map(|family| family.name);
        format!("\"{name}\" is not a distribution{}", suggestion(name, names))
    })
}

fn lacks(family: &Family, text: &str) -> String {
    format!("\"{text}\" does not fit: {} takes {}", family.name, family.takes)
}

/// Parses the values of a file: plain numbers in seconds or tokens, one a line or separated by commas.
///
/// # Errors
///
/// The first invalid number, no values, or too many.
pub(super) fn observed(bytes: &[u8]) -> Result<Dist, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
    let mut values = Vec::new();
    for (line, row) in text.lines().enumerate() {
        for cell in row.split(',').map(str::trim).filter(|cell| !cell.is_empty()) {
            match cell.parse::<f64>() {
                Ok(value) if (0.0..=1e12).contains(&value) => values.push(value),
                _ => return Err(format!("line {}: \"{}\" is not a number from 0 up", line + 1, shortened(cell))),
            }
        }
    }
    sorted(values)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn sorted(mut values: Vec<f64>) -> Result<Dist, String> {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => Err("there are no values".to_owned()),
        1..=MAX_OBSERVED => Ok(Dist::Empirical(values)),
        many => Err(format!("{many} values; the limit is {MAX_OBSERVED}")),
    }
}

/// Arguments between the parentheses.
struct Arguments<'a> {
    /// Name, possibly empty, and value.
    list: Vec<(&'a str, &'a str)>,
    unit: Unit,
}

impl<'a> Arguments<'a> {
    fn new(text: &'a str, unit: Unit) -> Arguments<'a> {
        let split = |part: &'a str| part.split_once('=').unwrap_or(("", part));
        let list = text.split(',').map(split).map(|(name, value)| (name.trim(), value.trim()));
        Arguments { list: list.collect(), unit }
    }

    /// Returns the distribution; `None` if the arguments are not those of the family.
    fn dist(&self, family: &str) -> Result<Option<Dist>, String> {
        Ok(Some(match family {
            "constant" => {
                let Some([value]) = self.named([""]).or_else(|| self.named(["value"])) else { return Ok(None) };
                Dist::Constant(self.quantity(value)?)
            }
            "exponential" => {
                let Some([mean]) = self.named(["mean"]).or_else(|| self.named([""])) else { return Ok(None) };
                Dist::Exponential { mean: self.positive("mean", mean)? }
            }
            "uniform" => {
                let ends = self.named([""]).and_then(|[range]| range.split_once(".."));
                let Some((low, high)) = ends.or_else(|| self.named(["low", "high"]).map(|[low, high]| (low, high)))
                else {
                    return Ok(None);
                };
                let (low, high) = (self.quantity(low)?, self.quantity(high)?);
                if low > high {
                    return Err("uniform: the low end is above the high end".to_owned());
                }
                Dist::Uniform { low, high }
            }
            "lognormal" => {
                if let Some([mean, cv]) = self.named(["mean", "cv"]) {
                    Dist::lognormal_mean_cv(self.positive("mean", mean)?, between("cv", cv, 0.0, 10.0)?)
                } else if let Some([median, sigma]) = self.named(["median", "sigma"]) {
                    Dist::lognormal_median_sigma(self.positive("median", median)?, between("sigma", sigma, 0.0, 5.0)?)
                } else if let Some([mu, sigma]) = self.named(["mu", "sigma"]) {
                    Dist::Lognormal { mu: between("mu", mu, -30.0, 30.0)?, sigma: between("sigma", sigma, 0.0, 5.0)? }
                } else {
                    return Ok(None);
                }
            }
            "gamma" => {
                if let Some([mean, cv]) = self.named(["mean", "cv"]) {
                    Dist::gamma_mean_cv(self.positive("mean", mean)?, between("cv", cv, 0.01, 10.0)?)
                } else if let Some([shape, scale]) = self.named(["shape", "scale"]) {
                    Dist::Gamma { shape: between("shape", shape, 0.01, 1e4)?, scale: self.positive("scale", scale)? }
                } else {
                    return Ok(None);
                }
            }
            "weibull" => {
                if let Some([mean, shape]) = self.named(["mean", "shape"]) {
                    Dist::weibull_mean_shape(self.positive("mean", mean)?, between("shape", shape, 0.1, 100.0)?)
                } else if let Some([shape, scale]) = self.named(["shape", "scale"]) {
                    Dist::Weibull { shape: between("shape", shape, 0.1, 100.0)?, scale: self.positive("scale", scale)? }
                } else {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        }))
    }

    /// Returns the values of these names, if the arguments have exactly these names.
    fn named<const N: usize>(&self, names: [&str; N]) -> Option<[&'a str; N]> {
        let find = |name: &str| self.list.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
        let all_there = self.list.len() == N && names.iter().all(|name| find(name).is_some());
        all_there.then(|| names.map(|name| find(name).unwrap_or_default()))
    }

    fn quantity(&self, text: &str) -> Result<f64, String> {
        self.unit.read(text)
    }

    fn positive(&self, name: &str, text: &str) -> Result<f64, String> {
        let value = self.quantity(text).map_err(|message| format!("{name}: {message}"))?;
        if value > 0.0 { Ok(value) } else { Err(format!("{name}: {text} is not above 0")) }
    }
}

fn between(name: &str, text: &str, low: f64, high: f64) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        Ok(_) => Err(format!("{name}: {text} is not from {low} to {high}")),
        Err(_) => Err(format!("{name}: \"{}\" is not a number", shortened(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let node = Node::new(NodeKind::Text(text.to_owned()));
        read(&node, Unit::Seconds).map_or_else(|message| message, |written| format!("{written:?}"))
    }

    #[test]
    fn every_family_in_every_form() {
        for (text, expected) in [
            ("4s", "Here(Constant(4.0))"),
            ("constant(250ms)", "Here(Constant(0.25))"),
            ("uniform(1s..3s)", "Here(Uniform { low: 1.0, high: 3.0 })"),
            ("uniform( high = 3s , low = 1s )", "Here(Uniform { low: 1.0, high: 3.0 })"),
            ("exponential(mean=1m)", "Here(Exponential { mean: 60.0 })"),
            ("lognormal(mu=2.5, sigma=0.6)", "Here(Lognormal { mu: 2.5, sigma: 0.6 })"),
            ("lognormal(median=1s, sigma=0.6)", "Here(Lognormal { mu: 0.0, sigma: 0.6 })"),
            ("gamma(mean=4s, cv=0.5)", "Here(Gamma { shape: 4.0, scale: 1.0 })"),
            ("gamma(shape=2, scale=3s)", "Here(Gamma { shape: 2.0, scale: 3.0 })"),
            ("weibull(shape=2, scale=3s)", "Here(Weibull { shape: 2.0, scale: 3.0 })"),
            ("empirical([2s, 1s])", "Here(Empirical([1.0, 2.0]))"),
            ("empirical(2s, 1s)", "Here(Empirical([1.0, 2.0]))"),
            ("empirical(data/latencies.txt)", "File(\"data/latencies.txt\")"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        for (text, mean) in [("lognormal(mean=4s, cv=0.5)", 4.0), ("weibull(mean=4s, shape=0.8)", 4.0)] {
            let node = Node::new(NodeKind::Text(text.to_owned()));
            let Ok(Written::Here(dist)) = read(&node, Unit::Seconds) else { panic!("{text}") };
            assert!((dist.mean() - mean).abs() < 1e-12, "{text}");
        }
        let tokens = Node::new(NodeKind::Int(110));
        assert_eq!(read(&tokens, Unit::Tokens), Ok(Written::Here(Dist::Constant(110.0))));
    }

    #[test]
    fn errors_are_specific() {
        for (text, expected) in [
            ("lognormal(mean=-3s, cv=1)", "mean: -3s is negative"),
            ("lognormal(mean=0s, cv=1)", "mean: 0s is not above 0"),
            ("lognormal(mean=3, cv=1)", "mean: 3 has no unit; write \"3s\""),
            ("lognormal(mean=3s, cv=NaN)", "cv: NaN is not from 0 to 10"),
            ("lognorml(mean=3s, cv=1)", "\"lognorml\" is not a distribution; did you mean \"lognormal\"?"),
            ("lognormal(mean=3s", "\"lognormal(mean=3s\" has no closing parenthesis; inside { } it needs quotes"),
            (
                "exponential(rate=3s)",
                "\"exponential(rate=3s)\" does not fit: exponential takes mean: exponential(mean=4s)",
            ),
            ("uniform(3s..1s)", "uniform: the low end is above the high end"),
            ("empirical([1s, -1s])", "-1s is negative"),
            (
                "gamma",
                "\"gamma\" lacks its parameters: it takes mean and cv, or shape and scale: gamma(mean=4s, cv=0.5)",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(observed(b"1\n2, 3\n"), Ok(Dist::Empirical(vec![1.0, 2.0, 3.0])));
        assert_eq!(observed(b"1\nx\n"), Err("line 2: \"x\" is not a number from 0 up".to_owned()));
        assert_eq!(observed(b""), Err("there are no values".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_a_distribution_or_an_error(
            family in prop::sample::select(FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>()),
            arguments in "(mean|cv|mu|sigma|shape|scale|low|median)?=?[-0-9.e]{0,5}s?,? ?(cv|shape|sigma)?=?[-0-9.e]{0,5}",
        ) {
            let node = Node::new(NodeKind::Text(format!("{family}({arguments})")));
            if let Ok(Written::Here(dist)) = read(&node, Unit::Seconds) {
                let mean = dist.mean();
                prop_assert!(mean >= 0.0 && mean.is_finite(), "{dist:?}");
            }
        }
    }
}
