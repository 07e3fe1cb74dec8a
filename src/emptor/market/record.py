"""Writing down what a shop would know of a day: events, and the traces of its cascade. Nothing of the truth."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.market.behaviour.asked import Asked
from emptor.market.cascaded import request_ids, session_ids
from emptor.market.events import ACTIONS, CART, IMPRESSION, RETURN, done_on, events_of
from emptor.market.pages import Pages
from emptor.market.world.products import DAY_US
from emptor.market.world.world import Happened, World
from emptor.serve.served import Served
from emptor.serve.trace_table import TRACE, Entry, to_table
from emptor.serve.traces import Choice
from emptor.shop import schema
from emptor.shop.config import LogOptions
from emptor.shop.events import EventLog
from emptor.shop.files import fsync_file
from emptor.shop.view import View

_ROW = 4
"""Products side by side on the page: who looks at one has all of its row on the screen."""
_TRACES = 400


@dataclass(frozen=True)
class Back:
    """An order that will be sent back: everything that its event will say, by the day it is due."""

    day: int
    columns: dict[str, np.ndarray]


@dataclass
class Recorder:
    """Collects a day and appends it to the shop's log.

    An impression is a product that was on the screen, as the storefront counts it: all rows of the page down to the
    last product that the user looked at. What is sent back is on record days later, when it comes.
    """

    world: World
    log: EventLog | None
    shop: Path | None = None
    options: LogOptions = field(default_factory=LogOptions)
    view: View | None = None
    backs: list[Back] = field(default_factory=list)
    events: int = 0
    _columns: list[dict[str, np.ndarray]] = field(default_factory=list)
    _traces: list[Entry] = field(default_factory=list)

    def __call__(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        read = happened.read
        last = np.where(read.looked.any(1), read.looked.shape[1] - np.argmax(read.looked[:, ::-1], axis=1), 0)
        last = -(-last // _ROW) * _ROW
        on_screen = pages.shown & (np.arange(pages.rows.shape[1])[None] < last[:, None])
        where = {IMPRESSION: on_screen, **done_on(happened), RETURN: happened.done.returned}
        actions, view, at, time = events_of(self.world.config.seed, asked, pages, where)
        rows = pages.rows[view, at]
        own: dict[str, np.ndarray] = {
            "time": time,
            "view": view,
            "user": asked.user[view],
            "query": asked.query[view],
            "action": actions,
            "row": rows,
            "position": asked.offset[view] + at,
            "explored": pages.explored[view],
            "propensity": pages.propensity[view, at],
        }
        ids, sessions = np.array(request_ids(asked), object), np.array(session_ids(asked), object)
        own["request"], own["session"] = ids[view], sessions[view]
        own["cascade"] = np.full(len(view), pages.cascade, object)
        back = actions == RETURN
        if back.any():
            day = int(asked.day[0]) + 3 + int(asked.day[0]) % 3
            self.backs.append(Back(day, {name: column[back] for name, column in own.items()}))
        self._columns.append({name: column[~back] for name, column in own.items()})
        self._trace(asked, pages)

    def _trace(self, asked: Asked, pages: Pages) -> None:
        if self.view is None or self.shop is None:
            return
        ids = self.world.products.product_id
        for number, trace in pages.traces:
            choice = Choice.of(trace.request["seed"], self.options)
            shown = np.flatnonzero(pages.shown[number])
            served = Served(
                trace.request["scenario"],
                trace.request["query"],
                pages.cascade,
                bool(pages.explored[number]),
                int(asked.offset[number]),
                ids[pages.rows[number, shown]].tolist(),
                pages.propensity[number, shown].tolist(),
            )
            self._traces.append(Entry(trace, self.view.ids, self.view.id, served, choice.whole))

    def end(self, day: int) -> int:
        """Store the day; returns how many events it has. They are on the disk then."""
        due = [own for own in self.backs if own.day <= day]
        self.backs = [own for own in self.backs if own.day > day]
        for own in due:
            late = own.columns["time"] % DAY_US + (int(self._first(day)) // DAY_US) * DAY_US
            self._columns.append({**own.columns, "time": late})
        table = self._table()
        if self.log is not None and table.num_rows:
            self.log.append_bulk(table)
        self._write_traces()
        self.events += table.num_rows
        return table.num_rows

    def _first(self, day: int) -> int:
        from emptor.market.world.world import EPOCH

        return round(EPOCH.timestamp() * 1e6) + day * DAY_US

    def _table(self) -> pa.Table:
        columns, self._columns = self._columns, []
        if not columns:
            return schema.EVENT.empty_table()
        own = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
        order = np.lexsort((own["position"], own["action"], own["time"]))
        own = {name: column[order] for name, column in own.items()}
        world, size = self.world, len(order)
        searched = own["query"] >= 0
        ids = [
            f"{request}-{ACTIONS[action][0]}{position}"
            for request, action, position in zip(
                own["request"].tolist(), own["action"].tolist(), own["position"].tolist(), strict=True
            )
        ]
        text = world.queries.text[own["query"]]
        columns_of = {
            "event_id": pa.array(ids, pa.string()),
            "request_id": pa.array(own["request"].tolist(), pa.string()),
            "time": pa.array(own["time"], pa.int64()).cast(schema.TIME),
            "user_id": _taken(world.users.user_id, own["user"]),
            "session_id": pa.array(own["session"].tolist(), pa.string()),
            "scenario": _taken(np.array(["recommend", "search"]), searched.astype(np.int64)),
            "query": pa.array(text, pa.string(), mask=~searched),
            "action": _taken(np.array(ACTIONS), own["action"]),
            "product_id": _taken(world.products.product_id, own["row"]),
            "position": pa.array(own["position"], pa.int64()),
            "price": pa.array(world.products.price[own["row"]], pa.float64()),
            "quantity": pa.array(np.ones(size, np.int64), mask=own["action"] < CART),
            "cascade": pa.array(own["cascade"].tolist(), pa.string()),
            "explored": pa.array(own["explored"]),
            "propensity": pa.array(own["propensity"].astype(np.float64)),
        }
        return pa.table([columns_of.get(f.name, pa.nulls(size, f.type)) for f in schema.EVENT], schema=schema.EVENT)

    def _write_traces(self) -> None:
        entries, self._traces = self._traces, []
        if not entries or self.shop is None:
            return
        date = f"{datetime.fromtimestamp(entries[0].now / 1e6, UTC):%Y-%m-%d}"
        folder = self.shop / "logs" / f"date={date}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"traces-{entries[0].now}-{uuid.uuid4().hex}.parquet"
        temporary = folder / f".{name}.tmp"
        try:
            with pq.ParquetWriter(temporary, TRACE, compression="zstd") as writer:
                for start in range(0, len(entries), _TRACES):
                    writer.write_table(to_table(entries[start : start + _TRACES]))
            fsync_file(temporary)
            temporary.replace(folder / name)
        finally:
            temporary.unlink(missing_ok=True)


def _taken(names: np.ndarray, places: np.ndarray) -> pa.Array:
    return pa.array(names.tolist(), pa.string()).take(pa.array(places))
