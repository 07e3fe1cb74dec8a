"""Pre-ranking that is trained again and again on what its own cut let through: whether exposure narrows.

    python benchmarks/prerank_rounds.py [--seeds 21 22] [--rounds 10] [--json docs/results/prerank_rounds.json]

One market where two candidates in five are of kinds that were not asked for. In round 0 the untrained cut serves; then
in each round a pre-ranker is trained on the log of all rounds so far and cuts what is found in the next, 240 to 60.
Behind it stands a ranking network that is trained on the same log each round, whatever the cut ("learnt"), or an order
by what titles and pictures promise, which never changes ("promise"). Visits do not depend on how content users were, so
that all rounds are as long. With exploration one place in ten of a page shows any of the found candidates instead.

Told of each round: clicks and orders a page view; the Gini coefficient of impressions over the products on sale, the
share of them that was shown at all, and the share of impressions that went to the tail of round 0 (those that had the
last third of its impressions); and, of the truly best 20, the share that the cut kept among the first 30.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import orjson

from emptor.evaluate.exposure import exposure
from emptor.evaluate.report import environment
from emptor.evaluate.sets import by_popularity, hit_rate, kept_of
from emptor.learn.compare import over_seeds
from emptor.learn.seeds import numpy_rng, seeded
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.pages import Pages as Shown
from emptor.market.record import Recorder
from emptor.market.streams import Draws, paired
from emptor.market.world.world import Happened, World
from emptor.prerank.models import build
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.samples import examples_of
from emptor.prerank.train import PrerankOptions, fit_preranker
from emptor.rank.data import read_pages
from emptor.rank.scale import Scale, batch_of, input_spec
from emptor.reproduce.method import method
from emptor.reproduce.preranking.market import ARMS, KEPT, Ranker, Requests, Staged
from emptor.reproduce.shops import Kept, catalogue, queries_of, rows_of_view
from emptor.reproduce.tuning import Choice
from emptor.shop.features import Described, Features, FeatureSpec, arrays_of
from emptor.shop.shop import Shop
from emptor.shop.view import View

MODELS = ("hccp", "exposed", "weak_negatives", "cut")
PRODUCTS, USERS = 6_000, 8_000
EXPLORED = 0.1
LEARNT_FROM, VALIDATED_ON = 8_000, 1_000
"""Requests of all rounds so far, drawn evenly."""
RANKED_FROM = 20_000
"""Pages of all rounds so far that a ranker is learnt from."""
EPOCHS = 2
_AT_ONCE = 128


@dataclass(frozen=True)
class Learnt:
    """A pre-ranker and a ranker, where either is learnt, and what they read a request with."""

    net: Preranker | None
    features: Features
    scale: Scale | None
    ranker: Ranker | None


class Round(Staged):
    """The cascade with a cut that is learnt, once there is one; counts what it shows."""

    name = "round"

    def __init__(self, world: World, *, explored: float) -> None:
        super().__init__(world)
        self.share, self.explored = 1.0, explored
        self.learnt: Learnt | None = None
        self._kinds: list[float] = []
        self.begin_round()

    def begin_round(self) -> None:
        """Forget the counts."""
        self.shown = np.zeros(len(self.world.products), np.int64)
        self.views = self.clicks = self.orders = 0
        self._kinds = []

    def __call__(self, asked: Asked) -> Shown:
        seed = self.world.config.seed
        rows, there = self.found(asked)
        match = self.score(asked, rows)
        before = self._cut(match, asked, rows, there)
        kept = kept_of(before, there, KEPT)
        behind = match
        if self.learnt is not None and self.learnt.ranker is not None:
            behind = self._ranked(asked, rows, kept)
        self._judge(asked, rows, there, before)
        self._trace(asked, rows, there, before, behind, kept)
        order = np.argsort(np.where(kept, -behind, np.inf), axis=1, kind="stable")
        skip = np.minimum(asked.offset, KEPT - PAGE)[:, None]
        order = np.take_along_axis(order, skip + np.arange(PAGE)[None], axis=1)
        shown = np.take_along_axis(kept, order, axis=1)
        if self.explored:
            # any candidate that is not on the page, each as likely
            draws, on_page = Draws(seed, "explored places"), np.zeros(there.shape, bool)
            np.put_along_axis(on_page, order, shown, axis=1)
            chance = draws.uniform(paired(asked.key[:, None], rows), 1)
            others = np.argsort(np.where(there & ~on_page, chance, np.inf), axis=1)[:, :PAGE]
            free = np.take_along_axis(there & ~on_page, others, axis=1)
            swapped = (draws.uniform(paired(asked.key[:, None], np.arange(PAGE)[None])) < self.explored) & shown & free
            order = np.where(swapped, others, order)
        return Shown.of(np.take_along_axis(rows, order, axis=1), shown)

    def hear(self, asked: Asked, pages: Shown, happened: Happened) -> None:
        """Count what was shown and what became of it."""
        np.add.at(self.shown, pages.rows[pages.shown], 1)
        self.views += len(asked)
        self.clicks += int(happened.read.clicked.sum())
        self.orders += int(happened.done.bought.sum())

    def figures(self, first: np.ndarray, day: int) -> dict[str, float]:
        """Of the round. first [P]: impressions of round 0."""
        on_sale = np.flatnonzero(self.world.products.alive(day))
        spread = exposure(self.shown[on_sale], by_popularity(first[on_sale])["tail"])
        return {
            "views": self.views,
            "clicks a view": self.clicks / self.views,
            "orders a view": self.orders / self.views,
            **{f"exposure: {name}": own for name, own in spread._asdict().items()},
            "true best kept@30": float(np.mean(self._kinds)),
        }

    def _cut(self, match: np.ndarray, asked: Asked, rows: np.ndarray, there: np.ndarray) -> np.ndarray:
        learnt = self.learnt
        if learnt is None or learnt.net is None:
            return np.where(there, self.cut_by(match, asked, rows), -np.inf)
        net, scale, columns = learnt.net, learnt.scale, learnt.features.products
        assert scale is not None

        def valued(described: Described) -> np.ndarray:
            found: np.ndarray = net(batch_of(arrays_of(columns, described), scale)).numpy()
            return found

        return np.where(there, self._by(valued, asked, rows, there), -np.inf)

    def _ranked(self, asked: Asked, rows: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """[B, FOUND]: what the ranker says of what is kept."""
        assert self.learnt is not None and self.learnt.ranker is not None
        some = np.argsort(~kept, axis=1, kind="stable")[:, :KEPT]
        own, there = np.take_along_axis(rows, some, axis=1), np.take_along_axis(kept, some, axis=1)
        out = np.full(rows.shape, -np.inf)
        np.put_along_axis(out, some, np.where(there, self._by(self.learnt.ranker, asked, own, there), -np.inf), axis=1)
        return out

    def _by(
        self, valued: Callable[[Described], np.ndarray], asked: Asked, rows: np.ndarray, there: np.ndarray
    ) -> np.ndarray:
        """What a network says of rows [B, N] of the world; far below all others of what the shop does not know."""
        assert self.learnt is not None
        features, world, parts = self.learnt.features, self.world, []
        of_view = rows_of_view(world, features)
        for start in range(0, len(asked), _AT_ONCE):
            own = slice(start, start + _AT_ONCE)
            users = [world.users.user_id[at] for at in asked.user[own].tolist()]
            queries = queries_of(world, asked.rows(np.arange(len(asked))[own]))
            known = there[own] & (of_view[rows[own]] >= 0)
            described = features.describe(
                users, queries, asked.now[own].astype(np.int64), np.maximum(of_view[rows[own]], 0), known
            )
            parts.append(np.where(known, valued(described), -1e9))
        return np.concatenate(parts)

    def _judge(self, asked: Asked, rows: np.ndarray, there: np.ndarray, before: np.ndarray) -> None:
        """Some of the requests by the truth."""
        some = np.flatnonzero(asked.offset == 0)[::8]
        if not len(some):
            return
        truth = self.world.attraction(asked.rows(some), rows[some].astype(np.int64)).attraction
        best = kept_of(truth, there[some], PAGE)
        self._kinds.append(hit_rate(kept_of(before[some], there[some], 30), best))


def learnt_from(
    shop: Path, world: World, log: Kept, policy: Round, model: str, choice: Choice | None, *, ranks: bool, seed: int
) -> Learnt:
    """What the log of all rounds so far teaches. choice: of the pre-ranker, none: it stays untrained. ranks: whether a
    ranker is learnt, too.
    """
    with Shop.open(shop) as opened:
        view, events = View(opened.view().generation), log.events().lazy()
        features = Features(view, FeatureSpec.of(view), events)
    pages = read_pages(events, features.rows)
    ranker = None
    if ranks:
        some = numpy_rng(seed, "ranked pages").permutation(len(pages))[:RANKED_FROM]
        ranker = Ranker(features, pages.take(np.sort(some)), seed=seed)
    if choice is None:
        return Learnt(None, features, None, ranker)
    requests = Requests(world, features, policy.traced)
    at = {request: place for place, request in enumerate(pages.request_id.tolist())}
    page = np.array([at.get(f"{key:016x}", -1) for key in requests.asked.key.tolist()], np.int64)
    drawn = numpy_rng(seed, "rounds").permutation(np.flatnonzero(page >= 0))[: LEARNT_FROM + VALIDATED_ON]
    parts = [
        examples_of(features, requests.stream(own, pages, page[own], None, seed=seed))
        for own in (np.sort(drawn[VALIDATED_ON:]), np.sort(drawn[:VALIDATED_ON]))
    ]
    scale = parts[0].scale(seed=seed)
    with seeded(seed, "weights"):
        net = build(model, input_spec(features.spec), **choice.network)
    options = PrerankOptions(**{**choice.training, "epochs": EPOCHS, "patience": EPOCHS}, seed=seed)
    return Learnt(fit_preranker(net, *parts, scale, options=options).net.eval(), features, scale, ranker)


def run(work: Path, seed: int, model: str, explored: float, behind: str, rounds: int) -> list[dict[str, float]]:
    """Figures of each round of one pre-ranker in one market."""
    import torch

    config = WorldConfig.of(
        "study",
        seed=seed,
        users=USERS,
        products=PRODUCTS,
        days=rounds + 1,
        demand={**ARMS["kinds nobody asked for"]["demand"], "loyalty": 0.0},
    )
    shop = work / f"rounds-{seed}-{PRODUCTS}-{rounds}"
    catalogue(shop, config)
    world, log = World(config), Kept()
    policy = Round(world, explored=explored)
    loop = Loop(world, policy, record=(recorder := Recorder(world, log)))
    choice = None if model == "cut" else method("hccp").tuned("market")[model]
    found, first = [], None
    for at in range(rounds + 1):
        policy.begin_round()
        with torch.inference_mode():
            loop.day(at)
        recorder.end(at)
        first = policy.shown.copy() if first is None else first
        found.append({"round": at, **policy.figures(first, at)})
        ranks = behind == "learnt"
        if (choice is not None or ranks) and at < rounds:
            policy.learnt = learnt_from(shop, world, log, policy, model, choice, ranks=ranks, seed=seed)
    return found


def together(runs: list[dict], *, last: int = 3) -> list[dict]:
    """Each pre-ranker over markets: the mean of the last rounds, and its change against the untrained cut without
    exploration in the same rounds of the same market.
    """
    found = []
    names = [name for name in runs[0]["rounds"][0] if name not in ("round", "views")]

    def of(run: dict, name: str) -> float:
        return float(np.mean([own[name] for own in run["rounds"][-last:]]))

    for key in dict.fromkeys((run["model"], run["explored"], run["behind"]) for run in runs):
        model, explored, behind = key
        own = [run for run in runs if (run["model"], run["explored"], run["behind"]) == key]
        untrained = ("cut", 0, behind)
        base = {run["seed"]: run for run in runs if (run["model"], run["explored"], run["behind"]) == untrained}
        row = {"model": model, "explored": explored, "behind": behind, "markets": len(own), "means": {}, "changes": {}}
        for name in names:
            row["means"][name] = float(np.mean([of(run, name) for run in own]))
            change = np.array([of(run, name) - of(base[run["seed"]], name) for run in own if run["seed"] in base])
            if len(change):
                over = over_seeds(change)
                ci95 = None if over.low is None else [over.low, over.high]
                row["changes"][name] = {"mean": float(change.mean()), "ci95": ci95}
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--explored", type=float, nargs="+", default=[0.0, EXPLORED])
    parser.add_argument("--behind", choices=("learnt", "promise"), nargs="+", default=["learnt", "promise"])
    parser.add_argument("--work", type=Path, help="where the catalogues are made and kept")
    parser.add_argument("--json", type=Path, help="runs that stand there already are not made again")
    args = parser.parse_args()
    runs = orjson.loads(args.json.read_bytes())["runs"] if args.json and args.json.exists() else []
    command = shlex.join(["python", "benchmarks/prerank_rounds.py", *sys.argv[1:]])
    with tempfile.TemporaryDirectory() as folder:
        for seed, behind, explored, model in product(args.seeds, args.behind, args.explored, args.models):
            about = {"seed": seed, "model": model, "explored": explored, "behind": behind}
            if any({name: own[name] for name in about} == about for own in runs):
                continue
            began = time.monotonic()
            own = run(args.work or Path(folder), seed, model, explored, behind, args.rounds)
            runs.append({**about, "rounds": own})
            told = ", ".join(f"{name} {value:.3f}" for name, value in own[-1].items())
            print(f"{about}: {told}; {time.monotonic() - began:.0f} s", flush=True)
            if args.json is not None:
                content = {"command": command, "env": environment(), "runs": runs, "together": together(runs)}
                args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


if __name__ == "__main__":
    main()
