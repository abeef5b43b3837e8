//! The traces that are part of the project are what the commands in their list write.

use std::path::Path;

use crate::binary::brooks;

#[test]
fn the_shipped_traces_can_be_made_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let list = std::fs::read_to_string(folder.join("README.md")).expect("the list");
    let scratch = tempfile::tempdir().expect("a folder");
    let commands: Vec<&str> = list.split("`brooks ").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    assert!(commands.len() >= 3, "there are traces");
    for command in commands {
        let name = command.split_whitespace().last().expect("the file is named last");
        brooks(command).within(&scratch).run().done();
        let made = std::fs::read(scratch.path().join(name)).expect("it was written");
        if std::env::var_os("BROOKS_BLESS").is_some() {
            std::fs::write(folder.join(name), &made).expect("it can be written");
        }
        let shipped = std::fs::read(folder.join(name)).expect("it is part of the project");
        assert!(made == shipped, "traces/{name} is not what brooks {command} writes; BROOKS_BLESS=1 rewrites it");
    }
}
