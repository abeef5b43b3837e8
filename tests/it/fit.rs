//! `brooks fit` and `brooks infer-p` as somebody meets them who never simulates: public data, every form of table, and
//! everything that can be wrong with one.

use std::fmt::Write as _;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::brooks;

const RAYTRACER: &str = "1:20 4:78 8:130 12:170 16:190 20:200 24:210 28:230 32:260 48:280 64:310";
const SPECSDM91: &str = "1:64.9 18:995.9 36:1652.4 72:1853.2 108:1828.9 144:1775 216:1702.2";
const CISCO: &str = "955.16 1878.91 2688.01 3548.68 4315.54 5130.43 5931.37 6531.08 7219.8 7867.61 8278.71 8646.7 9047.84 \
                     9426.55 9645.37 9897.24 10097.6 10240.5 10532.39 10798.52 11151.43 11518.63 11806 12089.37 12075.41 \
                     12177.29 12211.41 12158.93 12155.27 12118.04 12140.4 12074.39";

/// `1:20 4:78` as CSV under two names.
fn csv(names: &str, data: &str) -> String {
    let rows = data.split_whitespace().map(|pair| pair.replace(':', ",") + "\n");
    format!("{names}\n{}", rows.collect::<String>())
}

/// Fits `table` in a file of that name: exit code, stdout, stderr.
fn run(name: &str, table: &str, flags: &str) -> (i32, String, String) {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join(name), table).expect("written");
    in_folder(&folder, &format!("fit {name} {flags}"))
}

fn in_folder(folder: &TempDir, line: &str) -> (i32, String, String) {
    let ran = brooks(line).within(folder).run();
    (ran.code, ran.stdout, ran.stderr)
}

#[track_caller]
fn json(name: &str, table: &str, flags: &str) -> Value {
    let (code, out, err) = run(name, table, &format!("{flags} --format json"));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).expect("JSON")
}

#[track_caller]
fn refused(table: &str, flags: &str, expected: &[&str]) {
    let (code, out, err) = run("table.csv", table, flags);
    assert_eq!((code, out.as_str()), (2, ""), "{table}\n{err}");
    for expected in expected {
        assert!(err.contains(expected), "{table}\nexpected {expected}\n     got {err}");
    }
    let (_, _, err) = run("table.csv", table, &format!("{flags} --format json"));
    let errors: Value = serde_json::from_str(&err).expect("JSON");
    assert!(errors["errors"][0]["message"].is_string());
}

#[track_caller]
fn prints(value: &Value, golden: &str) {
    let decimals = golden.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value = value.as_f64().expect("a number");
    assert_eq!(format!("{value:.decimals$}"), golden);
}

fn scaled(value: &Value, factor: f64) -> Value {
    (value.as_f64().expect("a number") * factor).into()
}

fn parameter<'a>(fit: &'a Value, law: &str, name: &str) -> &'a Value {
    &fit["laws"][law]["parameters"][name]
}

