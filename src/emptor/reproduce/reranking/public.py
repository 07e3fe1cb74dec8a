"""Public data as re-rankers are given it: features, texts and pictures of lists, and a stage before to improve on.

Nobody can be shown these lists again: they are judged on what is known of them. What nothing is known of is 0.

- Their lists stand in no order. The stage before is linear over the numbers of each product, learnt from the lists that
  are learnt from: these themselves by five folds, so that its scores are as sure of them as of others.
- MovieLens: what is liked is both clicked and bought, as networks have heads for both. Texts are titles and genres, as
  short vectors by which words stand together, pictures are posters' numbers; there are no queries. Topics are genres.
- Letor: a grade above 0 is clicked, from 3 on bought. Nothing but the features of each document is there; two are as
  alike as these are. There are no topics: each document is one.

Shapes: R lists, N products, P products in all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emptor.learn.seeds import numpy_rng
from emptor.rank.models import InputSpec
from emptor.reproduce.ranking.movielens import LIKED, NUMERIC
from emptor.reproduce.reranking import letor, movielens
from emptor.reproduce.reranking.data import Judged, RerankData
from emptor.reproduce.reranking.letor import GradedLists
from emptor.reproduce.reranking.movielens import FilmLists, Films
from emptor.reproduce.reranking.rerankers import behind
from emptor.rerank.likeness import ALIKE, likeness_of, unit
from emptor.rerank.models import ListSpec
from emptor.rerank.products import ListProducts
from emptor.rerank.samples import MOST, Asked, Examples, Lists
from emptor.rerank.texts import WIDTH, TextBasis
from emptor.rerank.trained import variety_of
from emptor.shop.features import GAPS, Described, ProductColumns
from emptor.shop.features.hashing import number_of, numbers_of
from emptor.shop.features.past import gap_of
from emptor.shop.features.spec import PICTURE
from emptor.shop.features.words import ProductWords

FOLDS = 5
BOUGHT = 3
"""From this grade on a document is bought."""
CONTEXT = ("log behaviours before", "log minutes since")


def load_movielens(folder: Path, *, seed: int) -> RerankData:
    """MovieLens with posters; see `movielens`. Raises: EmptorError, see there."""
    data = movielens.load(folder, seed=seed)
    columns, counts = film_columns(data.films)
    products = film_products(data.films)
    parts = [_film_examples(columns, products, own) for own in (data.learnt, data.validated, data.tested)]
    spec = InputSpec(counts, 3, GAPS, columns.own.shape[1], len(NUMERIC), len(CONTEXT), 1)
    learnt, *others = _staged(parts, seed=seed)
    judged = [
        Judged(
            own,
            topics=data.films.genres[own.lists.rows] & own.lists.mask[..., None],
            variety=variety_of(
                columns.fields[own.asked.described.past, list(counts).index("category")], own.asked.described.action > 0
            ),
        )
        for own in others
    ]
    return RerankData(
        ListSpec(spec, WIDTH, PICTURE, places=MOST, earlier=1, alike=ALIKE),
        learnt.scale(seed=seed),
        learnt,
        judged[0],
        judged[1],
        about={f"{name}: lists": len(own) for name, own in zip(("learnt", "validated", "tested"), parts, strict=True)},
    )


def load_letor(folder: Path, *, seed: int) -> RerankData:
    """LightGBM's learning-to-rank example; see `letor`. Raises: EmptorError, see there."""
    data = letor.load(folder, seed=seed)
    every = (data.learnt, data.validated, data.tested)
    documents = np.concatenate([own.features[own.mask] for own in every])
    mean, sd = documents[: int(data.learnt.mask.sum())].mean(0), documents[: int(data.learnt.mask.sum())].std(0)
    apart = np.clip((documents - mean) / np.where(sd > 1e-6, sd, np.inf), -5, 5)
    nothing = np.zeros((len(documents) + 1, 1), np.float32)
    alike = np.concatenate([unit(apart), np.zeros((1, apart.shape[1]))]).astype(np.float32)
    none = nothing[:, 0] > 0
    products = ListProducts(nothing, nothing, none, none, alike)
    columns = ProductColumns(np.zeros((len(nothing), 1), np.int64), nothing, np.zeros(len(nothing), np.int64))
    parts, at = [], 0
    for own in every:
        rows = np.zeros(own.mask.shape, np.int64)
        rows[own.mask] = np.arange(at, at + int(own.mask.sum()))
        at += int(own.mask.sum())
        parts.append(_graded_examples(columns, products, own, rows))
    learnt, *others = _staged(parts, seed=seed)
    spec = InputSpec({"product": 2}, 3, GAPS, 1, documents.shape[1], len(CONTEXT), 1)
    grades = np.append(np.concatenate([own.grade[own.mask] for own in every]), 0)
    judged = [
        Judged(
            own,
            topics=np.where(own.lists.mask, own.lists.rows, -1),
            grade=np.where(own.lists.mask, grades[own.lists.rows], 0),
        )
        for own in others
    ]
    return RerankData(
        ListSpec(spec, 1, 1, places=MOST, earlier=1, alike=alike.shape[1]),
        learnt.scale(seed=seed),
        learnt,
        judged[0],
        judged[1],
        about={f"{name}: lists": len(own) for name, own in zip(("learnt", "validated", "tested"), parts, strict=True)},
    )


