"""W3 as a plain loop over heapq: what one writes by hand in Python. `heapq_loop.py async|rounds AGENTS RUNS`."""

import heapq
import random
import sys

import w3


def run_async(agents):
    open_needs = list(w3.OPEN)
    ready = list(w3.ROOTS)
    free = list(range(agents))
    pending, sequence, now, done, attempts = [], 0, 0.0, 0, 0
    while True:
        while free and ready:
            task = ready.pop(random.randrange(len(ready)))
            sequence += 1
            heapq.heappush(pending, (now + w3.call(), sequence, free.pop(), task, True))
        now, _, agent, task, is_call = heapq.heappop(pending)
        if is_call:
            sequence += 1
            heapq.heappush(pending, (now + w3.tool(), sequence, agent, task, False))
            continue
        free.append(agent)
        attempts += 1
        if w3.fails():
            ready.append(task)
            continue
        done += 1
        if done == w3.TASKS:
            return now, attempts
        w3.complete(task, open_needs, ready)


def run_rounds(agents):
    open_needs = list(w3.OPEN)
    ready = list(w3.ROOTS)
    pending, sequence, now, done, conflicts = [], 0, 0.0, 0, 0
    while done < w3.TASKS:
        for _ in range(agents):
            sequence += 1
            heapq.heappush(pending, (now + w3.call(), sequence, random.choice(ready), True))
        taken = set()
        while pending:
            now, _, task, is_call = heapq.heappop(pending)
            if is_call:
                sequence += 1
                heapq.heappush(pending, (now + w3.tool(), sequence, task, False))
            elif task in taken:
                conflicts += 1
            elif not w3.fails():
                # Only a right attempt takes the task.
                taken.add(task)
                ready.remove(task)
                done += 1
                w3.complete(task, open_needs, ready)
    return now, conflicts


if __name__ == "__main__":
    w3.measure({"async": run_async, "rounds": run_rounds}, sys.argv[1:])
