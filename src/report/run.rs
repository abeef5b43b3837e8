//! Report of `brooks run`: verdict, limits of the team, figures, command.

use serde_json::{Map, Value};

use crate::engine::Time;
use crate::experiment::{Laws, WorkBounds, sweep};
use crate::problem::plural;
use crate::record::{Ending, METRICS, Metrics, Prices, TimeBudget};
use crate::report::budget::{budget_lines, waiting_json};
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, markdown};
use crate::report::time_uses::limits_of_run;
use crate::report::{footer, json_number, preamble, token_parts};
use crate::scaling::amdahl;
use crate::scenario::ScenarioFile;
use crate::simulation::Scenario;

/// Least share of the team's time of a named cause.
pub(in crate::report) const WORTH_NAMING: f64 = 0.05;
/// Most causes named.
const MAX_CAUSES: usize = 3;
/// Width at which figures continue on a new line.
const MAX_WIDTH: usize = 110;

/// A run with its baseline and bounds.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Scenario name.
    pub scenario: String,
    /// Architecture name in the registry.
    pub architecture: String,
    /// The seed.
    pub seed: u64,
    /// Command that repeats the run.
    pub command: String,
    /// Metrics of the run.
    pub run: Metrics,
    /// Metrics of one agent alone on the same work, if it was run.
    pub alone: Option<Metrics>,
    /// Baseline name in files: `self` or `solo`.
    pub baseline: String,
    /// Work, span and parallel fraction of the scenario.
    pub work: WorkBounds,
    /// Names of the resources with a queue.
    pub queues: Vec<String>,
    /// True if tokens have a price.
    pub has_prices: bool,
    /// Cause of an incomplete run (see [`Witness`](crate::report::witness::Witness)).
    pub witness: Option<String>,
}

impl RunReport {
    /// Returns the report of a run of `scenario`, the point that `file` describes, and of its baseline.
    pub fn new(
        file: &ScenarioFile,
        scenario: &Scenario,
        run: Metrics,
        alone: Option<Metrics>,
        command: String,
    ) -> RunReport {
        RunReport {
            scenario: scenario.name.clone(),
            architecture: scenario.architecture_name.clone(),
            seed: scenario.seed,
            command,
            run,
            alone,
            baseline: sweep::name_of(&file.baseline()).to_owned(),
            work: WorkBounds::new(scenario),
            queues: scenario.resources.iter().map(|resource| resource.name.clone()).collect(),
            has_prices: scenario.prices != Prices::default(),
            witness: None,
        }
    }

    /// Returns text for a terminal.
    pub fn to_text(&self) -> String {
        let figures = wrapped(&self.figures());
        let (verdict, limits, times) = (self.verdict(), self.limits(), budget_lines(&self.run, &self.queues));
        let advice = self.advice().map_or(String::new(), |advice| advice + "\n");
        let tokens = self.tokens().map_or(String::new(), |tokens| format!("  {tokens}\n"));
        let footer = footer(self.seed, &self.command);
        format!("{verdict}\n{limits}\n{advice}\n{times}{figures}{tokens}\n{footer}")
    }

    /// Returns one line: the tokens beside those of one agent alone, if that is known.
    fn tokens(&self) -> Option<String> {
        token_parts::of_run(&self.run, self.completed_alone()?)
    }

    /// The run of one agent alone, if this is a team and the other completed.
    fn completed_alone(&self) -> Option<&Metrics> {
        self.alone.as_ref().filter(|alone| self.run.agents > 1 && alone.ending == Ending::Completed)
    }

    /// Returns one line: the ending, and the comparison with the baseline and Amdahl's law.
    pub fn verdict(&self) -> String {
        let run = &self.run;
        let team = plural(run.agents, "agent");
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
        // Amdahl's law bounds means; a single run may exceed it.
        if format!("{speedup:.2}") != format!("{bound:.2}") && speedup > bound {
            format!("{start}, more than the {bound:.2} of Amdahl's law (p = {p})")
        } else {
            format!("{start} of at most {bound:.2} (Amdahl, p = {p})")
        }
    }

