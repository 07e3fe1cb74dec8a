"""Does a picture vector beside the title find more of what a query means, and only where titles leave things out?

Two towers learned from clicks: mean token vectors of the query; mean token vectors of the title, with or without a
straight map of the picture descriptor. On: titles leave out colour and pattern at .45. Off: never. The log is of pages
made from titles alone, so that no picture has chosen what could be clicked. Control of the same size: other products'
descriptors. Recall@50 of what truly is all that was asked for, by kind of query.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.market_pairs.common import keep, pair, started, told
from benchmarks.market_pairs.items import WIDTH, descriptors
from benchmarks.market_pairs.logs import Log, Shuffled, logged
from benchmarks.market_pairs.ranking import means
from emptor.market.config import WorldConfig
from emptor.market.world.listing import listings
from emptor.market.world.needs import grades
from emptor.market.world.queries import KINDS
from emptor.market.world.relevance import Relevance
from emptor.market.world.world import EPOCH, World

DAYS, SPACE, DEPTH = 20, 48, 50
EPOCHS, BATCH, NEAR = 4, 256, 8
PER_KIND = 250
_WORD = re.compile(r"[a-z0-9]+")


class ByTitle(Shuffled):
    """The matching policy of somebody who sees no pictures."""

    def __init__(self, world: World) -> None:
        super().__init__(world, share=0.1)
        blind = replace(world.products, pictured=np.zeros(len(world.products), bool))
        self._relevance = Relevance(blind, world.queries, grades(world.products))

    def score(self, asked: object, rows: np.ndarray) -> np.ndarray:
        match = super().score(asked, rows)
        at = np.flatnonzero(asked.query >= 0)
        seen = self.world.relevance.match(asked.query[at], rows[at], promised=True)
        match[at] += self._relevance.match(asked.query[at], rows[at], promised=True) - seen
        return match


class Towers(nn.Module):
    """pictures [P, WIDTH] or None: what stands beside the titles."""

    def __init__(self, words: int, pictures: np.ndarray | None) -> None:
        super().__init__()
        self.query = nn.EmbeddingBag(words, SPACE, mode="mean")
        self.title = nn.EmbeddingBag(words, SPACE, mode="mean")
        nn.init.normal_(self.query.weight, std=0.1)  # small against a step, so that all parts learn alike
        with torch.no_grad():
            self.title.weight.copy_(self.query.weight)  # the same word means about the same on both sides
        self.of_picture = nn.Linear(WIDTH, SPACE) if pictures is not None else None
        if pictures is not None:
            self.register_buffer("pictures", torch.from_numpy(pictures))
            nn.init.zeros_(self.of_picture.weight)  # at first a picture says nothing, and must not drown the title

    def queries(self, bags: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return F.normalize(self.query(*bags), dim=1)

    def products(self, rows: torch.Tensor, bags: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        own = self.title(*bags)
        if self.of_picture is not None:
            own = own + self.of_picture(self.pictures[rows])
        return F.normalize(own, dim=1)


class Words:
    """Texts as bags of numbered words."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def numbered(self, texts: list[str]) -> list[np.ndarray]:
        return [
            np.array([self.known.setdefault(word, len(self.known)) for word in _WORD.findall(text.lower())] or [0])
            for text in texts
        ]


