//! `brooks optimal` and the statistics of `brooks compare`, as somebody meets them.

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, brooks};

#[track_caller]
fn ends(line: &str, expected: i32) -> String {
    brooks(line).run().exits(expected).stdout
}

#[track_caller]
fn json(line: &str, code: i32) -> Value {
    serde_json::from_str(&ends(&format!("{line} --format json"), code)).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    for (line, formats) in [
        ("optimal paper", &["table", "json", "csv", "markdown"][..]),
        ("optimal hello --objective quality --deadline 9m --agents 4,7,8", &["json"]),
        ("compare hello --precision 5%", &["json"]),
    ] {
        for format in formats {
            let at = |threads: u32| {
                let out = ends(&format!("{line} --format {format} --threads {threads}"), 0);
                out.replace(&format!("--threads {threads}"), "")
            };
            assert_eq!(at(1), at(3), "{line}");
        }
    }
    let seed = |seed: u32| json(&format!("optimal paper --seed {seed}"), 0)["best"]["makespan_s"]["mean"].clone();
    assert_ne!(seed(1), seed(2));
}

#[test]
fn the_verdict_says_who_how_sure_and_where_to_stop() {
    let text = ends("optimal paper --agents 1..4 -a preassigned", 0);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("preassigned with 4 agents: ") && lines[0].contains("(95 %)"), "{text}");
    assert!(lines[1].contains("--max-agents 8"), "{text}");
    assert!(lines[2].starts_with("under preassigned every further agent pays up to 4"), "{text}");
    for part in ["Kim and Nelson", "2 % of it", "common random numbers cut the variance", "parallel_fraction = 0.9"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.trim_end().ends_with("--seed 42"), "{text}");

    let answer = json("optimal paper --agents 1..4 -a preassigned,self_claim", 0);
    assert_eq!((&answer["objective"], &answer["cost_unit"]), (&"time".into(), &"$".into()));
    assert_eq!((&answer["best"]["agents"], &answer["best"]["standing"]), (&4.into(), &"best".into()));
    let teams = answer["teams"].as_array().expect("a list");
    assert_eq!(teams.len(), 8);
    // Teams that now and then do not complete have no honest mean; they are named.
    let incomplete = teams.iter().filter(|team| team["standing"] == "incomplete");
    let claims = "self_claim (claims: at_commit, announce: everybody)";
    assert!(incomplete.clone().count() == 4 && incomplete.into_iter().all(|team| team["architecture"] == claims));
    let front = answer["front"].as_array().expect("a list");
    let order: Vec<f64> = front.iter().map(|team| number(&team["makespan_s"]["mean"])).collect();
    assert!(order.len() == 4 && order.is_sorted(), "each is slower and cheaper than the one before");
    let costs = front.iter().map(|team| number(&team["cost"]["mean"]));
    assert!(costs.rev().is_sorted());
    let saved = number(&answer["common_random_numbers"]["variance_reduction"]);
    assert!((number(&answer["common_random_numbers"]["worth"]) - 1.0 / (1.0 - saved)).abs() < 1e-9);
}

#[test]
fn what_cannot_be_told_apart_is_named_and_the_cheapest_of_it() {
    // Of eighteen free tasks no team of more than eighteen is faster than one of eighteen.
    let answer = json("optimal hello --max-agents 20 -a preassigned", 0);
    let mut alike: Vec<&Value> = answer["indistinguishable"].as_array().expect("a list").iter().collect();
    alike.push(&answer["best"]);
    assert!(alike.len() > 2 && alike.iter().any(|team| team["agents"] == 18), "{answer}");
    assert_eq!(answer["best"]["agents"], 18, "of those that are the same the smallest");
    let text = ends("optimal hello --max-agents 20 -a preassigned", 0);
    assert!(text.contains("cannot be told apart (95 %, within 2 %)") && text.contains("costs least"), "{text}");
    // An agent that buys nothing does not pay, and before it there is one that buys less than 2 %.
    assert!(number(&answer["stops_paying"]["agents"]) < 18.0, "{}", answer["stops_paying"]);
    let steps = answer["steps"].as_array().expect("a list");
    let last = steps.last().expect("nineteen");
    assert_eq!((steps.len(), &last["pays"]), (19, &false.into()));
    assert!(number(&last["buys_s"]["mean"]) <= 0.0, "more agents read more, and do no more: {last}");
    // If an hour is worth nothing to speak of, what is faster and cheaper still pays; if it is worth a fortune, any
    // second does.
    for rate in ["$0.000001/h", "100000"] {
        let text = ends(&format!("optimal hello --max-agents 8 -a preassigned --value-of-time {rate}"), 0);
        assert!(text.contains("under preassigned"), "{text}");
    }
}

