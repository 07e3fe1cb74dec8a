"""Beauty as a ranking data set: the split, what a page holds, and that nothing but the history tells what comes."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from emptor.errors import EmptorError
from emptor.rank.quality import grouped_auc
from emptor.reproduce.ranking.beauty import FIELDS, load
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.public import DRAWN, HISTORY
from emptor.reproduce.ranking.rankers import Choice, judge

USERS, ITEMS = 300, 120


def write(folder: Path, sequences: list[list[int]], attributes: dict[str, list[int]]) -> Path:
    lines = "\n".join(" ".join(map(str, [user, *items])) for user, items in enumerate(sequences, 1))
    (folder / "Beauty.txt.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "Beauty_item2attributes.json.gz").write_bytes(gzip.compress(json.dumps(attributes).encode()))
    return folder


def made() -> tuple[list[list[int]], dict[str, list[int]]]:
    """Each user takes items of one of four kinds, some much more than others."""
    rng = np.random.default_rng(1)
    weight = 1 / (1 + np.arange(ITEMS // 4))
    sequences = []
    for user in range(USERS):
        own = (
            1 + user % 4 + 4 * rng.choice(ITEMS // 4, int(rng.integers(5, 20)), replace=False, p=weight / weight.sum())
        )
        sequences.append(own.tolist())
    return sequences, {str(item): [100 + item % 4, 7] for item in range(1, ITEMS)}


@pytest.fixture(scope="module")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("beauty"), *made())


@pytest.fixture(scope="module")
def beauty(made_folder: Path) -> RankingData:
    return load(made_folder, seed=0)


def taken(data: RankingData, part: str) -> np.ndarray:
    """Items [R] that came, as the file numbers them."""
    own = getattr(data, part)
    return own.asked.rows[own.outcomes.clicked] + 1


def test_last_item_is_tested_and_what_stands_before_it_known(beauty: RankingData) -> None:
    sequences, _ = made()
    assert taken(beauty, "tested").tolist() == [own[-1] for own in sequences]
    assert taken(beauty, "validated").tolist() == [own[-2] for own in sequences]
    assert taken(beauty, "learnt").tolist() == [item for own in sequences for item in own[1:-2]]
    asked = beauty.tested.asked
    for user, own in enumerate(sequences):
        there = asked.action[user] > 0
        assert (asked.past[user][there] + 1).tolist() == own[-2::-1][:HISTORY]
        assert (asked.past[user][~there] == beauty.tested.products.nobody).all() and not asked.gap[user][~there].any()
    assert asked.gap[0, :4].tolist() == [1, 2, 2, 3]


def test_a_page_holds_what_came_once_and_else_what_the_user_never_took(beauty: RankingData) -> None:
    sequences, _ = made()
    for part in (beauty.learnt, beauty.validated, beauty.tested):
        assert (part.outcomes.clicked.sum(1) == 1).all() and part.mask.all() and part.mask.shape[1] == 1 + DRAWN
        assert not part.outcomes.bought.any() and not part.outcomes.position.any() and not part.asked.searching.any()
        for at, user in enumerate(part.outcomes.user.tolist()):
            rows, clicked, there = part.asked.rows[at], part.outcomes.clicked[at], part.asked.action[at] > 0
            assert len(set(rows.tolist())) == 1 + DRAWN
            barred = sequences[user] if part is not beauty.learnt else part.asked.past[at][there] + 1
            assert not set((rows[~clicked] + 1).tolist()) & set(barred)
        # at any place of the page
        column = np.bincount(part.outcomes.clicked.argmax(1), minlength=1 + DRAWN)
        assert column.max() < 2.5 * len(part) / (1 + DRAWN)


def test_what_comes_last_has_stood_on_pages_of_its_user_as_often_as_what_never_comes(beauty: RankingData) -> None:
    """Otherwise a network that knows users again by their histories would find it by having never seen it there."""
    learnt, tested = beauty.learnt, beauty.tested
    size = len(learnt.products.fields)
    stood = np.unique((learnt.outcomes.user[:, None] * size + learnt.asked.rows)[~learnt.outcomes.clicked])
    again = np.isin(tested.outcomes.user[:, None] * size + tested.asked.rows, stood)
    clicked = tested.outcomes.clicked
    assert again[clicked].mean() == pytest.approx(again[~clicked].mean(), abs=0.1) and again.mean() > 0.3


def test_a_counter_leaves_out_the_time_that_the_candidate_is_there_for(beauty: RankingData) -> None:
    sequences, _ = made()
    count = np.bincount([item for own in sequences for item in own[:-2]], minlength=ITEMS + 1)
    for part, less in ((beauty.learnt, 1), (beauty.validated, 0), (beauty.tested, 0)):
        assert np.allclose(np.expm1(part.asked.numeric[..., 0]), count[part.asked.rows + 1] - less, atol=1e-3)


def test_the_same_seed_draws_the_same_and_another_does_not(made_folder: Path, beauty: RankingData) -> None:
    again, other = load(made_folder, seed=0), load(made_folder, seed=1)
    for own in fields(beauty.tested.asked):
        assert np.array_equal(getattr(beauty.tested.asked, own.name), getattr(again.tested.asked, own.name))
    assert not np.array_equal(beauty.tested.asked.rows, other.tested.asked.rows)
    assert np.array_equal(taken(beauty, "tested"), taken(other, "tested"))


def test_attributes_are_sorted_from_broad_to_narrow(beauty: RankingData) -> None:
    products = beauty.tested.products
    assert dict(beauty.inputs.fields) == dict(zip(FIELDS, (ITEMS + 1, 2, 5, 1, 1), strict=True))
    category, kind = products.fields[: ITEMS - 1, 1], products.fields[: ITEMS - 1, 2]
    assert (category == 1).all() and kind.min() == 1  # 7, which all have, before what a quarter has
    assert len(set(zip(kind.tolist(), (np.arange(1, ITEMS) % 4).tolist(), strict=True))) == 4
    assert not products.fields[ITEMS - 1, 1:].any() and not products.fields[products.nobody].any()


def test_who_looks_at_the_history_finds_the_kind(beauty: RankingData) -> None:
    """Users take items of one kind only: 5 of a page's 20 on average, and the one that came is one of them."""
    choice = Choice({"epochs": 6, "batch": 512, "lr": 5e-3})
    found, blind = (judge(name, beauty, choice, seed=0).figures for name in ("dnn", "dnn_no_history"))
    assert found["GAUC"] > 0.75 and blind["GAUC"] < 0.6
    assert found["GAUC lost with others' histories"] > 0.1


