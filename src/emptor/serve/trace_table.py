"""Traces as a table: one row per (request, stage). Made by columns: a part holds a million ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from emptor.cascade import Trace
from emptor.serve.served import Served
from emptor.shop.schema import TIME
from emptor.shop.view import RowIds

_IDS = pa.list_(pa.string())
_FLOATS = pa.list_(pa.float32())

TRACE = pa.schema(
    [
        pa.field("request_id", pa.string(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("cascade", pa.string()),  # hash
        pa.field("view", pa.string()),
        pa.field("scenario", pa.string()),
        pa.field("query", pa.string()),
        pa.field("product_id", pa.string()),  # what "similar" started from
        pa.field("user_id", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("filters", pa.list_(pa.string())),
        pa.field("offset", pa.int64()),
        pa.field("k", pa.int64()),
        pa.field("seed", pa.int64()),
        pa.field("sort", pa.string()),  # the order in which the page was shown
        pa.field("explored", pa.bool_()),
        pa.field("degraded", pa.string()),  # JSON, as in an answer
        pa.field("place", pa.int64()),  # of the stage in its cascade, from 0
        pa.field("stage", pa.string()),
        pa.field("method", pa.string()),
        pa.field("ms", pa.float64()),
        pa.field("kept", pa.int64()),  # how many the stage kept
        pa.field("product_ids", _IDS),  # which, best first
        pa.field("scores", _FLOATS),
        pa.field("columns", pa.map_(pa.string(), _FLOATS)),  # the values that it named; NaN: none
        pa.field("dropped_ids", _IDS),  # an even sample of what it dropped ...
        pa.field("dropped_rate", pa.float64()),  # ... and the share of all dropped that the sample is
        pa.field("whole", pa.bool_()),  # every dropped candidate was asked for
        pa.field("shown_ids", _IDS),  # the page, on the last stage's row; null on the others
        pa.field("shown_propensities", _FLOATS),
    ]
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A trace on its way to the log. `ids` turns its rows into product ids."""

    trace: Trace
    ids: RowIds
    view: str
    served: Served
    whole: bool

    @property
    def now(self) -> int:
        """Time of the request, UTC microseconds."""
        return int(self.trace.request["now"])


def to_table(entries: Sequence[Entry]) -> pa.Table:
    """One row per request and stage, in order."""
    plain: dict[str, list[Any]] = {name: [] for name in TRACE.names}
    products: list[tuple[RowIds, np.ndarray]] = []
    dropped: list[tuple[RowIds, np.ndarray]] = []
    scores: list[np.ndarray] = []
    names: list[list[str]] = []
    values: list[np.ndarray] = []
    for entry in entries:
        trace = entry.trace
        degraded = orjson.dumps([own.as_dict() for own in trace.degraded]).decode()
        for place, stage in enumerate(trace.stages):
            rows, rate = trace.sampled(place, whole=entry.whole)
            last = place == len(trace.stages) - 1
            row = {
                **trace.request,
                "time": entry.now,
                "cascade": trace.cascade,
                "view": entry.view,
                "explored": trace.explored,
                "degraded": degraded,
                "place": place,
                "stage": stage.name,
                "method": stage.method,
                "ms": stage.ms,
                "kept": len(stage.products),
                "dropped_rate": rate,
                "whole": entry.whole,
                "shown_ids": entry.served.product_ids if last else None,
                "shown_propensities": entry.served.propensities if last else None,
            }
            for name in TRACE.names:
                plain[name].append(row.get(name))
            products.append((entry.ids, stage.products))
            dropped.append((entry.ids, rows))
            scores.append(stage.scores)
            names.append(list(stage.columns))
            values += stage.columns.values()
    made: dict[str, pa.Array] = {
        "product_ids": _lists(_product_ids(products), [rows for _, rows in products]),
        "dropped_ids": _lists(_product_ids(dropped), [rows for _, rows in dropped]),
        "scores": _lists(_floats(scores), scores),
        "columns": pa.MapArray.from_arrays(
            _offsets([len(own) for own in names]),
            pa.array([name for own in names for name in own], pa.string()),
            _lists(_floats(values), values),
        ),
    }
    arrays = [made.get(field.name) for field in TRACE]
    return pa.Table.from_arrays(
        [
            array.cast(field.type) if array is not None else pa.array(plain[field.name], field.type)
            for field, array in zip(TRACE, arrays, strict=True)
        ],
        schema=TRACE,
    )


def _product_ids(parts: Sequence[tuple[RowIds, np.ndarray]]) -> pa.Array:
    """Ids of all rows of all parts, in order: each different row is looked up once."""
    groups: dict[int, list[int]] = {}
    for number, (ids, _) in enumerate(parts):
        groups.setdefault(id(ids), []).append(number)
    places: list[np.ndarray] = [np.zeros(0, np.int64)] * len(parts)
    arrays: list[pa.Array] = []
    known = 0
    for numbers in groups.values():
        rows = np.concatenate([parts[number][1] for number in numbers])
        # rows are small numbers: a table is quicker than sorting them
        seen = np.zeros(rows.max(initial=-1) + 1, bool)
        seen[rows] = True
        different = np.flatnonzero(seen)
        inverse = (np.cumsum(seen) - 1 + known)[rows]
        arrays.append(parts[numbers[0]][0].array(different))
        known += len(different)
        ends = np.cumsum([len(parts[number][1]) for number in numbers])
        for number, own in zip(numbers, np.split(inverse, ends[:-1]), strict=True):
            places[number] = own
    every = np.concatenate(places) if places else np.zeros(0, np.int64)
    return pa.concat_arrays(arrays or [pa.array([], pa.string())]).take(pa.array(every))


def _floats(arrays: Sequence[np.ndarray]) -> pa.Array:
    return pa.array(np.concatenate(arrays) if arrays else np.zeros(0, np.float32), pa.float32())


def _lists(flat: pa.Array, parts: Sequence[np.ndarray]) -> pa.Array:
    return pa.ListArray.from_arrays(_offsets([len(part) for part in parts]), flat)


def _offsets(lengths: Sequence[int]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
