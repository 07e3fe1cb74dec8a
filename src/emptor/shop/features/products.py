"""Products as columns of numbers: categorical fields as buckets, and what they are beside others of their category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.errors import EmptorError
from emptor.shop.category import split_path
from emptor.shop.features.hashing import buckets_of, numbers_of
from emptor.shop.features.picture_basis import beside_category
from emptor.shop.features.spec import FeatureSpec, pictures_of
from emptor.shop.view import View
from emptor.shop.vocabulary import Vocabulary

_ATTRIBUTE = "attribute:"


@dataclass(frozen=True)
class ProductColumns:
    """P products: rows of a view, and one row more at the end that stands for a product which is unknown.

    fields [P + 1, C] int64 buckets; own [P + 1, G] float32; number [P + 1] int64: see `hashing`, 0 for unknown.
    """

    fields: np.ndarray
    own: np.ndarray
    number: np.ndarray

    @property
    def nobody(self) -> int:
        """The row of an unknown product."""
        return len(self.fields) - 1


def product_columns(view: View, spec: FeatureSpec) -> ProductColumns:
    """Of all rows of a view.

    Raises: EmptorError where pictures are wanted on another basis than the generation has.
    """
    count = view.rows
    ids = numbers_of(view.product_ids(np.arange(count)))
    numbers = {
        "product": ids,
        "brand": _coded(view.brand, _words(view.brands)),
        "category": _coded(view.category, _words(view.categories)),
        "department": _coded(view.category, [next(iter(split_path(own)), "") for own in _words(view.categories)]),
    }
    attributes = _attributes(view, spec, count)
    columns = []
    for name, size in spec.fields.items():
        own = attributes[name] if name.startswith(_ATTRIBUTE) else numbers[name]
        columns.append(np.append(buckets_of(own, size), 0))
    own = np.concatenate([_own(view, count), *([_pictures(view, spec, count)] if spec.pictures else [])], axis=1)
    return ProductColumns(np.stack(columns, axis=1), own, np.append(ids, 0))


def _words(vocabulary: Vocabulary) -> list[str]:
    return [str(vocabulary[code]) for code in range(len(vocabulary))]


def _coded(codes: np.ndarray, names: list[str]) -> np.ndarray:
    """Numbers of names by code, 0 for code -1 or an empty name."""
    table = np.append(np.where([bool(own) for own in names], numbers_of(names), 0) if names else [], 0)
    return table.astype(np.int64)[codes]


def _attributes(view: View, spec: FeatureSpec, count: int) -> dict[str, np.ndarray]:
    """For each attribute field the number of each product's first value, 0 without one."""
    wanted = [name for name in spec.fields if name.startswith(_ATTRIBUTE)]
    found = {name: np.zeros(count, np.int64) for name in wanted}
    if not wanted or not len(view.attribute_codes):
        return found
    pairs = [own.partition("\x1f") for own in _words(view.attributes)]
    codes, counts = view.attributes_of(np.arange(count))
    owner = np.repeat(np.arange(count), counts)
    for name in wanted:
        numbers = numbers_of(value if f"{_ATTRIBUTE}{own}" == name else "" for own, _, value in pairs)
        mine = np.array([f"{_ATTRIBUTE}{own}" == name for own, _, _ in pairs])
        here = mine[codes]
        # written backwards: the first of several values stays
        found[name][owner[here][::-1]] = numbers[codes[here]][::-1]
    return found


def _own(view: View, count: int) -> np.ndarray:
    """[count + 1, G] float32: see `spec.OWN`."""
    price = np.asarray(view.price[:count], np.float64)
    known = np.isfinite(price) & (price > 0)
    log = np.log(np.where(known, price, 1))
    groups = np.asarray(view.category[:count], np.int64) + 1
    size = int(groups.max(initial=0)) + 1
    many = np.maximum(np.bincount(groups[known], minlength=size), 1)
    mean = np.bincount(groups[known], log[known], size) / many
    spread = np.bincount(groups[known], (log[known] - mean[groups[known]]) ** 2, size) / many
    # a category of one or two products has no spread of its own
    sd = np.sqrt((spread * many + 0.3 * 4) / (many + 4))
    beside = np.where(known, np.clip((log - mean[groups]) / sd[groups], -4, 4), 0)
    own = np.stack([beside, known], axis=1).astype(np.float32)
    return np.concatenate([own, np.zeros((1, own.shape[1]), np.float32)])


def _pictures(view: View, spec: FeatureSpec, count: int) -> np.ndarray:
    """[count + 1, PICTURE + 1] float32: numbers of pictures beside their category's, and 1; zeros without a picture."""
    there = pictures_of(view)
    if there != spec.pictures:
        told = "; ".join(spec.differences(spec.model_copy(update={"pictures": there})))
        raise EmptorError(
            f"the features are of pictures that generation {view.generation.number} describes in another way ({told}); "
            "train the model again"
        )
    assert view.generation.pictures is not None  # the spec names its basis
    vectors, _ = view.generation.pictures
    seen = np.flatnonzero(np.isfinite(vectors[:, 0]))
    category = np.asarray(view.category[seen], np.int64) + 1
    out = np.zeros((count + 1, vectors.shape[1] + 1), np.float32)
    out[seen, :-1] = np.clip(beside_category(vectors[seen].astype(np.float32), category), -4, 4)
    out[seen, -1] = 1
    return out