@pytest.mark.parametrize("missing", ["Beauty.txt.gz", "Beauty_item2attributes.json.gz", ""])
def test_what_is_missing_is_told(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "nowhere" if not missing else write(tmp_path, *made())
    if missing:
        (folder / missing).unlink()
    with pytest.raises(EmptorError, match=f"{missing}.*expected.*Beauty.txt.gz, Beauty_item2attributes.json.gz"):
        load(folder, seed=0)


def test_damage_is_told(tmp_path: Path) -> None:
    sequences, attributes = made()
    write(tmp_path, [*sequences, [1, 2]], attributes)
    with pytest.raises(EmptorError, match="fewer than three items"):
        load(tmp_path, seed=0)
    write(tmp_path, [own[:3] for own in sequences], attributes)
    with pytest.raises(EmptorError, match="nobody with four items"):
        load(tmp_path, seed=0)
    write(tmp_path, [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]], attributes)
    with pytest.raises(EmptorError, match="fewer than 19 items"):
        load(tmp_path, seed=0)
    write(tmp_path, sequences, attributes)
    (tmp_path / "Beauty_item2attributes.json.gz").write_bytes(gzip.compress(b"[1]"))
    with pytest.raises(EmptorError, match="expected JSON"):
        load(tmp_path, seed=0)
    (tmp_path / "Beauty.txt.gz").write_bytes(b"1 2 3")
    with pytest.raises(EmptorError, match="cannot be read"):
        load(tmp_path, seed=0)


def test_in_the_real_data_popularity_tells_nothing(real_data: Path) -> None:
    data = load(real_data / "amazon_sequences", seed=0)
    assert len(data.tested) == len(data.validated) == 22_363 and len(data.learnt) == 198_502 - 3 * 22_363
    for part in (data.learnt, data.tested):
        own = part.take(np.arange(0, len(part), 5))
        score, page = own.asked.numeric[..., 0][own.mask], np.nonzero(own.mask)[0]
        assert grouped_auc(score, own.outcomes.clicked[own.mask], page)[0] == pytest.approx(0.5, abs=0.015)
        low = own.outcomes.clicked[own.asked.numeric[..., 0] < np.log(4)]
        assert low.mean() == pytest.approx(1 / 20, abs=0.01)  # nor does it that hardly anybody took it
