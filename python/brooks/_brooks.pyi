"""The native half of the package."""

import os
from collections.abc import Callable
from typing import Any, final

__version__: str
SCENARIOS: list[str]
"""The scenarios that are built in."""

@final
class Scenario:
    """A scenario that has been read and checked; `brooks.load` makes them. It travels by value, with its files."""

    @staticmethod
    def open(
        source: str, folder: str | None, kept: dict[str, bytes], lines: bool, steps: list[tuple[str, str, str]]
    ) -> Scenario: ...
    def changed(self, steps: list[tuple[str, str, str]]) -> Scenario: ...
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def source(self) -> str:
        """What it was opened by: a built-in name, a path, `<text>` or `<dict>`."""
    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """What was changed in it."""
    @property
    def question(self) -> str:
        """The question that it answers; empty if it does not say."""
    @property
    def seed(self) -> int:
        """The seed of all randomness."""
    @property
    def replications(self) -> int:
        """Runs of each point, if a sweep is not told otherwise."""
    @property
    def axes(self) -> list[tuple[str, list[str]]]:
        """The axes of its sweep by path, each with its values as text, the last axis fastest."""
    def run(self, replication: int, command: str) -> str: ...

@final
class Sweep:
    """A scenario's sweep; `brooks.prepare` makes them. It travels by value, with its files."""

    def __new__(
        cls,
        scenario: Scenario,
        reps: int | None,
        precision: str | None,
        max_reps: int,
        design: str,
        independent: bool,
    ) -> Sweep: ...
    @property
    def points(self) -> int:
        """How many points it has."""
    @property
    def reps(self) -> int:
        """Replications a point; the most there may be, if their precision decides."""
    def runs(self) -> int:
        """How many runs it takes, baselines included; at most, if precision decides. Raises what is wrong with any point."""
    def run(
        self, shard: tuple[int, int] | None, threads: int, progress: Callable[[int], object] | None
    ) -> Table:
        """Runs the points of shard `(i, n)`, from 0, or all of them, on so many threads (0: one a core)."""

@final
class Table:
    """The rows of a sweep; `brooks.sweep` makes them. It travels by value."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns, those of `brooks sweep`."""
    @property
    def axes(self) -> list[str]:
        """The paths of the axes."""
    @property
    def scenario(self) -> str:
        """The scenario's name."""
    @property
    def seed(self) -> int:
        """The seed."""
    @property
    def reps(self) -> int:
        """Replications a point."""
    @property
    def numbers(self) -> list[int]:
        """The number of the point that each row is of."""
    @property
    def points(self) -> int:
        """How many points the whole sweep has."""
    @property
    def digest(self) -> str:
        """A fingerprint of all rows in order, made of those of the rows."""
    def __len__(self) -> int: ...
    def __getitem__(self, name: str, /) -> list[Any]:
        """A column by its name; None where nothing is known."""
    def rows(self) -> list[dict[str, Any]]:
        """The rows as dicts."""
    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes the file `sweep.csv` of `brooks sweep`: the same bytes."""
    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes the file `sweep.parquet` of `brooks sweep`: the same bytes."""
    def to_pandas(self) -> Any:
        """As a `pandas.DataFrame`; what is not known is NaN."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def fit(
    name: str,
    rows: bytes | None,
    x: str | None,
    y: str | None,
    kind: str | None,
    by: list[str],
    weight: str | None,
    error: str | None,
    law: list[str],
    predict: list[float],
    seed: int,
    resamples: int,
    command: str,
) -> tuple[str, list[str]]: ...
def merge(parts: list[Table]) -> Table:
    """The parts of one sweep as a whole, in the order of its points.

    Raises `ValueError` if they are parts of different sweeps or of different versions, if a point is there twice and not
    the same, or if one is missing.
    """
