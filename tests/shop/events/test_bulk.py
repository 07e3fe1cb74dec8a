"""Events by the million: all or nothing, in order, beside what is appended one by one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events import EventLog, bulk


def events(count: int, *, day: int = 1) -> pa.Table:
    rows = [
        {"event_id": f"b{day}-{at}", "time": datetime(2026, 1, day, 12, tzinfo=UTC), "action": "click", "position": at}
        for at in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=schema.EVENT)


def test_bulk_events_stand_beside_others_in_order(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append([{"event_id": "first", "action": "click", "session_id": "s", "product_id": "p"}])
        both = pa.concat_tables([events(3), events(2, day=2)])
        assert log.append_bulk(both) == 5
        log.append([{"event_id": "last", "action": "click", "session_id": "s", "product_id": "p"}])
        assert log.append_bulk(events(1, day=3)) == 1
        found = log.read().sort("seq").collect()
        ids = ["first", "b1-0", "b1-1", "b1-2", "b2-0", "b2-1", "last", "b3-0"]
        assert found["event_id"].to_list() == ids and log.count() == 8 and log.pending() == 0
        assert found["seq"].n_unique() == 8
    with EventLog(tmp_path) as again:
        assert again.count() == 8


@pytest.mark.parametrize("committed", [False, True])
def test_killed_on_the_way(tmp_path: Path, committed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the commit nothing is there; after it, the next roll-up finishes what was begun."""
    with EventLog(tmp_path) as log:
        log.append([{"event_id": "first", "action": "click", "session_id": "s", "product_id": "p"}])
        if committed:
            monkeypatch.setattr(Path, "replace", _killed)
            with pytest.raises(KeyboardInterrupt):
                log.append_bulk(events(3))
            monkeypatch.undo()
        else:
            written = bulk._write

            def killed(*args: object) -> None:
                written(*args)  # type: ignore[arg-type]
                raise KeyboardInterrupt

            monkeypatch.setattr(bulk, "_write", killed)
            with pytest.raises(KeyboardInterrupt):
                log.append_bulk(events(3))
            monkeypatch.undo()
        log.append([{"event_id": "last", "action": "click", "session_id": "s", "product_id": "p"}])
        log.rollup()
        ids = log.read().sort("seq").collect()["event_id"].to_list()
        assert ids == (["first", "b1-0", "b1-1", "b1-2", "last"] if committed else ["first", "last"])
        assert not list(tmp_path.glob("logs/date=*/.*.tmp")) and log.count() == len(ids)


def _killed(self: Path, target: Path) -> Path:
    if ".events-000000000002" in self.name:
        raise KeyboardInterrupt
    return Path(shutil.move(self, target))


def test_bad_tables_are_refused(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        assert log.append_bulk(events(0)) == 0
        with pytest.raises(EmptorError, match="columns"):
            log.append_bulk(events(1).drop_columns(["price"]))
        broken = events(2).set_column(0, schema.EVENT.field("event_id").with_nullable(True), pa.array(["a", None]))
        with pytest.raises(EmptorError, match="1 rows have no event_id"):
            log.append_bulk(broken)
