//! Broken recordings: file, line, what is wrong and what was expected, all at once; and `--skip-bad` keeps the rest.

use std::path::Path;

use brooks::trace::native;
use proptest::prelude::*;

use crate::binary::{Ran, brooks};

const HEADER: &str =
    r#"{"record":"header","schema":"brooks.trace","version":"1.0","trace":"t","agents":[{"gen_ai.agent.name":"ann"}]}"#;

fn step(id: &str, start: u64, end: u64, more: &str) -> String {
    format!(
        r#"{{"record":"step","id":"{id}","gen_ai.operation.name":"chat","gen_ai.agent.name":"ann","start_us":{start},"end_us":{end}{more}}}"#
    )
}

/// What the reader says of these lines.
fn said(lines: &[&str]) -> Vec<String> {
    let text = lines.join("\n");
    let read = native::read("t.steps.jsonl", text.as_bytes());
    read.filter_map(Result::err)
        .flat_map(|problems| problems.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_kind_of_damage_is_told_with_its_place() {
    let (a, b) = (step("a", 0, 5, ""), step("b", 5, 9, r#","after":["a"]"#));
    assert!(said(&[HEADER, &a, &b]).is_empty());
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["t.steps.jsonl: the file is empty; expected a header line"]),
        (
            &[&a],
            &["t.steps.jsonl:1: record: a header is missing before this line; expected a header line first: \
               {\"record\":\"header\",\"schema\":\"brooks.trace\", ..}"],
        ),
        (
            &[HEADER, &a, "garbage in the middle", &b],
            &["t.steps.jsonl:3: not JSON: expected value, column 1; expected one JSON object per line"],
        ),
        (
            &[HEADER, &a, &b[..40]],
            &["t.steps.jsonl:3: not JSON: EOF while parsing a string, column 40; expected one JSON object per line"],
        ),
        (
            &[HEADER, &step("a", 7, 5, "")],
            &["t.steps.jsonl:2: end_us: 5 is before start_us, which is 7; expected an end at or after the start"],
        ),
        (&[HEADER, &a, &a], &["t.steps.jsonl:3: id: \"a\" occurs twice; expected unique ids"]),
        (
            &[HEADER, &step("a", 0, 5, r#","after":["b"]"#), &b],
            &["t.steps.jsonl:2: after: a cycle: a after b after a; expected no step that depends on itself"],
        ),
        (
            &[HEADER, &step("t", 0, 1, r#","after":["a"]"#), &step("a", 1, 5, r#","after":["b"]"#), &b],
            &["t.steps.jsonl:3: after: a cycle: a after b after a; expected no step that depends on itself"],
        ),
        (
            &[HEADER, &step("a", 0, 5, r#","after":["x"],"parent":"y""#)],
            &[
                "t.steps.jsonl:2: after: there is no step \"x\"; expected ids of steps of this trace",
                "t.steps.jsonl:2: parent: there is no step \"y\"; expected the id of a step of this trace",
            ],
        ),
        (
            &[HEADER, &a.replace("ann", "bo"), &step("c", 0, 1, r#","task":"t1""#)],
            &[
                "t.steps.jsonl:2: gen_ai.agent.name: \"bo\" is not in the header; expected one of the header's agents",
                "t.steps.jsonl:3: task: \"t1\" is not in the header; expected one of the header's tasks",
            ],
        ),
        (
            &[HEADER, &step("a", 0, 5, r#","class":"play","gen_ai.usage.input_tokens":-3"#)],
            &[
                "t.steps.jsonl:2: gen_ai.usage.input_tokens: -3; expected a whole number from 0 to 4294967295",
                "t.steps.jsonl:2: class: \"play\"; expected one of work, coordinate, verify, rework, wait",
            ],
        ),
        (
            &[
                HEADER,
                r#"{"record":"step","id":"a","gen_ai.operation.name":"chat","gen_ai.agent.name":"ann","start_us":"0"}"#,
            ],
            &[
                "t.steps.jsonl:2: start_us: \"0\"; expected a whole number from 0 to 9007199254740992",
                "t.steps.jsonl:2: end_us: it is missing; expected whole microseconds",
            ],
        ),
        (
            &[&HEADER.replace("1.0", "2.0"), &a],
            &[
                "t.steps.jsonl:1: version: \"2.0\" is from a later version of brooks; expected version 1.0 or older; a newer brooks reads it",
            ],
        ),
        (
            &[&HEADER.replace("brooks.trace", "other")],
            &["t.steps.jsonl:1: schema: \"other\"; expected \"brooks.trace\""],
        ),
        (
            &[&HEADER.replace(r#""trace":"t""#, r#""trace":"t","totals":{"llm_calls":3}"#), &a],
            &[
                "t.steps.jsonl:1: totals.llm_calls: it is 3, but the steps sum to 1; expected totals equal to the sums of the steps",
            ],
        ),
        (
            &[&HEADER.replace(
                r#""trace":"t""#,
                r#""trace":"t","tasks":[{"id":"x","depends_on":["y"]},{"id":"y","depends_on":["x"]}]"#,
            )],
            &[
                "t.steps.jsonl:1: tasks[0].depends_on: \"x\" depends on itself; expected tasks of this trace, and no cycle",
            ],
        ),
        (
            &[&HEADER.replace(r#""trace":"t""#, r#""trace":"t","barrier":"round""#), &a],
            &["t.steps.jsonl:2: round: it is missing; expected a round from 1, as the header has a barrier"],
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(said(lines), *expected, "{lines:?}");
    }
}

#[test]
fn limits_of_the_harness_are_whole_numbers() {
    let a = step("a", 0, 5, "");
    let (lines, expected): (&[&str], &[&str]) = (
        &[
            &HEADER.replace(
                r#""trace":"t""#,
                r#""trace":"t","x.output_limit_tokens":0,"x.context_window_messages":"all""#,
            ),
            &a,
        ],
        &[
            "t.steps.jsonl:1: x.output_limit_tokens: 0; expected a whole number from 1 to 4294967295",
            "t.steps.jsonl:1: x.context_window_messages: \"all\"; expected a whole number from 0 to 4294967295",
        ],
    );
    assert_eq!(said(lines), *expected);
}

#[test]
fn additional_keys_that_are_read_have_their_form() {
    let steps = [step("a", 0, 5, r#","x.order":"first","x.latency_s":"5""#), step("b", 5, 9, r#","x.order":-1"#)];
    let order = "expected a whole number from 0 to 4294967295";
    let expected = [
        format!("t.steps.jsonl:2: x.order: \"first\"; {order}"),
        "t.steps.jsonl:2: x.latency_s: \"5\"; expected seconds".to_owned(),
        format!("t.steps.jsonl:3: x.order: -1; {order}"),
    ];
    assert_eq!(said(&[HEADER, &steps[0], &steps[1]]), expected);
    let header = HEADER.replace(r#""trace":"t""#, r#""trace":"t","tasks":[{"id":"k","x.writes":"a.rs"}]"#);
    let expected = ["t.steps.jsonl:1: x.writes: \"a.rs\"; expected a list of texts"];
    assert_eq!(said(&[&header, &step("a", 0, 5, "")]), expected);
}

#[test]
fn what_a_minor_version_adds_is_kept() {
    // Minor versions add, and what they add is kept.
    let newer = [
        HEADER.replace("1.0", "1.7").replace(r#""trace":"t""#, r#""trace":"t","mood":{"a":1}"#),
        step("a", 0, 5, r#","after":[],"new":[1]"#),
    ];
    let text = newer.join("\n");
    let trace = native::read("t", text.as_bytes()).next().expect("a trace").expect("a sound one");
    let again = native::write(&trace);
    assert!(
        again.contains(r#""mood":{"a":1}"#) && again.contains(r#""new":[1]"#) && again.contains(r#""version":"1.7""#)
    );
}

#[test]
fn a_line_of_200_mb_is_told_and_not_kept() {
    let mut text = format!("{HEADER}\n{{\"record\":\"step\",\"id\":\"").into_bytes();
    text.resize(text.len() + (200 << 20), b'x');
    text.extend(format!("\"}}\n{}\n", step("a", 0, 5, "")).bytes());
    let problems = native::read("t", text.as_slice()).next().expect("a trace").expect_err("a broken one");
    assert_eq!(problems.to_string(), "t:2: the line is too long; expected lines of at most 64 MiB");
}

#[test]
fn good_runs_are_kept_and_the_rest_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = include_str!("../../traces/self-claim.steps.jsonl");
    let bad = good.replacen("\"start_us\":0", "\"start_us\":\"soon\"", 1);
    let line = good.lines().count() + 1 + bad.lines().position(|line| line.contains("soon")).expect("a bad line");
    let place = format!("three.steps.jsonl:{line}");
    let file = folder.path().join("three.steps.jsonl");
    std::fs::write(&file, format!("{good}{bad}{good}")).expect("it can be written");
    let strict = run(&["replay"], &file);
    assert_eq!(strict.code, 2);
    assert!(
        strict.stderr.contains(&format!("{place}: start_us: \"soon\"; expected a whole number")),
        "{}",
        strict.stderr
    );
    assert!(strict.stdout.is_empty());
    let lenient = run(&["replay", "--skip-bad", "--format", "json"], &file);
    assert_eq!(lenient.code, 0);
    let document: serde_json::Value = serde_json::from_str(&lenient.stdout).expect("JSON");
    assert_eq!(document["summary"]["runs"], 2);
    assert!(lenient.stderr.contains(&place));
    // Packed and cut off in the middle.
    let packed = zstd_of(good.as_bytes());
    let cut = folder.path().join("cut.steps.jsonl.zst");
    std::fs::write(&cut, &packed[..packed.len() / 2]).expect("it can be written");
    let damaged = run(&["replay"], &cut);
    assert_eq!(damaged.code, 2, "{}", damaged.stderr);
    assert!(damaged.stderr.contains("the file cannot be read further"), "{}", damaged.stderr);
    std::fs::write(&cut, &packed).expect("it can be written");
    assert_eq!(run(&["replay"], &cut).code, 0);
}

#[test]
fn what_is_no_recording_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "buy milk").expect("it can be written");
    let unknown = run(&["replay"], &file);
    assert_eq!(unknown.code, 2);
    let told = unknown.stderr;
    assert!(told.contains("unknown format; brooks reads") && told.contains("llm-teams"), "{told}");
    let nothing = run(&["analyze"], folder.path());
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("none of its 1 files is a recorded run"), "{}", nothing.stderr);
    assert_eq!(run(&["replay"], Path::new("nowhere.steps.jsonl")).code, 5);
}

fn run(args: &[&str], path: &Path) -> Ran {
    let path = path.display().to_string();
    brooks(&[args, &[&*path]].concat()[..]).run()
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).expect("it can be packed")
}

proptest! {
    /// Any change of the bytes of a trace gives a trace that holds what a trace must, or problems, never a panic.
    #[test]
    fn any_bytes_are_a_trace_or_problems(cuts in prop::collection::vec((0_usize..20_000, 0_u8..=255), 1..20), drop in 0_usize..50) {
        let mut bytes = include_bytes!("../../traces/self-claim.steps.jsonl").to_vec();
        for (place, byte) in cuts {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        let place = drop % lines.len();
        lines.remove(place);
        let text = lines.join(&b'\n');
        for trace in native::read("t", text.as_slice()) {
            match trace {
                Ok(trace) => {
                    brooks::trace::check::check(&trace, |fault| panic!("{}", fault.problem));
                    let replay = brooks::trace::replay::replay(&trace, &mut ());
                    prop_assert!(replay.agents.len() == trace.header.agents.len());
                    let again = native::write(&trace);
                    let twice = native::read("t", again.as_bytes()).next();
                    let twice = twice.and_then(Result::ok).map(|trace| native::write(&trace));
                    prop_assert_eq!(twice, Some(again));
                }
                Err(problems) => prop_assert!(!problems.is_empty()),
            }
        }
    }
}
