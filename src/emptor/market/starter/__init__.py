"""The starter market: a small invented shop for `emptor demo` and for tests.

Some three thousand products of invented brands in 13 departments with drawn pictures, titles as sellers
write them,
queries whose relevance is known from the truth behind the titles, and a month of modest behaviour.

    from pathlib import Path
    from emptor.market.starter import write_starter

    files = write_starter(Path("starter"), products=3000, seed=0)
    print(files.catalogue, files.images, files.judgements, files.events)
"""

from emptor.market.starter.write import UNTIL, StarterFiles, write_starter

__all__ = ["UNTIL", "StarterFiles", "write_starter"]
