"""brooks: how many LLM agents should work on this, organised how, and what will it cost in time and tokens?

    >>> import brooks
    >>> run = brooks.simulate("paper", agents=4, architecture="preassigned")
    >>> run["ending"], round(run["speedup"], 2)
    ('completed', 2.37)

`simulate` makes one run, `sweep` every point of a scenario many times, `fit` holds measurements against the laws of
scaling, and `brooks.ray.sweep` spreads a sweep over a Ray cluster. Same scenario, seed and version: same numbers, on
every machine and under any split.
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
"""The name of a built-in scenario, a path, the text of a scenario file, the same as a dict, or a loaded scenario."""

Step = tuple[str, str, str]


def load(scenario: ScenarioLike, *, set: Mapping[str, Any] | None = None, **overrides: Any) -> Scenario:
    """A scenario, read and checked once, for many calls of `simulate` and `sweep`.

    `scenario` is the name of a built-in one (`brooks.SCENARIOS`), a path, the text of a scenario file (anything with a
    line break or an opening brace), or the same as a dict. `set` and `overrides` change values by their paths, as
    `--set` does: `agents=4`, `consistency="lock"`, `set={"team.profile.error_rate": 0.2}`. A text is read as on the
    command line (`"1..8"`, `"lognormal(mean=4s, cv=0.5)"`); numbers, lists and dicts are taken as they are.

    Raises `ScenarioError` with every mistake at once.
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
    """One run: the document of `brooks run --format json` as a dict.

    `metrics` and `time_budget` hold the figures, `speedup` compares with one agent, `digest` is a fingerprint. For
    `scenario`, `set` and `overrides` see `load`. A run that does not complete is no error: `ending` says so, and
    `witness` what it was waiting for.
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
    """Every point of the scenario's sweep, each `reps` times: a row a point, with the columns of `brooks sweep`.

    `options` are those of `prepare`: `agents`, `architecture` and `axes` for other points, `precision`, `design` and
    `independent` for how they are run, `seed`, `set` and any path for single values. `reps` and `seed` are the
    scenario's own if not given.

    `shard=(i, n)` runs only the points that fall to part `i` of `n`, counted from 0; `merge` puts parts together. Rows
    are the same for any number of `threads` (all cores if not given) and any split. `progress(done, runs)` is called
    about twenty times a second; what it raises ends the sweep, as Ctrl-C does.

    The table opens in whatever reads Arrow: `pyarrow.table(t)`, `polars.DataFrame(t)`, DuckDB; or `t.to_pandas()`.
    """
    prepared = prepare(scenario, reps=reps, **options)
    part = None if shard is None else _shard(shard)
    workers = 0 if threads is None else _whole("threads", threads, 1, 1024)
    if progress is None:
        return prepared.run(part, workers, None)
    told, runs = progress, prepared.runs()
    return prepared.run(part, workers, lambda done: told(done, runs))


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
    """The sweep that `sweep` runs: `points`, `runs()`, and `run(shard, threads, progress)`. It travels by value.

    `agents` (`range(1, 9)`, `[1, 2, 4]`, `"1..8"`), `architecture` (one or several) and `axes` (values by path) take the
    place of the scenario's own axes or stand beside them; `set` and `overrides` change single values, as in `load`.
    `precision` (`0.02`, `"2%"`) in place of `reps` goes on until every mean makespan is known to that share of itself, or
    `max_reps` are reached; `design` is `grid`, `lhs:K` or `sobol:K`; `independent` gives every point random numbers of
    its own.
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
    """Measurements against the laws of scaling: the document of `brooks fit --format json` as a dict.

    `table` is the path of a CSV, JSON or Parquet file, a dict of columns, a list of dicts, or a frame or table of pandas,
    Polars, Arrow or `brooks.sweep`. `x` and `y` name the columns of team sizes and measurements if their names do not
    tell, `kind` is time, throughput, speedup or response, `by` the columns that tell curves apart, `weight` the column of
    weights, `error` is same or share (of what is measured), `law` the laws, and `predict` the team sizes to predict.

    What people should know of how the table was read comes as warnings. Raises `TableError` if it can't be fitted.
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
        expected = "the name of a built-in one, a path, the text of a scenario file, a dict, or a brooks.Scenario"
        raise TypeError(f"scenario: {type(scenario).__name__} given; expected {expected}")
    path = os.fspath(scenario)
    return Scenario.open(path, os.path.dirname(path), {}, True, [])


def _changed(scenario: Scenario, steps: list[Step]) -> Scenario:
    return scenario.changed(steps) if steps else scenario


def _set_steps(settings: Mapping[str, Any]) -> list[Step]:
    return [("set", path, _text(path, value)) for path, value in settings.items()]


def _text(path: str, value: Any) -> str:
    """A value as the command line takes it: text as it is, anything else as JSON, which YAML contains."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{path}: {error}; expected a text, a finite number, a bool, a list or a dict of such") from None


def _axis(path: str, values: Any) -> str:
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        return _text(path, values)
    texts = [_text(path, value) for value in values]
    if not texts:
        raise ValueError(f"{path}: there are no values; expected at least one")
    # A comma parts values, so a text with one is quoted, unless it is a list or map itself.
    return ",".join(json.dumps(text) if "," in text and text.lstrip()[0] not in "{[\"'" else text for text in texts)


def _whole(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """A whole number, of Python or NumPy, from `least` to `most`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r}: expected a whole number from {least} on") from None
    if number < least:
        raise ValueError(f"{name}={number}: expected at least {least}")
    if number > most:
        raise ValueError(f"{name}={number}: expected at most {most}")
    return number


def _shard(shard: Any) -> tuple[int, int]:
    expected = "expected a part's number, from 0, and of how many, such as (0, 4)"
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise TypeError(f"shard={shard!r}: {expected}")
    index, count = (_whole("shard", value, 0) for value in shard)
    if not index < count < 2**32:
        raise ValueError(f"shard=({index}, {count}): {expected}")
    return index, count


def _plain(value: Any) -> Any:
    """A scalar of NumPy as one of Python."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} given")


def _command(scenario: Scenario, replication: int) -> str:
    """The command that repeats a run; a scenario that is no file is read from stdin."""
    words = ["brooks", "run", "-" if scenario.source.startswith("<") else scenario.source]
    for _, path, text in scenario.steps:
        flag = {"team.agents": "--agents", "agents": "--agents", "architecture": "--architecture"}.get(path)
        if path != "seed":
            words += [flag, text] if flag else ["--set", f"{path}={text}"]
    words += ["--replication", str(replication)] if replication else []
    return shlex.join([*words, "--seed", str(scenario.seed)])
