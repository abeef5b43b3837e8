//! Report of `brooks replay` on recorded runs that were replayed unchanged.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::engine::Time;
use crate::report::budget::{budget_lines, waiting_json};
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, Tint};
use crate::report::time_uses::limits_of_run;
use crate::report::{footer_without_seed, json_seconds};
use crate::scaling::stats::quantile;
use crate::trace::Trace;
use crate::trace::replay::{AgentTime, Replay};

/// Most runs of the printed table: those with the largest errors.
const MAX_ROWS: usize = 12;

/// Replayed runs.
#[derive(Clone, Debug, Default)]
pub struct ReplayReport {
    runs: Vec<ReplayedRun>,
}

#[derive(Clone, Debug)]
struct ReplayedRun {
    trace: String,
    agents: Vec<String>,
    /// Names of the resources.
    queues: Vec<String>,
    replay: Replay,
}

impl ReplayReport {
    /// Adds a run.
    pub fn add(&mut self, trace: &Trace, mut replay: Replay) {
        if !self.runs.is_empty() {
            // Rounds are shown for a single run only.
            replay.rounds = Vec::new();
            if let [first] = self.runs.as_mut_slice() {
                first.replay.rounds = Vec::new();
            }
        }
        let agents = trace.header.agents.iter().map(|agent| agent.name.clone()).collect();
        let queues = trace.resources();
        self.runs.push(ReplayedRun { trace: trace.header.trace.clone(), agents, queues, replay });
    }

    /// Returns the errors of the replayed length in percent, ascending.
    fn errors(&self) -> Vec<f64> {
        let mut errors: Vec<f64> = self.runs.iter().filter_map(|run| run.replay.error_percent()).collect();
        errors.sort_by(f64::total_cmp);
        errors
    }

    fn equal(&self) -> usize {
        self.runs.iter().filter(|run| run.replay.counts_equal()).count()
    }

    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool, command: &str) -> String {
        let body = match self.runs.as_slice() {
            [run] => run.to_text(color),
            runs => {
                let errors = self.errors();
                let contradictions: usize = runs.iter().map(|run| run.replay.contradictions).sum();
                let mut text = format!(
                    "{} runs replayed: the error of the length is {} at the median, {} at the 95th percentile, {} at worst\n\
                     counts equal in {} of {} runs{}\n\n",
                    number::count(runs.len() as u64),
                    fine_percent(quantile(&errors, 0.5)),
                    fine_percent(quantile(&errors, 0.95)),
                    fine_percent(quantile(&errors, 1.0)),
                    number::count(self.equal() as u64),
                    number::count(runs.len() as u64),
                    contradicted(contradictions),
                );
                text.push_str(&self.table(MAX_ROWS).to_text(color));
                if runs.len() > MAX_ROWS {
                    let _ = writeln!(text, "  .. the {MAX_ROWS} with the largest errors; --format csv has all");
                }
                text
            }
        };
        format!("{body}\n{}", footer_without_seed(command))
    }

    /// Builds a table with a row a run; of more than `most`, those with the largest errors.
    pub fn table(&self, most: usize) -> Table {
        let mut table = Table::new(vec![
            Column::text("trace", "run"),
            Column::number("recorded_s", "recorded"),
            Column::number("replayed_s", "replayed"),
            Column::number("ape_percent", "error"),
            Column::text("counts_equal", "counts equal"),
        ]);
        let mut runs: Vec<&ReplayedRun> = self.runs.iter().collect();
        if runs.len() > most {
            runs.sort_by(|a, b| error(b).total_cmp(&error(a)));
            runs.truncate(most);
        }
        for run in runs {
            let replay = &run.replay;
            let time = |time: Option<Time>| Cell::optional(time, |t| Cell::number(t.as_secs(), t.to_string()));
            let equal = if replay.counts_equal() { Cell::text("yes") } else { Cell::text("no").tinted(Tint::Bad) };
            table.push(vec![
                Cell::text(run.trace.clone()),
                time(replay.recorded),
                time(Some(replay.replayed)),
                Cell::shown(replay.error_percent(), fine_percent),
                equal,
            ]);
        }
        table
    }

    /// Builds the table of all runs in the order of reading.
    pub fn full_table(&self) -> Table {
        self.table(usize::MAX)
    }

    /// Returns JSON for programs.
    pub fn to_json(&self) -> (Value, Value) {
        let runs = self.runs.iter().map(|run| {
            let replay = &run.replay;
            let counted = replay.counted.iter().map(|counted| {
                (counted.what.to_owned(), json!({ "recorded": counted.recorded, "replayed": counted.replayed }))
            });
            let agents = run.agents.iter().zip(&replay.agents).map(|(name, time)| {
                json!({
                    "agent": name, "there_s": json_seconds(time.to - time.from), "for_person_s": json_seconds(time.for_person), "busy_s": json_seconds(time.busy), "waiting_s": json_seconds(time.waiting),
                    "blocked_on_tests_s": json_seconds(time.blocked_on_tests),
                })
            });
            let budget = replay.metrics.budget.parts().map(|(name, time)| (format!("{name}_s"), json_seconds(time)));
            let rounds = replay.rounds.iter().map(|round| {
                json!({
                    "round": round.number, "start_s": json_seconds(round.start), "end_s": json_seconds(round.end),
                    "straggler": run.agents.get(round.straggler.index()), "gap_s": round.gap.map(json_seconds),
                })
            });
            json!({
                "trace": run.trace, "recorded_s": replay.recorded.map(json_seconds), "replayed_s": json_seconds(replay.replayed),
                "ape_percent": replay.error_percent(), "counts_equal": replay.counts_equal(),
                "counts": counted.collect::<serde_json::Map<_, _>>(), "contradictions": replay.contradictions,
                "time_budget": budget.into_iter().collect::<serde_json::Map<_, _>>(),
                "waiting_by_cause": waiting_json(&replay.metrics.budget.waiting_by_cause, &run.queues),
                "agents": agents.collect::<Vec<_>>(), "rounds": rounds.collect::<Vec<_>>(),
            })
        });
        let errors = self.errors();
        let at = |share: f64| (!errors.is_empty()).then(|| quantile(&errors, share));
        let summary = json!({
            "runs": self.runs.len(), "median_ape_percent": at(0.5), "p95_ape_percent": at(0.95),
            "max_ape_percent": at(1.0), "counts_equal": self.equal(),
        });
        (runs.collect(), summary)
    }
}