#[test]
fn limits_leave_out_what_is_late_or_dear() {
    let answer = json("optimal hello --deadline 9m", 0);
    let teams = answer["teams"].as_array().expect("a list");
    for team in teams.iter().filter(|team| team["standing"] != "twin") {
        let is_inside = number(&team["on_time"]["ci95"][0]) >= 0.95;
        assert_eq!(team["standing"] == "late", !is_inside, "{team}");
    }
    assert!(ends("optimal hello --deadline 9m", 0).contains("inside 9m 00s in 95 % of runs or more: "));

    let answer = json("optimal paper --budget $0.11 -a preassigned", 0);
    assert!(number(&answer["best"]["cost"]["ci95"][1]) <= 0.11 && answer["best"]["agents"] == 2, "{}", answer["best"]);
    let text = ends("optimal paper --budget $0.11 -a preassigned", 0);
    assert!(text.contains("the largest preassigned with 2 agents"), "{text}");

    // Nothing fits: a finding, with what comes closest.
    for (limit, closest) in [
        ("--deadline 3m", "95 % of whose runs take up to"),
        ("--budget 0.1", "closest is preassigned (deal: round_robin) with 1 agent"),
    ] {
        let text = ends(&format!("optimal hello -a preassigned,lead_dynamic {limit}"), 1);
        assert!(text.starts_with("no team is inside the") && text.contains(closest), "{text}");
        assert_eq!(json(&format!("optimal hello {limit}"), 1)["best"], Value::Null);
    }
    // Where nothing has a price a run costs tokens, and that is what a budget is of.
    let answer = json("optimal specialists --objective cost", 0);
    assert_eq!(answer["cost_unit"], "tokens");
    assert!(ends("optimal specialists --budget 500ktokens", 0).contains("tokens"));
}

#[test]
fn refused_teams_are_left_out_and_named() {
    // With two or three agents only the lead has some of the skills.
    let lead = "only the lead \"all-rounder\" has the skill";
    let out = ends("optimal specialists --max-agents 3", 0);
    let reason =
        format!("left out: lead_dynamic with 2 agents, as {lead} \"frontend\", which the task \"page-1\" requires");
    assert!(out.contains(&reason) && out.contains("(and 1 more reason)"), "{out}");
    let answer = json("optimal specialists --max-agents 3", 0);
    let refused = answer["refused"].as_array().expect("a list");
    let agents = |team: &Value| team["agents"].as_u64().unwrap_or(0);
    assert_eq!(refused.iter().map(agents).collect::<Vec<_>>(), [2, 2, 2, 3, 3, 3]);
    let is_both = |team: &Value| {
        refused.iter().any(|other| (agents(other), &other["architecture"]) == (agents(team), &team["architecture"]))
    };
    let teams = answer["teams"].as_array().expect("a list");
    assert!(teams.len() == 3 * 6 - 6 && !teams.iter().any(is_both), "{answer}");
    assert_eq!(refused[0]["reasons"].as_array().map(Vec::len), Some(2));
    let csv = brooks("optimal specialists --max-agents 3 --format csv").run().exits(0);
    assert!(csv.stderr.contains("note: left out: lead_assigned with 3 agents") && !csv.stdout.contains("left out"));

    let out = ends("compare specialists -n 2,4 --reps 20", 0);
    assert!(out.contains(&reason) && !out.contains("with 4 agents, as"), "{out}");
    let comparisons = &json("compare specialists -n 2,4 --reps 20", 0)["comparisons"];
    let count = |index: usize, key: &str| comparisons[index][key].as_array().map(Vec::len);
    assert_eq!((count(0, "architectures"), count(0, "refused")), (Some(3), Some(3)));
    assert_eq!((count(1, "architectures"), count(1, "refused")), (Some(6), Some(0)));
    // A size without any architecture stays in the list.
    let out = ends("compare specialists -n 2,4 --reps 20 -a lead_dynamic", 0);
    assert!(out.starts_with("2 agents: every architecture is refused\n4 agents: lead_dynamic is fastest"), "{out}");
    let precise = ends("compare specialists -n 2,4 --precision 5% -a lead_dynamic,solo", 0);
    assert!(precise.contains(&reason), "{precise}");

    for line in [
        "optimal specialists --agents 2,3 -a lead_dynamic,lead_assigned",
        "compare specialists -n 2 -a lead_dynamic,lead_assigned",
    ] {
        let Ran { code, stderr, .. } = brooks(line).run();
        assert_eq!(code, 2, "{stderr}");
        for part in ["workload.tasks[6].skill", "workload.tasks[12].skill", "under lead_dynamic", "under lead_assigned"]
        {
            assert!(stderr.contains(part), "{part} in {stderr}");
        }
    }
    // An error of the scenario itself still stops the search.
    let Ran { code, stderr, .. } = brooks("optimal specialists --set limits.rounds=0 --max-agents 2").run();
    assert!(code == 2 && stderr.contains("limits.rounds"), "{stderr}");
}