#[test]
fn golden_specsdm91() {
    let fit = json("specsdm91.csv", &csv("load,throughput", SPECSDM91), "");
    let (sigma, kappa) = (parameter(&fit, "usl", "sigma"), parameter(&fit, "usl", "kappa"));
    prints(&sigma["estimate"], "0.0277285");
    prints(&sigma["se"], "0.0091217");
    prints(&sigma["ci95"][0], "0.00240");
    prints(&sigma["ci95"][1], "0.05305");
    assert_eq!((&sigma["at_bound"], &sigma["interval"]), (&Value::from(false), &Value::from("wald")));
    prints(&scaled(&kappa["estimate"], 1e4), "1.043655");
    prints(&scaled(&kappa["ci95"][0], 1e5), "4.918");
    prints(&scaled(&kappa["ci95"][1], 1e4), "1.5955");
    prints(&parameter(&fit, "usl", "lambda")["estimate"], "89.9952331");
    prints(&parameter(&fit, "usl", "lambda")["se"], "14.2134894");
    prints(&fit["peak_agents"]["estimate"], "96.51956");
    assert_eq!((&fit["peak_agents"]["agents"], &fit["peak_agents"]["method"]), (&97.into(), &"residuals".into()));
    let ci95 = fit["peak_agents"]["ci95"].as_array().expect("an interval");
    assert!(ci95[0].as_f64().is_some_and(|low| low < 96.5) && ci95[1].as_f64().is_some_and(|high| high > 96.5));
    prints(&fit["laws"]["amdahl"]["aicc"], "82.87");
    prints(&fit["laws"]["usl"]["aicc"], "85.92");
    prints(&fit["f_test"]["f"], "15.13");
    prints(&fit["f_test"]["p"], "0.0177");
    assert_eq!(
        (&fit["f_test"]["df1"], &fit["f_test"]["df2"], &fit["laws"]["usl"]["df"]),
        (&1.into(), &4.into(), &4.into())
    );
    // The two criteria disagree, and that is said.
    assert_eq!((&fit["verdict"]["regime"], &fit["verdict"]["law"]), (&true.into(), &"usl".into()));
    assert!(fit["verdict"]["reason"].as_str().is_some_and(|reason| reason.contains("AICc prefers amdahl")), "{fit:#}");
}

#[test]
fn golden_raytracer() {
    let fit = json("raytracer.csv", &csv("processors,throughput", RAYTRACER), "");
    prints(&parameter(&fit, "usl", "sigma")["estimate"], "0.0577708");
    prints(&parameter(&fit, "usl", "lambda")["estimate"], "21.84884");
    prints(&fit["laws"]["usl"]["rss"], "697.2378");
    prints(&fit["limit"], "378.199");
    let kappa = parameter(&fit, "usl", "kappa");
    assert_eq!((&kappa["at_bound"], &kappa["se"], &kappa["ci95"][0]), (&true.into(), &Value::Null, &0.0.into()));
    prints(&fit["laws"]["amdahl"]["aicc"], "55.07");
    prints(&fit["laws"]["usl"]["aicc"], "60.31");
    assert_eq!((&fit["verdict"]["law"], &fit["peak_agents"]), (&"amdahl".into(), &Value::Null));
    let six: Vec<&str> = RAYTRACER.split(' ').take(6).collect();
    let fit = json("six.csv", &csv("p,X", &six.join(" ")), "--law usl");
    prints(&parameter(&fit, "usl", "sigma")["estimate"], "0.0244440");
    prints(&scaled(&parameter(&fit, "usl", "kappa")["estimate"], 1e3), "1.626809");
    prints(&parameter(&fit, "usl", "lambda")["estimate"], "20.85605");
    prints(&fit["peak_agents"]["estimate"], "24.48825");
}

#[test]
fn golden_cisco() {
    let pairs: Vec<String> = CISCO.split_whitespace().zip(1..).map(|(x, n)| format!("{n}:{x}")).collect();
    let fit = json("cisco.csv", &csv("N,X", &pairs.join(" ")), "");
    prints(&parameter(&fit, "usl", "sigma")["estimate"], "0.02671595");
    prints(&scaled(&parameter(&fit, "usl", "kappa")["estimate"], 1e4), "7.690939");
    prints(&fit["peak_agents"]["estimate"], "35.57");
    for (law, aicc) in [("linear", "490.99"), ("amdahl", "374.74"), ("usl", "341.43")] {
        prints(&fit["laws"][law]["aicc"], aicc);
    }
    assert_eq!(fit["verdict"]["law"], "usl");
    assert!(fit["verdict"]["reason"].as_str().is_some_and(|reason| reason.starts_with("sure")), "{}", fit["verdict"]);
}

