"""The recipe of retrieval: a log and a catalogue -> a network in two stages, see `models.losses`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from emptor.encoders.naming import Naming
from emptor.errors import EmptorError
from emptor.learn.fit import FitOptions, Fitted, fit
from emptor.learn.seeds import derive, numpy_rng, seeded
from emptor.retrieve.levels import measure
from emptor.retrieve.listings import Listings
from emptor.retrieve.looks import NUMBERS
from emptor.retrieve.models.backbone import BackboneNet
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.losses import as_gate_targets, rank_gain, stage_one, stage_two
from emptor.retrieve.models.named import NamedNet
from emptor.retrieve.models.registry import build
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.quality import recalls
from emptor.retrieve.samples import Pairs, Sample, Source, digest_of

_FEWEST = 20
"""Pairs without which there is nothing to learn."""
_POOL = 4_000
"""Products that validation looks among, beside those that were chosen."""
_ASKED = 400
"""Queries that validation asks."""
_MEASURED = 10_000
"""Pictures that the mean and the deviation of their numbers are taken from."""
_JUDGED_AMONG = 512
"""Pairs of a batch in which the picture's worth is measured: the more products, the finer a rank."""


class RetrievalOptions(BaseModel):
    """How a retriever is trained.

    Args:
        preset: of the network's sizes, see `models.registry`. sight: how pictures are read, see `looks`. epochs,
            second: of the first stage and of the second; 0 leaves the stage out. batch: pairs of a step. lr: of the
            first stage; the second has `slower` of it.
        together, near: what stands in a batch, see `samples.Source`. hard: hard negatives for each product.
        untold: share of products whose text is hidden in training, so that a picture alone is known, too.
        temperature, gate_weight: see `models.losses`. seed: of weights and order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str = "small"
    sight: str = NUMBERS
    epochs: int = Field(4, ge=0, le=100)
    second: int = Field(1, ge=0, le=100)
    patience: int = Field(2, ge=1)
    batch: int = Field(512, ge=4, le=8_192)
    lr: float = Field(3e-3, gt=0, le=1)
    slower: float = Field(0.2, gt=0, le=1)
    weight_decay: float = Field(1e-2, ge=0, le=1)
    together: int = Field(8, ge=1, le=1_024)
    near: float = Field(0.5, ge=0, le=1)
    hard: float = Field(0.25, ge=0, le=8)
    untold: float = Field(0.05, ge=0, lt=1)
    temperature: float = Field(1 / 15, gt=0, le=10)
    gate_weight: float = Field(0.1, ge=0, le=100)
    seed: int = Field(0, ge=0, lt=2**63)


@dataclass(frozen=True)
class Trained:
    """A network that was fitted, and its figures after each stage: of `asked` queries that nothing was learnt from,
    among a `pool` of products. The same queries stopped the training.
    """

    net: Retriever
    metrics: dict[str, float]
    history: list[dict[str, Any]]
    asked: int
    pool: int


def train_network(
    source: Source,
    pairs: Pairs,
    spec: InputSpec,
    *,
    model: str = "smar",
    network: Mapping[str, Any] | None = None,
    options: RetrievalOptions,
    naming: Naming | None = None,
    resume: Path | None = None,
) -> Trained:
    """Fit a network of `models.registry` to pairs.

    The first stage learns each of a product's vectors. What the picture is worth is then measured on queries that it
    has not seen, a share of them all, with the network as it is; the second stage teaches it to the gate, and the score
    as it is served to all. A network without a gate has the second stage as well: more steps alone must not look like
    the worth of a gate.

    Args:
        network: options of the network. naming: of spec.names words, what a network is given that looks at pictures.
        resume: folder of checkpoints.
    Raises: EmptorError for too few pairs, and an unknown model or option.
    """
    enough(pairs)
    with seeded(options.seed, "weights"):
        net = build(model, spec, preset=options.preset, **(network or {}))
    _seeing(getattr(net.towers, "image", None), source.listings, naming, seed=options.seed)
    inputs = [asdict(spec), digest_of(pairs), source.listings.digest]
    made_of = json.dumps([model, network or {}, inputs], sort_keys=True, default=list)
    run = _Run(net, source, pairs, options, resume, made_of)
    metrics: dict[str, float] = {}
    history: list[dict[str, Any]] = []
    if options.epochs:
        first = run.first()
        metrics |= {f"first stage: {name}": value for name, value in first.metrics.items()}
        history += first.history
    if options.second:
        second = run.second()
        history += second.history
    measure(net, source, run.learnt, seed=options.seed)
    return Trained(net.eval(), {**metrics, **run.validate(net)}, history, run.asked, run.pool)


def _seeing(image: nn.Module | None, listings: Listings, naming: Naming | None, *, seed: int) -> None:
    """Give the tower of pictures what is known of them before anything is learnt from choices.

    Raises: EmptorError where names are expected and there are none, or other ones.
    """
    if isinstance(image, NamedNet):
        if naming is None or len(naming.names) != len(image.naming.names):
            found = "none" if naming is None else f"{len(naming.names)} names"
            raise EmptorError(f"naming: {found}, the network expects {len(image.naming.names)}; learn them anew")
        image.naming.load_state_dict(naming.state_dict())
    elif isinstance(image, BackboneNet):
        rows = np.flatnonzero(listings.has_image)
        rows = np.sort(numpy_rng(seed, "measured").permutation(rows)[:_MEASURED])
        if len(rows):
            seen = listings.pictures[rows].astype(np.float32)
            image.measure(torch.from_numpy(seen.reshape(-1, seen.shape[-1])))


def enough(pairs: Pairs) -> None:
    """Raises: EmptorError for pairs that nothing can be learnt from."""
    if len(pairs) < _FEWEST:
        raise EmptorError(
            f"the log has {len(pairs)} pairs of a query and a product in the shop that was chosen for it; retrieval "
            f"needs at least {_FEWEST}: clicks must have the query that they followed"
        )


class _Run:
    """Both stages of one network."""

    def __init__(
        self,
        net: Retriever,
        source: Source,
        pairs: Pairs,
        options: RetrievalOptions,
        resume: Path | None,
        made_of: str,
    ) -> None:
        self._net, self._source, self._options, self._resume, self._made_of = net, source, options, resume, made_of
        held = pairs.validated
        self.learnt = pairs.of(~held)
        self._of_gate = pairs.of(pairs.of_gate)
        self._of_first = pairs.of(~held & ~pairs.of_gate)
        validated = pairs.of(held)
        if not len(validated) or not len(self._of_first):
            raise EmptorError(
                f"of {len(np.unique(pairs.query))} queries, {len(np.unique(validated.query))} are left to validate on; "
                "retrieval needs more different queries: log more of them"
            )
        rng = numpy_rng(options.seed, "validation")
        asked = np.unique(validated.query)
        chosen = np.zeros(len(pairs.queries), bool)
        chosen[rng.permutation(asked)[:_ASKED]] = True
        self._validated = validated.of(chosen)
        others = rng.permutation(len(source.listings))[:_POOL]
        self._pool = np.unique(np.concatenate([self._validated.row, others]))
        self.asked, self.pool = int(chosen.sum()), len(self._pool)

    def validate(self, net: Retriever) -> dict[str, float]:
        """Recalls, and their mean, which stops training: one depth alone is soon met by all of a small catalogue."""
        found = recalls(net, self._source, self._validated, pool=self._pool)
        return {"recall": sum(found.values()) / len(found), **found}

    def first(self) -> Fitted[Retriever]:
        options = self._options

        def loss(net: Retriever, sample: Sample, at: int) -> dict[str, torch.Tensor]:
            return stage_one(net, net(sample.batch), sample.batch, temperature=options.temperature)

        return self._fit("first", self._of_first, loss, epochs=options.epochs, lr=options.lr)

    def second(self) -> Fitted[Retriever]:
        options = self._options
        worth = torch.from_numpy(self.worth())
        steps = options.second * -(-len(self.learnt) // options.batch)

        def loss(net: Retriever, sample: Sample, at: int) -> dict[str, torch.Tensor]:
            net.anneal(at / max(steps, 1))
            return stage_two(
                net,
                net(sample.batch),
                sample.batch,
                worth[sample.query],
                gate_weight=options.gate_weight,
                temperature=options.temperature,
            )

        return self._fit("second", self.learnt, loss, epochs=options.second, lr=options.lr * options.slower)

    @torch.no_grad()
    def worth(self) -> np.ndarray:
        """Whether the picture helps each query [Q], by the network as it is, on queries that it has not learnt from: 1,
        0, or NaN where that is not known. float32.
        """
        gain, many = np.zeros((2, len(self._of_gate.queries)))
        net = self._net.eval()
        for sample in self._source.batches(self._of_gate, size=_JUDGED_AMONG, seed=self._options.seed, epoch=0, hard=1):
            batch = sample.batch
            query, products = net.query(batch.query), net.products(batch)
            if products.text is None or products.both is None:
                break  # nothing to decide between
            by_text, by_both = query.vector @ products.text.T, query.vector @ products.both.T
            found = rank_gain(by_text, by_both, batch.positive, batch.target, products.there).numpy()
            known = np.isfinite(found)
            np.add.at(gain, sample.query.numpy()[known], found[known])
            np.add.at(many, sample.query.numpy()[known], 1)
        mean = np.where(many > 0, gain / np.maximum(many, 1), np.nan).astype(np.float32)
        return as_gate_targets(torch.from_numpy(mean)).numpy()

    def _fit(
        self,
        name: str,
        pairs: Pairs,
        loss: Callable[[Retriever, Sample, int], Mapping[str, torch.Tensor]],
        *,
        epochs: int,
        lr: float,
    ) -> Fitted[Retriever]:
        options = self._options
        steps = epochs * -(-len(pairs) // options.batch)

        def epoch_of(epoch: int) -> Iterator[Sample]:
            return self._source.batches(
                pairs,
                size=options.batch,
                seed=derive(options.seed, name),
                epoch=epoch,
                together=options.together,
                near=options.near,
                hard=options.hard,
                untold=options.untold,
            )

        fitting = FitOptions.cycled(
            steps=steps,
            metric="recall",
            epochs=epochs,
            patience=options.patience,
            lr=lr,
            weight_decay=options.weight_decay,
            seed=options.seed,
            inputs=f"{name} {self._made_of} {options.model_dump_json()}",
        )
        return fit(
            self._net,
            epoch_of,
            loss,
            options=fitting,
            validate=self.validate,
            resume=None if self._resume is None else self._resume / name,
            label=f"Training, {name} stage",
        )
