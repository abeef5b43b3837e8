//! Promises of docs/ARCHITECTURE.md and CONTRIBUTING.md about the sources, held against their syntax.

mod facts;
mod graph;
mod planted;
mod resolve;
mod rules;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use resolve::Tree;
use rules::Layers;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the page")
}

fn read_folder(folder: &Path, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_folder(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).expect("below the root").display().to_string().replace('\\', "/");
            into.push((name, std::fs::read_to_string(&path).expect("readable")));
        }
    }
}

/// Sources, parsed once.
fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut files = Vec::new();
        read_folder(&root().join("src"), &mut files);
        Tree::new(&files)
    })
}

/// Layer of every module, from the table.
fn layers(page: &str) -> Layers {
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let layer: u32 = cells.next()?.strip_prefix('L')?.parse().ok()?;
        Some((layer, cells.next()?))
    });
    let modules = rows.flat_map(|(layer, modules)| modules.split(',').map(move |module| (module, layer)));
    modules.map(|(module, layer)| (module.trim().trim_matches('`').to_owned(), layer)).collect()
}

fn assert_none(offences: &[String]) {
    assert!(offences.is_empty(), "{} offences\n{}", offences.len(), offences.join("\n"));
}

#[test]
fn imports_follow_the_layer_table() {
    assert_none(&rules::upward_imports(tree(), &layers(&page())));
}

#[test]
fn every_module_has_a_row_in_the_layer_table() {
    let page = page();
    let rows: BTreeSet<String> = layers(&page).into_keys().collect();
    let modules = tree().paths.iter().filter_map(|path| rules::module_of(path)).map(str::to_owned).collect();
    assert_eq!(rows, modules);
}

#[test]
fn only_the_command_line_touches_the_world() {
    // Threads of sweeps, behind the feature `parallel`.
    let allowed = [("src/experiment/replication/runner.rs", "rayon")];
    assert_none(&rules::worldly_uses(tree(), &allowed));
}

#[test]
fn items_are_reached_by_paths() {
    assert_none(&rules::hidden_items(tree()));
}

#[test]
fn files_stay_small() {
    assert_none(&rules::long_files(tree()));
}

#[test]
fn paths_in_the_code_map_exist() {
    let page = page();
    let is_file = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "rs");
    for line in page.lines() {
        // A name without a folder is beside a path before it in the line.
        let mut places = vec![root().join("src"), root().to_owned()];
        for path in line.split('`').skip(1).step_by(2).filter(|path| is_file(path)) {
            let is_pattern = path.contains(['*', ' ']) || path.contains("NAME");
            let found = places.iter().map(|place| place.join(path)).find(|path| path.exists());
            assert!(is_pattern || found.is_some(), "{path} is named and not there");
            places.extend(found.and_then(|path| path.parent().map(Path::to_owned)));
        }
    }
}

#[test]
fn functions_stay_small() {
    assert_none(&rules::long_functions(tree()));
}

#[test]
fn no_circles_between_files() {
    assert_none(&graph::circles(tree()));
}

#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    assert_none(&rules::coy_comments(tree()));
}

#[test]
fn type_names_are_unique_or_qualified() {
    assert_none(&rules::ambiguous_types(tree()));
}