#[test]
fn every_form_of_a_table_says_the_same() {
    let figures = |fit: &Value| (fit["laws"].clone(), fit["verdict"].clone(), fit["peak_agents"].clone());
    let expected = figures(&json("a.csv", &csv("load,throughput", SPECSDM91), ""));
    let pairs: Vec<(&str, &str)> = SPECSDM91.split(' ').filter_map(|pair| pair.split_once(':')).collect();
    let objects: Vec<String> =
        pairs.iter().map(|(n, x)| format!("{{\"users\": {n}, \"m\": {{\"X\": {x}}}}}")).collect();
    let list = format!("[{}]", objects.join(",\n"));
    for (name, table, flags) in [
        ("a.tsv", csv("Threads,TPS", SPECSDM91).replace(',', "\t"), ""),
        ("a.csv", csv("N;X", SPECSDM91).replace(',', ";"), ""),
        ("a.csv", csv("who,what", SPECSDM91), "--x who --y what --kind throughput"),
        ("a.csv", csv("what,n", SPECSDM91).replace("what,n", "n,what"), "--kind throughput"),
        ("a.jsonl", objects.join("\n"), "--y m.X --kind throughput"),
        ("a.json", list, "--y m.X --kind throughput"),
    ] {
        assert_eq!(figures(&json(name, &table, flags)), expected, "{name} {flags}\n{table}");
    }
    let folder = TempDir::new().expect("a folder");
    let table = csv("load,throughput", SPECSDM91);
    let piped = brooks("fit - --format json --svg deep/a.svg").within(&folder).stdin(table.as_bytes()).run();
    assert_eq!(figures(&piped.json()), expected);
    let svg = std::fs::read_to_string(folder.path().join("deep/a.svg")).expect("a picture");
    assert!(svg.starts_with("<svg") && svg.contains("amdahl") && svg.contains(">load<"));
}

#[test]
fn times_are_read_with_units_and_repetitions_are_known() {
    // T(n) = 600 s (0.1 + 0.9/n), three times each, one per cent apart.
    let mut table = "agents,time\n".to_owned();
    for n in [1, 2, 4, 8, 16] {
        for off in [0.99, 1.0, 1.01] {
            let seconds = 600.0 * (0.1 + 0.9 / f64::from(n)) * off;
            writeln!(table, "{n},{seconds}s").expect("text");
        }
    }
    let fit = json("t.csv", &table, "");
    assert_eq!(
        (&fit["kind"], &fit["measurements"], &fit["verdict"]["law"]),
        (&"time".into(), &15.into(), &"amdahl".into())
    );
    assert!((parameter(&fit, "amdahl", "p")["estimate"].as_f64().expect("p") - 0.9).abs() < 1e-6);
    assert_eq!((&fit["laws"]["amdahl"]["df"], &fit["lack_of_fit"]["df2"]), (&13.into(), &10.into()));
    for point in fit["karp_flatt"].as_array().expect("a list") {
        assert!((point["e"].as_f64().expect("e") - 0.1).abs() < 1e-6, "{point}");
    }
    let (_, text, _) = run("t.csv", &table, "");
    assert!(text.starts_with("follows Amdahl's law: p = 0.900"), "{text}");
    for part in ["\nsure: the USL explains no more", "Karp-Flatt e", "\n  16", "15 measurements at 5 sizes"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let (_, csv, _) = run("t.csv", &table, "--format csv");
    assert_eq!(csv.lines().count(), 6, "{csv}");
    assert!(csv.starts_with("agents,measurements,measured,fitted,residual,speedup,efficiency,karp_flatt\n"), "{csv}");
}

#[test]
fn curves_of_a_sweep_are_fitted_each() {
    let folder = TempDir::new().expect("a folder");
    let (code, _, err) = in_folder(&folder, "sweep hello --agents 1,2,4,8 --reps 12 -o out -q");
    assert_eq!(code, 0, "{err}");
    let fit = |name: &str| {
        let (code, out, err) = in_folder(&folder, &format!("fit out/{name} --format json"));
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).expect("JSON")
    };
    let (csv, parquet) = (fit("sweep.csv"), fit("sweep.parquet"));
    let curves = csv["curves"].as_array().expect("several architectures");
    assert!(curves.len() > 1, "{csv:#}");
    for (curve, other) in curves.iter().zip(parquet["curves"].as_array().expect("the same")) {
        assert_eq!((&curve["kind"], &curve["measurements"]), (&"time".into(), &48.into()), "{curve:#}");
        assert!(curve["curve"].is_string() && curve["lack_of_fit"].is_object());
        assert_eq!((&curve["laws"], &curve["verdict"]), (&other["laws"], &other["verdict"]));
    }
}

