"""A stream whose cut hides good products among bad kinds: who learns from what was never shown tells them apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emptor.prerank.models import Level, PrerankBatch, build
from emptor.rank.models.inputs import InputSpec, RankBatch

KINDS, NEVER = 8, 4
"""Categories; those from NEVER on are retrieved and never shown."""
SPEC = InputSpec({"category": KINDS + 1}, actions=2, gaps=2, own=NEVER, numeric=2, context=1, words=KINDS + 2)


def stream(requests: int, seed: int) -> PrerankBatch:
    """Who asks for a kind chooses what is of it, and is shown that and others that are shown to some. Of what was
    dropped a third is of it, too; the rest is of a kind that nobody ever sees and that is alike in all but its name.
    """
    rng = np.random.default_rng(seed)
    asked = rng.integers(0, NEVER, requests)
    other = (asked[:, None] + rng.integers(1, NEVER, (requests, 4))) % NEVER
    shown = np.concatenate([np.repeat(asked[:, None], 2, 1), other], 1)
    hidden = np.concatenate([np.repeat(asked[:, None], 3, 1), np.repeat(asked[:, None] + NEVER, 6, 1)], 1)
    kind = np.concatenate([shown, hidden], 1)
    level = np.full(kind.shape, int(Level.DROPPED))
    clicked = (shown == asked[:, None]) & (rng.random(shown.shape) < 0.15)
    level[:, :6] = np.where(clicked, Level.CLICKED, Level.SHOWN)
    width = kind.shape[1]
    pool = rng.integers(0, KINDS, 40)

    def numbers(own: np.ndarray) -> torch.Tensor:
        """What is known of products beside their kind's name: the same of a kind and of its double."""
        return torch.from_numpy(
            (np.eye(NEVER)[own % NEVER] + rng.normal(0, 0.05, (*own.shape, NEVER))).astype(np.float32)
        )

    place = np.where(np.arange(width) < 6, np.arange(width), -1)
    return PrerankBatch(
        asked=RankBatch(
            product=torch.from_numpy(kind[..., None] + 1),
            own=numbers(kind),
            numeric=torch.zeros(requests, width, 2),
            mask=torch.ones(requests, width, dtype=torch.bool),
            past=torch.zeros(requests, 1, 1, dtype=torch.int64),
            past_own=torch.zeros(requests, 1, NEVER),
            action=torch.zeros(requests, 1, dtype=torch.int64),
            gap=torch.zeros(requests, 1, dtype=torch.int64),
            there=torch.zeros(requests, 1, dtype=torch.bool),
            words=torch.from_numpy(asked[:, None] + 1),
            context=torch.zeros(requests, 1),
            searching=torch.ones(requests, dtype=torch.bool),
        ),
        level=torch.from_numpy(level),
        place=torch.from_numpy(np.broadcast_to(place, kind.shape).copy()),
        number=torch.from_numpy(rng.integers(1, 10**9, kind.shape)),
        found=torch.zeros(requests, 0, dtype=torch.int64),
        pool_product=torch.from_numpy(pool[:, None] + 1),
        pool_own=numbers(pool),
        pool_number=torch.from_numpy(rng.integers(10**9, 2 * 10**9, 40)),
    )


def found_of_hidden(name: str, **options: object) -> float:
    """Of three good products among nine that were dropped, the share in the first three; a third is chance."""
    torch.set_num_threads(1)
    torch.manual_seed(4)
    net = build(name, SPEC, **options)
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3)
    for step in range(150):
        loss = net.loss(stream(64, step), step / 150)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    batch = stream(400, 10_000)
    with torch.no_grad():
        value = net.eval()(batch.asked)[:, 6:]
    first = value.argsort(1, descending=True)[:, :3]
    return float((first < 3).float().mean())


def test_a_margin_on_easy_negatives_keeps_hidden_products_higher_than_one_on_hard_ones() -> None:
    def gap(**options: object) -> float:
        torch.manual_seed(4)
        net = build("hccp", SPEC, alpha=0.0, beta=0.0, gamma=1.0, temperature=0.2, **options)
        optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3)
        for step in range(100):
            loss = net.loss(stream(64, step), 1.0)["loss"]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        batch = stream(400, 10_000)
        with torch.no_grad():
            output = net.eval().output(batch)  # type: ignore[operator]
            return float(output.alike[:, 6:].mean() - output.easy[output.counts].mean())

    assert gap(margin=0.5, margin_on="easy") > gap(margin=0.0) > gap(margin=0.5, margin_on="hard")


LEARNS = ("hccp", "infonce", "listwise")
"""Who sets choices, or an order, against what was dropped; to call it all unwanted is not enough."""


@pytest.mark.parametrize("name", [*LEARNS, "weak_negatives", "exposed", "cold", "distilled"])
def test_who_learns_from_what_was_dropped_tells_good_products_from_their_doubles(name: str) -> None:
    found = found_of_hidden(name)
    assert (found > 0.9) == (name in LEARNS), (name, found)
