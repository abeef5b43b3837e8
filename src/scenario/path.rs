//! Paths of values in a scenario document, such as `team.agents`.

use crate::scenario::node::{Node, NodeKind};

/// Path of the team size.
pub const TEAM_SIZE: &str = "team.agents";
/// Path of the architecture.
pub(super) const ARCHITECTURE: &str = "architecture";

/// Returns the full path of a shorthand: `agents` is `team.agents`, `profile.latency` is `team.profile.latency`.
pub(super) fn canonical(path: &str) -> String {
    let first = path.split(['.', '[']).next().unwrap_or_default();
    if matches!(first, "agents" | "profile" | "members") { format!("team.{path}") } else { path.to_owned() }
}

/// Sets a value. A missing profile is first set to its default, so that only this value changes.
pub(super) fn put(root: &mut Node, path: &str, value: Node) -> Result<(), (String, String)> {
    if let Some(end) = path.find("profile.").map(|start| start + "profile".len())
        && root.get(&path[..end]).is_none()
    {
        let plain = || Node::new(NodeKind::Text("plain".to_owned()));
        let default = root.get("team.profile").cloned().unwrap_or_else(plain);
        root.set(&path[..end], default)?;
    }
    root.set(path, value)
}

/// Returns the document without its sweep. If the graph is known, the workload, which may be long, is replaced by a
/// minimal one.
pub(super) fn base_of_point(root: &Node, with_workload: bool) -> Node {
    let kept = |name: &str| name != "sweep" && (with_workload || name != "workload");
    let entries = root.entries().iter().filter(|(key, _)| kept(&key.name)).cloned().collect();
    let mut base = Node { kind: NodeKind::Map(entries), ..*root };
    if !with_workload {
        let set = base.set("workload.chain.tasks", Node::new(NodeKind::Int(1)));
        debug_assert!(set.is_ok(), "the document has no workload");
    }
    base
}
