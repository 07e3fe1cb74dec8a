"""From arrays to batches: numbers standardised as a model has learnt to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch

from emptor.rank.models.inputs import TASKS, InputSpec, RankBatch
from emptor.shop.features import ACTIONS, CONTEXT, GAPS, NUMERIC, Arrays, FeatureSpec


def input_spec(spec: FeatureSpec) -> InputSpec:
    """The widths that follow from a feature spec."""
    return InputSpec(
        fields=dict(spec.fields),
        actions=len(ACTIONS) + 1,
        gaps=GAPS,
        own=spec.own_width,
        numeric=len(NUMERIC),
        context=len(CONTEXT),
        words=spec.words,
    )


@dataclass(frozen=True)
class Scale:
    """Means and standard deviations that numbers are standardised by, and what makes logits those of chances: part of a
    model, learnt from its pages.

    numeric [2, F], context [2, X], offset [2] float32: added to the logits of click and purchase.
    """

    numeric: np.ndarray
    context: np.ndarray
    offset: np.ndarray = field(default_factory=lambda: np.zeros(len(TASKS), np.float32))

    @classmethod
    def of(cls, arrays: Arrays) -> Scale:
        """That of some pages."""
        parts = []
        for values in (arrays.numeric[arrays.mask], arrays.context):
            sd = values.std(0) if len(values) else np.zeros(values.shape[1])
            mean = values.mean(0) if len(values) else np.zeros(values.shape[1])
            # what never differed has weights that never learnt: it stays 0, whatever it is later
            parts.append(np.stack([mean, np.where(sd > 1e-4, sd, np.inf)]).astype(np.float32))
        return cls(*parts)

    def standardised(self, name: str, values: np.ndarray) -> np.ndarray:
        """numeric or context [..., width] in standard deviations from the mean, kept from running away: float32."""
        mean, sd = getattr(self, name)
        return np.clip((values - mean) / sd, -5, 5).astype(np.float32)

    def to_dict(self) -> dict[str, list[Any]]:
        """Plain values; a standard deviation of 0 stands for a number that never differed."""
        return {own.name: np.nan_to_num(getattr(self, own.name), posinf=0).tolist() for own in fields(self)}

    @classmethod
    def read(cls, content: dict[str, Sequence[Any]]) -> Scale:
        scale = cls(**{own.name: np.asarray(content[own.name], np.float32) for own in fields(cls)})
        for values in (scale.numeric, scale.context):
            values[1][values[1] == 0] = np.inf
        return scale


def batch_of(arrays: Arrays, scale: Scale) -> RankBatch:
    """Arrays as a batch, the numbers standardised and kept from running away."""
    columns = {own.name: getattr(arrays, own.name) for own in fields(arrays)}
    for name in ("numeric", "context"):
        columns[name] = scale.standardised(name, columns[name])
    columns["numeric"] = np.where(arrays.mask[..., None], columns["numeric"], np.float32(0))
    ready = {name: np.require(own, requirements=["C", "W"]) for name, own in columns.items()}
    return RankBatch(**{name: torch.from_numpy(own) for name, own in ready.items()})
