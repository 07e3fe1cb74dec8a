"""The reproduction runner: nothing measured twice, a report that says what was found."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.stats

from emptor.errors import EmptorError
from emptor.learn.reproduce import environment, reproduce

ABOUT = {"method": "dcn", "dataset": "market", "command": "emptor reproduce dcn"}


@pytest.fixture(autouse=True)
def no_chart(request, monkeypatch):
    """Drawing takes longer than all the rest; one test looks at it."""
    if "chart" not in request.function.__name__:
        monkeypatch.setattr("emptor.learn.report.interval_chart", lambda rows: "<svg/>")


class Model:
    """Counts its runs; may be killed at one."""

    def __init__(self, lift, killed_at=None, users=20):
        self.lift, self.killed_at, self.users, self.ran = lift, killed_at, users, []

    def __call__(self, seed):
        if seed == self.killed_at:
            raise KeyboardInterrupt
        self.ran.append(seed)
        rng = np.random.default_rng(seed)
        values = rng.normal(0.5, 0.1, self.users) + self.lift + np.random.default_rng([seed, 7]).normal(0, 0.01)
        values[3] = np.nan
        return {"ndcg@10": values, "auc": 0.7 + self.lift * (1 + seed / 10)}


def run(folder, *, models=None, seeds=range(4), **options):
    models = models or [("dcn", Model(0.05)), ("trees", Model(0.0))]
    return reproduce(models, seeds=seeds, folder=folder, **{**ABOUT, **options})


def test_the_report_says_what_was_measured(tmp_path):
    report = run(tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    assert list(written) == ["method", "dataset", "command", "env", "seeds", "rows", "tests"]
    assert {name: written[name] for name in ABOUT} == ABOUT
    assert written["env"] == environment() and written["seeds"] == [0, 1, 2, 3]
    assert [(row["model"], row["metric"]) for row in written["rows"]] == [
        (model, metric) for model in ("dcn", "trees") for metric in ("ndcg@10", "auc")
    ]
    expected = [float(np.nanmean(Model(0.05)(seed)["ndcg@10"])) for seed in range(4)]
    row = written["rows"][0]
    assert row["per_seed"] == pytest.approx(expected) and row["mean"] == pytest.approx(np.mean(expected))
    reach = scipy.stats.sem(expected) * scipy.stats.t.ppf(0.975, 3)
    assert row["ci95"] == pytest.approx([np.mean(expected) - reach, np.mean(expected) + reach])
    assert [(own["a"], own["b"], own["metric"], own["over"], own["n"]) for own in written["tests"]] == [
        ("dcn", "trees", "ndcg@10", "seeds", 4),
        ("dcn", "trees", "ndcg@10", "users", 19),
        ("dcn", "trees", "auc", "seeds", 4),
    ]
    assert written["tests"][0]["diff"] == pytest.approx(0.05)
    auc = written["tests"][2]
    assert auc["p"] == pytest.approx(scipy.stats.ttest_1samp([0.05, 0.055, 0.06, 0.065], 0).pvalue)
    assert auc["p"] <= auc["p_holm"] <= 1
    assert report.json() == (tmp_path / "report.json").read_text()


def test_markdown_and_chart(tmp_path):
    models = [("d|cn <b>", Model(0.05)), ('"datum.x" & co', Model(0.0))]
    report = run(tmp_path, models=models)
    text = (tmp_path / "report.md").read_text()
    assert text == report.markdown()
    assert "# dcn on market\n\n    emptor reproduce dcn\n" in text
    assert "| model | ndcg@10 | auc |" in text and "| d\\|cn &lt;b> | 0." in text
    assert " ± " in text and "| 19 users | +0.0500 |" in text
    root = ElementTree.fromstring((tmp_path / "report.svg").read_text())
    texts = ["".join(own.itertext()) for own in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ndcg@10", "auc", "d|cn <b>", '"datum.x" & co'} <= set(texts)


@pytest.mark.parametrize("killed_at", range(4))
def test_a_killed_reproduction_goes_on(tmp_path, killed_at):
    whole = run(tmp_path / "whole")
    models = [("dcn", Model(0.05)), ("trees", Model(0.0, killed_at=killed_at))]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", models=models)
    assert not (tmp_path / "killed" / "report.json").exists()
    again = [("dcn", Model(0.05)), ("trees", Model(0.0))]
    assert run(tmp_path / "killed", models=again) == whole
    assert (again[0][1].ran, again[1][1].ran) == (list(range(killed_at + 1, 4)), list(range(killed_at, 4)))


def test_a_line_cut_short_is_measured_again(tmp_path):
    whole = run(tmp_path)
    path = tmp_path / "runs.jsonl"
    for cut in (3, len(path.read_bytes().splitlines()[-1])):
        path.write_bytes(path.read_bytes()[:-cut])
        models = [("dcn", Model(0.05)), ("trees", Model(0.0))]
        assert run(tmp_path, models=models) == whole
        assert (models[0][1].ran, models[1][1].ran) == ([], [3])
    path.write_bytes(path.read_bytes()[:20])
    assert run(tmp_path) == whole


def test_seeds_and_models_can_be_added(tmp_path):
    run(tmp_path, seeds=[0, 1])
    models = [("dcn", Model(0.05)), ("rule", Model(-0.1)), ("trees", Model(0.0))]
    report = run(tmp_path, models=models, seeds=[2, 1], pairs=[("trees", "rule")])
    assert [model.ran for _, model in models] == [[2], [2, 1], [2]]
    assert {(own.a, own.b) for own in report.tests} == {("trees", "rule")}
    assert report.seeds == [2, 1]


def test_results_of_another_reproduction_are_refused(tmp_path):
    run(tmp_path)
    for change in ({"dataset": "real"}, {"command": "x"}, {"env": {"device": "gpu"}}):
        with pytest.raises(EmptorError, match=f"results of another {next(iter(change))}"):
            run(tmp_path, **change)
    (tmp_path / "runs.jsonl").write_text("{}\n{]\n")
    with pytest.raises(EmptorError, match="not the results of a reproduction"):
        run(tmp_path)


def test_a_model_that_is_made_of_something_else_is_measured_again(tmp_path):
    models = [("dcn", Model(0.05)), ("trees", Model(0.0))]
    run(tmp_path, models=models, made_of={"dcn": "lr .1", "trees": "31 leaves"})
    run(tmp_path, models=models, made_of={"dcn": "lr .2", "trees": "31 leaves"})
    assert models[0][1].ran == [0, 1, 2, 3, 0, 1, 2, 3] and models[1][1].ran == [0, 1, 2, 3]
    run(tmp_path, models=models, made_of={"dcn": "lr .1", "trees": "31 leaves"})
    assert len(models[0][1].ran) == 8  # what it was before is still there


def test_only_the_metrics_that_are_named_are_tested(tmp_path):
    one = run(tmp_path / "one", tested=["auc"])
    assert {test.metric for test in one.tests} == {"auc"} and {row.metric for row in one.rows} == {"auc", "ndcg@10"}
    every = run(tmp_path / "all")
    corrected = {test.metric: test.p_holm for test in every.tests if test.over == "seeds"}
    assert one.tests[0].p_holm <= corrected["auc"]


def test_one_seed_has_no_interval(tmp_path):
    report = run(tmp_path, seeds=[5])
    assert all(row.ci95 is None for row in report.rows)
    assert [own.p is None for own in report.tests] == [True, False, True]
    assert report.tests[0].p_holm is None and " ± 0" not in report.markdown()


@pytest.mark.parametrize("value", [float("nan"), [float("nan")], [1.0, float("inf")], [[1.0]]])
def test_what_is_no_number_is_told(tmp_path, value):
    with pytest.raises(EmptorError, match=r"dcn, seed 0: auc is .*expected a number, or one per user"):
        run(tmp_path, models=[("dcn", lambda seed: {"auc": value})])


def test_misuse(tmp_path):
    same = [("a", Model(0)), ("a", Model(0))]
    for options in ({"models": same}, {"seeds": [1, 1]}, {"seeds": []}):
        with pytest.raises(ValueError, match="all different"):
            run(tmp_path, **options)
    with pytest.raises(ValueError, match="unknown models: lost"):
        run(tmp_path, pairs=[("dcn", "lost")])
    with pytest.raises(ValueError, match="the users differ"):
        run(tmp_path, models=[("a", Model(0)), ("b", Model(0, users=9))])
