"""The affinity ranking and the personal channel, as a cascade calls them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emptor.cascade import Candidates, Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.rank.stage import AffinityOptions, AffinityRanking
from emptor.shop.filters import parse_filters
from emptor.shop.shop import Shop
from tests.acting import PERSONAL, act, acted

PLAIN = """
[cascade.plain]
stages = [{ stage = "retrieve", method = "hybrid", depth = 1000, budget_ms = 100 }]
"""


@pytest.fixture(scope="module")
def known(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine whose default cascade knows its users; only ask it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("acted") / "shop"))
    with Engine.open(acted(path, PERSONAL + PLAIN)) as engine:
        yield engine


def ids(engine: Engine, query: str = "", **options: object) -> list[str]:
    return [hit.product["product_id"] for hit in engine.search(query, k=60, facets=False, **options).results]  # type: ignore[arg-type]


# -- ranking ----------------------------------------------------------------------------------------------------------


def test_a_user_moves_what_suits_them_up(known: Engine) -> None:
    plain, own = ids(known, "striped"), ids(known, "striped", user_id="ANNA7Q")
    assert plain != own and set(plain) == set(own)
    assert own.index("P04") < plain.index("P04") or own[0] == plain[0] == "P04"
    assert ids(known, "striped", user_id="BORIS2") not in (plain, own)


def test_without_a_history_a_list_stays_as_it_is(known: Engine) -> None:
    for user in (None, "nobody"):
        page = known.search("mug", user_id=user, k=60)
        plain = known.search("mug", cascade="plain", k=60)
        assert [(hit.product["product_id"], hit.score) for hit in page.results] == [
            (hit.product["product_id"], hit.score) for hit in plain.results
        ]


def test_other_orders_than_relevance_are_left_alone(known: Engine) -> None:
    for sort in ("newest", "price_asc", "popular"):
        assert ids(known, "red", sort=sort, user_id="ANNA7Q") == ids(known, "red", sort=sort)


def test_the_score_is_the_place_and_the_standardised_affinity(known: Engine) -> None:
    outcome = known.run(Requests.of(["red"], user_ids=["ANNA7Q"]))
    plain = known.run(Requests.of(["red"]), cascade="plain").candidates.row(0)[0]
    rows, scores = outcome.candidates.row(0)
    affinity = known.taste.affinity(["ANNA7Q"], rows[None])[0]
    assert np.array_equal(outcome.candidates.columns["affinity"][0, : len(rows)], affinity)
    place = np.array([plain.tolist().index(row) for row in rows])
    expected = -np.log2(1 + place) + 0.5 * (affinity - affinity.mean()) / affinity.std()
    assert scores.tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_the_same_answer_in_every_batch_and_with_every_padding(known: Engine) -> None:
    draw = np.random.default_rng(5)
    users = draw.choice(np.array(["ANNA7Q", "BORIS2", "CARLA9", "nobody", None], object), 30).tolist()
    stage = AffinityRanking(known.view, taste=known.taste, options=AffinityOptions())
    lists = [draw.permutation(known.view.rows)[: draw.integers(0, 50)] for _ in users]
    scores = [np.linspace(9, 1, len(own), dtype=np.float32) for own in lists]
    queries = ["x"] * len(users)
    whole = stage(Requests.of(queries, user_ids=users), Candidates.of_lists(lists, scores))
    for at, user in enumerate(users):
        alone = stage(Requests.of(["x"], user_ids=[user]), Candidates.of_lists(lists[at : at + 1], scores[at : at + 1]))
        for got, wanted in zip(alone.row(0), whole.row(at), strict=True):
            assert np.array_equal(got, wanted)


def test_bad_options_are_told_in_one_sentence(shop_path: Path) -> None:
    file = shop_path / "shop.toml"
    for options, told in (("weight = -1", "options.weight"), ("wait = 1", "options.wait")):
        text = f'[cascade.default]\nstages = [{{ stage = "retrieve", method = "hybrid" }}, {{ stage = "rank", method = "affinity", options = {{ {options} }} }}]\n'  # noqa: E501
        file.write_text(text)
        with pytest.raises(EmptorError, match=f"stage rank, {told}"):
            Engine.open(shop_path)


# -- the personal channel ---------------------------------------------------------------------------------------------


def test_a_home_page_is_of_what_the_user_likes(known: Engine) -> None:
    own = ids(known, user_id="BORIS2")
    brands = [known.view.card(known.view.row(product) or 0)["brand"] for product in own[:8]]
    assert set(brands) == {"Kilnhaus"}
    assert sorted(own) == sorted(ids(known)), "behind it comes the rest of what is popular"
    assert "P00" not in ids(known, user_id="ANNA7Q")[:5], "what was bought is not offered first"
    assert "P37" not in own[:20], "nor is what is out of stock"


def test_users_without_history_get_what_is_popular(known: Engine) -> None:
    popular = ids(known, cascade="plain")
    assert ids(known) == popular and ids(known, user_id="nobody") == popular


def test_filters_and_blocks_hold_for_the_personal_list_too(known: Engine) -> None:
    own = ids(known, user_id="BORIS2", filters=["category:Women"])
    assert own and all(product.startswith("P0") for product in own)
    allowed = known.view.mask(parse_filters(["price:..20"]))
    cheap = ids(known, user_id="BORIS2", filters=["price:..20"])
    assert len(cheap) == int(allowed.sum()) and all(allowed[known.view.row(product)] for product in cheap)
    newest = ids(known, user_id="BORIS2", sort="newest")
    assert newest == ids(known, sort="newest")


def test_home_pages_are_the_same_in_every_batch(known: Engine) -> None:
    users = ["ANNA7Q", None, "BORIS2", "nobody", "CARLA9"]
    whole = known.run(Requests.of([None] * 5, user_ids=users)).candidates
    for at, user in enumerate(users):
        alone = known.run(Requests.of([None], user_ids=[user])).candidates
        assert np.array_equal(alone.row(0)[0], whole.row(at)[0])


def test_a_blocked_product_is_not_picked(shop_path: Path) -> None:
    from emptor.merchandise import Draft, add_rule

    acted(shop_path, PERSONAL)
    with Engine.open(shop_path) as engine:
        first = ids(engine, user_id="BORIS2")[0]
        add_rule(shop_path, Draft(kind="block", product_id=first), author="test", check=lambda rule: None)
        engine.refresh()
        assert first not in ids(engine, user_id="BORIS2")


def test_the_channel_has_to_be_named(shop: Shop) -> None:
    act(shop)
    with Engine.open(shop.path) as engine:
        assert ids(engine, user_id="ANNA7Q") == ids(engine), "hybrid by default asks nothing of users"
