//! The module tree, and the file that defines what a path leads to.

use std::collections::BTreeMap;

use super::facts::{Def, Facts, Kind, Reference, Scope};

/// Place of a scope: its file and its number there.
pub(super) type At = (usize, usize);

/// End of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Module(At),
    Item { file: usize, kind: Kind, name: String },
    External(String),
}

/// All files, parsed, with their modules.
pub(super) struct Tree {
    pub paths: Vec<String>,
    pub facts: Vec<Facts>,
    library: Option<usize>,
    /// Every module that is not for tests only, with the one that declares it.
    parents: BTreeMap<At, Option<At>>,
}

impl Tree {
    /// Parses files given as path and text.
    pub(super) fn new(files: &[(String, String)]) -> Self {
        let parse = |files: &[(String, String)]| files.iter().map(|(path, text)| Facts::of(path, text)).collect();
        let (first, second) = files.split_at(files.len() / 2);
        let facts = std::thread::scope(|threads| {
            let second = threads.spawn(|| parse(second));
            let mut facts: Vec<Facts> = parse(first);
            facts.append(&mut second.join().expect("every file parses"));
            facts
        });
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        let mut tree = Self { paths, facts, library: None, parents: BTreeMap::new() };
        tree.library = tree.file("src/lib.rs");
        for root in tree.library.into_iter().chain(tree.file("src/main.rs")) {
            tree.grow((root, 0), None);
        }
        tree
    }

    fn file(&self, path: &str) -> Option<usize> {
        self.paths.iter().position(|known| known == path)
    }

    /// Enters a module and those below it.
    fn grow(&mut self, module: At, parent: Option<At>) {
        self.parents.insert(module, parent);
        let defs = self.scope(module).names.values().flatten();
        let children: Vec<At> = defs.filter_map(|def| self.child(module, def)).collect();
        for child in children {
            self.grow(child, Some(module));
        }
    }

    /// The module that a name of another one stands for.
    fn child(&self, module: At, def: &Def) -> Option<At> {
        match def {
            Def::Inline(scope) => Some((module.0, *scope)),
            Def::File(name) => {
                let own = self.paths[module.0].trim_end_matches(".rs");
                let root = own.strip_suffix("/mod").or_else(|| own.strip_suffix("/lib"));
                let folder = root.or_else(|| own.strip_suffix("/main")).unwrap_or(own);
                let file = self.file(&format!("{folder}/{name}.rs"));
                let file = file.or_else(|| self.file(&format!("{folder}/{name}/mod.rs")));
                Some((file.unwrap_or_else(|| panic!("{own}.rs: no file of `mod {name}`")), 0))
            }
            Def::Item(_) | Def::Import(_) => None,
        }
    }

    /// References of the modules that are not for tests only.
    pub(super) fn references(&self) -> impl Iterator<Item = (usize, &Reference)> {
        self.files().flat_map(|file| self.facts[file].references.iter().map(move |reference| (file, reference)))
    }

    /// Files that are not for tests only.
    pub(super) fn files(&self) -> impl Iterator<Item = usize> {
        (0..self.paths.len()).filter(|file| self.parents.contains_key(&(*file, 0)))
    }

    /// Resolves a reference: its targets, and the modules that the written path leads through.
    pub(super) fn resolve(&self, file: usize, reference: &Reference) -> (Vec<Target>, Vec<usize>) {
        let mut method = Vec::new();
        let mut seen = Vec::new();
        let targets = self.follow((file, reference.scope), &reference.path, &mut seen, &mut method);
        (targets, method)
    }

    /// Everything that an import with `*` brings into scope.
    pub(super) fn opened(&self, targets: &[Target]) -> Vec<Target> {
        let modules = targets.iter().filter_map(|target| match target {
            Target::Module(at) => Some(*at),
            _ => None,
        });
        let names = modules.flat_map(|at| self.scope(at).names.keys().map(move |name| (at, name)));
        names.flat_map(|(at, name)| self.named(at, name, &mut Vec::new())).collect()
    }

    fn scope(&self, at: At) -> &Scope {
        &self.facts[at.0].scopes[at.1]
    }