    /// Returns one line: the largest causes of time that is not work.
    pub fn limits(&self) -> String {
        let who = if self.run.agents == 1 { "agent" } else { "team" };
        let causes = limits_of_run(&self.run, &self.queues);
        let named = causes.iter().filter(|cause| cause.share >= WORTH_NAMING).take(MAX_CAUSES);
        let named: Vec<String> =
            named.map(|cause| format!("{} {}", cause.name, number::percent(cause.share))).collect();
        if named.is_empty() && self.run.budget.total() == Time::ZERO {
            return format!("what limits this {who}: nothing, it takes no time at all");
        }
        if named.is_empty() {
            let budget = &self.run.budget;
            let work = budget.work.as_secs() / budget.total().as_secs();
            return format!(
                "what limits this {who}: nothing but the work itself, {} of its time",
                number::percent(work)
            );
        }
        format!("what limits this {who}: {}", named.join(", "))
    }

    /// Returns one line: the change that would help against the largest cause of time that is not work.
    pub fn advice(&self) -> Option<String> {
        let limits = limits_of_run(&self.run, &self.queues);
        let largest = limits.first().filter(|limit| limit.share >= WORTH_NAMING && !limit.advice.is_empty())?;
        Some(format!("what would help: {}", largest.advice))
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
            let alone = self
                .completed_alone()
                .map_or(String::new(), |alone| format!("; one agent {}", number::money(alone.cost)));
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
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let noticed = if name == "conflicts" && run.conflicts_noticed < count {
                format!(" ({} noticed)", number::count(u64::from(run.conflicts_noticed)))
            } else {
                String::new()
            };
            figures.push(format!("{name} {}{noticed}", number::count(u64::from(count))));
        }
        if run.quality < 1.0 {
            figures.push(format!("quality {}", number::percent(run.quality)));
        }
        figures
    }

    /// Returns a JSON document.
    pub fn to_json(&self) -> Value {
        let (run, laws) = (&self.run, self.laws());
        let mut document = preamble(self.seed, &self.command);
        let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
        put("scenario", self.scenario.as_str().into());
        put("agents", run.agents.into());
        put("architecture", self.architecture.as_str().into());
        put("ending", run.ending.name().into());
        put("witness", self.witness.as_deref().into());
        let (times, metrics): (Vec<_>, Vec<_>) = METRICS.iter().partition(|metric| is_of_budget(metric.name));
        let budget = times.into_iter().filter(|metric| !is_cause(metric.name)).collect();
        let object = |metrics: Vec<&crate::record::Metric>| {
            let pairs = metrics.into_iter().map(|metric| (metric.name.to_owned(), json_number((metric.of)(run))));
            Value::from(pairs.collect::<Map<_, _>>())
        };
        put("metrics", object(metrics));
        put("time_budget", object(budget));
        put("waiting_by_cause", waiting_json(&run.budget.waiting_by_cause, &self.queues));
        put("speedup", self.speedup().map_or(Value::Null, json_number));
        let multiplier = self.completed_alone().and_then(|alone| token_parts::multiplier(run, alone));
        put("token_multiplier", multiplier.map_or(Value::Null, json_number));
        put("baseline", self.alone.as_ref().map(|_| self.baseline.as_str()).into());
        put("amdahl_bound", json_number(laws.amdahl));
        put("work_span_bound", json_number(laws.work_span));
        put("digest", run.digest().to_string().into());
        document.into()
    }

    /// Builds a table of one row with all figures.
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
        put(Column::number("speedup", "speedup"), Cell::ratio(self.speedup()));
        let baseline = self.alone.as_ref().map(|_| self.baseline.as_str());
        put(Column::text("baseline", "baseline"), Cell::optional(baseline, Cell::text));
        for (key, title, bound) in
            [("amdahl_bound", "Amdahl", laws.amdahl), ("work_span_bound", "work-span", laws.work_span)]
        {
            put(Column::number(key, title), Cell::ratio(Some(bound)));
        }
        put(Column::number("seed", "seed"), Cell::text(self.seed.to_string()));
        put(Column::text("digest", "digest"), Cell::text(run.digest().to_string()));
        let mut table = Table::new(columns);
        table.push(row);
        table
    }

    /// Returns CSV: a header and a row with all figures.
    pub fn to_csv(&self) -> String {
        self.table().to_csv()
    }

    /// Returns Markdown: verdict, main figures, command.
    pub fn to_markdown(&self) -> String {
        let mut table = self.table();
        table.retain(|column, _| MAIN.contains(&column.key.as_str()));
        let (verdict, limits) = (markdown(&self.verdict()), markdown(&self.limits()));
        let more: Vec<String> = [self.advice(), self.tokens()].iter().flatten().map(|line| markdown(line)).collect();
        let paragraphs = [vec![format!("**{verdict}**"), limits], more, vec![table.to_markdown()]].concat();
        format!("{}\n{}", paragraphs.join("\n\n"), footer(self.seed, &self.command))
    }

    fn laws(&self) -> Laws {
        Laws::new(&self.work, self.run.agents)
    }

    /// Returns the makespan of one agent over that of the team, if both completed.
    fn speedup(&self) -> Option<f64> {
        let alone = self.alone.as_ref().filter(|alone| alone.ending == Ending::Completed)?;
        let makes_sense = self.run.ending == Ending::Completed && self.run.makespan > Time::ZERO;
        makes_sense.then(|| alone.makespan.as_secs() / self.run.makespan.as_secs())
    }
}

