"""Errors of input files, with all problems and their positions."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """Problem of an input."""

    code: str
    """Error code, for `brooks explain`."""
    file: str
    """File name, or `--set` for a set value."""
    line: int | None
    """Line number, from 1; None without a line."""
    path: str
    """Path of the value, such as `team.members[2].count`; empty for the whole file."""
    message: str
    """Description of the problem."""
    expected: str
    """Expected value; empty if the message contains it."""


class InputError(ValueError):
    """Invalid input. The text is that of the command line; `problems` lists the problems."""

    def __init__(self, text: str, problems: list[tuple[str, str, int | None, str, str, str]], more: int = 0) -> None:
        # All values are in `args`, so that pickling keeps them.
        super().__init__(text, problems, more)
        self.problems = [Problem(*problem) for problem in problems]
        self.more = more

    def __str__(self) -> str:
        return str(self.args[0])


class ScenarioError(InputError):
    """Invalid scenario, or invalid change to it."""


class TableError(InputError):
    """Table of measurements that cannot be fitted."""
