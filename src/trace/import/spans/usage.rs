//! Tokens of a call. OpenTelemetry counts what was read from a cache as input; others leave it out, and the total or
//! the size tells which.

use super::facts::{SpanAttributes, SpanField};
use crate::trace::model::Usage;

/// The tokens that a span tells, cached ones within the input.
pub(super) fn of(facts: &SpanAttributes) -> Usage {
    let input = facts.tokens(SpanField::Input).filter(|&tokens| tokens > 0);
    let mut usage = Usage {
        input,
        output: facts.tokens(SpanField::Output),
        cache_read: facts.tokens(SpanField::CacheRead),
        cache_write: facts.tokens(SpanField::CacheWrite),
    };
    if facts.is_own() {
        return Usage { input: facts.tokens(SpanField::Input), ..usage };
    }
    let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    if usage.input.is_none() && cached == 0 {
        // Zeros stand for nothing known: no call has an empty prompt.
        usage.output = usage.output.filter(|&tokens| tokens > 0);
        return usage;
    }
    let input = usage.input.unwrap_or(0);
    let all = input.saturating_add(cached);
    let is_beside = match (facts.tokens(SpanField::Total), usage.output) {
        (Some(total), Some(output)) if total == input.saturating_add(output) => false,
        (Some(total), Some(output)) if total == all.saturating_add(output) => true,
        _ => cached > input,
    };
    usage.input = Some(if is_beside { all } else { input });
    usage
}
