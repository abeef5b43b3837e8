//! `brooks` without a command: twenty seconds.

use crate::cli::console::{CommandResult, Console};

const TOUR: &str = "\
brooks simulates teams of LLM agents: how many should work on this, organised how,
and what will it cost in time and tokens? No call is made and nothing is spent.

  brooks sweep hello               is a second, a third, an eighth agent worth having?
  brooks run hello --narrate       one run, told as a story
  brooks new mine.yaml             a commented scenario of your own, then: brooks sweep mine.yaml

  brooks list scenarios            nine questions, each with its answer
  brooks explain                   the words: makespan, straggler, lost claim, ...
  brooks --help                    all commands
";

pub(super) fn tour(console: &Console) -> CommandResult {
    console.print(TOUR);
    Ok(())
}
