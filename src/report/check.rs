//! Report of `brooks check` and `brooks baseline review`: verdict, differences, advice.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::experiment::baseline::COMPLETED;
use crate::experiment::baseline::contract::{BoundedFigure, ClaimKind, point_name};
use crate::experiment::baseline::{
    AssertOutcome, CheckVerdict, Checked, ClaimStatus, Difference, MetricOutcome, Overall, PointOutcome, RuleOutcome,
};
use crate::problem::plural;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, Tint, markdown};
use crate::scenario::library::{self, SCENARIOS};

/// Most rows of a printed table; files have all.
const MOST_ROWS: usize = 40;

/// Outcome of the check of one scenario.
#[derive(Clone, Debug)]
pub struct CheckedScenario {
    /// Scenario name.
    pub scenario: String,
    /// Path of the scenario file, or name of a built-in scenario.
    pub source: String,
    /// Path of the baseline, if there is one.
    pub baseline: Option<String>,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// Replications in the baseline.
    pub replications: u64,
    /// The seed.
    pub seed: u64,
    /// Outcomes of points and curves.
    pub checked: Option<Checked>,
    /// Outcomes of claims.
    pub claims: Vec<AssertOutcome>,
    /// Notes, for example that another version recorded the baseline.
    pub notes: Vec<String>,
    /// Next steps.
    pub advice: Vec<String>,
}

impl CheckedScenario {
    /// Returns the overall verdict; with `strict` an equivalent point counts as changed.
    pub fn overall(&self, strict: bool) -> Overall {
        let points = self.points().iter().map(|point| Overall::new(point.verdict, strict));
        let rules = self.rules().iter().map(|rule| Overall::new(rule.verdict, strict));
        let claims = self.claims.iter().map(|claim| overall_of(claim.status));
        points.chain(rules).chain(claims).max().unwrap_or(Overall::Pass)
    }

    /// Returns the points.
    pub fn points(&self) -> &[PointOutcome] {
        self.checked.as_ref().map_or(&[], |checked| &checked.points)
    }

    /// Returns the rules of the curves.
    pub fn rules(&self) -> &[RuleOutcome] {
        self.checked.as_ref().map_or(&[], |checked| &checked.rules)
    }

    /// Returns the file to which a finding belongs: the scenario's, or the baseline of a built-in scenario.
    pub fn file(&self) -> &str {
        match &self.baseline {
            Some(baseline) if library::find(SCENARIOS, &self.source).is_some() => baseline,
            _ => &self.source,
        }
    }

    /// Names a point: `preassigned, 4 agents`.
    pub fn place(&self, point: &PointOutcome) -> String {
        point_name(&self.axes, &point.axes, point.agents)
    }

    /// Returns the outcome without a verdict, for a review.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Some(checked) = &self.checked {
            parts.push(verdict_of_points(checked));
            let gravest = checked.points.iter().filter(|point| point.verdict.is_change()).max_by(|a, b| {
                let beyond = |point: &PointOutcome| (point.verdict, beyond(point));
                let ((verdict, there), (other, here)) = (beyond(a), beyond(b));
                verdict.cmp(&other).then(there.total_cmp(&here))
            });
            parts.extend(gravest.map(|point| format!("most: {}", reason(self, point))));
            let changed: Vec<String> =
                checked.rules.iter().filter(|rule| rule.verdict.is_change()).map(rule_name).collect();
            if !changed.is_empty() {
                parts.push(format!("the curve changed: {}", changed.join("; ")));
            }
        }
        if !self.claims.is_empty() {
            parts.push(verdict_of_claims(&self.claims));
        }
        parts.join("; ")
    }

    /// Returns the outcome in one line.
    pub fn verdict(&self, strict: bool) -> String {
        let overall = self.overall(strict);
        let strictly = strict && overall == Overall::Fail && self.overall(false) == Overall::Pass;
        let strictly = if strictly { " (--strict: only identical passes)" } else { "" };
        format!("{}: {}: {}{strictly}", overall.name(), self.scenario, self.summary())
    }
}

/// Returns the largest difference at a point, in tolerances.
fn beyond(point: &PointOutcome) -> f64 {
    let off = |metric: &MetricOutcome| Some(metric.difference?.estimate.abs() / metric.held.tolerance);
    point.worst().and_then(off).unwrap_or(0.0)
}

/// Formats a tolerance without trailing zeros: `2 %`, `0.5 %`.
fn tolerance(share: f64) -> String {
    format!("{} %", number::plain(100.0 * share))
}