#[test]
fn curves_without_a_regime_and_superlinear_points_are_told() {
    let verdict = |data: &str| {
        let (code, text, err) = run("t.csv", &csv("n,throughput", data), "");
        assert_eq!(code, 0, "{err}");
        text
    };
    assert!(verdict("1:10 2:10.2 4:9.9 8:10.1").starts_with("no scaling regime: flat"));
    assert!(verdict("1:10 2:8.8 3:8 4:7.5 8:5").starts_with("no scaling regime: falling"));
    let text = verdict("1:10 2:24 4:39 8:70 16:120");
    assert!(text.contains("superlinear at n = 2: more than its share"), "{text}");
}

#[test]
fn tables_are_read_as_spreadsheets_write_them() {
    let plain = json("t.csv", "threads,time\n1,45.5\n2,24.25\n4,13.75\n8,9.1\n16,7.955\n", "");
    let exported = "\u{feff}\"Threads\";\"Time (s)\"\r\n16;\"7,955\"\r\n2;24,25\r\n4;13,75\r\n8;9,1\r\n1;\"45,5\"\r\n";
    let (code, _, err) = run("t.csv", exported, "");
    assert_eq!((code, err.contains("commas in Time (s) are read as decimal separators")), (0, true), "{err}");
    let exported = json("t.csv", exported, "");
    assert_eq!((&plain["laws"], &plain["verdict"]), (&exported["laws"], &exported["verdict"]));
    let thousands = json("t.csv", "n,throughput\n1,\"1,234.5\"\n2,\"2,345\"\n4,\"4,321\"\n", "");
    assert!((parameter(&thousands, "linear", "lambda")["estimate"].as_f64().expect("a rate") - 1100.0).abs() < 50.0);
    refused("n,throughput\n1,\"1,234\"\n2,\"2,345\"\n4,\"4,321\"\n", "", &["may be decimal or thousands separators"]);
    refused("n,time,time\n1,2,2\n2,3,3\n3,4,4\n", "", &["two columns are named time"]);
}

#[test]
fn weights_and_errors_are_what_people_say() {
    // A weight of 2 is the same measurement twice.
    let rows = "1,10,1\n2,17,2\n4,31,1\n8,44,1\n16,50,1\n";
    let weighted = json("t.csv", &format!("n,throughput,weight\n{rows}"), "");
    let named = json("t.csv", &format!("n,throughput,w\n{rows}"), "--weight w");
    let plain = json("t.csv", "n,throughput\n1,10\n2,17\n2,17\n4,31\n8,44\n16,50\n", "");
    for (law, name) in [("amdahl", "p"), ("usl", "sigma"), ("usl", "kappa"), ("usl", "lambda")] {
        let estimate = |fit: &Value| parameter(fit, law, name)["estimate"].as_f64().expect("a number");
        assert_eq!(estimate(&weighted).to_bits(), estimate(&named).to_bits());
        assert!((estimate(&weighted) / estimate(&plain) - 1.0).abs() < 1e-7, "{law} {name}");
    }
    refused(
        "n,throughput,weight\n1,10,0\n2,17,1\n4,31,-1\n",
        "",
        &["t", ":2: weight", ":4: weight", "a weight above 0"],
    );
    refused("n,time\n1,2\n2,1\n3,1\n", "--weight what", &["--weight what: no such column"]);
    // Errors that are a share are the same for a time and its rate.
    let rates = json("t.csv", "n,throughput\n1,0.1\n2,0.2\n4,0.25\n8,0.5\n16,0.5\n", "--error share");
    let times = json("t.csv", "n,time\n1,10\n2,5\n4,4\n8,2\n16,2\n", "");
    assert_eq!((&rates["laws"], &rates["verdict"]), (&times["laws"], &times["verdict"]));
    let (_, text, _) = run("t.csv", "n,time\n1,10\n2,5\n4,4\n8,2\n16,2\n", "--error same");
    assert!(text.contains("each counts alike"), "{text}");
}

