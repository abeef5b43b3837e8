use super::*;
use crate::experiment::sweep::table_reader;
use crate::experiment::{PointResult, Sweep};
use crate::report::render::chart::tests::assert_in_frame;
use crate::report::rows::to_csv;
use crate::report::tests::{assert_well_formed, sweep};
use crate::scenario::ScenarioFile;
use crate::scenario::library;
use crate::scenario::library::SCENARIOS;

fn report(sweep: &SweepResult) -> SweepReport<'_> {
    let command = Some("brooks sweep 'a <b>' --seed 7".to_owned());
    let origin = Provenance {
        plan: "p".to_owned(),
        brooks: VERSION.to_owned(),
        points: sweep.rows.len(),
        command,
        ..Provenance::default()
    };
    SweepReport { sweep, origin }
}

/// Returns the page after checks of all common properties.
#[track_caller]
fn page(report: &SweepReport<'_>) -> String {
    let page = report.to_html();
    assert!(page == report.to_html(), "the same bytes every time");
    assert_well_formed(&page);
    // The page loads nothing and has no scripts.
    for outside in ["http:", "https:", "<script", "<link", "<img", "@import", "url(h", "src="] {
        assert!(!page.split("<body>").nth(1).unwrap_or_default().contains(outside), "{outside}");
    }
    for svg in page.split("<svg").skip(1).filter(|svg| svg.contains("role=\"img\"")) {
        let svg = format!("<svg{}</svg>", svg.split("</svg>").next().unwrap_or_default());
        assert!(svg.contains("<title>") && svg.contains("<desc>"), "a picture has a description");
        assert_in_frame(&svg);
    }
    // All referenced patterns and classes are defined.
    for part in page.split("url(#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(page.contains(&format!("<pattern id=\"{part}\"")), "{part}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "ids are unique");
    assert!(!page.contains("NaN") && !page.contains(">inf"), "a number that is none");
    page
}

/// The rows of the table of points.
fn rows(page: &str) -> usize {
    let table = page.split("<h2>Points</h2>").nth(1).and_then(|rest| rest.split("</tbody>").next());
    table.map_or(0, |table| table.matches("<tr>").count() - 1)
}

