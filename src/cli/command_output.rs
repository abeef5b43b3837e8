//! Output of a command in every format: verdict, one table, method and footer.

use serde_json::Value;

use crate::cli::args::Format;
use crate::cli::console::{Console, repeat};
use crate::report;
use crate::report::render::table::{Table, markdown};
use crate::scenario::ScenarioFile;

/// Output of a command about one scenario.
pub(super) struct CommandOutput {
    pub(super) verdict: Vec<String>,
    /// Method and assumptions.
    pub(super) method: Vec<String>,
    /// Short table for the terminal; none without rows.
    pub(super) table: Option<Table>,
    /// Full table for CSV, and the JSON object.
    pub(super) full: Table,
    pub(super) json: Value,
}

impl CommandOutput {
    pub(super) fn print(self, console: &Console, file: &ScenarioFile) {
        self.print_as(console, file.name(), file.seed(), &repeat(file.seed()));
    }

    /// Prints the output for a scenario name, without its file.
    pub(super) fn print_as(self, console: &Console, scenario: &str, seed: u64, command: &str) {
        let CommandOutput { verdict, method, table, full, json } = self;
        match console.format {
            Format::Table => {
                let table = table.map_or(String::new(), |table| table.to_text(console.color) + "\n");
                let footer = report::footer(seed, command);
                console.print(&format!("{}\n\n{table}{}\n\n{footer}", verdict.join("\n"), method.join("\n")));
            }
            Format::Markdown => {
                let lines = |lines: &[String]| lines.iter().map(|line| markdown(line) + "\n\n").collect::<String>();
                let table = table.map_or(String::new(), |table| table.to_markdown() + "\n");
                let footer = markdown(report::footer(seed, command).trim_end());
                console.print(&format!("{}{table}{}{footer}\n", lines(&verdict), lines(&method)));
            }
            Format::Csv => console.print(&full.to_csv()),
            Format::Json => {
                let mut document = report::document(Some(seed), command);
                document["scenario"] = scenario.into();
                document["verdict"] = verdict.into();
                if let (Some(document), Value::Object(json)) = (document.as_object_mut(), json) {
                    document.extend(json);
                }
                console.print_json(&document);
            }
        }
    }
}
