//! Planted faults: each rule finds what it is for, however it is written, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::graph;
use super::resolve::Tree;
use super::rules::{self, Layers};

/// Parses a small crate; modules that nobody declares are declared at the end of their parent's file.
fn tree(files: &[(&str, &str)]) -> Tree {
    let mut texts: BTreeMap<String, String> =
        files.iter().map(|(path, text)| (format!("src/{path}"), (*text).to_owned())).collect();
    let folders: BTreeSet<String> =
        texts.keys().flat_map(|path| path.match_indices('/').map(|(at, _)| path[..at].to_owned())).collect();
    for folder in &folders {
        texts.entry(if folder == "src" { "src/lib.rs".into() } else { format!("{folder}/mod.rs") }).or_default();
    }
    for path in texts.keys().cloned().collect::<Vec<_>>() {
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let Some((folder, name)) = module.rsplit_once('/') else { continue };
        let parent = if folder == "src" { "src/lib.rs".into() } else { format!("{folder}/mod.rs") };
        let parent = texts.get_mut(&parent).expect("every folder has a file");
        if name != "lib" && !parent.contains(&format!("mod {name};")) {
            parent.extend(["\npub mod ", name, ";"]);
        }
    }
    Tree::new(&texts.into_iter().collect::<Vec<_>>())
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let tree = tree(files);
    let layers = [("engine", 0), ("problem", 0), ("team", 2), ("simulation", 4), ("cli", 8)];
    let layers: Layers = layers.into_iter().map(|(module, layer)| (module.to_owned(), layer)).collect();
    let mut found = rules::upward_imports(&tree, &layers);
    found.extend(rules::worldly_uses(&tree, &[]));
    found.extend(rules::long_files(&tree));
    assert_eq!(found, expected);
}

const BOARD: (&str, &str) = ("team/board.rs", "pub struct Board;\nimpl Board { pub fn new() -> Self { Self } }");

#[test]
fn an_upward_import() {
    check(
        &[BOARD, ("engine/mod.rs", "\nuse crate::team::board::{self, Board};")],
        &[
            "src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board",
            "src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board::Board",
        ],
    );
}

#[test]
fn an_import_within_a_layer() {
    let files = [("problem/mod.rs", "pub struct Mistake;"), ("engine/mod.rs", "use crate::problem::Mistake;")];
    check(&files, &["src/engine/mod.rs:1: engine (L0) imports problem (L0): crate::problem::Mistake"]);
}

#[test]
fn a_renamed_import_is_reported_once() {
    check(
        &[BOARD, ("engine/mod.rs", "use crate::team::board::Board as B;\nfn f(_: B) { B::new(); }")],
        &["src/engine/mod.rs:1: engine (L0) imports team (L2): crate::team::board::Board"],
    );
}

#[test]
fn a_way_up_with_super() {
    check(
        &[BOARD, ("engine/queue.rs", "fn f() { super::super::team::board::Board::new(); }")],
        &["src/engine/queue.rs:1: engine (L0) imports team (L2): super::super::team::board::Board::new"],
    );
}

#[test]
fn a_path_in_a_type_a_pattern_and_a_bound() {
    check(
        &[
            ("team/mod.rs", "pub enum Role { Lead }\npub trait Works {}"),
            ("engine/mod.rs", "struct A(crate::team::Role);\nfn f<T: crate::team::Works>() {}"),
            ("problem/mod.rs", "fn f(x: X) { if let crate::team::Role::Lead = x {} }"),
        ],
        &[
            "src/engine/mod.rs:1: engine (L0) imports team (L2): crate::team::Role",
            "src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::Works",
            "src/problem/mod.rs:1: problem (L0) imports team (L2): crate::team::Role::Lead",
        ],
    );
}

