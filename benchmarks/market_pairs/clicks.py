"""Click models that differ in one thing: what they make of a user's history.

All share one item space, standardised, in which products and histories are compared by their product (v * t) and its
sum; all have the same inputs, standardised, and the same head. Without these details no net uses a history at all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.market_pairs.examples import CROSSES, Examples
from benchmarks.market_pairs.items import WIDTH, Items
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.brands import BRANDS
from emptor.rank.quality import grouped_auc

SPACE = 24
_ATTENTION = 16


@dataclass(frozen=True)
class Shape:
    """A click model. history: "none", "mean" (pooled) or "target" (attention, as in DIN); crosses: made by hand."""

    name: str
    history: str = "none"
    width: int = 64
    crosses: bool = False


NONE = Shape("no history")
MEAN = Shape("mean pool", "mean")
WIDE = Shape("mean pool, wide", "mean", width=80)
TARGET = Shape("target attention", "target")
CROSSED = Shape("mean pool + 5 crosses", "mean", crosses=True)


class ClickNet(nn.Module):
    """Scores rows of Examples. weights: see `size`."""

    def __init__(self, shape: Shape, items: Items, dense: int) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("picture", torch.from_numpy(items.picture))
        self.register_buffer("price", torch.from_numpy(items.price)[:, None])
        self.register_buffer("category", torch.from_numpy(items.category))
        self.register_buffer("brand", torch.from_numpy(items.brand))
        self.of_content = nn.Linear(WIDTH + 1, SPACE)
        self.of_category = nn.Embedding(len(CATEGORIES), SPACE)
        self.of_brand = nn.Embedding(len(BRANDS), SPACE)
        for own in (self.of_category, self.of_brand):
            nn.init.normal_(own.weight, std=0.5)
        self.standard = nn.BatchNorm1d(SPACE, affine=False)
        inputs = SPACE + dense
        if shape.history != "none":
            inputs += 2 * SPACE + 1
        if shape.history == "target":
            self.to_target = nn.Linear(SPACE, _ATTENTION)
            self.to_past = nn.Linear(SPACE, _ATTENTION)
            self.to_both = nn.Linear(SPACE, _ATTENTION)
            self.to_weight = nn.Linear(_ATTENTION, 1)
        inputs += CROSSES if shape.crosses else 0
        self.head = nn.Sequential(
            nn.BatchNorm1d(inputs),
            nn.Linear(inputs, shape.width),
            nn.ReLU(),
            nn.Linear(shape.width, shape.width // 2),
            nn.ReLU(),
            nn.Linear(shape.width // 2, 1),
        )

    @property
    def size(self) -> int:
        """Weights beside the embeddings."""
        count = sum(own.numel() for own in self.parameters())
        return count - self.of_category.weight.numel() - self.of_brand.weight.numel()

    def forward(
        self,
        page: torch.Tensor,
        item: torch.Tensor,
        dense: torch.Tensor,
        crosses: torch.Tensor,
        history: torch.Tensor,
    ) -> torch.Tensor:
        """page, item [R]; dense [R, F]; crosses [R, C]; history [P, H], its rows numbered by `page` -> [R] logits."""
        table = self.of_content(torch.cat([self.picture, self.price], 1))
        table = self.standard(table + self.of_category(self.category) + self.of_brand(self.brand))
        target = F.embedding(item, table)
        parts = [target, dense]
        if self.shape.history != "none":
            there = history >= 0
            # one row more, all zero: nobody's past
            padded = torch.cat([table, table.new_zeros(1, SPACE)])
            past = F.embedding(torch.where(there, history, len(table)), padded)
            if self.shape.history == "mean":
                taste = (past.sum(1) / there.sum(1, keepdim=True).clamp(min=1))[page]
            else:
                taste = self._attended(target, past, there, page)
            both = target * taste
            parts += [taste, both, both.sum(1, keepdim=True)]
        if self.shape.crosses:
            parts.append(crosses)
        return self.head(torch.cat(parts, 1))[:, 0]

    def _attended(
        self, target: torch.Tensor, past: torch.Tensor, there: torch.Tensor, page: torch.Tensor
    ) -> torch.Tensor:
        """The past weighed for the target [R, SPACE]. Nothing in it may count: then weight goes to nobody's past."""
        own = past[page]
        # W (v * h) = (W diag v) h: no array of rows x past x SPACE has to be made for the product
        turned = target[:, :, None] * self.to_both.weight.T[None]
        hidden = torch.bmm(own, turned) + self.to_past(past)[page] + self.to_target(target)[:, None]
        score = self.to_weight(torch.relu(hidden))[..., 0].masked_fill(~there[page], -1e9)
        weight = torch.softmax(torch.cat([score, score.new_zeros(len(score), 1)], 1), 1)[:, :-1]
        return torch.bmm(weight[:, None], own)[:, 0]


