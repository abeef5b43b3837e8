//! Validated scenario file, and the scenarios of its points.

use crate::problem::suggest::suggestion;
use crate::problem::{Problem, Problems};
use crate::scenario::axes::{self, Axis};
use crate::scenario::keys::SCENARIO;
use crate::scenario::library::{self, BuiltIn, Files, SCENARIOS};
use crate::scenario::node::{Node, NodeKey, NodeKind};
use crate::scenario::path::{ARCHITECTURE, TEAM_SIZE, base_of_point, canonical, put};
use crate::scenario::resolve::{self, Keep, Parts};
use crate::scenario::resolver::Document;
use crate::scenario::{architecture, check, read, team};
use crate::simulation::Scenario;

/// Reference of the speedup.
#[derive(Clone, Debug, PartialEq)]
pub enum Baseline {
    /// One agent under the same architecture.
    Own,
    /// One agent alone.
    Solo,
    /// Point with these settings, for [`ScenarioFile::at`].
    Point(Vec<(&'static str, Node)>),
}

/// Validated scenario file.
#[derive(Clone)]
pub struct ScenarioFile {
    file: String,
    root: Node,
    files: Files,
    parts: Parts,
    axes: Vec<Axis>,
}

impl ScenarioFile {
    /// Opens the built-in scenario of this name, or else the file at this path.
    ///
    /// # Errors
    ///
    /// Neither exists, or as for [`ScenarioFile::parse`].
    pub fn open(name: &str, files: &Files) -> Result<ScenarioFile, Problems> {
        if let Some(built_in) = library::find(SCENARIOS, name) {
            return ScenarioFile::parse(built_in.path, built_in.text.as_bytes(), files);
        }
        let bytes = files(name).map_err(|why| {
            let near = suggestion(name, SCENARIOS.iter().map(|built_in| built_in.name));
            let message = format!("can't be read: {why}{near}");
            let expected = "the path of a file, or the name of a built-in scenario".to_owned();
            let expected = if near.is_empty() { expected } else { String::new() };
            Problems::one(Problem {
                code: "missing-file",
                file: name.to_owned(),
                line: 0,
                path: String::new(),
                message,
                expected,
            })
        })?;
        ScenarioFile::parse(name, &bytes, files)
    }

    /// Parses a scenario. `file` is its name in messages; `files` reads the files that it refers to.
    ///
    /// # Errors
    ///
    /// All errors of the scenario.
    pub fn parse(file: &str, bytes: &[u8], files: &Files) -> Result<ScenarioFile, Problems> {
        ScenarioFile::from_tree(file, read::read(file, bytes)?, files)
    }

    /// Returns a copy with other values: paths and values as in `--set`, such as `team.agents` and `8`.
    ///
    /// # Errors
    ///
    /// All errors of the paths, of the values, and of the resulting scenario.
    pub fn with(&self, settings: &[(String, String)]) -> Result<ScenarioFile, Problems> {
        let (mut root, mut problems) = (self.root.clone(), Problems::default());
        for (path, text) in settings {
            let mut value = match read::read("--set", text.as_bytes()) {
                Ok(value) => value,
                Err(mut wrong) => {
                    wrong.relocate(path);
                    problems.append(wrong);
                    continue;
                }
            };
            value.clear_position();
            if let Err((at, why)) = put(&mut root, &canonical(path), value) {
                let (file, message) = ("--set".to_owned(), format!("\"{at}\" {why}"));
                let expected = "the path of a value, such as team.agents".to_owned();
                problems.push(Problem { code: "path", file, line: 0, path: path.clone(), message, expected });
            }
        }
        problems.or(())?;
        ScenarioFile::from_tree(&self.file, root, &self.files)
    }

    /// Returns a copy whose sweep has these values on the axis `path`: a range such as `1..8`, or a list such as
    /// `preassigned,self_claim`.
    ///
    /// # Errors
    ///
    /// As for [`ScenarioFile::with`].
    pub fn with_axis(&self, path: &str, values: &str) -> Result<ScenarioFile, Problems> {
        let is_range = values.contains("..") && !values.contains(',');
        let axis = if is_range {
            Node::from(values)
        } else {
            read::read("--set", format!("[{values}]").as_bytes()).map_err(|mut wrong| {
                wrong.relocate(path);
                wrong
            })?
        };
        let mut root = self.root.clone();
        let NodeKind::Map(entries) = &mut root.kind else { return Ok(self.clone()) };
        if !entries.iter().any(|(key, _)| key.name == "sweep") {
            entries
                .push((NodeKey { name: "sweep".to_owned(), line: 0, column: 0 }, Node::new(NodeKind::Map(Vec::new()))));
        }
        for (_, sweep) in entries.iter_mut().filter(|(key, _)| key.name == "sweep") {
            let NodeKind::Map(axes) = &mut sweep.kind else { continue };
            let mut axis = axis.clone();
            axis.clear_position();
            match axes.iter_mut().find(|(key, _)| canonical(&key.name) == canonical(path)) {
                Some((_, known)) => *known = axis,
                None => axes.push((NodeKey { name: path.to_owned(), line: 0, column: 0 }, axis)),
            }
        }
        ScenarioFile::from_tree(&self.file, root, &self.files)
    }

    fn from_tree(file: &str, root: Node, files: &Files) -> Result<ScenarioFile, Problems> {
        check::check(file, &root, &SCENARIO).or(())?;
        let source = Document { file, root: &root, files };
        match (resolve::parts(source, None), axes::axes(file, &root)) {
            (Ok(parts), Ok(axes)) => {
                // The file itself is a point. Building it finds errors of combinations of values.
                parts.scenario(source, None, None)?;
                Ok(ScenarioFile { file: file.to_owned(), root, files: files.clone(), parts, axes })
            }
            (parts, axes) => {
                let mut problems = parts.err().unwrap_or_default();
                problems.append(axes.err().unwrap_or_default());
                Err(problems.sorted())
            }
        }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Returns the description; may be empty.
    pub fn about(&self) -> &str {
        self.text("about")
    }

    /// Returns the question that the scenario answers; may be empty.
    pub fn question(&self) -> &str {
        self.text("question")
    }

    fn text(&self, key: &str) -> &str {
        self.root.key(key).and_then(Node::text).unwrap_or_default()
    }

    /// Returns the document.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Returns the expanded axes of the sweep; at most [`MAX_POINTS`](crate::scenario::MAX_POINTS) points in all.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Returns the number of runs of each point.
    pub fn replications(&self) -> u64 {
        self.root.key("replications").and_then(Node::whole).map_or(100, |value| value as u64)
    }

    /// Returns the seed of all random streams.
    pub fn seed(&self) -> u64 {
        self.parts.seed
    }

    /// Returns true if the workload grows with the team.
    pub fn is_scaled(&self) -> bool {
        self.text("scaling") == "scaled"
    }

    /// Returns true if all replications have one workload, whose random sizes and edges are drawn once.
    pub fn is_drawn_once(&self) -> bool {
        self.root.get("workload.draw").and_then(Node::text) == Some("once")
    }

    /// Returns the reference of the speedup.
    pub fn baseline(&self) -> Baseline {
        let Some(node) = self.root.key("baseline") else { return Baseline::Own };
        let setting = |key: &'static str, path| node.key(key).map(|value| (path, value.clone()));
        match node.text() {
            Some("solo") => Baseline::Solo,
            Some(_) => Baseline::Own,
            None => {
                let settings = [setting("agents", TEAM_SIZE), setting("architecture", ARCHITECTURE)];
                Baseline::Point(settings.into_iter().flatten().collect())
            }
        }
    }

    /// Returns the conditions on the curve: kind (`peak_agents`, `speedup`, `within_amdahl`, ..) and parameters.
    pub fn asserts(&self) -> impl Iterator<Item = (&str, &Node)> {
        let list = self.root.key("assert").map_or(&[][..], Node::items);
        list.iter().flat_map(Node::entries).map(|(key, node)| (key.name.as_str(), node))
    }

    /// Returns the given tolerances of the comparison with a baseline: relative difference by metric.
    pub fn tolerances(&self) -> impl Iterator<Item = (&str, f64)> {
        let given = self.root.get("check.tolerance").map_or(&[][..], Node::entries);
        given.iter().filter_map(|(key, node)| Some((key.name.as_str(), node.number()?)))
    }

    /// Returns the most runs of a point in a check, if given.
    pub fn max_replications(&self) -> Option<u64> {
        self.root.get("check.max_replications").and_then(Node::whole).map(|value| value as u64)
    }

    /// Returns the canonical text of the architecture at a point, with the values of all parameters:
    /// `self_claim(claims=at_decision, pick=first)`.
    pub fn protocol_at(&self, point: &[(&str, &Node)]) -> String {
        let mut root = base_of_point(&self.root, false);
        for (path, value) in point {
            // `at` reports invalid paths.
            let _ = put(&mut root, &canonical(path), (*value).clone());
        }
        architecture::canonical(root.key(ARCHITECTURE).unwrap_or(&Node::from("self_claim")))
    }

    /// Returns the scenario of the file, without its sweep.
    ///
    /// # Errors
    ///
    /// None for a validated file; the type is that of [`ScenarioFile::at`].
    pub fn scenario(&self) -> Result<Scenario, Problems> {
        self.parts.scenario(self.source(&self.root), None, None)
    }

    /// Returns the scenario at a point: with these values at these paths. Points share graphs and profiles if possible. If only
    /// team size and architecture differ, nothing is parsed again.
    ///
    /// # Errors
    ///
    /// All errors of this point.
    pub fn at(&self, point: &[(&str, &Node)]) -> Result<Scenario, Problems> {
        let (mut agents, mut architecture, mut others) = (None, None, Vec::new());
        for &(path, value) in point {
            let path = canonical(path);
            match path.as_str() {
                TEAM_SIZE if team::size_of(value).is_some() => agents = team::size_of(value),
                ARCHITECTURE if architecture::known(value).is_some() => architecture = architecture::known(value),
                _ => others.push((path, value)),
            }
        }
        if others.is_empty() {
            return self.parts.scenario(self.source(&self.root), agents, architecture);
        }
        let touches = |part: &str| others.iter().any(|(path, _)| path.starts_with(part));
        let same_graph = !["workload", "seed", "scaling"].into_iter().any(touches);
        let mut root = base_of_point(&self.root, !same_graph);
        for (path, value) in &others {
            if let Err((at, why)) = put(&mut root, path, (*value).clone()) {
                let (file, message) = (self.file.clone(), format!("\"{at}\" {why}"));
                let (line, path, expected) = (value.line, path.clone(), String::new());
                return Err(Problems::one(Problem { code: "path", file, line, path, message, expected }));
            }
        }
        check::check(&self.file, &root, &SCENARIO).or(())?;
        let keep = Keep { parts: &self.parts, graph: same_graph, team: !touches("team") };
        let parts = resolve::parts(self.source(&root), Some(keep))?;
        let whole = if same_graph { &self.root } else { &root };
        parts.scenario(self.source(whole), agents, architecture)
    }

    fn source<'a>(&'a self, root: &'a Node) -> Document<'a> {
        Document { file: &self.file, root, files: &self.files }
    }
}

/// Sets the argument that invalid values came from: those at `path`, or all. [`ScenarioFile::with`] and
/// [`ScenarioFile::with_axis`] report `--set` by default.
pub fn given_by(argument: &str, path: Option<&str>, mut wrong: Problems) -> Problems {
    let own = path.map(canonical);
    wrong.set_argument(argument, |at| {
        let rest = own.as_ref().map_or(Some(""), |own| at.strip_prefix(own.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    });
    wrong
}

/// Returns the description of a built-in file: its `about`, or an empty text.
pub fn about(built_in: &BuiltIn) -> String {
    let tree = read::read(built_in.path, built_in.text.as_bytes());
    tree.ok().and_then(|root| Some(root.key("about")?.text()?.trim().to_owned())).unwrap_or_default()
}
