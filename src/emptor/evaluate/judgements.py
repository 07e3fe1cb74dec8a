"""Judgements: which product answers which query, and how well."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import polars as pl

from emptor.errors import EmptorError

COLUMNS = {
    "query_id": pl.String,
    "query": pl.String,
    "product_id": pl.String,
    "grade": pl.Float64,
    "kind": pl.String,
}
MAX_GRADE = 1_000.0
"""Grades beyond ±MAX_GRADE are refused."""
MAX_GAIN = 100_000
"""No integer gain is larger: the library that computes NDCG spends time and memory in its proportion."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row that was left out: where it stands, what was found there and what was expected."""

    line: int
    field: str
    found: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """Graded (query, product) pairs, one row per pair, in the order of their first appearance.

    Attributes:
        frame: query_id, query (its text), product_id, grade (float), kind (of the query, may be null).
        levels: the distinct grades of the source, ascending; they stay when rows are taken away, so that
            the default threshold and the gains do not depend on what a catalogue holds.
        path: where they came from, for the report.
        faults: the first of the rows that were left out; `fault_count` is how many there were.
        repeated: rows that repeated an earlier (query, product) pair: the last row wins.
        conflicting: those of them that changed the grade.
        absent: pairs taken away by `within`, because the catalogue lacks the product.
        relevant: the lowest grade that counts as relevant, where somebody said so; see `default_threshold`.
    """

    frame: pl.DataFrame
    levels: tuple[float, ...]
    path: str | None = None
    faults: tuple[Fault, ...] = field(default=(), repr=False)
    fault_count: int = 0
    repeated: int = 0
    conflicting: int = 0
    absent: int = 0
    relevant: float | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame, *, path: str | None = None) -> Judgements:
        """Judgements from a frame with query, product_id, grade and perhaps query_id and kind.

        Raises: EmptorError when a column or a value is missing, nothing is judged or no grade is above 0.
        """
        missing = {"query", "product_id", "grade"} - set(frame.columns)
        if missing:
            raise EmptorError(
                f"the judgements lack {', '.join(sorted(missing))}: "
                "expected the columns query, product_id and grade, and perhaps query_id and kind"
            )
        if "query_id" not in frame.columns:
            frame = frame.with_columns(query_id=pl.col("query"))
        if "kind" not in frame.columns:
            frame = frame.with_columns(kind=pl.lit(None, dtype=pl.String))
        frame = frame.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
        where = f"{path}: " if path else ""
        if frame.is_empty():
            raise EmptorError(f"{where}there is no judgement: expected rows of query, product_id and grade")
        needed = ["query_id", "query", "product_id", "grade"]
        usable = pl.all_horizontal(pl.col(needed).is_not_null()) & (pl.col("grade").abs() <= MAX_GRADE)
        bad = frame.with_row_index("row").filter(~usable)
        if bad.height:
            raise EmptorError(
                f"{where}{bad.height:,} judgements, the first in row {bad['row'][0]}, lack a query, "
                f"a product_id or a grade between {-MAX_GRADE:,g} and {MAX_GRADE:,g}"
            )
        pair = ["query_id", "product_id"]
        grades = frame.group_by(pair).agg(pl.col("grade").n_unique())
        kept = frame.unique(pair, keep="last", maintain_order=True)
        levels = tuple(kept["grade"].unique().sort().to_list())
        if levels[-1] <= 0:
            raise EmptorError(
                f"{where}no grade is above 0, so no product is relevant to any query: "
                "expected grades that rise with relevance, such as 0, 1, 2, 3"
            )
        return cls(
            frame=kept,
            levels=levels,
            path=path,
            repeated=frame.height - kept.height,
            conflicting=grades.filter(pl.col("grade") > 1).height,
        )

    @property
    def queries(self) -> pl.DataFrame:
        """query_id, query, kind: one row per query, in the order of the judgements."""
        columns = self.frame.select("query_id", "query", "kind")
        return columns.unique("query_id", keep="first", maintain_order=True)

    @property
    def has_kinds(self) -> bool:
        return self.frame["kind"].null_count() < self.frame.height

    @property
    def default_threshold(self) -> float:
        """The lowest grade that counts as relevant when a metric names none.

        Where nobody said, it is the lowest grade above 0 in the upper half of the scale: 1 of {0, 1}, 2 of
        {0, 1, 2, 3}.
        """
        if self.relevant is not None:
            return self.relevant
        middle = (self.levels[0] + self.levels[-1]) / 2
        return next(level for level in self.levels if level > 0 and level >= middle)

    @property
    def gain_factor(self) -> int:
        """What a grade is multiplied by before it is rounded to the integer gain that NDCG needs.

        The least power of ten that makes every grade whole, at most 10,000 and at most what keeps the
        largest gain below MAX_GAIN. NDCG does not change when all gains are multiplied by one number.
        """
        factor = 1
        while factor < 10_000 and self.levels[-1] * factor * 10 <= MAX_GAIN:
            if all(abs(level * factor - round(level * factor)) < 1e-9 for level in self.levels):
                break
            factor *= 10
        return factor

    @property
    def gain_rule(self) -> str:
        """How gains come from grades, in words."""
        factor = self.gain_factor
        scale = "the grade" if factor == 1 else f"{factor:,} times the grade, rounded"
        return scale + (", or 0 for a grade below 0" if self.levels[0] < 0 else "")

    def counting(self, relevant: float) -> Judgements:
        """These judgements with another default threshold. Raises EmptorError for one that no grade reaches."""
        if not 0 < relevant <= self.levels[-1]:
            raise EmptorError(
                f"relevant from grade {relevant:g}: expected more than 0 and at most {self.levels[-1]:g}, "
                "the highest grade of the judgements"
            )
        return replace(self, relevant=float(relevant))

    @property
    def without_relevant(self) -> int:
        """Queries of which no product reaches the default threshold."""
        best = self.frame.group_by("query_id").agg(pl.col("grade").max())
        return best.filter(pl.col("grade") < self.default_threshold).height

    def within(self, product_ids: Collection[str]) -> Judgements:
        """These judgements without the products that are not in `product_ids`.

        Raises: EmptorError when nothing is left.
        """
        known = self.frame["product_id"].is_in(pl.Series(list(product_ids), dtype=pl.String).implode())
        if not known.any():
            example = self.frame["product_id"][0]
            raise EmptorError(
                f"none of the {self.frame.height:,} judged products is in the catalogue "
                f"(the first is {example[:60]!r}): "
                "check that judgements and catalogue name products by the same product_id"
            )
        return replace(self, frame=self.frame.filter(known), absent=self.absent + int((~known).sum()))
