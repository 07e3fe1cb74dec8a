"""The runner: order, deadline, fallbacks, traces, and that a page is a function of view, seed and requests."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from emptor.cascade import Candidates, Cascade, Pace, Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.config import CascadeOptions, ExploreOptions, StageOptions
from emptor.shop.view import View


class Find:
    """Retrieves the first `count` rows."""

    name = "retrieve"

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        rows = np.arange(self.count)
        return Candidates.of_lists([rows] * len(requests), [-rows.astype(np.float32)] * len(requests))


class Turn:
    """Ranks by descending row; may be told to be slow or to fail."""

    name = "rank"

    def __init__(self, view: View, *, slow_s: float = 0.0, fails: bool = False) -> None:
        self.view, self.slow_s, self.fails, self.calls = view, slow_s, fails, 0

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        self.calls += 1
        time.sleep(self.slow_s)
        if self.fails:
            raise RuntimeError("boom")
        return candidates.ranked(candidates.product.astype(np.float32), order=self.view.order)


def cascade(view: View, stage: Any, *, depth: int = 5, fallback: str | None = None, **more: Any) -> Cascade:
    methods = {
        "retrieve": {"find": lambda view, options: Find(40)},
        "rank": {"turn": lambda view, options: stage, "safe": lambda view, options: Turn(view)},
    }
    stages = [
        StageOptions(stage="retrieve", method="find", depth=40),
        StageOptions(stage="rank", method="turn", depth=depth, fallback=fallback),
    ]
    return Cascade("test", CascadeOptions(stages=stages, **more), view, methods=methods, paces={})


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


def test_stages_run_in_order_and_are_cut(golden: Engine) -> None:
    outcome = cascade(golden.view, Turn(golden.view)).run(Requests.of(["a", "b"]))
    assert outcome.candidates.product.tolist() == [[39, 38, 37, 36, 35]] * 2
    assert [stage.method for stage in outcome.traces[0].stages] == ["find", "turn"]
    assert outcome.traces[0].dropped(1).tolist() == list(range(35))


def test_a_failing_stage_is_replaced_by_its_fallback(golden: Engine) -> None:
    runner = cascade(golden.view, Turn(golden.view, fails=True), fallback="safe")
    outcome = runner.run(Requests.of(["a"]), deadline=soon(1))
    assert outcome.candidates.product[0].tolist() == [39, 38, 37, 36, 35]
    [degraded] = outcome.degraded
    assert degraded.as_dict() == {"stage": "rank", "reason": "it failed: RuntimeError", "fallback": "safe"}


def test_a_failing_stage_without_fallback_is_skipped(golden: Engine) -> None:
    outcome = cascade(golden.view, Turn(golden.view, fails=True)).run(Requests.of(["a"]), deadline=soon(1))
    assert outcome.candidates.product[0].tolist() == [0, 1, 2, 3, 4]
    assert outcome.traces[0].stages[1].method == "skipped"


def test_a_batch_without_deadline_never_hides_a_failure(golden: Engine) -> None:
    with pytest.raises(RuntimeError, match="boom"):
        cascade(golden.view, Turn(golden.view, fails=True), fallback="safe").run(Requests.of(["a"]))


def test_a_stage_too_slow_for_what_is_left_is_not_begun(golden: Engine) -> None:
    stage = Turn(golden.view, slow_s=0.05)
    runner = cascade(golden.view, stage, fallback="safe")
    runner.run(Requests.of(["a"]), deadline=soon(1))
    outcome = runner.run(Requests.of(["a"]), deadline=soon(0.02))
    assert stage.calls == 1
    assert outcome.degraded[0].fallback == "safe"
    assert "p95" in outcome.degraded[0].reason


def test_a_stage_left_out_for_slowness_is_tried_again(golden: Engine) -> None:
    stage = Turn(golden.view, slow_s=0.05)
    runner = cascade(golden.view, stage)
    runner.run(Requests.of(["a"]), deadline=soon(1))
    runner.run(Requests.of(["a"]), deadline=soon(0.02))  # left out; forgets the one slow run
    runner.run(Requests.of(["a"]), deadline=soon(0.02))
    assert stage.calls == 2


def test_pace_is_a_moving_95th_percentile() -> None:
    pace = Pace(window=100)
    assert pace.p95() == 0.0
    for value in range(200):
        pace.note(float(value))
    assert pace.p95() == 194.0


@pytest.mark.parametrize(("stage", "method"), [("rank", "nothing"), ("nowhere", "turn")])
def test_an_unknown_stage_or_method_is_named(golden: Engine, stage: str, method: str) -> None:
    options = CascadeOptions(stages=[StageOptions(stage=stage, method=method)])
    methods = {"rank": {"turn": lambda view, options: Turn(view)}}
    with pytest.raises(EmptorError, match=r"cascade\.x.*unknown"):
        Cascade("x", options, golden.view, methods=methods)


def test_depth_may_not_grow() -> None:
    with pytest.raises(ValueError, match="must not grow"):
        CascadeOptions(
            stages=[
                StageOptions(stage="retrieve", method="find", depth=5),
                StageOptions(stage="rank", method="turn", depth=6),
            ]
        )


def test_the_same_request_gives_the_same_list_in_any_batch(golden: Engine) -> None:
    queries = ["red mug", "copper pipe 1/2 in", "striped shirt", "nothing like it", "twin mug"]
    together = golden.run(Requests.of(queries)).candidates
    for at, query in enumerate(queries):
        alone = golden.run(Requests.of([query], seeds=[at])).candidates
        assert alone.row(0)[0].tolist() == together.row(at)[0].tolist()
        assert alone.row(0)[1].tolist() == together.row(at)[1].tolist()


def test_golden_pages(golden: Engine) -> None:
    """A recorded trace: a change of ranking must be seen and meant."""
    pages = {
        query: golden.ranking([query], depth=5)[0] for query in ["red striped mug", "1/2 inch copper pipe", "twin"]
    }
    assert pages == {
        "red striped mug": ["P34", "P30", "P24", "P35", "P36"],
        "1/2 inch copper pipe": ["P50", "P51", "P52", "P53", "P54"],
        "twin": ["dup-0", "dup-1", "dup-2"],
    }


def explored(view: View, share: float, seeds: list[int], depth: int = 4) -> tuple[Candidates, np.ndarray]:
    runner = cascade(view, Turn(view), explore=ExploreOptions(share=share, depth=depth))
    outcome = runner.run(Requests.of(["a"] * len(seeds), seeds=seeds))
    return outcome.candidates, outcome.explored


def test_exploration_is_decided_by_the_seed(golden: Engine) -> None:
    first, _ = explored(golden.view, 0.5, list(range(50)))
    again, _ = explored(golden.view, 0.5, list(reversed(range(50))))
    assert first.product.tolist() == again.product.tolist()[::-1]


def test_propensities_are_the_frequencies_of_the_log(golden: Engine) -> None:
    """How often each product really stands at each place agrees with what the log says about it."""
    share, depth, size = 0.4, 4, 4000
    candidates, shuffled = explored(golden.view, share, list(range(size)), depth)
    assert abs(shuffled.mean() - share) < 4 * (share * (1 - share) / size) ** 0.5
    at_home = candidates.product[:, 0] == 39
    expected = (1 - share) + share / depth
    assert abs(at_home.mean() - expected) < 4 * (expected * (1 - expected) / size) ** 0.5
    assert np.allclose(candidates.columns["propensity"][at_home, 0], expected)
    assert np.allclose(candidates.columns["propensity"][~at_home, 0], share / depth)
    assert np.allclose(candidates.columns["propensity"][:, depth:], 1.0)


@pytest.mark.parametrize(("share", "depth"), [(0.2, 3), (0.7, 5), (1.0, 4)])
def test_weighing_by_propensity_undoes_the_policy(golden: Engine, share: float, depth: int) -> None:
    """Inverse propensities make every product of the head count the same at every place: that is what they are for."""
    size = 6000
    candidates, _ = explored(golden.view, share, list(range(size)), depth)
    weight = 1.0 / candidates.columns["propensity"]
    for place in (0, depth - 1):
        for product in (39, 39 - depth + 1):
            shown = candidates.product[:, place] == product
            at_home = place == 39 - product
            p = (1 - share) * at_home + share / depth
            estimate = (shown * weight[:, place]).mean()
            assert abs(estimate - 1.0) < 5 * ((1 - p) / p / size) ** 0.5 + 1e-6


def test_a_trace_samples_the_dropped_evenly_and_says_the_rate(golden: Engine) -> None:
    view = golden.view
    trace = cascade(view, Turn(view)).run(Requests.of(["a"])).traces[0]
    rows, rate = trace.sampled(1, whole=True)
    assert (len(rows), rate) == (35, 1.0)
    import emptor.cascade.trace as module

    old, module.SAMPLE = module.SAMPLE, 10
    try:
        rows, rate = trace.sampled(1, whole=False)
    finally:
        module.SAMPLE = old
    assert len(set(rows.tolist())) == 10
    assert rate == pytest.approx(10 / 35)
