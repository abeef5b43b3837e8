"""Native module of the package."""

import os
from collections.abc import Callable
from typing import Any, final

__version__: str
SCENARIOS: list[str]
"""Names of the built-in scenarios."""

@final
class Scenario:
    """Checked scenario, made by `brooks.load`. Pickles by value, with its files."""

    @staticmethod
    def open(
        source: str, folder: str | None, kept: dict[str, bytes], lines: bool, steps: list[tuple[str, str, str]]
    ) -> Scenario: ...
    def changed(self, steps: list[tuple[str, str, str]]) -> Scenario: ...
    @property
    def name(self) -> str:
        """Name of the scenario."""
    @property
    def source(self) -> str:
        """Built-in name, path, `<text>` or `<dict>`."""
    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """Changes to the scenario."""
    @property
    def question(self) -> str:
        """Question that the scenario answers; empty if it has none."""
    @property
    def seed(self) -> int:
        """Random seed."""
    @property
    def replications(self) -> int:
        """Default number of runs per point."""
    @property
    def axes(self) -> list[tuple[str, list[str]]]:
        """Axes of the sweep by path, with their values as text; the last axis varies fastest."""
    def run(self, replication: int, command: str) -> str: ...

@final
class Sweep:
    """Sweep of a scenario, made by `brooks.prepare`. Pickles by value, with its files."""

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
        """Number of points."""
    @property
    def reps(self) -> int:
        """Replications per point; the maximum if precision decides."""
    def runs(self) -> int:
        """Number of runs including baselines; the maximum if precision decides. Raises `ScenarioError`."""
    def run(
        self, shard: tuple[int, int] | None, threads: int, progress: Callable[[int], object] | None
    ) -> Table:
        """Runs the points of shard `(i, n)`, with `i` from 0, or all points, on `threads` threads (0: one per core)."""

@final
class Table:
    """Rows of a sweep, made by `brooks.sweep`. Pickles by value."""

    @property
    def columns(self) -> list[str]:
        """Column names, as in `brooks sweep`."""
    @property
    def axes(self) -> list[str]:
        """Paths of the axes."""
    @property
    def scenario(self) -> str:
        """Name of the scenario."""
    @property
    def seed(self) -> int:
        """Random seed."""
    @property
    def reps(self) -> int:
        """Replications per point."""
    @property
    def numbers(self) -> list[int]:
        """Point number of each row."""
    @property
    def points(self) -> int:
        """Number of points of the whole sweep."""
    @property
    def digest(self) -> str:
        """Hash of all rows in order: 16 hexadecimal digits, computed from the digests of the rows."""
    def __len__(self) -> int: ...
    def __getitem__(self, name: str, /) -> list[Any]:
        """Column by name, as a list; None for missing values."""
    def rows(self) -> list[dict[str, Any]]:
        """Rows as dicts."""
    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes the same bytes as `sweep.csv` of `brooks sweep`."""
    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes the same bytes as `sweep.parquet` of `brooks sweep`."""
    def to_pandas(self) -> Any:
        """Converts to a `pandas.DataFrame`; missing values are NaN."""
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
    """Merges the parts of one sweep, in the order of its points.

    Raises `ValueError` for parts of different sweeps or versions, for a point that exists twice with different results,
    and for missing points.
    """
