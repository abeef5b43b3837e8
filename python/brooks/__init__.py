"""brooks simulates teams of LLM agents: which team size and architecture, at what cost in time and tokens.

    >>> import brooks
    >>> run = brooks.simulate("paper", agents=4, architecture="preassigned")
    >>> run["ending"], round(run["speedup"], 2)
    ('completed', 2.37)

`simulate` runs one simulation, `sweep` every point of a scenario many times, `fit` fits scaling laws to measurements,
and `brooks.ray.sweep` distributes a sweep over a Ray cluster. The same scenario, seed and version give the same numbers
on every machine and for any split.
"""

from __future__ import annotations

import json
import operator
import os
import shlex
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Union

from brooks._brooks import SCENARIOS, Scenario, Sweep, Table, __version__, merge
from brooks._brooks import fit as _fit
from brooks._errors import InputError, Problem, ScenarioError, TableError

__all__ = [
    "SCENARIOS",
    "InputError",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Sweep",
    "Table",
    "TableError",
    "__version__",
    "fit",
    "load",
    "merge",
    "prepare",
    "simulate",
    "sweep",
]

ScenarioLike = Union[str, "os.PathLike[str]", Mapping[str, Any], Scenario]
"""Name of a built-in scenario, path, text of a scenario file, its contents as a dict, or a loaded scenario."""

Step = tuple[str, str, str]


def load(scenario: ScenarioLike, *, set: Mapping[str, Any] | None = None, **overrides: Any) -> Scenario:
    """Reads and checks a scenario once, for many calls of `simulate` and `sweep`.

    `scenario` is the name of a built-in scenario (`brooks.SCENARIOS`), a path, the text of a scenario file (with a line
    break or an opening brace), or its contents as a dict. `set` and `overrides` set keys by path, like `--set`:
    `agents=4`, `consistency="lock"`, `set={"team.profile.error_rate": 0.2}`. Text is parsed as on the command line
    (`"1..8"`, `"lognormal(mean=4s, cv=0.5)"`); numbers, lists and dicts are used directly.

    Raises `ScenarioError` with all problems.
    """
    return _changed(_open(scenario), _set_steps({**(set or {}), **overrides}))


def simulate(
    scenario: ScenarioLike,
    *,
    agents: int | None = None,
    architecture: str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    replication: int = 0,
    set: Mapping[str, Any] | None = None,
    **overrides: Any,
) -> dict[str, Any]:
    """Simulates one run. Returns the document of `brooks run --format json` as a dict.

    `metrics` and `time_budget` contain the results, `speedup` is relative to one agent, `digest` is a hash. For
    `scenario`, `set` and `overrides` see `load`. An incomplete run is not an error: `ending` is its end state, and
    `witness` explains it.
    """
    named = {"team.agents": agents, "architecture": architecture, "seed": seed}
    given = {path: value for path, value in named.items() if value is not None}
    loaded = _changed(_open(scenario), _set_steps({**(set or {}), **overrides, **given}))
    replication = _whole("replication", replication, 0)
    document: dict[str, Any] = json.loads(loaded.run(replication, _command(loaded, replication)))
    return document


def sweep(
    scenario: ScenarioLike,
    *,
    reps: int | None = None,
    shard: tuple[int, int] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> Table:
    """Runs every point of a sweep `reps` times. Returns one row per point, with the columns of `brooks sweep`.

    `options` are those of `prepare`: `agents`, `architecture` and `axes` choose the points; `precision`, `design` and
    `independent` choose the replications; `seed`, `set` and any path set single values. `reps` and `seed` default to
    those of the scenario.

    `shard=(i, n)` runs only shard `i` of `n`, counted from 0; `merge` combines shards. Rows are the same for any number
    of `threads` (default: all cores) and any split. `progress(done, runs)` is called about 20 times per second; its
    exceptions stop the sweep, like Ctrl-C.

    Any reader of Arrow accepts the table: `pyarrow.table(t)`, `polars.DataFrame(t)`, DuckDB; or `t.to_pandas()`.
    """
    prepared = prepare(scenario, reps=reps, **options)
    part = None if shard is None else _shard(shard)
    workers = 0 if threads is None else _whole("threads", threads, 1, 1024)
    if progress is None:
        return prepared.run(part, workers, None)
    report, runs = progress, prepared.runs()
    return prepared.run(part, workers, lambda done: report(done, runs))


def prepare(
    scenario: ScenarioLike,
    *,
    reps: int | None = None,
    agents: int | str | Iterable[int] | None = None,
    architecture: str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] | None = None,
    axes: Mapping[str, Iterable[Any]] | None = None,
    precision: float | str | None = None,
    max_reps: int = 100_000,
    design: str = "grid",
    independent: bool = False,
    seed: int | None = None,
    set: Mapping[str, Any] | None = None,
    **overrides: Any,
) -> Sweep:
    """Prepares the sweep that `sweep` runs: `points`, `runs()`, and `run(shard, threads, progress)`. Pickles by value.

    `agents` (`range(1, 9)`, `[1, 2, 4]`, `"1..8"`), `architecture` (one or several) and `axes` (values by path) replace
    the axes of the scenario or add to them; `set` and `overrides` set single values, as in `load`. `precision` (`0.02`,
    `"2%"`) instead of `reps` replicates until the 95 % interval of every mean makespan is within this fraction of it, or
    `max_reps` is reached. `design` is `grid`, `lhs:K` or `sobol:K`. `independent` uses independent random numbers for
    every point.
    """
    settings = {**(set or {}), **overrides}
    if seed is not None:
        settings["seed"] = seed
    steps = _set_steps(settings)
    for path, values in {**(axes or {}), "architecture": architecture, "agents": agents}.items():
        if values is not None:
            steps.append(("axis", path, _axis(path, values)))
    loaded = _changed(_open(scenario), steps)
    share = None if precision is None else _text("precision", precision)
    times = None if reps is None else _whole("reps", reps, 1)
    return Sweep(loaded, times, share, _whole("max_reps", max_reps, 1), design, independent)


