//! Check results as `JUnit` XML for CI servers: a suite a scenario; a case a point, rule or claim.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::experiment::baseline::Overall;
use crate::report::check::{CheckedScenario, claim_found, claim_name, difference, overall_of, reason};

/// Returns `JUnit` XML; the same results give the same bytes.
pub fn to_xml(entries: &[CheckedScenario], strict: bool) -> String {
    let mut report = Report::new("brooks check");
    for entry in entries {
        let mut suite = TestSuite::new(entry.scenario.as_str());
        for point in entry.points() {
            let name = entry.place(point);
            let found = point.metrics.first().and_then(difference);
            let passed = found.map_or_else(|| "identical".to_owned(), |found| format!("equivalent: makespan {found}"));
            let overall = Overall::new(point.verdict, strict);
            let text = if overall == Overall::Pass { passed } else { reason(entry, point) };
            suite.add_test_case(case("points", &name, overall, point.verdict.name(), &text));
        }
        for rule in entry.rules() {
            let name = if rule.curve.is_empty() { rule.rule.clone() } else { format!("{}: {}", rule.curve, rule.rule) };
            let text = format!("was {}, is {}; {}", rule.recorded, rule.now, rule.reason);
            suite.add_test_case(case("rules", &name, Overall::new(rule.verdict, strict), "changed", &text));
        }
        for claim in &entry.claims {
            let (name, overall) = (claim_name(claim), overall_of(claim.status));
            suite.add_test_case(case("claims", &name, overall, claim.status.name(), &claim_found(claim)));
        }
        report.add_test_suite(suite);
    }
    // Writing to memory does not fail.
    report.to_string().unwrap_or_default()
}

fn case(class: &str, name: &str, overall: Overall, kind: &str, text: &str) -> TestCase {
    let mut status = match overall {
        Overall::Pass => TestCaseStatus::success(),
        // An inconclusive result is an error of the test, not a failure.
        Overall::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Overall::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if overall != Overall::Pass {
        status.set_message(text).set_type(kind);
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    if overall == Overall::Pass {
        case.set_system_out(text);
    }
    case
}