#[test]
fn a_path_in_a_macro() {
    check(
        &[
            BOARD,
            ("engine/mod.rs", "fn f() {\nlet _ = vec![0, crate::team::board::Board::new()];\n}"),
            ("problem/mod.rs", "macro_rules! make {\n() => { $crate::team::board::{Board} };\n}"),
        ],
        &[
            "src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board::Board::new",
            "src/problem/mod.rs:2: problem (L0) imports team (L2): crate::team::board::Board",
            "src/problem/mod.rs:2: problem (L0) imports team (L2): crate::team::board",
        ],
    );
}

#[test]
fn a_path_in_an_attribute() {
    check(
        &[BOARD, ("engine/mod.rs", "struct A {\n#[serde(with = \"crate::team::board\")]\na: u32 }")],
        &["src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board"],
    );
}

#[test]
fn an_import_below_the_tests() {
    check(
        &[BOARD, ("engine/mod.rs", "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::team::board::Board;")],
        &["src/engine/mod.rs:3: engine (L0) imports team (L2): crate::team::board::Board"],
    );
}

#[test]
fn an_import_behind_a_feature() {
    check(
        &[BOARD, ("engine/mod.rs", "#[cfg(any(test, feature = \"x\"))]\nuse crate::team::board::Board;")],
        &["src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board::Board"],
    );
}

#[test]
fn an_import_in_a_function() {
    check(
        &[BOARD, ("engine/mod.rs", "fn f() {\nuse crate::team::board as b;\nb::Board::new();\n}")],
        &[
            "src/engine/mod.rs:2: engine (L0) imports team (L2): crate::team::board",
            "src/engine/mod.rs:3: engine (L0) imports team (L2): b::Board::new",
        ],
    );
}

#[test]
fn an_import_through_a_re_export() {
    check(
        &[
            ("lib.rs", "pub use simulation::run;"),
            ("simulation/mod.rs", "pub fn run() {}"),
            ("team/mod.rs", "fn f() { crate::run(); }"),
            ("engine/mod.rs", "use crate::*;\nfn f() { run(); }"),
        ],
        &[
            "src/engine/mod.rs:2: engine (L0) imports simulation (L4): run",
            "src/team/mod.rs:1: team (L2) imports simulation (L4): crate::run",
        ],
    );
}

#[test]
fn an_import_with_a_star() {
    check(
        &[BOARD, ("engine/mod.rs", "use crate::team::*;\nfn f() { board::Board::new(); }")],
        &[
            "src/engine/mod.rs:1: engine (L0) imports team (L2): crate::team",
            "src/engine/mod.rs:2: engine (L0) imports team (L2): board::Board::new",
        ],
    );
}

#[test]
fn an_import_for_tests_only() {
    check(
        &[
            BOARD,
            ("engine/mod.rs", "#[cfg(test)]\nmod tests;\n#[cfg(all(test, feature = \"x\"))]\nuse crate::team::board;"),
            ("engine/tests.rs", "use crate::team::board::Board;\nfn f() { println!(); }"),
            ("problem/mod.rs", "struct A;\nimpl A {\n#[cfg(test)]\nfn f() { crate::team::board::Board::new(); }\n}"),
        ],
        &[],
    );
}

#[test]
fn a_downward_import_and_words_in_texts() {
    check(
        &[
            BOARD,
            (
                "engine/mod.rs",
                "/// As [`crate::team::board::Board`].\nfn f() { g(\"crate::team::board\"); } // crate::team",
            ),
            ("simulation/mod.rs", "use crate::team::board::Board;\nuse super::engine;"),
        ],
        &[],
    );
}

