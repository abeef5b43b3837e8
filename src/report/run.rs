//! What `brooks run` says: verdict, what limits the team, figures, and how to repeat it.

use serde_json::{Map, Value};

use crate::engine::Time;
use crate::experiment::{Laws, Work};
use crate::record::{Ending, METRICS, Metrics, TimeBudget};
use crate::report::table::{Cell, Column, Table};
use crate::report::{footer, json_number, number, preamble};
use crate::scaling::amdahl;

/// Causes below this share of the team's time go unnamed.
const WORTH_NAMING: f64 = 0.05;
/// Most causes named.
const MAX_CAUSES: usize = 3;
/// Figures go on a new line beyond this width.
const MAX_WIDTH: usize = 110;

/// One run and all that it is held against.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// The architecture's name in the registry.
    pub architecture: String,
    /// The seed.
    pub seed: u64,
    /// The command that repeats it.
    pub command: String,
    /// Its figures.
    pub run: Metrics,
    /// Those of one agent alone on the same work; none if that was not run.
    pub alone: Option<Metrics>,
    /// What that one agent is called in files: `self` or `solo`.
    pub baseline: String,
    /// What is known of the work beforehand.
    pub work: Work,
    /// What agents queue for, by name.
    pub queues: Vec<String>,
    /// Whether tokens have a price.
    pub has_prices: bool,
    /// What a run that did not complete was waiting for (see [`Witness`](crate::report::witness::Witness)).
    pub witness: Option<String>,
}

impl RunReport {
    /// For a terminal.
    pub fn to_text(&self) -> String {
        let budget = &self.run.budget;
        let mut parts = vec![format!("agent-time {}", budget.total())];
        let whole = budget.total().as_secs();
        if whole > 0.0 {
            let shares = budget.parts().map(|(name, time)| {
                let share = number::percent(time.as_secs() / whole);
                format!("{name} {share}")
            });
            parts.push(shares.join("   "));
        }
        let figures = wrapped(&self.figures());
        let (verdict, limits, times) = (self.verdict(), self.limits(), parts.join("    "));
        let footer = footer(self.seed, &self.command);
        format!("{verdict}\n{limits}\n\n  {times}\n{figures}\n{footer}")
    }

    /// One line: how it ended, and how that compares.
    pub fn verdict(&self) -> String {
        let run = &self.run;
        let team = if run.agents == 1 { "one agent".to_owned() } else { format!("{} agents", run.agents) };
        let how = match run.ending {
            Ending::Completed => "done in",
            Ending::Stalled => "stalled after",
            Ending::OutOfTime => "out of time after",
        };
        let start = format!("{how} {} with {team}", run.makespan);
        let p = trimmed(self.work.parallel_fraction);
        if run.ending != Ending::Completed {
            return self.witness.as_ref().map_or(start.clone(), |witness| format!("{start}: {witness}"));
        }
        if run.agents == 1 {
            let limit = amdahl::limit(self.work.parallel_fraction);
            return if limit.is_finite() {
                format!("{start}; no team is more than {} times as fast (Amdahl, p = {p})", trimmed(limit))
            } else {
                format!("{start}; all of the work is parallel")
            };
        }
        let Some(alone) = &self.alone else { return start };
        if alone.ending != Ending::Completed {
            return format!("{start}; one agent alone does not get it done");
        }
        let Some(speedup) = self.speedup() else { return start };
        let bound = self.laws().amdahl;
        let needs = if speedup < 1.0 { "needs only" } else { "needs" };
        let start = format!("{start}; one agent alone {needs} {}: speedup {speedup:.2}", alone.makespan);
        // Amdahl's law speaks of means: a single run may exceed it.
        if format!("{speedup:.2}") != format!("{bound:.2}") && speedup > bound {
            format!("{start}, more than the {bound:.2} of Amdahl's law (p = {p})")
        } else {
            format!("{start} of at most {bound:.2} (Amdahl, p = {p})")
        }
    }

    /// One line: where the team's time goes that is not work.
    pub fn limits(&self) -> String {
        let who = if self.run.agents == 1 { "agent" } else { "team" };
        let causes = causes(&self.run, &self.queues);
        let named = causes.iter().filter(|(_, share)| *share >= WORTH_NAMING).take(MAX_CAUSES);
        let named: Vec<String> =
            named.map(|(cause, share)| format!("{cause} {}", number::percent(*share))).collect();
        if named.is_empty() {
            let budget = &self.run.budget;
            let work = budget.work.as_secs() / budget.total().as_secs();
            return format!("what limits this {who}: nothing but the work itself, {} of its time", number::percent(work));
        }
        format!("what limits this {who}: {}", named.join(", "))
    }

