import csv
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

import brooks

SMALL = dict(agents=range(1, 7), architecture=["preassigned", "self_claim"], reps=20)


def test_the_rows_are_those_of_the_command_line(command):
    table = brooks.sweep("hello", **SMALL)
    told = command("sweep", "hello", "-n", "1..6", "-a", "preassigned,self_claim", "-r", "20", "--format", "csv")
    wanted = list(csv.DictReader(io.StringIO(told.stdout)))
    assert table.columns == list(wanted[0])
    assert len(table) == len(wanted) == 12
    for row, other in zip(table.rows(), wanted):
        for name, value in row.items():
            said = other[name]
            assert (value is None and said == "") or value == type(value)(said), name


def test_any_split_and_any_threads_give_the_same(mine):
    whole = brooks.sweep(mine)
    assert len(whole) == whole.points == 6
    for threads in (1, 2):
        assert brooks.sweep(mine, threads=threads).rows() == whole.rows()
    for count in (1, 3, 7):
        parts = [brooks.sweep(mine, shard=(index, count)) for index in range(count)]
        assert sum(map(len, parts)) == 6
        merged = brooks.merge([pickle.loads(pickle.dumps(part)) for part in reversed(parts)])
        assert merged.digest == whole.digest
        assert merged.rows() == whole.rows()
        assert merged.numbers == list(range(6))


def test_a_longer_sweep_leaves_every_point_in_its_shard():
    place = {}
    for most in (8, 16):
        for index in range(4):
            part = brooks.sweep("hello", agents=range(1, most + 1), reps=1, shard=(index, 4))
            for point in zip(part["architecture"], part["agents"]):
                assert place.setdefault(point, index) == index
    assert len(set(place.values())) > 1


def test_what_does_not_belong_together_is_not_merged(mine):
    first, second = (brooks.sweep(mine, shard=(index, 2)) for index in range(2))
    assert len(first) and len(second)
    with pytest.raises(ValueError, match=f"{len(second)} of 6 points are missing: "):
        brooks.merge([first])
    with pytest.raises(ValueError, match="both in part 0 and in part 2"):
        brooks.merge([first, second, first])
    with pytest.raises(ValueError, match="part 1 is of another sweep"):
        brooks.merge([first, brooks.sweep(mine, seed=9, shard=(1, 2))])
    with pytest.raises(ValueError, match="part 1 is of another sweep"):
        brooks.merge([first, brooks.sweep(mine, reps=7, shard=(1, 2))])
    (mine.parent / "pace.yaml").write_text("base: plain\nlatency: lognormal(mean=5s, cv=0.5)\n")
    with pytest.raises(ValueError, match="part 1 is of another sweep"):
        brooks.merge([first, brooks.sweep(mine, shard=(1, 2))])
    with pytest.raises(ValueError, match="nothing to merge"):
        brooks.merge([])
    with pytest.raises(ValueError, match=r"shard=\(3, 3\)"):
        brooks.sweep(mine, shard=(3, 3))


def test_axes_settings_and_mistakes():
    table = brooks.sweep("hello", agents=2, axes={"team.profile.error_rate": [0, 0.2]}, architecture="self_claim", reps=5)
    assert table["team.profile.error_rate"] == ["0", "0.2"]
    assert table["agents"] == [2, 2]
    # A value that is set where the scenario has an axis takes the place of the axis.
    assert set(brooks.sweep("hello", set={"agents": 3}, reps=2)["agents"]) == {3}
    with pytest.raises(brooks.ScenarioError):
        brooks.sweep("hello", agents=[1, -2], reps=2)
    with pytest.raises(ValueError, match="reps=0"):
        brooks.sweep("hello", reps=0)


def test_pandas_and_arrow_read_it():
    table = brooks.sweep("hello", **SMALL)
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == table.columns
    assert frame["agents"].dtype == "int64"
    assert frame["makespan_s.mean"].tolist() == table["makespan_s.mean"]
    pyarrow = pytest.importorskip("pyarrow")
    arrow = pyarrow.table(table)
    assert arrow.column_names == table.columns
    assert arrow.to_pylist() == table.rows()
    assert arrow.schema.field("agents").type == pyarrow.int64()
    assert not arrow.schema.field("digest").nullable
    assert arrow.schema.metadata[b"brooks.digest"].decode() == table.digest
    # The second reader gets a stream of its own.
    assert pyarrow.table(table).equals(arrow)
    # One run has no interval: nothing, not infinity.
    assert pyarrow.table(brooks.sweep("hello", agents=2, reps=1))["makespan_s.ci95_low"].null_count > 0


def test_other_threads_go_on_meanwhile():
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.005):
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    started = time.perf_counter()
    brooks.sweep("bench", agents=4, reps=200_000, threads=1)
    took = time.perf_counter() - started
    ended.set()
    ticker.join()
    # With the GIL held there would be none. Every 5 ms is the aim; a tenth of that is demanded.
    assert len([tick for tick in ticks if tick < started + took]) > took / 0.05


def test_progress_is_told_and_can_end_the_sweep():
    told = []
    brooks.sweep("hello", reps=50, progress=lambda done, runs: told.append((done, runs)))
    done, runs = told[-1]
    assert done == runs

    class Enough(Exception):
        pass

    def enough(done, runs):
        raise Enough

    started = time.perf_counter()
    with pytest.raises(Enough):
        brooks.sweep("bench", agents=4, reps=50_000_000, progress=enough)
    assert time.perf_counter() - started < 30


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_a_sweep():
    code = "import brooks; print('on', flush=True); brooks.sweep('bench', agents=4, reps=100_000_000)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "on\n"
    time.sleep(1)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in told
    assert "panicked" not in told
    assert child.returncode in (-signal.SIGINT, 130)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_child_can_sweep_too():
    wanted = brooks.sweep("hello", **SMALL).digest
    child = os.fork()
    if child == 0:
        os._exit(0 if brooks.sweep("hello", **SMALL).digest == wanted else 1)
    assert os.waitpid(child, 0)[1] == 0
