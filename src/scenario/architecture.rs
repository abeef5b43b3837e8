//! Key `architecture`: a row of the registry and the values of its parameters.

use std::sync::Arc;

use crate::architecture::{ARCHITECTURES, Architecture, Choices};
use crate::scenario::node::{Node, NodeKind};

/// Architecture and its name in the registry.
pub(super) type Named = (Arc<dyn Architecture>, &'static str);

/// Returns the architecture that a value names; `None` if a name or parameter is invalid.
pub(super) fn known(node: &Node) -> Option<Named> {
    let (name, given) = match &node.kind {
        NodeKind::Text(name) => (name, &[][..]),
        NodeKind::Map(entries) if entries.len() == 1 => (&entries[0].0.name, entries[0].1.entries()),
        _ => return None,
    };
    let row = ARCHITECTURES.iter().find(|row| row.name == name)?;
    let mut chosen: Vec<&str> = row.parameters.iter().map(|parameter| parameter.values[0]).collect();
    for (key, value) in given {
        let index = row.parameters.iter().position(|parameter| parameter.name == key.name)?;
        chosen[index] = value.text()?;
    }
    let made = (row.make)(&Choices::new(row, &chosen)?);
    Some((Arc::from(made), row.name))
}

/// Returns the canonical text of an architecture, with the values of all parameters.
pub(super) fn canonical(node: &Node) -> String {
    let (name, given) = match &node.kind {
        NodeKind::Map(entries) if entries.len() == 1 => (entries[0].0.name.clone(), entries[0].1.entries()),
        _ => (node.to_string(), &[][..]),
    };
    let Some(row) = ARCHITECTURES.iter().find(|row| row.name == name) else { return name };
    let value = |name: &str| given.iter().find(|(key, _)| key.name == name).map(|(_, value)| value.to_string());
    let chosen = row.parameters.iter().map(|parameter| {
        let value = value(parameter.name).unwrap_or_else(|| parameter.values[0].to_owned());
        format!("{}={value}", parameter.name)
    });
    let chosen = chosen.collect::<Vec<_>>().join(", ");
    if chosen.is_empty() { name } else { format!("{name}({chosen})") }
}
