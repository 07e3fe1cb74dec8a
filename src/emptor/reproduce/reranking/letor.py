"""LightGBM's learning-to-rank example as lists: what a query's documents are like, and their grades from 0 to 4.

Source: the example `lambdarank` of LightGBM (MIT), 201 queries to learn from and 50 to be judged on, of 1 to 27
documents each. Nothing is known of who asks, of what the 300 features mean, of topics, or of any order the documents
were shown in.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.reproduce.ranking.public import needed
from emptor.reproduce.shops import first_line

FILES = tuple(f"lightgbm_rank.{part}.{kind}" for part in ("train", "test") for kind in ("gz", "query"))
VALIDATED = 0.2
"""Share of the queries of the training file that is cut off to choose by."""


@dataclass(frozen=True)
class GradedLists:
    """Lists of documents. features [L, N, F] float32, mask [L, N] bool, grade [L, N] int64; 0 where nothing is."""

    features: np.ndarray
    mask: np.ndarray
    grade: np.ndarray

    def __len__(self) -> int:
        return len(self.mask)

    def of(self, chosen: np.ndarray) -> GradedLists:
        """Some lists: places, or [L] bool."""
        return GradedLists(self.features[chosen], self.mask[chosen], self.grade[chosen])


@dataclass(frozen=True)
class Letor:
    """Lists to learn from, to choose by and to be judged on, all of the same N and F."""

    learnt: GradedLists
    validated: GradedLists
    tested: GradedLists


def load(folder: Path, *, seed: int) -> Letor:
    """The data set.

    Args: folder: with FILES. seed: of which queries of the training file are validated; what is tested is the other's.
    Raises: EmptorError for a file that is missing or cannot be read, and where queries and documents disagree.
    """
    train, train_query, test, test_query = needed(folder, FILES, what="LightGBM's learning-to-rank example")
    (learnt, grades), (tested, test_grades) = _documents(train, test)
    many, test_many = _sizes(train_query, len(learnt), train), _sizes(test_query, len(tested), test)
    width = int(max(many.max(), test_many.max()))
    whole = _lists(learnt, grades, many, width)
    later = np.zeros(len(whole), bool)
    later[numpy_rng(seed, "letor").permutation(len(whole))[: round(VALIDATED * len(whole))]] = True
    return Letor(whole.of(~later), whole.of(later), _lists(tested, test_grades, test_many, width))


def _documents(*files: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """(features [D, F] float32, grades [D] int64) of each file; a feature that a file does not name is 0 in it."""
    from sklearn.datasets import load_svmlight_file

    read = []
    for file in files:
        try:
            features, grades = load_svmlight_file(str(file), dtype=np.float32, zero_based=False)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise EmptorError(
                f"{file} cannot be read ({first_line(error)}); expected gzipped lines GRADE FEATURE:VALUE ..., "
                "features rising from 1"
            ) from None
        if not np.isfinite(features.data).all() or (grades < 0).any() or (grades % 1 != 0).any():
            raise EmptorError(
                f"{file} holds what is no number or no grade; expected finite features and grades 0, 1 ..."
            )
        read.append((features, grades.astype(np.int64)))
    width = max(features.shape[1] for features, _ in read)
    wide = []
    for features, grades in read:
        whole = np.zeros((features.shape[0], width), np.float32)
        whole[:, : features.shape[1]] = features.toarray()
        wide.append((whole, grades))
    return wide


def _sizes(file: Path, documents: int, of: Path) -> np.ndarray:
    """[L] int64: documents of each query, as they stand one after the other."""
    try:
        many = np.array([int(line) for line in file.read_text().split()], np.int64)
    except (OSError, ValueError) as error:
        raise EmptorError(
            f"{file} cannot be read ({first_line(error)}); expected a count of documents a line"
        ) from None
    if (many < 1).any() or many.sum() != documents:
        raise EmptorError(
            f"{file} counts {many.sum()} documents, expected the {documents} of {of.name}, from 1 a query"
        )
    return many


def _lists(features: np.ndarray, grades: np.ndarray, many: np.ndarray, width: int) -> GradedLists:
    mask = np.arange(width) < many[:, None]
    dense, grade = np.zeros((*mask.shape, features.shape[1]), np.float32), np.zeros(mask.shape, np.int64)
    dense[mask], grade[mask] = features, grades
    return GradedLists(dense, mask, grade)
