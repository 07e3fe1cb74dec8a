"""Does a pre-ranker that learned from shown products only suffer, and only where its pool holds kinds never shown?

The logging policy never answers a search with another category than the one asked for. On: half of each pool is of
other categories of the department (unexposed .5). Off: none. A two-tower model is trained on what was on the screen;
on the same and unexposed products of the pools as weak negatives; on a log of as many products of random pages.
Control: weak negatives of the category that was asked for only. hit@30: share of the pool's true 20 best that are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.market_pairs.common import keep, pair, started, told
from benchmarks.market_pairs.items import WIDTH, Items, items_of
from benchmarks.market_pairs.logs import Log, Shuffled, logged
from benchmarks.market_pairs.ranking import means
from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.brands import BRANDS
from emptor.market.policies import Random
from emptor.market.world.products import SLOTS
from emptor.market.world.world import World

DAYS, TESTED = 14, 2
POOL, KEPT, BEST = 120, 30, 20
SPACE, VALUES = 32, 64
WEAK = 0.3
"""Weight of a weak negative, fixed beforehand; there are as many as products on the screen."""


class Matched(Shuffled):
    """The matching policy over the whole pool, unshuffled: the log of a shop with a perfect relevance stage."""

    def __init__(self, world: World) -> None:
        super().__init__(world, share=0.0, candidates=POOL)


@dataclass(frozen=True)
class Rows:
    """R products of P searches: page [R] int64, item [R] int64, clicked, weight [R] float32."""

    page: np.ndarray
    item: np.ndarray
    clicked: np.ndarray
    weight: np.ndarray

    def joined(self, other: Rows) -> Rows:
        return Rows(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__)
        )


class PreRanker(nn.Module):
    """Query and history on one side, the product on the other; they meet in a dot product only."""

    def __init__(self, items: Items) -> None:
        super().__init__()
        self.register_buffer("claimed", torch.from_numpy(_numbered(items.claimed, items.category)))
        for name in ("picture", "category", "brand"):
            self.register_buffer(name, torch.from_numpy(getattr(items, name)))
        self.register_buffer("price", torch.from_numpy(items.price)[:, None])
        count = SLOTS * VALUES * len(CATEGORIES) + 1
        self.said, self.asked = (nn.Embedding(count, SPACE, padding_idx=0) for _ in range(2))
        self.of_category, self.asks_category = (nn.Embedding(len(CATEGORIES) + 1, SPACE) for _ in range(2))
        self.of_brand, self.asks_brand = (nn.Embedding(len(BRANDS) + 1, SPACE) for _ in range(2))
        for own in (self.said, self.asked, *(getattr(self, f"of_{name}") for name in ("category", "brand"))):
            nn.init.normal_(own.weight, std=0.1)
        for own in (self.asks_category, self.asks_brand):
            nn.init.normal_(own.weight, std=0.1)
        self.content = nn.Linear(WIDTH + 1, SPACE)
        self.mix = nn.Sequential(nn.Linear(SPACE, SPACE), nn.ReLU(), nn.Linear(SPACE, SPACE))
        self.past = nn.Linear(SPACE, SPACE)
        self.bias = nn.Linear(SPACE, 1)

    def products(self) -> torch.Tensor:
        """[P, SPACE]"""
        own = self.said(self.claimed).sum(1) + self.of_category(self.category) + self.of_brand(self.brand)
        own = own + self.content(torch.cat([self.picture, self.price], 1))
        return own + self.mix(own)

    def searches(
        self,
        asked: torch.Tensor,
        category: torch.Tensor,
        brand: torch.Tensor,
        history: torch.Tensor,
        table: torch.Tensor,
    ) -> torch.Tensor:
        """asked [B, SLOTS], category, brand [B], 0 for none; history [B, H], -1 for none -> [B, SPACE]"""
        there = history >= 0
        padded = torch.cat([table, table.new_zeros(1, SPACE)])
        past = F.embedding(torch.where(there, history, len(table)), padded).sum(1)
        past = past / there.sum(1, keepdim=True).clamp(min=1)
        return self.asked(asked).sum(1) + self.asks_category(category) + self.asks_brand(brand) + self.past(past)


def _numbered(values: np.ndarray, category: np.ndarray) -> np.ndarray:
    """One number for each value of each slot of each category [N, SLOTS] int64, 0 for none."""
    slots = np.arange(SLOTS)[None]
    number = (category[:, None].astype(np.int64) * SLOTS + slots) * VALUES + values + 1
    return np.where((values >= 0) & (category >= 0)[:, None], number, 0)


def _searches(world: World, log: Log) -> tuple[torch.Tensor, ...]:
    queries, own = world.queries, log.asked.query
    category = queries.category[own].astype(np.int64)
    return (
        torch.from_numpy(_numbered(queries.asked[own], category)),
        torch.from_numpy(category + 1),
        torch.from_numpy(queries.brand[own].astype(np.int64) + 1),
        torch.from_numpy(log.history.astype(np.int64)),
    )


def on_screen(log: Log) -> Rows:
    page, at = np.nonzero(log.on_screen)
    clicked = log.clicked[page, at].astype(np.float32)
    return Rows(page, log.rows[page, at].astype(np.int64), clicked, np.ones(len(page), np.float32))


def weak(world: World, items: Items, log: Log, *, alike: bool) -> Rows:
    """Products of the pools that were not shown, as many for each search as were on its screen.

    alike: of the category that was asked for only.
    """
    rng, parts = np.random.default_rng(3), []
    wanted = world.queries.category[log.asked.query]
    for day in np.unique(log.asked.day).tolist():
        pages = np.flatnonzero(log.asked.day == day)
        rows, shown = world.fitting(log.asked.rows(pages), POOL, day=day)
        for start in range(0, len(pages), 2_000):
            part = slice(start, start + 2_000)
            here, own = pages[part], rows[part]
            free = shown[part] & ~(own[:, :, None] == log.rows[here][:, None]).any(2)
            if alike:
                free &= items.category[own] == wanted[here][:, None]
            chance = np.where(free, rng.random(own.shape), 2.0)
            order = np.argsort(chance, axis=1)
            take = np.minimum(log.on_screen[here].sum(1), free.sum(1))
            view, at = np.nonzero(np.arange(own.shape[1])[None] < take[:, None])
            parts.append((here[view], own[view, order[view, at]]))
    page, item = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Rows(page, item, np.zeros(len(page), np.float32), np.full(len(page), WEAK, np.float32))


def learned(world: World, items: Items, log: Log, rows: Rows, *, epochs: int = 4) -> PreRanker:
    torch.manual_seed(0)
    net, rng = PreRanker(items), np.random.default_rng(0)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    searches = _searches(world, log)
    columns = [torch.from_numpy(own) for own in (rows.page, rows.item, rows.clicked, rows.weight)]
    for _ in range(epochs):
        order = torch.from_numpy(rng.permutation(len(rows.page)))
        for start in range(0, len(order), 4_096):
            page, item, clicked, weight = (own[order[start : start + 4_096]] for own in columns)
            table = net.products()
            own = table[item]
            score = (net.searches(*(each[page] for each in searches), table) * own).sum(1) + net.bias(own)[:, 0]
            loss = F.binary_cross_entropy_with_logits(score, clicked, weight=weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return net.eval()


@torch.no_grad()
def hits(net: PreRanker, world: World, test: Log, rows: np.ndarray, shown: np.ndarray, best: np.ndarray) -> float:
    """hit@30 over test searches; rows, shown [B, POOL], best [B, BEST] places."""
    table = net.products()
    asks = net.searches(*_searches(world, test), table)
    bias = net.bias(table)[:, 0]
    score = (torch.einsum("bd,bnd->bn", asks, table[torch.from_numpy(rows)]) + bias[torch.from_numpy(rows)]).numpy()
    kept = np.argsort(np.where(shown, -score, np.inf), axis=1)[:, :KEPT]
    return float((kept[:, :, None] == best[:, None]).any(1).mean())


def one(config: WorldConfig) -> dict[str, float]:
    world = World(config)
    items = items_of(world)

    def searches(policy: object, days: int) -> Log:
        log = logged(world, days=days, tested=TESTED, policy=policy)
        return log.pages(np.flatnonzero(log.asked.query >= 0))

    whole = told("log", lambda: searches(Matched(world), DAYS))
    log, test = whole.days(0, DAYS), whole.days(DAYS, DAYS + TESTED)
    by_chance = told("log of random pages", lambda: searches(Random(world, candidates=POOL), DAYS)).days(0, DAYS)
    seen, random = on_screen(log), on_screen(by_chance)
    size = min(len(seen.page), len(random.page))
    seen, random = (Rows(*(getattr(own, name)[:size] for name in own.__dataclass_fields__)) for own in (seen, random))
    test = test.pages(np.flatnonzero(test.asked.offset == 0)[:3_000])
    pools = [
        world.fitting(test.asked.rows(np.flatnonzero(test.asked.day == day)), POOL, day=day)
        for day in np.unique(test.asked.day).tolist()
    ]
    rows, shown = (np.concatenate(each) for each in zip(*pools, strict=True))
    truth = np.where(shown, world.attraction(test.asked, rows).attraction, -np.inf)
    best = np.argsort(-truth, axis=1)[:, :BEST]
    found = {"searches": float(len(log)), "products on screen": float(size), "test searches": float(len(test))}
    found["clicks, shown"], found["clicks, random"] = float(seen.clicked.sum()), float(random.clicked.sum())
    arms = {
        "shown only": (log, lambda: seen),
        "weak negatives": (log, lambda: seen.joined(weak(world, items, log, alike=False))),
        "weak negatives of the category": (log, lambda: seen.joined(weak(world, items, log, alike=True))),
        "random pages": (by_chance, lambda: random),
    }
    for name, (own, data) in arms.items():
        net = told(name, lambda own=own, data=data: learned(world, items, own, data()))
        found[name] = hits(net, world, test, rows, shown, best)
    print(f"# {config.hash} {found}", flush=True)
    return found


def main() -> None:
    run = started("preranking", seeds=4)
    base = {"users": run.sized(1_200, 800), "products": 8_000, "queries": 16_000, "days": DAYS}
    sides = {
        side: [
            WorldConfig.of("study", seed=seed, **base, catalogue={"churn": 0}, demand={"unexposed": share})
            for seed in run.seeds
        ]
        for side, share in (("on", 0.5), ("off", 0.0))
    }

    def gains(world: dict[str, float]) -> dict[str, float]:
        others = ("weak negatives", "weak negatives of the category", "random pages")
        return {f"{name} - shown only": world[name] - world["shown only"] for name in others}

    found: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            found[side].append(one(configs[at]))
        row = pair(
            "5 pre-ranking",
            claim="a pre-ranker trained on shown products only keeps fewer of the true best than with weak negatives",
            cause="the pool holds kinds that are never shown (demand.unexposed .5; 0 when off)",
            headline="weak negatives - shown only",
            on=[gains(own) for own in found["on"]],
            off=[gains(own) for own in found["off"]],
            worlds={side: configs[: at + 1] for side, configs in sides.items()},
            run=run,
            levels={side: means(own) for side, own in found.items()},
            note=f"hit@{KEPT} of the true {BEST} best of {POOL} (chance .25). Weak negatives weigh {WEAK}, as many as "
            "on the screen. The random log is as large in products on the screen. Towers get no feature that compares "
            "query and product, only the dot product.",
        )
        keep(run, "pairs", row)


if __name__ == "__main__":
    main()
