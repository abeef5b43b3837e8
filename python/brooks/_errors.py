"""What is wrong with a file: every mistake at once, each with its place."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One mistake."""

    code: str
    """Its kind, for `brooks explain`."""
    file: str
    """The file that it is in, or `--set` for a value that was set."""
    line: int | None
    """The line, from 1; None where there is none."""
    path: str
    """The path of the value, such as `team.members[2].count`; empty for the whole file."""
    message: str
    """What is wrong."""
    expected: str
    """What would be right; empty where the message says it."""


class InputError(ValueError):
    """An input that cannot be used. Its text is what the command line prints; `problems` has the mistakes one by one."""

    def __init__(self, text: str, problems: list[tuple[str, str, int | None, str, str, str]], more: int = 0) -> None:
        # All of it in `args`, so that it survives the way from another process.
        super().__init__(text, problems, more)
        self.problems = [Problem(*problem) for problem in problems]
        self.more = more

    def __str__(self) -> str:
        return str(self.args[0])


class ScenarioError(InputError):
    """A scenario, or what was changed in it, is wrong."""


class TableError(InputError):
    """A table of measurements can't be fitted."""