#[test]
fn touching_the_world() {
    check(
        &[
            ("engine/mod.rs", "use std::{fs, io as i};\nfn f() { fs::read(\"x\"); i::stdout(); i::Cursor::new(0); }"),
            ("problem/mod.rs", "#[cfg(test)]\nmod tests {}\nfn f() { println!(\"{:?}\", ::std::env::args()); }"),
            ("team/mod.rs", "use std::io::*;"),
            ("simulation/mod.rs", "fn f() { let _ = vec![std::time::Instant::now()]; }"),
            ("cli/mod.rs", "use std::fs;"),
        ],
        &[
            "src/engine/mod.rs:1: std::fs is of the world (std::fs): only cli may",
            "src/engine/mod.rs:2: std::fs::read is of the world (std::fs): only cli may",
            "src/engine/mod.rs:2: std::io::stdout is of the world (std::io::stdout): only cli may",
            "src/problem/mod.rs:3: println is of the world (println): only cli may",
            "src/problem/mod.rs:3: std::env::args is of the world (std::env): only cli may",
            "src/simulation/mod.rs:1: std::time::Instant::now is of the world (std::time): only cli may",
            "src/team/mod.rs:1: std::io is of the world (std::io::stderr): only cli may",
        ],
    );
}

#[test]
fn hidden_items() {
    let text = "#[macro_use]\nmod a;\n#[path = \"a.rs\"]\nmod b { include!(\"c.rs\"); }\n#[cfg(test)]\n#[path = \"a.rs\"]\nmod c;";
    assert_eq!(
        rules::hidden_items(&tree(&[("engine/mod.rs", text), ("engine/a.rs", "")])),
        [
            "src/engine/mod.rs:1: macro_use hides the file of an item",
            "src/engine/mod.rs:3: path hides the file of an item",
            "src/engine/mod.rs:4: include hides the file of an item",
        ]
    );
}

#[test]
fn a_long_file() {
    let text = "\n".repeat(501);
    check(&[("engine/mod.rs", &text)], &["src/engine/mod.rs: 501 lines"]);
}

#[track_caller]
fn check_circles(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(graph::circles(&tree(files)), expected);
}

#[test]
fn a_circle_of_two_files() {
    check_circles(
        &[("team/a.rs", "use super::b::B;\npub struct A(B);"), ("team/b.rs", "\npub struct B(Box<super::a::A>);")],
        &["circle of 2:\n  src/team/a.rs:1 -> src/team/b.rs (B)\n  src/team/b.rs:2 -> src/team/a.rs (A)"],
    );
}

#[test]
fn a_circle_of_three_files() {
    check_circles(
        &[
            ("team/a.rs", "use crate::team::b;\npub fn a() { b::b(); }"),
            ("team/b.rs", "pub fn b() { assert!(crate::team::c::C > 0); }"),
            ("team/c.rs", "pub const C: u32 = 1;\n#[x(default = \"super::a::a\")]\nstruct D;"),
            ("team/d.rs", "use super::{a, b, c};\nfn d() { a::a(); b::b(); c::C; }"),
        ],
        &["circle of 3:\n  src/team/a.rs:2 -> src/team/b.rs (b)\n  src/team/b.rs:1 -> src/team/c.rs (C)\n  \
           src/team/c.rs:2 -> src/team/a.rs (a)"],
    );
}

#[test]
fn a_circle_through_re_exports() {
    check_circles(
        &[
            ("team/mod.rs", "pub mod a;\npub mod b;\npub use a::*;\npub use b::B as Renamed;"),
            ("team/a.rs", "use crate::team::Renamed;\npub struct A;"),
            ("team/b.rs", "pub struct B;\nfn f(_: super::A) {}"),
        ],
        &["circle of 2:\n  src/team/a.rs:1 -> src/team/b.rs (B)\n  src/team/b.rs:2 -> src/team/a.rs (A)"],
    );
}

#[test]
fn a_circle_of_parent_and_child() {
    let expected =
        "circle of 2:\n  src/team/board.rs:2 -> src/team/mod.rs (Id)\n  src/team/mod.rs:2 -> src/team/board.rs (new)";
    let child = ("team/board.rs", "use super::*;\npub fn new() -> Id { Id }");
    check_circles(&[("team/mod.rs", "pub struct Id;\nfn f() { board::new(); }"), child], &[expected]);
}

