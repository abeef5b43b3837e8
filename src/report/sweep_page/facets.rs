//! Layout of the points of a sweep: along one axis a line an architecture, and a facet for every combination of the
//! values on all other axes.

use std::collections::{BTreeMap, BTreeSet};

use crate::experiment::result::{is_agents, short};
use crate::experiment::{Curve, PointResult, SweepResult};

/// The horizontal axis of the pictures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Along {
    /// The team's size.
    Agents,
    /// Index of another axis of the sweep; all its values are numbers.
    Axis(usize),
}

/// Layout of all points.
pub(super) struct Layout<'a> {
    pub(super) along: Along,
    /// Indices of the axes that separate facets.
    pub(super) others: Vec<usize>,
    pub(super) facets: Vec<Facet<'a>>,
    /// Architectures in order of first appearance; the index selects the mark.
    pub(super) architectures: Vec<&'a str>,
}

/// Points that differ in architecture and on the horizontal axis only.
pub(super) struct Facet<'a> {
    /// The values on the other axes.
    pub(super) values: Vec<&'a str>,
    pub(super) lines: Vec<FacetLine<'a>>,
}

/// Points that differ on the horizontal axis only, in its order.
pub(super) struct FacetLine<'a> {
    /// Index of the architecture.
    pub(super) style: usize,
    pub(super) rows: Vec<(f64, &'a PointResult)>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(sweep: &'a SweepResult) -> Layout<'a> {
        let along = along(sweep);
        let is_other = |index: &usize| {
            let path = sweep.axes.get(*index).map_or("", String::as_str);
            path != "architecture"
                && along != Along::Axis(*index)
                && !(along == Along::Agents && is_agents(path))
                && has_several(sweep, *index)
        };
        let others: Vec<usize> = (0..sweep.axes.len()).filter(is_other).collect();
        let mut layout = Layout { along, others, facets: Vec::new(), architectures: Vec::new() };
        let mut known: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        let mut styles: BTreeMap<&str, usize> = BTreeMap::new();
        let mut lines: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for row in &sweep.rows {
            let Some(x) = layout.x(row) else { continue };
            let values: Vec<&str> = layout.others.iter().map(|&index| value(row, index)).collect();
            let facet = *known.entry(values).or_insert_with_key(|values| {
                layout.facets.push(Facet { values: values.clone(), lines: Vec::new() });
                layout.facets.len() - 1
            });
            let (own, architectures) = (architecture(sweep, row), &mut layout.architectures);
            let style = *styles.entry(own).or_insert_with(|| {
                architectures.push(own);
                architectures.len() - 1
            });
            let own = &mut layout.facets[facet].lines;
            let line = *lines.entry((facet, style)).or_insert_with(|| {
                own.push(FacetLine { style, rows: Vec::new() });
                own.len() - 1
            });
            own[line].rows.push((x, row));
        }
        for line in layout.facets.iter_mut().flat_map(|facet| &mut facet.lines) {
            line.rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        layout
    }

    /// Value of a row on the horizontal axis.
    fn x(&self, row: &PointResult) -> Option<f64> {
        match self.along {
            Along::Agents => Some(f64::from(row.agents)),
            Along::Axis(index) => value(row, index).parse().ok(),
        }
    }

    /// Title of the horizontal axis.
    pub(super) fn x_title<'s>(&self, sweep: &'s SweepResult) -> &'s str {
        match self.along {
            Along::Agents => "agents",
            Along::Axis(index) => sweep.axes.get(index).map_or("", |path| short(path)),
        }
    }

    /// Number of values on the horizontal axis.
    pub(super) fn width(&self) -> usize {
        let rows = self.facets.iter().flat_map(|facet| &facet.lines).flat_map(|line| &line.rows);
        rows.map(|(x, _)| x.to_bits()).collect::<BTreeSet<u64>>().len()
    }

    /// True if no two points share their values on the other axes, as in a Latin hypercube: no team competes with
    /// another.
    pub(super) fn is_scattered(&self) -> bool {
        self.facets.len() > 1 && self.facets.iter().all(|facet| facet.rows().nth(1).is_none())
    }

    /// Values common to the points of a facet; empty if they are common to all points.
    pub(super) fn name(&self, sweep: &SweepResult, facet: &Facet<'_>) -> String {
        let axes = self.others.iter().filter_map(|&index| sweep.axes.get(index));
        let named: Vec<String> =
            axes.zip(&facet.values).map(|(path, value)| format!("{} {value}", short(path))).collect();
        named.join(", ")
    }
}

