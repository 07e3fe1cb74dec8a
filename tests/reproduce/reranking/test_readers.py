"""Public data as lists to re-rank: what is in them, how they are split, and that nothing of them knows what came later.

Small files are made on the spot; the real ones are read where they are.
"""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from emptor.errors import EmptorError
from emptor.reproduce.ranking.movielens import FIRST, LATELY, LIKED, NUMERIC
from emptor.reproduce.ranking.public import DRAWN
from emptor.reproduce.reranking import letor, movielens
from emptor.reproduce.reranking.letor import GradedLists
from emptor.reproduce.reranking.movielens import FilmLists, MovieLens
from emptor.shop.features.spec import PICTURE
from tests.reproduce.films import FILMS, POSTERS, USERS, film_id, write

_START = 946_684_800  # 2000
SIZES = (3, 1, 4, 2, 5)


def written(folder: Path, *, part: str, sizes: tuple[int, ...], features: int) -> None:
    """Document d has grade d % 5, its number from 1 as feature 1, and 0.5 as a feature of its own; 2 is never named."""
    lines = [f"{at % 5} 1:{at + 1} {3 + at % (features - 2)}:0.5" for at in range(sum(sizes))]
    (folder / f"lightgbm_rank.{part}.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    (folder / f"lightgbm_rank.{part}.query").write_text("".join(f"{many}\n" for many in sizes))


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    written(tmp_path, part="train", sizes=SIZES, features=6)
    written(tmp_path, part="test", sizes=(2, 6), features=9)
    return tmp_path


def test_documents_become_lists_of_their_queries(graded: Path) -> None:
    data = letor.load(graded, seed=0)
    assert (len(data.learnt), len(data.validated), len(data.tested)) == (4, 1, 2)
    tested = data.tested
    assert tested.features.shape == (2, 6, 9) and tested.features.dtype == np.float32
    assert tested.mask.sum(1).tolist() == [2, 6]
    assert tested.features[1, :, 0].tolist() == [3, 4, 5, 6, 7, 8] and tested.grade[1].tolist() == [2, 3, 4, 0, 1, 2]
    assert tested.features[1, 2, 6] == 0.5 and (tested.features[1, 2] > 0).sum() == 2
    assert not tested.features[..., 1].any()
    for part in (data.learnt, data.validated, tested):
        assert part.features.shape[1:] == (6, 9), "all parts are as wide"
        assert not part.features[~part.mask].any() and not part.grade[~part.mask].any()


def test_what_is_validated_is_cut_off_the_training_file(graded: Path) -> None:
    def queries(part: GradedLists) -> list[tuple[float, ...]]:
        return [tuple(own[there, 0].tolist()) for own, there in zip(part.features, part.mask, strict=True)]

    ends = np.cumsum(SIZES)
    every = [tuple(float(at + 1) for at in range(end - many, end)) for many, end in zip(SIZES, ends, strict=True)]
    seen = set()
    for seed in range(8):
        data = letor.load(graded, seed=seed)
        assert sorted(queries(data.learnt) + queries(data.validated)) == sorted(every)
        assert queries(letor.load(graded, seed=seed).validated) == queries(data.validated)
        seen |= set(queries(data.validated))
    assert len(seen) > 1


@pytest.mark.parametrize("missing", [*letor.FILES, ""])
def test_missing_lists_are_told(graded: Path, missing: str) -> None:
    folder = graded if missing else graded / "nowhere"
    if missing:
        (graded / missing).unlink()
    with pytest.raises(EmptorError, match=rf"{missing}.*expected.*lightgbm_rank\.train\.gz"):
        letor.load(folder, seed=0)


def test_damaged_lists_are_told(graded: Path) -> None:
    test = graded / "lightgbm_rank.test.gz"
    for content, told in (
        (b"no gzip", "cannot be read .*GRADE FEATURE:VALUE"),
        (gzip.compress(b"1 0:3\n"), "cannot be read .*rising from 1"),
        (gzip.compress(b"1 2:x\n"), "cannot be read"),
        (gzip.compress(b"-1 2:1\n"), "no number or no grade"),
        (gzip.compress(b"1 2:nan\n"), "no number or no grade"),
        (gzip.compress(b"1 2:1\n"), r"test\.query counts 8 documents, expected the 1 of lightgbm_rank\.test\.gz"),
    ):
        test.write_bytes(content)
        with pytest.raises(EmptorError, match=told):
            letor.load(graded, seed=0)
    written(graded, part="test", sizes=(2, 6), features=9)
    (graded / "lightgbm_rank.test.query").write_text("8\nmany\n")
    with pytest.raises(EmptorError, match="expected a count of documents a line"):
        letor.load(graded, seed=0)


def ratings() -> pl.DataFrame:
    """Users come one after another and rate for some hours, several films in a second; every fifth comes again late.

    The last 20 films are forgotten after the first twelve users.
    """
    rng = np.random.default_rng(2)
    parts = []
    for user in range(1, USERS + 1):
        film = rng.permutation(FILMS if user <= 12 else FILMS - 20)[: int(rng.integers(50, 100))]
        seconds = _START + 40_000 * user + np.sort(rng.integers(0, 6, len(film))) * 6_000
        if user % 5 == 0:
            seconds[-20:] += 40_000 * USERS
        stars = np.where(rng.random(len(film)) < 0.8, 4.5, 3.0)
        parts.append(
            pl.DataFrame(
                {"userId": np.full(len(film), user), "movieId": film_id(film), "rating": stars, "timestamp": seconds}
            )
        )
    return pl.concat(parts).sample(fraction=1, shuffle=True, seed=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("movielens"), ratings())


@pytest.fixture(scope="module")
def films(made: Path) -> MovieLens:
    return movielens.load(made, seed=0)


def parts(data: MovieLens) -> dict[str, FilmLists]:
    return {"learnt": data.learnt, "validated": data.validated, "tested": data.tested}


def test_lists_are_split_by_time_at_seconds(films: MovieLens) -> None:
    liked = ratings().filter(pl.col("rating") >= LIKED).with_columns(first=pl.col("timestamp").min().over("movieId"))
    times = liked["timestamp"].sort().to_numpy()
    expected = liked.filter(
        (pl.Series(np.searchsorted(times, liked["timestamp"].to_numpy())) >= FIRST)
        & (pl.col("timestamp") > pl.col("first"))
    )
    found = []
    for part in parts(films).values():
        assert (np.diff(part.time) >= 0).all()
        found += list(zip((part.user + 1).tolist(), film_id(part.film[part.liked]).tolist(), part.time, strict=True))
    assert sorted(found) == sorted(expected.select("userId", "movieId", "timestamp").rows())
    assert films.learnt.time.max() < films.validated.time.min()
    assert films.validated.time.max() < films.tested.time.min()
    assert len(films.learnt) == pytest.approx(0.8 * len(found), abs=20)
    assert len(films.tested) == pytest.approx(0.1 * len(found), abs=20)
    when = sorted(time for _, _, time in found)
    ends = [int(share * len(when)) for share in (0.8, 0.9)]
    assert any(when[end - 1] == when[end] for end in ends), "a cut by number alone would go through a second"


def test_the_newest_lists_are_learnt_from(films: MovieLens, made: Path) -> None:
    some = movielens.load(made, seed=0, newest=50).learnt
    assert len(some) == 50 and np.array_equal(some.time, films.learnt.time[-50:])


def test_a_list_holds_the_liked_film_once_and_else_what_was_liked_before_and_is_not_rated(films: MovieLens) -> None:
    rated = ratings()
    likes = rated.filter(pl.col("rating") >= LIKED).sort("timestamp")
    times, liked = likes["timestamp"].to_numpy(), likes["movieId"].to_numpy()
    by_user = {user[0]: dict(own.select("movieId", "timestamp").rows()) for user, own in rated.group_by("userId")}
    later = 0
    for name, part in parts(films).items():
        for at in range(0, len(part), 7):
            rows, chosen = film_id(part.film[at]), part.liked[at]
            assert chosen.sum() == 1 and len(set(rows.tolist())) == 1 + DRAWN
            end = np.searchsorted(times, part.time[at])
            others, own = set(rows[~chosen].tolist()), by_user[int(part.user[at]) + 1]
            assert others <= set(liked[max(end - LATELY, 0) : end].tolist())
            again = [own[other] for other in others if other in own]
            assert all(when > part.time[at] for when in again) if name == "learnt" else not again
            later += len(again)
    assert later, "what is rated later is drawn, too, where lists are learnt from"
    places = np.bincount(films.learnt.liked.argmax(1), minlength=1 + DRAWN)
    assert places.max() < 2 * len(films.learnt) / (1 + DRAWN)


def test_histories_are_what_was_rated_before_the_second_newest_first(made: Path, films: MovieLens) -> None:
    rated, met_ties = ratings(), 0
    for data, width in ((films, movielens.HISTORY), (movielens.load(made, seed=0, history=5), 5)):
        for part in parts(data).values():
            assert part.past.shape == part.stars.shape == part.ago.shape == (len(part), width)
            for at in range(0, len(part), 41):
                own = rated.filter(pl.col("userId") == int(part.user[at]) + 1)
                before = own.filter(pl.col("timestamp") < int(part.time[at]))
                before = before.sort("timestamp", "movieId", descending=True)
                met_ties += (own["timestamp"] == int(part.time[at])).sum() > 1
                there, newest = part.stars[at] > 0, before.head(width)
                assert part.known[at] == len(before) and there.sum() == min(len(before), width)
                assert film_id(part.past[at][there]).tolist() == newest["movieId"].to_list()
                assert part.stars[at][there].tolist() == newest["rating"].to_list()
                assert (part.time[at] - part.ago[at][there]).tolist() == newest["timestamp"].to_list()
                assert not part.past[at][~there].any() and not part.ago[at][~there].any()
    assert met_ties > 10


def test_ratings_of_films_that_are_not_listed_are_left_out(tmp_path: Path, films: MovieLens) -> None:
    unknown = pl.DataFrame({"userId": range(1, 60), "movieId": 9_999, "rating": 1.0, "timestamp": _START})
    found = movielens.load(write(tmp_path, pl.concat([ratings(), unknown], how="vertical_relaxed")), seed=0)
    for name in ("film", "past", "stars", "known"):
        assert np.array_equal(getattr(found.tested, name), getattr(films.tested, name))


def test_numbers_of_films_are_of_before_the_second(films: MovieLens) -> None:
    likes = ratings().filter(pl.col("rating") >= LIKED)
    part = films.tested
    assert part.numeric.shape == (*part.film.shape, len(NUMERIC)) and part.numeric.dtype == np.float32
    for at in range(0, len(part), 60):
        before = likes.filter(pl.col("timestamp") < int(part.time[at]))["movieId"].to_list()
        expected = [np.log1p(before.count(own)) for own in film_id(part.film[at]).tolist()]
        assert part.numeric[at, :, 0] == pytest.approx(expected, abs=1e-5)


def test_genres_are_topics_and_posters_are_numbers_of_those_that_have_one(films: MovieLens) -> None:
    own = films.films
    assert own.genre == ("Action", "Comedy", "Drama")
    assert own.genres[:4].tolist() == [[True, False, False], [False, True, True], [False, False, True], [False] * 3]
    assert own.id.tolist() == film_id(np.arange(FILMS)).tolist() and own.year[:3].tolist() == [0, 1951, 1952]
    assert own.poster.shape == (FILMS, PICTURE) and own.poster.dtype == np.float32
    assert own.has_poster.tolist() == [row < POSTERS for row in range(FILMS)]
    assert np.isnan(own.poster[POSTERS:]).all() and np.isfinite(own.poster[:POSTERS]).all()
    assert np.abs(own.poster[:POSTERS].mean(0)).max() < 0.2
    assert own.poster[:POSTERS].std(0).min() > 0.5 and not np.array_equal(own.poster[0], own.poster[1])
    # films without one stay
    assert not own.has_poster[films.tested.film[films.tested.liked]].all()


def test_the_seed_draws_films_and_does_not_split(made: Path, films: MovieLens) -> None:
    again, other = movielens.load(made, seed=0), movielens.load(made, seed=1)
    assert np.array_equal(again.tested.film, films.tested.film)
    assert not np.array_equal(other.tested.film, films.tested.film)
    assert np.array_equal(other.tested.film[other.tested.liked], films.tested.film[films.tested.liked])


def test_too_few_posters_are_none(tmp_path: Path, made: Path) -> None:
    write(tmp_path, ratings())
    with zipfile.ZipFile(made / "posters128.zip") as archive, zipfile.ZipFile(tmp_path / "posters128.zip", "w") as few:
        for name in archive.namelist()[:50]:
            few.writestr(name, archive.read(name))
    assert not movielens.load(tmp_path, seed=0).films.has_poster.any()


@pytest.mark.parametrize("missing", [*movielens.FILES, ""])
def test_missing_films_are_told(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "nowhere" if not missing else write(tmp_path, ratings().head(50))
    if missing:
        (folder / missing).unlink()
    with pytest.raises(EmptorError, match=rf"{missing}.*expected.*ratings\.csv\.gz, movies\.csv\.gz, posters128\.zip"):
        movielens.load(folder, seed=0)


def test_damaged_films_are_told(tmp_path: Path) -> None:
    write(tmp_path, ratings().head(500))
    with pytest.raises(EmptorError, match="too few likes"):
        movielens.load(tmp_path, seed=0)
    write(tmp_path, ratings().rename({"rating": "stars"}))
    with pytest.raises(EmptorError, match="expected CSV with columns userId, movieId, rating, timestamp"):
        movielens.load(tmp_path, seed=0)
    write(tmp_path, ratings())
    with zipfile.ZipFile(tmp_path / "posters128.zip", "a") as archive:
        archive.writestr(f"{film_id(np.array(FILMS - 1))}.jpg", b"no picture")
    with pytest.raises(EmptorError, match="expected a ZIP of posters"):
        movielens.load(tmp_path, seed=0)
    (tmp_path / "posters128.zip").write_bytes(b"no archive")
    with pytest.raises(EmptorError, match="expected a ZIP of posters"):
        movielens.load(tmp_path, seed=0)


def test_the_real_lists(real_data: Path) -> None:
    data = letor.load(real_data / "ltr_letor", seed=0)
    assert len(data.learnt) + len(data.validated) == 201 and len(data.tested) == 50 and len(data.validated) == 40
    assert data.learnt.mask.sum() + data.validated.mask.sum() == 3_005 and data.tested.mask.sum() == 768
    assert data.tested.features.shape == (50, 27, 300) and data.learnt.grade.max() == 4
    first = letor.load(real_data / "ltr_letor", seed=1).tested
    assert np.array_equal(first.features, data.tested.features)
    # the first line of the file of 50
    assert data.tested.mask[0].sum() == 12 and 0 < data.tested.features.max() <= 1


def test_the_real_films(real_data: Path) -> None:
    data = movielens.load(real_data / "movielens_small_posters", seed=0)
    assert data.films.genres.shape == (9_742, 18) and data.films.has_poster.sum() == 2_863
    assert len(data.learnt) == 10_000 and min(len(data.validated), len(data.tested)) > 4_000
    # what is said of it: hardly any user of the test is known, and fewer of its films have posters
    known = np.isin(data.tested.user, data.learnt.user)
    assert len(np.unique(data.tested.user)) == 80 and len(np.unique(data.tested.user[known])) == 19
    assert known.mean() == pytest.approx(0.1, abs=0.01)
    shares = [data.films.has_poster[part.film].mean() for part in (data.learnt, data.tested)]
    assert shares == pytest.approx([0.46, 0.31], abs=0.01)
