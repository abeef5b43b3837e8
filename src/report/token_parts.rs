//! Tokens of a team beside those of one agent, with the parts of its input.

use crate::experiment::PointResult;
use crate::record::Metrics;
use crate::report::render::number;

/// Input tokens by part: reading, briefing, messages, history.
pub(in crate::report) type TokenParts = [f64; 4];

const PARTS: [(&str, &str); 4] = [
    ("reading", "reading_tokens"),
    ("briefing", "briefing_tokens"),
    ("messages", "message_tokens"),
    ("history", "history_tokens"),
];

/// Returns `tokens: 2.3 x one agent (reading 41 k, history 60 k)`. Parts of zero are left out.
pub(in crate::report) fn line(multiplier: f64, baseline: &str, parts: TokenParts) -> String {
    let parts = PARTS.iter().zip(parts).filter(|(_, tokens)| *tokens > 0.0);
    let parts: Vec<String> = parts.map(|((name, _), tokens)| format!("{name} {}", number::tokens(tokens))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let reason = if multiplier < 1.0 { "; with fewer calls, or less history that is sent again" } else { "" };
    format!("tokens: {} x {baseline}{parts}{reason}", number::significant(multiplier))
}

/// Returns the line of a point beside its baseline; none for one agent, and without a baseline that uses tokens.
pub(in crate::report) fn of_point(row: &PointResult) -> Option<String> {
    let multiplier = row.token_multiplier.filter(|_| row.agents > 1)?;
    let baseline = if row.over_one_agent { "one agent" } else { "the baseline" };
    let mean = |name: &str| row.metric(name).map_or(0.0, |summary| summary.mean);
    Some(line(multiplier, baseline, PARTS.map(|(_, metric)| mean(metric))))
}

/// Returns the line of a run beside one agent alone; none if that one uses no tokens.
pub(in crate::report) fn of_run(run: &Metrics, alone: &Metrics) -> Option<String> {
    let parts = [run.reading_tokens, run.briefing_tokens, run.message_tokens, run.history_tokens];
    multiplier(run, alone).map(|multiplier| line(multiplier, "one agent", parts.map(|tokens| tokens as f64)))
}

/// Tokens of a run over those of one agent alone.
pub(in crate::report) fn multiplier(run: &Metrics, alone: &Metrics) -> Option<f64> {
    let [own, one] = [run, alone].map(|metrics| metrics.input_tokens + metrics.output_tokens);
    (one > 0).then(|| own as f64 / one as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn the_multiplier_has_its_parts() {
        let run = Metrics {
            input_tokens: 200_000,
            output_tokens: 30_000,
            reading_tokens: 41_000,
            briefing_tokens: 8_000,
            history_tokens: 60_000,
            ..Metrics::default()
        };
        let alone = Metrics { input_tokens: 90_000, output_tokens: 10_000, ..Metrics::default() };
        let expected = "tokens: 2.30 x one agent (reading 41 k, briefing 8.0 k, history 60 k)";
        assert_eq!(of_run(&run, &alone).as_deref(), Some(expected));
        assert_eq!(of_run(&run, &Metrics::default()), None);
        assert_eq!(of_run(&alone, &alone).as_deref(), Some("tokens: 1.00 x one agent"));
    }

    #[test]
    fn a_team_is_compared_with_its_baseline() {
        let mut row = sweep().rows[1].clone();
        assert_eq!(of_point(&row), None);
        row.token_multiplier = Some(1.25);
        assert_eq!(of_point(&row).as_deref(), Some("tokens: 1.25 x one agent"));
        row.over_one_agent = false;
        assert_eq!(of_point(&row).as_deref(), Some("tokens: 1.25 x the baseline"));
        row.agents = 1;
        assert_eq!(of_point(&row), None);
    }
}
