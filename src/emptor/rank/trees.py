"""Gradient-boosted trees on the features of the networks: LightGBM, trained, scored and saved as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from emptor.errors import EmptorError
from emptor.rank.models.inputs import TASKS, InputSpec, RankBatch
from emptor.rank.models.layers import spread
from emptor.rank.names import TREES
from emptor.rank.trees_matrix import Columns


class TreeOptions(BaseModel):
    """How trees are learnt; clicks and purchases each have trees of their own.

    Args:
        trees: at most; stop_after: trees without a better fit to the validation before it stops.
        learning_rate: what each tree counts. leaves: of a tree. min_in_leaf: products. bins: of a number's values.
        features, rows: shares of columns and of products that each tree is given. l2: on the values of leaves.
        min_in_group: products that an id needs to be told from others; id_smooth: products with the mean's outcome that
            each id is given when ids are ordered; id_l2: on leaves that ids led to.
        threads: of learning. Scoring has one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    trees: int = Field(1_000, ge=1, le=20_000)
    stop_after: int = Field(50, ge=1)
    learning_rate: float = Field(0.05, gt=0, le=1)
    leaves: int = Field(31, ge=2, le=4_096)
    min_in_leaf: int = Field(200, ge=1)
    bins: int = Field(255, ge=3, le=65_535)
    features: float = Field(0.5, gt=0, le=1)
    rows: float = Field(0.8, gt=0, le=1)
    l2: float = Field(1.0, ge=0)
    min_in_group: int = Field(1_000, ge=1)
    id_smooth: float = Field(200.0, ge=0)
    id_l2: float = Field(20.0, ge=0)
    threads: int = Field(1, ge=1, le=256)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> TreeOptions:
        """Raises: EmptorError naming the option, and for an unknown one those there are."""
        for name in content:
            if name not in cls.model_fields:
                raise EmptorError(f"options: unknown {name!r}; known are {', '.join(cls.model_fields)}")
        try:
            return cls.model_validate(dict(content))
        except ValidationError as error:
            fault = error.errors()[0]
            raise EmptorError(f"options, {fault['loc'][0]}: {fault['msg']}, found {fault['input']!r}") from None


class Trees(nn.Module):
    """Scores click and purchase for ranking with one set of boosted trees each.

    Args:
        spec: see InputSpec. texts: of each of TASKS, in LightGBM's own format; "" scores 0.

    Shapes: RankBatch -> logits [B, N, 2].

    Source: Ke et al., LightGBM: A Highly Efficient Gradient Boosting Decision Tree (NeurIPS 2017).
    """

    def __init__(self, spec: InputSpec, texts: Mapping[str, str]) -> None:
        super().__init__()
        self.columns, self.texts = Columns(spec), dict(texts)
        self._boosters = [_booster(texts[task]) for task in TASKS]

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return spread(torch.from_numpy(self.of_rows(self.columns.of(batch))), batch.mask)

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """Rows [M, K] of `Columns` -> logits [M, 2] float32."""
        logits = np.zeros((len(rows), len(TASKS)), np.float32)
        for at, booster in enumerate(self._boosters):
            if booster is not None and len(rows):
                logits[:, at] = booster.predict(rows, raw_score=True, num_threads=1)
        return logits

    @property
    def counts(self) -> dict[str, int]:
        """How many trees there are of each task."""
        own = zip(TASKS, self._boosters, strict=True)
        return {task: booster.num_trees() if booster is not None else 0 for task, booster in own}

    @property
    def files(self) -> dict[str, bytes]:
        """What a model folder keeps of it, by file name."""
        return {f"{task}.txt": text.encode() for task, text in self.texts.items()}

    @property
    def sha256(self) -> dict[str, str]:
        """Of the files."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}


def read_trees(path: Path, spec: InputSpec, *, sha256: Mapping[str, str]) -> Trees:
    """The trees of a model folder.

    Args:
        sha256: of its files, as they were saved; LightGBM must not be given a text that was changed since.
    Raises: EmptorError for a file that is missing or changed, and where LightGBM is not installed.
    """
    texts = {}
    for task in TASKS:
        file = path / f"{task}.txt"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise EmptorError(f"{file}: cannot be read ({error.strerror}); train the model again") from error
        if hashlib.sha256(content).hexdigest() != sha256.get(file.name):
            raise EmptorError(f"{file}: changed since it was saved (its sha256 is another): restore it")
        texts[task] = content.decode()
    return Trees(spec, texts)


def lightgbm_package() -> Any:
    """The package. Raises: EmptorError where it is not installed, or cannot be loaded."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:  # OSError: its library lacks another one
        raise EmptorError(
            f"model {TREES} needs the package lightgbm ({error}); install it: pip install 'emptor[trees]'"
        ) from error
    return lightgbm


def _booster(text: str) -> Any:
    return lightgbm_package().Booster(model_str=text) if text else None