#[test]
fn what_is_wrong_is_said() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("forgetful.yaml").display().to_string();
    let scenario = "workload: { chain: { tasks: 3 } }\nteam: { profile: { base: plain, orphan_rate: 1 } }";
    std::fs::write(&path, scenario).expect("written");
    let Ran { code, stdout: out, stderr: err, .. } =
        brooks(&format!("optimal {path} --max-agents 2 -a solo,self_claim")).run();
    assert_eq!(code, 1, "{err}");
    assert!(out.starts_with("no team completes 99 % of its runs") && out.contains("0 % of runs"), "{out}");
    for (line, expected) in [
        ("optimal hello --objective speed", "possible values: time, cost, quality"),
        ("optimal hello --max-agents 0", "0 is not in 1.."),
        ("optimal hello --max-agents 9999", "at most 500"),
        ("optimal hello --max-agents 4 --agents 2", "cannot be used with"),
        ("optimal hello --agents 0..3", "below 1"),
        ("optimal hello --deadline abc", "\"abc\" is not a duration"),
        ("optimal hello --deadline 45", "45 has no unit"),
        ("optimal hello --deadline 0s", "not above 0"),
        ("optimal hello --on-time 2", "expected a fraction above 0 %"),
        ("optimal hello --budget 9ktokens", "this scenario has prices"),
        ("optimal hello --budget nan", "not an amount in dollars"),
        ("optimal hello --budget 1e5000", "not an amount in dollars"),
        ("optimal specialists --budget $3", "this scenario has no prices"),
        ("optimal specialists --value-of-time 60", "no prices"),
        ("optimal hello --indifference 0%", "expected a fraction above 0 %"),
        ("optimal hello --confidence 40%", "at least 50%"),
        ("optimal hello --reps 3", "at least 100"),
        ("optimal hello --max-reps 100", "expected at least 150"),
        ("optimal hello -a chaos", "unknown architecture"),
        ("optimal gustafson", "grows with the team"),
        ("optimal helo", "did you mean \"hello\"?"),
        ("compare hello --precision 0", "expected a fraction above 0 %"),
        ("compare hello --precision 2% --reps 9", "cannot be used with"),
        ("compare hello --precision 2% --max-reps 3", "expected at least 10"),
        ("compare hello --max-reps 300", "--precision"),
        ("sweep hello --precision 2", "expected a fraction above 0 %"),
        ("sweep hello --precision 2% --reps 9", "cannot be used with"),
        ("sweep hello --precision 2% --dry-run", "cannot be used with"),
    ] {
        let Ran { code, stdout: out, stderr: err, .. } = brooks(line).run();
        assert_eq!((code, out.as_str()), (2, ""), "brooks {line}\n{err}");
        assert!(err.contains(expected), "brooks {line}\nexpected {expected}\n     got {err}");
    }
    // Replications that run out promise nothing, and the exit code says so.
    let Ran { code, stdout: out, stderr: err, .. } =
        brooks("optimal hello --agents 7,8 --max-reps 152 --indifference 0.01%").run();
    assert_eq!(code, 4, "{err}");
    assert!(out.contains("nothing is promised") && err.contains("too few replications"), "{out}{err}");
}

