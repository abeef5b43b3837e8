"""Sweeps on Ray: shards as tasks, with the same rows and digest as one process.

    import brooks.ray
    table = brooks.ray.sweep("mine.yaml", reps=1000, agents="1..32", address="auto")

Every node needs this package; `runtime_env={"py_modules": ["brooks-..whl"]}` installs it. Tasks contain the scenario
with the files that it names, so nodes need no shared files.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

# Ray reads it at import.
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
    """Runs `brooks.sweep` on the cluster at `address`, or on the connected one.

    A hash of each point assigns it to one of `shards` shards. By default their number is chosen in a short local trial,
    so that a task takes about `task_seconds`. At most `in_flight` tasks (twice the CPUs of the cluster) run at a time.
    A task lost with its worker or node is retried up to `retries` times; problems of the scenario are raised before the
    first task. `runtime_env` is that of Ray: of the job if this call connects, else of the tasks.
    `progress(done, shards)` is called after every task. `options` are those of `brooks.prepare`.
    """
    prepared = prepare(scenario, **options)
    prepared.runs()  # Compiles every point: raises all problems, and reads all files.
    environment = dict(runtime_env or {})
    if not ray.is_initialized():
        # Ray uploads local files for a whole job only, not for single tasks.
        ray.init(address=address, log_to_driver=False, runtime_env=environment)
        environment = {}
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call, unused-ignore]
    cpus = max(1, int(resources.get("CPU", 1) / max(num_cpus, 1e-3)))
    # The replications for a precision are unknown: 200 is an estimate.
    reps = prepared.reps if options.get("precision") is None else min(prepared.reps, 200)
    trial = partial(prepare, scenario, **{**options, "precision": None})
    shards = shards or _cut(lambda few: trial(reps=few), reps, cpus, task_seconds)
    window = in_flight or 2 * cpus
    # Retries of Ray are off: the loop below counts lost tasks and lost results alike.
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
    """Returns the number of shards, from the time of about 64 points on one local thread."""
    few = 1
    while True:
        sweep = trial(few)
        # A shard without points measures the fixed cost of a shard.
        (idle, _), (took, points) = (_time(sweep, shards) for shards in (2**32 - 1, max(1, sweep.points // 64)))
        took = max(took - idle, 0)
        if took > 0.5 or few >= reps:
            break
        few = min(4 * few, reps)
    whole = took / max(points, 1) * sweep.points * reps / few
    # At least one shard per CPU, if each has a second of work.
    wanted = max(whole / task_seconds, min(cpus, whole))
    return max(1, min(math.ceil(wanted), sweep.points))


def _time(sweep: Sweep, shards: int) -> tuple[float, int]:
    """Returns the time of the first of `shards` shards, and its number of points."""
    started = time.perf_counter()
    points = len(_shard(sweep, 0, shards))
    return time.perf_counter() - started, points
