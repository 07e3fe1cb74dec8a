"""The recipe of the ranking stage: pages of the log and a network -> a model folder of the shop."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.fit import FitOptions, Fitted, fit
from emptor.learn.seeds import seeded, torch_rng
from emptor.learn.versions import put_model
from emptor.progress import step
from emptor.rank.data import LONGEST, Pages, read_pages
from emptor.rank.examples import Examples, Sample, examples_of, pages_of
from emptor.rank.loading import load_ranker
from emptor.rank.models import build, size
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.models.contrast import contrast
from emptor.rank.models.loss import ranking_loss
from emptor.rank.names import NAMES, TREES
from emptor.rank.quality import auc, grouped_auc, log_loss
from emptor.rank.scale import Scale, input_spec
from emptor.shop.features import Features
from emptor.shop.shop import Shop
from emptor.shop.view import View

STAGE = "rank"
_LEAST_VALIDATED = 0.05
_FEWEST = 20
"""Clicks without which there is nothing to learn."""


class TrainOptions(BaseModel):
    """How a ranker is trained.

    Args:
        epochs: at most; patience: validations without a better fit to clicks before it stops. batch: products a step.
        lr, weight_decay: of Adam. purchase_weight: of the purchase beside the click.
        position: whether what a place on the page brings is learnt apart, and left out of scores.
        seed: of weights and of the order of pages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(6, ge=1, le=100)
    patience: int = Field(2, ge=1)
    batch: int = Field(4_096, ge=32, le=200_000)
    lr: float = Field(2e-3, gt=0, le=1)
    weight_decay: float = Field(1e-4, ge=0, le=1)
    purchase_weight: float = Field(1.0, ge=0, le=100)
    position: bool = True
    seed: int = Field(0, ge=0, lt=2**63)


@dataclass(frozen=True)
class Trained:
    """A model that was trained: its folder, version, and figures on the validation day."""

    path: Path
    version: str
    metrics: dict[str, float]
    fitted: Fitted[Trainee]


@dataclass(frozen=True)
class Made:
    """What a model folder is made of. options: config.json's, that the network is built with. training: how it was
    learnt. size: a sentence for the card. files: further ones.
    """

    fitted: Fitted[Trainee]
    options: dict[str, Any]
    training: dict[str, Any]
    size: str
    files: dict[str, bytes] = field(default_factory=dict)


class Trainee(nn.Module):
    """A network with what a place on the page adds to any product's logits [61, 2]; no score has that.

    Args:
        examples: to learn from. Places begin with how often anything is clicked and bought, so that no network has to
            begin with learning that clicks are rare. position: whether places differ; else all keep that number.
    """

    def __init__(self, net: nn.Module, examples: Examples, *, position: bool) -> None:
        super().__init__()
        self.net = net
        self.of_place = nn.Embedding(LONGEST + 1, 2)
        shown, became = max(int(examples.mask.sum()), 1), examples.outcomes
        rates = np.array([(own.sum() + 0.5) / (shown + 1) for own in (became.clicked, became.bought)])
        with torch.no_grad():
            self.of_place.weight[:] = torch.from_numpy(np.log(rates / (1 - rates)).astype(np.float32))
        self.of_place.weight.requires_grad_(position)

    def at(self, position: torch.Tensor) -> torch.Tensor:
        """position [...] int64 -> [..., 2]."""
        own: torch.Tensor = self.of_place(position.clamp(max=LONGEST))
        return own

    @torch.no_grad()
    def offset(self, examples: Examples) -> np.ndarray:
        """What places add on average [2]: with it, logits of the network alone are those of chances."""
        return self.at(places_of(examples)).mean(0).numpy()


def places_of(examples: Examples) -> torch.Tensor:
    """Positions of all that was shown [M] int64, page by page."""
    return torch.from_numpy(examples.outcomes.position[examples.mask].astype(np.int64))


