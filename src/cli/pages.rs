//! `brooks schema`, `completions` and `man`: descriptions of brooks for other programs.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::scenario;

pub(super) fn schema(console: &Console) -> CommandResult {
    console.print_json(&scenario::schema());
    Ok(())
}

pub(super) fn completions(console: &Console, shell: Shell) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "brooks", &mut script);
    console.print(&String::from_utf8_lossy(&script));
    Ok(())
}

pub(super) fn man(console: &Console, folder: &Path) -> CommandResult {
    let mut root = Cli::command();
    root.build();
    let pages = std::iter::once(root.clone()).chain(root.get_subcommands().cloned().map(|command| {
        let name = format!("brooks-{}", command.get_name());
        command.bin_name(name.replace('-', " ")).display_name(name)
    }));
    for command in pages {
        let path = folder.join(format!("{}.1", command.get_display_name().unwrap_or("brooks")));
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(|error| Failure::Io { path: path.clone(), error })?;
        console.write(&path, &page)?;
    }
    Ok(())
}