fn error(run: &ReplayedRun) -> f64 {
    run.replay.error_percent().unwrap_or(0.0)
}

impl ReplayedRun {
    fn to_text(&self, color: bool) -> String {
        let replay = &self.replay;
        let mut text = match (replay.recorded, replay.error_percent()) {
            (Some(recorded), Some(error)) => {
                format!("replayed in {}, recorded {recorded}: error {}", replay.replayed, fine_percent(error))
            }
            _ => format!("replayed in {}; how long it took was not recorded", replay.replayed),
        };
        let unequal: Vec<String> = replay
            .counted
            .iter()
            .filter(|counted| counted.recorded != counted.replayed)
            .map(|counted| format!("{} {} recorded, {} replayed", counted.what, counted.recorded, counted.replayed))
            .collect();
        if unequal.is_empty() {
            let _ = match replay.counted.as_slice() {
                [] => Ok(()),
                [one] => write!(text, "; {} equal", one.what),
                counted => write!(text, "; all {} counts equal", counted.len()),
            };
        } else {
            let _ = write!(text, "; counts differ: {}", unequal.join(", "));
        }
        text.push_str(&contradicted(replay.contradictions));
        text.push('\n');
        let team = if self.agents.len() == 1 { "agent" } else { "team" };
        let causes: Vec<String> = self
            .causes()
            .into_iter()
            .filter(|(_, share)| *share >= 0.05)
            .take(3)
            .map(|(cause, share)| format!("{cause} {}", number::percent(share)))
            .collect();
        let causes = if causes.is_empty() { "nothing but the work itself".to_owned() } else { causes.join(", ") };
        let _ = write!(text, "what limited this {team}: {causes}\n\n");
        text.push_str(&budget_lines(&replay.metrics, &self.queues));
        text.push_str(&self.figures());
        text.push('\n');
        text.push_str(&self.agent_table().to_text(color));
        text
    }

