"""Real fashion products, each with its title and its picture, asked for by their attributes.

The set has no queries. They are made from what is known of products beside their titles: the article's type with its
colour, its use or whom it is for, in all combinations ("navy blue casual shirts men"). A product fits where it has all
that is asked for. Its title often names some of that, and seldom all.

- A query is out, of learning and of choosing, by its words: a quarter of the combinations. Its parts are known from
  others.
- A product of five is out, too: nobody ever chose it. A network could learn by heart what colour a title stands for,
  as every product is chosen under some query; what it makes of these is what it can read.
- Choices are drawn from what fits: 24 for a query at most, evenly. There are no mistaken clicks and no positions:
  this is easier than a log.
- A product's text is its title and the two broad categories that it stands in; type, colour, use, season and for whom
  are in no field.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl

from emptor.assembly import Assembler
from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.reproduce.retrieval.data import RetrievalData, is_tested, part_of
from emptor.reproduce.retrieval.making import by_words, data_of, encoder
from emptor.reproduce.shops import first_line, once
from emptor.retrieve.listings import listings_of, texts_of, tokenizer_of
from emptor.retrieve.looks import Numbers
from emptor.retrieve.models.registry import PRESETS
from emptor.retrieve.samples import asked, pairs_of
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

FILES = ("products.csv.gz", "images96x128.zip")
BESIDE = ("baseColour", "usage", "gender")
"""What is asked for beside the type."""
_ORDER = ("baseColour", "usage", "articleType", "gender")
_COLUMNS = ("id", "productDisplayName", "masterCategory", "subCategory", "articleType", *BESIDE)
_FEWEST = 2
"""Products that a combination has, or nobody asks for it."""
_CHOSEN = 24
_NEW = 0.2
"""Share of the products that nobody chose."""


def load(data: Path, *, work: Path, seed: int) -> RetrievalData:
    """The data set.

    Args:
        data: folder with FILES. work: where a shop with the products is made and kept. seed: of what was chosen; the
            queries and what fits them do not depend on it.
    Raises: EmptorError for a file that is missing or cannot be read.
    """
    products = _products(data)
    folder = work / f"fashion-{sum((data / name).stat().st_size for name in FILES)}"
    once(folder, lambda made: _shop(made, products, data))
    with Shop.open(folder) as shop:
        view = shop.view()
        ids = view.product_ids(np.arange(view.rows))
        ordered = pl.DataFrame({"id": ids}).join(products, on="id", how="left", maintain_order="left")
        queries, fitting, kinds = _queries(ordered)
        new = np.array([is_tested(product_id, _NEW) for product_id in ids], bool)
        rng = numpy_rng(seed, "chosen")
        texts, rows = [], []
        for query, own in zip(queries, fitting, strict=True):
            some = own[~new[own]]
            some = rng.permutation(some)[:_CHOSEN]
            texts += [query] * len(some)
            rows.append(some)
        pairs = pairs_of(texts, np.concatenate(rows))
        tested = [at for at, query in enumerate(queries) if is_tested(query) and len(fitting[at])]
        of_query = dict(zip(queries, fitting, strict=True))
        words = texts_of(view.generation)
        tokenizer = tokenizer_of(words, [query for query in queries if not is_tested(query)])
        sizes = PRESETS["small"]
        listings = listings_of(words, tokenizer, shop.images, length=sizes["text_tokens"], look=Numbers())
        judged = [fitting[at] for at in tested]
        kind = np.array([kinds[at] for at in tested])
        return data_of(
            listings,
            pairs,
            encoder(tokenizer, sizes["query_tokens"]),
            tokenizer,
            by_words(Assembler(shop).lexical(view), np.zeros(view.rows, bool)),
            tested=[queries[at] for at in tested],
            fitting=judged,
            kinds={name: kind == name for name in dict.fromkeys(kinds) if (kind == name).any()}
            | {"visual": np.char.find(kind.astype(str), "colour") >= 0},
            parts={
                "nobody chose": part_of(judged, new),
                "whose title leaves out some of it": [
                    own[_left_out([words.fields[0][row] for row in own], queries[at])]
                    for at, own in zip(tested, judged, strict=True)
                ],
            },
            seed=seed,
            # what fits and was not drawn is no miss, and what nobody could choose is not to be learnt as unwanted
            spared=lambda query: np.union1d(of_query[query], np.flatnonzero(new)),
        )


def _products(data: Path) -> pl.DataFrame:
    for name in FILES:
        if not (data / name).is_file():
            raise EmptorError(f"{data} has no {name}; expected the folder of fashion products with {', '.join(FILES)}")
    try:
        found = pl.read_csv(data / FILES[0], columns=list(_COLUMNS), infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EmptorError(
            f"{data / FILES[0]} cannot be read ({first_line(error)}); expected columns {', '.join(_COLUMNS)}"
        ) from None
    return found.with_columns(pl.col(name).fill_null("") for name in _COLUMNS)


def _shop(made: Path, products: pl.DataFrame, data: Path) -> None:
    listed = products.select(
        product_id="id", title="productDisplayName", category=pl.col("masterCategory") + "/" + pl.col("subCategory")
    )
    with Shop.create(made, name="Fashion") as shop:
        file = made / "products.csv"
        listed.write_csv(file)
        import_catalogue(shop, file, images=data / FILES[1])
        file.unlink()


def _queries(products: pl.DataFrame) -> tuple[list[str], list[np.ndarray], list[str]]:
    """(texts, each once, rising; of each the rows that fit, rising; of each its kind: what is asked for beside the
    type).
    """
    told = {"baseColour": "colour", "usage": "use", "gender": "for whom"}
    found: dict[str, tuple[np.ndarray, str]] = {}
    rows = products.with_row_index("row")
    for many in range(1, len(BESIDE) + 1):
        for beside in combinations(BESIDE, many):
            columns = [name for name in _ORDER if name in (*beside, "articleType")]
            named = rows.filter(pl.all_horizontal(pl.col(name) != "" for name in columns))
            for values, own in named.group_by(columns, maintain_order=True):
                query = asked(" ".join(map(str, values)))
                fits = own["row"].to_numpy().astype(np.int64)
                if len(fits) >= _FEWEST:
                    found[query] = (np.sort(fits), ", ".join(told[name] for name in beside))
    texts = sorted(found)
    return texts, [found[text][0] for text in texts], [found[text][1] for text in texts]


def _left_out(titles: list[str], query: str) -> np.ndarray:
    """[n] bool: titles without one of the query's words, whatever its ending."""
    wanted = [word.rstrip("s") for word in query.split()]
    return np.array([any(word not in asked(title) for word in wanted) for title in titles], bool)