#[test]
fn predictions_are_the_curve_with_its_interval() {
    let fit = json("specsdm91.csv", &csv("load,throughput", SPECSDM91), "--predict 1,18,300");
    let rows = fit["predicted"].as_array().expect("a list");
    // R's usl publishes predict() of these data as 90 and 1078 at 1 and 18 (tests/predict.Rout.save of the package, 3
    // digits). The digits here and the intervals are of scipy: `least_squares` of the throughputs with xtol = ftol = gtol
    // = 1e-15, then t.ppf(0.975, 4) * sqrt(g @ C @ g), C = 2 cost / 4 * inv(J.T @ J), g by central differences.
    let golden =
        [["89.995", "50.532", "129.458"], ["1077.558", "885.389", "1269.726"], ["1447.458", "1156.745", "1738.172"]];
    for (row, [value, low, high]) in rows.iter().zip(golden) {
        prints(&row["value"], value);
        prints(&row["ci95"][0], low);
        prints(&row["ci95"][1], high);
        let part = |name: &str| row[name].as_f64().expect("a share");
        assert!((part("work") + part("contention") + part("coherency") - 1.0).abs() < 1e-12, "{row}");
    }
    // One of the curve is lambda, and so is its interval.
    assert!(
        (scaled(&rows[0]["ci95"][0], 1.0).as_f64().expect("a number")
            - parameter(&fit, "usl", "lambda")["ci95"][0].as_f64().expect("a number"))
        .abs()
            < 1e-6
    );
    // overhead() of R's usl publishes contention 0.0262 of one's time at 18 (tests/overhead.Rout.save): sigma x 17/18.
    let share = rows[1]["contention"].as_f64().expect("a share") / rows[1]["work"].as_f64().expect("a share") / 18.0;
    assert_eq!(format!("{share:.4}"), "0.0262");
    assert_eq!((&rows[1]["measured_range"], &rows[2]["measured_range"]), (&true.into(), &false.into()));
    let (_, text, _) = run("specsdm91.csv", &csv("load,throughput", SPECSDM91), "--predict 300");
    assert!(
        text.contains("beyond what was measured") && text.contains("at load = 216: 8 % of the time is work"),
        "{text}"
    );
    assert_eq!(run("t.csv", "n,time\n1,2\n2,1\n3,1\n", "--predict 0").0, 2);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_what_to_do() {
    refused("", "", &["there is nothing in it"]);
    refused("\n\n", "", &["there is nothing in it"]);
    refused("n,time\n", "", &["the table has no measurements"]);
    refused("1,20\n2,30\n4,50\n", "", &["table.csv:1", "instead of names", "such as n,time"]);
    refused("n,time\n1,20\n2,12\n", "", &["only 2 different n: 1 and 2", "at least 3", "infer-p"]);
    refused("n,time\n4,20\n4,12\n4,13\n", "", &["every measurement is at n = 4"]);
    refused("foo,bar\n1,2\n2,3\n3,4\n", "", &["--x NAME", "foo, bar", "known name"]);
    refused("n,a,b\n1,2,2\n2,3,3\n3,4,4\n", "", &["--y NAME", "n, a, b"]);
    refused("n,a\n1,2\n2,3\n3,4\n", "", &["can't be inferred from the name", "--kind time"]);
    refused("n,time\n1,2\n2,1\n3,1\n", "--y what", &["--y what: no such column", "n, time"]);
    refused("n,time\n1,2\n2,1\n3,1\n", "--x what", &["--x what: no such column"]);
    refused("n,time\n1,2\n2,1\n3,1\n", "--by kind", &["--by kind: no such column"]);
    refused("n,time\n1,2\n2,1\n3,1\n", "--law moore", &["no such law", "amdahl"]);
    for bad in ["0", "-4", "NaN", "inf", "fast", "1e99"] {
        refused(&format!("n,time\n1,20\n2,{bad}\n4,6\n8,5\n"), "", &["table.csv:3", "time", bad, "a time above 0"]);
        refused(&format!("n,throughput\n1,20\n2,{bad}\n4,6\n8,5\n"), "", &["table.csv:3", "a number above 0"]);
    }
    for bad in ["0", "-1", "NaN", "two", "2e9"] {
        refused(&format!("n,time\n1,20\n{bad},12\n4,6\n8,5\n"), "", &["table.csv:3: n", bad, "a team size from 1"]);
    }
    // Everything at once.
    refused("n,time\n0,20\n2,-1\n4,x\n8,5\n", "", &["table.csv:2", "table.csv:3", "table.csv:4"]);
    refused("n,time\n1,20s\n2,12\n4,6s\n8,5s\n", "", &["3 values have a unit of time and 1 have no unit"]);
    refused("n,time\n1,20\n2\n4,6\n8,5\n", "", &["table.csv:3", "1 values for 2 columns"]);
    refused("[1, 2, 3]", "", &["not an object"]);
    refused("{\"n\": 1, \"time\": 3", "", &["table.csv"]);
    let folder = TempDir::new().expect("a folder");
    assert_eq!(in_folder(&folder, "fit nothing.csv").0, 5);
    assert_eq!(in_folder(&folder, "fit .").0, 2);
}

#[test]
fn two_times_reveal_a_serial_fraction() {
    let folder = TempDir::new().expect("a folder");
    let (code, text, _) = in_folder(&folder, "infer-p --t1 45m --tn 19m --n 3");
    assert_eq!(code, 0);
    for part in [
        "p = 0.867: 13 % of the work is serial (Karp-Flatt e = 0.1333)",
        "6m 00s, 7.50 times one",
        "two numbers cannot separate",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let (_, out, _) = in_folder(&folder, "infer-p --t1 1h05m --tn 90s --n 60 --format json");
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["t1_s"], &json["tn_s"], &json["agents"]), (&3900.0.into(), &90.0.into(), &60.into()));
    for format in ["csv", "markdown"] {
        assert_eq!(in_folder(&folder, &format!("infer-p --t1 45m --tn 19m --n 3 --format {format}")).0, 0);
    }
    for (line, expected) in [
        ("--t1 45m --tn 19m --n 1", "at least 2"),
        ("--t1 45m --tn 50m --n 3", "slower than one agent"),
        ("--t1 45m --tn 10m --n 3", "superlinear"),
        ("--t1 45 --tn 19m --n 3", "--t1: 45 has no unit"),
        ("--t1 45m --tn 0s --n 3", "--tn 0s: expected a time above 0"),
        ("--t1 45m --tn=-3m --n 3", "negative"),
        ("--t1 45x --tn 3m --n 3", "unknown unit \"x\""),
    ] {
        let (code, out, err) = in_folder(&folder, &format!("infer-p {line}"));
        assert_eq!((code, out.as_str()), (2, ""), "{line}");
        assert!(err.contains(expected), "{line}: {err}");
    }
    // As good as linear, and no gain at all, are answers.
    assert!(in_folder(&folder, "infer-p --t1 30m --tn 10m --n 3").1.contains("set no limit"));
    assert!(in_folder(&folder, "infer-p --t1 30m --tn 30m --n 3").1.starts_with("p = 0.000: 100 %"));
}