#[test]
fn a_circle_through_a_function_named_like_its_module() {
    check_circles(
        &[
            ("team/mod.rs", "pub use a::a;"),
            ("team/a.rs", "pub fn a(_: super::b::B) {}"),
            ("team/b.rs", "use super::a;\npub struct B;\nfn f() { a(B); }"),
        ],
        &["circle of 2:\n  src/team/a.rs:1 -> src/team/b.rs (B)\n  src/team/b.rs:3 -> src/team/a.rs (a)"],
    );
}

#[test]
fn a_circle_through_a_trait_with_a_star() {
    check_circles(
        &[
            ("team/a.rs", "use super::b::*;\npub struct A;\nfn f(a: &A) { a.work(); }"),
            ("team/b.rs", "pub trait Works { fn work(&self) {} }\nimpl Works for super::a::A {}"),
        ],
        &["circle of 2:\n  src/team/a.rs:1 -> src/team/b.rs (Works)\n  src/team/b.rs:2 -> src/team/a.rs (A)"],
    );
}

#[test]
fn no_circle() {
    check_circles(
        &[
            // Only passes its child's item on; a variable has the name of a function.
            ("team/mod.rs", "pub use board::{Board, board};\npub struct Id;\nfn f() { let board = 1; g(board); }"),
            ("team/board.rs", "use super::Id;\npub struct Board(Id);\npub fn board() {}"),
            ("engine/a.rs", "use super::b;\npub struct A;\n#[cfg(test)]\nmod tests { fn f(_: b::B) {} }"),
            ("engine/b.rs", "//! As [`super::a::A`].\nuse super::a::A;\npub struct B(A);"),
        ],
        &[],
    );
}

#[test]
fn a_long_function() {
    let body = "\n".repeat(59);
    let text =
        format!("fn short() {{{body}}}\n/// Comment.\nfn long(\n) {{{body}}}\n#[cfg(test)]\nfn test() {{\n{body}}}");
    assert_eq!(rules::long_functions(&tree(&[("engine/mod.rs", &text)])), ["src/engine/mod.rs:62: long has 61 lines"]);
}

#[test]
fn the_first_word_of_a_comment() {
    let text = "//! Queue.\n//! What goes on is not the first word.\n\n/// What it is.\nstruct A {\n/// `Whose` it is.\na: u32 }\n\
                /** * It is. */\nfn f() {}\nmake! {\n/// How many.\nb }\n#[cfg(test)]\n/// Of tests.\nfn g() {}\n// So it is.\n\
                ///\n/// THAT is.\nfn h() {}\n/// Items.\nfn i() {}";
    assert_eq!(
        rules::coy_comments(&tree(&[("engine/mod.rs", text)])),
        [
            "src/engine/mod.rs:4: begins with What",
            "src/engine/mod.rs:6: begins with Whose",
            "src/engine/mod.rs:8: begins with It",
            "src/engine/mod.rs:11: begins with How",
            "src/engine/mod.rs:18: begins with THAT",
        ]
    );
}

#[test]
fn a_type_name_that_exists_twice() {
    let files = [
        ("team/entry.rs", "pub enum Kind { A }\npub struct Only;"),
        ("team/event.rs", "pub enum Kind { B }"),
        ("team/mod.rs", "pub use entry::Kind;"),
        ("simulation/mod.rs", "use crate::team::{Only, event::{self, Kind}};\nfn f(_: event::Kind) {}"),
        ("cli/mod.rs", "use crate::team::Kind as EntryKind;\npub use crate::team::Kind;"),
    ];
    assert_eq!(
        rules::ambiguous_types(&tree(&files)),
        [
            "src/cli/mod.rs:2: bare Kind of src/team/entry.rs; also in src/team/event.rs",
            "src/simulation/mod.rs:1: bare Kind of src/team/event.rs; also in src/team/entry.rs",
        ]
    );
}
