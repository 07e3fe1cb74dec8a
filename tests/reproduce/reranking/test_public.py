"""Public data as examples: every product keeps what is known of it, in the order of a stage before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emptor.errors import EmptorError
from emptor.reproduce.reranking import letor, movielens
from emptor.reproduce.reranking.data import RerankData
from emptor.reproduce.reranking.datasets import ONLY, dataset
from emptor.reproduce.reranking.method import ARMMT
from emptor.reproduce.reranking.public import film_products, load_letor, load_movielens, words_of
from emptor.reproduce.reranking.quality import figures, graded_gain
from emptor.reproduce.reranking.rerankers import fitted
from emptor.reproduce.reranking.study import ordered
from emptor.reproduce.tuning import Choice
from tests.reproduce.films import write
from tests.reproduce.reranking.test_readers import ratings, written

QUICK = Choice({"batch": 32, "epochs": 1, "patience": 1}, {})


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("films"), ratings())


@pytest.fixture(scope="module")
def liked(films: Path) -> RerankData:
    return load_movielens(films, seed=1)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    written(folder, part="train", sizes=(6, 5, 9, 7, 8) * 4, features=6)
    written(folder, part="test", sizes=(7, 6, 5), features=6)
    return folder


def by_film(rows: np.ndarray, values: np.ndarray, at: int) -> dict[int, object]:
    return dict(zip(rows[at].tolist(), values[at].tolist(), strict=True))


def test_films_keep_what_is_known_of_them(films: Path, liked: RerankData) -> None:
    read = movielens.load(films, seed=1)
    for made, own in ((liked.learnt, read.learnt), (liked.tested.examples, read.tested)):
        assert len(made) == len(own)
        for at in range(0, len(own), 97):
            assert by_film(made.lists.rows, made.lists.clicked, at) == by_film(own.film, own.liked, at)
            assert by_film(made.asked.described.rows, made.asked.described.numeric, at) == by_film(
                own.film, own.numeric, at
            )
            known = made.asked.described.past[at][made.asked.described.action[at] > 0]
            assert known.tolist() == own.past[at][own.stars[at] > 0].tolist()
        assert (np.diff(made.lists.score, axis=1) <= 0).all() and np.ptp(made.lists.score, axis=1).min() > 0
    judged, genres = liked.tested, read.films.genres
    assert np.array_equal(judged.topics[5], genres[judged.examples.lists.rows[5]])


def test_films_with_the_same_words_are_alike() -> None:
    texts = [["big", "fish"], ["big", "fish"], ["small", "boat"], ["small", "fish"], ["boat", "big"], ["a"]]
    words = words_of([*texts, *texts])
    assert (np.diff(words.numbers) > 0).all() and len(words.start) == len(words.numbers) + 1
    for at in range(len(words.numbers)):
        rows = words.row[words.start[at] : words.start[at + 1]]
        named = [texts[row % len(texts)] for row in rows.tolist()]
        assert (np.diff(rows) > 0).all() and set.intersection(*map(set, named)), "one word, the films that have it"


def test_posters_and_titles_are_what_is_fused(films: Path) -> None:
    read = movielens.load(films, seed=1).films
    products = film_products(read)
    assert products.has_text[:-1].mean() > 0.9 and not products.has_text[products.nobody]
    assert np.array_equal(products.has_image[:-1], read.has_poster) and 0 < read.has_poster.mean() < 1
    assert not products.image[:-1][~read.has_poster].any()


def test_a_network_can_be_fitted_and_is_judged_by_what_is_known(liked: RerankData) -> None:
    found = figures(fitted("armmt", liked, QUICK, seed=1).tested, liked.tested)
    assert {"click GAUC", "ILD@10", "ILD@10 of topics", "alpha-NDCG@10", "entropy@10"} <= set(found)
    assert not any("clicks" in name for name in found), "nobody is shown anything again"
    base = figures(ordered("ranker", liked, 1), liked.tested)
    assert base["ILD@10"] != found["ILD@10"]


def test_documents_have_their_features_and_grades(documents: Path) -> None:
    data, read = load_letor(documents, seed=1), letor.load(documents, seed=1)
    made, own, grade = data.tested.examples, read.tested, data.tested.grade
    assert grade is not None and (made.lists.mask.sum(1) == own.mask.sum(1)).all()
    for at in range(len(own)):
        there = made.lists.mask[at]
        got = sorted(zip(made.asked.described.numeric[at][there, 0].tolist(), grade[at][there].tolist(), strict=True))
        want = sorted(
            zip(own.features[at][own.mask[at], 0].tolist(), own.grade[at][own.mask[at]].tolist(), strict=True)
        )
        assert got == want
        assert made.lists.clicked[at][there].tolist() == (grade[at][there] > 0).tolist()
    assert not made.lists.clicked[~made.lists.mask].any()
    found = figures(fitted("setrank", data, QUICK, seed=1).tested, data.tested)
    assert 0 < found["NDCG@10"] <= 1
    best = np.argsort(-grade, axis=1)
    assert graded_gain(best, grade, depth=10) == 1 > graded_gain(best[:, ::-1], grade, depth=3)


def test_what_does_not_fit_is_not_offered(films: Path, tmp_path: Path) -> None:
    found = ARMMT.opened("letor", work=tmp_path, data=tmp_path, users=None)
    assert set(found.only) == set(ONLY["letor"]) and "armmt" not in found.only
    assert "truth" not in ARMMT.opened("movielens", work=tmp_path, data=films, users=None).only
    assert "podmmi_no_mi" not in ARMMT.opened("movielens", work=tmp_path, data=films, users=None).only
    with pytest.raises(EmptorError, match="--dataset: unknown 'beauty'; known are market, movielens, letor"):
        dataset("beauty", work=tmp_path)
    with pytest.raises(EmptorError, match="--data: give the folder with the files of letor"):
        dataset("letor", work=tmp_path)
