"""What every retrieval network is given: queries, products of text and picture, and who was chosen for what.

Shapes: Q queries, P products, n_q and n_t tokens, n image tokens of V values, S pixels a side.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch

from emptor.errors import EmptorError


@dataclass(frozen=True)
class InputSpec:
    """How wide the inputs are; follows from the tokenizer, the pictures and the catalogue.

    Args:
        words: ids of tokens (0 pads); queries and texts have the same.
        segments: ids of the fields of a text (title, category, brand, ...), counted from 0.
        side: S, where pictures are pixels. values: V, where they are frozen features of a backbone, or other numbers.
            One of the two. names: K, words of a Naming that reads those numbers; 0: there is none.
        categories: ids of categories (0 stands for unknown); only a gate over categories needs them.

    Raises: EmptorError for both or neither of side and values, and for names of pixels.
    """

    words: int
    segments: int = 3
    side: int | None = None
    values: int | None = None
    names: int = 0
    categories: int = 0

    def __post_init__(self) -> None:
        if (self.side is None) == (self.values is None):
            raise EmptorError(
                f"inputs: side {self.side} and values {self.values}: give one of them, side where pictures are pixels, "
                "values where they are features of a backbone"
            )
        if self.names and self.values is None:
            raise EmptorError(
                f"inputs: {self.names} names of pixels: names are read off numbers; give values, not side"
            )


@dataclass(frozen=True)
class ProductBatch:
    """P products.

    text [P, n_t] int64: CLS first, 0 pads; segments [P, n_t] int64: which field each token is of. has_text [P] bool;
    without text the row is CLS alone. pictures: pixels [P, 3, S, S] uint8, or features [P, n, V] float (n = 1: one
    pooled vector). has_image [P] bool; what `pictures` holds where it is False is never looked at. category [P] int64,
    or None.

    Raises: EmptorError where sizes disagree or a row does not begin with CLS.
    """

    text: torch.Tensor
    segments: torch.Tensor
    has_text: torch.Tensor
    pictures: torch.Tensor
    has_image: torch.Tensor
    category: torch.Tensor | None

    def __post_init__(self) -> None:
        sizes = {name: len(values) for name, values in self._products().items()}
        if len(set(sizes.values())) > 1:
            raise EmptorError(f"products: each tensor must have a row for each of them, found {sizes}")
        if self.segments.shape != self.text.shape:
            shapes = f"{tuple(self.segments.shape)}, not {tuple(self.text.shape)}"
            raise EmptorError(f"products: segments are {shapes}: each token of the text needs one")
        # on an accelerator it would have to wait for the answer; batches are made on the CPU
        if self.text.device.type == "cpu" and (self.text[:, :1] == 0).any():
            raise EmptorError("products: a text does not begin with CLS; it must, also where has_text is False")

    def _products(self) -> dict[str, torch.Tensor]:
        """What has one row for each product."""
        own = {field.name: getattr(self, field.name) for field in fields(ProductBatch)}
        return {name: values for name, values in own.items() if values is not None}

    def to(self, device: torch.device | str) -> Self:
        """The same batch elsewhere."""
        own: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: values.to(device) for name, values in own.items() if values is not None})

    @property
    def there(self) -> torch.Tensor:
        """[P] bool: whether there is text or picture at all."""
        return self.has_text | self.has_image

    @property
    def lacks(self) -> torch.Tensor:
        """[P] int64: 0 nothing (or both), 1 a picture, 2 a text."""
        return (self.has_text & ~self.has_image) + 2 * (self.has_image & ~self.has_text)


@dataclass(frozen=True)
class RetrievalBatch(ProductBatch):
    """Q queries and P products, among them every query's target; the others are its negatives.

    Products that nobody chose (hard negatives) are further rows. A product stands in the batch once, or `positive` is
    True of all its copies.

    query [Q, n_q] int64: CLS first, 0 pads. positive [Q, P] bool: known to fit, the target among them. target [Q]
    int64: the row of the product that was chosen. prior [P] float, or None: see losses.batch_loss.

    Raises: EmptorError where sizes disagree or a row does not begin with CLS.
    """

    query: torch.Tensor
    positive: torch.Tensor
    target: torch.Tensor
    prior: torch.Tensor | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted = (len(self.query), len(self.text))
        if self.positive.shape != wanted or self.target.shape != wanted[:1]:
            raise EmptorError(
                f"batch: {wanted[0]} queries and {wanted[1]} products, but positive is {tuple(self.positive.shape)} "
                f"and target {tuple(self.target.shape)}; expected {wanted} and {wanted[:1]}"
            )
        if self.query.device.type == "cpu" and (self.query[:, :1] == 0).any():
            raise EmptorError("batch: a query does not begin with CLS")