/// Columns of the Markdown table.
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

/// Returns a metric's title without its unit.
pub(crate) fn title(name: &str) -> &str {
    match name {
        "makespan_s" => "makespan",
        "llm_calls" => "calls",
        "input_tokens" => "tokens in",
        "output_tokens" => "tokens out",
        other => other,
    }
}

/// Formats a metric's value in its unit.
pub(crate) fn shown(unit: &str, value: f64) -> String {
    match unit {
        "s" => number::seconds(value),
        "tokens" => number::tokens(value),
        "$" => number::money(value),
        _ if value.fract() == 0.0 && value >= 0.0 => number::count(value as u64),
        _ => number::significant(value),
    }
}

/// True if a metric is a part of the time budget or a cause of waiting.
fn is_of_budget(name: &str) -> bool {
    let parts = TimeBudget::default().parts();
    is_cause(name) || name.strip_suffix("_s").is_some_and(|part| parts.iter().any(|(name, _)| *name == part))
}

/// True if a metric is a cause of waiting.
fn is_cause(name: &str) -> bool {
    name.starts_with("waiting_") && name != "waiting_s"
}

/// Joins figures, four columns apart and indented by two, on lines of limited width.
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

/// Formats a number with up to three decimals, without trailing zeros.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{WaitCause, WaitingByCause};

    fn report() -> RunReport {
        let seconds = |s: u64| Time::from_us(s * 1_000_000);
        let mut waiting = WaitingByCause::default();
        waiting.add(WaitCause::Queue(0), seconds(40));
        waiting.add(WaitCause::Barrier, seconds(110));
        let run = Metrics {
            agents: 4,
            makespan: seconds(112),
            rounds: 9,
            idle_rounds: 1,
            llm_calls: 36,
            lost_claims: 10,
            conflicts: 17,
            conflicts_noticed: 12,
            failed_tests: 6,
            input_tokens: 214_300,
            reading_tokens: 41_000,
            history_tokens: 60_300,
            output_tokens: 31_200,
            cost: 1.1109,
            quality: 1.0,
            budget: TimeBudget {
                work: seconds(139),
                coordination: seconds(27),
                waiting: seconds(150),
                lost: seconds(94),
                rework: seconds(18),
                service: seconds(20),
                waiting_by_cause: waiting,
            },
            ..Metrics::default()
        };
        let alone = Metrics {
            agents: 1,
            makespan: seconds(151),
            cost: 0.42,
            input_tokens: 90_000,
            output_tokens: 10_000,
            ..Metrics::default()
        };
        RunReport {
            scenario: "paper-p09".to_owned(),
            architecture: "self_claim".to_owned(),
            seed: 42,
            command: "brooks run paper-p09 --agents 4 --architecture self_claim --seed 42".to_owned(),
            run,
            alone: Some(alone),
            baseline: "self".to_owned(),
            work: WorkBounds { work: 2000.0, span: 200.0, parallel_fraction: 0.9, amount: 2000.0 },
            queues: vec!["tests".to_owned()],
            has_prices: true,
            witness: None,
        }
    }

    #[test]
    fn verdict_reason_figures_and_how_to_repeat() {
        let expected = format!(
            "\
done in 1m 52s with 4 agents; one agent alone needs 2m 31s: speedup 1.35 of at most 3.08 (Amdahl, p = 0.9)
what limits this team: waiting at the barrier 25 %, duplicated work 21 %, waiting in the queue tests 9 %
what would help: remove the rounds, or balance the tasks

  agent-time 7m 28s    work 31 %   service 4 %   coordination 6 %   waiting 33 %   lost 21 %   rework 4 %
  waiting 2m 30s    barrier 25 %   queue tests 9 %
  rounds 9 (1 idle)    calls 36    tokens 214 k in, 31 k out ($1.11; one agent $0.42)    lost claims 10
  conflicts 17 (12 noticed)    tests failed 6
  tokens: 2.46 x one agent (reading 41 k, history 60 k)

seed 42 · brooks {} · repeat: brooks run paper-p09 --agents 4 --architecture self_claim --seed 42
",
            crate::report::VERSION
        );
        assert_eq!(report().to_text(), expected);
    }

    #[test]
    fn the_verdict_fits_what_happened() {
        let mut report = report();
        report.alone = Some(Metrics { makespan: Time::from_secs(98.6), ..report.run });
        assert!(
            report
                .verdict()
                .ends_with("one agent alone needs only 1m 39s: speedup 0.88 of at most 3.08 (Amdahl, p = 0.9)")
        );
        report.alone = Some(Metrics { makespan: Time::from_secs(448.0), ..report.run });
        assert!(report.verdict().ends_with("speedup 4.00, more than the 3.08 of Amdahl's law (p = 0.9)"));
        report.run.ending = Ending::Stalled;
        report.witness =
            Some("2 of 3 tasks done; everybody waits for \"parse\", which agent 1 claimed and forgot".to_owned());
        assert_eq!(
            report.verdict(),
            "stalled after 1m 52s with 4 agents: 2 of 3 tasks done; everybody waits for \"parse\", which agent 1 claimed \
             and forgot"
        );
        assert_eq!(report.to_json()["speedup"], Value::Null);
        report.run = Metrics { agents: 1, makespan: Time::from_secs(60.0), ..Metrics::default() };
        assert_eq!(
            report.verdict(),
            "done in 1m 00s with 1 agent; no team is more than 10 times as fast (Amdahl, p = 0.9)"
        );
        report.run.budget.work = Time::from_secs(60.0);
        assert_eq!(report.limits(), "what limits this agent: nothing but the work itself, 100 % of its time");
    }

    #[test]
    fn the_document_has_the_keys_that_others_rely_on() {
        let json = report().to_json();
        let keys = |value: &Value| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
        for key in
            ["schema_version", "brooks", "seed", "command", "scenario", "agents", "architecture", "ending", "digest"]
        {
            assert!(!json[key].is_null(), "{key}");
        }
        for key in "makespan_s rounds idle_rounds llm_calls messages_sent deliveries concurrent_writes rewrites_any \
                    rewrites_cross_agent temporal_violations failed_tests straggler_gap_s barrier_waste input_tokens \
                    output_tokens cost quality"
            .split_whitespace()
        {
            assert!(json["metrics"][key].is_number(), "{key}");
        }
        let parts = ["work_s", "service_s", "coordination_s", "waiting_s", "lost_s", "rework_s"];
        assert_eq!(keys(&json["time_budget"]), parts);
        assert_eq!(
            json["waiting_by_cause"].to_string(),
            r#"{"dependencies_s":0,"lead_s":0,"lock_s":0,"queue_s":{"tests":40},"barrier_s":110,"messages_s":0,"backoff_s":0,"down_s":0,"none_s":0}"#
        );
        assert!(json["metrics"]["waiting_barrier_s"].is_null() && json["metrics"]["conflicts_noticed"] == 12);
        assert_eq!(json["metrics"]["llm_calls"].to_string(), "36");
        let csv = report().to_csv();
        assert!(csv.starts_with("scenario,architecture,agents,ending,makespan_s,rounds,"));
        assert!(csv.lines().nth(1).is_some_and(|row| row.starts_with("paper-p09,self_claim,4,completed,112,9,1,36,")));
        assert!(report().to_markdown().contains("| makespan |"));
    }
}
