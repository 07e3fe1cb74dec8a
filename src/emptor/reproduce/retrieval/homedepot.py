"""Home Depot's judged searches: real queries, misspelt as people type, and products of one text field, no pictures.

Half of the queries, by their words, are learnt from: a product that its raters graded 2.33 or more (of 1 to 3) counts
as chosen. The other half is tested. Some six products are judged for a query, and one that nobody judged is not one
that does not fit: recall counts the judged ones, nothing is known of the rest, and what words find is no hard negative.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from emptor.assembly import Assembler
from emptor.errors import EmptorError
from emptor.reproduce.retrieval.data import RetrievalData
from emptor.reproduce.retrieval.making import by_words, data_of, encoder
from emptor.reproduce.shops import first_line, once
from emptor.retrieve.listings import listings_of, texts_of, tokenizer_of
from emptor.retrieve.looks import Numbers
from emptor.retrieve.models.registry import PRESETS
from emptor.retrieve.samples import asked, pairs_of
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

FILES = ("pairs.csv.gz",)
_FITS = 2.33
_COLUMNS = ("product_uid", "product_title", "search_term", "relevance")


def load(data: Path, *, work: Path, seed: int) -> RetrievalData:
    """The data set.

    Args:
        data: folder with FILES. work: where a shop with the products is made and kept. seed: of nothing here.
    Raises: EmptorError for a file that is missing or cannot be read.
    """
    judged = _pairs(data)
    folder = work / f"homedepot-{(data / FILES[0]).stat().st_size}"
    once(folder, lambda made: _shop(made, judged))
    with Shop.open(folder) as shop:
        view = shop.view()
        ids = view.product_ids(np.arange(view.rows))
        fits = judged.filter(pl.col("relevance") >= _FITS).join(
            pl.DataFrame({"product_uid": ids, "row": np.arange(view.rows)}), on="product_uid"
        )
        terms = pl.Series("query", [asked(text) for text in fits["search_term"].to_list()], dtype=pl.String)
        fits = fits.select("row").with_columns(terms).unique(maintain_order=True)  # terms that differ may be one query
        pairs = pairs_of(fits["query"].to_list(), fits["row"].to_numpy())
        out = np.array([is_second(text) for text in pairs.queries], bool)
        first = np.searchsorted(pairs.query, np.arange(len(pairs.queries) + 1))
        tested = np.flatnonzero(out).tolist()
        words = texts_of(view.generation)
        tokenizer = tokenizer_of(words, [text for text in pairs.queries if not is_second(text)])
        sizes = PRESETS["small"]
        return data_of(
            listings_of(words, tokenizer, shop.images, length=sizes["text_tokens"], look=Numbers()),
            pairs,
            encoder(tokenizer, sizes["query_tokens"]),
            tokenizer,
            by_words(Assembler(shop).lexical(view), np.zeros(view.rows, bool)),
            tested=[pairs.queries[at] for at in tested],
            fitting=[pairs.row[first[at] : first[at + 1]] for at in tested],
            kinds={},
            parts={},
            seed=seed,
            out=is_second,
            hard=False,
        )


def is_second(query: str) -> bool:
    """Whether a query is of the half that is tested."""
    return bool(blake2b(query.encode(), digest_size=1).digest()[0] & 1)


def _pairs(data: Path) -> pl.DataFrame:
    file = data / FILES[0]
    if not file.is_file():
        raise EmptorError(f"{data} has no {FILES[0]}; expected the folder of Home Depot's judged searches")
    try:
        found = pl.read_csv(file, columns=list(_COLUMNS), schema_overrides={"product_uid": pl.String})
        return found.with_columns(pl.col("relevance").cast(pl.Float64))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EmptorError(
            f"{file} cannot be read ({first_line(error)}); expected columns {', '.join(_COLUMNS)}"
        ) from None


def _shop(made: Path, judged: pl.DataFrame) -> None:
    listed = judged.select(product_id="product_uid", title="product_title").unique("product_id", maintain_order=True)
    with Shop.create(made, name="Home Depot") as shop:
        file = made / "products.csv"
        listed.write_csv(file)
        import_catalogue(shop, file)
        file.unlink()