def fit(
    table: Any,
    *,
    x: str | None = None,
    y: str | None = None,
    kind: str | None = None,
    by: str | Sequence[str] = (),
    weight: str | None = None,
    error: str | None = None,
    law: str | Sequence[str] = "all",
    predict: Iterable[float] = (),
    seed: int = 42,
    resamples: int = 2000,
) -> dict[str, Any]:
    """Fits scaling laws to measurements. Returns the document of `brooks fit --format json` as a dict.

    `table` is the path of a CSV, JSON or Parquet file, a dict of columns, a list of dicts, or a frame or table of pandas,
    Polars, Arrow or `brooks.sweep`. `x` and `y` are the columns of team sizes and measurements, if their names are not
    standard. `kind` is time, throughput, speedup or response; `by` the columns that separate curves; `weight` the column
    of weights; `error` is same or share (proportional to the measurement); `law` the laws; `predict` team sizes.

    Notes about the table are warnings. Raises `TableError` if no law can be fitted.
    """
    by, law = ([value] if isinstance(value, str) else list(value) for value in (by, law))
    is_file = isinstance(table, (str, os.PathLike))
    name, rows = (os.fspath(table), None) if is_file else ("table", _json_lines(table))
    words = ["brooks", "fit", name if is_file else "-"]
    sizes = [float(size) for size in predict]
    shown = ",".join(f"{size:g}" for size in sizes)
    flags = dict(x=x, y=y, kind=kind, by=",".join(by), weight=weight, error=error, predict=shown)
    for flag, value in flags.items():
        words += [f"--{flag}", value] if value else []
    words += ["--law", ",".join(law)] if law != ["all"] else []
    words += ["--resamples", str(resamples)] if resamples != 2000 else []
    words += ["--seed", str(seed)]
    seed, resamples = _whole("seed", seed, 0), _whole("resamples", resamples, 0, 1_000_000)
    text, notes = _fit(name, rows, x, y, kind, by, weight, error, law, sizes, seed, resamples, shlex.join(words))
    for note in notes:
        warnings.warn(note, stacklevel=2)
    document: dict[str, Any] = json.loads(text)
    return document


def _json_lines(table: Any) -> bytes:
    from brooks._frames import json_lines

    return json_lines(table)


def _open(scenario: ScenarioLike) -> Scenario:
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, Mapping):
        text = _text("scenario", scenario)
        return Scenario.open("<dict>", os.curdir, {"<dict>": text.encode()}, False, [])
    if isinstance(scenario, str) and ("\n" in scenario or scenario.lstrip().startswith("{")):
        return Scenario.open("<text>", os.curdir, {"<text>": scenario.encode()}, True, [])
    if not isinstance(scenario, (str, os.PathLike)):
        expected = "a built-in name, a path, the text of a scenario file, a dict, or a brooks.Scenario"
        raise TypeError(f"scenario: {type(scenario).__name__} given; expected {expected}")
    path = os.fspath(scenario)
    return Scenario.open(path, os.path.dirname(path), {}, True, [])


def _changed(scenario: Scenario, steps: list[Step]) -> Scenario:
    return scenario.changed(steps) if steps else scenario


def _set_steps(settings: Mapping[str, Any]) -> list[Step]:
    return [("set", path, _text(path, value)) for path, value in settings.items()]


def _text(path: str, value: Any) -> str:
    """Returns a value as text of the command line: text unchanged, other values as JSON, a subset of YAML."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}; expected text, a finite number, a bool, a list or a dict of these") from None


def _axis(path: str, values: Any) -> str:
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        return _text(path, values)
    texts = [_text(path, value) for value in values]
    if not texts:
        raise ValueError(f"{path}: no values; expected at least one")
    # A comma separates values, so text with a comma is quoted, unless it is a list or map.
    return ",".join(json.dumps(text) if "," in text and text.lstrip()[0] not in "{[\"'" else text for text in texts)


def _whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """Checks a whole number, of Python or NumPy, from `least` to `most`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r}: expected a whole number of at least {least}") from None
    if number < least:
        raise ValueError(f"{name}={number}: expected at least {least}")
    if number > most:
        raise ValueError(f"{name}={number}: expected at most {most}")
    return number


def _shard(shard: Any) -> tuple[int, int]:
    expected = "expected the index of a shard, from 0, and the number of shards, such as (0, 4)"
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise TypeError(f"shard={shard!r}: {expected}")
    index, count = (_whole("shard", value, 0) for value in shard)
    if not index < count < 2**32:
        raise ValueError(f"shard=({index}, {count}): {expected}")
    return index, count


def _plain(value: Any) -> Any:
    """Converts a NumPy scalar to Python."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} given")


def _command(scenario: Scenario, replication: int) -> str:
    """Returns the command that repeats a run; a scenario without a file is read from stdin."""
    words = ["brooks", "run", "-" if scenario.source.startswith("<") else scenario.source]
    for _, path, text in scenario.steps:
        flag = {"team.agents": "--agents", "agents": "--agents", "architecture": "--architecture"}.get(path)
        if path != "seed":
            words += [flag, text] if flag else ["--set", f"{path}={text}"]
    words += ["--replication", str(replication)] if replication else []
    return shlex.join([*words, "--seed", str(scenario.seed)])