    fn module_around(&self, mut at: At) -> At {
        while self.scope(at).is_block {
            at.1 = self.scope(at).parent.expect("a block is in a module");
        }
        at
    }

    fn root_of(&self, mut module: At) -> At {
        while let Some(Some(parent)) = self.parents.get(&module) {
            module = *parent;
        }
        module
    }

    fn parent_of(&self, module: At) -> Option<At> {
        self.parents.get(&module).copied().flatten()
    }

    fn follow(&self, from: At, path: &[String], seen: &mut Vec<(At, String)>, method: &mut Vec<usize>) -> Vec<Target> {
        let module = self.module_around(from);
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let mut targets = match first.as_str() {
            "crate" => vec![Target::Module(self.root_of(module))],
            "self" => vec![Target::Module(module)],
            "super" => self.parent_of(module).map(Target::Module).into_iter().collect(),
            "::" => Vec::new(),
            name => self.in_scope(from, name, seen),
        };
        if targets.is_empty() {
            targets = match (first.as_str(), self.library) {
                ("brooks", Some(library)) => vec![Target::Module((library, 0))],
                ("::", _) => return vec![Target::External(rest.join("::"))],
                _ => return vec![Target::External(path.join("::"))],
            };
        }
        for name in rest {
            targets = self.step(&targets, name, seen, method);
        }
        targets
    }

    fn step(&self, from: &[Target], name: &str, seen: &mut Vec<(At, String)>, method: &mut Vec<usize>) -> Vec<Target> {
        let mut next = Vec::new();
        for target in from {
            match target {
                Target::Module(module) if name == "super" => {
                    next.extend(self.parent_of(*module).map(Target::Module));
                }
                Target::Module(module) if name != "self" => {
                    method.push(module.0);
                    let found = self.named(*module, name, seen);
                    if found.is_empty() && from.len() == 1 {
                        // Made by a macro of that file.
                        next.push(Target::Item { file: module.0, kind: Kind::Value, name: name.to_owned() });
                    }
                    next.extend(found);
                }
                // Nothing is inside of a function; variants and methods are where their type is.
                Target::Item { kind: Kind::Value, .. } if from.len() > 1 => {}
                Target::Module(_) | Target::Item { .. } => next.push(target.clone()),
                Target::External(path) => next.push(Target::External(format!("{path}::{name}"))),
            }
        }
        next.dedup();
        next
    }

    /// Meanings of a name in a block or module, outwards to the module.
    fn in_scope(&self, mut at: At, name: &str, seen: &mut Vec<(At, String)>) -> Vec<Target> {
        loop {
            let found = self.named(at, name, seen);
            if !found.is_empty() || !self.scope(at).is_block {
                return found;
            }
            at.1 = self.scope(at).parent.expect("a block is in a module");
        }
    }

    /// Meanings of a name in one scope, through its imports.
    fn named(&self, at: At, name: &str, seen: &mut Vec<(At, String)>) -> Vec<Target> {
        let key = (at, name.to_owned());
        let is_inner = seen.contains(&key);
        seen.push(key);
        let scope = self.scope(at);
        let mut found = Vec::new();
        for def in scope.names.get(name).into_iter().flatten() {
            match def {
                Def::Item(kind) => found.push(Target::Item { file: at.0, kind: *kind, name: name.to_owned() }),
                Def::File(_) | Def::Inline(_) => found.extend(self.child(at, def).map(Target::Module)),
                Def::Import(path) if !is_inner => found.extend(self.follow(at, path, seen, &mut Vec::new())),
                Def::Import(_) => {}
            }
        }
        if found.is_empty() && !is_inner {
            for glob in &scope.globs {
                for target in self.follow(at, glob, seen, &mut Vec::new()) {
                    if let Target::Module(module) = target {
                        found.extend(self.named(module, name, seen));
                    }
                }
            }
        }
        seen.pop();
        found
    }

    /// Whether a file is that of a module or of one below it.
    pub(super) fn is_below(&self, file: usize, above: usize) -> bool {
        let mut module = Some((file, 0));
        while let Some(at) = module {
            if at.0 == above {
                return true;
            }
            module = self.parent_of(at);
        }
        false
    }
}