def split(pages: Pages) -> tuple[Pages, Pages]:
    """(to learn from, to validate on): without users who are held out, the last day of the log apart, with those after
    it where it has just begun; the last seventh of the pages where the log is of one day.

    Raises: EmptorError for a log that nothing can be learnt from.
    """
    own = pages.take(np.flatnonzero(~pages.held_out))
    if int(own.clicked.sum()) < _FEWEST:
        raise EmptorError(
            f"the log has {int(own.clicked.sum())} clicks on products that were logged as shown (and are in the shop); "
            f"a ranker needs at least {_FEWEST}: impressions and clicks must share a request_id"
        )
    last = last_day(own.day)
    learnt, validated = own.take(np.flatnonzero(~last)), own.take(np.flatnonzero(last))
    for name, part in (("to learn from", learnt), ("of the last day, to validate on", validated)):
        clicks = int(part.clicked.sum())
        if not clicks or clicks == int(part.mask.sum()):
            raise EmptorError(f"of the {len(part)} pages {name}, {'none' if not clicks else 'everything'} was clicked")
        if not (part.clicked.any(1) & (part.mask & ~part.clicked).any(1)).any():
            raise EmptorError(
                f"of the {len(part)} pages {name}, none has both products that were clicked and others: "
                "impressions that stood on one page must share its request_id"
            )
    return learnt, validated


def last_day(day: np.ndarray) -> np.ndarray:
    """[P] bool: pages of the last days [P] that make up a twentieth of all, rising."""
    for first in np.unique(day)[:0:-1]:
        last: np.ndarray = day >= first
        if last.mean() >= _LEAST_VALIDATED:
            return last
    return np.arange(len(day)) >= len(day) * 6 // 7


def train_ranker(
    shop: Shop,
    *,
    model: str = "awmoe",
    network: Mapping[str, Any] | None = None,
    options: TrainOptions | None = None,
    resume: Path | None = None,
) -> Trained:
    """Train a ranker on a shop's log and put it into `models/rank/MODEL/`; live under its name if none was.

    Args:
        model: of NAMES. network: its options, see MODELS and TreeOptions. resume: folder for checkpoints of a run that
            may be cut off; none for trees.
    Raises: EmptorError for an unknown model or option, and a log without anything to learn.
    """
    options, network = options or TrainOptions(), dict(network or {})
    if model not in NAMES:
        raise EmptorError(f"model: unknown {model!r}; known are {', '.join(NAMES)}")
    if model == TREES:
        from emptor.rank import trees_fit

        trees = trees_fit.read_options(network, options, resume)
    with step("Reading the log", None):
        features = Features.of(shop)
        parts = split(read_pages(shop.events.read(), features.rows))
    with step("Describing its pages", None):
        learnt, validated = (examples_of(features, part) for part in parts)
    scale = learnt.scale(seed=options.seed)
    inputs = input_spec(features.spec)
    if model == TREES:
        made = trees_fit.train_trees(inputs, learnt, validated, scale, trees=trees, options=options)
    else:
        run = orjson.dumps(
            [model, network, shop.events.last_seq(), features.spec.hash], option=orjson.OPT_SORT_KEYS
        ).decode()
        with seeded(options.seed, "weights"):
            net = build(model, inputs, **network)
        fitted = fit_ranker(net, learnt, validated, scale, options=options, resume=resume, run=run)
        made = Made(fitted, network, options.model_dump(), f"Weights beside embeddings: {size(net):,}.")
    metrics = {name: round(value, 6) for name, value in made.fitted.metrics.items()}
    config = {"method": model, "options": made.options, "features": features.spec.model_dump(mode="json")}
    scale = replace(scale, offset=made.fitted.net.offset(learnt))
    files = {
        "scale.json": orjson.dumps(scale.to_dict()),
        "training.json": orjson.dumps({**made.training, "history": made.fitted.history}, option=orjson.OPT_INDENT_2),
        **made.files,
    }
    card = _card(model, shop, learnt, validated, metrics, made.size)
    version, path = put_model(
        shop,
        STAGE,
        model,
        made.fitted.net.net,
        config,
        metrics,
        card,
        features.spec.hash,
        files=files,
        usable=lambda own: _usable(own, View(shop.view().generation)),
    )
    return Trained(path, version, metrics, made.fitted)


