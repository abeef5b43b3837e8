import json
import pickle

import pytest

import brooks


def test_the_document_is_that_of_the_command_line(command):
    for name in brooks.SCENARIOS:
        told = command("run", name, "--agents", "3", "--format", "json", "--seed", "7")
        if told.returncode != 0:
            with pytest.raises(brooks.ScenarioError):
                brooks.simulate(name, agents=3, seed=7)
            continue
        document = brooks.simulate(name, agents=3, seed=7)
        wanted = json.loads(told.stdout)
        assert document.pop("command") == f"brooks run {name} --agents 3 --seed 7"
        wanted.pop("command")
        assert document == wanted
        assert list(document) == list(wanted)


def test_the_command_in_the_document_gives_it_again(command, mine):
    import shlex

    document = brooks.simulate(mine, agents=2, consistency="lock", set={"team.profile.error_rate": 0.2}, replication=3)
    words = shlex.split(document["command"])
    told = command(*words[1:], "--format", "json")
    assert json.loads(told.stdout)["digest"] == document["digest"], document["command"]
    assert document["digest"] != brooks.simulate(mine, agents=2)["digest"]


def test_a_scenario_is_a_name_a_path_a_text_or_a_dict(mine):
    by_path = brooks.simulate(mine)
    assert brooks.simulate(str(mine))["digest"] == by_path["digest"]
    inline = mine.read_text().replace("pace.yaml", "{ base: plain, latency: 'lognormal(mean=4s, cv=0.5)' }")
    assert brooks.simulate(inline)["digest"] == by_path["digest"]
    as_dict = {
        "name": "mine",
        "workload": {"amdahl": {"tasks": 12, "parallel_fraction": 0.8, "size": "100 tokens"}},
        "team": {"agents": 3, "profile": {"base": "plain", "latency": "lognormal(mean=4s, cv=0.5)"}},
        "architecture": "self_claim",
    }
    assert brooks.simulate(as_dict)["digest"] == by_path["digest"]
    loaded = brooks.load(mine)
    assert brooks.simulate(loaded)["digest"] == by_path["digest"]


def test_overrides_are_paths():
    four = brooks.simulate("hello", agents=4)
    assert four["agents"] == 4
    for same in ({"agents": 4}, {"team.agents": 4}, {"team.agents": "4"}):
        assert brooks.simulate("hello", **same)["digest"] == four["digest"]
        assert brooks.simulate("hello", set=same)["digest"] == four["digest"]
    rounds = brooks.simulate("hello", architecture={"preassigned": {"deal": "round_robin"}}, pacing="rounds")
    assert rounds["architecture"] == "preassigned"
    assert rounds["metrics"]["rounds"] > 0
    assert brooks.simulate("hello", seed=1)["seed"] == 1


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    assert brooks.simulate("hello", agents=numpy.int64(4))["digest"] == brooks.simulate("hello", agents=4)["digest"]


def test_a_run_that_gets_stuck_says_why():
    run = brooks.simulate("hello", set={"limits.time": "1s"})
    assert run["ending"] != "completed"
    assert run["witness"]


def test_mistakes_come_all_at_once_as_the_command_line_says_them(command, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("name: wrong\nworkload: { amdahl: { tasks: -3 } }\nteam: { agents: 4, colour: red }\npacing: walk\n")
    told = command("run", path)
    with pytest.raises(brooks.ScenarioError) as raised:
        brooks.simulate(path)
    assert told.returncode == 2
    assert str(raised.value) == told.stderr.strip()
    problems = raised.value.problems
    assert len(problems) >= 3
    unknown = next(problem for problem in problems if problem.code == "unknown-key")
    assert (unknown.file, unknown.line, unknown.path) == (str(path), 3, "team.colour")
    assert all(problem.message for problem in problems)
    # It is a ValueError, and it survives the way from another process.
    again = pickle.loads(pickle.dumps(raised.value))
    assert isinstance(again, ValueError)
    assert (str(again), again.problems, again.more) == (str(raised.value), problems, 0)


def test_mistakes_of_overrides_and_dicts_have_no_lines(command):
    told = command("run", "hello", "--agents=-3")
    with pytest.raises(brooks.ScenarioError) as raised:
        brooks.simulate("hello", agents=-3)
    assert str(raised.value) == told.stderr.strip()
    with pytest.raises(brooks.ScenarioError) as raised:
        brooks.simulate({"name": "x", "team": {"agents": "many"}})
    assert all(problem.line is None for problem in raised.value.problems)
    with pytest.raises(brooks.ScenarioError, match="helo.*hello"):
        brooks.simulate("helo")
    with pytest.raises(ValueError, match="team.profile.error_rate: .*expected .* a finite number"):
        brooks.simulate("hello", set={"team.profile.error_rate": float("nan")})
    with pytest.raises(TypeError, match="agents: object given; expected text"):
        brooks.simulate("hello", agents=object())
    with pytest.raises(TypeError, match="scenario: int given; expected a built-in name"):
        brooks.simulate(42)
    told = command("run", "hello", "--set", "team.agent=4")
    with pytest.raises(brooks.ScenarioError) as raised:
        brooks.simulate("hello", set={"team.agent": 4})
    assert str(raised.value) == told.stderr.strip()


def test_a_scenario_travels_with_its_files(mine):
    loaded = brooks.load(mine, agents=2)
    digest = brooks.simulate(loaded)["digest"]
    sent = pickle.dumps(loaded)
    (mine.parent / "pace.yaml").unlink()
    mine.unlink()
    again = pickle.loads(sent)
    assert brooks.simulate(again)["digest"] == digest
    assert again.steps == loaded.steps
