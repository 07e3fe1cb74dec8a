"""MovieLens (ml-latest-small) with posters as lists to re-rank: a film that is liked next, among others drawn.

Source: Harper and Konstan, The MovieLens Datasets: History and Context (TiiS 2015).

- Each like, a rating of 4 and more, makes a list: the film, and 19 drawn by popularity up to that moment: each out of
  the last 5,000 likes of anybody before (see `ranking.movielens` for why not out of all). They stand in any order.
- Who is asked has not rated what is drawn: never, where lists are validated or tested; not by then, where they are
  learnt from (see `ranking.public`).
- A film's first like of all makes no list, as none such can be drawn beside it; nor do the first 2,000 likes, when
  hardly anything was known.
- Split: by time, at seconds: of the first 80% of lists the newest 10,000 are learnt from, a tenth is validated, the
  last tenth tested. Most users come once: the test is of 80 users, 19 of whom have lists that are learnt from, a tenth
  of its lists. So what is judged is how well a method does with new users, by what each has rated until then, and means
  over lists are means over few users. What is popular tells more there than it did before: likes so far order the
  tested lists with a GAUC of 0.62, the learnt with 0.57.
- Topics are genres, of which a film has several. A poster is PICTURE numbers by the basis that shops have, centred on
  all posters; films without one stay. Of the films on learnt lists 46% have one, on tested lists 31%: the posters were
  collected for an older set.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.progress import step
from emptor.reproduce.ranking.movielens import FILES, FIRST, LATELY, Log, pixels, tables
from emptor.reproduce.ranking.public import EVER, beside, in_any_order, needed
from emptor.shop.features.picture_basis import LEAST, PictureBasis
from emptor.shop.features.pictures import describe
from emptor.shop.features.spec import PICTURE

HISTORY = 30
"""Ratings that are known of a user, the newest."""
LEARNT, VALIDATED = 0.8, 0.1
"""Shares of lists, in time; the rest is tested."""
NEWEST = 10_000
"""Lists that are learnt from, at most: older ones say what was popular then, and a study trains thirty networks."""
NO_GENRES = ("(no genres listed)", "IMAX", "")
"""What stands among genres and is none."""
_AT_ONCE = 64


@dataclass(frozen=True)
class Films:
    """All films, by row. id [P] int64: MovieLens's; title [P] object: with the year; year [P] int64, 0 where unknown;
    genres [P, G] bool, of names `genre`; rarest [P] int64: the rarest of a film's genres, from 1, 0 without any; poster
    [P, PICTURE] float32, NaN without one.
    """

    id: np.ndarray
    title: np.ndarray
    year: np.ndarray
    genres: np.ndarray
    genre: tuple[str, ...]
    rarest: np.ndarray
    poster: np.ndarray

    @property
    def has_poster(self) -> np.ndarray:
        """[P] bool."""
        return ~np.isnan(self.poster).any(1)


@dataclass(frozen=True)
class FilmLists:
    """R lists of N films, rising in time.

    film [R, N] int64: rows; liked [R, N] bool, one a list. numeric [R, N, F] float32: of each film what
    `ranking.movielens.NUMERIC` names, of before the moment. user [R] int64, from 0; time [R] int64: UTC seconds. past
    [R, T] int64: rows of the films that the user had rated before that second, newest first, with stars [R, T] float32,
    0 where there are no more, and ago [R, T] int64: seconds since. known [R] int64: how many there were in all.
    """

    film: np.ndarray
    liked: np.ndarray
    numeric: np.ndarray
    user: np.ndarray
    time: np.ndarray
    past: np.ndarray
    stars: np.ndarray
    ago: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        return len(self.film)


@dataclass(frozen=True)
class MovieLens:
    """Films, and lists to learn from, to choose by and to be judged on."""

    films: Films
    learnt: FilmLists
    validated: FilmLists
    tested: FilmLists


def load(folder: Path, *, seed: int, history: int = HISTORY, newest: int = NEWEST) -> MovieLens:
    """The data set, see above.

    Args:
        folder: with FILES. seed: of the films that are drawn; the split does not depend on it. history: T.
        newest: lists that are learnt from, at most.
    Raises: EmptorError for a file that is missing or cannot be read, and where there are too few likes.
    """
    with step("Reading MovieLens", None):
        ratings, movies, posters = needed(folder, FILES, what="MovieLens with posters (ml-latest-small)")
        rated, listed = tables(ratings, movies)
        rated = rated.join(listed, on="movieId", how="semi")
        log, stars = Log(rated, listed), _stars(rated)
        films = _films(listed, posters)
    with step("Making lists", None):
        places = _split(log)
        if not min(map(len, places)):
            raise EmptorError(
                f"{ratings} has too few likes: the first {FIRST:,} make no lists, and of the later ones "
                f"{', '.join(str(len(own)) for own in places)} are left to learn from, choose by and be judged on"
            )
        places = (places[0][-newest:], *places[1:])
        learnt, validated, tested = (
            _lists(log, stars, own, ever=name != "learnt", history=history, rng=numpy_rng(seed, "reranking", name))
            for name, own in zip(("learnt", "validated", "tested"), places, strict=True)
        )
    return MovieLens(films, learnt, validated, tested)


def _stars(rated: pl.DataFrame) -> np.ndarray:
    """[E] float32: ratings in the order that the log has them."""
    return rated.sort("userId", "timestamp", "movieId")["rating"].to_numpy().astype(np.float32)


def _split(log: Log) -> tuple[np.ndarray, ...]:
    """Places of likes in the log that are learnt from, validated and tested, each rising in time."""
    first = np.full(len(log.films), EVER)
    np.minimum.at(first, log.film[log.liked], log.time[log.liked])
    at = np.flatnonzero(log.liked & (log.time > first[log.film]))
    at = at[np.searchsorted(log.urn_time, log.time[at]) >= FIRST]
    at = at[np.argsort(log.time[at], kind="stable")]
    ends = [log.time[at[int(share * len(at))]] for share in (LEARNT, LEARNT + VALIDATED)] if len(at) else []
    # a second is of one part: it is one page of ratings that was sent
    return tuple(np.split(at, np.searchsorted(log.time[at], ends)))


def _lists(
    log: Log, stars: np.ndarray, places: np.ndarray, *, ever: bool, history: int, rng: np.random.Generator
) -> FilmLists:
    """Lists of likes. ever: without what the user rates later."""
    user, now = log.user[places], log.time[places]
    until = np.full(len(places), EVER) if ever else now
    high = np.searchsorted(log.urn_time, now)
    others = beside(
        log.urn, np.maximum(high - LATELY, 0), high, lambda at, film: ~log.taken.by(user[at], film, until[at]), rng=rng
    )
    film, liked = in_any_order(log.film[places], others, rng=rng)
    past = log.before[places][:, None] - 1 - np.arange(history)
    there = past >= log.first[places][:, None]
    past = np.where(there, past, 0)
    return FilmLists(
        film=film,
        liked=liked,
        numeric=log.counters(film, now).astype(np.float32),
        user=user,
        time=now,
        past=np.where(there, log.film[past], 0),
        stars=np.where(there, stars[past], 0).astype(np.float32),
        ago=np.where(there, now[:, None] - log.time[past], 0),
        known=log.known[places],
    )


def _films(listed: pl.DataFrame, posters: Path) -> Films:
    genres = listed["genres"].to_list()
    names = tuple(sorted({name for own in genres for name in own} - set(NO_GENRES)))
    has = np.array([[name in own for name in names] for own in genres], bool).reshape(len(genres), len(names))
    # which of a film's genres tells most of it: the rarest
    rarest = np.where(has, has.sum(0), len(has) + 1).argmin(1) if names else np.zeros(len(has), np.int64)
    number, year = (listed[name].to_numpy().astype(np.int64) for name in ("movieId", "year"))
    category = np.where(has.any(1), rarest + 1, 0)
    title = np.array(listed["title"].to_list(), object)
    return Films(number, title, year, has, names, category, _posters(number.tolist(), posters, category))


def _posters(ids: list[int], posters: Path, category: np.ndarray) -> np.ndarray:
    """[P, PICTURE] float32, NaN without one; all NaN where there are too few for a basis."""
    out = np.full((len(ids), PICTURE), np.nan, np.float32)
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
    out[rows] = PictureBasis.fit(whole, category[rows])(whole)
    return out
