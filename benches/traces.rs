//! How fast is what recorded runs go through? Import, replay and analysis of the 982 runs of arXiv 2603.12229 where
//! `BROOKS_DATA` says where they are, else of as many simulated ones through brooks' own form.

use std::hint::black_box;

use brooks::corpus::{Grouping, RecordedRun, groups, paper};
use brooks::record::{Log, Prices};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library;
use brooks::simulation::Simulator;
use brooks::table::{ImportContext, SourceFile};
use brooks::trace::import::{self};
use brooks::trace::replay::replay;
use brooks::trace::{RunFacts, Trace, native};
use criterion::{Criterion, criterion_group, criterion_main};

/// The pair of tables, if there is one.
fn tables() -> Option<Vec<SourceFile>> {
    let folder = std::path::PathBuf::from(std::env::var_os("BROOKS_DATA")?).join("paper");
    #[expect(clippy::disallowed_methods, reason = "a bench may read its data")]
    let file = |name: &str| Some(SourceFile { path: name.to_owned(), bytes: std::fs::read(folder.join(name)).ok()? });
    Some(vec![file("runs.parquet")?, file("events.parquet")?])
}

fn import_tables(files: &[SourceFile]) -> Vec<Trace> {
    let importer = import::find("llm-teams").expect("it is in the table");
    (importer.read)(files, &mut ImportContext::default())
}

fn simulated() -> Vec<Trace> {
    let file = ScenarioFile::open("paper", &library::no_files()).expect("it is built in");
    let scenario = file.scenario().expect("it is sound");
    let mut simulator = Simulator::new(&scenario);
    let run = |replication| {
        let mut log = Log::default();
        simulator.run(&*scenario.architecture, replication, &mut log);
        Trace::of_run(&RunFacts::of(&scenario, replication, &log), &log)
    };
    (0..982).map(run).collect()
}

fn recorded(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recorded");
    group.sample_size(10);
    let files = tables();
    if files.is_none() {
        eprintln!("BROOKS_DATA is not set: the runs are simulated ones");
    }
    let traces = files.as_deref().map_or_else(simulated, import_tables);
    if let Some(files) = &files {
        group.bench_function("import", |bencher| bencher.iter(|| black_box(import_tables(files))));
    }
    group.bench_function("replay", |bencher| {
        bencher.iter(|| traces.iter().map(|trace| replay(trace, &mut ()).replayed.as_us()).sum::<u64>());
    });
    let analyze = || {
        let runs: Vec<RecordedRun> =
            traces.iter().map(|trace| RecordedRun::from_trace(trace, Prices::default())).collect();
        let by = Grouping::by_what_differs(&runs);
        let grouping = Grouping { by, baseline: brooks::corpus::CorpusBaseline::Own };
        (groups(&runs, &grouping).len(), paper::figures(&runs).rounds)
    };
    group.bench_function("analyze", |bencher| bencher.iter(analyze));
    let text: String = traces.iter().map(native::write).collect();
    group.bench_function("write", |bencher| {
        bencher.iter(|| traces.iter().map(|trace| native::write(trace).len()).sum::<usize>());
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| native::read("traces", text.as_bytes()).flatten().count());
    });
    group.finish();
}

criterion_group!(benches, recorded);
criterion_main!(benches);
