"""MovieLens (ml-latest-small) with posters as a ranking data set: which film is liked next, among others drawn.

Source: Harper and Konstan, The MovieLens Datasets: History and Context (TiiS 2015); 610 users, 100,836 ratings with
times, of which 48,580 are likes: a rating of 4 and more.

- A page is asked for by each like: the film, and 19 that the user never rates (of learnt pages: had not rated by that
  second, see `public`), each drawn out of the last 5,000 likes of anybody before that moment. Films come and go: drawn
  from all likes before, what had been liked in the last year alone orders the tested pages with a GAUC of 0.62, and the
  age of films the other way round; from the last 5,000 no counter is beyond 0.47 to 0.53 there. A page is clicked where
  the liked film stands, at any place; no positions are known, and nothing is bought.
- A film's first like of all makes no page, as none such can be drawn beside it; nor do the first 2,000 likes, when
  hardly anything was known.
- Everything else is of before the moment: counters, and histories of both kinds of behaviour, a like or a rating below
  4. A rating of the same second is not before it: one in six comes with another, as a page of ratings was sent.
- Split: users come once. Half of them give all ratings within an hour and a half; of the 80 users who gave the last
  tenth of all likes only 18 had been there before the last fifth, and theirs are a ninth of those likes. So a split at
  one moment would judge on 80 users, nearly all new, and on no other time of any user's life than those of the learnt.
  Instead each user's pages are split: the last fifth is tested, the tenth before validated, the rest learnt. The price:
  models know of films what others did later (the counters do not), which is good enough to compare rankers with each
  other and says nothing of how well a shop would do tomorrow. And it shifts: users begin with what is popular (in the
  learnt pages the count of likes has a GAUC of 0.57) and end with what is not (0.52), which the context tells.
- By that every tested user is known well: they rated at least 20 films. So users who are held out, one in ten as in a
  shop (`shop.holdout`), are only tested, on their first 30 pages: the short histories are theirs.
- Genres: one field each, as most films have several, in the order of the alphabet; "category" is the rarest of a film's
  (not IMAX, which is none), which tells most of it. Drama is nearly everywhere.
- A film's own numbers: the year; its poster as the shop describes pictures, beside those of its category; whether there
  is one: about three films in ten have, and those get more than half of the ratings.
- Users rate what MovieLens lists for them, page by page: what follows what is partly its doing.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.progress import step
from emptor.rank.examples import Examples
from emptor.rank.models import InputSpec
from emptor.reproduce.ranking.data import RankingData, sizes
from emptor.reproduce.ranking.public import (
    EVER,
    Taken,
    beside,
    by_known,
    examples_of_pages,
    in_any_order,
    needed,
    newest,
)
from emptor.shop.features import GAPS, ProductColumns
from emptor.shop.features.hashing import numbers_of
from emptor.shop.features.past import gap_of
from emptor.shop.features.picture_basis import LEAST, PictureBasis, beside_category
from emptor.shop.features.pictures import SIDE, describe
from emptor.shop.features.spec import PICTURE
from emptor.shop.holdout import is_held_out

FILES = ("ratings.csv.gz", "movies.csv.gz", "posters128.zip")
LIKED = 4.0
"""From this rating on a film is liked."""
LATELY = 5_000
"""Likes before a moment out of which candidates are drawn."""
FIRST = 2_000
"""Likes before which there are no pages."""
HELD_OUT = 30
"""Pages of a user who is held out."""
NUMERIC = ("log likes before", "log ratings before", "share of likes", "log likes of the last year", "years since")
CONTEXT = ("log behaviours before", "share of likes before", "log minutes since")
_NO_GENRE, _NO_KIND = "(no genres listed)", "IMAX"
_YEAR_S = 365 * 86_400
_TIME = 1 << 34
"""More than any time in seconds: film * _TIME + time sorts by both."""
_AT_ONCE = 64


def load(folder: Path, *, seed: int) -> RankingData:
    """The data set, see above.

    Args:
        folder: with FILES. seed: of the films that are drawn; the split does not depend on it.
    Raises: EmptorError for a file that is missing or cannot be read.
    """
    with step("Reading MovieLens", None):
        ratings, movies, posters = needed(folder, FILES, what="MovieLens with posters (ml-latest-small)")
        log = Log(*tables(ratings, movies))
        products, counts = _products(log.films, posters)
    with step("Making pages", None):
        split = log.split()
        learnt, validated, tested = (
            _part(log, products, places, ever=name != "learnt", rng=numpy_rng(seed, "movielens", name))
            for name, places in zip(("learnt", "validated", "tested"), split, strict=True)
        )
    if not min(len(learnt), len(validated), len(tested)):
        raise EmptorError(
            f"{ratings} has too few likes: the first {FIRST:,} make no pages, and of the later ones {len(learnt)} are "
            f"left to learn from, {len(validated)} to choose by and {len(tested)} to be judged on"
        )
    known, held_out = log.known[split[2]], log.held_out[split[2]]
    groups = by_known(known, at_most=(3, 10, 30), more_than=(10, 30, 100))
    ends = {"held out": held_out, "last fifth": ~held_out}
    return RankingData(
        inputs=InputSpec(
            fields=counts,
            actions=3,
            gaps=GAPS,
            own=products.own.shape[1],
            numeric=len(NUMERIC),
            context=len(CONTEXT),
            words=1,
        ),
        learnt=learnt,
        validated=validated,
        tested=tested,
        groups={**groups, **{name: chosen for name, chosen in ends.items() if chosen.any()}},
        about=sizes(learnt, validated, tested),
        columns={"user": tested.outcomes.user, "known": known, "time": log.time[split[2]]},
    )


class Log:
    """All ratings, by user and time, and what was known at any moment.

    films: by row, with year (0: unknown) and genres. user, film [E] int64: from 0; time [E] int64: UTC seconds; liked
    [E] bool; first [E]: place of the user's first rating; before [E]: the place at which those of its second begin.
    """

    def __init__(self, ratings: pl.DataFrame, films: pl.DataFrame) -> None:
        self.films = films
        ratings = ratings.join(films.select("movieId", "row"), on="movieId").sort("userId", "timestamp", "movieId")
        ids = ratings["userId"].to_numpy()
        names, self.user = np.unique(ids, return_inverse=True)
        self.film, self.time = (ratings[name].to_numpy().astype(np.int64) for name in ("row", "timestamp"))
        self.liked = ratings["rating"].to_numpy() >= LIKED
        self.held_out = np.array([is_held_out(str(own)) for own in names.tolist()])[self.user]
        change = np.r_[True, self.user[1:] != self.user[:-1]]
        self.first = _start_of_run(change)
        self.before = _start_of_run(change | np.r_[True, self.time[1:] != self.time[:-1]])
        self.known = self.before - self.first
        self.likes_before = (
            np.append(0, self.liked.cumsum())[self.before] - np.append(0, self.liked.cumsum())[self.first]
        )
        by_time = np.flatnonzero(self.liked)[np.argsort(self.time[self.liked], kind="stable")]
        self.urn, self.urn_time = self.film[by_time], self.time[by_time]
        self._rated = np.sort(self.film * _TIME + self.time)
        self._liked = np.sort((self.film * _TIME + self.time)[self.liked])
        self.year = films["year"].to_numpy().astype(np.int64)
        self.taken = Taken(self.user, self.film, self.time, len(films))

    def split(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places of likes to learn from, to choose by, to be judged on."""
        at = np.flatnonzero(self.liked)
        now, film = self.time[at], self.film[at] * _TIME
        known = np.searchsorted(self._liked, film + now) > np.searchsorted(self._liked, film)
        at = at[known & (np.searchsorted(self.urn_time, now) >= FIRST)]
        user = self.user[at]
        many = np.bincount(user)
        nth = np.arange(len(at)) - (np.cumsum(many) - many)[user]
        out, late, last = self.held_out[at], 10 * nth >= 7 * many[user], 10 * nth >= 8 * many[user]
        return at[~out & ~late], at[~out & late & ~last], at[np.where(out, nth < HELD_OUT, last)]

    def counters(self, film: np.ndarray, now: np.ndarray) -> np.ndarray:
        """NUMERIC of films [R, N] at moments [R]: [R, N, F]."""
        base, own = film * _TIME, film * _TIME + now[:, None]

        def count(kept: np.ndarray, since: np.ndarray) -> np.ndarray:
            return np.searchsorted(kept, own) - np.searchsorted(kept, since)

        likes, ratings = count(self._liked, base), count(self._rated, base)
        lately = count(self._liked, own - np.minimum(_YEAR_S, now)[:, None])
        year = self.year[film]
        age = np.where(year > 0, np.maximum(_year_of(now)[:, None] - year, 0), 0)
        return np.stack(
            [np.log1p(likes), np.log1p(ratings), (likes + 2) / (ratings + 4), np.log1p(lately), np.log1p(age)], axis=-1
        )


