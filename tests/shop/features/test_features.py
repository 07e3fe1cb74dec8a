"""Features against a plain reading of the same log: nothing from the request on may reach it."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.features import ACTIONS, Features, FeatureSpec
from emptor.shop.features.counters import Counters
from emptor.shop.features.past import Past, gap_of
from emptor.shop.features.words import product_words, query_words
from emptor.shop.view import View

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ROWS = pl.DataFrame({"product_id": [f"p{at}" for at in range(6)], "row": np.arange(6)})

event = st.tuples(
    st.sampled_from(["u0", "u1", "u2"]),
    st.integers(0, 6),  # p6 is no product of the shop
    st.sampled_from(["impression", "click", "add_to_cart", "purchase"]),
    st.integers(0, 4 * 24 * 60),  # minutes
)


def log(events: list[tuple[str, int, str, int]]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "user_id": [own[0] for own in events],
            "product_id": [f"p{own[1]}" for own in events],
            "action": [own[2] for own in events],
            "query": [f"p{own[1]}, please" if own[1] % 2 else None for own in events],
            "time": [START + dt.timedelta(minutes=own[3]) for own in events],
            "seq": list(range(len(events))),
        },
        schema={
            "user_id": pl.String,
            "product_id": pl.String,
            "action": pl.String,
            "query": pl.String,
            "time": pl.Datetime("us", "UTC"),
            "seq": pl.Int64,
        },
    )


def moment(minutes: int) -> int:
    return round((START + dt.timedelta(minutes=minutes)).timestamp() * 1e6)


@settings(max_examples=60, deadline=None)
@given(st.lists(event, max_size=40), st.lists(st.integers(0, 5 * 24 * 60), min_size=1, max_size=4))
def test_the_past_is_what_was_done_before(events: list[tuple[str, int, str, int]], asked: list[int]) -> None:
    past = Past.of(log(events), ROWS, ShopDays.of(log(events)))
    users = ["u0", "u1", "nobody", None][: len(asked)]
    seen = past.before(users, np.array([moment(own) for own in asked]), most=3)
    for at, (user, now) in enumerate(zip(users, asked, strict=True)):
        own = [(t, number, p, a) for number, (u, p, a, t) in enumerate(events) if u == user and p < 6 and a in ACTIONS]
        own = sorted(one for one in own if one[0] < now)
        assert seen.count[at] == len(own)
        want = [(p, 1 + ACTIONS.index(a)) for _, _, p, a in reversed(own)][:3]
        assert list(zip(seen.row[at].tolist(), seen.action[at].tolist(), strict=True))[: len(want)] == want
        assert (seen.row[at, len(want) :] == -1).all() and (seen.gap[at, len(want) :] == 0).all()
        clock = ShopDays.of(log(events)).clock(np.array([moment(now), *[moment(t) for t, *_ in reversed(own)]]))
        gaps = [int(gap_of((clock[0] - earlier) * DAY_US)) for earlier in clock[1:]][:3]
        assert seen.gap[at, : len(want)].tolist() == gaps


@settings(max_examples=60, deadline=None)
@given(st.lists(event, max_size=60), st.integers(0, 5 * 24 * 60))
def test_counters_count_the_days_before(events: list[tuple[str, int, str, int]], now: int) -> None:
    counters = Counters.of(log(events), ROWS, ShopDays.of(log(events)))
    at = moment(now)
    found = counters.before(np.array([[0, 3, -1]]), np.array([at]))[0]
    earlier = [own for own in events if moment(own[3]) // DAY_US < at // DAY_US]

    def count(action: str, product: int | None = None) -> int:
        return sum(1 for own in earlier if own[2] == action and (product is None or own[1] == product))

    rate = (count("click") + 1) / (count("impression") + 20)
    for place, product in ((0, 0), (1, 3)):
        shown, clicks = count("impression", product), count("click", product)
        assert found[place, 0] == pytest.approx(np.log((clicks + 30 * rate) / (shown + 30) / rate), abs=1e-5)
        assert found[place, 1] == pytest.approx(np.log1p(shown), abs=1e-5)
    assert found[2].tolist() == pytest.approx([np.log((30 * rate) / 30 / rate), 0, 0], abs=1e-5)


def test_words_of_a_query_are_found_where_they_stand(golden: Engine) -> None:
    view = golden.view
    words = product_words(view)
    row = next(row for row in range(view.rows) if view.brand[row] >= 0)
    product = view.product(row)
    spec = FeatureSpec.of(view)
    queries = [product["title"], product["brand"], "zzzunheard", None]
    asked, buckets = query_words(view, queries, spec)
    match = words.match(asked, np.array([[row, -1]] * 4))
    assert match[0, 0, 0] == 1 and match[0, 0, 4] == 1 and match[0, 0, 5] == pytest.approx(1)
    assert match[1, 0, 2] == 1 and (match[2] == 0).all() and (match[3] == 0).all()
    assert (match[:, 1] == 0).all()
    assert ((asked == 0) == (buckets == 0)).all() and buckets.max() < spec.words


def test_words_of_a_generation_are_read_once_and_those_of_updates_anew(engine: Engine) -> None:
    published = View(engine.view.generation)
    known = product_words(published)
    assert product_words(View(engine.view.generation)) is known
    engine.shop.update([{"product_id": engine.view.product_id(3), "title": "zeppelin"}])
    engine.refresh()
    words, _ = query_words(engine.view, ["zeppelin"], FeatureSpec.of(published))
    rows = np.array([[3]])
    assert product_words(engine.view).match(words, rows)[0, 0, 0] == 1 and known.match(words, rows)[0, 0, 0] == 0


def test_features_have_the_promised_shapes_and_do_not_depend_on_what_comes_later(engine: Engine) -> None:
    view = engine.view
    ids = view.product_ids(np.arange(3))
    events = log([])
    spec = FeatureSpec.of(view)
    later = pl.LazyFrame(
        {
            "user_id": ["u"] * 3,
            "product_id": ids,
            "action": ["click", "impression", "purchase"],
            "query": ["shirt"] * 3,
            "time": [START + dt.timedelta(days=2)] * 3,
            "seq": [1, 2, 3],
        },
        schema=events.collect_schema(),
    )
    now = np.array([moment(60), moment(24 * 60)])
    rows, mask = np.array([[0, 1, 2], [2, 1, 0]]), np.array([[True, True, True], [True, True, False]])
    before, after = (
        Features(view, spec, own)(["u", None], ["shirt", None], now, rows, mask) for own in (events, later)
    )
    for own in fields(before):
        mine, its = getattr(before, own.name), getattr(after, own.name)
        assert mine.shape[0] == 2 and np.array_equal(mine, its), own.name
    assert before.product.shape == (2, 3, len(spec.fields)) and before.numeric.shape == (2, 3, len(spec.numeric))
    assert before.context.shape == (2, len(spec.context)) and before.own.shape == (2, 3, len(spec.own))
    assert (before.product[1, 2] == 0).all() and before.searching.tolist() == [True, False]
    known = Features(view, spec, later)(["u"], [None], np.array([moment(3 * 24 * 60)]), rows[:1], mask[:1])
    assert known.there[0].sum() == 2 and known.numeric[0, :, 8].any()


def test_a_history_tells_what_was_typed(engine: Engine) -> None:
    view = engine.view
    row, other = (int(own) for own in np.flatnonzero(view.alive)[:2])
    first, second = view.product_ids(np.array([row, other]))
    events = log([("u0", 1, "click", 5), ("u0", 2, "click", 6), ("u0", 1, "click", 7)]).with_columns(
        product_id=pl.Series([first, second, first])
    )
    features = Features(view, FeatureSpec.of(view), events)
    found = features.describe(["u0"], [None], np.array([moment(60)]), np.array([[row]]), np.ones((1, 1), bool))
    typed = [features.queries.text(own) for own in found.typed[0, :4].tolist()]
    assert typed == ["p1, please", "", "p1, please", ""]
    assert found.past[0, :3].tolist() == [row, other, row]


def test_one_request_at_a_time_gives_what_a_batch_gives(engine: Engine) -> None:
    view = engine.view
    ids = view.product_ids(np.arange(5))
    events = log([("u0", 0, "click", 5)]).with_columns(pl.Series("product_id", ids[:1]))
    features = Features(view, FeatureSpec.of(view), events)
    users, queries = ["u0", None, "u0"], ["red shirt", None, None]
    now = np.array([moment(9), moment(8), moment(5)])
    rows, mask = np.arange(15).reshape(3, 5) % view.rows, np.ones((3, 5), bool)
    whole = features(users, queries, now, rows, mask)
    for at in range(3):
        one = slice(at, at + 1)
        own = features(users[one], queries[one], now[one], rows[one], mask[one])
        for field in fields(whole):
            assert np.array_equal(getattr(own, field.name), getattr(whole, field.name)[one]), field.name
    assert whole.there[0].any() and not whole.there[2].any()  # the very moment of the click is not after it


def test_a_spec_names_what_differs() -> None:
    one = FeatureSpec(fields={"product": 100, "brand": 50})
    other = FeatureSpec(fields={"product": 100, "attribute:size": 50}, history=10)
    assert one.hash == FeatureSpec.read(one.model_dump(mode="json")).hash != other.hash
    told = one.differences(other)
    assert told == ["fields without brand and with attribute:size", "history 30 against 10"]
    with pytest.raises(EmptorError, match=r"feature spec, history"):
        FeatureSpec.read({"fields": {"product": 10}, "history": 0})
