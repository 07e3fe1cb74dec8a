"""MovieLens as a ranking data set: who is judged on what, and that pages know nothing of their moment or later."""

from __future__ import annotations

import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from emptor.errors import EmptorError
from emptor.rank.quality import grouped_auc
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.movielens import FIRST, HELD_OUT, LATELY, LIKED, load
from emptor.reproduce.ranking.public import DRAWN, HISTORY
from emptor.reproduce.ranking.rankers import Choice, judge
from emptor.shop.features.past import gap_of
from emptor.shop.features.spec import PICTURE
from emptor.shop.holdout import is_held_out
from tests.reproduce.films import FILMS, POSTERS, USERS, film_id, write

_START = 946_684_800  # 2000


def made() -> pl.DataFrame:
    """Users come one after another, rate for some hours, several films in a second, and like one of four genres."""
    rng = np.random.default_rng(2)
    weight = 1 / (5 + np.arange(FILMS // 4))
    parts = []
    for user in range(1, USERS + 1):
        many = int(rng.integers(40, 90))
        own = user % 4 + 4 * rng.choice(FILMS // 4, many, replace=False, p=weight / weight.sum())
        other = rng.permutation(FILMS)[:10]
        film = np.concatenate([own, other[other % 4 != user % 4]])
        liked = np.arange(len(film)) < many
        liked[rng.permutation(many)[:5]] = False
        order = rng.permutation(len(film))
        seconds = _START + 40_000 * user + np.sort(rng.integers(0, 90, len(film))) * 400
        parts.append(
            pl.DataFrame(
                {
                    "userId": np.full(len(film), user),
                    "movieId": film_id(film[order]),
                    "rating": np.where(liked[order], 4.5, 3.5),
                    "timestamp": seconds,
                }
            )
        )
    return pl.concat(parts).sample(fraction=1, shuffle=True, seed=1)


@pytest.fixture(scope="module")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("movielens"), made())


@pytest.fixture(scope="module")
def movielens(made_folder: Path) -> RankingData:
    return load(made_folder, seed=0)


@pytest.fixture(scope="module")
def likes() -> pl.DataFrame:
    """Likes that make a page, by user (as a number from 0) and time."""
    liked = made().filter(pl.col("rating") >= LIKED)
    earlier = liked["timestamp"].sort()
    pages = liked.with_columns(
        before=pl.Series(np.searchsorted(earlier.to_numpy(), liked["timestamp"].to_numpy())),
        first=pl.col("timestamp").min().over("movieId"),
    ).filter((pl.col("before") >= FIRST) & (pl.col("timestamp") > pl.col("first")))
    return pages.sort("userId", "timestamp", "movieId").with_columns(pl.int_range(pl.len()).over("userId").alias("nth"))


def taken(part: object) -> list[tuple[int, int]]:
    """(user as the file numbers it, film id) of pages."""
    films = film_id(part.asked.rows[part.outcomes.clicked])  # type: ignore[attr-defined]
    return list(zip((part.outcomes.user + 1).tolist(), films.tolist(), strict=True))  # type: ignore[attr-defined]


def test_each_users_last_fifth_is_tested_and_of_who_is_held_out_the_first_pages(
    movielens: RankingData, likes: pl.DataFrame
) -> None:
    found = {"learnt": [], "validated": [], "tested": []}  # type: dict[str, list[tuple[int, int]]]
    for user, own in likes.group_by("userId", maintain_order=True):
        pairs = list(zip(own["userId"].to_list(), own["movieId"].to_list(), strict=True))
        if is_held_out(str(user[0])):
            found["tested"] += pairs[:HELD_OUT]
            continue
        late, last = -(-7 * len(pairs) // 10), -(-8 * len(pairs) // 10)
        found["learnt"] += pairs[:late]
        found["validated"] += pairs[late:last]
        found["tested"] += pairs[last:]
    for name, pairs in found.items():
        assert taken(getattr(movielens, name)) == pairs
    held_out = movielens.groups["held out"]
    assert held_out.any() and (movielens.groups["last fifth"] == ~held_out).all()
    assert all(is_held_out(str(user + 1)) == own for user, own in zip(movielens.columns["user"], held_out, strict=True))


def test_histories_are_what_was_done_before_the_second_newest_first(movielens: RankingData) -> None:
    tested, time, ratings = movielens.tested, movielens.columns["time"], made()
    met_ties = 0
    for at in range(0, len(tested), 7):
        own = ratings.filter(pl.col("userId") == int(tested.outcomes.user[at]) + 1)
        before = own.filter(pl.col("timestamp") < int(time[at])).sort("timestamp", "movieId", descending=True)
        met_ties += (own["timestamp"] == int(time[at])).sum() > 1
        there = tested.asked.action[at] > 0
        assert movielens.columns["known"][at] == len(before) and there.sum() == min(len(before), HISTORY)
        newest = before.head(HISTORY)
        assert film_id(tested.asked.past[at][there]).tolist() == newest["movieId"].to_list()
        assert tested.asked.action[at][there].tolist() == [1 if own >= LIKED else 2 for own in newest["rating"]]
        gaps = gap_of((int(time[at]) - newest["timestamp"].to_numpy()) * 1_000_000)
        assert tested.asked.gap[at][there].tolist() == gaps.tolist()
        assert (tested.asked.past[at][~there] == tested.products.nobody).all()
    assert met_ties > 5


def test_a_page_holds_the_liked_film_once_and_else_what_was_liked_lately_and_not_rated(
    movielens: RankingData,
) -> None:
    ratings = made()
    liked = ratings.filter(pl.col("rating") >= LIKED).sort("timestamp")
    rated = {user[0]: set(own["movieId"]) for user, own in ratings.group_by("userId")}
    times, films = liked["timestamp"].to_numpy(), liked["movieId"].to_numpy()
    tested, time = movielens.tested, movielens.columns["time"]
    for at in range(len(tested)):
        rows, clicked = film_id(tested.asked.rows[at]), tested.outcomes.clicked[at]
        assert clicked.sum() == 1 and len(set(rows.tolist())) == 1 + DRAWN
        end = np.searchsorted(times, time[at])
        others = set(rows[~clicked].tolist())
        assert others <= set(films[max(end - LATELY, 0) : end].tolist())
        assert not others & rated[int(tested.outcomes.user[at]) + 1]
    column = np.bincount(tested.outcomes.clicked.argmax(1), minlength=1 + DRAWN)
    assert column.max() < 2 * len(tested) / (1 + DRAWN)
    assert not tested.outcomes.bought.any() and not tested.outcomes.position.any() and not tested.asked.searching.any()


def test_what_is_liked_at_last_has_stood_on_pages_of_its_user(movielens: RankingData) -> None:
    """Otherwise a network that knows users again by their histories would find it by having never seen it there."""
    learnt, tested = movielens.learnt, movielens.tested
    size = len(learnt.products.fields)
    stood = np.unique((learnt.outcomes.user[:, None] * size + learnt.asked.rows)[~learnt.outcomes.clicked])
    own = tested.take(np.flatnonzero(movielens.groups["last fifth"]))
    again = np.isin(own.outcomes.user[:, None] * size + own.asked.rows, stood)
    clicked = own.outcomes.clicked
    assert again[clicked].mean() == pytest.approx(again[~clicked].mean(), abs=0.1)
    # and what had been rated by then never stands there
    assert not (learnt.asked.rows[:, :, None] == learnt.asked.past[:, None, :]).any()


def test_counters_know_what_was_before_the_second_and_nothing_else(movielens: RankingData) -> None:
    ratings = made()
    tested, time = movielens.tested, movielens.columns["time"]
    for at in range(0, len(tested), 40):
        before = ratings.filter(pl.col("timestamp") < int(time[at]))
        lately = before.filter(pl.col("timestamp") >= int(time[at]) - 365 * 86_400)
        for place, film in enumerate(film_id(tested.asked.rows[at]).tolist()):
            own, recent = (part.filter(pl.col("movieId") == film)["rating"] for part in (before, lately))
            likes = int((own >= LIKED).sum())
            expected = [np.log1p(likes), np.log1p(len(own)), (likes + 2) / (len(own) + 4)]
            expected.append(np.log1p(int((recent >= LIKED).sum())))
            assert np.allclose(tested.asked.numeric[at, place, :4], expected, atol=1e-5)


def test_the_years_since_are_of_the_moment(movielens: RankingData) -> None:
    tested = movielens.tested
    row = tested.asked.rows
    age = np.where(row > 0, 2000 - (1950 + row % 50), 0)  # all is in 2000; one film has no year
    assert movielens.columns["time"].max() < _START + 366 * 86_400
    assert np.allclose(np.expm1(tested.asked.numeric[..., 4]), age, atol=1e-3)


def test_a_film_has_a_field_for_each_genre_and_the_rarest_as_its_category(movielens: RankingData) -> None:
    products, sizes = movielens.tested.products, dict(movielens.inputs.fields)
    names = list(sizes)
    genres = ["Action", "Comedy", "Drama", "IMAX"]
    assert names == ["product", "category", "decade", *(f"genre:{name}" for name in genres)]
    own = products.fields[:4, 3:].tolist()
    assert own == [[1, 0, 0, 1], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    # action though IMAX is as rare, comedy as it is rarer than drama
    assert products.fields[:4, 1].tolist() == [1, 2, 3, 0]
    assert sizes["decade"] == 6 and products.fields[[0, 1, 10, 49], 2].tolist() == [0, 1, 2, 5]
    assert (products.fields < np.array(list(sizes.values()))).all() and not products.fields[products.nobody].any()


def test_posters_are_numbers_of_the_films_that_have_one(movielens: RankingData) -> None:
    own = movielens.tested.products.own
    assert own.shape == (FILMS + 1, 1 + PICTURE + 1)
    assert (own[:POSTERS, -1] == 1).all() and not own[POSTERS:, 1:].any()
    # the years are standardised, over the films that have one; as the pictures' numbers are, within a category
    assert own[1:FILMS, 0].mean() == pytest.approx(0, abs=1e-4) and own[1:FILMS, 0].std() == pytest.approx(1, abs=1e-3)
    assert own[0, 0] == 0
    assert own[:POSTERS, 1:-1].std(0).mean() == pytest.approx(1, abs=0.2)
    assert not np.array_equal(own[0, 1:-1], own[1, 1:-1])


def test_few_posters_are_not_described(tmp_path: Path) -> None:
    write(tmp_path, made())
    with zipfile.ZipFile(tmp_path / "posters128.zip") as archive:
        kept = {name: archive.read(name) for name in archive.namelist()[:50]}
    with zipfile.ZipFile(tmp_path / "posters128.zip", "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    assert not load(tmp_path, seed=0).tested.products.own[:, 1:].any()


def test_the_same_seed_draws_the_same_and_another_does_not(made_folder: Path, movielens: RankingData) -> None:
    again, other = load(made_folder, seed=0), load(made_folder, seed=1)
    for own in fields(movielens.tested.asked):
        assert np.array_equal(getattr(movielens.tested.asked, own.name), getattr(again.tested.asked, own.name))
    assert not np.array_equal(movielens.tested.asked.rows, other.tested.asked.rows)
    assert taken(movielens.tested) == taken(other.tested)


def test_who_looks_at_the_history_finds_the_genre(movielens: RankingData) -> None:
    choice = Choice({"epochs": 3, "batch": 1_024, "lr": 1e-2})
    found, blind = (judge(name, movielens, choice, seed=0).figures for name in ("dnn", "dnn_no_history"))
    assert found["GAUC"] > blind["GAUC"] + 0.1
    assert found["GAUC lost with others' histories"] > 0.1


@pytest.mark.parametrize("missing", ["ratings.csv.gz", "movies.csv.gz", "posters128.zip", ""])
def test_what_is_missing_is_told(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "nowhere" if not missing else write(tmp_path, made().head(50))
    if missing:
        (folder / missing).unlink()
    with pytest.raises(EmptorError, match=f"{missing}.*expected.*ratings.csv.gz, movies.csv.gz, posters128.zip"):
        load(folder, seed=0)


def test_damage_is_told(tmp_path: Path) -> None:
    write(tmp_path, made().head(500))
    with pytest.raises(EmptorError, match="too few likes"):
        load(tmp_path, seed=0)
    write(tmp_path, made().rename({"rating": "stars"}))
    with pytest.raises(EmptorError, match="expected CSV with columns userId, movieId, rating, timestamp"):
        load(tmp_path, seed=0)
    write(tmp_path, made().with_columns(rating=pl.lit(2.0)))
    with pytest.raises(EmptorError, match=r"no rating of 4\.0"):
        load(tmp_path, seed=0)
    write(tmp_path, made())
    with zipfile.ZipFile(tmp_path / "posters128.zip", "a") as archive:
        archive.writestr(f"{film_id(np.array(FILMS - 1))}.jpg", b"no picture")
    with pytest.raises(EmptorError, match="expected a ZIP of posters"):
        load(tmp_path, seed=0)
    (tmp_path / "posters128.zip").write_bytes(b"no archive")
    with pytest.raises(EmptorError, match="expected a ZIP of posters"):
        load(tmp_path, seed=0)


def test_in_the_real_data_no_counter_orders_the_test(real_data: Path) -> None:
    data = load(real_data / "movielens_small_posters", seed=0)
    assert data.about["tested: pages"] == len(data.tested) > 8_000 and len(data.learnt) > 25_000
    own = data.tested
    page = np.nonzero(own.mask)[0]
    for at in range(own.asked.numeric.shape[-1]):
        gauc, _ = grouped_auc(own.asked.numeric[..., at][own.mask], own.outcomes.clicked[own.mask], page)
        assert gauc == pytest.approx(0.5, abs=0.05)
    posters = own.products.own[own.asked.rows[own.outcomes.clicked], -1]
    assert 0.4 < posters.mean() < 0.8
