use super::*;
use crate::experiment::replication::runner;
use crate::experiment::result::PointResult;
use crate::experiment::work_bounds::WorkBounds;
use crate::scaling::Precision;
use crate::scenario::{ScenarioFile, library};

fn hello() -> ScenarioFile {
    ScenarioFile::open("hello", &library::no_files()).expect("built in")
}

/// Work that is drawn for each replication, of fixed size and growing with the team.
fn random_work() -> [ScenarioFile; 2] {
    ["fixed", "scaled"].map(|scaling| {
        let text = format!(
            "workload: {{ fork_join: {{ stages: 2, width: 3, size: exponential(mean=300), join_size: 100 }} }}\n\
             team: {{ profile: {{ latency: {{ ttft: 1s, tokens_per_second: 50 }} }} }}\nscaling: {scaling}\n\
             sweep: {{ agents: [1, 2, 4], architecture: [self_claim, preassigned] }}"
        );
        ScenarioFile::parse("f.yaml", text.as_bytes(), &library::no_files()).expect("valid")
    })
}

fn rows(sweep: &Sweep<'_>, numbers: &[usize], budget: u64) -> Vec<(usize, PointResult)> {
    let mut rows = Vec::new();
    let control = Control { budget: &|| budget, ..Control::default() };
    let all = sweep.stream(&mut numbers.iter().copied(), &control, &mut |points| {
        rows.extend(points.into_iter().map(|point| (point.number, point.row)));
    });
    assert!(all.expect("valid points"));
    rows
}

#[test]
fn a_point_is_the_same_whoever_runs_it_with_what() {
    let file = hello();
    for sweep in [Sweep::new(&file, 700), Sweep::new(&file, 30), Sweep::new(&file, 30).independent()] {
        let whole = sweep.run(&|_| ()).expect("valid points").rows;
        assert_eq!(whole.len(), 24);
        for budget in [1, 100, 5000] {
            for (number, row) in rows(&sweep, &(0..24).collect::<Vec<_>>(), budget) {
                assert_eq!(row, whole[number], "point {number} with a budget of {budget}");
            }
        }
        for shards in [1, 3, 7] {
            let mut seen = Vec::new();
            for index in 0..shards {
                let numbers: Vec<usize> = sweep.shard(index, shards).collect();
                for (number, row) in rows(&sweep, &numbers, 100) {
                    assert_eq!(row, whole[number], "point {number} in shard {index} of {shards}");
                    seen.push(number);
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..24).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_point_with_random_work_is_the_same_whoever_runs_it_with_what() {
    for file in random_work() {
        for replications in [30, 700] {
            let sweep = Sweep::new(&file, replications);
            let whole = sweep.run(&|_| ()).expect("valid points").rows;
            for budget in [1, 100, 5000] {
                for shards in [1, 3] {
                    for index in 0..shards {
                        let numbers: Vec<usize> = sweep.shard(index, shards).collect();
                        for (number, row) in rows(&sweep, &numbers, budget) {
                            assert_eq!(row, whole[number], "point {number} of {shards} shards, budget {budget}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_precise_point_bounds_the_work_of_its_own_replications() {
    // Points that share a baseline stop at different numbers of replications.
    let [file, _] = random_work();
    let precise = Sweep::new(&file, 1).with_replications(ReplicationCount::Precise(Precision::to(0.05)));
    let all = rows(&precise, &(0..6).collect::<Vec<_>>(), 10_000);
    assert_eq!(all, rows(&precise, &(0..6).collect::<Vec<_>>(), 1));
    for (number, row) in all {
        assert_eq!(rows(&Sweep::new(&file, row.runs as u64), &[number], 1), [(number, row)]);
    }
}

#[test]
fn rows_are_those_of_the_samples() {
    let file = hello();
    let sweep = Sweep::new(&file, 1100);
    let point = sweep.point(5);
    let scenario = file.at(&point).expect("a point");
    let settings = baseline_settings(&file.baseline());
    let base = file.at(&with(&point, &settings)).expect("its baseline");
    let samples = runner::run(&[&scenario, &base], 1100, &|_| ());
    let axes = point.iter().map(|(_, value)| label(value)).collect();
    let baseline = Some((&samples[1], WorkBounds::new(&base)));
    let expected =
        PointResult::from_sample(axes, &scenario.architecture_name, &samples[0], baseline, &WorkBounds::new(&scenario));
    assert_eq!(rows(&sweep, &[5], 64), [(5, expected)]);
}

#[test]
fn a_precise_point_is_the_point_with_as_many_replications() {
    let file = hello();
    let precise = Sweep::new(&file, 1).with_replications(ReplicationCount::Precise(Precision::to(0.02)));
    let all = rows(&precise, &(0..24).collect::<Vec<_>>(), 10_000);
    assert_eq!(all, rows(&precise, &(0..24).collect::<Vec<_>>(), 1));
    let sizes: std::collections::BTreeSet<usize> = all.iter().map(|(_, row)| row.runs).collect();
    assert!(sizes.len() > 3, "every point stops where it is known: {sizes:?}");
    for (number, row) in all {
        let makespan = row.metric("makespan_s").expect("completed runs");
        assert!(makespan.half_width <= 0.02 / 1.02 * makespan.mean, "point {number}");
        let fixed = Sweep::new(&file, row.runs as u64);
        assert_eq!(rows(&fixed, &[number], 1), [(number, row)]);
    }
}

#[test]
fn independent_points_share_no_luck() {
    let file = hello();
    let (shared, own) = (Sweep::new(&file, 300), Sweep::new(&file, 300).independent());
    let (shared, own) = (rows(&shared, &[3], 1), rows(&own, &[3], 1));
    let width = |rows: &[(usize, PointResult)]| rows[0].1.speedup.expect("a speedup").half_width;
    assert_ne!(shared[0].1.digest, own[0].1.digest);
    assert!(width(&own) > width(&shared), "pairing makes intervals narrow: {} {}", width(&own), width(&shared));
}

#[test]
fn identity_is_what_rows_depend_on() {
    let file = hello();
    let identity = |file: &ScenarioFile, replications| Sweep::new(file, replications).identity();
    let before = identity(&file, 10);
    assert_eq!(identity(&hello(), 10), before);
    assert_ne!(identity(&file, 11), before);
    let set = |path: &str, value: &str| file.with(&[(path.to_owned(), value.to_owned())]).expect("a scenario");
    assert_ne!(identity(&set("seed", "7"), 10), before);
    assert_ne!(identity(&set("team.profile.error_rate", "0.2"), 10), before);
    assert_eq!(identity(&set("about", "anything"), 10), before);
    assert_ne!(identity(&file.with_axis("agents", "1..4").expect("an axis"), 10), before);
    assert_ne!(Sweep::new(&file, 10).independent().identity(), before);
}

#[test]
fn runs_are_counted_with_their_baselines() {
    let file = hello();
    // One agent is on the axis; alone it is not one of the three architectures.
    assert_eq!(Sweep::new(&file, 10).runs().expect("valid"), 240);
    let solo = file.with(&[("baseline".to_owned(), "solo".to_owned())]).expect("a scenario");
    assert_eq!(Sweep::new(&solo, 10).runs().expect("valid"), 250);
    let many = file.with_axis("team.profile.error_rate", "0..0.5 by 0.001").expect("an axis");
    assert_eq!(Sweep::new(&many, 1).runs().expect("valid"), 24 * 501);
    let without_one = many.with_axis("agents", "2..8").expect("an axis");
    assert_eq!(Sweep::new(&without_one, 1).runs().expect("valid"), 21 * 501 + 3 * 501);
}
