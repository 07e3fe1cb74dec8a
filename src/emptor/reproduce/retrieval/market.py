"""The market's log and truth as a retrieval data set.

Users search pages that the market's own matching policy makes; it sees titles and pictures as a perfect engine would,
so the log has choices for queries that no title answers. What is learnt from is what they chose. What is judged is the
truth: a product fits a query where it is all that is asked for (grade 3), whatever its title says of it.

Queries that are judged were never learnt from, by their words. They are of the market's kinds, about as many of each;
a visual query asks for what the picture shows. A share of the products with a picture says nothing of itself: its title
and attributes are hidden, from words as from networks.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from emptor.assembly import Assembler
from emptor.learn.seeds import numpy_rng
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.policies import Matching
from emptor.market.record import Recorder
from emptor.market.world.products import SEEN
from emptor.market.world.queries import KINDS
from emptor.market.world.world import World
from emptor.progress import step
from emptor.reproduce.retrieval.data import RetrievalData, is_tested, part_of
from emptor.reproduce.retrieval.making import by_words, data_of, encoder, without_text
from emptor.reproduce.shops import Kept, catalogue
from emptor.retrieve.listings import listings_of, texts_of, tokenizer_of
from emptor.retrieve.looks import Numbers
from emptor.retrieve.models.registry import PRESETS
from emptor.retrieve.samples import asked, read_pairs
from emptor.shop.shop import Shop

ARMS: dict[str, dict[str, object]] = {
    "as it is": {},
    "titles say what is seen": {"catalogue": {"omit_seen": 0.0}},
    "pictures read perfectly": {},
}
"""The world, and the same with the cause switched off: no title leaves out a colour or a pattern. The last is the first
again, for networks that are told what a picture shows in the place of its numbers: what is lost before a fusion.
"""
PERFECT = "pictures read perfectly"
PRODUCTS, USERS, QUERIES, DAYS = 8_000, 20_000, 16_000, 14
UNTOLD = 0.05
"""Share of the products with a picture that say nothing of themselves."""
_PER_KIND = 200
_FITS = 3
"""The grade of a product that is all that is asked for."""


def config_of(seed: int, arm: str, *, users: int = USERS) -> WorldConfig:
    """The world of a seed and an arm."""
    sizes = {"products": PRODUCTS, "users": users, "queries": QUERIES, "days": DAYS}
    return WorldConfig.of("study", seed=seed, **{**sizes, **ARMS[arm]})


def load(folder: Path, config: WorldConfig, *, perfect: bool = False) -> RetrievalData:
    """The data set of a world.

    Args:
        folder: of the shop with its catalogue; made if it is not there. perfect: see ARMS.
    """
    catalogue(folder, config)
    world, kept = World(config), Kept(("user_id", "query", "action", "product_id"))
    recorder = Recorder(world, kept)  # type: ignore[arg-type]  # a log that only grows
    loop = Loop(world, Matching(world), record=recorder)
    with step("Users shop", total=config.days) as bar:
        for day in range(config.days):
            loop.day(day)
            recorder.end(day)
            bar.advance()
    with Shop.open(folder) as shop:
        view = shop.view()
        ids = view.product_ids(np.arange(view.rows))
        pairs = read_pairs(kept.events().lazy(), pl.DataFrame({"product_id": ids, "row": np.arange(view.rows)}))
        place = {product_id: at for at, product_id in enumerate(world.products.product_id.tolist())}
        rows = np.array([place[product_id] for product_id in ids], np.int64)
        pictured = world.products.pictured[rows]
        untold = pictured & (numpy_rng(config.seed, "untold").random(len(rows)) < UNTOLD)
        texts = without_text(texts_of(view.generation), untold)
        tokenizer = tokenizer_of(texts, [text for text in pairs.queries if not is_tested(text)])
        sizes = PRESETS["small"]
        listings = listings_of(texts, tokenizer, shop.images, length=sizes["text_tokens"], look=Numbers())
        if perfect:
            listings = replace(listings, pictures=shown_by(world, rows, listings.has_image))
        queries, fitting = _judged(world, rows)
        kind = world.queries.kind[queries]
        return data_of(
            listings,
            pairs,
            encoder(tokenizer, sizes["query_tokens"]),
            tokenizer,
            by_words(Assembler(shop).lexical(view), untold),
            tested=world.queries.text[queries].tolist(),
            fitting=fitting,
            kinds={name: kind == at for at, name in enumerate(KINDS) if (kind == at).any()},
            parts={
                "without a picture": part_of(fitting, ~pictured),
                "that say nothing": part_of(fitting, untold),
                "never chosen": part_of(fitting, ~np.isin(np.arange(len(rows)), pairs.row)),
            },
            seed=config.seed,
        )


def shown_by(world: World, rows: np.ndarray, has_image: np.ndarray) -> np.ndarray:
    """What pictures of products show, one vector each [P, 1, V] float32: the category, and the value of each attribute
    that can be seen, 1 at its place; all 0 without a picture.
    """
    products = world.products
    columns = [products.category[rows], *(products.values[rows, slot] for slot in SEEN)]
    parts = [(own[:, None] == np.arange(own.max(initial=0) + 1)) for own in columns]  # -1, not known, is nowhere
    return (np.concatenate(parts, axis=1) & has_image[:, None]).astype(np.float32)[:, None]


def _judged(world: World, rows: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """(queries that are judged, of each kind as many; of each, the places in `rows` that fit it)."""
    rng = numpy_rng(world.config.seed, "judged queries")
    tested = np.array([is_tested(asked(text)) for text in world.queries.text.tolist()], bool)
    queries: list[int] = []
    fitting: list[np.ndarray] = []
    for kind in range(len(KINDS)):
        found = 0
        for query in rng.permutation(np.flatnonzero(tested & (world.queries.kind == kind))).tolist():
            if found == _PER_KIND:
                break
            fits = np.flatnonzero(world.relevance.grades_of_all(query)[rows] >= _FITS)
            if len(fits):
                queries.append(query)
                fitting.append(fits)
                found += 1
    return np.array(queries), fitting