def _pages(data: Examples, count: int) -> list[tuple[int, int, int, int]]:
    """Batches of whole pages of about `count` rows: first page, end page, first row, end row."""
    starts = np.searchsorted(data.page, np.arange(len(data.history) + 1))
    edges, found = [0], []
    while edges[-1] < len(data.history):
        end = int(np.searchsorted(starts, starts[edges[-1]] + count, side="right")) - 1
        edges.append(min(max(end, edges[-1] + 1), len(data.history)))
    for first, end in itertools.pairwise(edges):
        if starts[end] > starts[first]:
            found.append((first, end, int(starts[first]), int(starts[end])))
    return found


def _inputs(data: Examples, batch: tuple[int, int, int, int]) -> tuple[torch.Tensor, ...]:
    first, end, start, stop = batch
    return (
        torch.from_numpy(data.page[start:stop] - first),
        torch.from_numpy(data.item[start:stop]),
        torch.from_numpy(data.dense[start:stop]),
        torch.from_numpy(data.crosses[start:stop]),
        torch.from_numpy(data.history[first:end]),
    )


def trained(
    shape: Shape, items: Items, data: Examples, *, seed: int, epochs: int = 2, batch: int = 1024, rate: float = 2e-3
) -> ClickNet:
    """A model that has seen the examples `epochs` times, the pages of each batch together."""
    torch.manual_seed(seed)
    net = ClickNet(shape, items, data.dense.shape[1])
    batches = _pages(data, batch)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate, weight_decay=1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * len(batches), pct_start=0.1)
    clicked = torch.from_numpy(data.clicked.astype(np.float32))
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        for at in rng.permutation(len(batches)):
            own = batches[at]
            loss = F.binary_cross_entropy_with_logits(net(*_inputs(data, own)), clicked[own[2] : own[3]])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def scored(net: ClickNet, data: Examples, *, position: float = 1.5) -> np.ndarray:
    """Logits [R], the position fixed."""
    fixed = data.dense.copy()
    fixed[:, -1] = position
    data = Examples(data.page, data.item, fixed, data.crosses, data.clicked, data.history, data.past)
    return np.concatenate([net(*_inputs(data, own)).numpy() for own in _pages(data, 16_384)])


def logistic(train: Examples, test: Examples, items: Items) -> np.ndarray:
    """Scores [R] of a plain logistic regression without any history or cross: dense inputs, picture, category."""
    torch.manual_seed(0)

    def columns(data: Examples, rows: slice) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([data.dense[rows], items.picture[data.item[rows]]], 1))

    mean, sd = train.dense.mean(0), train.dense.std(0) + 1e-6
    width = train.dense.shape[1]
    weights = nn.Linear(width + WIDTH, 1)
    of_category, of_brand = nn.Embedding(len(CATEGORIES), 1), nn.Embedding(len(BRANDS), 1)
    optimiser = torch.optim.Adam([*weights.parameters(), *of_category.parameters(), *of_brand.parameters()], lr=0.01)
    clicked = torch.from_numpy(train.clicked.astype(np.float32))
    scale = (
        torch.from_numpy(np.r_[mean, np.zeros(WIDTH)].astype(np.float32)),
        torch.from_numpy(np.r_[sd, np.ones(WIDTH)].astype(np.float32)),
    )

    def score(data: Examples, rows: slice) -> torch.Tensor:
        item = torch.from_numpy(data.item[rows])
        category, brand = torch.from_numpy(items.category)[item], torch.from_numpy(items.brand)[item]
        linear = weights((columns(data, rows) - scale[0]) / scale[1])
        return (linear + of_category(category) + of_brand(brand))[:, 0]

    rng = np.random.default_rng(0)
    for _ in range(2):
        for at in rng.permutation(range(0, len(train), 4096)):
            rows = slice(int(at), int(at) + 4096)
            loss = F.binary_cross_entropy_with_logits(score(train, rows), clicked[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        fixed = test.dense.copy()
        fixed[:, -1] = 1.5
        own = Examples(test.page, test.item, fixed, test.crosses, test.clicked, test.history, test.past)
        return score(own, slice(0, len(test))).numpy()


def quality(score: np.ndarray, test: Examples) -> float:
    """GAUC by request."""
    return grouped_auc(score, test.clicked, test.page)[0]
