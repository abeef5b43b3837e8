"""Sweeps on Ray: shards as tasks, results by value, the same rows and digest as one process.

    import brooks.ray
    table = brooks.ray.sweep("mine.yaml", reps=1000, agents="1..32", address="auto")

Every node needs this package; `runtime_env={"py_modules": ["brooks-..whl"]}` sends it along. The scenario travels with
the files that it names, so nodes share no files.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

# Before Ray is imported: it reads it then.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

try:
    import ray
    from ray.exceptions import RayError, RayTaskError, TaskCancelledError
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"brooks.ray needs Ray ({error}): pip install ray", name=error.name) from None

from brooks import ScenarioLike, Sweep, Table, merge, prepare  # noqa: E402


def sweep(
    scenario: ScenarioLike,
    *,
    address: str | None = None,
    shards: int | None = None,
    task_seconds: float = 5.0,
    in_flight: int | None = None,
    retries: int = 3,
    num_cpus: float = 1,
    runtime_env: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> Table:
    """`brooks.sweep` on the cluster at `address`, or on the one that this process is connected to already.

    The sweep is cut into `shards` by a hash of what each point is; if not given, into so many that a task takes about
    `task_seconds`, judged by a short trial here. At most `in_flight` tasks (twice the cluster's CPUs) are out at a
    time. A task that is lost with its worker or node is sent again, up to `retries` times; a mistake in the scenario is
    raised before anything is sent. `runtime_env` is Ray's: of the job if this call connects, else of the tasks.
    `progress(done, shards)` is called after every task. `options` are those of `brooks.prepare`.
    """
    prepared = prepare(scenario, **options)
    prepared.runs()  # Makes every point: what is wrong is told now, and every file it needs is read.
    environment = dict(runtime_env or {})
    if not ray.is_initialized():
        # Ray sends local files along for a whole job only, not for single tasks.
        ray.init(address=address, log_to_driver=False, runtime_env=environment)
        environment = {}
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call, unused-ignore]
    cpus = max(1, int(resources.get("CPU", 1) / max(num_cpus, 1e-3)))
    # What precision will take is not known: a guess.
    reps = prepared.reps if options.get("precision") is None else min(prepared.reps, 200)
    trial = partial(prepare, scenario, **{**options, "precision": None})
    shards = shards or _cut(lambda few: trial(reps=few), reps, cpus, task_seconds)
    window = in_flight or 2 * cpus
    # Ray's own retries are off: those below count every loss, of a task and of its result alike.
    task = ray.remote(_shard).options(
        num_cpus=num_cpus, max_retries=0, scheduling_strategy="SPREAD", runtime_env=environment
    )
    shared = ray.put(prepared)
    waiting = deque((index, 0) for index in range(shards))
    out: dict[Any, tuple[int, int]] = {}
    parts: list[Table] = []
    try:
        while waiting or out:
            while waiting and len(out) < window:
                index, tries = waiting.popleft()
                out[task.remote(shared, index, shards)] = (index, tries)
            for ref in ray.wait(list(out))[0]:
                index, tries = out.pop(ref)
                try:
                    parts.append(ray.get(ref))
                except (RayTaskError, TaskCancelledError):
                    raise
                except RayError as error:
                    if tries >= retries:
                        raise RuntimeError(f"shard {index} of {shards} was lost {tries + 1} times") from error
                    waiting.append((index, tries + 1))
                    continue
                if progress is not None:
                    progress(len(parts), shards)
    finally:
        for ref in out:
            ray.cancel(ref, force=True)
    return merge(parts)


def _shard(sweep: Sweep, index: int, shards: int) -> Table:
    return sweep.run((index, shards), 1, None)


def _cut(trial: Callable[[int], Sweep], reps: int, cpus: int, task_seconds: float) -> int:
    """How many shards there should be, by how long some 64 points of all kinds take here on one thread."""
    few = 1
    while True:
        sweep = trial(few)
        # A shard without points takes what every shard takes before its points are run.
        (idle, _), (took, points) = (_time(sweep, shards) for shards in (2**32 - 1, max(1, sweep.points // 64)))
        took = max(took - idle, 0)
        if took > 0.5 or few >= reps:
            break
        few = min(4 * few, reps)
    whole = took / max(points, 1) * sweep.points * reps / few
    # Every CPU gets a share, as long as that is a second of work.
    wanted = max(whole / task_seconds, min(cpus, whole))
    return max(1, min(math.ceil(wanted), sweep.points))


def _time(sweep: Sweep, shards: int) -> tuple[float, int]:
    """How long the first of so many shards takes, and how many points it has."""
    started = time.perf_counter()
    points = len(_shard(sweep, 0, shards))
    return time.perf_counter() - started, points
