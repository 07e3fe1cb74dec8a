"""Pages joined with their traces, and what a user asked before: each once, and nothing from the future."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.rank.data import Pages, read_pages
from emptor.rerank.likeness import ALIKE
from emptor.rerank.loading import list_spec
from emptor.rerank.models import build
from emptor.rerank.products import ListProducts
from emptor.rerank.quality import figures, valued
from emptor.rerank.recipe import train_reranker
from emptor.rerank.samples import earlier_of, examples_of, lists_of_pages, read_lists
from emptor.rerank.scores import as_input
from emptor.rerank.train import split
from emptor.shop.features import Described, Features
from emptor.shop.features.words import query_words
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import START, fill, store
from tests.rerank.traced import QUICK, row, table, traces_of

ROWS = pl.DataFrame({"product_id": [f"p{at}" for at in range(40)], "row": np.arange(40)})


def page(request: str, rows: list[int], clicked: list[int], bought: list[int], now: int = 0) -> Pages:
    own = np.array([rows])
    return Pages(
        request_id=np.array([request], object),
        user_id=np.array(["u"], object),
        query=np.array(["mug"], object),
        now=np.array([now]),
        rows=own,
        mask=np.ones_like(own, bool),
        position=np.arange(len(rows))[None],
        clicked=np.isin(own, clicked),
        bought=np.isin(own, bought),
        propensity=np.ones(own.shape, np.float32),
    )


def trace(request: str, rows: list[int], *, offset: int = 0, sort: str | None = "relevance") -> list[dict[str, object]]:
    """What was found, ranked, and changed behind the ranking, which says nothing of what re-ranking was handed."""
    ids = [f"p{own}" for own in rows]
    scores = [9.0 - at for at in range(len(ids))]
    more = {"offset": offset, "sort": sort}
    return [
        row(request, 0, "retrieve", [*ids[::-1], "p39"], [1.0] * (len(ids) + 1), **more),  # type: ignore[arg-type]
        row(request, 1, "rank", ids, scores, **more),  # type: ignore[arg-type]
        row(request, 2, "rerank", ids[::-1], scores, **more),  # type: ignore[arg-type]
        row(request, 3, "merchandise", ids[::-1], scores, **more),  # type: ignore[arg-type]
    ]


def test_a_page_is_joined_with_the_list_that_stands_before_re_ranking() -> None:
    pages = page("r", [3, 1, 9], clicked=[1], bought=[9])
    lists = read_lists([table(trace("r", [1, 3, 8, 9, 2]))], pages, ROWS)
    assert lists.rows.tolist() == [[1, 3, 8, 9, 2]] and lists.score.tolist() == [[9, 8, 7, 6, 5]]
    assert lists.seen.tolist() == [[True, True, False, True, False]]
    assert lists.clicked.tolist() == [[True, False, False, True, False]], "what is bought was wanted, too"
    assert lists.bought.tolist() == [[False, False, False, True, False]]
    assert lists.mask.all() and lists.query.tolist() == ["mug"]
    assert read_lists([table(trace("r", [1, 3, 8, 9, 2]))], pages, ROWS, longest=2).rows.tolist() == [[1, 3]]


def test_without_a_ranking_stage_it_is_the_list_of_the_last_stage_that_there_is() -> None:
    only = table(trace("r", [1, 2])[:1])
    assert read_lists([only], page("r", [1], clicked=[1], bought=[]), ROWS).rows.tolist() == [[2, 1, 39]]


@pytest.mark.parametrize(
    "rows",
    [
        trace("other", [1, 2]),
        trace("r", [1, 2], offset=20),
        trace("r", [1, 2], sort="price_asc"),
        trace("r", [5, 6]),
        [],
    ],
    ids=["no trace", "further page", "other order", "nothing of the page", "no traces"],
)
def test_pages_that_say_nothing_are_left_out(rows: list[dict[str, object]]) -> None:
    pages = page("r", [1, 2], clicked=[1], bought=[])
    assert len(read_lists([table(rows)], pages, ROWS)) == len(read_lists([], pages, ROWS)) == 0
    assert len(read_lists([table(trace("r", [1, 2], sort=None))], pages, ROWS)) == 1, "of before sorts were traced"


def test_a_product_that_left_the_catalogue_leaves_no_gap() -> None:
    pages = page("r", [3, 1], clicked=[1], bought=[])
    kept = ROWS.filter(~pl.col("row").is_in([3, 8]))
    lists = read_lists([table(trace("r", [3, 1, 8, 9]))], pages, kept)
    assert lists.rows.tolist() == [[1, 9]] and lists.score.tolist() == [[8, 6]] and lists.mask.all()


def test_requests_stand_in_order_of_time_over_all_parts_with_padding_behind() -> None:
    late, early = (page(name, [3], clicked=[3], bought=[], now=now) for name, now in (("b", 9), ("a", 2)))
    both = Pages(**{name: np.concatenate([getattr(late, name), getattr(early, name)]) for name in vars(late)})
    lists = read_lists([table(trace("b", [3, 4, 5])), table(trace("a", [7, 3]))], both, ROWS)
    assert lists.now.tolist() == [2, 9]
    assert lists.mask.tolist() == [[True, True, False], [True, True, True]]
    assert lists.rows[0, :2].tolist() == [7, 3] and not lists.seen[0, 2] and not lists.clicked[0, 2]


def test_pages_themselves_are_lists_where_there_is_no_trace() -> None:
    lists = lists_of_pages(page("r", [3, 1, 9], clicked=[1], bought=[9]))
    assert lists.rows.tolist() == [[3, 1, 9]] and lists.seen.all() and not lists.score.any()
    assert lists.clicked.tolist() == [[False, True, True]] and lists.bought.tolist() == [[False, False, True]]


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8), st.integers(0, 4))
def test_scores_are_told_beside_those_of_their_list_and_padding_changes_nothing(own: list[float], more: int) -> None:
    score = np.array([own], np.float32)
    padded = np.concatenate([score, np.full((1, more), -np.inf, np.float32)], axis=1)
    found = as_input(padded, np.arange(len(own) + more)[None] < len(own))
    alone = as_input(score, np.ones_like(score, bool))
    assert np.isfinite(found).all() and (np.abs(found) <= 5).all() and not found[:, len(own) :].any()
    assert np.allclose(found[:, : len(own)], alone, atol=1e-4)
    if np.ptp(score) == 0:
        assert not found.any()


def described_of(
    shop: Shop, users: list[str | None], queries: list[str | None], now: int
) -> tuple[Features, Described]:
    features = Features.of(shop)
    rows = np.zeros((len(users), 1), np.int64)
    return features, features.describe(users, queries, np.full(len(users), now), rows, np.ones_like(rows, bool))


def asked_before(shop: Shop, user: str | None, query: str | None, minute: int, **options: int) -> list[str]:
    """The words of the queries that `user` is known to have typed before, newest first."""
    now = int((START + dt.timedelta(minutes=minute)).timestamp() * 1e6)
    features, described = described_of(shop, [user], [query], now)
    words, gap = earlier_of(features, described, **options)
    known = ["red mug", "lamp", "pipe", "dress", "shirt", "sneakers"]
    table = query_words(features.view, known, features.spec)[1].tolist()
    told = [known[table.index(own)] for own in words[0].tolist() if any(own)]
    assert (gap[0] > 0).tolist() == words[0].any(1).tolist() == [True] * len(told) + [False] * (len(gap[0]) - len(told))
    return told


@pytest.fixture
def typed(shop: Shop) -> Shop:
    """A user who typed at minutes 0, 10, ... and clicked on something each time; another who typed once."""
    queries = ["red mug", "lamp", None, "Red MUG", "???", "pipe", "lamp", "dress"]
    events = []
    for at, query in enumerate(queries):
        own = {"user_id": "ann", "session_id": "s", "request_id": f"q{at}", "product_id": "P00", "query": query}
        time = START + dt.timedelta(minutes=10 * at)
        events.append({**own, "action": "click", "time": time, "event_id": f"e{at}", "scenario": "search"})
    other = {"user_id": "bob", "session_id": "t", "request_id": "b", "product_id": "P01", "query": "shirt"}
    events.append({**other, "action": "click", "time": START, "event_id": "b", "scenario": "search"})
    store(shop, events)
    return shop


def test_what_was_asked_before_is_told_once_and_newest_first(typed: Shop) -> None:
    assert asked_before(typed, "ann", "sneakers", 100) == ["dress", "lamp", "pipe", "red mug"]
    assert asked_before(typed, "ann", None, 100) == ["dress", "lamp", "pipe", "red mug"]
    assert asked_before(typed, "ann", "sneakers", 100, most=2) == ["dress", "lamp"]
    assert asked_before(typed, "ann", "LAMP", 100) == ["dress", "pipe", "red mug"], "not the one that is asked"


def test_nothing_from_the_future_and_nothing_of_others(typed: Shop) -> None:
    assert asked_before(typed, "ann", "sneakers", 15) == ["lamp", "red mug"]
    assert asked_before(typed, "ann", "sneakers", 0) == [], "what is done at that moment is not known yet"
    assert asked_before(typed, "bob", "sneakers", 100) == ["shirt"]
    assert asked_before(typed, None, "sneakers", 100) == asked_before(typed, "nobody", "mug", 100) == []


def test_a_request_knows_the_same_whoever_stands_beside_it(typed: Shop) -> None:
    now = int((START + dt.timedelta(minutes=100)).timestamp() * 1e6)
    features, both = described_of(typed, ["bob", "ann", None], ["lamp", "lamp", "lamp"], now)
    words, gap = earlier_of(features, both)
    for at, user in enumerate(("bob", "ann", None)):
        mine = earlier_of(*described_of(typed, [user], ["lamp"], now))
        assert np.array_equal(words[at], mine[0][0]) and np.array_equal(gap[at], mine[1][0])


def test_batches_hold_what_the_lists_hold(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        lists = read_lists([traces_of(shop)], read_pages(shop.events.read(), features.rows), features.rows, longest=20)
        examples = examples_of(features, ListProducts.of(features), lists)
    assert len(lists) == 240 and lists.rows.shape == (240, 20) and (lists.seen.sum(1) == 6).all()
    scale = examples.scale(seed=0)

    def clicks(seed: int, epoch: int) -> list[float]:
        own = examples.batches(scale, size=50, seed=seed, epoch=epoch)
        return [value for _, labels in own for value in labels.click.flatten().tolist()]

    assert clicks(1, 0) == clicks(1, 0) != clicks(1, 1)
    assert sum(clicks(1, 0)) == sum(clicks(2, 3)) == lists.clicked.sum() > 0
    batch, labels = examples.batch(np.array([7, 3]), scale)
    assert labels.seen.sum(1).tolist() == [6, 6] and batch.alike.shape == (2, 20, ALIKE)
    assert batch.place[0].tolist() == list(range(20))
    assert batch.score.mean(1).abs().max() < 1e-4 and (batch.score.std(1, correction=0) - 1).abs().max() < 1e-3


def test_what_was_seen_alone_has_the_values_that_it_has_in_its_list(reranked_path: Path) -> None:
    with Shop.open(reranked_path) as shop:
        features = Features.of(shop)
        lists = read_lists([traces_of(shop)], read_pages(shop.events.read(), features.rows), features.rows, longest=20)
        examples = examples_of(features, ListProducts.of(features), lists)
    seen, scale = examples.seen(), examples.scale(seed=0)
    assert seen.lists.rows.shape == (240, 6) and seen.lists.mask.all() and seen.lists.seen.all()
    assert seen.lists.clicked.sum() == lists.clicked.sum() and seen.lists.bought.sum() == lists.bought.sum()
    assert np.array_equal(seen.lists.rows, lists.rows[lists.seen].reshape(240, 6)), "in the order of the list"
    assert np.array_equal(seen.asked.score, examples.asked.score[lists.seen].reshape(240, 6))
    torch.manual_seed(0)
    spec = list_spec(features.spec)
    for name, options, apart in (
        ("pointwise", {}, True),
        ("armmt", {}, True),
        ("armmt", {"list_context": True}, False),
        ("armmt", {"debias": True}, False),
        ("armmt", {"aux_kind": "distil"}, False),
        ("prm", {}, False),
    ):
        net = build(name, spec, **options).eval()
        assert net.apart == apart
        if apart:
            whole = valued(net, examples, scale)
            assert np.allclose(whole[lists.seen], valued(net, seen, scale)[seen.lists.seen], atol=1e-5)
            assert figures(net, seen, scale) == pytest.approx(figures(net, examples, scale), abs=1e-4)


def test_a_log_without_traces_is_learnt_from_and_said_so(shop: Shop) -> None:
    fill(shop)
    republish(shop)
    trained = train_reranker(shop, [], model="pointwise", options=QUICK)
    assert len(trained.missing) == 2 and "no page of the log has a trace" in trained.missing[0]
    assert "no product has a picture" in trained.missing[1]
    card = (trained.path / "card.md").read_text()
    assert "No page of the log has a trace" in card and "No product has a picture" in card
    assert trained.lists > 100 and np.isfinite(list(trained.metrics.values())).all()


def test_what_nothing_can_be_learnt_from_is_one_sentence(shop: Shop) -> None:
    with pytest.raises(EmptorError, match=r"^0 pages can be learnt from, with 0 clicked products; re-ranking needs 20"):
        train_reranker(shop, [])
    fill(shop, pages=4)
    with pytest.raises(EmptorError, match=r"^\d pages can be learnt from, with \d+ clicked products"):
        train_reranker(shop, [traces_of(shop)])


def test_the_last_day_is_apart_and_held_out_users_are_in_neither() -> None:
    day = 86_400_000_000
    rows = np.tile([[0, 1]], (300, 1))
    pages = Pages(
        request_id=np.array([f"r{at}" for at in range(300)], object),
        user_id=np.array([f"user{at}" for at in range(300)], object),
        query=np.full(300, None, object),
        now=np.sort(np.arange(300) % 3) * day,
        rows=rows,
        mask=np.ones_like(rows, bool),
        position=rows,
        clicked=rows == 0,
        bought=np.zeros_like(rows, bool),
        propensity=np.ones(rows.shape, np.float32),
    )
    learnt, validated = split(lists_of_pages(pages))
    assert set(learnt.now) == {0, day} and set(validated.now) == {2 * day}
    assert 240 < len(learnt) + len(validated) < 295
    pages.clicked[pages.now == 2 * day] = False
    with pytest.raises(EmptorError, match=r"of the \d+ pages to validate on, none has a click; log more days"):
        split(lists_of_pages(pages))


def test_scores_of_a_stage_that_stood_in_for_another_are_not_known(shop: Shop) -> None:
    fill(shop, pages=40)
    features = Features.of(shop)
    pages = read_pages(shop.events.read(), features.rows)
    whole = traces_of(shop)
    told = '[{"stage":"rank","why":"it failed","method":"affinity"}]'
    lists = read_lists([whole], pages, features.rows)
    degraded = read_lists([whole.with_columns(degraded=pl.lit(told))], pages, features.rows)
    assert lists.score.any() and not degraded.score.any()
    assert np.array_equal(lists.rows, degraded.rows) and np.array_equal(lists.clicked, degraded.clicked)
    without = read_lists([whole.with_columns(scores=pl.lit(None))], pages, features.rows)
    assert np.array_equal(without.rows, lists.rows) and not without.score.any()