/// Converts the status of a claim to an overall verdict.
pub fn overall_of(status: ClaimStatus) -> Overall {
    match status {
        ClaimStatus::Satisfied => Overall::Pass,
        ClaimStatus::Inconclusive => Overall::Inconclusive,
        ClaimStatus::Violated => Overall::Fail,
    }
}

fn verdict_of_points(checked: &Checked) -> String {
    let all = checked.points.len();
    let points = if all == 1 { "its point".to_owned() } else { format!("all {all} points") };
    let (worse, better) = (checked.count(CheckVerdict::Worse), checked.count(CheckVerdict::Better));
    let (open, identical) = (checked.count(CheckVerdict::Inconclusive), checked.count(CheckVerdict::Identical));
    let of = |count: usize| format!("{count} of {all} points");
    if identical == all {
        return format!("{points} identical");
    }
    if worse + better + open == 0 {
        let runs = checked.points.iter().map(|point| point.runs).max().unwrap_or(0);
        return if identical == 0 {
            format!("{points} equivalent ({} runs at most)", number::count(runs as u64))
        } else {
            format!("{} equivalent, the others identical", of(all - identical))
        };
    }
    let parts = [(worse, "worse"), (better, "better"), (open, "can't be told")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).enumerate();
    let parts: Vec<String> = parts
        .map(|(k, (count, what))| format!("{} {what}", if k == 0 { of(*count) } else { count.to_string() }))
        .collect();
    parts.join(", ")
}

fn verdict_of_claims(claims: &[AssertOutcome]) -> String {
    let with = |status: ClaimStatus| claims.iter().filter(move |claim| claim.status == status);
    let listed = |status: ClaimStatus| with(status).map(claim_name).collect::<Vec<_>>().join("; ");
    match (with(ClaimStatus::Violated).count(), with(ClaimStatus::Inconclusive).count(), claims.len()) {
        (0, 0, 1) => "its claim holds".to_owned(),
        (0, 0, all) => format!("all {all} claims hold"),
        (0, open, _) => format!("{} can't be told: {}", plural(open, "claim"), listed(ClaimStatus::Inconclusive)),
        (violated, ..) => format!("{} violated: {}", plural(violated, "claim"), listed(ClaimStatus::Violated)),
    }
}

/// Names a claim: `speedup with 8 agents at least 2.5`.
pub fn claim_name(outcome: &AssertOutcome) -> String {
    let claim = &outcome.claim;
    let mut text = match &claim.kind {
        ClaimKind::PeakBetween(low, high) => format!("best team size between {low} and {high}"),
        ClaimKind::WithinAmdahl => "within Amdahl's law".to_owned(),
        ClaimKind::Within(figure, at_least, at_most) => {
            let bound =
                |word: &str, bound: &Option<f64>| bound.map(|bound| format!(" {word} {}", in_units(*figure, bound)));
            let bounds: Vec<String> =
                [bound("at least", at_least), bound("at most", at_most)].into_iter().flatten().collect();
            format!("{}{}", figure.name(), bounds.join(" and"))
        }
    };
    if let Some(agents) = claim.agents {
        let _ = write!(text, " with {}", plural(agents, "agent"));
    }
    if let Some(architecture) = &claim.architecture {
        let _ = write!(text, " under {architecture}");
    }
    text
}

fn in_units(figure: BoundedFigure, value: f64) -> String {
    match figure {
        BoundedFigure::Speedup => number::significant(value),
        BoundedFigure::Makespan => number::seconds(value),
        BoundedFigure::Cost => number::money(value),
        BoundedFigure::Quality | BoundedFigure::Completion => format!("{} %", number::significant(100.0 * value)),
    }
}

/// Returns the measured value of a claim: `2.31 [2.24, 2.38] at preassigned, 8 agents`.
pub fn claim_found(outcome: &AssertOutcome) -> String {
    let figure = if let ClaimKind::Within(figure, ..) = outcome.claim.kind { figure } else { BoundedFigure::Speedup };
    let is_peak = matches!(outcome.claim.kind, ClaimKind::PeakBetween(..));
    let found = outcome.found.filter(|_| !is_peak).map(|found| match figure {
        BoundedFigure::Speedup => number::interval(found.estimate, found.half_width),
        BoundedFigure::Makespan => number::interval_seconds(found.estimate, found.half_width),
        _ => {
            let [low, middle, high] = [found.low(), found.estimate, found.high()].map(|value| in_units(figure, value));
            if figure == BoundedFigure::Completion {
                format!("[{low}, {high}]")
            } else {
                format!("{middle} [{low}, {high}]")
            }
        }
    });
    let place = (!outcome.witness.is_empty()).then(|| format!("at {}", outcome.witness));
    let text = (!outcome.text.is_empty()).then(|| outcome.text.clone());
    let parts: Vec<String> = [found, place].into_iter().flatten().collect();
    let parts: Vec<String> =
        [Some(parts.join(" ")).filter(|part| !part.is_empty()), text].into_iter().flatten().collect();
    parts.join("; ")
}