def _part(log: Log, products: ProductColumns, places: np.ndarray, *, ever: bool, rng: np.random.Generator) -> Examples:
    """Pages of likes. ever: without what the user rates later."""
    user, now = log.user[places], log.time[places]
    until = np.full(len(places), EVER) if ever else now
    high = np.searchsorted(log.urn_time, now)
    others = beside(
        log.urn, np.maximum(high - LATELY, 0), high, lambda at, film: ~log.taken.by(user[at], film, until[at]), rng=rng
    )
    items, clicked = in_any_order(log.film[places], others, rng=rng)
    past, there = newest(log.first[places], log.before[places])
    since = np.where(there, now[:, None] - log.time[past], 0)
    known = log.known[places]
    return examples_of_pages(
        products,
        items,
        clicked,
        log.counters(items, now),
        past=log.film[past],
        action=np.where(there, np.where(log.liked[past], 1, 2), 0),
        gap=np.where(there, gap_of(since * 1_000_000), 0),
        context=np.stack(
            [np.log1p(known), (log.likes_before[places] + 1) / (known + 2), np.log1p(since[:, 0] / 60)], axis=1
        ),
        user=user,
    )


def _start_of_run(change: np.ndarray) -> np.ndarray:
    return np.maximum.accumulate(np.where(change, np.arange(len(change)), 0))


