"""The README is true: what it shows is what happens."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas")
FOLDER = Path(__file__).resolve().parents[1]


def test_the_tour():
    failed, tried = doctest.testfile(str(FOLDER / "README.md"), module_relative=False, encoding="utf-8")
    assert tried > 8
    assert failed == 0


def test_the_example_prints_what_the_readme_shows():
    shown = re.search(r"```text\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    example = FOLDER / "examples" / "how_many_agents.py"
    printed = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, check=True).stdout
    assert printed == shown
