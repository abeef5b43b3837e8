import json
import warnings

import pytest

import brooks

SIZES = [1, 2, 4, 8, 16, 32]
# Amdahl's law with a serial tenth, and a little noise of alternating sign.
TIMES = [100 * (0.1 + 0.9 / n) * (1 + 0.002 * (-1) ** place) for place, n in enumerate(SIZES)]


def test_the_document_is_that_of_the_command_line(command, tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("n,time\n" + "".join(f"{n},{time}\n" for n, time in zip(SIZES, TIMES)))
    wanted = json.loads(command("fit", path, "--format", "json").stdout)
    document = brooks.fit(path)
    assert document.pop("command") == f"brooks fit {path} --seed 42"
    wanted.pop("command")
    assert document == wanted
    assert document["laws"]["amdahl"]["parameters"]["p"]["estimate"] == pytest.approx(0.9, rel=0.01)


def test_columns_rows_and_frames_are_the_same_table():
    columns = {"n": SIZES, "time": TIMES}
    wanted = brooks.fit(columns)
    assert wanted["command"] == "brooks fit - --seed 42"
    tables = [[dict(n=n, time=time) for n, time in zip(SIZES, TIMES)]]
    pandas = pytest.importorskip("pandas")
    tables.append(pandas.DataFrame(columns))
    pyarrow = pytest.importorskip("pyarrow")
    tables.append(pyarrow.table(columns))
    for table in tables:
        assert brooks.fit(table) == wanted


def test_a_sweep_is_fitted_curve_by_curve():
    table = brooks.sweep("hello", agents=range(1, 9), architecture=["preassigned", "self_claim"], reps=20)
    fits = brooks.fit(table, y="makespan_s.mean")
    assert [fit["curve"] for fit in fits["curves"]] == ["preassigned", "self_claim"]
    assert brooks.fit(table.to_pandas(), y="makespan_s.mean")["curves"] == fits["curves"]


def test_sizes_that_were_not_measured_are_predicted(command, tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("n,time\n" + "".join(f"{n},{time}\n" for n, time in zip(SIZES, TIMES)))
    words = ("--predict", "64,128", "--error", "share", "--law", "usl,amdahl", "--resamples", "50", "--seed", "7")
    wanted = json.loads(command("fit", path, *words, "--format", "json").stdout)
    document = brooks.fit(path, predict=[64, 128], error="share", law=["usl", "amdahl"], resamples=50, seed=7)
    again = json.loads(command(*document.pop("command").split()[1:], "--format", "json").stdout)
    again.pop("command")
    wanted.pop("command")
    assert document == wanted == again


def test_what_is_wrong_is_told():
    with pytest.raises(brooks.TableError, match="at least 3 team sizes") as raised:
        brooks.fit({"n": [1, 2], "time": [3.0, 2.0]})
    assert raised.value.problems[0].code == "table"
    with pytest.raises(brooks.TableError, match="table:2: time"):
        brooks.fit({"n": [1, 2, 4], "time": [3.0, "soon", 1.0]})
    with pytest.raises(ValueError, match="there is no such law"):
        brooks.fit({"n": SIZES, "time": TIMES}, law="murphy")
    with pytest.raises(ValueError, match="kind=length"):
        brooks.fit({"n": SIZES, "time": TIMES}, kind="length")
    with pytest.raises(ValueError, match="differ in length"):
        brooks.fit({"n": SIZES, "time": [1.0]})
    with pytest.raises(TypeError, match="table: int given; expected a path"):
        brooks.fit(3)
    with pytest.raises(TypeError, match="resamples='many': expected a whole number of at least 0"):
        brooks.fit({"n": SIZES, "time": TIMES}, resamples="many")
    with pytest.raises(OSError):
        brooks.fit("nowhere.csv")


def test_notes_are_warnings():
    with pytest.warns(UserWarning, match="without a value of time"):
        brooks.fit({"n": [*SIZES, 64], "time": [*TIMES, float("nan")]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        brooks.fit({"n": SIZES, "time": TIMES})