def _year_of(time: np.ndarray) -> np.ndarray:
    return time.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970


def tables(ratings: Path, movies: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(ratings of films that are known, films with row, title, year and genres)."""
    rated = _table(ratings, {"userId": pl.Int64, "movieId": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64})
    films = _table(movies, {"movieId": pl.Int64, "title": pl.String, "genres": pl.String})
    films = films.sort("movieId").with_row_index("row")
    year = pl.col("title").str.extract(r"\((\d{4})[^()]*\)\s*$").cast(pl.Int64).fill_null(0)
    genres = pl.col("genres").fill_null("").str.split("|")
    films = films.select("row", "movieId", "title", year.alias("year"), genres)
    if not rated["rating"].is_between(LIKED, 5).any():
        raise EmptorError(f"{ratings} has no rating of {LIKED} to 5; expected such, which are what is learnt from")
    return rated, films


def _table(file: Path, columns: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    try:
        return pl.read_csv(file, schema_overrides=columns).select(list(columns)).drop_nulls()
    except (OSError, pl.exceptions.PolarsError) as error:
        told = str(error).splitlines()[0][:200]
        raise EmptorError(f"{file} cannot be read ({told}); expected CSV with columns {', '.join(columns)}") from None


def _products(films: pl.DataFrame, posters: Path) -> tuple[ProductColumns, dict[str, int]]:
    """(films by row, how many ids each field has)."""
    listed = films["genres"].to_list()
    names = sorted({name for own in listed for name in own} - {_NO_GENRE, ""})
    has = np.array([[name in own for name in names] for own in listed], bool).reshape(len(films), len(names))
    often = np.where([name == _NO_KIND for name in names], len(films) + 1, has.sum(0))
    kind = np.concatenate([np.where(has, often, len(films) + 2), np.full((len(films), 1), len(films) + 1)], axis=1)
    category = np.where(kind.min(1) <= len(films), kind.argmin(1) + 1, 0)
    year = films["year"].to_numpy().astype(np.int64)
    decades = np.unique(year[year > 0] // 10)
    columns = {
        "product": (np.arange(1, len(films) + 1), len(films) + 1),
        "category": (category, len(names) + 1),
        "decade": (np.where(year > 0, 1 + np.searchsorted(decades, year // 10), 0), len(decades) + 1),
        **{f"genre:{name}": (has[:, at].astype(np.int64), 2) for at, name in enumerate(names)},
    }
    fields = np.stack([np.append(own, 0) for own, _ in columns.values()], axis=1)
    known = year[year > 0]
    spread = known.std() if len(known) and known.std() > 0 else 1
    old = np.where(year > 0, np.clip((year - (known.mean() if len(known) else 0)) / spread, -4, 4), 0)
    own = np.concatenate([old[:, None], _pictures(films["movieId"].to_list(), posters, category)], axis=1)
    own = np.concatenate([own, np.zeros((1, own.shape[1]))]).astype(np.float32)
    number = np.append(numbers_of(str(name) for name in films["movieId"].to_list()), 0)
    return ProductColumns(fields, own, number), {name: many for name, (_, many) in columns.items()}


def _pictures(ids: list[int], posters: Path, category: np.ndarray) -> np.ndarray:
    """[P, PICTURE + 1]: numbers of posters beside their category's, and 1; zeros without one, as in a shop; all zeros
    where there are too few for a basis.
    """
    out = np.zeros((len(ids), PICTURE + 1))
    try:
        with zipfile.ZipFile(posters) as archive:
            names = {Path(name).stem: name for name in archive.namelist() if name.endswith(".jpg")}
            rows = [row for row, own in enumerate(ids) if str(own) in names]
            if len(rows) < LEAST:
                return out
            described = []
            for at in range(0, len(rows), _AT_ONCE):
                part = [pixels(archive.read(names[str(ids[row])])) for row in rows[at : at + _AT_ONCE]]
                described.append(describe(np.stack(part)))
    except (OSError, EOFError, zlib.error, ValueError, zipfile.BadZipFile) as error:
        raise EmptorError(f"{posters} cannot be read ({error}); expected a ZIP of posters, MOVIEID.jpg") from None
    whole = np.concatenate(described)
    vectors = PictureBasis.fit(whole, category[rows])(whole)
    out[rows, :-1] = np.clip(beside_category(vectors, category[rows]), -4, 4)
    out[rows, -1] = 1
    return out


def pixels(content: bytes) -> np.ndarray:
    """A poster as [SIDE, SIDE, 3] uint8, laid into the square as `ImageStore.pixels` does."""
    image = Image.open(BytesIO(content), formats=("JPEG",))
    image.draft("RGB", (SIDE, SIDE))
    flat = image.convert("RGB")
    longer = max(flat.size)
    flat = flat.resize((max(1, SIDE * flat.width // longer), max(1, SIDE * flat.height // longer)), reducing_gap=1.0)
    across, down = SIDE - flat.width, SIDE - flat.height
    around = ((down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0))
    return np.pad(np.asarray(flat), around, mode="edge")