#[test]
fn replications_end_when_the_mean_is_known() {
    let known = |line: &str| {
        let answer = json(line, 0);
        let list = answer["comparisons"][0]["architectures"].as_array().expect("a list").clone();
        let share = |entry: &Value| {
            let time = &entry["makespan_s"];
            (number(&time["ci95"][1]) - number(&time["mean"])) / number(&time["mean"])
        };
        (list[0]["runs"].as_u64().expect("a count"), list.iter().map(share).fold(0.0, f64::max), list)
    };
    let (runs, share, list) = known("compare paper --precision 3%");
    assert!(share <= 0.03 / 1.03 && runs >= 10, "{runs} {share}");
    // It is what as many replications give that are asked for.
    assert_eq!(known(&format!("compare paper --reps {runs}")).2, list);
    assert!(known(&format!("compare paper --reps {}", runs * 2 / 3)).1 > 0.03 / 1.03, "fewer would not do");
    let (runs, share, _) = known("compare paper --precision 0.1% --max-reps 50");
    assert!(runs == 50 && share > 0.001);
    let text = ends("compare paper --reps 50", 0);
    assert!(text.contains("common random numbers cut the variance of the differences by"), "{text}");
}

#[test]
fn a_sweep_ends_when_every_point_is_known() {
    let rows = |line: &str| json(line, 0)["rows"].as_array().expect("rows").clone();
    let share = |row: &Value| number(&row["makespan_s.ci95_high"]) / number(&row["makespan_s.mean"]) - 1.0;
    let precise = rows("sweep hello --precision 4%");
    let runs = |row: &Value| row["runs"].as_u64().expect("a count");
    assert!(precise.iter().all(|row| runs(row) >= 10 && share(row) <= 0.04 / 1.04));
    // Each stops for itself, and is what as many replications give that are asked for.
    let (least, most) = (precise.iter().map(runs).min(), precise.iter().map(runs).max());
    assert!(least < most);
    for asked in [least, most].into_iter().flatten() {
        let all = rows(&format!("sweep hello --reps {asked}"));
        let same = precise.iter().zip(&all).filter(|(precise, _)| runs(precise) == asked);
        assert!(same.clone().count() > 0 && same.clone().all(|(precise, row)| precise == row), "{asked}");
    }
    let fewer = rows(&format!("sweep hello --reps {}", most.unwrap_or(0) * 2 / 3));
    assert!(fewer.iter().any(|row| share(row) > 0.04 / 1.04), "fewer would not do");
}

#[test]
fn the_front_is_a_picture() {
    let folder = TempDir::new().expect("a folder");
    let draw = |name: &str| {
        let path = folder.path().join(name);
        ends(&format!("optimal paper --svg {}", path.display()), 0);
        std::fs::read_to_string(path).expect("it is there")
    };
    let (first, second) = (draw("a.svg"), draw("b.svg"));
    assert_eq!(first, second);
    for part in ["<svg", "paper: time and cost of a team", "makespan", "preassigned", "front"] {
        assert!(first.contains(part), "{part}");
    }
}

/// With the same seed a team has the same runs, whoever else is compared; only how many differs.
#[test]
fn a_team_does_not_depend_on_its_rivals() {
    let best = |line: &str| {
        let answer = json(line, 0);
        let teams = answer["teams"].as_array().expect("a list").clone();
        teams
            .into_iter()
            .find(|team| team["agents"] == 3 && team["architecture"] == "preassigned")
            .expect("it is there")
    };
    let (alone, among) = (best("optimal paper --agents 3 -a preassigned"), best("optimal paper --agents 1..5"));
    assert_eq!((&alone["standing"], number(&alone["runs"])), (&"best".into(), 200.0));
    assert!(number(&among["runs"]) > 200.0);
    let (mine, theirs) = (&alone["makespan_s"]["ci95"], number(&among["makespan_s"]["mean"]));
    assert!(number(&mine[0]) <= theirs && theirs <= number(&mine[1]));
}
