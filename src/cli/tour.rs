//! `brooks` without a command: a short introduction.

use crate::cli::console::{CommandResult, Console};

const TOUR: &str = "\
brooks simulates teams of LLM agents: which team size and which architecture,
and at what cost in time and tokens. It calls no model and costs nothing.

  brooks sweep hello               the scaling curve: makespan and cost by team size
  brooks run hello --narrate       one run, step by step
  brooks new mine.yaml             a commented scenario to edit; then: brooks sweep mine.yaml

  brooks list scenarios            built-in scenarios and the questions they answer
  brooks explain                   glossary: makespan, straggler, lost claim, ...
  brooks --help                    all commands
";

pub(super) fn tour(console: &Console) -> CommandResult {
    console.print(TOUR);
    Ok(())
}
