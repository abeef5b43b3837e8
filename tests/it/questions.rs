//! Questions about a whole range, `sweep --sensitivity` and `sweep --find crossover`: the same answer on any number of threads, and
//! an honest one where there is none.

use serde_json::Value;

use crate::binary::brooks;

#[track_caller]
fn ends(line: &str, code: i32) -> (String, String) {
    let ran = brooks(line).run().exits(code);
    (ran.stdout, ran.stderr)
}

#[track_caller]
fn json(line: &str) -> Value {
    serde_json::from_str(&ends(&format!("{line} --format json"), 0).0).expect("a document")
}

/// What does not tell the command.
fn body(text: &str) -> &str {
    text.split("\nseed ").next().unwrap_or_default()
}

const RATES: &str =
    "sweep hello -a self_claim,preassigned --axis team.profile.error_rate=0..0.3 --reps 10 --no-progress";

#[test]
fn sensitivity_is_the_same_on_any_number_of_threads() {
    for method in ["sobol:32 --pairs", "morris:12", "sobol:16 --precision 10%"] {
        let line = if method.contains("precision") { RATES.replace("--reps 10 ", "") } else { RATES.to_owned() };
        let on = |threads: u32| ends(&format!("{line} --sensitivity {method} --threads {threads}"), 0).0;
        let one = on(1);
        assert_eq!(body(&one), body(&on(2)), "{method}");
        assert!(one.lines().next().is_some_and(|verdict| verdict.contains("makespan most")), "{one}");
    }
}

#[test]
fn what_is_the_cause_of_cost_is_no_cause_of_time() {
    let line = format!("{RATES} --axis prices.output=5..50 --sensitivity sobol:64");
    let total = |document: &Value, name: &str| {
        let axes =
            document["axes"].as_array().expect("axes").iter().find(|axis| axis["axis"] == name).expect("an axis");
        axes["total"]["estimate"].as_f64().expect("a number")
    };
    let (time, cost) = (json(&line), json(&format!("{line} --of cost")));
    assert!(total(&time, "prices.output").abs() < 1e-12 && total(&cost, "prices.output") > 0.05, "{time} {cost}");
    assert!(time["noise_share"].as_f64().is_some_and(|share| share > 0.0 && share < 0.05), "{time}");
    assert_eq!(time["evaluations"], 64 * 6);
    let (csv, _) = ends(&format!("{line} --format csv"), 0);
    assert!(csv.starts_with("axis,range,first,first.ci95_low,") && csv.lines().count() == 5, "{csv}");
}

#[test]
fn questions_that_have_no_answer() {
    for (line, code, expected) in [
        ("sweep hello --sensitivity fast:9", 2, "expected morris:R for R walks or sobol:N"),
        ("sweep hello --sensitivity sobol:9 --of cots", 2, "did you mean \"cost\""),
        ("sweep hello --sensitivity morris:9 --pairs", 2, "expected --sensitivity sobol:N"),
        ("sweep hello --sensitivity morris:9 -o out", 2, "cannot be used with"),
        ("sweep hello -n 4 -a solo --sensitivity sobol:4", 2, "has one value and cannot be varied"),
        ("sweep hello --axis agents --sensitivity sobol:4", 2, "expected PATH=VALUES"),
        ("sweep hello --find crossover --between self_claim", 2, "expected two architectures"),
        ("sweep hello --find crossover --between self_claim,soloo", 2, "unknown architecture"),
        ("sweep hello --find crossover --between self_claim,solo --along agents=4", 2, "expected PATH=LOW..HIGH"),
        ("sweep hello --find crossover --between self_claim,solo --along agents=8..2", 2, "expected PATH=LOW..HIGH"),
        ("sweep hello --find crossover --between self_claim,solo --along team.agnets=1..4", 2, "agnets"),
        ("sweep hello --find crossover --between self_claim,solo --along architecture=1..4", 2, "belong to --between"),
        ("sweep hello --find crossover", 2, "--between"),
        ("sweep hello --find crossover --between self_claim,solo -o out", 2, "cannot be used with"),
        ("sweep hello --max-reps 50", 2, "required"),
        ("sweep hello --of cost", 2, "required"),
        ("sweep conflicts --sensitivity morris:4 --of cost", 2, "has no prices"),
        (
            "sweep lead-bottleneck --find crossover --between lead_dynamic,lead_assigned",
            2,
            "matches 3 values of the scenario's axis",
        ),
        (
            "sweep paper --find crossover --between self_claim,preassigned -n 4..5 --max-reps 100",
            4,
            "self_claim completes less than 99 % of its runs at 2 of 2 places",
        ),
        ("sweep hello --axis team.profile.error_rate=0..1 --sensitivity morris:9 --reps 3", 1, "complete no run"),
    ] {
        let (_, error) = ends(&format!("{line} --no-progress"), code);
        assert!(error.contains(expected), "brooks {line}\n{error}");
    }
    let (text, _) = ends("sweep hello -a solo,self_claim --sensitivity morris:4 --reps 3 --dry-run", 0);
    assert!(text.starts_with("12 evaluations of ") && text.contains("3 replications each: "), "{text}");
}

#[test]
fn a_crossover_is_told_with_its_interval() {
    let line = "sweep hello --find crossover --between lead_dynamic,solo -n 1..24 --no-progress";
    let (one, _) = ends(&format!("{line} --threads 1"), 0);
    let (two, _) = ends(&format!("{line} --threads 2"), 0);
    assert_eq!(body(&one), body(&two));
    assert!(one.starts_with("lead_dynamic overtakes solo between 2 and 3 agents: its makespan is "), "{one}");
    let document = json(line);
    let crossing = &document["crossings"][0];
    assert!(crossing["low"] == 2 && crossing["high"] == 3 && crossing["overtakes"] == "lead_dynamic", "{document}");
    // A lead is paid for asking: the team is never cheaper than one agent, nor faster than a team that asks nobody.
    let (cost, _) = ends(&format!("{line} --of cost"), 0);
    assert!(cost.starts_with("no crossover: solo is cheaper, or the same run for run at all "), "{cost}");
    let (none, _) = ends(&line.replace("solo", "self_claim"), 0);
    assert!(none.starts_with("no crossover: self_claim is faster, or the same run for run at all "), "{none}");
    let (csv, _) = ends(&format!("{line} --format csv"), 0);
    assert!(csv.starts_with("at,first.mean,second.mean,difference,"), "{csv}");
}

#[test]
fn what_cannot_be_told_is_not_told() {
    // Where all runs are cut off nothing is known; ten runs know little.
    let line = "sweep hello --find crossover --between preassigned,self_claim --along team.profile.error_rate=0.97..1";
    let (text, error) = ends(&format!("{line} --max-reps 10 --no-progress"), 4);
    assert!(text.contains("can't be told at") && error.contains("can't be told: "), "{text}{error}");
}