    fn figures(&self) -> Vec<String> {
        let run = &self.run;
        let mut figures = Vec::new();
        if run.rounds > 0 {
            figures.push(format!("rounds {} ({} idle)", run.rounds, run.idle_rounds));
        }
        figures.push(format!("calls {}", number::count(u64::from(run.llm_calls))));
        let (input, output) = (number::tokens(run.input_tokens as f64), number::tokens(run.output_tokens as f64));
        let mut tokens = format!("tokens {input} in, {output} out");
        if self.has_prices {
            let alone = self.alone.as_ref().filter(|_| run.agents > 1);
            let alone = alone.map_or(String::new(), |alone| format!("; one agent {}", number::money(alone.cost)));
            tokens = format!("{tokens} ({}{alone})", number::money(run.cost));
        }
        figures.push(tokens);
        let counts = [
            ("messages", run.messages_sent),
            ("lost claims", run.lost_claims),
            ("blocked claims", run.temporal_violations),
            ("conflicts", run.conflicts),
            ("tests failed", run.failed_tests),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        figures.extend(counts.map(|(name, count)| format!("{name} {}", number::count(u64::from(count)))));
        if run.quality < 1.0 {
            figures.push(format!("quality {}", number::percent(run.quality)));
        }
        figures
    }

    /// As a JSON document.
    pub fn to_json(&self) -> Value {
        let (run, laws) = (&self.run, self.laws());
        let mut document = preamble(self.seed, &self.command);
        let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
        put("scenario", self.scenario.as_str().into());
        put("agents", run.agents.into());
        put("architecture", self.architecture.as_str().into());
        put("ending", run.ending.name().into());
        put("witness", self.witness.as_deref().into());
        let (budget, metrics): (Vec<_>, Vec<_>) = METRICS.iter().partition(|metric| is_of_budget(metric.name));
        let object = |metrics: Vec<&crate::record::Metric>| {
            let pairs = metrics.into_iter().map(|metric| (metric.name.to_owned(), json_number((metric.of)(run))));
            Value::from(pairs.collect::<Map<_, _>>())
        };
        put("metrics", object(metrics));
        put("time_budget", object(budget));
        put("speedup", self.speedup().map_or(Value::Null, json_number));
        put("baseline", self.alone.as_ref().map(|_| self.baseline.as_str()).into());
        put("amdahl_bound", json_number(laws.amdahl));
        put("work_span_bound", json_number(laws.work_span));
        put("digest", run.digest().to_string().into());
        document.into()
    }

    /// As a table of one row: every figure.
    pub fn table(&self) -> Table {
        let (run, laws) = (&self.run, self.laws());
        let mut columns = vec![Column::text("scenario", "scenario"), Column::text("architecture", "architecture")];
        let mut row = vec![Cell::text(&self.scenario), Cell::text(&self.architecture)];
        let mut put = |column: Column, cell: Cell| {
            columns.push(column);
            row.push(cell);
        };
        put(Column::number("agents", "agents"), Cell::count(u64::from(run.agents)));
        put(Column::text("ending", "ending"), Cell::text(run.ending.name()));
        for metric in METRICS {
            let value = (metric.of)(run);
            put(Column::number(metric.name, title(metric.name)), Cell::number(value, shown(metric.unit, value)));
        }
        let speedup = self.speedup().map_or(Cell::none(), |speedup| Cell::number(speedup, format!("{speedup:.2}")));
        put(Column::number("speedup", "speedup"), speedup);
        let baseline = if self.alone.is_some() { Cell::text(&self.baseline) } else { Cell::none() };
        put(Column::text("baseline", "baseline"), baseline);
        for (key, title, bound) in
            [("amdahl_bound", "Amdahl", laws.amdahl), ("work_span_bound", "work-span", laws.work_span)]
        {
            put(Column::number(key, title), Cell::number(bound, format!("{bound:.2}")));
        }
        put(Column::number("seed", "seed"), Cell::text(self.seed.to_string()));
        put(Column::text("digest", "digest"), Cell::text(run.digest().to_string()));
        let mut table = Table::new(columns);
        table.push(row);
        table
    }

    /// As CSV: a head and a row with every figure.
    pub fn to_csv(&self) -> String {
        self.table().to_csv()
    }

    /// As Markdown: verdict, the figures that matter most, and how to repeat it.
    pub fn to_markdown(&self) -> String {
        let mut table = self.table();
        table.retain(|column, _| MAIN.contains(&column.key.as_str()));
        let (verdict, limits) = (self.verdict(), self.limits());
        format!("**{verdict}**\n\n{limits}\n\n{}\n{}", table.to_markdown(), footer(self.seed, &self.command))
    }

    fn laws(&self) -> Laws {
        Laws::of(&self.work, self.run.agents)
    }

    /// Makespan of one agent alone over that of the team, if both got it done.
    fn speedup(&self) -> Option<f64> {
        let alone = self.alone.as_ref().filter(|alone| alone.ending == Ending::Completed)?;
        let makes_sense = self.run.ending == Ending::Completed && self.run.makespan > Time::ZERO;
        makes_sense.then(|| alone.makespan.as_secs() / self.run.makespan.as_secs())
    }
}

/// What a Markdown table shows of a run.
const MAIN: [&str; 11] = [
    "architecture",
    "agents",
    "ending",
    "makespan_s",
    "speedup",
    "amdahl_bound",
    "llm_calls",
    "input_tokens",
    "output_tokens",
    "cost",
    "quality",
];

/// A metric's name for people: its unit is in its cells.
pub(crate) fn title(name: &str) -> &str {
    match name {
        "makespan_s" => "makespan",
        "llm_calls" => "calls",
        "input_tokens" => "tokens in",
        "output_tokens" => "tokens out",
        other => other,
    }
}

/// A metric's value for people.
pub(crate) fn shown(unit: &str, value: f64) -> String {
    match unit {
        "s" => number::seconds(value),
        "tokens" => number::tokens(value),
        "$" => number::money(value),
        _ if value.fract() == 0.0 => number::mean_count(value),
        _ => number::significant(value),
    }
}

/// Whether a metric is a part of the time budget.
fn is_of_budget(name: &str) -> bool {
    let parts = TimeBudget::default().parts();
    name.strip_suffix("_s").is_some_and(|part| parts.iter().any(|(name, _)| *name == part))
}

/// Where a team's time goes that is not work: causes with their shares, the greatest first.
pub fn causes(run: &Metrics, queues: &[String]) -> Vec<(String, f64)> {
    let budget = &run.budget;
    let queue = match queues {
        [] => "waiting in a queue".to_owned(),
        names => format!("waiting in the queue for {}", names.join(" and ")),
    };
    let lost = if run.lost_claims > 0 && run.lost_claims >= run.temporal_violations {
        "duplicated work"
    } else if run.temporal_violations > 0 {
        "blocked claims"
    } else {
        "steps that came to nothing"
    };
    let mut causes = vec![
        ("waiting at the barrier".to_owned(), budget.at_barrier),
        (queue, budget.in_queue),
        ("waiting with nothing ready".to_owned(), budget.waiting - budget.at_barrier - budget.in_queue),
        (lost.to_owned(), budget.lost),
        ("rework".to_owned(), budget.rework),
        ("coordination".to_owned(), budget.coordination),
    ];
    // A stable sort: equals keep this order.
    causes.sort_by(|a, b| b.1.cmp(&a.1));
    let whole = budget.total().as_secs();
    let share = |time: Time| if whole > 0.0 { time.as_secs() / whole } else { 0.0 };
    causes.into_iter().map(|(cause, time)| (cause, share(time))).collect()
}

/// Figures four apart, indented by two, on as few lines as they need.
fn wrapped(figures: &[String]) -> String {
    let mut text = String::new();
    let mut width = 0;
    for figure in figures {
        let figure_width = figure.chars().count();
        if width > 0 && width + 4 + figure_width <= MAX_WIDTH {
            text.push_str("    ");
            width += 4 + figure_width;
        } else {
            text.push_str(if text.is_empty() { "  " } else { "\n  " });
            width = 2 + figure_width;
        }
        text.push_str(figure);
    }
    text.push('\n');
    text
}

/// Up to three decimals, without zeros at the end.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