fn rule_name(rule: &RuleOutcome) -> String {
    let curve = if rule.curve.is_empty() { String::new() } else { format!(" of {}", rule.curve) };
    format!("{}{curve} was {}, is {}", rule.rule, rule.recorded, rule.now)
}

/// Formats a figure in its unit.
pub fn shown(metric: &str, value: f64) -> String {
    match metric {
        "makespan_s" => number::seconds(value),
        "cost" => number::money(value),
        "quality" | COMPLETED => format!("{} %", number::significant(100.0 * value)),
        "input_tokens" | "output_tokens" => number::tokens(value),
        _ => number::significant(value),
    }
}

/// Formats a difference: `+3.0 % [+2.9, +3.1]`; for shares of runs in percentage points.
pub fn difference(metric: &MetricOutcome) -> Option<String> {
    let Difference { estimate, low, high, .. } = metric.difference?;
    let unit = if metric.held.metric == COMPLETED { "points" } else { "%" };
    if estimate.is_infinite() {
        return Some("from nothing".to_owned());
    }
    let decimals = if (0.0..0.002).contains(&(high - low)) && high > low { 2 } else { 1 };
    let [estimate, low, high] = [estimate, low, high].map(|value| {
        let text = format!("{:+.decimals$}", 100.0 * value);
        if text.trim_start_matches(['+', '-', '0', '.']).is_empty() { format!("{:.decimals$}", 0.0) } else { text }
    });
    Some(format!("{estimate} {unit} [{low}, {high}]"))
}

/// Returns the reason of a point's verdict in one line.
pub fn reason(entry: &CheckedScenario, point: &PointOutcome) -> String {
    let Some(metric) = point.worst() else { return String::new() };
    let value =
        |value: Option<f64>| value.map_or_else(|| number::NONE.to_owned(), |value| shown(metric.held.metric, value));
    let found = difference(metric).unwrap_or_else(|| "too few runs completed to tell".to_owned());
    let tolerance = tolerance(metric.held.tolerance);
    format!(
        "{}: {} {} -> {}, {found}, tolerance {tolerance}, {} runs",
        entry.place(point),
        metric.held.metric,
        value(metric.recorded),
        value(metric.now),
        number::count(point.runs as u64),
    )
}

/// Builds a table with a row a figure of a point; all, or only the gravest verdicts.
pub fn table(entries: &[CheckedScenario], all: bool) -> Table {
    let mut table = Table::new(vec![
        Column::text("scenario", "scenario"),
        Column::text("point", "point"),
        Column::text("figure", "figure"),
        Column::number("recorded", "recorded"),
        Column::number("now", "now"),
        Column::number("difference", "difference [90 %]"),
        Column::number("ci90_low", "low"),
        Column::number("ci90_high", "high"),
        Column::number("tolerance", "tolerance"),
        Column::number("runs", "runs"),
        Column::text("method", "method"),
        Column::text("verdict", "verdict"),
    ]);
    // Equivalent figures are shown if there is no graver verdict.
    let gravest = entries.iter().flat_map(CheckedScenario::points).map(|point| point.verdict).max();
    for entry in entries {
        for point in entry.points() {
            let wanted = |metric: &&MetricOutcome| {
                all || metric.verdict >= CheckVerdict::Inconclusive
                    || gravest == Some(CheckVerdict::Equivalent)
                        && metric.verdict == CheckVerdict::Equivalent
                        && metric.held.metric == "makespan_s"
            };
            for metric in point.metrics.iter().filter(wanted) {
                table.push(row(entry, point, metric));
            }
        }
    }
    table.retain(|column, _| all || !matches!(column.key.as_str(), "ci90_low" | "ci90_high"));
    table.retain(|column, _| all || entries.len() > 1 || column.key != "scenario");
    table
}