def film_columns(films: Films) -> tuple[ProductColumns, dict[str, int]]:
    """(films by row, how many ids each field has): the film, its rarest genre, the decade, each genre; the year and the
    poster's numbers.
    """
    many, old = len(films.id), np.where(films.year > 0, films.year, 0)
    decades = np.unique(old[old > 0] // 10)
    fields = {
        "product": (np.arange(1, many + 1), many + 1),
        "category": (films.rarest, len(films.genre) + 1),
        "decade": (np.where(old > 0, 1 + np.searchsorted(decades, old // 10), 0), len(decades) + 1),
        **{f"genre:{name}": (films.genres[:, at].astype(np.int64), 2) for at, name in enumerate(films.genre)},
    }
    known = old[old > 0]
    year = np.where(old > 0, np.clip((old - known.mean()) / max(known.std(), 1), -4, 4), 0) if len(known) else 0 * old
    own = np.concatenate([year[:, None], np.nan_to_num(films.poster), films.has_poster[:, None]], axis=1)
    return (
        ProductColumns(
            np.stack([np.append(column, 0) for column, _ in fields.values()], axis=1),
            np.concatenate([own, np.zeros((1, own.shape[1]))]).astype(np.float32),
            np.append(numbers_of(map(str, films.id.tolist())), 0),
        ),
        {name: count for name, (_, count) in fields.items()},
    )


def film_products(films: Films) -> ListProducts:
    """Films as re-ranking sees them: words of titles and genres, and posters."""
    texts = [
        [*re.findall(r"[a-z0-9']+", re.sub(r"\(\d{4}[^()]*\)\s*$", "", title).lower()), *genres]
        for title, genres in zip(
            films.title.tolist(),
            ([f"genre {name}" for name, has in zip(films.genre, row, strict=True) if has] for row in films.genres),
            strict=True,
        )
    ]
    words, count = words_of(texts), len(texts)
    text = np.concatenate([TextBasis.of(words, count).vectors(words, count), np.zeros((1, WIDTH), np.float32)])
    image = np.concatenate([np.nan_to_num(films.poster), np.zeros((1, PICTURE))]).astype(np.float32)
    alike = likeness_of(words, image[:-1], films.has_poster, films.rarest)
    alike = np.concatenate([alike, np.zeros((1, alike.shape[1]), np.float32)])
    return ListProducts(text, image, np.abs(text).sum(1) > 0, np.append(films.has_poster, False), alike)


def words_of(texts: Sequence[Sequence[str]]) -> ProductWords:
    """The words of products, each all in one place."""
    pairs = sorted({(number_of(word), row) for row, text in enumerate(texts) for word in text})
    word, row = (np.array([pair[at] for pair in pairs], np.int64) for at in (0, 1))
    numbers, have = np.unique(word, return_counts=True)
    rarity = np.log((len(texts) + 1) / have) / np.log(len(texts) + 1)
    return ProductWords(numbers, rarity, np.concatenate([[0], np.cumsum(have)]), row, np.ones(len(row), np.int8))


def _film_examples(columns: ProductColumns, products: ListProducts, lists: FilmLists) -> Examples:
    there = lists.stars > 0
    since = np.where(there, lists.ago, 0)
    mask = np.ones(lists.film.shape, bool)
    described = Described(
        rows=lists.film.astype(np.int32),
        mask=mask,
        numeric=lists.numeric,
        past=np.where(there, lists.past, columns.nobody).astype(np.int32),
        action=np.where(there, np.where(lists.stars >= LIKED, 1, 2), 0).astype(np.uint8),
        gap=np.where(there, gap_of(since * 1_000_000), 0).astype(np.uint8),
        typed=np.zeros(there.shape, np.int32),
        words=np.zeros((len(lists), 1), np.int32),
        context=np.stack([np.log1p(lists.known), np.log1p(since[:, 0] / 60)], axis=1).astype(np.float32),
        searching=np.zeros(len(lists), bool),
    )
    return _examples(columns, products, described, lists.liked, lists.liked, now=lists.time)


def _graded_examples(columns: ProductColumns, products: ListProducts, lists: GradedLists, rows: np.ndarray) -> Examples:
    size = len(lists)
    described = Described(
        rows=np.where(lists.mask, rows, columns.nobody).astype(np.int32),
        mask=lists.mask,
        numeric=lists.features,
        past=np.full((size, 1), columns.nobody, np.int32),
        action=np.zeros((size, 1), np.uint8),
        gap=np.zeros((size, 1), np.uint8),
        typed=np.zeros((size, 1), np.int32),
        words=np.zeros((size, 1), np.int32),
        context=np.zeros((size, len(CONTEXT)), np.float32),
        searching=np.zeros(size, bool),
    )
    return _examples(columns, products, described, lists.grade > 0, lists.grade >= BOUGHT, now=np.arange(size))


def _examples(
    columns: ProductColumns,
    products: ListProducts,
    described: Described,
    clicked: np.ndarray,
    bought: np.ndarray,
    *,
    now: np.ndarray,
) -> Examples:
    size, mask = len(described), described.mask
    score = np.zeros(mask.shape, np.float32)
    lists = Lists(
        user_id=np.full(size, None),
        query=np.full(size, None),
        now=now,
        rows=np.where(mask, described.rows, 0).astype(np.int32),
        mask=mask,
        score=score,
        clicked=clicked & mask,
        bought=bought & mask,
        seen=mask,
    )
    asked = Asked(described, score, np.zeros((size, 1, 1), np.int32), np.zeros((size, 1), np.uint8))
    return Examples(columns, products, asked, lists)


def _staged(parts: Sequence[Examples], *, seed: int) -> list[Examples]:
    """Lists in the order of the stage before, with its scores; the first part is what it is learnt from."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def learnt_from(examples: Examples, places: np.ndarray) -> object:
        mask = examples.lists.mask[places]
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
        described = examples.asked.described
        return model.fit(described.numeric[places][mask], examples.lists.clicked[places][mask])

    def said(model: object, examples: Examples, places: np.ndarray) -> np.ndarray:
        mask = examples.lists.mask[places]
        out = np.full(mask.shape, -np.inf)
        out[mask] = model.decision_function(examples.asked.described.numeric[places][mask])  # type: ignore[attr-defined]
        return out

    first = parts[0]
    value = np.zeros(first.lists.mask.shape)
    for fold in np.array_split(numpy_rng(seed, "folds").permutation(len(first)), FOLDS):
        rest = np.setdiff1d(np.arange(len(first)), fold)
        value[fold] = said(learnt_from(first, rest), first, fold)
    whole = learnt_from(first, np.arange(len(first)))
    values = [value, *(said(whole, own, np.arange(len(own))) for own in parts[1:])]
    return [behind(own, score)[0] for own, score in zip(parts, values, strict=True)]