impl<'a> Facet<'a> {
    pub(super) fn rows(&self) -> impl Iterator<Item = &'a PointResult> {
        self.lines.iter().flat_map(|line| line.rows.iter().map(|(_, row)| *row))
    }
}

impl<'a> FacetLine<'a> {
    /// The line as a scaling curve.
    pub(super) fn curve(&self) -> Curve<'a> {
        Curve { label: String::new(), rows: self.rows.iter().map(|(_, row)| *row).collect() }
    }
}

/// Returns the architecture of a row: its value on the axis, with parameters, or the common one.
pub(super) fn architecture<'a>(sweep: &SweepResult, row: &'a PointResult) -> &'a str {
    let axis = sweep.axes.iter().position(|path| path == "architecture").and_then(|index| row.axes.get(index));
    axis.unwrap_or(&row.architecture)
}

/// True if an axis has two values or more.
fn has_several(sweep: &SweepResult, index: usize) -> bool {
    let first = sweep.rows.first().map_or("", |row| value(row, index));
    sweep.rows.iter().any(|row| value(row, index) != first)
}

fn value(row: &PointResult, index: usize) -> &str {
    row.axes.get(index).map_or("", String::as_str)
}

/// Team size if there are several; else the axis of numbers with the most values.
fn along(sweep: &SweepResult) -> Along {
    let first = sweep.rows.first();
    if sweep.rows.iter().any(|row| first.is_some_and(|first| first.agents != row.agents)) {
        return Along::Agents;
    }
    let mut best = (1, Along::Agents);
    for (index, path) in sweep.axes.iter().enumerate().filter(|(_, path)| !is_agents(path)) {
        let values: BTreeSet<&str> = sweep.rows.iter().map(|row| value(row, index)).collect();
        let is_number = |value: &&str| value.parse::<f64>().is_ok_and(f64::is_finite);
        if path != "architecture" && values.len() > best.0 && values.iter().all(is_number) {
            best = (values.len(), Along::Axis(index));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn every_point_is_in_one_place() {
        let sweep = sweep();
        let layout = Layout::of(&sweep);
        assert_eq!((layout.along, layout.others.as_slice(), layout.width()), (Along::Agents, &[][..], 3));
        assert_eq!(layout.architectures, ["preassigned", "self_claim"]);
        assert_eq!(layout.facets.len(), 1);
        assert_eq!((layout.name(&sweep, &layout.facets[0]).as_str(), layout.facets[0].rows().count()), ("", 6));
        // An axis with a single value separates no facets.
        let mut two = sweep.clone();
        two.rows[3].axes[2] = "other".to_owned();
        let layout = Layout::of(&two);
        let names: Vec<String> = layout.facets.iter().map(|facet| layout.name(&two, facet)).collect();
        assert_eq!(names, ["kind a <b> & \"c\"", "kind other"]);
        assert_eq!(layout.facets.iter().map(|facet| facet.rows().count()).collect::<Vec<_>>(), [5, 1]);
    }

    #[test]
    fn without_team_sizes_another_axis_of_numbers_is_taken() {
        let mut sweep = sweep();
        sweep.rows.retain(|row| row.architecture == "preassigned");
        for (index, row) in sweep.rows.iter_mut().enumerate() {
            row.agents = 4;
            row.axes[1] = "4".to_owned();
            row.axes[2] = format!("0.{}", 9 - index);
        }
        let layout = Layout::of(&sweep);
        assert_eq!((layout.along, layout.x_title(&sweep), layout.width()), (Along::Axis(2), "kind", 3));
        let xs: Vec<f64> = layout.facets[0].lines[0].rows.iter().map(|(x, _)| *x).collect();
        assert_eq!(xs, [0.7, 0.8, 0.9]);
        sweep.rows[0].axes[2] = "words".to_owned();
        assert_eq!((Layout::of(&sweep).along, Layout::of(&sweep).facets.len()), (Along::Agents, 3));
        sweep.rows.clear();
        assert!(Layout::of(&sweep).facets.is_empty());
    }
}
