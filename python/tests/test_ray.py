"""A real Ray of two nodes on this machine, one of which is killed in mid-run."""

import os
import time

import pytest

import brooks

# One mode everywhere, and set before Ray starts: nodes with different modes refuse each other.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install ray")

import brooks.ray  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

SWEEP = dict(agents=range(1, 9), architecture=["preassigned", "self_claim", "lead_dynamic"])
NODE = dict(num_cpus=1, object_store_memory=80_000_000)


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster(initialize_head=True, head_node_args=dict(NODE, include_dashboard=False))
    cluster.add_node(**NODE)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def nodes():
    return [node["NodeID"] for node in ray.nodes() if node["Alive"]]


def test_the_digest_is_that_of_one_process(cluster, mine):
    assert len(nodes()) == 2
    told = []
    table = brooks.ray.sweep(mine, shards=4, progress=lambda done, shards: told.append((done, shards)))
    alone = brooks.sweep(mine)
    assert (table.digest, table.rows()) == (alone.digest, alone.rows())
    assert told == [(done, 4) for done in range(1, 5)]
    # Left to itself it makes one shard of what takes no time.
    assert brooks.ray.sweep(mine).digest == alone.digest


def test_a_mistake_is_told_before_anything_is_sent(cluster, mine):
    with pytest.raises(brooks.ScenarioError, match="--agents: team.agents"):
        brooks.ray.sweep(mine, set={"team.agents": -1})


def test_a_node_that_dies_in_mid_run_changes_nothing(cluster, tmp_path, monkeypatch):
    alone = brooks.sweep("hello", reps=300, **SWEEP)
    before = nodes()
    node = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    (victim,) = set(nodes()) - set(before)
    begun = tmp_path / "begun"
    trace = str(begun)

    def shard(sweep, index, shards):
        import ray

        part = sweep.run((index, shards), 1, None)
        if ray.get_runtime_context().get_node_id() == victim:
            # It has worked, and will not live to hand the result over.
            with open(trace, "a") as file:
                file.write(".")
            time.sleep(600)
        deadline = time.monotonic() + 60
        while not os.path.exists(trace) and time.monotonic() < deadline:
            time.sleep(0.05)
        return part

    def kill(done, shards):
        if done == 1:
            cluster.remove_node(node, allow_graceful=False)

    monkeypatch.setattr(brooks.ray, "_shard", shard)
    table = brooks.ray.sweep("hello", reps=300, shards=12, progress=kill, **SWEEP)
    assert begun.stat().st_size >= 1, "a task ran on the node that was killed"
    assert node not in cluster.worker_nodes
    assert (table.digest, table.rows()) == (alone.digest, alone.rows())


def test_a_worker_that_dies_is_tried_again_and_not_for_ever(cluster, mine, tmp_path, monkeypatch):
    trace = str(tmp_path / "tries")

    def dying(times):
        def shard(sweep, index, shards):
            if index == 1:
                with open(trace, "a") as file:
                    file.write(".")
                if os.path.getsize(trace) <= times:
                    os._exit(1)
            return sweep.run((index, shards), 1, None)

        return shard

    monkeypatch.setattr(brooks.ray, "_shard", dying(2))
    assert brooks.ray.sweep(mine, shards=3, retries=2).digest == brooks.sweep(mine).digest
    assert os.path.getsize(trace) == 3
    os.unlink(trace)
    monkeypatch.setattr(brooks.ray, "_shard", dying(99))
    with pytest.raises(RuntimeError, match="shard 1 of 3 was lost 2 times"):
        brooks.ray.sweep(mine, shards=3, retries=1)
    assert os.path.getsize(trace) == 2
