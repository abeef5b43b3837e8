//! Scripts that run a sweep in shards, for those who start many processes: each runs the same command with
//! `--shard auto/N --resume`, so a task that is started again goes on where it was, and then everything is merged.

use std::fmt::Write as _;

use crate::cli::args::Engine;
use crate::cli::console::{command_without, shell_word};

/// The script for `shards` tasks.
pub(super) fn script(engine: Engine, shards: u32, name: &str, output: &str) -> String {
    // What differs from task to task, and what only this process was asked.
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
# sbatch this file; when all is done: {merge}
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
        "# kubectl apply -f this file; when all is done, on the same volume: {merge}
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
          image: REGISTRY/brooks:{version} # an image with the binary in it
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
          persistentVolumeClaim: {{ claimName: CLAIM }} # one that all pods can write to
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
        "# jobs of a workflow; brooks has to be on the path
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
