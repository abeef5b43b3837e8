//! Rules on references, sizes, names and comments. Each returns its offences as `file:line: reason`.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Form, Kind};
use super::resolve::{Target, Tree};

/// Number of the layer of every module.
pub(super) type Layers = BTreeMap<String, u32>;

/// The module of a source file: its first folder below src, or its own name there.
pub(super) fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let module = inside.split_once('/').map_or_else(|| inside.trim_end_matches(".rs"), |(folder, _)| folder);
    (!["lib", "main"].contains(&module)).then_some(module)
}

/// Imports of an upper layer, or of another module of the same layer.
pub(super) fn upward_imports(tree: &Tree, layers: &Layers) -> Vec<String> {
    let mut offences = Vec::new();
    let mut known = BTreeSet::new();
    for (file, reference) in tree.references() {
        let path = &tree.paths[file];
        let Some(own) = module_of(path) else { continue };
        let (targets, mut others) = tree.resolve(file, reference);
        let mut names = BTreeSet::new();
        for target in targets {
            match target {
                Target::Module((other, _)) => others.push(other),
                Target::Item { file: other, name, .. } => {
                    others.push(other);
                    names.insert(name);
                }
                Target::External(_) => {}
            }
        }
        let modules: BTreeSet<&str> = others.iter().filter_map(|&other| module_of(&tree.paths[other])).collect();
        for other in modules {
            // A module without a row is an offence of its own.
            let (Some(layer), Some(upper)) = (layers.get(own), layers.get(other)) else { continue };
            // The import has been reported; the uses of its name need not be.
            if other != own && upper >= layer && known.insert((file, other, names.clone())) {
                let (line, written) = (reference.line, reference.path.join("::"));
                offences.push(format!("{path}:{line}: {own} (L{layer}) imports {other} (L{upper}): {written}"));
            }
        }
    }
    offences
}

/// Paths that lead to files, environment, clock, terminal, threads.
const WORLD: [&str; 11] = [
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "jiff::Timestamp::now",
    "rayon",
];
const WORLD_MACROS: [&str; 5] = ["dbg", "eprint", "eprintln", "print", "println"];

/// Uses of the world outside of `cli`, except the pairs of file and path that are allowed.
pub(super) fn worldly_uses(tree: &Tree, allowed: &[(&str, &str)]) -> Vec<String> {
    let mut offences = Vec::new();
    for (file, reference) in tree.references() {
        let path = &tree.paths[file];
        if path == "src/main.rs" || module_of(path) == Some("cli") {
            continue;
        }
        for target in tree.resolve(file, reference).0 {
            let Target::External(used) = target else { continue };
            let is_within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            let found = match reference.form {
                Form::Macro => WORLD_MACROS.into_iter().find(|name| used.rsplit("::").next() == Some(name)),
                Form::Import { glob: true, .. } => {
                    WORLD.into_iter().find(|world| is_within(&used, world) || is_within(world, &used))
                }
                _ => WORLD.into_iter().find(|world| is_within(&used, world)),
            };
            if let Some(found) = found.filter(|found| !allowed.contains(&(path, found))) {
                offences.push(format!("{path}:{}: {used} is of the world ({found}): only cli may", reference.line));
            }
        }
    }
    offences
}

/// Attributes and macros that hide from these rules where an item is defined.
pub(super) fn hidden_items(tree: &Tree) -> Vec<String> {
    let hiding = tree.files().flat_map(|file| tree.facts[file].hiding.iter().map(move |hiding| (file, hiding)));
    hiding
        .map(|(file, (line, name))| format!("{}:{line}: {name} hides the file of an item", tree.paths[file]))
        .collect()
}

/// Files of more than 500 lines.
pub(super) fn long_files(tree: &Tree) -> Vec<String> {
    let files = tree.paths.iter().zip(&tree.facts).filter(|(_, facts)| facts.lines > 500);
    files.map(|(path, facts)| format!("{path}: {} lines", facts.lines)).collect()
}

/// Functions of more than 60 lines, from the signature to the closing brace.
pub(super) fn long_functions(tree: &Tree) -> Vec<String> {
    let functions =
        tree.files().flat_map(|file| tree.facts[file].functions.iter().map(move |function| (file, function)));
    let long = functions.filter(|(_, (_, _, lines))| *lines > 60);
    long.map(|(file, (line, name, lines))| format!("{}:{line}: {name} has {lines} lines", tree.paths[file])).collect()
}

const NO_FIRST_WORDS: [&str; 13] =
    ["what", "who", "whose", "how", "whether", "of", "it", "so", "where", "which", "when", "that", "whom"];

/// Doc comments that begin with a word of prose instead of a noun or a verb.
pub(super) fn coy_comments(tree: &Tree) -> Vec<String> {
    let comments = tree.files().flat_map(|file| tree.facts[file].comments.iter().map(move |comment| (file, comment)));
    let coy = comments.filter(|(_, (_, word))| NO_FIRST_WORDS.contains(&word.to_lowercase().as_str()));
    coy.map(|(file, (line, word))| format!("{}:{line}: begins with {word}", tree.paths[file])).collect()
}

/// Bare imports, from outside of its folder, of a type whose name is defined more than once.
///
/// Such a type is used through its module (`entry::Kind`) or under another name.
pub(super) fn ambiguous_types(tree: &Tree) -> Vec<String> {
    let mut homes: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for file in tree.files() {
        for (_, name) in &tree.facts[file].types {
            homes.entry(name).or_default().insert(file);
        }
    }
    let mut offences = Vec::new();
    for (file, reference) in tree.references() {
        if !matches!(reference.form, Form::Import { glob: false, renamed: false, .. }) {
            continue;
        }
        for target in tree.resolve(file, reference).0 {
            if let Target::Item { file: home, name, kind: Kind::Type | Kind::Trait } = target
                && reference.path.last() == Some(&name)
                && homes.get(name.as_str()).is_some_and(|homes| homes.len() > 1)
                && let Some((folder, _)) = tree.paths[home].rsplit_once('/')
                && !tree.paths[file].starts_with(&format!("{folder}/"))
            {
                let others = homes[name.as_str()].iter().filter(|&&other| other != home);
                let others: Vec<&str> = others.map(|&other| tree.paths[other].as_str()).collect();
                let (path, line) = (&tree.paths[file], reference.line);
                let home = &tree.paths[home];
                offences.push(format!("{path}:{line}: bare {name} of {home}; also in {}", others.join(", ")));
            }
        }
    }
    offences
}