fn row(entry: &CheckedScenario, point: &PointOutcome, metric: &MetricOutcome) -> Vec<Cell> {
    let value = |value: Option<f64>| Cell::shown(value, |value| shown(metric.held.metric, value));
    let of = |part: fn(&Difference) -> f64| {
        Cell::shown(metric.difference.as_ref().map(part), |value| format!("{value:+.4}"))
    };
    let shown_difference = difference(metric).unwrap_or_else(|| number::NONE.to_owned());
    let tint = match metric.verdict {
        CheckVerdict::Worse => Tint::Bad,
        CheckVerdict::Better => Tint::Good,
        _ => Tint::Plain,
    };
    vec![
        Cell::text(entry.scenario.as_str()),
        Cell::text(entry.place(point)),
        Cell::text(metric.held.metric),
        value(metric.recorded),
        value(metric.now),
        Cell::number(metric.difference.map_or(f64::NAN, |d| d.estimate), shown_difference),
        of(|d| d.low),
        of(|d| d.high),
        Cell::number(metric.held.tolerance, tolerance(metric.held.tolerance)),
        Cell::count(point.runs as u64),
        Cell::optional(metric.difference, |difference| Cell::text(difference.method.name())),
        Cell::text(metric.verdict.name()).tinted(tint),
    ]
}

/// Builds the table of rules that changed or have a reason to be looked at.
fn rules(entries: &[CheckedScenario]) -> Table {
    let names = ["scenario", "curve", "rule", "recorded", "now", "verdict"];
    let titles = ["scenario", "curve", "rule", "recorded [95 %]", "now [95 %]", "verdict"];
    let mut table = Table::new(names.iter().zip(titles).map(|(name, title)| Column::text(name, title)).collect());
    for entry in entries {
        for rule in entry.rules().iter().filter(|rule| rule.verdict.is_change() || !rule.reason.is_empty()) {
            let verdict = if rule.verdict.is_change() { "changed" } else { rule.verdict.name() };
            let verdict =
                if rule.reason.is_empty() { verdict.to_owned() } else { format!("{verdict}: {}", rule.reason) };
            let cells = [&entry.scenario, &rule.curve, &rule.rule, &rule.recorded, &rule.now, &verdict];
            table.push(cells.map(|text| Cell::text(text.as_str())).to_vec());
        }
    }
    table.retain(|column, _| entries.len() > 1 || column.key != "scenario");
    table.retain(|column, cells| column.key != "curve" || cells.iter().any(|cell| !cell.raw.is_empty()));
    table
}

fn claims(entries: &[CheckedScenario]) -> Table {
    let names = ["scenario", "claim", "found", "runs", "verdict"];
    let titles = ["scenario", "claim", "found [95 %]", "runs", "verdict"];
    let mut table = Table::new(names.iter().zip(titles).map(|(name, title)| Column::text(name, title)).collect());
    for entry in entries {
        for claim in &entry.claims {
            let cells = [entry.scenario.clone(), claim_name(claim), claim_found(claim), number::count(claim.runs)];
            let mut cells: Vec<Cell> = cells.into_iter().map(Cell::text).collect();
            let tint = if claim.status == ClaimStatus::Violated { Tint::Bad } else { Tint::Plain };
            cells.push(Cell::text(claim.status.name()).tinted(tint));
            table.push(cells);
        }
    }
    table.retain(|column, _| entries.len() > 1 || column.key != "scenario");
    table
}

/// Returns the gravest verdict of all scenarios.
pub fn overall(entries: &[CheckedScenario], strict: bool) -> Overall {
    entries.iter().map(|entry| entry.overall(strict)).max().unwrap_or(Overall::Pass)
}

/// Returns text for a terminal: a line a scenario, tables of differences, advice.
pub fn to_text(entries: &[CheckedScenario], strict: bool, color: bool) -> String {
    let verdicts: String = entries.iter().map(|entry| entry.verdict(strict) + "\n").collect();
    verdicts + &tables(entries, color)
}

/// Returns the text of a review, without verdicts.
pub fn to_review(entries: &[CheckedScenario], color: bool) -> String {
    let summary = |entry: &CheckedScenario| format!("{}: {}\n", entry.scenario, entry.summary());
    entries.iter().map(summary).collect::<String>() + &tables(entries, color)
}

fn tables(entries: &[CheckedScenario], color: bool) -> String {
    let mut lines = Vec::new();
    let points = table(entries, false);
    let more = points.rows().len().saturating_sub(MOST_ROWS);
    for (table, more) in [(points, more), (rules(entries), 0), (claims(entries), 0)] {
        if !table.rows().is_empty() {
            lines.push(String::new());
            let shown = table.to_text(color);
            lines.extend(shown.lines().take(table.rows().len() - more + 1).map(ToOwned::to_owned));
            if more > 0 {
                lines.push(format!("  and {more} more: --format csv has all"));
            }
        }
    }
    let talk: Vec<String> = entries.iter().flat_map(|entry| entry.notes.iter().chain(&entry.advice)).cloned().collect();
    if !talk.is_empty() {
        lines.push(String::new());
        lines.extend(talk);
    }
    if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" }
}

