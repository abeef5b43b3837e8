//! `brooks list`: tables of architectures, scenarios, profiles, metrics, importers and laws.

use serde_json::json;

use crate::architecture::ARCHITECTURES;
use crate::cli::args::{Format, Listed};
use crate::cli::console::{CommandResult, Console, Failure};
use crate::record::METRICS;
use crate::report::render::table::{Cell, Column, Table};
use crate::scaling::LAWS;
use crate::scenario::library::{PROFILES, SCENARIOS, no_files};
use crate::scenario::{ScenarioFile, about};
use crate::trace::import::IMPORTERS;

pub(super) fn list(console: &Console, listed: Listed) -> CommandResult {
    let (name, table, usage) = match listed {
        Listed::Architectures => {
            ("architectures", architectures(), "brooks compare hello, or --architecture NAME with other commands")
        }
        Listed::Scenarios => {
            ("scenarios", scenarios()?, "brooks run NAME, brooks sweep NAME, brooks new mine.yaml --from NAME")
        }
        Listed::Profiles => ("profiles", profiles(), "--set team.profile=NAME"),
        Listed::Metrics => ("metrics", metrics(), "brooks explain NAME"),
        Listed::Importers => ("importers", importers(), "brooks import NAME PATH, or brooks import auto PATH"),
        Listed::Laws => ("laws", laws(), "brooks explain NAME"),
    };
    console.print_table(name, &table, json!({}));
    if console.format == Format::Table {
        console.status(&format!("\nusage: {usage}"));
    }
    Ok(())
}

fn architectures() -> Table {
    let columns =
        vec![Column::text("name", "name"), Column::text("about", "protocol"), Column::text("parameters", "parameters")];
    let mut table = Table::new(columns);
    for row in ARCHITECTURES {
        let parameters: Vec<String> =
            row.parameters.iter().map(|p| format!("{}: {}", p.name, p.values.join("|"))).collect();
        table.push(vec![Cell::text(row.name), Cell::text(row.about), Cell::text(parameters.join("; "))]);
    }
    table
}

fn scenarios() -> Result<Table, Failure> {
    let mut table = Table::new(vec![Column::text("name", "name"), Column::text("question", "question it answers")]);
    for built_in in SCENARIOS {
        let file = ScenarioFile::parse(built_in.path, built_in.text.as_bytes(), &no_files())?;
        table.push(vec![Cell::text(built_in.name), Cell::text(file.question())]);
    }
    Ok(table)
}

fn profiles() -> Table {
    let mut table = Table::new(vec![Column::text("name", "name"), Column::text("about", "description")]);
    for built_in in PROFILES {
        table.push(vec![Cell::text(built_in.name), Cell::text(about(built_in))]);
    }
    table
}

fn metrics() -> Table {
    let columns = vec![Column::text("name", "name"), Column::text("unit", "unit"), Column::text("about", "definition")];
    let mut table = Table::new(columns);
    for metric in METRICS {
        table.push(vec![Cell::text(metric.name), Cell::text(metric.unit), Cell::text(metric.about)]);
    }
    table
}

fn importers() -> Table {
    let columns = vec![
        Column::text("name", "name"),
        Column::text("about", "reads"),
        Column::text("obtain", "source of such files"),
    ];
    let mut table = Table::new(columns);
    for importer in IMPORTERS {
        table.push(vec![Cell::text(importer.name), Cell::text(importer.about), Cell::text(importer.obtain)]);
    }
    table
}

fn laws() -> Table {
    let columns = vec![
        Column::text("name", "name"),
        Column::text("equation", "equation"),
        Column::text("about", "description"),
        Column::text("source", "source"),
    ];
    let mut table = Table::new(columns);
    for law in LAWS {
        table.push(vec![Cell::text(law.name), Cell::text(law.equation), Cell::text(law.about), Cell::text(law.source)]);
    }
    table
}
