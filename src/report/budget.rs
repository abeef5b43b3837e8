//! Time budget of a run, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::engine::Time;
use crate::record::{Metrics, NAMED_QUEUES, WaitingByCause};
use crate::report::json_seconds;
use crate::report::render::number;
use crate::report::time_uses::limits_of_run;

/// Returns the waiting by cause as JSON, the queues by the names of their resources. An unknown cause is there if there is
/// one, which only recordings have.
pub(in crate::report) fn waiting_json(waiting: &WaitingByCause, queues: &[String]) -> Value {
    let mut document = Map::new();
    for (name, time) in waiting.parts() {
        let value = match name {
            "queue" => queues_json(waiting, queues),
            "unknown" if time == Time::ZERO => continue,
            _ => json_seconds(time),
        };
        document.insert(format!("{name}_s"), value);
    }
    document.into()
}

/// Returns the waiting in each queue by name. The queues of further resources are together under `(others)`.
fn queues_json(waiting: &WaitingByCause, queues: &[String]) -> Value {
    let named = queues.iter().zip(waiting.queues);
    let mut document: Map<String, Value> = named.map(|(name, time)| (name.clone(), json_seconds(time))).collect();
    let rest = waiting.queue - waiting.queues.into_iter().take(queues.len()).sum();
    if rest > Time::ZERO || queues.len() > NAMED_QUEUES {
        document.insert("(others)".to_owned(), json_seconds(rest));
    }
    document.into()
}

/// Returns the time budget of a run: a line of all parts, and one of the causes of waiting, the largest first.
pub(in crate::report) fn budget_lines(run: &Metrics, queues: &[String]) -> String {
    let budget = &run.budget;
    let whole = budget.total().as_secs();
    if whole <= 0.0 {
        return format!("  agent-time {}\n", budget.total());
    }
    let shares = budget.parts().map(|(name, time)| format!("{name} {}", number::percent(time.as_secs() / whole)));
    let mut text = format!("  agent-time {}    {}\n", budget.total(), shares.join("   "));
    let limits = limits_of_run(run, queues);
    let waits = limits.iter().filter(|limit| limit.is_waiting && limit.share > 0.0);
    let waits: Vec<String> = waits.map(|limit| format!("{} {}", limit.short, number::percent(limit.share))).collect();
    if !waits.is_empty() {
        let _ = writeln!(text, "  waiting {}    {}", budget.waiting, waits.join("   "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TimeBudget, WaitCause};

    fn run() -> Metrics {
        let seconds = |s: u64| Time::from_us(s * 1_000_000);
        let mut budget = TimeBudget { work: seconds(60), service: seconds(10), ..TimeBudget::default() };
        for (cause, time) in [(WaitCause::Queue(0), 5), (WaitCause::Queue(1), 10), (WaitCause::Lock, 15)] {
            budget.waiting_by_cause.add(cause, seconds(time));
        }
        budget.set_waiting(seconds(30));
        Metrics { budget, ..Metrics::default() }
    }

    #[test]
    fn causes_above_zero_are_under_the_budget_the_largest_first() {
        let queues = ["tests", "review"].map(str::to_owned);
        let expected =
            "  agent-time 1m 40s    work 60 %   service 10 %   coordination 0 %   waiting 30 %   lost 0 %   rework 0 %
  waiting 30.0 s    lock 15 %   queue review 10 %   queue tests 5 %
";
        assert_eq!(budget_lines(&run(), &queues), expected);
        let mut busy = run();
        (busy.budget.waiting, busy.budget.waiting_by_cause) = (Time::ZERO, WaitingByCause::default());
        assert_eq!(budget_lines(&busy, &queues).lines().count(), 1);
        assert_eq!(budget_lines(&Metrics::default(), &[]), "  agent-time 0 s\n");
    }

    #[test]
    fn queues_have_their_names_and_the_others_are_together() {
        let mut run = run();
        let json = |run: &Metrics, queues: &[String]| waiting_json(&run.budget.waiting_by_cause, queues);
        assert_eq!(
            json(&run, &["tests".to_owned(), "review".to_owned()])["queue_s"].to_string(),
            r#"{"tests":5,"review":10}"#
        );
        // A recording gives no names.
        assert_eq!(json(&run, &[])["queue_s"].to_string(), r#"{"(others)":15}"#);
        assert!(json(&run, &[])["unknown_s"].is_null());
        let many: Vec<String> = (0..9).map(|index| format!("r{index}")).collect();
        run.budget.waiting_by_cause.add(WaitCause::Queue(8), Time::from_secs(2.0));
        assert_eq!(json(&run, &many)["queue_s"]["(others)"], 2);
        run.budget.set_waiting(Time::from_secs(40.0));
        assert_eq!(json(&run, &many)["unknown_s"], 8);
    }
}