/// Returns Markdown for a comment or a summary.
pub fn to_markdown(entries: &[CheckedScenario], strict: bool) -> String {
    let mut text = format!("### brooks check: {}\n\n", overall(entries, strict).name());
    for entry in entries {
        let _ = writeln!(text, "- **{}**", markdown(&entry.verdict(strict)));
    }
    for table in [table(entries, false), rules(entries), claims(entries)] {
        if !table.rows().is_empty() {
            let _ = write!(text, "\n{}", table.to_markdown());
        }
    }
    for line in entries.iter().flat_map(|entry| entry.notes.iter().chain(&entry.advice)) {
        let _ = write!(text, "\n{}\n", markdown(line));
    }
    text
}

/// Returns the JSON that is added to a document.
pub fn to_json(entries: &[CheckedScenario], strict: bool) -> Value {
    let number = |value: f64| if value.is_finite() { Value::from(value) } else { Value::Null };
    let percent = |value: f64| number(100.0 * value);
    let of_metric = |metric: &MetricOutcome| {
        let d = metric.difference;
        json!({
            "metric": metric.held.metric, "verdict": metric.verdict.name(), "tolerance": metric.held.tolerance,
            "recorded": metric.recorded, "now": metric.now,
            "difference_percent": d.map(|d| percent(d.estimate)), "ci90": d.map(|d| [percent(d.low), percent(d.high)]),
            "method": d.map(|d| d.method.name()),
        })
    };
    let of_point = |entry: &CheckedScenario, point: &PointOutcome| {
        let makespan = point.metrics.first();
        let d = makespan.and_then(|metric| metric.difference);
        // Identical runs have a difference of exactly 0.
        let same = (point.verdict == CheckVerdict::Identical).then_some(0.0);
        let axes: serde_json::Map<String, Value> =
            entry.axes.iter().zip(&point.axes).map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        json!({
            "scenario": entry.scenario, "agents": point.agents, "architecture": point.architecture, "axes": axes,
            "verdict": point.verdict.name(), "runs": point.runs,
            "difference_percent": d.map(|d| percent(d.estimate)).or(same.map(number)),
            "ci90": d.map(|d| [percent(d.low), percent(d.high)]).or(same.map(|_| [number(0.0), number(0.0)])),
            "metrics": point.metrics.iter().map(of_metric).collect::<Vec<_>>(),
        })
    };
    let of_rule = |entry: &CheckedScenario, rule: &RuleOutcome| {
        let verdict = if rule.verdict.is_change() { "changed" } else { rule.verdict.name() };
        json!({
            "scenario": entry.scenario, "curve": rule.curve, "rule": rule.rule, "recorded": rule.recorded,
            "now": rule.now, "verdict": verdict, "reason": rule.reason,
        })
    };
    let of_claim = |entry: &CheckedScenario, claim: &AssertOutcome| {
        json!({
            "scenario": entry.scenario, "claim": claim_name(claim), "verdict": claim.status.name(), "at": claim.witness,
            "found": claim.found.map(|found| number(found.estimate)),
            "ci95": claim.found.map(|found| [number(found.low()), number(found.high())]), "runs": claim.runs,
            "reason": claim.text,
        })
    };
    let of_entry = |entry: &CheckedScenario| {
        json!({
            "scenario": entry.scenario, "source": entry.source, "baseline": entry.baseline, "seed": entry.seed,
            "replications": entry.replications, "verdict": entry.overall(strict).name(), "notes": entry.notes,
        })
    };
    let points = entries.iter().flat_map(|entry| entry.points().iter().map(move |point| of_point(entry, point)));
    let rules = entries.iter().flat_map(|entry| entry.rules().iter().map(move |rule| of_rule(entry, rule)));
    let claims = entries.iter().flat_map(|entry| entry.claims.iter().map(move |claim| of_claim(entry, claim)));
    json!({
        "verdict": overall(entries, strict).name(),
        "strict": strict,
        "scenarios": entries.iter().map(of_entry).collect::<Vec<_>>(),
        "points": points.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
        "asserts": claims.collect::<Vec<_>>(),
    })
}