#[test]
fn the_verdict_comes_first_and_every_point_is_there() {
    let sweep = sweep();
    let page = page(&report(&sweep));
    let text = page.split("<body>").nth(1).expect("a body");
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing"));
    let order = [
        "<h1>try &lt;it&gt;</h1>",
        "fastest with 4 agents, preassigned: 1m 06s [1m 05s, 1m 08s], speedup 1.81 of at most 3.08 (Amdahl)",
        "intervals that overlap with its own: 2 agents, preassigned;",
        "cheapest: 1 agent, preassigned, $0.50 a run in 2m 00s, where the fastest costs $2.00",
        "what limits it: waiting at the barrier 20 % of the team's time; what would help: remove the rounds, or balance the tasks",
        "6 points, 300 runs: 250 completed, 50 stalled, 0 reached a limit",
        "fewest completed: 4 agents, self_claim (0 of 50)",
        "<h2>Pictures</h2>",
        "Makespan.",
        "Time against cost.",
        "<h2>Points</h2>",
        "<h2>What was assumed</h2>",
        "<code>brooks sweep 'a &lt;b&gt;' --seed 7 -o DIR</code>",
    ];
    let places: Vec<usize> = order.iter().map(|what| place(what)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(rows(&page), 6);
    assert!(!page.contains("Incomplete"));
}

#[test]
fn every_built_in_scenario_has_a_page() {
    for scenario in SCENARIOS {
        let file = ScenarioFile::open(scenario.name, &library::no_files()).expect("built in");
        let sweep = Sweep::new(&file, 3).run(&|_| ()).expect("valid");
        let whole = page(&report(&sweep));
        assert_eq!(rows(&whole), sweep.rows.len(), "{}", scenario.name);
        for row in &sweep.rows {
            assert!(whole.contains(&row.digest.to_string()), "{}: {:?}", scenario.name, row.axes);
        }
        // Read from its table the sweep has the same page.
        let head = SweepResult { rows: Vec::new(), ..sweep.clone() };
        let again = table_reader::read(&head, "sweep.csv", to_csv(&sweep).as_bytes(), sweep.rows.len()).expect("sound");
        let again = page(&report(&SweepResult { rows: again, ..head }));
        assert!(whole == again, "{}", scenario.name);
        // The first point alone, and half of the points.
        for kept in [1, sweep.rows.len().div_ceil(2)] {
            let some = SweepResult { rows: sweep.rows[..kept].to_vec(), ..sweep.clone() };
            assert_eq!(rows(&page(&report(&some))), kept, "{}", scenario.name);
        }
    }
}

#[test]
fn nothing_completed_is_said_and_not_drawn() {
    let mut sweep = sweep();
    for row in &mut sweep.rows {
        (row.completed, row.stalled, row.timed_out) = (0, 20, 30);
        row.metrics.iter_mut().for_each(|metric| *metric = None);
        row.speedup = None;
    }
    let page = page(&report(&sweep));
    assert!(page.contains("no run completed: 300 runs: 0 completed, 120 stalled, 180 reached a limit"), "{page}");
    assert!(page.contains("nothing to draw") && !page.contains("role=\"img\""));
    assert_eq!(rows(&page), 6);
}

#[test]
fn a_team_that_rarely_completes_is_not_the_best() {
    let mut sweep = sweep();
    sweep.rows[4].completed = 10;
    sweep.rows[4].stalled = 40;
    if let Some(makespan) = &mut sweep.rows[4].metrics[0] {
        makespan.mean = 10.0;
    }
    let page = page(&report(&sweep));
    assert!(page.contains("fastest with 4 agents, preassigned"));
    assert!(page.contains("2 agents, self_claim has 10.0 s, but only 10 of its 50 runs completed"));
    // Without a reliable team, the best of all is named with its completion.
    for row in &mut sweep.rows {
        (row.completed, row.stalled) = (row.completed.min(10), 40);
    }
    let report = report(&sweep).verdict();
    assert!(
        report[0].starts_with("fastest with 2 agents, self_claim: 10 s [8, 12]")
            && report[0].ends_with("only 10 of its 50 runs completed"),
        "{report:?}"
    );
}

#[test]
fn what_is_missing_is_said_first() {
    let sweep = sweep();
    let mut report = report(&sweep);
    report.origin.points = 24;
    report.origin.missing_shards = Some(("3,7-9".to_owned(), 12));
    report.origin.command = None;
    report.origin.brooks = "0.0.1".to_owned();
    let page = page(&report);
    let note = page.find("Incomplete: 6 of 24 points are there").expect("a note");
    assert!(note < page.find("fastest with").expect("a verdict"));
    assert!(page.contains("Shards 3,7-9 of 12 are missing or unfinished."));
    assert!(
        page.contains("not kept in this folder")
            && page.contains(&format!("brooks 0.0.1; this page by brooks {VERSION}"))
    );
    assert_eq!((report.to_json()["points"].as_u64(), report.to_json()["of_points"].as_u64()), (Some(6), Some(24)));
}

#[test]
fn scattered_points_do_not_compete() {
    let mut sweep = many(3);
    for (place, row) in sweep.rows.iter_mut().enumerate() {
        row.axes[2] = format!("0.{place:02}");
    }
    let page = page(&report(&sweep));
    assert!(page.contains("18 points, each with values of its own") && !page.contains("Every combination"));
    assert!(page.contains("fastest of all points: 4 agents, preassigned, kind 0.02: 1m 06s"));
    assert_eq!(rows(&page), 18);
}

/// Returns copies of the points, each with a value of its own on the last axis.
fn many(copies: usize) -> SweepResult {
    let sweep = sweep();
    let copy = |number: usize| {
        let own = move |row: &PointResult| {
            let mut row = row.clone();
            row.axes[2] = number.to_string();
            row
        };
        sweep.rows.iter().map(own).collect::<Vec<_>>()
    };
    let rows = (0..copies).flat_map(copy).collect();
    SweepResult { rows, ..sweep.clone() }
}

#[test]
fn other_axes_make_facets_and_many_of_them_one_picture() {
    for copies in [2, pictures::MOST_FACETS, pictures::MOST_FACETS + 1, 166] {
        let sweep = many(copies);
        let page = page(&report(&sweep));
        assert_eq!(rows(&page), 6 * copies);
        assert_eq!(page.matches("<h3>kind").count(), if copies <= pictures::MOST_FACETS { copies } else { 0 });
        let judged = page.matches("class=\"v\"").count();
        assert_eq!(judged, if copies <= MOST_JUDGED { copies } else { 0 });
        assert_eq!(report(&sweep).table().rows().len(), copies);
    }
}

#[test]
fn fifty_thousand_points_are_a_page_and_not_a_hundred_megabytes() {
    let sweep = many(8_400);
    let page = page(&report(&sweep));
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    assert_eq!(rows(&page), points::FASTEST);
    for said in [
        "The 250 fastest of 50,400 points",
        "The first 500 of 8,400 combinations",
        "of 50,400 points, chosen by chance",
        "fastest of all points: 4 agents, preassigned, kind 0",
    ] {
        assert!(page.contains(said), "{said}");
    }
    // Samples contain all team sizes equally.
    let layout = Layout::of(&sweep);
    let marks = pictures::cloud(&sweep, &layout).matches("class=\"mark\"").count();
    assert!((3_000..6_000).contains(&marks), "{marks} marks in three pictures");
}

#[test]
fn names_cannot_break_the_page() {
    let mut sweep = sweep();
    let bad = "\"><script>alert(1)</script>\u{0}\u{ffff}&amp;]]>-->";
    for (place, row) in sweep.rows.iter_mut().enumerate() {
        row.axes[2] = format!("{bad}{}", place % 2);
        row.axes[0] = format!("{bad}{}", row.architecture);
        row.architecture = row.axes[0].clone();
    }
    sweep.axes[2] = format!("workload.{bad}");
    sweep.scenario = bad.to_owned();
    sweep.question = Some(bad.to_owned());
    sweep.baseline = bad.to_owned();
    let mut report = report(&sweep);
    report.origin.command = Some(bad.to_owned());
    report.origin.plan = bad.to_owned();
    report.origin.brooks = bad.to_owned();
    let page = page(&report);
    assert!(!page.contains("<script") && !page.contains('\u{0}'));
}

#[test]
fn more_architectures_than_anybody_tells_apart() {
    let mut sweep = sweep();
    let row = sweep.rows[0].clone();
    let copy = |number: u32| {
        let mut row = row.clone();
        row.axes[0] = format!("a{}", number / 2);
        row.agents = 1 + number % 2;
        row
    };
    sweep.rows = (0..40).map(copy).collect();
    let page = page(&report(&sweep));
    assert!(page.contains("The first 12 of 20 architectures are drawn; the table has all."));
    assert_eq!(rows(&page), 40);
}
