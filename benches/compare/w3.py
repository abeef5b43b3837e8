"""What the two Python engines share: the graph and the draws of W3, and how a program of `compare` reports."""

import json
import math
import random

TASKS = 20
NEEDS = [[on for on in ([j - 5] + ([j - 4] if j % 2 else [])) if j >= 5] for j in range(TASKS)]
OPEN = [len(needs) for needs in NEEDS]
DEPENDENTS = [[j for j in range(TASKS) if task in NEEDS[j]] for task in range(TASKS)]
ROOTS = [task for task in range(TASKS) if not NEEDS[task]]


def call():
    return random.lognormvariate(2.5, 0.6)


def tool():
    return random.lognormvariate(0.5, 0.9)


def fails():
    return random.random() < 0.15


def complete(task, open_needs, ready):
    for dependent in DEPENDENTS[task]:
        open_needs[dependent] -= 1
        if open_needs[dependent] == 0:
            ready.append(dependent)


def measure(runs_of, arguments):
    """Runs `runs_of[pacing]`, which gives makespan and attempts or conflicts, and prints the line that `compare` reads."""
    pacing, agents, runs = arguments[0], int(arguments[1]), int(arguments[2])
    # The same figures every time: whether they agree with the reference is not left to chance.
    random.seed(42)
    run = runs_of[pacing]
    results = [run(agents) for _ in range(runs)]
    makespan, count = (mean_and_deviation(column) for column in zip(*results))
    print(json.dumps({"runs": runs, "makespan": makespan, "count": count}))


def mean_and_deviation(values):
    mean = math.fsum(values) / len(values)
    return [mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))]
