"""A deep interest network out of FuxiCTR's own layers, loader and loop, on the rows and with the widths of ours.

`pip install fuxictr` (2.3.10; it brings pandas and Ray) has no models, only what its models are made of. This one is
put together as its DIN is, with what ours does in the same place, but for our standardised space of products: a product
is the sum of its fields' embeddings, a behaviour has what was done and when added to it, attention ends in a softmax,
the target's product with the taste is joined, numbers are as they are, words are averaged.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fuxictr.features import FeatureMap
from fuxictr.pytorch.dataloaders import RankDataLoader
from fuxictr.pytorch.layers import DIN_Attention, FeatureEmbeddingDict, MLP_Block
from fuxictr.pytorch.models import BaseModel

from emptor.rank.examples import Examples
from emptor.rank.models import InputSpec
from emptor.rank.scale import Scale

logging.disable(logging.INFO)
_AT_ONCE = 16_384
WIDTH, WORD_WIDTH, ATTENTION, HIDDEN = 24, 16, [16], [128, 64]
"""As in `emptor.rank.models.DIN`."""


def columns(examples: Examples, scale: Scale, spec: InputSpec) -> dict[str, np.ndarray]:
    """Everything that was shown as a row of its own, by FuxiCTR's names of columns: the history goes with each."""
    parts: dict[str, list[np.ndarray]] = {}
    history, words = examples.asked.past.shape[1], examples.asked.words.shape[1]
    for sample in examples.batches(scale, size=_AT_ONCE, seed=0, epoch=0, shuffle=False):
        batch, owner = sample.batch, sample.batch.mask.nonzero()[:, 0]
        there = batch.mask
        request = torch.cat([batch.context, batch.searching[:, None].float()], 1)[owner]
        found: dict[str, np.ndarray] = {
            "numbers": torch.cat([batch.numeric[there], batch.own[there], request], 1).numpy(),
            "words": _padded(batch.words[owner].numpy(), words),
            "action": _padded(batch.action[owner].numpy(), history),
            "gap": _padded(batch.gap[owner].numpy(), history),
            "click": sample.click[there].numpy(),
        }
        for at, name in enumerate(spec.fields):
            found[_target(name)] = batch.product[there][:, at].numpy()
            found[_past(name)] = _padded(batch.past[owner][..., at].numpy(), history)
        for name, own in found.items():
            parts.setdefault(name, []).append(own)
    return {name: np.concatenate(own) for name, own in parts.items()}


def feature_map(spec: InputSpec, made: Mapping[str, np.ndarray], folder: Path) -> FeatureMap:
    """What the columns are, in FuxiCTR's terms."""
    own = FeatureMap("market", str(folder))

    def ids(size: int, **more: Any) -> dict[str, Any]:
        return {"type": "categorical", "source": "", "vocab_size": size, "padding_idx": 0, **more}

    def sequence(name: str, size: int, **more: Any) -> dict[str, Any]:
        return {**ids(size, **more), "type": "sequence", "max_len": made[name].shape[1]}

    features: dict[str, dict[str, Any]] = {}
    for name, size in spec.fields.items():
        features[_target(name)] = ids(size)
        features[_past(name)] = sequence(_past(name), size, share_embedding=_target(name))
    features["action"] = sequence("action", spec.actions)
    features["gap"] = sequence("gap", spec.gaps)
    pooled = {"embedding_dim": WORD_WIDTH, "feature_encoder": "layers.MaskedAveragePooling()"}
    features["words"] = sequence("words", spec.words, **pooled)
    wide = made["numbers"].shape[1]
    features["numbers"] = {"type": "embedding", "source": "", "pretrain_dim": wide, "embedding_dim": wide}
    own.features, own.labels, own.default_emb_dim = OrderedDict(features), ["click"], WIDTH
    own.num_fields = own.get_num_fields()
    own.set_column_index()
    return own


class FuxiDIN(BaseModel):
    """The network; FuxiCTR's loop trains it."""

    def __init__(self, features: FeatureMap, spec: InputSpec, *, lr: float, folder: Path) -> None:
        super().__init__(
            features, model_id="din", gpu=-1, verbose=0, model_root=str(folder), metrics=["AUC"], eval_steps=10**9
        )
        self.spec = spec
        self.embedding_layer = FeatureEmbeddingDict(
            features, WIDTH, embedding_initializer="partial(nn.init.normal_, std=0.1)"
        )
        self.attention = DIN_Attention(WIDTH, attention_units=ATTENTION, use_softmax=True)
        numbers = features.features["numbers"]["pretrain_dim"]
        size = 3 * WIDTH + 1 + numbers + WORD_WIDTH
        self.dnn = MLP_Block(
            size, hidden_units=HIDDEN, output_dim=1, output_activation="Sigmoid", batch_norm=True, bn_only_once=True
        )
        self.compile("adam", "binary_crossentropy", lr)
        self.reset_parameters()
        self.model_to_device()

    def forward(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        rows = self.get_inputs(inputs)
        vectors = self.embedding_layer(rows)
        target = sum(vectors[_target(name)] for name in self.spec.fields)
        past = sum(vectors[_past(name)] for name in self.spec.fields) + vectors["action"] + vectors["gap"]
        taste = self.attention(target, past, rows["action"].long() != 0)
        both = target * taste
        joined = torch.cat(
            [target, taste, both, both.sum(-1, keepdim=True), vectors["numbers"], vectors["words"]], dim=-1
        )
        return {"y_pred": self.dnn(joined)}

    def load_weights(self, checkpoint: str) -> None:
        """Its loop ends with the best checkpoint; there is one epoch, and nothing was kept."""


class Rival:
    """The network on a log, whose rows lie in its own kind of file.

    Args:
        folder: for the files. batch: rows a step. Of its loaders the one of npz without a worker beside it is the
            fastest: alone, it gives twice the rows a second of the one of parquet.
    """

    def __init__(
        self, spec: InputSpec, learnt: Examples, tested: Examples, scale: Scale, folder: Path, batch: int
    ) -> None:
        self._spec, self._folder = spec, folder
        for name, part in (("learnt", learnt), ("tested", tested)):
            made = columns(part, scale, spec)
            np.savez(folder / f"{name}.npz", **made)  # type: ignore[arg-type]
        self._features = feature_map(spec, made, folder)
        self._learnt = self._rows("learnt", batch, shuffle=True)

    def model(self, *, lr: float) -> FuxiDIN:
        """A new network."""
        return FuxiDIN(self._features, self._spec, lr=lr, folder=self._folder)

    def fit(self, model: FuxiDIN) -> None:
        """One epoch; its rows are in memory, as ours are."""
        model.fit(self._learnt, epochs=1)

    def logits(self, model: FuxiDIN) -> np.ndarray:
        """Of all that was shown on the test days, [M]."""
        chance = np.clip(model.predict(self._rows("tested", _AT_ONCE, shuffle=False)), 1e-9, 1 - 1e-9)
        return np.log(chance / (1 - chance))

    def _rows(self, name: str, batch: int, *, shuffle: bool) -> Any:
        loaded = RankDataLoader(
            self._features,
            stage="train",
            train_data=str(self._folder / f"{name}.npz"),
            batch_size=batch,
            shuffle=shuffle,
            num_workers=0,
        )
        return loaded[0]


def _target(name: str) -> str:
    return f"product_{name}".replace(":", "_")


def _past(name: str) -> str:
    return f"past_{name}".replace(":", "_")


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))
