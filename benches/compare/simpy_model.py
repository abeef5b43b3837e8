"""W3 as processes in SimPy. `simpy_model.py async|rounds AGENTS RUNS`."""

import random
import sys

import simpy

import w3


class Pool:
    """The tasks that can be started, and an event for those who wait for one."""

    def __init__(self, env):
        self.env = env
        self.open_needs = list(w3.OPEN)
        self.ready = list(w3.ROOTS)
        self.count = 0
        self.done = 0
        self.finished = env.event()
        self.changed = env.event()

    def complete(self, task):
        self.done += 1
        w3.complete(task, self.open_needs, self.ready)
        if self.done == w3.TASKS:
            self.finished.succeed()

    def wake(self):
        changed, self.changed = self.changed, self.env.event()
        changed.succeed()


def worker(env, pool):
    while True:
        while not pool.ready:
            yield pool.changed
        task = pool.ready.pop(random.randrange(len(pool.ready)))
        yield env.timeout(w3.call())
        yield env.timeout(w3.tool())
        pool.count += 1
        if w3.fails():
            pool.ready.append(task)
        else:
            pool.complete(task)
        pool.wake()


def run_async(agents):
    env = simpy.Environment()
    pool = Pool(env)
    for _ in range(agents):
        env.process(worker(env, pool))
    env.run(until=pool.finished)
    return env.now, pool.count


def member(env, pool, taken):
    task = random.choice(pool.ready)
    yield env.timeout(w3.call())
    yield env.timeout(w3.tool())
    if task in taken:
        pool.count += 1
        return
    # Only a right attempt takes the task.
    if not w3.fails():
        taken[task] = True


def rounds(env, pool, agents):
    while pool.done < w3.TASKS:
        taken = {}
        yield env.all_of([env.process(member(env, pool, taken)) for _ in range(agents)])
        for task in taken:
            pool.ready.remove(task)
            pool.complete(task)


def run_rounds(agents):
    env = simpy.Environment()
    pool = Pool(env)
    env.run(until=env.process(rounds(env, pool, agents)))
    return env.now, pool.count


if __name__ == "__main__":
    w3.measure({"async": run_async, "rounds": run_rounds}, sys.argv[1:])
