//! The terminal: results to stdout, messages and errors to stderr, files written atomically.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::args::{Color, Format, Global};
use crate::cli::atomic_file::{self, WriteError};
use crate::problem::Problems;
use crate::report::render::table::Table;

/// Error of a command, with its exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// A finding: exit code 1.
    Finding(String),
    /// An invalid scenario: exit code 2.
    Problems(Problems),
    /// Invalid arguments: exit code 2.
    Usage(String),
    /// Missing results or baselines: exit code 3.
    Incomplete(String),
    /// Too few runs for a decision: exit code 4.
    Inconclusive(String),
    /// Interrupted by a signal: exit code 130.
    Interrupted(String),
    /// Unreadable or unwritable file: exit code 5.
    Io { path: PathBuf, error: std::io::Error },
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Problems(problems)
    }
}

impl From<WriteError> for Failure {
    fn from(WriteError { path, error }: WriteError) -> Failure {
        Failure::Io { path, error }
    }
}

pub(super) type CommandResult = Result<(), Failure>;

/// Output streams and the global options.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Console {
    pub(super) format: Format,
    pub(super) seed: Option<u64>,
    pub(super) color: bool,
    /// True if stdout is a terminal.
    pub(super) is_terminal: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    pub(super) progress: bool,
}

impl Console {
    pub(super) fn new(global: &Global) -> Console {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !plain && std::io::stdout().is_terminal(),
        };
        Console {
            format: global.format,
            seed: global.seed,
            color,
            is_terminal: std::io::stdout().is_terminal(),
            quiet: global.quiet,
            verbose: global.verbose,
            progress: !global.no_progress && !global.quiet,
        }
    }

    /// Prints a result to stdout. A closed pipe (`| head`) is not an error.
    pub(super) fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes()));
    }

    /// Prints a table in the chosen format; JSON has a list of objects under `name`, and the keys of `more` beside it.
    pub(super) fn print_table(&self, name: &str, table: &Table, more: Value) {
        match self.format {
            Format::Table => self.print(&table.to_text(self.color)),
            Format::Markdown => self.print(&table.to_markdown()),
            Format::Csv => self.print(&table.to_csv()),
            Format::Json => {
                let mut contents = json!({ name: table.to_json() });
                if let (Some(contents), Value::Object(more)) = (contents.as_object_mut(), more) {
                    contents.extend(more);
                }
                self.print_document(None, &command(), contents);
            }
        }
    }

    /// Prints a JSON document: the header of every document, then `contents`.
    pub(super) fn print_document(&self, seed: Option<u64>, command: &str, contents: Value) {
        let mut document = crate::report::document(seed, command);
        if let (Some(document), Value::Object(contents)) = (document.as_object_mut(), contents) {
            document.extend(contents);
        }
        self.print_json(&document);
    }

    pub(super) fn print_json(&self, value: &Value) {
        self.print(&format!("{value:#}"));
    }

    /// Prints a message to stderr, unless `--quiet`.
    pub(super) fn status(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Prints a note to stderr, unless `--quiet`.
    pub(super) fn note(&self, text: &str) {
        self.status(&format!("note: {text}"));
    }

    /// Prints a message to stderr under `--verbose`.
    pub(super) fn verbose(&self, text: &str) {
        if self.verbose {
            self.status(text);
        }
    }

    /// Prints an error to stderr, also under `--quiet`.
    pub(super) fn error(&self, failure: &Failure) {
        let is_json = self.format == Format::Json;
        let text = match failure {
            Failure::Problems(problems) if is_json => format!("{:#}", problems.to_json()),
            Failure::Problems(problems) => problems.to_string(),
            Failure::Io { path, error } if is_json => errors("io", &path.display().to_string(), &error.to_string()),
            Failure::Io { path, error } => format!("error: {}: {error}", path.display()),
            Failure::Usage(text) if is_json => errors("usage", "", text),
            Failure::Usage(text) => format!("error: {text}"),
            Failure::Finding(text) if is_json => errors("finding", "", text),
            Failure::Incomplete(text) if is_json => errors("incomplete", "", text),
            Failure::Inconclusive(text) if is_json => errors("inconclusive", "", text),
            Failure::Interrupted(text) if is_json => errors("interrupted", "", text),
            Failure::Finding(text)
            | Failure::Incomplete(text)
            | Failure::Inconclusive(text)
            | Failure::Interrupted(text) => text.clone(),
        };
        let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
    }

    /// Writes a file atomically and reports it.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> CommandResult {
        atomic_file::write(path.to_owned(), bytes)?;
        self.status(&format!("wrote {}", path.display()));
        Ok(())
    }
}

/// Prints an argument error of clap as text, or as JSON under `--format json`.
pub(super) fn usage(error: &clap::Error) {
    let words: Vec<String> = std::env::args().collect();
    let asks_for_json =
        words.iter().any(|word| word == "--format=json") || words.windows(2).any(|pair| pair == ["--format", "json"]);
    if asks_for_json && error.use_stderr() {
        let text = error.render().to_string();
        let _ = writeln!(std::io::stderr(), "{}", errors("usage", "", text.trim_start_matches("error: ").trim_end()));
    } else {
        let _ = error.print();
    }
}

fn errors(code: &str, file: &str, message: &str) -> String {
    let error = json!({ "code": code, "file": file, "line": null, "path": "", "message": message, "expected": "" });
    format!("{:#}", json!({ "errors": [error] }))
}

/// Returns the command as typed.
pub(super) fn command() -> String {
    let words: Vec<String> = std::env::args().skip(1).map(|word| shell_word(&word)).collect();
    format!("brooks {}", words.join(" "))
}

/// Returns the command as typed, with the seed used: it repeats the result.
pub(super) fn repeat(seed: u64) -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| shell_word(&word)).collect();
    if !words.iter().any(|word| word == "--seed" || word.starts_with("--seed=")) {
        words.push(format!("--seed {seed}"));
    }
    format!("brooks {}", words.join(" "))
}

/// Returns the command as typed, without these options with their values and without these flags.
pub(super) fn command_without(options: &[&str], flags: &[&str]) -> String {
    let mut words = vec!["brooks".to_owned()];
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        let is =
            |option: &&str| word == **option || (option.starts_with("--") && word.starts_with(&format!("{option}=")));
        // The value of a short option may follow it without a space.
        let is_short = |option: &&str| option.len() == 2 && word.len() > 2 && word.starts_with(*option);
        if flags.contains(&word.as_str()) || options.iter().any(is_short) {
            continue;
        }
        if options.iter().any(is) {
            if !word.contains('=') {
                typed.next();
            }
            continue;
        }
        words.push(shell_word(&word));
    }
    words.join(" ")
}

/// Quotes a word for a POSIX shell.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,%+@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("team.agents=8"), "team.agents=8");
        assert_eq!(shell_word("latency=exponential(mean=4s)"), "'latency=exponential(mean=4s)'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
