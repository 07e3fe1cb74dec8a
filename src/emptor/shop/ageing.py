"""How old an event is: days on which the shop has events count, a stretch without any ages nothing.

So an imported log of years ago goes on counting when live events begin, and a single clock that is off wipes nothing.
"""

from __future__ import annotations

import numpy as np
import polars as pl

DAY_US = 86_400_000_000


class ShopDays:
    """The UTC days on which a shop has events of any kind, numbered without gaps.

    Args:
        days [D] int64: days since 1970, sorted, each once.
    """

    def __init__(self, days: np.ndarray) -> None:
        self.days = days

    @classmethod
    def of(cls, events: pl.LazyFrame) -> ShopDays:
        """Those of a log."""
        days = events.select(pl.col("time").dt.epoch("us") // DAY_US).unique().collect()
        return cls(np.sort(days["time"].to_numpy()).astype(np.int64))

    def clock(self, time: np.ndarray) -> np.ndarray:
        """Moments (UTC microseconds) on a clock that stands still on days without events: days, as float64."""
        return np.searchsorted(self.days, time // DAY_US) + time % DAY_US / DAY_US

    def expression(self) -> pl.Expr:
        """The same clock for the column `time` of events."""
        micros, numbers = pl.col("time").dt.epoch("us"), np.arange(len(self.days), dtype=np.float64)
        number = (micros // DAY_US).replace_strict(
            pl.Series(self.days), pl.Series(numbers), default=0.0, return_dtype=pl.Float64
        )
        return number + micros % DAY_US / DAY_US
