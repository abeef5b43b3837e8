//! Annotations of a check for a GitHub workflow, one a finding.

use crate::experiment::baseline::Overall;
use crate::report::check::{CheckedScenario, claim_found, claim_name, overall_of, reason};

/// Most annotations of one check; GitHub shows ten of a step.
const MOST: usize = 10;

/// Returns workflow commands, a line each: `::error file=..,line=..,title=..::..`.
pub fn annotations(entries: &[CheckedScenario], strict: bool) -> String {
    let mut lines = Vec::new();
    for entry in entries {
        let mut add = |overall: Overall, line: u32, text: String| {
            let level = match overall {
                Overall::Pass => return,
                Overall::Inconclusive => "warning",
                Overall::Fail => "error",
            };
            let line = if line > 0 { format!(",line={line}") } else { String::new() };
            let (file, title) = (property(entry.file()), property(&format!("brooks check: {}", entry.scenario)));
            lines.push(format!("::{level} file={file}{line},title={title}::{}", data(&text)));
        };
        for point in entry.points() {
            add(Overall::new(point.verdict, strict), 1, format!("{}: {}", point.verdict.name(), reason(entry, point)));
        }
        for rule in entry.rules() {
            let text =
                format!("{} of {}: was {}, is {}; {}", rule.rule, rule.curve, rule.recorded, rule.now, rule.reason);
            add(Overall::new(rule.verdict, strict), 1, text);
        }
        for claim in &entry.claims {
            let text = format!("{}: {}; {}", claim.status.name(), claim_name(claim), claim_found(claim));
            add(overall_of(claim.status), claim.claim.line.max(1), text);
        }
    }
    // Errors go first, as GitHub stops after ten.
    lines.sort_by_key(|line| !line.starts_with("::error"));
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("::notice title=brooks check::and {more} more: see the summary of this job"));
    }
    if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" }
}

/// Escapes the message after `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property after `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
