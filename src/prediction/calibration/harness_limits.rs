//! Limits of the harness that recorded a run, as far as its header states them.

use crate::team::ContextWindow;
use crate::trace::Trace;

/// Limits of the harness that recorded a run. Runs under different limits have call models of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct HarnessLimits {
    /// Most output tokens of a reply; none if unknown.
    pub output_tokens: Option<u32>,
    /// Number of earlier messages in a prompt; none if unknown.
    pub context_messages: Option<u32>,
}

impl HarnessLimits {
    /// Reads the limits from the header of a trace.
    pub(super) fn of(trace: &Trace) -> HarnessLimits {
        let header = &trace.header;
        HarnessLimits {
            output_tokens: header.output_limit_tokens(),
            context_messages: header.context_window_messages(),
        }
    }

    /// Returns the window in messages; none if it is unknown or too long to be told from the whole history.
    pub(super) fn window(self) -> Option<u16> {
        let messages = u16::try_from(self.context_messages?).ok()?;
        (messages <= ContextWindow::MAX_MESSAGES).then_some(messages)
    }
}
