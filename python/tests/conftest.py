import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def command():
    """The command line of the same tree (or $BROOKS_BIN), to compare with; tests skip where it has not been built."""
    for path in (Path(os.environ.get("BROOKS_BIN", "")), *(ROOT / "target" / p / "brooks" for p in ("release", "debug"))):
        if path.is_file():
            return lambda *words, **options: subprocess.run(
                [str(path), *map(str, words)], capture_output=True, text=True, **options
            )
    pytest.skip("no brooks in target/: cargo build")


@pytest.fixture
def mine(tmp_path):
    """A scenario file that names another file."""
    (tmp_path / "pace.yaml").write_text("base: plain\nlatency: lognormal(mean=4s, cv=0.5)\n")
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\n"
        "workload: { amdahl: { tasks: 12, parallel_fraction: 0.8, size: 100 tokens } }\n"
        "team: { agents: 3, profile: pace.yaml }\n"
        "architecture: self_claim\n"
        "sweep: { agents: 1..6 }\n"
        "replications: 30\n"
    )
    return path
