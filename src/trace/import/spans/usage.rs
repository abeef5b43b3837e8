//! Tokens of a call. OpenTelemetry counts cached tokens as input; other conventions do not. The total or the size shows
//! which convention applies.

use super::facts::{SpanAttributes, SpanField};
use crate::trace::model::Usage;

/// Returns the tokens of a span, cached ones within the input.
pub(super) fn tokens(facts: &SpanAttributes) -> Usage {
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
        // Zeros mean unknown, since no call has an empty prompt.
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
