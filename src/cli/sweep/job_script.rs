//! `brooks sweep --job-script`: scripts that run a sweep in shards.
//!
//! Every task runs the same command with `--shard auto/N --resume`, so a restarted task continues where it stopped. The
//! last step merges the shards.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::args::{Engine, SweepArgs};
use crate::cli::console::{CommandResult, Console, command_without, shell_word};
use crate::experiment::Sweep;

pub(super) fn print(
    console: &Console,
    args: &SweepArgs,
    sweep: &Sweep<'_>,
    engine: Engine,
    name: &str,
) -> CommandResult {
    sweep.check()?;
    let output = args.output.as_deref().unwrap_or(Path::new("out")).display().to_string();
    console.print(&script(engine, args.shards, name, &output));
    Ok(())
}

/// Returns the script of `shards` tasks.
fn script(engine: Engine, shards: u32, name: &str, output: &str) -> String {
    // Options that differ between tasks or concern only this process.
    let dropped =
        ["--job-script", "--plan", "--shards", "--shard", "-o", "--output", "-t", "--threads", "--color", "--format"];
    let command = command_without(&dropped, &["--resume", "--no-progress", "-q", "--quiet", "-v", "--verbose"]);
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    let output = shell_word(output);
    let shard = |shard: &str, threads: &str| {
        format!("{command} --shard {shard} --output {output} --resume --threads {threads} --no-progress")
    };
    let merge = format!("brooks merge {output} --output {output}");
    match engine {
        Engine::Slurm => format!(
            "#!/bin/sh
#SBATCH --job-name=brooks-{name}
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task=4
# submit: sbatch FILE; after the last task: {merge}
{}
",
            shard(&format!("auto/{shards}"), "\"${SLURM_CPUS_PER_TASK:-4}\"")
        ),
        Engine::Hq => format!(
            "#!/bin/sh
hq submit --name brooks-{name} --array 1-{shards} --cpus 2 --wait -- \\
  {}
{merge}
",
            shard(&format!("auto/{shards}"), "2")
        ),
        Engine::Parallel => format!(
            "#!/bin/sh
seq {shards} | parallel --joblog {output}.log --retries 3 \\
  {}
{merge}
",
            shard(&format!("{{}}/{shards}"), "1")
        ),
        Engine::K8s => kubernetes(&shard(&format!("auto/{shards}"), "2"), &merge, shards, &name),
        Engine::GithubMatrix => {
            github(&shard(&format!("${{{{ matrix.shard }}}}/{shards}"), "4"), &merge, shards, &output)
        }
    }
}

fn kubernetes(command: &str, merge: &str, shards: u32, name: &str) -> String {
    format!(
        "# submit: kubectl apply -f FILE; after the last pod, on the same volume: {merge}
apiVersion: batch/v1
kind: Job
metadata:
  name: brooks-{name}
spec:
  completionMode: Indexed
  completions: {shards}
  parallelism: {shards}
  backoffLimitPerIndex: 3
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: brooks
          image: REGISTRY/brooks:{version} # an image that contains the binary
          workingDir: /work
          command: [sh, -c]
          args:
            - >-
              {command}
          resources:
            requests: {{ cpu: \"2\", memory: 512Mi }}
          volumeMounts:
            - {{ name: work, mountPath: /work }}
      volumes:
        - name: work
          persistentVolumeClaim: {{ claimName: CLAIM }} # a volume that all pods can write to
",
        version = crate::report::VERSION
    )
}

fn github(command: &str, merge: &str, shards: u32, output: &str) -> String {
    let mut numbers = String::new();
    for shard in 1..=shards {
        let _ = write!(numbers, "{}{shard}", if shard > 1 { ", " } else { "" });
    }
    format!(
        "# jobs of a GitHub workflow; brooks must be on the PATH
jobs:
  sweep:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        shard: [{numbers}]
    steps:
      - uses: actions/checkout@v4
      - run: {command}
      - uses: actions/upload-artifact@v4
        with: {{ name: \"shard-${{{{ matrix.shard }}}}\", path: {output} }}
  merge:
    needs: sweep
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {{ path: {output}, merge-multiple: true }}
      - run: {merge}
      - uses: actions/upload-artifact@v4
        with: {{ name: sweep, path: {output} }}
"
    )
}