def fit_ranker(
    net: nn.Module,
    learnt: Examples,
    validated: Examples,
    scale: Scale,
    *,
    options: TrainOptions,
    resume: Path | None = None,
    run: str = "",
) -> Fitted[Trainee]:
    """Fit a network, in place, to examples; stopped early by how well it foretells the clicks on others.

    Args:
        run: whatever else decides it (network, log, features): checkpoints of another run are refused.
    """
    trainee = Trainee(net, learnt, position=options.position)

    def epoch_of(epoch: int) -> Iterator[Sample]:
        return learnt.batches(scale, size=options.batch, seed=options.seed, epoch=epoch)

    def loss(trainee: Trainee, sample: Sample, at: int) -> dict[str, torch.Tensor]:
        return losses(trainee, sample, at, purchase_weight=options.purchase_weight, seed=options.seed)

    steps = options.epochs * -(-len(learnt) // pages_of(learnt, options.batch))
    fitting = FitOptions.cycled(
        steps=steps,
        metric="click fit",
        epochs=options.epochs,
        patience=options.patience,
        lr=options.lr,
        weight_decay=options.weight_decay,
        seed=options.seed,
        inputs=f"{len(learnt)} pages {options.model_dump_json()} {run}",
    )
    return fit(
        trainee,
        epoch_of,
        loss,
        options=fitting,
        validate=lambda own: figures(own.net, validated, scale, place=own.at),
        resume=resume,
    )


def losses(trainee: Trainee, sample: Sample, at: int, *, purchase_weight: float, seed: int) -> dict[str, torch.Tensor]:
    """What a step minimises ("loss"), and its parts."""
    net, batch = trainee.net, sample.batch
    labels = torch.stack([sample.click, sample.purchase], dim=-1)
    place = trainee.at(sample.position)
    if not isinstance(net, AWMoE) or net.contrast_weight == 0:
        return {"loss": ranking_loss(net(batch) + place, labels, batch.mask, purchase_weight=purchase_weight)}
    inner = net.features(batch)
    own = ranking_loss(net.score(inner) + place, labels, batch.mask, purchase_weight=purchase_weight)
    found = contrast(net.gate, inner, sample.user, generator=torch_rng(seed, "contrast", at))
    return {"loss": own + net.contrast_weight * found.loss, "ranking": own.detach(), "gates alike": found.cosine}


@torch.no_grad()
def scored(net: nn.Module, examples: Examples, scale: Scale, *, size: int = 16_384) -> np.ndarray:
    """Logits [R, N, 2] of examples; padding is 0."""
    was = net.training
    net.eval()
    out = np.zeros((*examples.mask.shape, 2), np.float32)
    at = 0
    for sample in examples.batches(scale, size=size, seed=0, epoch=0, shuffle=False):
        logits = net(sample.batch).numpy()
        out[at : at + len(logits), : logits.shape[1]] = np.where(sample.batch.mask.numpy()[..., None], logits, 0)
        at += len(logits)
    net.train(was)
    return out


def figures(
    net: nn.Module,
    examples: Examples,
    scale: Scale,
    *,
    place: Callable[[torch.Tensor], torch.Tensor],
) -> dict[str, float]:
    """How well a network orders pages and how sure of it it is.

    Args:
        place: positions -> what they add, see Trainee. "click fit", which stops training, is the log likelihood with
            it: pages of a log stand in some cascade's order, and a network that must not know the places can only
            explain clicks beside them.
    """
    there = examples.mask
    logits, page = scored(net, examples, scale)[there], np.nonzero(there)[0]
    clicked, bought = examples.outcomes.clicked[there], examples.outcomes.bought[there]
    gauc, many = grouped_auc(logits[:, 0], clicked, page)
    added = place(places_of(examples)).numpy()[:, 0]
    found = {
        "click fit": -log_loss(logits[:, 0] + added, clicked),
        "click GAUC": gauc,
        "click AUC": auc(logits[:, 0], clicked),
        "pages with clicks": float(many),
    }
    if 0 < bought.sum() < len(bought):
        found["purchase AUC"] = auc(logits[:, 1], bought)
    return found


def _usable(path: Path, view: View) -> bool:
    try:
        load_ranker(path, view=view)
    except EmptorError:
        return False
    return True


def _card(
    model: str, shop: Shop, learnt: Examples, validated: Examples, metrics: Mapping[str, float], size: str
) -> str:
    lines = [
        f"# {model}, a ranker",
        "",
        f"Shop: {shop.options.name}. {size}",
        f"Learnt from {len(learnt):,} pages, {int(learnt.outcomes.clicked.sum()):,} clicks, "
        f"{int(learnt.outcomes.bought.sum()):,} purchases; validated on {len(validated):,} later pages,",
        f"{int(validated.outcomes.clicked.sum()):,} clicks. One user in ten is in neither.",
        "",
        f"Command: `{shlex.join(['emptor', *sys.argv[1:]])}`",
        "",
        *[f"- {name}: {value:.5g}" for name, value in metrics.items()],
    ]
    return "\n".join(lines) + "\n"
