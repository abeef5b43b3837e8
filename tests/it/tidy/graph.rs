//! The graph of files and its circles.
//!
//! A file depends on another one if it uses an item that is defined there. Passing on an item of a module below
//! (`pub use child::Item`) is no use.

use std::collections::BTreeMap;

use super::facts::{Form, Kind};
use super::resolve::{Target, Tree};

/// Names used and the first line of use, by the file that uses and the file that defines.
pub(super) type Edges = BTreeMap<(usize, usize), BTreeMap<String, usize>>;

pub(super) fn edges(tree: &Tree) -> Edges {
    let mut edges = Edges::new();
    for (file, reference) in tree.references() {
        let (mut targets, _) = tree.resolve(file, reference);
        if let Form::Import { glob, .. } = reference.form {
            if glob {
                // Methods of a trait are used without its name.
                let traits = tree.opened(&targets).into_iter();
                targets.extend(traits.filter(|target| matches!(target, Target::Item { kind: Kind::Trait, .. })));
            } else if targets.iter().any(|target| matches!(target, Target::Module(_))) {
                // Uses of what is in it follow.
                continue;
            }
        }
        let passes_on = matches!(reference.form, Form::Import { public: true, .. });
        for target in targets {
            if let Target::Item { file: other, name, .. } = target
                && other != file
                && !(passes_on && tree.is_below(other, file))
            {
                edges.entry((file, other)).or_default().entry(name).or_insert(reference.line);
            }
        }
    }
    edges
}

/// Returns every strongly connected component of more than one file, with the uses that make it.
pub(super) fn circles(tree: &Tree) -> Vec<String> {
    let edges = edges(tree);
    let mut next = vec![Vec::new(); tree.paths.len()];
    for &(from, to) in edges.keys() {
        next[from].push(to);
    }
    let reached: Vec<Vec<bool>> = (0..next.len()).map(|start| reachable(&next, start)).collect();
    let mut circles = Vec::new();
    for start in tree.files() {
        let circle: Vec<usize> = tree.files().filter(|&other| reached[start][other] && reached[other][start]).collect();
        if circle.first() != Some(&start) {
            continue;
        }
        let mut lines = vec![format!("circle of {}:", circle.len())];
        for (&(from, to), names) in edges.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to))
        {
            let line = names.values().min().copied().unwrap_or_default();
            let names: Vec<&str> = names.keys().map(String::as_str).collect();
            lines.push(format!("  {}:{line} -> {} ({})", tree.paths[from], tree.paths[to], names.join(", ")));
        }
        circles.push(lines.join("\n"));
    }
    circles
}

/// Marks the files that a file depends on, directly or not; itself only if it is in a circle.
fn reachable(next: &[Vec<usize>], start: usize) -> Vec<bool> {
    let mut reached = vec![false; next.len()];
    let mut open = next[start].clone();
    while let Some(file) = open.pop() {
        if !std::mem::replace(&mut reached[file], true) {
            open.extend(&next[file]);
        }
    }
    reached
}
