//! Runs the binary as a user or a script does: `brooks("run hello").within(folder).run()`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Arguments of a command line: a text split at blanks, or a list of words.
pub(crate) trait Words {
    fn words(&self) -> Vec<&str>;
}

impl Words for str {
    fn words(&self) -> Vec<&str> {
        self.split_whitespace().collect()
    }
}

impl Words for String {
    fn words(&self) -> Vec<&str> {
        self.as_str().words()
    }
}

impl Words for [&str] {
    fn words(&self) -> Vec<&str> {
        self.to_vec()
    }
}

impl<const N: usize> Words for [&str; N] {
    fn words(&self) -> Vec<&str> {
        self.to_vec()
    }
}

/// Variables of the environment that change what the binary does.
const VARIABLES: [&str; 4] = ["CI", "GITHUB_STEP_SUMMARY", "NO_COLOR", "SOURCE_DATE_EPOCH"];

/// A command line that has not been run yet, with nothing on stdin and none of [`VARIABLES`] set.
pub(crate) struct Brooks {
    command: Command,
    line: String,
    stdin: Vec<u8>,
}

/// Command line of the binary under test.
pub(crate) fn brooks(args: &(impl Words + ?Sized)) -> Brooks {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brooks"));
    command.args(args.words()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    Brooks { command, line: format!("brooks {}", args.words().join(" ")), stdin: Vec::new() }
}

impl Brooks {
    /// Sets the working folder.
    pub(crate) fn within(mut self, folder: impl AsRef<Path>) -> Brooks {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn env(mut self, variable: &str, value: impl AsRef<OsStr>) -> Brooks {
        self.command.env(variable, value);
        self
    }

    pub(crate) fn stdin(mut self, bytes: &[u8]) -> Brooks {
        self.stdin = bytes.to_vec();
        self
    }

    /// Starts the binary without waiting for its end.
    pub(crate) fn spawn(mut self) -> Child {
        self.command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = self.command.spawn().expect("it starts");
        if let Some(mut stdin) = child.stdin.take() {
            // A reader that has seen enough may close the pipe early.
            let _ = stdin.write_all(&self.stdin);
        }
        child
    }

    /// Runs the binary to its end.
    pub(crate) fn run(self) -> Ran {
        let line = self.line.clone();
        Ran::of(line, self.spawn())
    }
}

/// Exit code and output of a command line.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) line: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Waits for a child that was started with [`Brooks::spawn`].
    pub(crate) fn of(line: String, child: Child) -> Ran {
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("an exit code");
        Ran { line, code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{}\n{}\n{}", self.line, self.stdout, self.stderr);
        self
    }

    /// Returns stdout of a run that succeeded.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        self.exits(0).stdout
    }

    /// Returns stdout of a run that succeeded, as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let ran = self.exits(0);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{}: {error}\n{}", ran.line, ran.stdout))
    }

    /// Asserts the exit code and a part of stderr.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, expected: &str) -> Ran {
        let ran = self.exits(code);
        assert!(ran.stderr.contains(expected), "{}\nexpected {expected}\n     got {}", ran.line, ran.stderr);
        ran
    }
}