    /// Reports the shares of time other than work, the largest first.
    fn causes(&self) -> Vec<(String, f64)> {
        let budget = &self.replay.metrics.budget;
        // Causes are known in rounds and in simulated runs.
        if !self.replay.rounds.is_empty() || budget.waiting_by_cause.unknown < budget.waiting {
            let limits = limits_of_run(&self.replay.metrics, &self.queues);
            return limits.into_iter().map(|limit| (limit.name, limit.share)).collect();
        }
        let sum = |of: fn(&AgentTime) -> Time| self.replay.agents.iter().map(of).sum::<Time>();
        let waiting = match self.agents.len() {
            1 => "time in which nothing was recorded",
            _ => "waiting for other agents, or for nothing that was recorded",
        };
        let mut causes = vec![
            ("waiting for a person", sum(|agent| agent.for_person)),
            (waiting, sum(|agent| agent.waiting)),
            ("steps that came to nothing", budget.lost),
            ("rework", budget.rework),
            ("coordination", budget.coordination),
        ];
        causes.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let whole = budget.total().as_secs().max(1e-9);
        causes.into_iter().map(|(cause, time)| (cause.to_owned(), time.as_secs() / whole)).collect()
    }

    fn figures(&self) -> String {
        let m = &self.replay.metrics;
        let mut figures = vec![format!("calls {}", number::count(u64::from(m.llm_calls)))];
        if m.rounds > 0 {
            figures.insert(0, format!("rounds {} ({} idle)", m.rounds, m.idle_rounds));
        }
        if m.input_tokens + m.output_tokens > 0 {
            let (input, output) = (number::tokens(m.input_tokens as f64), number::tokens(m.output_tokens as f64));
            figures.push(format!("tokens {input} in, {output} out"));
        }
        let counts = [
            ("tests failed", m.failed_tests),
            ("blocked claims", m.temporal_violations),
            ("concurrent writes", m.concurrent_writes),
            ("rewrites", m.rewrites_any),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        figures.extend(counts.map(|(name, count)| format!("{name} {}", number::count(u64::from(count)))));
        if m.straggler_gap_s > 0.0 {
            figures.push(format!("straggler gap {}", Time::from_secs(m.straggler_gap_s)));
        }
        format!("  {}\n", figures.join("    "))
    }

    fn agent_table(&self) -> Table {
        let has_rounds = !self.replay.rounds.is_empty();
        let has_person = self.replay.agents.iter().any(|agent| agent.for_person > Time::ZERO);
        let mut columns = vec![
            Column::text("agent", "agent"),
            Column::number("there_s", "there for"),
            Column::number("busy_s", "busy"),
            Column::number("waiting_s", "waiting"),
        ];
        if has_person {
            columns.push(Column::number("for_person_s", "for a person"));
        }
        if has_rounds {
            columns.push(Column::number("blocked_on_tests_s", "blocked on tests"));
            columns.push(Column::number("rounds_ended", "rounds it ended"));
        }
        let mut table = Table::new(columns);
        for (index, (name, time)) in self.agents.iter().zip(&self.replay.agents).enumerate() {
            let there = time.to - time.from;
            let whole = there.as_secs().max(1e-9);
            let cell = |time: Time| {
                Cell::number(time.as_secs(), format!("{time} ({})", number::percent(time.as_secs() / whole)))
            };
            let mut row = vec![
                Cell::text(name.clone()),
                Cell::number(there.as_secs(), there.to_string()),
                cell(time.busy),
                cell(time.waiting),
            ];
            if has_person {
                row.push(cell(time.for_person));
            }
            if has_rounds {
                let ended = self.replay.rounds.iter().filter(|round| round.straggler.index() == index).count();
                row.push(cell(time.blocked_on_tests));
                row.push(Cell::count(ended as u64));
            }
            table.push(row);
        }
        table
    }
}

fn contradicted(steps: usize) -> String {
    match steps {
        0 => String::new(),
        1 => "; one step is recorded after another that ended later".to_owned(),
        steps => format!("; {} steps are recorded after others that ended later", number::count(steps as u64)),
    }
}

/// Formats a small percentage with its significant digits.
fn fine_percent(percent: f64) -> String {
    if !percent.is_finite() {
        number::NONE.to_owned()
    } else if percent == 0.0 {
        "0 %".to_owned()
    } else if percent < 0.0001 {
        "<0.0001 %".to_owned()
    } else {
        format!("{percent:.4} %")
    }
}