def bags(texts: list[np.ndarray], rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    own = [texts[row] for row in rows.tolist()]
    starts = np.cumsum([0, *[len(each) for each in own[:-1]]])
    return torch.from_numpy(np.concatenate(own)), torch.from_numpy(starts)


def learned(
    queries: list[np.ndarray],
    titles: list[np.ndarray],
    words: int,
    pictures: np.ndarray | None,
    pairs: np.ndarray,
    category: np.ndarray,
) -> Towers:
    """Towers that tell the clicked product from those clicked elsewhere and from some of its own category.

    pairs [N, 2]: rows of query and product; category [P]: without negatives of the same category nothing but the
    category is learned.
    """
    torch.manual_seed(0)
    net, rng = Towers(words, pictures), np.random.default_rng(0)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    by_category = np.argsort(category, kind="stable")
    sizes = np.bincount(category)
    first = np.cumsum(sizes) - sizes
    for _ in range(EPOCHS):
        order = rng.permutation(len(pairs))
        for start in range(0, len(order) - BATCH // 2 + 1, BATCH):
            own = pairs[order[start : start + BATCH]]
            kind = category[own[:, 1]][:, None]
            near = by_category[first[kind] + rng.integers(0, sizes[kind], (len(own), NEAR))]
            every = np.concatenate([own[:, 1], near.ravel()])
            asked = net.queries(bags(queries, own[:, 0]))
            found = net.products(torch.from_numpy(every), bags(titles, every))
            score = asked @ found[: len(own)].T
            beside = torch.einsum("bd,bnd->bn", asked, found[len(own) :].view(len(own), NEAR, -1))
            same = np.concatenate([own[:, 1][:, None] == own[:, 1][None], near == own[:, 1:]], axis=1)
            np.fill_diagonal(same, False)
            score = (torch.cat([score, beside], 1) / 0.07).masked_fill(torch.from_numpy(same), -1e9)
            loss = F.cross_entropy(score, torch.arange(len(own)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return net.eval()


@torch.no_grad()
def recalls(net: Towers, world: World, queries: list[np.ndarray], titles: list[np.ndarray]) -> dict[str, float]:
    """Recall@50 of grade 3, of as many as could be among 50, by kind of query."""
    rng = np.random.default_rng(1)
    every = np.arange(len(titles))
    products = net.products(torch.from_numpy(every), bags(titles, every)).numpy()
    found = {}
    for kind, name in enumerate(KINDS):
        rows = np.flatnonzero(world.queries.kind == kind)
        rows = rng.permutation(rows)[:PER_KIND]
        if not len(rows):
            continue
        right = np.stack([world.relevance.grades_of_all(int(row)) == 3 for row in rows])
        rows, right = rows[right.any(1)], right[right.any(1)]
        score = net.queries(bags(queries, rows)).numpy() @ products.T
        top = np.argpartition(-score, DEPTH, axis=1)[:, :DEPTH]
        hits = np.take_along_axis(right, top, axis=1).sum(1)
        found[name] = float((hits / np.minimum(right.sum(1), DEPTH)).mean())
    found["all kinds"] = float(np.mean(list(found.values())))
    return found


def clicked(log: Log) -> np.ndarray:
    """[N, 2]: query and product of each click of a search."""
    page, at = np.nonzero(log.clicked & (log.asked.query >= 0)[:, None])
    return np.stack([log.asked.query[page], log.rows[page, at].astype(np.int64)], axis=1)


def one(config: WorldConfig) -> dict[str, float]:
    world = World(config)
    log = told("log", lambda: logged(world, days=DAYS, tested=0, policy=ByTitle(world)))
    pairs = clicked(log)
    words = Words()
    rows = np.arange(len(world.products))
    titles = words.numbered(
        [str(own["title"]) for own in listings(world.products, rows, seed=config.seed, epoch=EPOCH)]
    )
    queries = words.numbered(world.queries.text.tolist())
    pictures = descriptors(world.products, config.seed)
    others = pictures[np.random.default_rng(2).permutation(len(pictures))]
    kinds = world.products.category.astype(np.int64)
    found = {"clicks": float(len(pairs))}
    for name, own in (("text", None), ("text + picture", pictures), ("text + others' pictures", others)):
        net = told(name, lambda own=own: learned(queries, titles, len(words.known), own, pairs, kinds))
        for kind, value in recalls(net, world, queries, titles).items():
            found[f"{name}, {kind}"] = value
    print(f"# {config.hash} {found}", flush=True)
    return found


def main() -> None:
    run = started("retrieval", seeds=4)
    base = {"users": run.sized(5_000, 1_500), "products": 8_000, "queries": 16_000, "days": DAYS}
    sides = {
        side: [
            WorldConfig.of("study", seed=seed, **base, catalogue={"churn": 0, "omit_seen": omit}) for seed in run.seeds
        ]
        for side, omit in (("on", 0.45), ("off", 0.0))
    }
    found: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            found[side].append(one(configs[at]))
    kinds = [own.removeprefix("text, ") for own in found["on"][0] if own.startswith("text, ")]

    def gains(world: dict[str, float]) -> dict[str, float]:
        ours = {
            f"{kind}: text + picture - text": world[f"text + picture, {kind}"] - world[f"text, {kind}"]
            for kind in kinds
        }
        return ours | {
            f"{kind}: text + others' pictures - text": world[f"text + others' pictures, {kind}"]
            - world[f"text, {kind}"]
            for kind in ("visual", "all kinds")
        }

    row = pair(
        "4 retrieval with pictures",
        claim="a picture vector beside the title finds more of what visual queries ask for",
        cause="titles leave out colour and pattern (omit_seen .45; 0 when off)",
        headline="visual: text + picture - text",
        on=[gains(own) for own in found["on"]],
        off=[gains(own) for own in found["off"]],
        worlds=sides,
        run=run,
        levels={side: means(own) for side, own in found.items()},
        note=f"recall@{DEPTH} of grade 3 (of as many as fit), {PER_KIND} queries a kind, two towers from the clicks of "
        "pages that were made from titles alone. The picture vector is a noisy descriptor, no encoder's. Control: "
        "descriptors of other products. 'all kinds' is the mean over kinds, each alike.",
    )
    keep(run, "pairs", row)


if __name__ == "__main__":
    main()
