"""A data set as every retriever is given it: what to learn from, and queries whose fitting products are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from emptor.encoders.naming import Naming
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.samples import Pairs, Source

DEPTH = 200
"""Products that are found for a query, by words or by a network."""
TESTED = 0.25
"""Share of the queries, by their words, that retrievers are judged on and nothing else is made of."""


@dataclass(frozen=True)
class Asked:
    """T queries that are asked of a catalogue of P products.

    ids [T, n_q] int32: as tokens. fitting: of each, rows that fit, rising. words [T, DEPTH] int64: rows that words
    find, best first, -1 padding.
    """

    ids: np.ndarray
    fitting: Sequence[np.ndarray]
    words: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class RetrievalData:
    """One retrieval data set.

    Args:
        spec: widths of what networks are given. source: where batches are cut from. naming: of pictures, learnt from
            all products that say something; None where there are too few. learnt: pairs of a query and a product;
            `train` keeps a tenth of their queries to validate by.
        validated: those queries, with what was chosen for them; what is chosen of a fusion is chosen on these.
        tested: queries that nothing is chosen by, with all that fits them. Their words were never learnt from.
        kinds: parts of the tested queries that are reported apart, name -> [T] bool.
        parts: of what fits, name -> for each tested query the rows that are reported apart, rising.
        about: figures of the data set, for the report.
    """

    spec: InputSpec
    source: Source
    naming: Naming | None
    learnt: Pairs
    validated: Asked
    tested: Asked
    kinds: Mapping[str, np.ndarray]
    parts: Mapping[str, Sequence[np.ndarray]]
    about: Mapping[str, float] = field(default_factory=dict)


def is_tested(text: str, share: float = TESTED) -> bool:
    """Whether retrievers are judged on a query; which follows from its words alone."""
    digest = blake2b(text.encode(), digest_size=8, person=b"tested").digest()
    return int.from_bytes(digest, "little") < share * 2**64


def padded(found: Sequence[np.ndarray], depth: int = DEPTH) -> np.ndarray:
    """Lists of rows as one array [T, depth] int64, -1 padding."""
    out = np.full((len(found), depth), -1, np.int64)
    for at, own in enumerate(found):
        out[at, : len(own)] = own[:depth]
    return out


def chosen_of(pairs: Pairs, queries: np.ndarray) -> list[np.ndarray]:
    """For queries [n], rising, the rows that were chosen for each."""
    first, last = (np.searchsorted(pairs.query, queries, side=side) for side in ("left", "right"))
    return [pairs.row[start:end] for start, end in zip(first, last, strict=True)]


def sizes(data: Source, learnt: Pairs, tested: Asked) -> dict[str, float]:
    """For `about`."""
    many = np.array([len(own) for own in tested.fitting])
    return {
        "products": len(data.listings),
        "products without a picture": int((~data.listings.has_image).sum()),
        "learnt: queries": len(np.unique(learnt.query)),
        "learnt: pairs": len(learnt),
        "tested: queries": len(tested),
        "tested: products that fit, mean": float(many.mean()),
        "tested: products that fit, median": float(np.median(many)),
    }


def part_of(fitting: Sequence[np.ndarray], mine: np.ndarray) -> list[np.ndarray]:
    """What fits each query, of some products [P] bool alone."""
    return [own[mine[own]] for own in fitting]
